"""Whether probabilities mean what they say: calibration error and reliability bins, with nulls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.chance import p_value
from tremor.evaluation.classwise import band, classwise
from tremor.evaluation.metrics import CHUNK, Floats, Index
from tremor.evaluation.proper import equal_bins, proper
from tremor.evaluation.recalibration import slope_and_intercept
from tremor.evaluation.scoring import Plain, Scorer

SHARPNESS = 20
SCHEME = (
    "confidence: probability of the predicted class, in bins of equal counts; interval of the ECE "
    "centred on it, for draws add error of their own; its chance, its band (95 %), p and the bands "
    "of the diagram: {:,} simulations of records that are right as often as the probabilities "
    "say{}; chance of the log loss and of the Brier score: the classes' shares as probabilities; "
    "gap: mean confidence minus accuracy"
)


@dataclass(frozen=True)
class Top:
    """What was predicted: `confidence`, whether `right`, and the `bin` of each record."""

    confidence: Floats
    right: NDArray[np.bool_]
    bin: Index
    rows: Index

    @classmethod
    def of(cls, judged: Judged) -> Top:
        confidence = judged.chances[np.arange(len(judged.labels)), judged.predicted]
        right = judged.labels == judged.predicted
        return cls(confidence, right, equal_bins(confidence), judged.rows)

    @property
    def bins(self) -> int:
        return int(self.bin.max()) + 1

    def by_group(self, values: Floats, groups: int) -> Floats:
        """Sums of a value of records: `(group, bin)`."""
        sums = np.zeros((groups, self.bins))
        np.add.at(sums, (self.rows, self.bin), values)
        return sums


def calibration(scorer: Scorer, simulations: int) -> Plain:
    """Expected calibration error, proper scores, slope and reliability bins of the prediction."""
    top, groups = Top.of(scorer.judged), scorer.judged.groups
    parts = (top.right - top.confidence, top.right.astype(float), np.ones(len(top.bin)))
    lead, right, count = (top.by_group(values, groups) for values in parts)
    leads, rights, counts = (scorer.counts @ sums for sums in (lead, right, count))
    shared = shares_labels(scorer.judged)
    shown = calibrated_leads(top, simulations, shared, scorer.seed)
    said = ", alike within a group" if shared and groups < len(top.bin) else ""
    gap = float(-lead.sum() / count.sum())
    gaps = -leads.sum(1) / counts.sum(1)
    bins = _reliability(scorer, top, (right, count), (rights, counts))
    return {
        "ece": _error(scorer, top, lead.sum(0), (leads, counts), shown),
        **proper(scorer),
        **slope_and_intercept(scorer),
        "gap": scorer.value(gap, gaps) | {"chance": 0.0},
        "bins": [row | {"band": ends} for row, ends in zip(bins, _bands(top, shown), strict=True)],
        "sharpness": _sharpness(top),
        "scheme": SCHEME.format(simulations, said),
    }


def of_classes(scorer: Scorer, simulations: int) -> Plain:
    """The same, with the calibration error of every class's probability."""
    shared = shares_labels(scorer.judged)
    return calibration(scorer, simulations) | {"classwise": classwise(scorer, simulations, shared)}


def shares_labels(judged: Judged) -> bool:
    """Whether all records of a group have one label, so that they are right or wrong together."""
    return bool(((judged.group_confusion().sum(-1) > 0).sum(-1) == 1).all())


def _error(
    scorer: Scorer, top: Top, lead: Floats, drawn: tuple[Floats, Floats], shown: Floats
) -> Plain:
    """The calibration error with its interval, and what a calibrated model would show."""
    leads, counts = drawn
    value = float(np.abs(lead).sum() / len(top.bin))
    errors = np.abs(leads).sum(1) / counts.sum(1)
    centred = np.maximum(errors - errors.mean() + value, 0)
    null = np.abs(shown).sum(1) / len(top.bin)
    found = {"chance": float(null.mean()), "p": p_value(value, null)}
    return scorer.value(value, centred) | found | {"null": band(null)}


def calibrated_leads(top: Top, simulations: int, shared: bool, seed: int) -> Floats:
    """Records right beyond what is said, of a model as sure and calibrated: `(simulation, bin)`.

    With `shared`, one draw decides for all records of a group.
    """
    rng = np.random.default_rng((seed, 2))
    order = np.argsort(top.bin, kind="stable")
    starts = np.searchsorted(top.bin[order], np.arange(top.bins))
    confidence, rows = top.confidence[order], top.rows[order]
    size = int(rows.max()) + 1 if shared else len(rows)
    step = max(1, CHUNK // len(rows))
    leads = []
    for first in range(0, simulations, step):
        luck = rng.random((min(step, simulations - first), size))
        right = (luck[:, rows] if shared else luck) < confidence
        leads.append(np.add.reduceat(right - confidence, starts, axis=1))
    return np.concatenate(leads)


def _bands(top: Top, shown: Floats) -> list[list[float]]:
    """Where the share that is right would lie in each bin, for 95 % of calibrated models."""
    count = np.bincount(top.bin)
    mean = np.bincount(top.bin, top.confidence) / count
    ends = np.clip(mean + np.quantile(shown, [0.025, 0.975], axis=0) / count, 0, 1)
    found: list[list[float]] = ends.T.tolist()
    return found


def _sharpness(top: Top) -> Plain:
    """How many records are said how surely, and how many of these are right."""
    edges = np.linspace(0, 1, SHARPNESS + 1)
    counts, right = (
        np.histogram(values, edges)[0] for values in (top.confidence, top.confidence[top.right])
    )
    return {"edges": edges.tolist(), "counts": counts.tolist(), "right": right.tolist()}


def _reliability(
    scorer: Scorer, top: Top, whole: tuple[Floats, Floats], drawn: tuple[Floats, Floats]
) -> list[Plain]:
    """Mean confidence and share that is right in each bin."""
    right, count = whole
    unknown = np.full(drawn[0].shape, np.nan)
    shares = np.divide(*drawn, out=unknown, where=drawn[1] > 0)
    found = []
    for b in range(top.bins):
        groups = int((count[:, b] > 0).sum())
        accuracy = float(right[:, b].sum() / count[:, b].sum())
        it = scorer.share(accuracy, shares[:, b], groups)
        row = {"confidence": float(top.confidence[top.bin == b].mean())}
        row |= {"accuracy": it["value"], "lo": it["lo"], "hi": it["hi"]}
        found.append(row | {"count": int(count[:, b].sum()), "groups": groups})
    return found
