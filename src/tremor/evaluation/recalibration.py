"""Calibration slope and intercept: is what is said too strong, or too high?"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.measured import by_group
from tremor.evaluation.metrics import Floats
from tremor.evaluation.scoring import Plain, Scorer

STEPS, SMALL, STEEPEST = 50, 1e-10, 50.0
EDGE = 1e-16


def event(judged: Judged) -> tuple[Floats, Floats]:
    """What is said to happen, and whether it does, `(record,)` each.

    Of two classes that it is the second one; of more that the answer is right.
    """
    if judged.classes == 2:
        return judged.chances[:, 1], (judged.labels == 1).astype(float)
    said = judged.chances[np.arange(len(judged.labels)), judged.predicted]
    return said, (judged.labels == judged.predicted).astype(float)


def slope_and_intercept(scorer: Scorer) -> Plain:
    """The logistic regression of what happens on the log odds of what is said.

    `slope` below 1: too strong; `intercept`, at slope 1, below 0: too high. Draws are one Newton
    step from the whole. Both unknown where they would be without end.
    """
    said, true = event(scorer.judged)
    odds = np.log(np.clip(said, EDGE, None)) - np.log(np.clip(1 - said, EDGE, None))
    ones = np.ones_like(odds)
    slope = _fitted(scorer, np.stack([odds, ones], 1), np.zeros_like(odds), true)
    level = _fitted(scorer, ones[:, None], odds, true)
    return {"slope": slope | {"chance": 1.0}, "intercept": level | {"chance": 0.0}}


def _fitted(scorer: Scorer, features: Floats, offset: Floats, true: Floats) -> Plain:
    """The first coefficient with its interval; nulls where there is none."""
    whole = newton(features, offset, true)
    if whole is None:
        return {"value": None, "lo": None, "hi": None}
    chance = expit(features @ whole + offset)
    scores = by_group(scorer.judged, features * (true - chance)[:, None])
    curvature = (features * (chance * (1 - chance))[:, None]).T @ features
    drawn = whole + scorer.counts @ np.linalg.solve(curvature, scores.T).T
    return scorer.value(float(whole[0]), drawn[:, 0])


def newton(features: Floats, offset: Floats, true: Floats) -> Floats | None:
    """Coefficients of a logistic regression `(feature,)`; None where they grow without end."""
    found: Floats = np.zeros(features.shape[1])
    for _ in range(STEPS):
        chance = expit(features @ found + offset)
        curvature = (features * (chance * (1 - chance))[:, None]).T @ features
        if np.linalg.cond(curvature) > 1 / SMALL:
            return None
        step = np.linalg.solve(curvature, features.T @ (true - chance))
        found = found + np.clip(step, -2, 2)
        if np.abs(found).max() > STEEPEST:
            return None
        if np.abs(step).max() < SMALL:
            return found
    return None
