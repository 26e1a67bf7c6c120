"""The verdict on predictions: metrics with intervals by group, chance, leak alarms, plain words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tremor.errors import Refused
from tremor.evaluation import baselines, chance, metrics
from tremor.evaluation.bootstrap import FEWEST, Judged, draw_groups, interval
from tremor.evaluation.metrics import Floats, Index

Plain = dict[str, Any]
METHOD = "percentile bootstrap over groups within their class, expanded for few groups"


def judge(
    predictions: pd.DataFrame,
    *,
    classes: Sequence[str],
    table: pd.DataFrame | None = None,
    train_table: pd.DataFrame | None = None,
    split: str = "test",
    draws: int = 2000,
    permutations: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Plain:
    """Judge predictions of records in groups.

    `table` (of the judged records) and `train_table` are needed for the leak alarms alone; all
    else follows from the predictions.
    """
    judged = Judged.of(predictions, tuple(classes))
    scorer = Scorer(judged, draws, level, seed)
    drawn = chance.null(judged, permutations, seed)
    verdict = _heading(judged, split, classes) | {
        "metrics": _metrics(judged, scorer, drawn),
        "per_class": _per_class(judged, scorer, classes),
        "confusion": judged.group_confusion().sum(0).astype(int).tolist(),
        "interval": scorer.said(),
        "null": {"permutations": permutations, "seed": seed, "unit": "group"},
        "baselines": {},
    }
    if not scorer.enough:
        verdict["group_list"] = _group_list(judged, classes)
    if table is not None and train_table is not None:
        verdict["baselines"] = _alarms(judged, scorer, table, train_table, predictions)
    verdict["verdict"] = _sentences(verdict)
    return verdict


def judge_file(path: Path, **settings: Any) -> Plain:
    """The verdict on a predictions.csv, without model or data."""
    predictions = pd.read_csv(
        path, dtype={"record_id": str, "group": str}, float_precision="round_trip"
    )
    classes = [c.removeprefix("p_") for c in predictions.columns if c.startswith("p_")]
    if not classes or predictions.empty:
        raise Refused("no predictions in this file", str(path), "give a predictions.csv of a run")
    return judge(predictions, classes=classes, **settings)


class Scorer:
    """Values with intervals, all from the same draws of groups."""

    def __init__(self, judged: Judged, draws: int, level: float, seed: int):
        self.judged, self.draws, self.level, self.seed = judged, draws, level, seed
        labels = judged.group_labels()
        self.strata = len(np.unique(labels))
        self.enough = judged.groups >= FEWEST
        self.counts = draw_groups(labels, draws if self.enough else 1, seed)
        self.undefined = 0

    def value(self, value: float, drawn: Floats) -> Plain:
        """A value with the interval of its draws; nulls where there are too few groups."""
        if not self.enough or not np.isfinite(value):
            return {"value": _plain(value), "lo": None, "hi": None}
        self.undefined = max(self.undefined, int((~np.isfinite(drawn)).sum()))
        low, high = interval(drawn, value, self.level, self.judged.groups, self.strata)
        return {"value": _plain(value), "lo": _plain(low), "hi": _plain(high)}

    def matrices(self, predicted: Index | None = None) -> tuple[Floats, Floats]:
        """The confusion matrix, and those of all draws `(draw, class, class)`."""
        j = self.judged
        said = j.predicted if predicted is None else predicted
        each = metrics.confusion(j.labels, said, j.rows, j.classes, j.groups)
        return each.sum(0), np.tensordot(self.counts, each, axes=1)

    def areas(self) -> tuple[float, Floats]:
        """AUROC, and that of all draws."""
        j = self.judged
        whole = metrics.auroc(j.labels, j.chances, np.ones((1, len(j.labels))))[0]
        return float(whole), metrics.auroc(j.labels, j.chances, self.counts[:, j.rows])

    def said(self) -> Plain:
        """How the intervals were made."""
        method = METHOD if self.enough else f"none: fewer than {FEWEST} groups"
        facts = {"draws": self.draws, "seed": self.seed, "undefined_draws": self.undefined}
        return {"method": method, "level": self.level} | facts


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _heading(judged: Judged, split: str, classes: Sequence[str]) -> Plain:
    records = np.bincount(judged.labels, minlength=len(classes))
    groups = np.bincount(judged.group_labels(), minlength=len(classes))
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
        found[name] = scorer.value(value, draws) | {"chance": at_chance[name], "p": p}
    return found


def _per_class(judged: Judged, scorer: Scorer, classes: Sequence[str]) -> Plain:
    whole, resampled = (metrics.by_class(m) for m in scorer.matrices())
    heading = _heading(judged, "", classes)
    table = {}
    for k, name in enumerate(classes):
        row = {m: scorer.value(float(whole[m][k]), resampled[m][:, k]) for m in whole}
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


def _alarms(
    judged: Judged,
    scorer: Scorer,
    table: pd.DataFrame,
    train: pd.DataFrame,
    predictions: pd.DataFrame,
) -> Plain:
    """Each baseline's score, and how far the model is above it."""
    rows = table.set_index("record_id").loc[predictions["record_id"]].reset_index()
    found = {"majority": _alarm(scorer, baselines.majority(train, rows), "nothing")}
    by_level = baselines.level(train, rows)
    if isinstance(by_level, str):
        found["level"] = {"unavailable": by_level}
    else:
        found["level"] = _alarm(scorer, by_level, "overall amplitude of each channel")
    tried = [
        _alarm(scorer, said, "metadata alone") | {"columns": list(columns)}
        for columns, said in baselines.metadata(train, rows)
    ]
    best = max(tried, key=lambda a: a["balanced_accuracy"]["value"] or 0.0, default=None)
    if best is None:
        found["metadata"] = {"unavailable": "the source tells no station, time or magnitude"}
    else:
        singles = [t for t in tried if len(t["columns"]) == 1]
        each = {t["columns"][0]: t["balanced_accuracy"]["value"] for t in singles}
        found["metadata"] = best | {"each_column": each}
    return found


