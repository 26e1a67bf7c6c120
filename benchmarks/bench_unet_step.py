"""A training step of the published U-Net, against the same with the package's layers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

from side_by_side import interleaved, keep, peak_mib, print_peak

import torch  # isort: skip
from tremor.training.allocator import SWITCH, keep_memory  # isort: skip
from unet_rivals import published  # isort: skip

STEPS, FEATURES = 1024, 128
OURS, HALF = "tremor", "tremor, bf16-mixed"
CHUNKED, DEFAULT = "xlstm on mlstm_kernels custbw", "xlstm default (parallel)"
SYSTEM = os.environ.get(SWITCH) == "system"
KINDS = {OURS: "tremor", HALF: "tremor", CHUNKED: "chunked", DEFAULT: "default"}


def step(name: str, batch: int) -> Callable[[], None]:
    """Forward, backward and AdamW on random features, as the encoder gives them."""
    net = published(KINDS[name], STEPS)
    optimizer = torch.optim.AdamW(net.parameters())
    x, length = torch.randn(batch, FEATURES, STEPS), torch.full((batch,), STEPS)

    def run() -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=name == HALF):
            out, _ = net(x, length)
        out.float().square().mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return run


def compare(batch: int, names: list[str], rival: str, goal: str, rounds: int = 5) -> None:
    seconds = interleaved({name: step(name, batch) for name in names}, rounds)
    what = f"{STEPS}/256/64 steps, batch {batch}, 20 million parameters, forward, backward, AdamW"
    peak = {name: peak_mib(__file__, name, str(batch)) for name in names}
    stem = f"unet_step_{batch}_vs_{'default' if rival == DEFAULT else 'chunked'}"
    stem += "_as_it_comes" if SYSTEM else ""
    keep(stem, seconds, batch, rival, what, goal, peak_mib=peak)


def main() -> None:
    print("allocator:", keep_memory())
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["--peak"]:
        print_peak(step(sys.argv[2], int(sys.argv[3])))
        return
    compare(2, [OURS, DEFAULT], DEFAULT, ">= 6")
    if not SYSTEM:
        compare(4, [OURS, HALF, CHUNKED], CHUNKED, ">= 1.3")
        print("the same against the default with the system's allocator, as the package comes")
        subprocess.run([sys.executable, __file__], env=os.environ | {SWITCH: "system"}, check=True)


if __name__ == "__main__":
    main()
