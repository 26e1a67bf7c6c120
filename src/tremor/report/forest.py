"""Forest plots of a comparison: each configuration, and each against one of them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tremor.evaluation.compared import Comparison, Configuration
from tremor.report.comparison_tables import label
from tremor.report.style import (
    BLUE,
    DASHED,
    INK,
    SMALL,
    VERMILLION,
    WIDTH,
    canvas,
    dress,
    grid,
    legend,
    literal,
    named_once,
)

LINE = 58
"""Letters in a line of a name."""


def forest(shown: Sequence[Configuration], metric: str) -> Figure:
    """Each configuration's mean with its interval, its single runs, and chance."""
    figure, ax, rows = _rows([c.name for c in shown], label(metric).lower())
    for c, (_, bottom) in zip(shown, rows, strict=True):
        ax.plot([c.chance] * 2, [bottom - 0.37, bottom], **DASHED, label="chance")
        _row(ax, c, bottom - 0.25)
    _finish(ax, rows)
    return figure


def differences(comparison: Comparison) -> Figure:
    """How much more each configuration is than the one that all are held against."""
    all_ = comparison.configurations
    found = list(comparison.held_against)
    reference = all_[comparison.reference].name
    names = [all_[number].name for number, _, _ in found]
    xlabel = wrapped(f"{label(comparison.metric).lower()}, minus that of {reference}", LINE)
    figure, ax, rows = _rows(names, xlabel)
    for (_, score, stands), (_, bottom) in zip(found, rows, strict=True):
        ax.plot(score.ends, [bottom - 0.2] * len(score.ends), color=BLUE, linewidth=1.6)
        look: dict[str, Any] = {"color": BLUE, "markersize": 6, "linestyle": "none"}
        look |= {} if stands else {"markerfacecolor": "none"}
        name = "clear" if stands else "not clear"
        ax.plot(score.value, bottom - 0.2, "o", label=name, **look)
        ax.plot([0.0] * 2, [bottom - 0.34, bottom - 0.03], **DASHED, label="no difference")
    _finish(ax, rows)
    return figure


Rows = Sequence[tuple[float, float]]


def _rows(names: Sequence[str], xlabel: str) -> tuple[Figure, Axes, Rows]:
    """An empty figure with a name at the top of each row, and where each row begins and ends."""
    lines = [wrapped(name, LINE) for name in names]
    heights = [0.42 + 0.17 * (name.count("\n") + 1) for name in lines]
    tops = np.cumsum([0.0, *heights])
    figure = canvas(WIDTH, 0.75 + 0.17 * xlabel.count("\n") + float(tops[-1]))
    ax = dress(figure.subplots(), xlabel=xlabel)
    grid(ax, "x")
    for name, top in zip(lines, tops[:-1], strict=True):
        words = ax.text(0, top + 0.05, name, fontsize=SMALL, color=INK, va="top")
        words.set_transform(ax.get_yaxis_transform())
    return figure, ax, list(zip(tops[:-1].tolist(), tops[1:].tolist(), strict=True))


def _finish(ax: Axes, rows: Rows) -> None:
    ax.set(ylim=(rows[-1][1], 0), yticks=[], xlim=_span(ax))
    ax.spines["left"].set_visible(False)
    named_once(ax)
    legend(ax, 3)


def _row(ax: Axes, c: Configuration, y: float) -> None:
    ax.plot(c.mean.ends, [y] * len(c.mean.ends), color=BLUE, linewidth=1.6)
    ax.plot(c.mean.value, y, "o", color=BLUE, markersize=6, label="mean", linestyle="none")
    ring: dict[str, Any] = {"markerfacecolor": "none", "markeredgewidth": 0.9, "linestyle": "none"}
    places = np.full(len(c.values), y + 0.13)
    ax.plot(c.values, places, "o", color=VERMILLION, markersize=3.6, label="one run", **ring)


def _span(ax: Axes) -> tuple[float, float]:
    """The x range of all that is drawn as data, with a margin."""
    drawn = np.concatenate([np.asarray(line.get_xdata(), float) for line in ax.get_lines()])
    low, high = float(drawn.min()), float(drawn.max())
    margin = 0.04 * max(high - low, 0.1)
    return low - margin, high + margin


def wrapped(name: str, width: int) -> str:
    """A name over as many lines as it needs, as its own letters."""
    lines = textwrap.wrap(name, width, break_on_hyphens=False) or [""]
    return "\n".join(literal(line, width) for line in lines)
