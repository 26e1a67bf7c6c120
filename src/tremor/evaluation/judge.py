"""The verdict on predictions: metrics with intervals by group, chance, leak alarms, plain words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tremor.errors import Refused
from tremor.evaluation import baselines, chance, metrics, ordinal
from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.calibration import calibration
from tremor.evaluation.measured import Asked
from tremor.evaluation.metrics import Floats, Index
from tremor.evaluation.scoring import Plain, Scorer
from tremor.evaluation.sentences import sentences
from tremor.evaluation.strata import strata


def judge(
    predictions: pd.DataFrame,
    *,
    classes: Sequence[str],
    table: pd.DataFrame | None = None,
    train_table: pd.DataFrame | None = None,
    split: str = "test",
    ordered: bool = False,
    draws: int = 2000,
    permutations: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Plain:
    """Judge predictions of records in groups.

    `table` (of the judged records) is needed for strata, and with `train_table` for leak alarms
    and times; all else follows from the predictions. `ordered` classes follow in time. A column
    `seen` of the tables says what of each record the network had: `all` or `noise`; a column
    `shuffled`, that its label was dealt anew among groups, as a control.
    """
    asked = Asked(draws, permutations, level, seed)
    return judge_one(predictions, asked, classes, table, train_table, split, ordered)


def judge_one(
    predictions: pd.DataFrame,
    asked: Asked,
    classes: Sequence[str],
    table: pd.DataFrame | None,
    train_table: pd.DataFrame | None,
    split: str,
    ordered: bool = False,
    background: int | None = None,
) -> Plain:
    """Judge one question about each record; `background` is the class of quiet ones, if any."""
    judged, permutations = Judged.of(predictions, tuple(classes)), asked.permutations
    scorer = asked.scorer(judged, background)
    drawn = chance.null(judged, permutations, asked.seed)
    verdict = _heading(judged, split, classes) | {
        "metrics": _metrics(judged, scorer, drawn),
        "per_class": _per_class(judged, scorer, classes),
        "confusion": judged.group_confusion().sum(0).astype(int).tolist(),
        "interval": scorer.said(),
        "null": {"permutations": permutations, "seed": asked.seed, "unit": "group"},
        "calibration": calibration(scorer, permutations),
        "baselines": {},
    }
    if not scorer.enough:
        verdict["group_list"] = _group_list(judged, classes)
    if why := scorer.lacking(classes):
        verdict["lacking"] = why
    if ordered and len(classes) > 2:
        verdict["ordinal"] = ordinal.ordinal(scorer, permutations)
    if table is not None:
        rows = table.set_index("record_id").loc[predictions["record_id"]].reset_index()
        verdict |= _with_tables(scorer, rows, train_table, classes, ordered)
    return verdict | {"verdict": sentences(verdict)}


def _with_tables(
    scorer: Scorer,
    rows: pd.DataFrame,
    train: pd.DataFrame | None,
    classes: Sequence[str],
    ordered: bool,
) -> Plain:
    """What needs more than predictions; `rows` are the judged records in their order."""
    found = strata(scorer, rows)
    if "shuffled" in rows and bool(rows["shuffled"].any()):
        found["control"] = "shuffled labels"
    if train is not None:
        found["baselines"] = _alarms(scorer, train, rows, ordered)
        if ordered and len(classes) > 2 and "ttf_seconds" in rows:
            found["times"] = ordinal.times(scorer.judged, rows, train, classes)
    return found


def judge_file(path: Path, **settings: Any) -> Plain:
    """The verdict on a predictions.csv, without model or data."""
    predictions = pd.read_csv(
        path, dtype={"record_id": str, "group": str}, float_precision="round_trip"
    )
    classes = [c.removeprefix("p_") for c in predictions.columns if c.startswith("p_")]
    if not classes or predictions.empty:
        raise Refused("no predictions in this file", str(path), "give a predictions.csv of a run")
    return judge(predictions, classes=classes, **settings)


def _heading(judged: Judged, split: str, classes: Sequence[str]) -> Plain:
    records = np.bincount(judged.labels, minlength=len(classes))
    groups = judged.class_groups()
    return {
        "split": split,
        "records": len(judged.labels),
        "groups": judged.groups,
        "classes": list(classes),
        "class_records": {c: int(n) for c, n in zip(classes, records, strict=True)},
        "class_groups": {c: int(n) for c, n in zip(classes, groups, strict=True)},
    }


def _metrics(judged: Judged, scorer: Scorer, drawn: dict[str, Floats]) -> Plain:
    whole, resampled = (metrics.from_confusion(m) for m in scorer.matrices())
    pairs = {name: (float(whole[name]), resampled[name]) for name in whole}
    pairs["auroc"] = scorer.areas()
    at_chance = chance.levels(judged, drawn)
    found = {}
    for name, (value, draws) in pairs.items():
        p = chance.p_value(value, drawn[name]) if np.isfinite(value) else None
        found[name] = scorer.metric(name, value, draws) | {"chance": at_chance[name], "p": p}
    return found


def _per_class(judged: Judged, scorer: Scorer, classes: Sequence[str]) -> Plain:
    whole, resampled = (metrics.by_class(m) for m in scorer.matrices())
    heading = _heading(judged, "", classes)
    table = {}
    for k, name in enumerate(classes):
        row = {m: scorer.of_class(k, float(whole[m][k]), resampled[m][:, k]) for m in whole}
        counts = {
            "records": heading["class_records"][name],
            "groups": heading["class_groups"][name],
        }
        table[name] = row | counts
    return table


def _group_list(judged: Judged, classes: Sequence[str]) -> list[Plain]:
    """Every group by name, where there are too few for an interval."""
    each, labels = judged.group_confusion(), judged.group_labels()
    counts = each.sum((1, 2))
    right = np.trace(each, axis1=1, axis2=2)
    return [
        {
            "group": str(name),
            "label": classes[labels[g]],
            "records": int(counts[g]),
            "accuracy": float(right[g] / counts[g]),
        }
        for g, name in enumerate(judged.names)
    ]


def _alarms(scorer: Scorer, train: pd.DataFrame, rows: pd.DataFrame, ordered: bool) -> Plain:
    """Each baseline's score, and how far the model is above it.

    Month and day are no leak where time defines the classes: the metadata are without them.
    """
    left_out = {"month", "day"} if ordered else set()
    sees = "metadata alone" + (", without month and day, which tell the class" if ordered else "")
    found = {"majority": alarm(scorer, baselines.majority(train, rows), "nothing")}
    by_level = baselines.level(train, rows)
    if isinstance(by_level, str):
        found["level"] = {"unavailable": by_level}
    else:
        found["level"] = alarm(scorer, by_level, baselines.level_sees(rows))
    tried = [
        alarm(scorer, said, sees) | {"columns": list(columns)}
        for columns, said in baselines.metadata(train, rows, left_out)
    ]
    best = max(tried, key=lambda a: a["balanced_accuracy"]["value"] or 0.0, default=None)
    if best is None:
        found["metadata"] = {"unavailable": "the source tells no station, time or magnitude"}
    else:
        singles = [t for t in tried if len(t["columns"]) == 1]
        each = {t["columns"][0]: t["balanced_accuracy"]["value"] for t in singles}
        found["metadata"] = best | {"each_column": each}
    return found


def alarm(scorer: Scorer, predicted: Index, sees: str) -> Plain:
    """A baseline's scores, and the model's lead over it with a paired interval."""
    (own, own_draws), (its, its_draws) = scorer.matrices(), scorer.matrices(predicted)
    scores, drawn = metrics.from_confusion(its), metrics.from_confusion(its_draws)
    found: Plain = {
        name: scorer.metric(name, float(scores[name]), drawn[name])
        for name in ("accuracy", "balanced_accuracy")
    }
    name = "balanced_accuracy"
    lead = metrics.from_confusion(own)[name] - scores[name]
    leads = metrics.from_confusion(own_draws)[name] - drawn[name]
    return found | {"lead": scorer.metric(name, float(lead), leads), "sees": sees}
