"""Made-up records whose answers come from the signal, from the date, or from the size alone."""

from __future__ import annotations

import numpy as np
import pandas as pd

START = pd.Timestamp("2016-01-01", tz="UTC")


def world(
    kind: str, events: int = 150, classes: int = 2, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions of two records an event, and the table of these records.

    `clean`: the answer follows the class, and nothing else does. `drift`: the noise floor grows
    with the date, later events are more often of class 1, and the answer follows the noise alone.
    `size`: events of class 1 are larger, and the answer follows the magnitude alone.
    """
    rng = np.random.default_rng(seed)
    day = rng.uniform(0, 100, events)
    label = rng.integers(0, classes, events)
    if kind == "drift":
        label = (rng.random(events) < 1 / (1 + np.exp(-(day - 50) / 10))).astype(np.int64)
    magnitude = rng.uniform(1, 4, events) + 1.5 * label * (kind == "size")
    noise = (day - 50) / 30 * (kind == "drift") + rng.normal(0, 0.2, events)
    evidence = {"clean": 2.0 * (label - 0.5), "drift": 3 * noise, "size": 3 * (magnitude - 3.2)}
    each = np.repeat(np.arange(events), 2)
    score = evidence[kind][each] + rng.normal(0, 0.7, len(each))
    said = pd.DataFrame({"record_id": [f"r{i}" for i in range(len(each))]})
    said = said.assign(group=[f"e{i}" for i in each], label=label[each])
    if classes == 2:
        p = 1 / (1 + np.exp(-score))
        chances = np.stack([1 - p, p], axis=1)
    else:
        logits = -2.0 * np.abs(
            np.arange(classes) - label[each, None] + rng.normal(0, 0.7, (2 * events, 1))
        )
        chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    said["predicted"] = chances.argmax(1)
    for k in range(classes):
        said[f"p_{'abcdefghi'[k]}"] = chances[:, k]
    time = START + pd.to_timedelta(day[each], unit="D")
    rows = said[["record_id", "group", "label"]].assign(
        start_time=time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        magnitude=magnitude[each],
        distance_km=rng.uniform(2, 12, events)[each],
        snr_db=(20 - 5 * noise)[each] + rng.normal(0, 1, len(each)),
        level_Z=0.2 * noise[each] + rng.normal(0, 0.05, len(each)),
        station="AAA",
    )
    return said, rows
