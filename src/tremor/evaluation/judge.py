"""The verdict on predictions: metrics with intervals by group, chance, leak alarms, plain words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from tremor.errors import Refused
from tremor.evaluation import chance, metrics, ordinal
from tremor.evaluation.alarms import alarms
from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.calibration import of_classes
from tremor.evaluation.confounders import confounders
from tremor.evaluation.featured import Seen
from tremor.evaluation.fitted import Fitted
from tremor.evaluation.measured import Asked
from tremor.evaluation.metrics import Floats
from tremor.evaluation.mistakes import mistakes
from tremor.evaluation.predictions import read_predictions, rows_of
from tremor.evaluation.scoring import Plain, Scorer
from tremor.evaluation.selective import selective
from tremor.evaluation.sentences import NOISE, SHUFFLED, sentences
from tremor.evaluation.slices import Covered, slices
from tremor.evaluation.strata import strata


def judge(
    predictions: pd.DataFrame,
    *,
    classes: Sequence[str],
    table: pd.DataFrame | None = None,
    train_table: pd.DataFrame | None = None,
    validation: pd.DataFrame | None = None,
    split: str = "test",
    ordered: bool = False,
    features: Floats | None = None,
    draws: int = 2000,
    permutations: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    sets: Literal["lac", "aps", "lac_class"] = "lac",
    coverage: float = 0.9,
) -> Plain:
    """Judge predictions of records in groups.

    `table` (of the judged records, and of those of validation) is needed for slices, and with
    `train_table` for leak alarms and times; `validation`, predictions of other records, for the
    temperature and the prediction sets, made by the method `sets` for a `coverage`; all else
    follows from the predictions. `features` `(record, feature)` are what the network answers from:
    with a column `distance` of both predictions they tell what is unusual. `ordered` classes follow
    in time. A column `seen` of the tables
    says what of each record the network had: `all` or `noise`; a column `shuffled`, that its label
    was dealt anew among groups, as a control.
    """
    asked = Asked(draws, permutations, level, seed, sets, covering(coverage))
    known = (predictions, asked, classes, table, train_table, split, validation, ordered)
    return judge_one(*known, features=features)


def judge_one(
    predictions: pd.DataFrame,
    asked: Asked,
    classes: Sequence[str],
    table: pd.DataFrame | None,
    train_table: pd.DataFrame | None,
    split: str,
    validation: pd.DataFrame | None = None,
    ordered: bool = False,
    background: int | None = None,
    features: Floats | None = None,
) -> Plain:
    """Judge one question about each record; `background` is the class of quiet ones, if any."""
    judged, permutations = Judged.of(predictions, tuple(classes)), asked.permutations
    rows = rows_of(table, predictions)
    scorer = asked.scorer(judged, background)
    drawn = chance.null(judged, permutations, asked.seed)
    verdict = _heading(judged, split, classes) | {
        "metrics": _metrics(judged, scorer, drawn),
        "per_class": _per_class(judged, scorer, classes),
        "confusion": judged.group_confusion().sum(0).astype(int).tolist(),
        "interval": scorer.said(),
        "null": {"permutations": permutations, "seed": asked.seed, "unit": "group"},
        "calibration": of_classes(scorer, permutations),
        "selective": selective(scorer),
        "mistakes": mistakes(predictions, classes, rows),
        "baselines": {},
    }
    covered = None
    if validation is not None and len(validation):
        fitted = Fitted(scorer, Judged.of(validation, tuple(classes)), asked, classes)
        verdict["calibration"] |= fitted.scaled()
        verdict["sets"] = fitted.sets
        verdict |= fitted.alike(table, predictions, validation)
        covered = fitted.covered
    seen = Seen(predictions, validation, rows, features)
    verdict |= seen.told(scorer, permutations)
    if not scorer.enough:
        verdict["group_list"] = _group_list(judged, classes)
    if why := scorer.lacking(classes):
        verdict["lacking"] = why
    if ordered and len(classes) > 2:
        verdict["ordinal"] = ordinal.ordinal(scorer, permutations)
    if rows is not None:
        verdict |= _with_tables(scorer, rows, train_table, classes, ordered, covered)
    return verdict | {"verdict": sentences(verdict)}


def _with_tables(
    scorer: Scorer,
    rows: pd.DataFrame,
    train: pd.DataFrame | None,
    classes: Sequence[str],
    ordered: bool,
    covered: Covered | None,
) -> Plain:
    """What needs more than predictions; `rows` are the judged records in their order."""
    found = strata(scorer, rows, covered)
    if sliced := slices(scorer, rows, covered):
        found["slices"] = sliced
    found |= confounders(scorer, rows, classes)
    if "seen" in rows and bool((rows["seen"] == "noise").all()):
        found["control"] = NOISE
    if "shuffled" in rows and bool(rows["shuffled"].any()):
        found["control"] = SHUFFLED
    if train is not None:
        found["baselines"] = alarms(scorer, train, rows, ordered)
        if ordered and len(classes) > 2 and "ttf_seconds" in rows:
            found["times"] = ordinal.times(scorer.judged, rows, train, classes)
    return found


def covering(coverage: float) -> float:
    """A share of records that prediction sets can hold the class of."""
    if not 0.5 <= coverage < 1:
        fault = f"is {coverage}, must be from 0.5 to below 1"
        raise Refused(fault, "evaluation.coverage", "evaluation.coverage=0.9")
    return coverage


def judge_file(path: Path, **settings: Any) -> Plain:
    """The verdict on a predictions.csv, without model or data.

    What was fitted on validation is fitted anew, where validation.csv is beside it.
    """
    predictions = read_predictions(path)
    beside = path.with_name("validation.csv")
    classes = [c.removeprefix("p_") for c in predictions.columns if c.startswith("p_")]
    if beside.is_file():
        settings = {"validation": read_predictions(beside, classes)} | settings
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
