"""Spikes taken out of a window, and gaps filled so that a network can take it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from tremor.data.geomagnetic.samples import Numbers
from tremor.data.sources.cells import Unusable

NARROW, WIDE = 5, 121  # samples: of the median that a spike stands out from, of the usual rest
USUAL = 90  # percent: waves of 10 s leave such a median in four samples of ten, spikes in few
SIGMA = 0.608  # standard deviations of normal noise in that percentile of its size


@dataclass(frozen=True)
class Cleaned:
    """A window `(component, time)` without gaps (nT), the share that was filled, its spikes."""

    signal: Numbers
    missing: float
    spikes: int


def cleaned(
    signal: Numbers, channels: tuple[str, ...], max_missing: float, threshold: float | None
) -> Cleaned:
    """A window without spikes and gaps; unusable if more than `max_missing` of it is filled.

    What counts as missing is a moment at which any component is. Gaps are filled by straight lines.
    """
    _refuse_gaps(signal, max_missing)
    spikes = np.zeros(signal.shape, dtype=bool)
    if threshold is not None:
        spikes = spikes_in(signal, threshold)
        signal = np.where(spikes, np.nan, signal)
        _refuse_gaps(signal, max_missing)
    missing = float(np.isnan(signal).any(axis=0).mean())
    whole = filled(signal)
    still = (whole == whole[:, :1]).all(axis=1)
    if still.any():
        names = ", ".join(np.asarray(channels)[still])
        raise Unusable(f"component {names} does not move")
    return Cleaned(whole, missing, int(spikes.any(axis=0).sum()))


def _refuse_gaps(signal: Numbers, max_missing: float) -> None:
    gaps = np.isnan(signal)
    share = float(gaps.any(axis=0).mean())
    if share > max_missing or gaps.all(axis=1).any():
        raise Unusable(f"{100 * share:.0f} % missing")


def filled(signal: Numbers) -> Numbers:
    """Straight lines across the gaps of each component, level at the ends."""
    whole, time = signal.copy(), np.arange(signal.shape[1])
    for row in whole:
        gap = np.isnan(row)
        if gap.any() and not gap.all():
            row[gap] = np.interp(time[gap], time[~gap], row[~gap])
    return whole


def spikes_in(signal: Numbers, threshold: float) -> NDArray[np.bool_]:
    """Where one or two of `(component, time)` stand out from the five around (a Hampel filter).

    They do by more than `threshold` robust standard deviations of what usually does so in the two
    minutes around (at 1 Hz), or in the whole window if that is more: neither a step (a sudden
    commencement) nor a train of waves is a spike.
    """
    found = [_stands_out(row, threshold) for row in filled(signal)]
    return np.stack(found) & ~np.isnan(signal)


def _stands_out(row: Numbers, threshold: float) -> NDArray[np.bool_]:
    """Where one component `(time,)` without gaps has spikes."""
    rest = np.abs(row - median_filter(row, NARROW, mode="nearest"))
    moving = rest[rest > 0]
    least = np.percentile(moving, USUAL) if len(moving) else np.inf
    spikes: NDArray[np.bool_] = rest > threshold * SIGMA * least
    at = np.flatnonzero(spikes)  # few: only there must the minutes around be looked at
    spikes[at] = rest[at] > threshold * SIGMA * _around(rest, at)
    return spikes


def _around(rest: Numbers, at: NDArray[np.intp]) -> Numbers:
    """The usual percentile of the `WIDE` samples around some of them, the ends repeated."""
    pieces = sliding_window_view(np.pad(rest, WIDE // 2, mode="edge"), WIDE)[at]
    rank = WIDE * USUAL // 100
    return np.asarray(np.partition(pieces, rank, axis=1)[:, rank])
