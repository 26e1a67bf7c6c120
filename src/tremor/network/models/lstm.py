"""Recurrent models over the steps of an encoder: time or frequency."""

from __future__ import annotations

import math

from torch import Tensor, nn

from tremor.network.demands import divides, not_below, share
from tremor.signal.masks import valid


def as_steps(x: Tensor) -> Tensor:
    """`(batch, …, step)` to `(batch, step, feature)`: all axes but the last become features."""
    return x.flatten(1, -2).transpose(1, 2)


class LSTM(nn.Module):
    """A unidirectional LSTM: `(batch, …, step)` to `(batch, hidden_size, step)`."""

    def __init__(
        self,
        in_shape: tuple[int, ...],
        hidden_size: int = 64,
        num_layers: int = 2,
        dropout: float = 0.3,
    ):
        super().__init__()
        not_below("model", hidden_size=hidden_size, num_layers=num_layers)
        share("model.dropout", dropout)
        between = dropout if num_layers > 1 else 0.0
        features = math.prod(in_shape[:-1])
        self.lstm = nn.LSTM(features, hidden_size, num_layers, batch_first=True, dropout=between)
        self.out_shape = (hidden_size, in_shape[-1])

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """The hidden state at each step; later padding cannot reach earlier steps."""
        hidden, _ = self.lstm(as_steps(x))
        return hidden.transpose(1, 2), length


class AttentionLSTM(nn.Module):
    """An LSTM whose steps then attend to each other: norm, self-attention, residual, norm."""

    def __init__(
        self,
        in_shape: tuple[int, ...],
        hidden_size: int = 64,
        num_layers: int = 2,
        num_heads: int = 2,
        dropout: float = 0.3,
    ):
        super().__init__()
        self.recurrent = LSTM(in_shape, hidden_size, num_layers, dropout)
        divides("model.num_heads", num_heads, hidden_size, "model.hidden_size")
        self.norm = nn.BatchNorm1d(hidden_size)
        self.attention = nn.MultiheadAttention(hidden_size, num_heads, dropout, batch_first=True)
        self.last_norm = nn.LayerNorm(hidden_size)
        self.out_shape = self.recurrent.out_shape

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """`(batch, …, step)` to `(batch, hidden_size, step)`; padding is not attended to."""
        hidden, length = self.recurrent(x, length)
        steps = self.norm(hidden).transpose(1, 2)
        padded = ~valid(length, steps.shape[1])
        mixed, _ = self.attention(steps, steps, steps, key_padding_mask=padded, need_weights=False)
        return self.last_norm(steps + mixed).transpose(1, 2), length
