"""On a CUDA device: how fast does ConvNeXt-Tiny learn from pictures of 224 x 224, in what memory?

python benchmarks/gpu_convnext.py      measures; writes results/gpu/convnext.json
"""

from __future__ import annotations

import json
import sys
import time
from statistics import median
from typing import Any

from side_by_side import RESULTS, machine

import torch  # isort: skip
from torch import Tensor  # isort: skip

from tremor.network.models.timm_model import TimmModel

NAME, SIZE, ROUNDS, DROP = "convnext_tiny", 224, 10, 0.1
BATCHES = (32, 128, 512)
ATTENTIONS: Any = ("none", "cbam")
PRECISIONS = {"fp32": None, "bf16": torch.bfloat16}


def model(attention: Any) -> TimmModel:
    torch.manual_seed(0)
    net = TimmModel((3, SIZE, SIZE), NAME, drop_path_rate=DROP, attention=attention)
    return net.cuda()  # type: ignore[no-any-return]


def learn(net: TimmModel, x: Tensor, precision: torch.dtype | None) -> None:
    """Forward and backward of a score."""
    length = torch.full((len(x),), SIZE, device=x.device)
    with torch.autocast("cuda", precision, enabled=precision is not None):
        out, _ = net(x, length)
    towards = torch.linspace(-1, 1, out.shape[1], device=x.device).cos_().sub_(0.8)
    (out[..., 0].float() @ towards).sin().mean().backward()


def timed(attention: Any, batch: int, precision: torch.dtype | None) -> dict[str, float]:
    """Seconds and memory of a training step with AdamW."""
    net = model(attention)
    optimizer = torch.optim.AdamW(net.parameters(), fused=True)
    x = torch.randn(batch, 3, SIZE, SIZE, device="cuda")
    torch.cuda.reset_peak_memory_stats()
    seconds = []
    for _ in range(ROUNDS + 3):
        torch.cuda.synchronize()
        began = time.perf_counter()
        optimizer.zero_grad()
        learn(net, x, precision)
        optimizer.step()
        torch.cuda.synchronize()
        seconds.append(time.perf_counter() - began)
    step = median(seconds[3:])
    peak = torch.cuda.max_memory_allocated() / 2**20
    return {"ms": 1e3 * step, "images_per_s": batch / step, "peak_mib": peak}


def gradient_errors() -> dict[str, float]:
    """How far gradients are from those of a CPU in fp32, over their size: the furthest tensor.

    Every block counts in full: as initialised, ConvNeXt scales what blocks add to a millionth.
    """
    x, found = torch.randn(4, 3, SIZE, SIZE), {}
    for name, precision in {"cpu": None, **PRECISIONS}.items():
        net = model("none").eval()
        for key, weight in net.named_parameters():
            if key.endswith("gamma"):
                torch.nn.init.ones_(weight)
        place = "cpu" if name == "cpu" else "cuda"
        learn(net.to(place), x.to(place), precision)
        found[name] = [p.grad.cpu() for p in net.parameters() if p.grad is not None]
    true = found.pop("cpu")
    return {
        name: max(float((a - b).norm() / b.norm()) for a, b in zip(own, true, strict=True))
        for name, own in found.items()
    }


def main() -> None:
    if not torch.cuda.is_available():
        sys.exit("benchmarks/gpu_convnext.py needs a CUDA device, and there is none here")
    result: dict[str, Any] = {"machine": machine() | {"device": torch.cuda.get_device_name()}}
    result["gradient_errors"] = gradient_errors()
    print(json.dumps(result["gradient_errors"], indent=1), flush=True)
    result["steps"] = {}
    for attention in ATTENTIONS:
        for batch in BATCHES:
            for name, precision in PRECISIONS.items():
                key = f"{NAME}, attention {attention}, {name}, batch {batch}"
                try:
                    result["steps"][key] = timed(attention, batch, precision)
                except torch.cuda.OutOfMemoryError:
                    result["steps"][key] = "out of memory"
                torch.cuda.empty_cache()
                print(key, result["steps"][key], flush=True)
    (RESULTS / "gpu").mkdir(parents=True, exist_ok=True)
    (RESULTS / "gpu" / "convnext.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
