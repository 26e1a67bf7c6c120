"""Two convolutions over the steps, pooling, one linear layer."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from tremor.network.demands import share, steps_of
from tremor.network.layers.masked_norm import MaskedBatchNorm
from tremor.signal.masks import masked_mean, valid


class AttentionPool(nn.Module):
    """`(batch, feature, step)` to its mean over the valid steps, by weights that are learned."""

    def __init__(self, features: int):
        super().__init__()
        self.score = nn.Linear(features, 1)

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        score: Tensor = self.score(x.transpose(1, 2)).squeeze(-1)
        weight = score.masked_fill(~valid(length, x.shape[-1]), -torch.inf).softmax(-1)
        return (x @ weight[..., None]).squeeze(-1)


class SequenceClassifier(nn.Module):
    """`(batch, feature, step)` to logits `(batch, num_classes)`.

    Twice convolution (3 steps), batch norm, GELU and dropout; then the mean over valid steps
    (`pool="mean"`) or one whose weights are learned (`"attention"`).
    """

    def __init__(
        self,
        in_shape: tuple[int, ...],
        num_classes: int,
        pool: Literal["mean", "attention"] = "mean",
        dropout: float = 0.2,
    ):
        super().__init__()
        features, _ = steps_of(in_shape, "sequence_classifier", "model")
        share("decoder.dropout", dropout)
        self.convs = nn.ModuleList(
            nn.Conv1d(features, features, 3, padding=1, bias=False) for _ in range(2)
        )
        self.norms = nn.ModuleList(MaskedBatchNorm(features) for _ in range(2))
        self.dropout = nn.Dropout(dropout)
        self.attend = AttentionPool(features) if pool == "attention" else None
        self.linear = nn.Linear(features, num_classes)

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        mask = valid(length, x.shape[-1])[:, None]
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = self.dropout(gelu(norm(conv(x), length))) * mask
        pooled = self.attend(x, length) if self.attend else masked_mean(x, length)
        return self.linear(pooled)  # type: ignore[no-any-return]
