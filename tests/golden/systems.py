"""A tiny run of each of the five systems, the numbers that it ends with, and how far they moved."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from opened import finished, leave_blank, only_run

HERE = Path(__file__).parent
AGAIN = "python tests/golden/write.py --only {name}"
QUICK = [
    *("trainer.max_epochs=2", "trainer.accelerator=cpu", "trainer.log_every_n_steps=1"),
    *("evaluation.draws=20", "evaluation.permutations=9", "optimizer.eps=1e-4"),
]
SYSTEMS: dict[str, list[str]] = {
    "seismic_lstm": [
        *("dataset.n_events=40", "dataset.batch_size=8", "model.hidden_size=4"),
        *("optimizer.lr=0.01", "augment=waveform"),
    ],
    "fore_aftershock": [
        *("experiment=fore_aftershock/finetune_xlstm_unet_tiny", "model.pool=[4]"),
        *("dataset.n_pre=40", "dataset.n_visso=10", "dataset.n_post=40", "model.d_model=8"),
        *("dataset.sources.synthetic.world.duration=8", "encoder.d_model=8", "encoder.width=8"),
    ],
    "stations": [
        *("experiment=stations/cnn", "dataset.source=synthetic", "dataset.n_events=40"),
        *("model.widths=[2,4]", "model.features=4", "dataset.batch_size=16"),
    ],
    "geomagnetic": [
        *("experiment=geomagnetic/loeo", "dataset.n_events=16", "dataset.n_days=60"),
        *("dataset.sites=1", "dataset.sampling_rate=0.25", "dataset.window_hours=3"),
        *("dataset.n_folds=4", "dataset.batch_size=8", "encoder.nperseg=128"),
        *("model.name=test_convnext", "model.resize=[32,32]"),
    ],
    "ecg": [
        *("experiment=ecg/demo", "dataset.patients=24", "dataset.records.world.duration=4"),
        *("dataset.sampling_rate=100", "dataset.maxlen=400", "report.fan.points=20"),
        *(f"~dataset.classes.{name}" for name in ("IAVB", "RBBB", "LBBB")),
        *("dataset.num_classes=2", "model.widths=[4,4,4]"),
    ],
}
Numbers = dict[str, float]


def trained(name: str, home: Path) -> Numbers:
    """Train and judge a system's tiny run in an empty folder; returns its numbers by name."""
    with pytest.MonkeyPatch.context() as patch:
        leave_blank(patch)
        finished(home, ["simple_train.py", *SYSTEMS[name], *QUICK])
    return dict(_numbers(only_run(home / "outputs")))


def _numbers(run: Path) -> Iterator[tuple[str, float]]:
    """Losses of steps and epochs, the main metrics, and means of outputs over the test part."""
    told = pd.read_csv(run / "metrics.csv")
    for column in ("loss", "train/loss", "val/loss"):
        for place, value in enumerate(told[column].dropna()):
            yield f"{column}[{place}]", float(value)
    summary: dict[str, Any] = json.loads((run / "summary.json").read_text())
    for metric, each in summary["metrics"].items():
        yield f"metric {metric}", float(each["value"])
    for column, mean in (
        pd.read_csv(run / "evaluation" / "predictions.csv").filter(regex="^p_").mean().items()
    ):
        yield f"mean {column}", float(mean)


def kept(name: str) -> Numbers:
    """The numbers of a system as they were written on purpose."""
    numbers: Numbers = json.loads((HERE / f"{name}.json").read_text())["numbers"]
    return numbers


def distance(now: float, then: float) -> float:
    """How far a number moved: of its size where that is above 1, else as it is."""
    same = now == then or (math.isnan(now) and math.isnan(then))
    return 0.0 if same else abs(now - then) / max(1.0, abs(then))


def moved(now: Numbers, then: Numbers, tolerance: float) -> list[str]:
    """A line for each number that is missing, new, or further from the kept one than allowed."""
    lines = [f"{name}: was {then[name]:.9g}, is not there now" for name in then.keys() - now.keys()]
    lines += [f"{name}: new, {now[name]:.9g}" for name in now.keys() - then.keys()]
    for name in then.keys() & now.keys():
        if not distance(now[name], then[name]) <= tolerance:
            by = now[name] - then[name]
            lines.append(f"{name}: was {then[name]:.9g}, is {now[name]:.9g}, moved by {by:+.3g}")
    return sorted(lines)
