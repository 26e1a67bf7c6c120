"""The leak alarms of a verdict: what baselines reach, and how far the model is above them."""

from __future__ import annotations

import pandas as pd

from tremor.evaluation import baselines, metrics
from tremor.evaluation.metrics import Index
from tremor.evaluation.scoring import Plain, Scorer


def alarms(scorer: Scorer, train: pd.DataFrame, rows: pd.DataFrame, ordered: bool) -> Plain:
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
    """Scores of a baseline's answers `(record,)`, and the model's lead over it, paired."""
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
