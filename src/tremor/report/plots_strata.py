"""Is it only magnitude? Accuracy among small and large, faint and clear events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tremor.report.style import BLUE, INK, SMALL, TEXT, VERMILLION, WIDTH, canvas, dress, grid
from tremor.report.tables import between

AXES = {"magnitude": "magnitude", "snr_db": "SNR (dB)"}
MARKS = {
    "accuracy": ("o", VERMILLION, "accuracy", "largest class of the bin"),
    "balanced_accuracy": ("s", BLUE, "balanced accuracy", "1 / classes of the bin"),
}
Bins = Sequence[Mapping[str, Any]]


def strata(found: Mapping[str, Bins]) -> Figure:
    """Accuracy in quantile bins of each quantity, with intervals and what guessing reaches there.

    `found` is the part `strata` of a verdict: bins by the name of the quantity.
    """
    figure = canvas(max(WIDTH, 3.9 * len(found)), 3.7)
    axes = figure.subplots(1, len(found), sharey=True, squeeze=False)[0]
    for ax, (name, bins) in zip(axes, found.items(), strict=True):
        dress(ax, "", AXES[name])
        grid(ax, "y")
        for score, shift in (("accuracy", -0.12), ("balanced_accuracy", 0.12)):
            _score(ax, bins, score, shift)
        _name_bins(ax, bins)
    axes[0].set_ylabel("score", fontsize=TEXT)
    axes[0].set_ylim(0, min(1.03, 1.1 * axes[0].get_ylim()[1]))
    _key(figure, axes[0])
    return figure


def _score(ax: Axes, bins: Bins, score: str, shift: float) -> None:
    """A mark a bin with its whiskers, over the level of guessing in that bin."""
    marker, colour, name, guess = MARKS[score]
    middle = np.arange(len(bins)) + shift
    value, low, high, chance = (
        np.array([b[score][key] for b in bins], dtype=float)
        for key in ("value", "lo", "hi", "chance")
    )
    reach = np.nan_to_num(np.clip([value - low, high - value], 0, None))
    ax.errorbar(middle, value, yerr=reach, fmt="none", ecolor=colour, elinewidth=1.2)
    ax.plot(middle, value, marker, color=colour, markersize=4.5, label=name)
    style: dict[str, Any] = {"linewidth": 1.4, "linestyle": (0, (2, 1.2)), "alpha": 0.9}
    ax.hlines(chance, middle - 0.16, middle + 0.16, color=colour, label=guess, **style)


def _name_bins(ax: Axes, bins: Bins) -> None:
    """The range of each bin, and how many events it holds."""
    names = [f"{between(b['low'], b['high'])}\nn = {b['groups']}" for b in bins]
    ax.set_xticks(range(len(bins)), names, fontsize=SMALL - 1.5)
    ax.set_xlim(-0.5, len(bins) - 0.5)


def _key(figure: Figure, ax: Axes) -> None:
    """One key for all panels, below them."""
    handles, names = ax.get_legend_handles_labels()
    style: dict[str, Any] = {"frameon": False, "fontsize": SMALL, "labelcolor": INK}
    figure.legend(handles, names, loc="outside lower left", ncols=2, handlelength=1.4, **style)
