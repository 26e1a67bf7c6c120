"""The published U-Net with the package xlstm's own layers in the place of ours."""

from __future__ import annotations

from typing import Any

import torch
from mlstm_kernels.torch import get_mlstm_kernel
from torch import Tensor, nn
from xlstm.blocks.mlstm.layer import mLSTMLayer, mLSTMLayerConfig

from tremor.network.models.xlstm_unet import BothWays, XLSTMUNet

CUSTOM = get_mlstm_kernel("chunkwise--native_custbw")
CHUNK = 64


class Theirs(nn.Module):
    """One layer of the package, which knows no masks."""

    def __init__(self, d_model: int, steps: int, chunked: bool):
        super().__init__()
        config = mLSTMLayerConfig(
            embedding_dim=d_model, context_length=steps, num_heads=4, proj_factor=2.0, bias=True
        )
        self.layer = mLSTMLayer(config)
        if chunked:
            self.layer.mlstm_cell.backend_fn = by_chunks

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        assert mask is None, "the rival takes whole records only"
        return self.layer(x)  # type: ignore[no-any-return]


def by_chunks(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    igate_preact: Tensor,
    fgate_preact: Tensor,
    **_: Any,
) -> Tensor:
    """The best of mlstm_kernels for CPUs, in the place of the package's default."""
    gates = igate_preact[..., 0], fgate_preact[..., 0]
    h: Tensor = CUSTOM(queries, keys, values, *gates, chunk_size=CHUNK)
    return h


def published(kind: str, steps: int) -> XLSTMUNet:
    """The network of the published size: `tremor`, `default` or `chunked` layers."""
    torch.manual_seed(0)
    net = XLSTMUNet((128, steps))
    if kind == "tremor":
        return net
    stages = [*net.down_stages, net.middle, *net.up_stages]
    sizes = [steps, steps // 4, steps // 16, steps, steps // 4]
    for stage, long in zip(stages, sizes, strict=True):
        for layer in stage.layers:
            assert isinstance(layer, BothWays)
            features = layer.norm.normalized_shape[0]
            for name in ("onward", "back"):
                setattr(layer, name, Theirs(features, long, kind == "chunked"))
    return net
