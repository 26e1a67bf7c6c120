"""The mLSTM's memory, forward and backward, against the published packages' ways for CPUs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from statistics import median

from side_by_side import (
    fastest,
    growth,
    interleaved,
    keep,
    matmul_peak,
    peak_mib,
    print_peak,
)

import torch  # isort: skip
from mlstm_kernels.torch import get_mlstm_kernel  # isort: skip
from torch import Tensor  # isort: skip
from xlstm.blocks.mlstm.backends import parallel_stabilized_simple  # isort: skip

from tremor.network.mlstm.chunkwise import mlstm
from tremor.training.allocator import keep_memory

Way = Callable[..., Tensor]
HEADS = 4
CUSTOM = get_mlstm_kernel("chunkwise--native_custbw")


def default(q: Tensor, k: Tensor, v: Tensor, taken: Tensor, kept: Tensor) -> Tensor:
    """What the package xlstm does by default: every step looks at every other."""
    h: Tensor = parallel_stabilized_simple(q, k, v, taken[..., None], kept[..., None])
    return h


OURS, DEFAULT = "tremor", "xlstm default (parallel)"
CHUNKED = {
    f"mlstm_kernels custbw, {size}": partial(CUSTOM, chunk_size=size) for size in (32, 64, 128)
}
WAYS: dict[str, Way] = {OURS: mlstm, DEFAULT: default, **CHUNKED}


def given(batch: int, steps: int, size: int) -> list[Tensor]:
    """q, k, v and both gates, in the layout that the rivals want."""
    torch.manual_seed(0)
    parts = [torch.randn(batch, HEADS, steps, size) for _ in range(3)]
    parts += [torch.randn(batch, HEADS, steps) + shift for shift in (0.0, 3.0)]
    return [part.requires_grad_() for part in parts]


def both_ways(way: Way, parts: list[Tensor]) -> None:
    """Forward and backward."""
    out = way(*parts)
    torch.autograd.grad(out, parts, torch.ones_like(out))


def compare(batch: int, steps: int, size: int, goal: str, rounds: int, whole: bool) -> None:
    """One shape; `whole` brings in the rival that needs memory by the square of the steps."""
    parts = given(batch, steps, size)
    names = [name for name in WAYS if whole or name != DEFAULT]
    runs = {name: partial(both_ways, WAYS[name], parts) for name in names}
    seconds = interleaved(runs, rounds)
    rival = fastest(seconds, CHUNKED)
    shown = (OURS, rival, *([DEFAULT] if whole else []))
    peak = {name: peak_mib(__file__, name, str(batch), str(steps), str(size)) for name in shown}
    least = 12 * size * size * steps * batch * HEADS / matmul_peak()
    keep(
        f"mlstm_{steps}x{batch}x{size}",
        seconds,
        batch,
        rival,
        f"{steps} steps, batch {batch}, {HEADS} heads of {size}, float32, forward and backward",
        goal,
        peak_mib=peak,
        times_the_least_work_at_matmul_peak={n: median(seconds[n]) / least for n in shown},
    )


def grown(rounds: int = 5) -> None:
    """The same for four times the steps, twice."""
    runs = {
        f"{steps} steps": partial(both_ways, mlstm, given(16, steps, 64))
        for steps in (256, 1024, 4096)
    }
    seconds = interleaved(runs, rounds)
    keep(
        "mlstm_growth",
        seconds,
        16,
        "1024 steps",
        "batch 16, 4 heads of 64",
        "<= 5.5",
        growth=growth(seconds),
    )


def main() -> None:
    print("allocator:", keep_memory())
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["--peak"]:
        name, *shape = sys.argv[2:]
        both_ways(WAYS[name], given(1, 64, 32))  # what libraries set up at first is not counted
        parts = given(*map(int, shape))
        print_peak(partial(both_ways, WAYS[name], parts))
        return
    compare(4, 256, 32, ">= 1.3", 21, whole=True)
    compare(4, 1024, 64, ">= 1.3; default >= 8", 9, whole=True)
    compare(16, 1024, 64, ">= 2, memory <= 0.4", 9, whole=False)
    compare(16, 4096, 64, ">= 2, under 1 GiB", 5, whole=False)
    grown()


if __name__ == "__main__":
    main()
