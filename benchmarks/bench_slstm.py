"""The sLSTM's memory, forward and backward, against the published package's loop."""

from __future__ import annotations

from functools import partial

from side_by_side import growth, interleaved, keep

import torch  # isort: skip
from torch import Tensor  # isort: skip
from xlstm.blocks.slstm.src.vanilla import slstm_forward, slstm_pointwise_function_registry  # isort: skip

from tremor.network.slstm import scan
from tremor.training.allocator import keep_memory

HEADS, SIZE, BATCH = 4, 32, 4
OURS, VANILLA = "tremor", "xlstm vanilla"
POINTWISE = slstm_pointwise_function_registry["slstm"]


def vanilla(gates: Tensor, recurrent: Tensor) -> Tensor:
    """The package's way, given its own layouts."""
    x = gates.unflatten(-1, (4, SIZE)).permute(1, 0, 3, 2, 4).flatten(2)
    by_gate = recurrent.transpose(1, 2).reshape(HEADS, 4 * SIZE, SIZE)
    states, bias = x.new_zeros(4, len(gates), HEADS * SIZE), x.new_zeros(4 * HEADS * SIZE)
    said: Tensor = slstm_forward(x, states, by_gate, bias, POINTWISE)[0][0, 1:].transpose(0, 1)
    return said.reshape(len(gates), -1, HEADS, SIZE)


def given(steps: int) -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    recurrent = 0.1 * torch.randn(HEADS, SIZE, 4 * SIZE)
    gates = torch.randn(BATCH, steps, HEADS, 4 * SIZE)
    return gates.requires_grad_(), recurrent.requires_grad_()


def both_ways(way: object, parts: tuple[Tensor, Tensor]) -> None:
    out = way(*parts)  # type: ignore[operator]
    torch.autograd.grad(out, parts, torch.ones_like(out))


def main() -> None:
    print("allocator:", keep_memory())
    torch.set_num_threads(1)
    for steps in (256, 1024):
        parts = given(steps)
        ways = {OURS: scan, VANILLA: vanilla}
        runs = {name: partial(both_ways, way, parts) for name, way in ways.items()}
        seconds = interleaved(runs, 5)
        what = f"{steps} steps, batch {BATCH}, {HEADS} heads of {SIZE}, forward and backward"
        keep(f"slstm_{steps}x{BATCH}", seconds, BATCH, VANILLA, what, ">= 6")
    ours = {f"{steps} steps": partial(both_ways, scan, given(steps)) for steps in (256, 1024, 4096)}
    seconds = interleaved(ours, 5)
    keep(
        "slstm_growth",
        seconds,
        BATCH,
        "1024 steps",
        "4 heads of 32",
        "<= 5.5",
        growth=growth(seconds),
    )


if __name__ == "__main__":
    main()
