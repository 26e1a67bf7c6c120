"""Finished folds of a cross-validation for tests: records in a cache, a run for each fold."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from tremor.config.build import build
from tremor.config.resolve import put
from tremor.data import splits
from tremor.data.cache import open_records
from tremor.data.heads import by_head
from tremor.data.labels import as_stored
from tremor.data.records import RecordSet
from tremor.data.writer import RecordWriter

HEADS = {"magnitude": ["Normal", "Medium", "Large"], "azimuth": ["Normal", "N", "E", "S", "W"]}
JUDGES: dict[bool, dict[str, Any]] = {
    False: {"_target_": "tremor.evaluation.judge.judge"},
    True: {"_target_": "tremor.evaluation.multitask.judge", "heads": HEADS},
}
DRAWN = {"_partial_": True, "draws": 40, "permutations": 9, "level": 0.95, "seed": 0}


@dataclass(frozen=True)
class Windows:
    """Six-hour windows of events that two stations saw, and of quiet station-days.

    `told` makes the station tell the class: quiet days are at a station without events.
    """

    events: int = 30
    told: bool = False
    channels: tuple[str, ...] = ("H", "D")
    sampling_rate: float = 1 / 600

    def files(self) -> list[Path]:
        return []

    def write(self, writer: RecordWriter) -> None:
        rng = np.random.default_rng(0)
        for number in range(2 * self.events):
            quiet = number % 2
            day = pd.Timestamp("2020-01-01", tz="UTC") + pd.Timedelta(days=3 * number)
            at = str(rng.choice(["AAA", "BBB"]))
            places = ["QQQ" if self.told else at] if quiet else ["AAA", "BBB"]
            size = "Normal" if quiet else HEADS["magnitude"][1 + number // 2 % 2]
            for station in places:
                way = "Normal" if quiet else HEADS["azimuth"][1 + int(rng.integers(0, 4))]
                row = {
                    "record_id": f"{station}_{number:03}",
                    "group": f"{station}_{day:%Y%m%d}" if quiet else f"e{number:03}",
                    "label": size,
                    "label_magnitude": size,
                    "label_azimuth": way,
                    "station": station,
                    "hours": 6.0,
                    "start_time": f"{day:%Y-%m-%dT%H:%M:%SZ}",
                }
                writer.add(rng.standard_normal((2, 36)).astype(np.float32), row)


def predicted(
    table: pd.DataFrame, heads: dict[str, list[str]], skill: float, seed: int
) -> pd.DataFrame:
    """What a network of some skill says: right so often, else any class; one question or heads."""
    rng = np.random.default_rng(seed)
    ends = {f"_{name}" if name else "": classes for name, classes in heads.items()}
    found = table[["record_id", "group", *dict.fromkeys(["label", *(f"label{e}" for e in ends)])]]
    for end, classes in ends.items():
        right, any_class = (
            table[f"label{end}"].to_numpy(),
            rng.integers(0, len(classes), len(table)),
        )
        said = np.where(rng.random(len(table)) < skill, right, any_class)
        shares = np.where(np.arange(len(classes)) == said[:, None], 0.7, 0.3 / (len(classes) - 1))
        columns = {f"p{end}_{name}": shares[:, k] for k, name in enumerate(classes)}
        found = found.assign(**{f"predicted{end}": said}, **columns)
    return found.assign(predicted=found[f"predicted{next(iter(ends))}"])


def labelled(records: RecordSet, several: bool) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """The table with labels as numbers, and the classes of each question."""
    if several:
        return by_head(records.table, records.classes, HEADS).table, HEADS
    single = as_stored(records.table, records.classes)
    return single.table, {"": list(single.classes)}


def folds(
    place: Path,
    *,
    skill: float = 0.9,
    n_folds: int = 4,
    several: bool = False,
    source: Windows | None = None,
    method: str = "leave_event_out",
    seed: int = 1,
    **keys: Any,
) -> list[Path]:
    """The run folders of all folds; `keys` are config values by dotted path, `__` for the dot."""
    cache = place.parent / "cache"
    records, _ = open_records(source or Windows(), str(cache))
    table, heads = labelled(records, several)
    made = []
    for fold in range(n_folds):
        settings = {"train_frac": None, "val_ratio": 0.2, "test_ratio": 0.3, "purge_hours": 0.0}
        parts = getattr(splits, method)(table, **settings, fold=fold, n_folds=n_folds, seed=seed)
        tests = table[parts == "test"]
        said = predicted(tests, heads, skill, 100 * seed + fold)
        judge = JUDGES[several] | DRAWN
        config: dict[str, Any] = {
            "experiment_name": "study",
            "seed": seed,
            "cache_dir": str(cache),
            "dataset": settings | {"event_split_method": method, "fold": fold, "n_folds": n_folds},
            "loader": {"keep": "all"},
            "evaluation": judge,
        }
        for key, value in keys.items():
            put(config, key.replace("__", "."), value)
        classes = next(iter(heads.values()))
        verdict = build(judge)(said, classes=classes, table=tests)
        folder = place / f"{seed}_{fold}"
        (folder / "evaluation").mkdir(parents=True)
        (folder / "checkpoints").mkdir()
        (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
        told = {"data_fingerprint": records.fingerprint}
        (folder / "provenance.json").write_text(json.dumps(told))
        split = table[["record_id", "group", "station", "label"]].assign(split=parts)
        split.to_csv(folder / "split.csv", index=False)
        said.to_csv(folder / "evaluation" / "predictions.csv", index=False)
        (folder / "evaluation" / "metrics.json").write_text(json.dumps(verdict))
        made.append(folder)
    return made
