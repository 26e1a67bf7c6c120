"""How far off a direction is: classes that go round in a circle, errors in degrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tremor.errors import Refused
from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.measured import Asked, against, means, part
from tremor.evaluation.metrics import Floats
from tremor.evaluation.scoring import Plain, Scorer, plain, share

NEAR = 45.0
"""Degrees: half a quarter; with eight directions, the right class or one beside it."""
LOST = 90.0
"""Degrees that a direction counts as where the probabilities point nowhere: those of guessing."""
EIGHT = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
BETWEEN = ("NNE", "ENE", "ESE", "SSE", "SSW", "WSW", "WNW", "NNW")
COMPASS = tuple(name for pair in zip(EIGHT, BETWEEN, strict=True) for name in pair)
"""The directions that classes can be: these sixteen, eight of them or four."""


@dataclass(frozen=True)
class Angles:
    """Records with a true and a predicted direction; `step` is that of two classes, in degrees."""

    judged: Judged
    step: float

    @classmethod
    def of(cls, judged: Judged) -> Angles | None:
        """Precursors that are predicted as precursors, of any direction; `None` without any."""
        keep = (judged.labels > 0) & (judged.predicted > 0)
        return cls(part(judged, keep), 360 / (judged.classes - 1)) if keep.any() else None

    @property
    def true(self) -> Floats:
        return np.asarray((self.judged.labels - 1) * self.step, np.float64)

    @property
    def predicted(self) -> Floats:
        return np.asarray((self.judged.predicted - 1) * self.step, np.float64)

    @property
    def steps(self) -> Floats:
        """Every error that there can be, from just above -180 to 180 degrees."""
        places = np.arange(self.judged.classes - 1, dtype=np.float64)
        return np.sort(wrap(places * self.step))

    def mean_direction(self) -> Floats:
        """The circular mean of the classes' directions by their probabilities, not a number where
        these point nowhere: degrees `(record,)`.
        """
        chances = self.judged.chances[:, 1:]
        turn = np.exp(1j * np.deg2rad(np.arange(chances.shape[1]) * self.step))
        sums = chances @ turn
        clear = np.abs(sums) > 1e-6 * np.maximum(chances.sum(1), 1e-12)
        return np.asarray(np.where(clear, np.rad2deg(np.angle(sums)), np.nan))


def refuse_no_compass(head: str, classes: Sequence[str]) -> None:
    """Angles are of classes that are points of the compass after the background, and no others."""
    if tuple(classes[1:]) not in (EIGHT[::2], EIGHT, COMPASS):
        raise Refused(
            f"no circle: after the background {', '.join(classes[1:]) or 'nothing'}, must be 4, 8 "
            f"or 16 points of the compass from N clockwise, such as {', '.join(EIGHT)}",
            f"dataset.heads.{head}",
            "evaluation.circular=null",
        )


def directions(judged: Judged, asked: Asked) -> Plain | None:
    """Errors of direction among precursors that are predicted as precursors; `None` without any.

    Class 0 is the background, the others go clockwise from north in even steps; a direction is
    the centre of its class. Keys, where a score is `{value, lo, hi, chance, p}`::

        records, groups: int
        step: float             degrees from one class to the next
        angular_error: score    mean distance of predicted and true class, degrees
        mean_angular_error: score  the same from the circular mean of the probabilities
        within_45: score        share of records at most 45 degrees off
        guessing: {angular_error, within_45}  what directions drawn at random would have
        bias: {value, lo, hi}   circular mean of predicted - true: degrees, clockwise positive;
                                its interval may reach beyond -180 or 180
        resultant: score        length of the mean vector of these errors: 1 all alike, 0 none is
        errors: [{degrees, records}]  how many are so far off, from just above -180 to 180

    Chance and p: labels permuted between the groups of these records.
    """
    angles = Angles.of(judged)
    if angles is None:
        return None
    ours, scorer = angles.judged, asked.scorer(angles.judged)
    true: Floats = (asked.permuted(ours) - 1).astype(np.float64) * angles.step
    signed, dealt = wrap(angles.predicted - angles.true), wrap(angles.predicted - true)
    direction = angles.mean_direction()
    of_mean, dealt_mean = _off(direction - angles.true), _off(direction - true)
    near, dealt_near = np.abs(signed) <= NEAR, np.abs(dealt) <= NEAR
    found: Plain = {"records": len(signed), "groups": ours.groups, "step": angles.step}
    found["angular_error"] = _error(scorer, np.abs(signed), np.abs(dealt))
    found["mean_angular_error"] = _error(scorer, of_mean, dealt_mean)
    value, drawn = means(scorer, near.astype(float))
    found["within_45"] = share(scorer.value, value, drawn) | against(value, dealt_near.mean(1))
    found["guessing"] = _guessing(angles)
    return found | _mean_vector(scorer, signed, dealt) | {"errors": _histogram(signed, angles)}


def wrap(degrees: Floats) -> Floats:
    """Angles of any shape as their equals above -180 and up to 180 degrees."""
    return np.asarray(180 - (180 - degrees) % 360)


def _off(degrees: Floats) -> Floats:
    """Distance of a direction, without one that of guessing."""
    return np.nan_to_num(np.abs(wrap(degrees)), nan=LOST)


def _error(scorer: Scorer, errors: Floats, dealt: Floats) -> Plain:
    value, drawn = means(scorer, errors)
    return scorer.value(value, drawn) | against(value, dealt.mean(1), smaller=True)


def _guessing(angles: Angles) -> Plain:
    """Of directions that are all as likely."""
    errors = np.abs(angles.steps)
    return {"angular_error": float(errors.mean()), "within_45": float((errors <= NEAR).mean())}


def _mean_vector(scorer: Scorer, signed: Floats, dealt: Floats) -> Plain:
    """`bias` and `resultant`: direction and length of the mean vector of the errors."""
    turned = np.exp(1j * np.deg2rad(signed))
    (x, xs), (y, ys) = (means(scorer, v) for v in (turned.real, turned.imag))
    whole, drawn = complex(x, y), xs + 1j * ys
    null = np.abs(np.exp(1j * np.deg2rad(dealt)).mean(1))
    middle = float(np.rad2deg(np.angle(whole)))
    around = scorer.value(0.0, wrap(np.rad2deg(np.angle(drawn)) - middle))
    ends = {end: None if around[end] is None else middle + around[end] for end in ("lo", "hi")}
    length = abs(whole)
    return {
        "bias": {"value": plain(middle)} | ends,
        "resultant": scorer.value(length, np.abs(drawn)) | against(length, null),
    }


def _histogram(signed: Floats, angles: Angles) -> list[Plain]:
    """Records by their error."""
    counts = [int(np.isclose(signed, step).sum()) for step in angles.steps]
    pairs = zip(angles.steps, counts, strict=True)
    return [{"degrees": float(step), "records": count} for step, count in pairs]
