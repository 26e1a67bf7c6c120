"""Figures of a comparison: scores, curves, confusion matrices, learning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from tremor.evaluation.compared import Comparison, Configuration
from tremor.report.comparison_curves import MOST, curve, learning
from tremor.report.forest import differences, forest, wrapped
from tremor.report.plots_verdict import SHADES
from tremor.report.style import (
    FEW,
    INK,
    SMALL,
    WIDTH,
    canvas,
    dress,
    literal,
)

CAPTIONS = {
    "configurations": "Large dot and line: the mean with its interval. Small rings: single runs. "
    "Dashed: chance.",
    "differences": "Dot and line: how much more a configuration is than the one that all are held "
    "against, on the same records and draws of events, with its interval. Filled: clear, after "
    "Holm's correction.",
    "confusion": "Percent of each true class (rows) by predicted class (columns), averaged over "
    "the runs.",
    "learning": "Bold: mean over the runs, up to the last epoch that all of them reached. "
    "Faint: single runs.",
}
CURVE = "Mean with its interval. Dashed: chance."


def figures(comparison: Comparison) -> dict[str, Figure]:
    """Every figure that these runs allow, by file name."""
    found = {"configurations": forest(comparison.configurations, comparison.metric)}
    if comparison.held_against:
        found["differences"] = differences(comparison)
    for key in comparison.curves:
        found[f"over_{key.rpartition('.')[2]}"] = curve(comparison, key)
    if not comparison.found.runs[0].several:
        found["confusion"] = confusions(comparison.configurations[:MOST])
    learnt = learning(comparison.configurations[:MOST])
    return found if learnt is None else found | {"learning": learnt}


def captions(comparison: Comparison) -> dict[str, str]:
    """What stands below each figure, with what it leaves out."""
    curves = {f"over_{key.rpartition('.')[2]}": CURVE for key in comparison.curves}
    left = len(comparison.configurations) - MOST
    more = f" The first {MOST} configurations of the table are shown; there are {left} more."
    found = CAPTIONS | curves
    if left > 0:
        found |= {name: found[name] + more for name in ("confusion", "learning")}
    for key, lines in comparison.curves.items():
        if len(lines) > MOST:
            name = f"over_{key.rpartition('.')[2]}"
            found[name] += f" The best {MOST} of {len(lines)} curves are shown."
    return found


def confusions(shown: Sequence[Configuration]) -> Figure:
    """Mean confusion matrices as percent of the true class, two in a row."""
    few = max(len(c.classes) for c in shown) <= FEW
    columns, rows = min(2, len(shown)), -(-len(shown) // 2)
    figure = canvas(WIDTH if few or columns == 1 else 2 * WIDTH, rows * (2.8 if few else 4.7))
    alike = len({c.classes for c in shown}) == 1
    axes = figure.subplots(rows, columns, squeeze=False, sharey=alike and few).ravel()
    for place, (ax, c) in enumerate(zip(axes, shown, strict=False)):
        _matrix(ax, c, 24 if few and columns == 2 else 50)
        if place % 2 and alike and few:
            ax.set_ylabel("")
    for ax in axes[len(shown) :]:
        figure.delaxes(ax)
    return figure


def _matrix(ax: Axes, c: Configuration, width: int) -> None:
    """Shaded cells with their percent; the first class is at the top left."""
    shares = c.shares()
    look: dict[str, Any] = {"edgecolors": to_rgba(INK, 0.15), "linewidth": 0.5}
    ax.pcolormesh(np.nan_to_num(shares), cmap=SHADES, vmin=0, vmax=1, **look)
    for (row, column), share in np.ndenumerate(shares):
        text = "–" if np.isnan(share) else f"{100 * share:.0f}"
        words = ax.text(column + 0.5, row + 0.5, text, color=INK)
        words.set(ha="center", va="center", fontsize=SMALL if len(shares) < 12 else SMALL - 2)
    dress(ax, xlabel="predicted class", ylabel="true class")
    ax.set_title(wrapped(c.name, width), loc="left", fontsize=SMALL, color=INK)
    _name_classes(ax, [literal(name, 12) for name in c.classes])


def _name_classes(ax: Axes, names: Sequence[str]) -> None:
    """The class of each row and column of a square of cells."""
    middle = np.arange(len(names)) + 0.5
    ax.set_yticks(middle, names)
    ax.set_xticks(middle, names)
    if len(names) > 2:
        for tick in ax.get_xticklabels():
            tick.set(rotation=35, ha="right", rotation_mode="anchor")
    ax.set(xlim=(0, len(names)), ylim=(len(names), 0), aspect="equal")
