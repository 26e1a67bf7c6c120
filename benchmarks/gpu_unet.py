"""On a CUDA device: are the memories right there, and how fast is the published U-Net?

python benchmarks/gpu_unet.py          checks, then measures; writes results/gpu/unet.json
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from side_by_side import RESULTS, machine

import torch  # isort: skip
from torch import Tensor, nn  # isort: skip

from tremor.network.mlstm import kernels
from tremor.network.mlstm.backend import WAYS
from tremor.network.mlstm.recurrent import mlstm as recurrent
from tremor.network.models.wav2vec2_like import Wav2Vec2Like
from tremor.network.models.xlstm_unet import XLSTMUNet

STEPS, FEATURES, ROUNDS = 1024, 128, 10
BATCHES = (16, 32, 64, 128, 256)
RIVAL: dict[str, Any] = {"n_layers": 11}
"""Layers that bring the transformer to the size of the U-Net, 20 million parameters."""


def errors(way: str, shift: float, dtype: torch.dtype) -> dict[str, float]:
    """How far a way is from the recurrence in float64, over the largest of each."""
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, 4, 300, 64).to(dtype) for _ in range(3))
    gates = torch.randn(2, 4, 300), torch.randn(2, 4, 300) + shift
    given = [part.cuda().requires_grad_() for part in (q.abs(), k.abs(), v, *gates)]
    exact = [part.detach().cpu().double().requires_grad_() for part in given]
    ours, theirs = WAYS[way](*given), recurrent(*exact)
    towards = torch.randn_like(theirs)
    found = torch.autograd.grad(ours, given, towards.to(ours))
    expected = torch.autograd.grad(theirs, exact, towards)
    names = ("h", "q", "k", "v", "input", "forget")
    pairs = zip(names, (ours, *found), (theirs, *expected), strict=True)
    return {name: _apart(a, b) for name, a, b in pairs}


def _apart(a: Tensor, b: Tensor) -> float:
    return float(((a.cpu().double() - b).abs().max() / b.abs().max()).detach())


def models() -> dict[str, Callable[[], nn.Module]]:
    """The U-Net by each way that can run, and a transformer of its size."""
    ways = ["chunkwise"] + ([] if kernels.missing() else ["triton"])

    def unet(way: Any) -> Callable[[], nn.Module]:
        return lambda: XLSTMUNet((FEATURES, STEPS), mlstm_backend=way, device="cuda")

    return {f"U-Net, {way}": unet(way) for way in ways} | {
        "wav2vec2-like": lambda: Wav2Vec2Like((FEATURES, STEPS), **RIVAL)
    }


def timed(make: Callable[[], nn.Module], batch: int, half: bool) -> dict[str, float]:
    """Seconds and memory of a training step."""
    net = make().cuda()
    optimizer = torch.optim.AdamW(net.parameters(), fused=True)
    x = torch.randn(batch, FEATURES, STEPS, device="cuda")
    length = torch.full((batch,), STEPS, device="cuda")
    torch.cuda.reset_peak_memory_stats()
    seconds = []
    for _ in range(ROUNDS + 3):
        torch.cuda.synchronize()
        began = time.perf_counter()
        optimizer.zero_grad()
        with torch.autocast("cuda", torch.bfloat16, enabled=half):
            out, _ = net(x, length)
        out.float().square().mean().backward()
        optimizer.step()
        torch.cuda.synchronize()
        seconds.append(time.perf_counter() - began)
    step = median(seconds[3:])
    peak = torch.cuda.max_memory_allocated() / 2**20
    size = sum(p.numel() for p in net.parameters())
    return {"ms": 1e3 * step, "traces_per_s": batch / step, "peak_mib": peak, "parameters": size}


def main() -> None:
    if not torch.cuda.is_available():
        sys.exit("benchmarks/gpu_unet.py needs a CUDA device, and there is none here")
    result: dict[str, Any] = {"machine": machine() | {"device": torch.cuda.get_device_name()}}
    ways = ["chunkwise"] + ([] if kernels.missing() else ["triton"])
    result["errors"] = {
        f"{way}, forget gates {shift:+.0f}, {str(dtype).partition('.')[2]}": errors(
            way, shift, dtype
        )
        for way in ways
        for shift in (-12.0, 0.0, 4.0)
        for dtype in (torch.float32, torch.bfloat16)
    }
    print(json.dumps(result["errors"], indent=1), flush=True)
    result["steps"] = {}
    for batch in BATCHES:
        for half in (False, True):
            for name, make in models().items():
                key = f"{name}, {'bf16' if half else 'fp32'}, batch {batch}"
                try:
                    result["steps"][key] = timed(make, batch, half)
                except torch.cuda.OutOfMemoryError:
                    result["steps"][key] = "out of memory"
                torch.cuda.empty_cache()
                print(key, result["steps"][key], flush=True)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "gpu").mkdir(exist_ok=True)
    (RESULTS / "gpu" / "unet.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
