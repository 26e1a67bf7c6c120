"""R peaks of an ECG, and how far they can be trusted."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from tremor.errors import Refused

Floats = NDArray[np.float64]

BAND = (5.0, 18.0)  # Hz, where a QRS complex has its power
LEADS = ("II", "V2", "V3")
GOOD = 0.6  # from this quality on, windows may be hung on the peaks; noise reaches a third of it
SHORTEST = 1.0  # s of signal that hold a beat
GAP = 2.5  # s without a beat in which one was probably missed
RATES = (20.0, 300.0)  # beats a minute that a heart has


@dataclass(frozen=True)
class Peaks:
    """R peaks at `samples (beat,)`, rising; `reason` says why `quality` (0 to 1) is not 1.

    Quality is the product of three shares: how alike beats are (mean correlation of each with the
    median beat, 100 ms to either side), how quiet it is between them (1 less the ratio of the
    energy there to that at the peaks) and how much of the time has beats (gaps above 2.5 s count as
    missed ones). It is 0 where fewer than two beats were found, or at a rate that no heart has.
    """

    samples: NDArray[np.int64]
    quality: float
    reason: str

    @property
    def good(self) -> bool:
        """Whether windows may be hung on them."""
        return self.quality >= GOOD

    def rate(self, sampling_rate: float) -> float | None:
        """Beats a minute, by the median interval; None with fewer than two beats."""
        if len(self.samples) < 2:
            return None
        return float(60 * sampling_rate / np.median(np.diff(self.samples)))


def r_peaks(signal: NDArray[Any], rate: float, leads: Sequence[str]) -> Peaks:
    """R peaks of `signal (lead, time)` at `rate` Hz, of leads II, V2 and V3 together.

    Steep energy from 5 to 18 Hz is averaged over 150 ms, its peaks are found and moved to the
    highest sum of the filtered leads within 80 ms. Leads that are flat or not finite are left
    out; where that leaves none of the three, all others are used. Zeros at the end are padding.
    """
    x = np.asarray(signal, np.float64)
    if x.ndim != 2 or len(x) != len(leads) or not rate > 0:
        fault = f"a signal of shape {x.shape} at {rate:g} Hz with {len(leads)} leads named"
        raise Refused(fault, "R peaks", "an array (lead, time), a name for each lead, a rate in Hz")
    used, note = _used(x[:, : _end(x)], leads)
    if not len(used) or used.shape[1] < SHORTEST * rate or rate <= 2 * BAND[1]:
        return Peaks(np.empty(0, np.int64), 0.0, note or f"less than {SHORTEST:g} s of signal")
    filtered = _filtered(used, rate)
    energy = _energy(filtered, rate)
    samples = _refined(_found(energy, rate), filtered.sum(0), rate)
    quality, reason = _judged(samples, filtered, energy, rate)
    return Peaks(samples, quality, "; ".join(part for part in (note, reason) if part))


def _end(x: Floats) -> int:
    """Samples before the padding: past the last one at which any lead differs from zero."""
    told = np.flatnonzero((x != 0).any(0))
    return int(told[-1]) + 1 if len(told) else 0


def _used(x: Floats, leads: Sequence[str]) -> tuple[Floats, str]:
    """The leads that beats are sought in, and what is wrong with them."""
    if not x.shape[1]:
        return x[:0], "all samples are zero"
    alive: NDArray[np.bool_] = np.asarray(np.isfinite(x).all(1))
    alive[alive] = np.ptp(x[alive], axis=1) > 0
    wanted = np.array([name in LEADS for name in leads])
    if (wanted & alive).any():
        gone = [name for name, w, a in zip(leads, wanted, alive, strict=True) if w and not a]
        return x[wanted & alive], f"without {', '.join(gone)} (flat or not finite)" * bool(gone)
    if alive.any():
        return x[alive], f"none of {', '.join(LEADS)} is usable"
    return x[:0], "no lead is usable (flat or not finite)"


def _filtered(x: Floats, rate: float) -> Floats:
    b, a = signal.butter(3, BAND, btype="bandpass", fs=rate)
    return np.asarray(signal.filtfilt(b, a, x, axis=-1), np.float64)


def _energy(filtered: Floats, rate: float) -> Floats:
    """Squared slope, averaged over 150 ms and summed over leads `(time,)`."""
    slope = np.square(np.diff(filtered, axis=-1, prepend=filtered[:, :1]))
    width = max(1, round(0.15 * rate))
    return np.asarray(ndimage.uniform_filter1d(slope, width, axis=-1, mode="constant").sum(0))


def _found(energy: Floats, rate: float) -> NDArray[np.int64]:
    """Peaks above the median by half the median deviation, 250 ms apart, half a sd prominent."""
    middle = np.median(energy)
    spread = np.median(np.abs(energy - middle))
    found, _ = signal.find_peaks(
        energy,
        height=middle + 0.5 * spread,
        distance=max(1, round(0.25 * rate)),
        prominence=0.5 * energy.std(),
    )
    return np.asarray(found, np.int64)


def _refined(found: NDArray[np.int64], total: Floats, rate: float) -> NDArray[np.int64]:
    """Each peak moved to the highest sum of filtered leads within 80 ms; none twice."""
    reach = round(0.08 * rate)
    moved = []
    for peak in found:
        start = max(0, int(peak) - reach)
        moved.append(start + int(total[start : int(peak) + reach + 1].argmax()))
    return np.unique(np.asarray(moved, np.int64))


def _judged(
    samples: NDArray[np.int64], filtered: Floats, energy: Floats, rate: float
) -> tuple[float, str]:
    """The quality of peaks, and what keeps it below 1 (empty where little does)."""
    if len(samples) < 2:
        return 0.0, f"{len(samples)} beats found"
    heart = 60 * rate / float(np.median(np.diff(samples)))
    if not RATES[0] <= heart <= RATES[1]:
        return 0.0, f"{heart:.0f} beats a minute"
    alike, covered = _alike(samples, filtered, rate), _covered(samples, len(energy), rate)
    quiet = _quiet(samples, energy, rate)
    words = [f"beats alike {alike:.2f}"] if alike < 0.8 else []
    words += [f"quiet between beats {quiet:.2f}"] if quiet < 0.8 else []
    words += [f"no beats in {1 - covered:.0%} of the time"] if covered < 1 else []
    return alike * quiet * covered, "; ".join(words)


def _alike(samples: NDArray[np.int64], filtered: Floats, rate: float) -> float:
    """Mean correlation of beats with the median beat, over all leads used; 0 where opposite."""
    reach = max(2, round(0.1 * rate))
    whole = samples[(samples >= reach) & (samples < filtered.shape[1] - reach)]
    if len(whole) < 2:
        return 0.0
    beats = filtered[:, whole[:, None] + np.arange(-reach, reach + 1)]
    beats = beats.transpose(1, 0, 2).reshape(len(whole), -1)
    middle = np.median(beats, axis=0)
    size = np.linalg.norm(beats, axis=1) * np.linalg.norm(middle)
    each = np.divide(beats @ middle, size, out=np.zeros(len(beats)), where=size > 0)
    return float(np.clip(each, 0, 1).mean())


def _quiet(samples: NDArray[np.int64], energy: Floats, rate: float) -> float:
    """1 less the median energy between beats over that at them, in which QRS complexes excel."""
    away = round(0.15 * rate)
    between = []
    for start, stop in itertools.pairwise(samples):
        half = min(away, (stop - start) // 2)
        between.append(np.median(energy[start + half : stop - half + 1]))
    at = float(np.median(energy[samples]))
    return float(np.clip(1 - np.median(between) / at, 0, 1)) if at > 0 else 0.0


def _covered(samples: NDArray[np.int64], length: int, rate: float) -> float:
    """Share of the time not lost in gaps above 2.5 s, the record's ends included."""
    gaps = np.diff(np.concatenate([[0], samples, [length]]))
    return float(1 - gaps[gaps > GAP * rate].sum() / length)
