"""Calibration of every class's probability, not of the answer's alone, with its null."""

from __future__ import annotations

import numpy as np

from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.chance import p_value
from tremor.evaluation.measured import by_group
from tremor.evaluation.metrics import CHUNK, Floats, Index
from tremor.evaluation.proper import equal_bins
from tremor.evaluation.scoring import Plain, Scorer


def classwise(scorer: Scorer, simulations: int, shared: bool) -> Plain:
    """The mean over classes of each one's calibration error, against the rest.

    Chance, p and the band `null` are of labels that are drawn from the probabilities, one draw for
    all records of a group where these have one label (`shared`).
    """
    judged = scorer.judged
    place = np.stack([equal_bins(said) for said in judged.chances.T], 1)
    truth = np.eye(judged.classes)[judged.labels]
    value = _errors((truth - judged.chances)[None], place)[0]
    drawn = _drawn(scorer, truth, place)
    centred = np.maximum(drawn - drawn.mean() + value, 0)
    shown = simulated(judged, place, simulations, shared, scorer.seed)
    found = {"chance": float(shown.mean()), "p": p_value(float(value), shown)}
    return scorer.value(float(value), centred) | found | {"null": band(shown)}


def band(shown: Floats) -> list[float]:
    """The middle 95 % of what a calibrated model would show."""
    return [float(end) for end in np.quantile(shown, [0.025, 0.975])]


def _drawn(scorer: Scorer, truth: Floats, place: Index) -> Floats:
    """The error in each draw of groups."""
    judged, errors = scorer.judged, []
    total = scorer.counts @ np.bincount(judged.rows, minlength=judged.groups)
    for label in range(judged.classes):
        inside = np.eye(place[:, label].max() + 1)[place[:, label]]
        lead = (truth - judged.chances)[:, [label]] * inside
        errors.append(np.abs(scorer.counts @ by_group(judged, lead)).sum(1) / total)
    return np.asarray(np.mean(errors, 0))


def simulated(judged: Judged, place: Index, simulations: int, shared: bool, seed: int) -> Floats:
    """The error of a model that says the same and is calibrated: `(simulation,)`."""
    rng = np.random.default_rng((seed, 3))
    ladder = judged.chances.cumsum(1)[:, :-1]
    size = judged.groups if shared else len(ladder)
    step = max(1, CHUNK // (4 * judged.chances.size))
    errors = []
    for first in range(0, simulations, step):
        luck = rng.random((min(step, simulations - first), size))
        drawn = (luck[:, judged.rows] if shared else luck)[:, :, None] > ladder
        label = drawn.sum(2)
        truth = label[:, :, None] == np.arange(judged.classes)
        errors.append(_errors(truth - judged.chances, place))
    return np.concatenate(errors)


def _errors(lead: Floats, place: Index) -> Floats:
    """The error of each simulation `(simulation, record, class)`."""
    total = np.zeros(len(lead))
    for label in range(place.shape[1]):
        order = np.argsort(place[:, label], kind="stable")
        starts = np.searchsorted(place[order, label], np.arange(place[:, label].max() + 1))
        sums = np.add.reduceat(lead[:, order, label], starts, axis=1)
        total += np.abs(sums).sum(1)
    return np.asarray(total / lead.shape[1] / place.shape[1])
