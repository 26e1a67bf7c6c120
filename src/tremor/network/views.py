"""A trained network as a function of one kind of input: what an explanation attributes to."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tremor.network.fold import folded
from tremor.network.network import Network


class View(nn.Module):
    """A view with a faster equal for many evaluations of inputs like an example `(batch, …)`."""

    def folded(self, example: Tensor) -> nn.Module:
        return folded(self, example)


class OfSignal(View):
    """Normalised signals `(batch, channel, time)`, all with the same `length`, to logits."""

    def __init__(self, network: Network, length: int):
        super().__init__()
        self.network, self.length = network, length

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x, _all(x, self.length))  # type: ignore[no-any-return]


class OfFeatures(View):
    """What the encoder gives, `(batch, channel, …, step)`, of so many `steps`, to logits."""

    def __init__(self, network: Network, steps: int):
        super().__init__()
        self.model, self.decoder, self.steps = network.model, network.decoder, steps

    def forward(self, x: Tensor) -> Tensor:
        features, steps = self.model(x, _all(x, self.steps))
        return self.decoder(features, steps)  # type: ignore[no-any-return]


class OfBands(View):
    """Signals taken apart, `(batch, channel, band, time)`: their sum through the network."""

    def __init__(self, network: Network, length: int):
        super().__init__()
        self.whole = OfSignal(network, length)

    def forward(self, x: Tensor) -> Tensor:
        return self.whole(x.sum(2))  # type: ignore[no-any-return]


def _all(x: Tensor, steps: int) -> Tensor:
    return torch.full((len(x),), steps, device=x.device)
