"""Which way the memory is computed: chosen once, when a network is built."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from torch import Tensor

from tremor.errors import Refused
from tremor.network.mlstm import chunkwise, kernels, recurrent

Memory = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]
Name = Literal["auto", "chunkwise", "triton", "recurrent"]
KEY = "model.mlstm_backend"

WAYS: dict[str, Memory] = {
    "chunkwise": chunkwise.mlstm,
    "triton": kernels.mlstm,
    "recurrent": recurrent.mlstm,
}


def choose(wanted: Name, device: str, sizes: set[int]) -> str:
    """The way for heads of these sizes on a device: what was asked for, or it is refused."""
    fault = _fault(device, sizes)
    if wanted == "auto":
        return "chunkwise" if fault else "triton"
    if wanted == "triton" and fault:
        raise Refused(f"{KEY}=triton cannot run: {fault}", KEY, f"{KEY}=auto")
    return wanted


def _fault(device: str, sizes: set[int]) -> str | None:
    """Why Triton's kernels cannot be used."""
    if device != "cuda":
        return f"it needs a CUDA device, this run uses {device}"
    if missing := kernels.missing():
        return f"not installed: {', '.join(missing)}"
    odd = sorted(size for size in sizes if not kernels.suits(size))
    return f"it takes heads of 16, 32, 64, … features, these have {odd}" if odd else None
