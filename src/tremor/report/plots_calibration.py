"""The reliability diagram: what a probability says against how often it is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tremor.report.style import BLUE, DASHED, INK, SMALL, canvas, dress, grid, legend

Bins = Sequence[Mapping[str, Any]]


def reliability(calibration: Mapping[str, Any]) -> Figure:
    """Accuracy against mean confidence of each bin with intervals; below, records of each bin.

    `calibration` is that part of a verdict.
    """
    bins = calibration["bins"]
    figure = canvas(height=4.6)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3.2, 1])
    confidence = np.array([b["confidence"] for b in bins])
    _accuracy(dress(upper, ylabel="share that is right"), bins, confidence)
    _counts(dress(lower, "", "probability of the predicted class", "records"), bins, confidence)
    low = float(np.floor(10 * max(confidence.min() - 0.03, 0)) / 10)
    upper.set(xlim=(low, 1.02), ylim=(-0.02, 1.03))
    return figure


def _accuracy(ax: Axes, bins: Bins, confidence: np.ndarray[Any, Any]) -> None:
    """One mark a bin with its whiskers, and the line where words and deeds agree."""
    grid(ax, "y")
    right, low, high = (
        np.array([b[key] for b in bins], dtype=float) for key in ("accuracy", "lo", "hi")
    )
    ax.plot([0, 1], [0, 1], label="as it should be", **DASHED)
    reach = np.nan_to_num(np.clip([right - low, high - right], 0, None))
    ax.errorbar(confidence, right, yerr=reach, fmt="none", ecolor=BLUE, elinewidth=1.2)
    ax.plot(confidence, right, "o-", color=BLUE, markersize=4.5, linewidth=0.8, label="this model")
    legend(ax, 2)


def _counts(ax: Axes, bins: Bins, confidence: np.ndarray[Any, Any]) -> None:
    """A stem a bin; bins hold equal counts, so where stems crowd the records are."""
    counts = [b["count"] for b in bins]
    ax.vlines(confidence, 0, counts, color=BLUE, linewidth=2.2)
    if len(set(counts)) == 1:
        note = f"{counts[0]} records a bin"
    else:
        note = f"{min(counts)} to {max(counts)} records a bin"
    ax.set_title(note, loc="left", fontsize=SMALL, color=INK)
    ax.set_ylim(0, 1.1 * max(counts))
    ax.set_yticks([0, max(counts)])
