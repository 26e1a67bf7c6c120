"""Encoder, model and decoder joined: a network that knows no task."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class Network(nn.Module):
    """Signal to features to features to logits: `(batch, channel, time)` to `(batch, class)`."""

    encoder: Any
    model: Any
    decoder: Any

    def __init__(self, encoder: nn.Module, model: nn.Module, decoder: nn.Module):
        super().__init__()
        self.encoder, self.model, self.decoder = encoder, model, decoder

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        features, steps = self.encoder(x, length)
        features, steps = self.model(features, steps)
        return self.decoder(features, steps)  # type: ignore[no-any-return]

    def coordinates(self) -> dict[str, Tensor]:
        """What the encoder's axes mean: values in s or Hz by the axis's name."""
        return self.encoder.coordinates()  # type: ignore[no-any-return]
