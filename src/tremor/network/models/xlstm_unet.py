"""A U-Net of bidirectional xLSTM layers: fine steps, coarse steps, fine steps again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.utils.checkpoint import checkpoint

from tremor.errors import Refused
from tremor.network.demands import divides, not_below, share, steps_of
from tremor.network.layers.mlstm_layer import MLSTMLayer
from tremor.network.layers.slstm_layer import SLSTMLayer
from tremor.network.mlstm.backend import Name, choose
from tremor.signal.masks import valid

Layer = Callable[[int], nn.Module]


class BothWays(nn.Module):
    """One layer forward in time and one backward, joined, with a residual: `(batch, step, d)`."""

    def __init__(self, layer: Layer, d_model: int, dropout: float):
        super().__init__()
        self.norm = nn.LayerNorm(d_model)
        self.onward, self.back = layer(d_model), layer(d_model)
        self.join = nn.Linear(2 * d_model, d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        level = self.norm(x)
        turned = None if mask is None else mask.flip(1)
        back = self.back(level.flip(1), turned).flip(1)
        both = torch.cat([self.onward(level, mask), back], -1)
        return x + self.dropout(self.join(both))  # type: ignore[no-any-return]


class Stage(nn.Module):
    """Layers at one resolution `(batch, step, d)`; their activations are made anew if asked."""

    def __init__(self, layers: Sequence[BothWays], again: bool):
        super().__init__()
        self.layers, self.again = nn.ModuleList(layers), again

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        for layer in self.layers:
            if self.again and self.training and torch.is_grad_enabled():
                x = checkpoint(layer, x, mask, use_reentrant=False)  # type: ignore[assignment]
            else:
                x = layer(x, mask)
        return x


class XLSTMUNet(nn.Module):
    """`(batch, feature, step)` to `(batch, d_model, step)` of any length.

    Each level of `pool` joins so many steps into one of `expand` times the features; on the way
    back they are spread again and added to what was there. Padding is zeros at every level, is
    never written to a memory, and so does not change the rest. `mix` is the share of all layers
    that are of the other type than `block_type`, evenly over the depth of the whole network.
    `mlstm_backend` is the way in which memories are computed, `device` what they are to run on.
    """

    def __init__(
        self,
        in_shape: tuple[int, ...],
        d_model: int = 128,
        n_layers: int = 3,
        pool: tuple[int, ...] = (4, 4),
        expand: int = 2,
        num_heads: int = 4,
        block_type: Literal["mlstm", "slstm"] = "mlstm",
        mix: float = 0.0,
        dropout: float = 0.0,
        gradient_checkpointing: bool = False,
        mlstm_backend: Name = "auto",
        device: str = "cpu",
    ):
        super().__init__()
        features, steps = steps_of(in_shape, "xlstm_unet")
        not_below("model", n_layers=n_layers, pool=pool, expand=expand)
        share("model.dropout", dropout)
        sizes = [d_model * expand**level for level in range(len(pool) + 1)]
        kinds = mixture(block_type, mix, n_layers * (2 * len(pool) + 1))
        _refuse_width(d_model, num_heads, kinds)
        way = choose(mlstm_backend, device, {2 * size // num_heads for size in sizes})
        self.mlstm_backend = way if "mlstm" in kinds else None
        layers: dict[str, Layer] = {
            "mlstm": partial(MLSTMLayer, num_heads=num_heads, way=way),
            "slstm": partial(SLSTMLayer, num_heads=num_heads),
        }

        def stage(size: int, place: int) -> Stage:
            own = kinds[place * n_layers : (place + 1) * n_layers]
            both = [BothWays(layers[kind], size, dropout) for kind in own]
            return Stage(both, gradient_checkpointing)

        self.pool = tuple(pool)
        self.enter = nn.Identity() if features == d_model else nn.Linear(features, d_model)
        deepest = len(pool)
        self.down_stages = nn.ModuleList(stage(sizes[n], n) for n in range(deepest))
        self.middle = stage(sizes[-1], deepest)
        self.up_stages = nn.ModuleList(stage(sizes[n], 2 * deepest - n) for n in range(deepest))
        levels = [
            (fine, coarse, by) for (fine, coarse), by in zip(pairwise(sizes), pool, strict=True)
        ]
        self.downs = nn.ModuleList(nn.Linear(fine * by, coarse) for fine, coarse, by in levels)
        self.ups = nn.ModuleList(nn.Linear(coarse, fine * by) for fine, coarse, by in levels)
        self.norm = nn.LayerNorm(d_model)
        self.out_shape = (d_model, steps)

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        x = self.enter(x.transpose(1, 2))
        masks = [_mask(length, x.shape[1])]
        x, skips = _kept(x, masks[0]), []
        for stage, down, by in zip(self.down_stages, self.downs, self.pool, strict=True):
            x = _kept(stage(x, masks[-1]), masks[-1])
            skips.append(x)
            length = -(-length // by)
            x = down(pad(x, (0, 0, 0, -x.shape[1] % by)).unflatten(1, (-1, by)).flatten(2))
            masks.append(_mask(length, x.shape[1]))
            x = _kept(x, masks[-1])
        x = self.middle(x, masks.pop())
        for level in reversed(range(len(self.pool))):
            fine, mask = skips[level], masks[level]
            spread = self.ups[level](x).unflatten(-1, (self.pool[level], -1)).flatten(1, 2)
            x = self.up_stages[level](_kept(fine + spread[:, : fine.shape[1]], mask), mask)
        return _kept(self.norm(x), masks[0]).transpose(1, 2), _steps(masks[0], x)


def mixture(block_type: str, mix: float, layers: int) -> list[str]:
    """The kind of each layer in the order of depth: the other kind at even distances."""
    share("model.mix", mix)
    count = round(mix * layers)
    if (count == 0) != (mix == 0) or (count == layers) != (mix == 1):
        fault = f"model.mix is {mix}: {count} of {layers} layers would be of the other type"
        raise Refused(fault, "model.mix", f"model.mix={count // layers} says the same, or 0.5")
    other = {"mlstm": "slstm", "slstm": "mlstm"}[block_type]
    before = [place * count // layers for place in range(layers + 1)]
    return [other if later > now else block_type for now, later in pairwise(before)]


def _refuse_width(d_model: int, num_heads: int, kinds: Sequence[str]) -> None:
    """Features that the heads of each layer cannot share evenly (an mLSTM has twice as many)."""
    not_below("model", 2, d_model=d_model)
    if "mlstm" in kinds and d_model % 2:
        fault = f"model.d_model is {d_model}, must be even for mLSTM layers"
        raise Refused(fault, "model.d_model", f"model.d_model={d_model - 1}")
    if "slstm" in kinds:
        divides("model.num_heads", num_heads, d_model, "model.d_model")
    else:
        divides("model.num_heads", num_heads, 2 * d_model, "twice model.d_model")


def _mask(length: Tensor, steps: int) -> Tensor | None:
    """Which steps are valid; nothing where all are, which costs less."""
    return None if bool((length >= steps).all()) else valid(length, steps)


def _kept(x: Tensor, mask: Tensor | None) -> Tensor:
    """Zeros outside the mask."""
    return x if mask is None else x * mask[..., None]


def _steps(mask: Tensor | None, x: Tensor) -> Tensor:
    """How many steps of each record are valid."""
    full = torch.full((len(x),), x.shape[1], device=x.device)
    return full if mask is None else mask.sum(1)
