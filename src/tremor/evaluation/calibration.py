"""Whether probabilities mean what they say: calibration error, Brier score, reliability bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.chance import p_value
from tremor.evaluation.metrics import CHUNK, Floats, Index
from tremor.evaluation.scoring import Plain, Scorer

BINS, RECORDS_A_BIN = 15, 20
SCHEME = (
    "confidence: probability of the predicted class, in bins of equal counts; interval of the ECE "
    "centred on it, for draws add error of their own; its chance and p: {:,} simulations of "
    "records that are right as often as the probabilities say{}; chance of the Brier score: the "
    "classes' shares as probabilities; gap: mean confidence minus accuracy"
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
    """Expected calibration error, Brier score and reliability bins of the predicted class."""
    top, groups = Top.of(scorer.judged), scorer.judged.groups
    parts = (top.right - top.confidence, top.right.astype(float), np.ones(len(top.bin)))
    lead, right, count = (top.by_group(values, groups) for values in parts)
    leads, rights, counts = (scorer.counts @ sums for sums in (lead, right, count))
    shared = shares_labels(scorer.judged)
    said = ", alike within a group" if shared and groups < len(top.bin) else ""
    gap = float(-lead.sum() / count.sum())
    gaps = -leads.sum(1) / counts.sum(1)
    return {
        "ece": _error(scorer, top, lead.sum(0), (leads, counts), simulations),
        "brier": _brier(scorer),
        "gap": scorer.value(gap, gaps) | {"chance": 0.0},
        "bins": _reliability(scorer, top, (right, count), (rights, counts)),
        "scheme": SCHEME.format(simulations, said),
    }


def equal_bins(confidence: Floats) -> Index:
    """The bin of each record, of equal counts, fewer for few records; ties stay together."""
    wanted = min(BINS, max(1, len(confidence) // RECORDS_A_BIN))
    edges = np.quantile(confidence, np.arange(1, wanted) / wanted)
    place = np.searchsorted(np.unique(edges), confidence, side="right")
    return np.asarray(np.unique(place, return_inverse=True)[1], np.int64)


def shares_labels(judged: Judged) -> bool:
    """Whether all records of a group have one label, so that they are right or wrong together."""
    return bool(((judged.group_confusion().sum(-1) > 0).sum(-1) == 1).all())


def _error(
    scorer: Scorer, top: Top, lead: Floats, drawn: tuple[Floats, Floats], simulations: int
) -> Plain:
    """The calibration error with its interval, and what a calibrated model would show."""
    leads, counts = drawn
    value = float(np.abs(lead).sum() / len(top.bin))
    errors = np.abs(leads).sum(1) / counts.sum(1)
    centred = np.maximum(errors - errors.mean() + value, 0)
    shown = calibrated_errors(top, simulations, shares_labels(scorer.judged), scorer.seed)
    found = {"chance": float(shown.mean()), "p": p_value(value, shown)}
    return scorer.value(value, centred) | found


def calibrated_errors(top: Top, simulations: int, shared: bool, seed: int) -> Floats:
    """The error of a model as sure as this one and right as often as it says: `(simulation,)`.

    With `shared`, one draw decides for all records of a group.
    """
    rng = np.random.default_rng((seed, 2))
    order = np.argsort(top.bin, kind="stable")
    starts = np.searchsorted(top.bin[order], np.arange(top.bins))
    confidence, rows = top.confidence[order], top.rows[order]
    size = int(rows.max()) + 1 if shared else len(rows)
    step = max(1, CHUNK // len(rows))
    errors = []
    for first in range(0, simulations, step):
        luck = rng.random((min(step, simulations - first), size))
        right = (luck[:, rows] if shared else luck) < confidence
        leads = np.add.reduceat(right - confidence, starts, axis=1)
        errors.append(np.abs(leads).sum(1) / len(rows))
    return np.concatenate(errors)


def brier(judged: Judged) -> Floats:
    """Squared error of each record's probabilities; of two classes, that of one of them."""
    truth = np.eye(judged.classes)[judged.labels]
    return np.asarray(((judged.chances - truth) ** 2).sum(1) / (2 if judged.classes == 2 else 1))


def _brier(scorer: Scorer) -> Plain:
    judged = scorer.judged
    each = np.bincount(judged.rows, brier(judged), judged.groups)
    counts = np.bincount(judged.rows, minlength=judged.groups)
    shares = np.bincount(judged.labels) / len(judged.labels)
    chance = (1 - float((shares**2).sum())) / (2 if judged.classes == 2 else 1)
    drawn = (scorer.counts @ each) / (scorer.counts @ counts)
    return scorer.value(float(each.sum() / counts.sum()), drawn) | {"chance": chance}


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
