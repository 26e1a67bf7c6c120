"""What tests measure in records of the synthetic heart, from their samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from tremor.data.ecg.leads import LEADS
from tremor.data.synthetic.heart import HeartWorld
from tremor.data.synthetic.heart_catalogue import CODES

Floats = NDArray[np.float64]
Has = NDArray[np.bool_]
RATE = 500
BEFORE, AFTER = 210, 110  # samples about R of a mean beat


def leads(*names: str) -> list[int]:
    return [LEADS.index(name) for name in names]


def irregularity(signal: Floats) -> float:
    """How much the intervals between QRS vary, as a share; for narrow ones `(lead, time)`."""
    speed = np.convolve((np.diff(signal, axis=1) ** 2).sum(0), np.ones(40) / 40, "same")
    at, _ = find_peaks(speed, height=0.25 * np.quantile(speed, 0.99), distance=0.3 * RATE)
    between = np.diff(at[1:-1])
    return float(between.std() / between.mean())


def mean_beat(signal: Floats, at: Floats) -> Floats:
    """The mean beat `(lead, time)` about the times of R (s), without its level."""
    place = np.rint(at * RATE).astype(int)
    inside = place[(place > BEFORE) & (place < signal.shape[1] - AFTER)]
    mean = np.mean([signal[:, r - BEFORE : r + AFTER] for r in inside], axis=0)
    return np.asarray(mean - np.median(mean[:, : BEFORE - 20], axis=1, keepdims=True))


def p_size(beat: Floats) -> float:
    """The height of P in II, in counts."""
    before = beat[1, 40:175]
    return float(before.max() - np.median(before))


def p_to_r(beat: Floats) -> float:
    """From the peak of P in II to R, in s."""
    return float((BEFORE - 30 - beat[1, 30:175].argmax()) / RATE)


def width(beat: Floats) -> float:
    """How long QRS lasts, in s: as long as the leads together have a seventh of their largest."""
    size = np.sqrt((beat[:, BEFORE - 40 : BEFORE + 90] ** 2).sum(0))
    return float((size > size.max() / 7).sum() / RATE)


def late(beat: Floats, lead: str) -> float:
    """What a lead shows 50 to 90 ms after R, in counts."""
    return float(beat[LEADS.index(lead), BEFORE + 25 : BEFORE + 45].mean())


def measured(world: HeartWorld) -> dict[str, Floats]:
    """Numbers of all records of a world, by name."""
    rows = []
    for number in range(len(world.catalogue())):
        signal = world.record(number).astype(np.float64)
        beat = mean_beat(signal, world.course(number)[1].at)
        rows.append(
            {
                "irregularity": irregularity(signal),
                "p_size": p_size(beat),
                "p_to_r": p_to_r(beat),
                "width": width(beat),
                "late_v1": late(beat, "V1"),
                "late_v6": late(beat, "V6"),
            }
        )
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def having(world: HeartWorld) -> dict[str, Has]:
    """Which records have each class."""
    dx = world.catalogue()["dx"].str.split("|")
    return {n: dx.map(lambda of, c=code: c in of).to_numpy() for n, code in CODES.items()}
