"""The reliability diagram: what a probability says against how often it is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tremor.report.style import (
    BLUE,
    DASHED,
    INK,
    SMALL,
    TEXT,
    VERMILLION,
    canvas,
    dress,
    grid,
    legend,
)

Bins = Sequence[Mapping[str, Any]]
Values = NDArray[np.float64]


def reliability(calibration: Mapping[str, Any]) -> Figure:
    """Accuracy against mean confidence of each bin, over the bands of calibrated models.

    Below, how many records are answered how surely. `calibration` is that part of a verdict; what
    it has after temperature scaling is drawn beside.
    """
    bins, after = calibration["bins"], calibration.get("after")
    told = "sharpness" in calibration
    figure = canvas(height=4.6 if told else 3.6)
    axes = figure.subplots(
        1 + told, 1, sharex=True, squeeze=False, height_ratios=[3.2, 1][: 1 + told]
    )
    upper, last = axes[0, 0], axes[-1, 0]
    confidence = _of(bins, "confidence")
    _accuracy(dress(upper, ylabel="share that is right"), bins, confidence)
    if after:
        _after(upper, after["bins"])
    legend(upper, 2)
    if told:
        _counts(dress(last, "", "", "records"), calibration)
    last.set_xlabel("probability of the predicted class", fontsize=TEXT, color=INK)
    low = float(np.floor(10 * max(confidence.min() - 0.03, 0)) / 10)
    upper.set(xlim=(low, 1.02), ylim=(-0.02, 1.03))
    return figure


def _of(bins: Bins, key: str) -> Values:
    return np.array([b[key] for b in bins], dtype=float)


def _accuracy(ax: Axes, bins: Bins, confidence: Values) -> None:
    """One mark a bin with its whiskers, and the line where words and deeds agree."""
    grid(ax, "y")
    right, low, high = (_of(bins, key) for key in ("accuracy", "lo", "hi"))
    ends = np.array([b.get("band", (np.nan, np.nan)) for b in bins], dtype=float)
    if np.isfinite(ends).all():
        style: dict[str, Any] = {"color": INK, "alpha": 0.16, "label": "if calibrated"}
        ax.bar(confidence, np.ptp(ends, axis=1), _width(confidence), ends[:, 0], **style)
    ax.plot([0, 1], [0, 1], label="as it should be", **DASHED)
    reach = np.nan_to_num(np.clip([right - low, high - right], 0, None))
    ax.errorbar(confidence, right, yerr=reach, fmt="none", ecolor=BLUE, elinewidth=1.2)
    ax.plot(confidence, right, "o-", color=BLUE, markersize=4.5, linewidth=0.8, label="this model")


def _width(confidence: Values) -> float:
    """A width for the bands at which they hardly meet."""
    apart = np.diff(np.sort(confidence))
    return float(np.clip(np.median(apart) * 0.8, 0.006, 0.04)) if len(apart) else 0.04


def _after(ax: Axes, bins: Bins) -> None:
    """The same after temperature scaling, without intervals."""
    style: dict[str, Any] = {"color": VERMILLION, "markersize": 4, "linewidth": 0.8}
    place, right = _of(bins, "confidence"), _of(bins, "accuracy")
    ax.plot(place, right, "s:", markerfacecolor="none", label="after scaling", **style)


def _counts(ax: Axes, calibration: Mapping[str, Any]) -> None:
    """Records by how surely they are answered, those that are right and those that are wrong."""
    found = calibration["sharpness"]
    edges, counts, right = (
        np.array(found[key], dtype=float) for key in ("edges", "counts", "right")
    )
    style: dict[str, Any] = {"width": np.diff(edges) * 0.9, "align": "edge"}
    ax.bar(edges[:-1], right, color=BLUE, **style)
    ax.bar(edges[:-1], counts - right, bottom=right, color=VERMILLION, **style)
    wrong = int((counts - right).sum())
    note = f"{int(counts.sum())} records, {wrong} of them answered wrongly (red)"
    ax.set_title(note, loc="left", fontsize=SMALL, color=INK)
    ax.set_ylim(0, 1.1 * max(counts.max(), 1))
    ax.set_yticks([0, int(counts.max())])
