"""A transformer of the shape that speech models gave to seismology: the rival of the U-Net."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention
from torch.utils.checkpoint import checkpoint

from tremor.network.demands import divides, not_below, share, steps_of
from tremor.signal.masks import valid


class Attention(nn.Module):
    """Multi-head self-attention `(batch, step, d_model)`; padding is not attended to."""

    def __init__(self, d_model: int, num_heads: int, dropout: float):
        super().__init__()
        self.heads, self.share = num_heads, dropout
        self.mix, self.out = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, d_model)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        q, k, v = self.mix(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        seen = None if mask is None else mask[:, None, None]
        share = self.share if self.training else 0.0
        heard = scaled_dot_product_attention(q, k, v, attn_mask=seen, dropout_p=share)
        return self.out(heard.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


class Layer(nn.Module):
    """Attention and an MLP of `(batch, step, d_model)`, each with a residual, then a norm."""

    def __init__(self, d_model: int, num_heads: int, wide: int, dropout: float):
        super().__init__()
        self.attention = Attention(d_model, num_heads, dropout)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(2))
        self.up, self.down = nn.Linear(d_model, wide), nn.Linear(wide, d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        x = self.norms[0](x + self.dropout(self.attention(x, mask)))
        inner = self.down(self.dropout(gelu(self.up(x))))
        return self.norms[1](x + self.dropout(inner))  # type: ignore[no-any-return]


class Wav2Vec2Like(nn.Module):
    """`(batch, feature, step)` to `(batch, d_model, step)`.

    A wide grouped convolution tells where a step stands; then `n_layers` transformer layers.
    """

    def __init__(
        self,
        in_shape: tuple[int, ...],
        d_model: int = 240,
        n_layers: int = 6,
        num_heads: int = 12,
        feed_forward: int = 3072,
        position_kernel: int = 128,
        position_groups: int = 16,
        dropout: float = 0.1,
        gradient_checkpointing: bool = False,
    ):
        super().__init__()
        features, steps = steps_of(in_shape, "wav2vec2_like")
        not_below("model", d_model=d_model, n_layers=n_layers, feed_forward=feed_forward)
        not_below("model", position_kernel=position_kernel)
        divides("model.num_heads", num_heads, d_model, "model.d_model")
        divides("model.position_groups", position_groups, d_model, "model.d_model")
        share("model.dropout", dropout)
        self.enter = nn.Identity() if features == d_model else nn.Linear(features, d_model)
        half = position_kernel // 2
        self.place = nn.Conv1d(d_model, d_model, 2 * half + 1, 1, half, groups=position_groups)
        self.norm, self.dropout = nn.LayerNorm(d_model), nn.Dropout(dropout)
        self.layers = nn.ModuleList(
            Layer(d_model, num_heads, feed_forward, dropout) for _ in range(n_layers)
        )
        self.again = gradient_checkpointing
        self.out_shape = (d_model, steps)

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        inside = valid(length, x.shape[-1])
        mask = None if bool(inside.all()) else inside
        x = self.enter(x.transpose(1, 2)) * inside[..., None]
        where = gelu(self.place(x.transpose(1, 2))).transpose(1, 2)
        x = self.dropout(self.norm(x + where))
        for layer in self.layers:
            if self.again and self.training and torch.is_grad_enabled():
                x = checkpoint(layer, x, mask, use_reentrant=False)  # type: ignore[assignment]
            else:
                x = layer(x, mask)
        return (x * inside[..., None]).transpose(1, 2), length
