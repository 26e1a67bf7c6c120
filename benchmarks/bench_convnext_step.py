"""A training step of ConvNeXt-Tiny at 224 x 224, against timm's own model in a plain fp32 loop."""

from __future__ import annotations

import sys
from collections.abc import Callable

from side_by_side import interleaved, keep, peak_mib, print_peak

import timm  # isort: skip
import torch  # isort: skip
from torch import Tensor, nn  # isort: skip

from tremor.network.layers.depthwise import DepthwiseConv
from tremor.network.models.timm_model import TimmModel
from tremor.training.allocator import keep_memory

NAME, SIZE, BATCH, ROUNDS, DROP = "convnext_tiny", 224, 8, 7, 0.1
PLAIN, OURS = "timm, fp32", "tremor, fp32"
TORCHS, HALF = "tremor, bf16-mixed, torch's depthwise backward", "tremor, bf16-mixed"
NAMES = (PLAIN, OURS, TORCHS, HALF)


def pictures() -> Tensor:
    return torch.randn(BATCH, 3, SIZE, SIZE)


def network(name: str, drop: float = DROP) -> nn.Module:
    """The same weights for each, from one seed."""
    torch.manual_seed(0)
    if name == PLAIN:
        return timm.create_model(NAME, num_classes=0, drop_path_rate=drop)  # type: ignore[no-any-return]
    model = TimmModel((3, SIZE, SIZE), NAME, drop_path_rate=drop)
    for part in model.modules():
        if name == TORCHS and isinstance(part, DepthwiseConv):
            part.__class__ = nn.Conv2d  # type: ignore[assignment]
    return model


def learn(net: nn.Module, x: Tensor, half: bool) -> None:
    """Forward and backward, as `trainer.precision` asks for it, of a random score."""
    given = (x, torch.full((len(x),), SIZE)) if isinstance(net, TimmModel) else (x,)
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        out = net(*given)
    out = out[0][..., 0] if isinstance(out, tuple) else out
    towards = torch.linspace(-1, 1, out.shape[1]).cos_().sub_(0.8)
    (out.float() @ towards).sin().mean().backward()


def step(name: str) -> Callable[[], None]:
    """Forward, backward and AdamW: plain as it comes, ours with `optimizer.fused=true`."""
    net, x = network(name), pictures()
    optimizer = torch.optim.AdamW(net.parameters(), fused=None if name == PLAIN else True)

    def run() -> None:
        optimizer.zero_grad()
        learn(net, x, name in (TORCHS, HALF))
        optimizer.step()

    return run


def gradient_errors() -> dict[str, float]:
    """How far depthwise gradients are from timm's in fp32, over their size: the furthest tensor.

    Every block counts in full: as initialised, ConvNeXt scales what blocks add to a millionth.
    """
    torch.manual_seed(1)
    x, found = torch.randn(1, 3, SIZE, SIZE), {}
    for name in NAMES:
        net = network(name, drop=0.0)
        for key, weight in net.named_parameters():
            if key.endswith("gamma"):
                nn.init.ones_(weight)
        learn(net, x, name in (TORCHS, HALF))
        named = net.named_parameters()
        found[name] = [w.grad for key, w in named if "conv_dw" in key and w.grad is not None]
    true = found.pop(PLAIN)
    return {
        name: max(float((a - b).norm() / b.norm()) for a, b in zip(own, true, strict=True))
        for name, own in found.items()
    }


def main() -> None:
    print("allocator:", keep_memory())
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["--peak"]:
        print_peak(step(sys.argv[2]))
        return
    seconds = interleaved({name: step(name) for name in NAMES}, ROUNDS)
    what = (
        f"{NAME}, {SIZE} x {SIZE}, batch {BATCH}, 28 million parameters, forward, backward, AdamW"
    )
    peak = {name: peak_mib(__file__, name) for name in NAMES}
    goal = "bf16 >= 1.4, with our backward >= 2"
    errors = gradient_errors()
    keep("convnext_step", seconds, BATCH, PLAIN, what, goal, peak_mib=peak, gradient_error=errors)


if __name__ == "__main__":
    main()
