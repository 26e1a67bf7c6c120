"""How long partition maps take, against the shap library's and the model alone.

Processor seconds of one thread: the trained station CNN, and three convolutions at larger sizes.
Needs outputs/benchmarks (see explain_subjects.py), and cv2 for shap (opencv-python-headless).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from statistics import median

from explain_errors import processor_seconds
from explain_subjects import station_cnn
from side_by_side import fastest, keep

import numpy as np  # isort: skip
import shap  # isort: skip
import torch  # isort: skip
from torch import Tensor, nn  # isort: skip

from tremor.explain.estimators.owen import Owen
from tremor.explain.estimators.partition_shap import PartitionShap
from tremor.explain.fills import Blur
from tremor.explain.game import masked
from tremor.explain.players import Players, rectangles
from tremor.explain.targets import OneClass
from tremor.training.allocator import keep_memory

BUDGET = 500
BATCHES = (10, 50)  # of shap: its own choice, and that of the works that use it
OURS, ALONE = "tremor partition_shap", "the model alone"


def network() -> nn.Module:
    """Three convolutions, as small as those of the station CNN, for pictures of any size."""
    torch.manual_seed(0)
    steps: list[nn.Module] = []
    for before, after in ((3, 16), (16, 32), (32, 64)):
        steps += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    body = nn.Sequential(*steps, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 2))
    return body.eval().requires_grad_(False)


def ours(model: nn.Module, record: Tensor, players: Players, batch: int) -> None:
    game = masked(model, record, players, Blur(), OneClass(0), batch=batch)
    PartitionShap(BUDGET, batch)(game)


def owen(model: nn.Module, record: Tensor, players: Players, batch: int) -> None:
    Owen(BUDGET)(masked(model, record, players, Blur(), OneClass(0), batch=batch))


@torch.inference_mode()
def alone(model: nn.Module, record: Tensor, batch: int) -> None:
    """As many evaluations, in batches as we ask them, and nothing else."""
    inputs = record.repeat(batch, 1, 1, 1).contiguous(memory_format=torch.channels_last)
    for _ in range(BUDGET // batch):
        model(inputs)


def theirs(model: nn.Module, record: Tensor, fill: str, batch: int) -> None:
    def logits(x: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            found: Tensor = model(torch.from_numpy(x).float().permute(0, 3, 1, 2))
        return found.numpy()

    image = (record.permute(1, 2, 0) * 255).to(torch.uint8).numpy()
    explainer = shap.Explainer(logits, shap.maskers.Image(fill, image.shape))
    options = {"max_evals": BUDGET, "batch_size": batch, "outputs": [0], "silent": True}
    explainer(image[None], **options)


def compare(model: nn.Module, height: int, width: int, rounds: int) -> None:
    record = torch.rand(3, height, width)
    players = rectangles((3, height, width), joint=False)
    blurs = {
        f"shap, blur, {b} at once": partial(theirs, model, record, "blur(8,8)", b) for b in BATCHES
    }
    paints = {"shap, inpaint_telea": partial(theirs, model, record, "inpaint_telea", 10)}
    runs: dict[str, Callable[[], None]] = {
        OURS: partial(ours, model, record, players, 10),
        f"{OURS}, 50 at once": partial(ours, model, record, players, 50),
        ALONE: partial(alone, model, record, 10),
        "tremor owen": partial(owen, model, record, players, 10),
        **blurs,
        **paints,
    }
    seconds = processor_seconds(runs, rounds)
    least = {name: min(values) for name, values in seconds.items()}
    keep(
        f"explain_speed_{height}x{width}",
        seconds,
        1,
        fastest(seconds, blurs),
        f"{BUDGET} evaluations of a picture (3, {height}, {width}), processor seconds",
        ">= 1.3 (>= 2 at 224 x 224), inpaint >= 4, model alone <= 1.1",
        times_the_model_alone={n: median(_ratios(seconds[n], seconds[ALONE])) for n in runs},
        times_ours={n: least[n] / least[OURS] for n in runs},
    )


def _ratios(over: list[float], under: list[float]) -> list[float]:
    return [a / b for a, b in zip(over, under, strict=True)]


def main() -> None:
    print("allocator:", keep_memory())
    torch.set_num_threads(1)
    compare(station_cnn().predict, 33, 96, 7)
    compare(network(), 128, 128, 3)
    compare(network(), 224, 224, 2)


if __name__ == "__main__":
    main()
