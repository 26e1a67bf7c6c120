"""Worlds of two questions, magnitude and azimuth, and what a network may say of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

MAGNITUDES = ["Normal", "Moderate", "Medium", "Large"]
AZIMUTHS = ["Normal", "N", "NE", "E", "SE", "S", "SW", "W", "NW"]
HEADS = {"magnitude": MAGNITUDES, "azimuth": AZIMUTHS}
QUICK: dict[str, Any] = {"draws": 200, "permutations": 99}


def table_of(magnitude: Any, azimuth: Any, group: Any) -> pd.DataFrame:
    """A table of records with labels of both heads."""
    rows = {"group": group, "label_magnitude": magnitude, "label_azimuth": azimuth}
    table = pd.DataFrame(rows).assign(label=magnitude)
    return table.assign(record_id=[f"r{i}" for i in range(len(table))])


def world(groups: int = 120, each: int = 2, seed: int = 0) -> pd.DataFrame:
    """Half of the groups are quiet, the others earthquakes of any size from anywhere."""
    rng = np.random.default_rng(seed)
    quiet = np.arange(groups) % 2 == 0
    magnitude = np.where(quiet, 0, 1 + np.arange(groups) // 2 % 3).repeat(each)
    azimuth = np.where(quiet, 0, rng.integers(1, 9, groups)).repeat(each)
    table = table_of(magnitude, azimuth, [f"g{g}" for g in np.arange(groups).repeat(each)])
    told_nothing = {"station": rng.choice(["A", "B"], len(table)), "hours": 6.0}
    return table.assign(**told_nothing, level_H=rng.standard_normal(len(table)))


def predictions(
    table: pd.DataFrame, skill: float = 3.0, seed: int = 1, heads: dict[str, list[str]] = HEADS
) -> pd.DataFrame:
    """Probabilities that point at the truth by `skill`; 0: at nothing."""
    rng = np.random.default_rng(seed)
    said = {}
    for head, classes in heads.items():
        score = rng.standard_normal((len(table), len(classes)))
        known = table[f"label_{head}"].to_numpy()
        score[np.arange(len(table))[known >= 0], known[known >= 0]] += skill
        chances = np.exp(score) / np.exp(score).sum(1, keepdims=True)
        said[f"predicted_{head}"] = chances.argmax(1)
        said |= {f"p_{head}_{c}": chances[:, k] for k, c in enumerate(classes)}
    return _with_labels(table, said)


def always(table: pd.DataFrame, magnitude: Any, azimuth: Any, sure: float = 0.97) -> pd.DataFrame:
    """Predictions of the given classes, with one probability for all of them."""
    said: dict[str, Any] = {}
    for (head, classes), answer in zip(HEADS.items(), (magnitude, azimuth), strict=True):
        given = np.broadcast_to(answer, len(table))
        rest = (1 - sure) / (len(classes) - 1)
        said[f"predicted_{head}"] = given
        said |= {f"p_{head}_{c}": np.where(given == k, sure, rest) for k, c in enumerate(classes)}
    return _with_labels(table, said)


def _with_labels(table: pd.DataFrame, said: dict[str, Any]) -> pd.DataFrame:
    known = table[["record_id", "group", "label", "label_magnitude", "label_azimuth"]]
    return known.assign(**said, predicted=said["predicted_magnitude"]).reset_index(drop=True)


def other(table: pd.DataFrame) -> pd.DataFrame:
    """The same table as a training part."""
    return table.assign(record_id="t" + table["record_id"], group="t" + table["group"])


def published(seed: int = 0) -> pd.DataFrame:
    """The published test part: 296 pictures, quiet ones of one station and in other colours."""
    rng = np.random.default_rng(seed)
    counts = {"N": 78, "NW": 22, "S": 21, "W": 14, "SW": 12, "SE": 11, "E": 4, "NE": 1}
    places = [AZIMUTHS.index(name) for name in counts]
    azimuth = rng.permutation(np.repeat(places, list(counts.values())))
    magnitude = rng.permutation(np.repeat([2, 3, 1], [156, 4, 3]))
    pairs, days = np.arange(163) // 2, np.arange(133) // 12
    group = [f"event {g}" for g in pairs] + [f"TRD_{g}" for g in days[:129]] + ["SCN_0"] * 4
    quiet = np.zeros(133, int)
    table = table_of(np.r_[magnitude, quiet], np.r_[azimuth, quiet], group)
    station = [*rng.choice(["MLB", "SCN", "GTO"], 163), *["TRD"] * 129, *["SCN"] * 4]
    colour = np.where(table["label"] == 0, 0.2, 0.6) + 0.01 * rng.standard_normal(296)
    return table.assign(station=station, mean_R=colour, hours=1.0)