def _alarm(scorer: Scorer, predicted: Index, sees: str) -> Plain:
    """A baseline's scores, and the model's lead over it with a paired interval."""
    (own, own_draws), (its, its_draws) = scorer.matrices(), scorer.matrices(predicted)
    scores, drawn = metrics.from_confusion(its), metrics.from_confusion(its_draws)
    found: Plain = {
        name: scorer.value(float(scores[name]), drawn[name])
        for name in ("accuracy", "balanced_accuracy")
    }
    name = "balanced_accuracy"
    lead = metrics.from_confusion(own)[name] - scores[name]
    leads = metrics.from_confusion(own_draws)[name] - drawn[name]
    return found | {"lead": scorer.value(float(lead), leads), "sees": sees}


def _sentences(verdict: Plain) -> list[str]:
    """What a reader must know, in order of how much it should worry them."""
    records, groups = verdict["records"], verdict["groups"]
    base = f"n = {records} records of {groups} events ({verdict['split']})."
    main = verdict["metrics"]["balanced_accuracy"]
    if main["lo"] is None:
        few = (
            f"Fewer than {FEWEST} events: no interval can be given, the events are listed instead."
        )
        return [few, base, _headline(main)]
    worries = []
    if main["lo"] <= main["chance"]:
        worries.append("NOT above chance: the interval of balanced accuracy contains chance level.")
    worries += [_worry(name, found) for name, found in verdict["baselines"].items()]
    beaten = [name for name, found in verdict["baselines"].items() if _beaten(found)]
    praise = [f"It beats what is reached by: {', '.join(beaten)}."] if beaten else []
    return [*filter(None, worries), _headline(main), *praise, base]


def _headline(main: Plain) -> str:
    said = f"Balanced accuracy {main['value']:.3f}"
    said += "" if main["lo"] is None else f" ({main['lo']:.3f} to {main['hi']:.3f})"
    return f"{said}; chance is {main['chance']:.3f}, p = {main['p']:.3g}."


def _beaten(found: Plain) -> bool:
    lead = found.get("lead", {}).get("lo")
    return lead is not None and lead > 0


def _worry(name: str, found: Plain) -> str:
    """A sentence where a baseline is not beaten; empty where it is, or cannot be tried."""
    if "unavailable" in found or _beaten(found):
        return ""
    score = f"{found['balanced_accuracy']['value']:.3f}"
    if name == "metadata":
        columns = " and ".join(found["columns"])
        return (
            f"NOT better than the metadata: {columns} alone gives a balanced accuracy of {score}. "
            "The network does not see it, but whatever drifts with it may be what it has learned."
        )
    return f"NOT better than the {name} baseline ({score}), which sees {found['sees']}."
