"""Figures of a verdict on one question: its confusion matrix and the scores of each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from tremor.report.style import (
    BLUE,
    DASHED,
    FEW,
    GREEN,
    INK,
    SMALL,
    TEXT,
    VERMILLION,
    WIDTH,
    canvas,
    dress,
    grid,
    legend,
    literal,
)

SHADES = LinearSegmentedColormap.from_list("share", [to_rgba(BLUE, 0.0), to_rgba(BLUE, 0.5)])
MARKS = {"precision": ("o", VERMILLION), "recall": ("s", BLUE), "f1": ("D", GREEN)}
SHORT = 10  # letters of a name that stands level below a column


def confusion(matrix: ArrayLike, classes: Sequence[str]) -> Figure:
    """Counts `(true class, predicted class)` of records, and their share of each row."""
    counts = np.asarray(matrix, dtype=int)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
    few = len(classes) <= FEW
    figure = canvas(*((WIDTH, 2.9) if few else (9.8, 5.0)))
    left, right = figure.subplots(1, 2, sharey=few)
    percent = [["–" if np.isnan(s) else f"{100 * s:.0f} %" for s in row] for row in shares]
    whole = max(int(counts.max(initial=0)), 1)
    shaded(left, counts / whole, [[f"{c}" for c in row] for row in counts], classes)
    shaded(right, np.nan_to_num(shares), percent, classes)
    dress(left, "Records", "predicted class", "true class")
    dress(right, "Share of the row", "predicted class", "" if few else "true class")
    return figure


def shaded(ax: Axes, shade: ArrayLike, texts: list[list[str]], classes: Sequence[str]) -> None:
    """A square of shaded cells, each with its text."""
    _name_cells(ax, classes)
    ax.pcolormesh(shade, cmap=SHADES, vmin=0, vmax=1, edgecolors=to_rgba(INK, 0.15), linewidth=0.5)
    size = TEXT if len(classes) <= FEW else SMALL
    for (row, column), _ in np.ndenumerate(shade):
        words = ax.text(column + 0.5, row + 0.5, texts[row][column], color=INK, fontsize=size)
        words.set(ha="center", va="center")


def _name_cells(ax: Axes, classes: Sequence[str]) -> None:
    """The class of each row and column; the first class is at the top left."""
    middle, names = np.arange(len(classes)) + 0.5, [literal(name, 14) for name in classes]
    ax.set_yticks(middle, names)
    ax.set_xticks(middle, names)
    if len(classes) > 2 or max(map(len, names), default=0) > SHORT:
        for words in ax.get_xticklabels():
            words.set(rotation=35, ha="right", rotation_mode="anchor")
    ax.set(xlim=(0, len(classes)), ylim=(len(classes), 0), aspect="equal")


def per_class(verdict: Mapping[str, Any]) -> Figure:
    """Precision, recall and F1 of each class with their intervals, and the chance line.

    `verdict` is a run's evaluation/metrics.json; chance is that of the balanced accuracy.
    """
    classes = verdict["per_class"]
    figure = canvas(WIDTH, 0.9 + 0.5 * len(classes))
    ax = dress(figure.subplots(), xlabel="score")
    grid(ax, "x")
    for place, (metric, (marker, colour)) in enumerate(MARKS.items()):
        rows = [scores[metric] for scores in classes.values()]
        middle = np.arange(len(rows)) + 0.22 * (place - 1)
        _whiskers(ax, rows, middle, marker=marker, color=colour, label=metric.replace("f", "F"))
    ax.set_yticks(range(len(classes)), [literal(name, 18) for name in classes])
    ax.set(xlim=(-0.02, 1.02), ylim=(len(classes) - 0.5, -0.5))
    _chance(ax, verdict["metrics"].get("balanced_accuracy", {}).get("chance"))
    legend(ax, 4)
    return figure


def _whiskers(
    ax: Axes, rows: Sequence[Mapping[str, Any]], middle: NDArray[np.floating[Any]], **style: Any
) -> None:
    """A mark at each value and, where there is one, its interval."""
    value, low, high = (_column(rows, key) for key in ("value", "lo", "hi"))
    reach = np.nan_to_num(np.clip([value - low, high - value], 0, None))
    ax.errorbar(value, middle, xerr=reach, fmt="none", ecolor=style["color"], elinewidth=1.2)
    ax.plot(value, middle, linestyle="none", markersize=4.5, **style)


def _column(rows: Sequence[Mapping[str, Any]], key: str) -> NDArray[np.float64]:
    return np.array([row.get(key) for row in rows], dtype=float)


def _chance(ax: Axes, chance: float | None) -> None:
    """A dashed line where guessing stands."""
    if chance is not None:
        ax.axvline(chance, label="chance", **DASHED)
