"""Selective prediction: how many errors are left when only the surest answers are given."""

from __future__ import annotations

import numpy as np

from tremor.evaluation.measured import by_group
from tremor.evaluation.proper import equal_bins
from tremor.evaluation.scoring import Plain, Scorer, share

STEPS = 20


def selective(scorer: Scorer) -> Plain:
    """The risk-coverage curve: error among the share of records that are answered most surely.

    `points` `{kept, records, risk, lo, hi}` from the surest on; `area`, the mean of the curve over
    what is kept: its chance, the error of all, is reached where being sure says nothing; `least`,
    where all errors come last; `saved`, how far the area is below chance.
    """
    judged = scorer.judged
    sure = judged.chances[np.arange(len(judged.labels)), judged.predicted]
    wrong = judged.labels != judged.predicted
    place = equal_bins(sure, STEPS)
    inside = np.eye(int(place.max()) + 1)[int(place.max()) - place]
    errors, counts = (by_group(judged, inside * v[:, None]) for v in (wrong, np.ones(len(wrong))))
    risk, kept = _curve(errors.sum(0)[None], counts.sum(0)[None])
    risks, shares = _curve(scorer.counts @ errors, scorer.counts @ counts)
    area, areas = _area(risk, kept)[0], _area(risks, shares)
    error, every = float(wrong.mean()), risks[:, -1]
    there = (counts.cumsum(1) > 0).sum(0)
    points = [
        {"kept": float(kept[0, b]), "records": int(counts[:, : b + 1].sum())}
        | scorer.share(1 - float(risk[0, b]), 1 - risks[:, b], int(there[b]))
        for b in range(risk.shape[1])
    ]
    return {
        "points": [_as_risk(point) for point in points],
        "area": share(scorer.value, float(area), areas) | {"chance": error, "least": _least(error)},
        "saved": scorer.value(error - float(area), every - areas) | {"chance": 0.0},
    }


def _curve(errors: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Risk and share kept `(draw, bin)`, surest bins first."""
    done, kept = errors.cumsum(1), counts.cumsum(1)
    risk = np.divide(done, kept, out=np.zeros_like(kept), where=kept > 0)
    return risk, kept / kept[:, -1:]


def _area(risk: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The mean of risk over the share kept `(draw,)`."""
    return np.asarray((risk * np.diff(kept, axis=1, prepend=0)).sum(1))


def _least(error: float) -> float:
    """The area where every error is less sure than every right answer."""
    return error + (1 - error) * float(np.log(1 - error)) if error < 1 else 1.0


def _as_risk(point: Plain) -> Plain:
    """A share that is right as a share that is wrong."""
    low, high = point.pop("lo"), point.pop("hi")
    ends = {"lo": None, "hi": None} if low is None else {"lo": 1 - high, "hi": 1 - low}
    return point | {"risk": 1 - point.pop("value")} | ends
