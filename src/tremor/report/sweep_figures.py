"""What a sweep varied against what validation said: one panel a key, and all keys at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tremor.evaluation.swept import Row, Swept
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
)
from tremor.training.sweep_folder import DONE, PRUNED

MOST = 8
"""How many keys are drawn."""
SPREAD = 30
"""Positive values that span more than this factor are drawn on a log scale."""
LINES = 200
FEW = 4
"""So many values or fewer are the ticks of their axis."""


def figures(swept: Swept) -> dict[str, Figure]:
    """The figures that these jobs allow, by name."""
    rows = [
        row for row in swept.rows if row.score is not None and row.state.state in (DONE, PRUNED)
    ]
    keys = [key for key in swept.sweep.keys if len({row.job.values.get(key) for row in rows}) > 1]
    if len(swept.monitors) != 1 or not keys:
        return {}
    found = {"values": values(swept, rows, keys[:MOST])}
    if len(keys) > 1 and len(rows) > 2:
        found["parallel"] = parallel(swept, rows, keys[:MOST])
    return found


def values(swept: Swept, rows: Sequence[Row], keys: Sequence[str]) -> Figure:
    """The validation number of each job against each key's value."""
    columns = min(2, len(keys))
    lines = math.ceil(len(keys) / columns)
    figure = canvas(WIDTH if columns == 1 else 1.5 * WIDTH, 0.3 + 2.5 * lines)
    panels = figure.subplots(lines, columns, sharey=True, squeeze=False)
    for place, (ax, key) in enumerate(zip(panels.flat, keys, strict=False)):
        dress(ax, xlabel=literal(key), ylabel="" if place % columns else swept.monitors[0])
        grid(ax, "y")
        _dots(ax, swept, rows, key)
    for ax in list(panels.flat)[len(keys) :]:
        ax.set_visible(False)
    first = figure.axes[0]
    if len(first.get_legend_handles_labels()[1]) > 1:
        legend(first, 3)
    return figure


def _dots(ax: Axes, swept: Swept, rows: Sequence[Row], key: str) -> None:
    """One dot a job: filled where it ran to its end, a ring where it was pruned."""
    scale = Scale([row.job.values.get(key, "") for row in rows])
    best = set(map(id, swept.best.rows)) if swept.best else set()
    kinds = {
        "job": [row for row in rows if row.state.state == DONE and id(row) not in best],
        "pruned": [row for row in rows if row.state.state == PRUNED],
        "best": [row for row in rows if id(row) in best],
    }
    styles: dict[str, dict[str, Any]] = {
        "job": {"color": BLUE, "s": 22},
        "pruned": {"facecolors": "none", "edgecolors": INK, "s": 22, "linewidths": 0.8},
        "best": {"color": VERMILLION, "s": 46, "marker": "D"},
    }
    for kind, its in kinds.items():
        if its:
            x = [scale.at(row.job.values.get(key, "")) for row in its]
            y = [row.score for row in its if row.score is not None]
            ax.scatter(x, y, label=kind, zorder=3, **styles[kind])
    scale.label(ax)


def parallel(swept: Swept, rows: Sequence[Row], keys: Sequence[str]) -> Figure:
    """Each job as a line through the values of all keys, to its validation number."""
    figure = canvas(1.5 * WIDTH, 3.4)
    ax = dress(figure.subplots())
    sign = -1 if swept.mode == "max" else 1
    ordered = sorted(rows, key=lambda row: sign * (row.score or 0.0), reverse=True)[-LINES:]
    scales = [Scale([row.job.values.get(key, "") for row in rows]) for key in keys]
    scores = Scale([repr(row.score) for row in rows])
    best = set(map(id, swept.best.rows)) if swept.best else set()
    for place, row in enumerate(ordered):
        y = [s.share(row.job.values.get(k, "")) for s, k in zip(scales, keys, strict=True)]
        y.append(scores.share(repr(row.score)))
        good = (place + 1) / len(ordered)
        chosen = id(row) in best
        colour = VERMILLION if chosen else BLUE if good > 0.75 else INK
        width, alpha = (2.2, 1.0) if chosen else (1.2, 0.85) if good > 0.75 else (0.8, 0.3)
        ax.plot(range(len(y)), y, color=colour, linewidth=width, alpha=alpha, zorder=2 + good)
    for place, scale in enumerate([*scales, scores]):
        ax.axvline(place, **DASHED)
        scale.write(ax, place)
    names = [literal(key.rpartition(".")[2], 18) for key in keys] + [swept.monitors[0]]
    ax.set(ylim=(-0.08, 1.08), yticks=[], xlim=(-0.35, len(keys) + 0.35))
    ax.set_xticks(range(len(names)), names)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(length=0, pad=6)
    return figure


class Scale:
    """Texts of one key on an axis: numbers where all are numbers, else places in order."""

    def __init__(self, texts: Sequence[str]):
        numbers = [number_of(text) for text in texts]
        known = [number for number in numbers if number is not None]
        self.numbers = sorted(set(known))
        self.numeric = len(known) == len(texts) and len(set(known)) > 1
        low, high = (min(known), max(known)) if self.numeric else (0.0, 0.0)
        self.log = self.numeric and low > 0 and high / low >= SPREAD
        self.names = [] if self.numeric else sorted(set(texts), key=lambda t: (len(t), t))
        self.ends = (self._moved(low), self._moved(high)) if self.numeric else (0.0, 0.0)

    def _moved(self, number: float) -> float:
        return math.log10(number) if self.log else number

    def at(self, text: str) -> float:
        """Where a text stands in data coordinates."""
        return (number_of(text) or 0.0) if self.numeric else float(self.names.index(text))

    def share(self, text: str) -> float:
        """Where it stands between the lowest (0) and the highest (1)."""
        if not self.numeric:
            return self.names.index(text) / max(1, len(self.names) - 1)
        low, high = self.ends
        return (self._moved(self.at(text)) - low) / (high - low)

    def label(self, ax: Axes) -> None:
        """Ticks of the horizontal axis."""
        if self.log:
            ax.set_xscale("log")
        if self.numeric and len(self.numbers) <= FEW:
            ax.set_xticks(self.numbers, [f"{number:g}" for number in self.numbers])
            ax.minorticks_off()
        if not self.numeric:
            ax.set_xticks(range(len(self.names)), [literal(name, 14) for name in self.names])
            ax.set_xlim(-0.5, len(self.names) - 0.5)

    def write(self, ax: Axes, place: float) -> None:
        """The values beside a vertical axis: its ends, or every name."""
        if self.numeric:
            low, high = self.ends
            back = [10**end if self.log else end for end in (low, high)]
            said = [(share, f"{end:.3g}") for share, end in zip((0.0, 1.0), back, strict=True)]
        else:
            shares = np.linspace(0, 1, len(self.names)) if len(self.names) > 1 else [0.0]
            said = [(float(s), literal(n, 16)) for s, n in zip(shares, self.names, strict=True)]
        for share, text in said:
            ax.text(place + 0.04, share, text, fontsize=SMALL, color=INK, va="center", zorder=5)


def number_of(text: str) -> float | None:
    """The finite number that a text is, if it is one."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
