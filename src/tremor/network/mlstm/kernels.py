"""The memory by the Triton kernels of the package mlstm_kernels, on CUDA devices."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import torch
from torch import Tensor
from torch.nn.functional import pad

STEPS = 64  # of a chunk
LEAST = 16  # features of a head
KERNEL = "chunkwise--triton_xl_chunk"
PACKAGES = ("mlstm_kernels", "triton")


def missing() -> list[str]:
    """The packages that are not installed."""
    return [name for name in PACKAGES if find_spec(name) is None]


def suits(size: int) -> bool:
    """Whether the kernels take heads of so many features: powers of two."""
    return size >= LEAST and size & (size - 1) == 0


@torch.compiler.disable  # type: ignore[untyped-decorator]
def mlstm(q: Tensor, k: Tensor, v: Tensor, input_gate: Tensor, forget_gate: Tensor) -> Tensor:
    """`(batch, head, step, …)`: products in the type of `q`, gates and states in float32."""
    from mlstm_kernels.torch import get_mlstm_kernel

    return padded(get_mlstm_kernel(KERNEL), q, k, v, input_gate, forget_gate)


def padded(
    kernel: Callable[..., Tensor],
    q: Tensor,
    k: Tensor,
    v: Tensor,
    input_gate: Tensor,
    forget_gate: Tensor,
) -> Tensor:
    """Through a kernel that takes whole chunks only: what is added comes after all else."""
    steps = q.shape[2]
    more = -steps % STEPS
    q, k, v = (pad(x, (0, 0, 0, more)) if more else x for x in (q, k, v))
    gates = (pad(gate.float(), (0, more)) for gate in (input_gate, forget_gate))
    with torch.autocast(q.device.type, enabled=False):
        # The kernels' own casting would take the gates along.
        h = kernel(q, k, v, *gates, chunk_size=STEPS, eps=0.0, autocast_kernel_dtype=q.dtype)
    return h[:, :, :steps]
