"""Figures of several heads: what each takes for what, how far off directions are, alarms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from tremor.report.plots_verdict import shaded
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

CELL = 0.47
"""Inches of a cell of a confusion matrix, so that a count of four digits fits."""

BESIDE = 1.25
"""Inches that the names of a head's classes take beside its matrix."""

NEAR = 45.0
"""Degrees off that count as near: the right one of eight directions, or one beside it."""

Heads = Mapping[str, Mapping[str, Any]]


def confusions(heads: Heads) -> Figure:
    """The confusion matrix of each head beside the others: counts, shaded by share of each row.

    `heads` are that part of a verdict.
    """
    sizes = [len(head["classes"]) for head in heads.values()]
    width = max(WIDTH, sum(CELL * max(size, 3) + BESIDE for size in sizes))
    figure = canvas(width, CELL * max(*sizes, 3) + 1.25)
    panels = figure.subplots(1, len(sizes), squeeze=False, width_ratios=[max(s, 3) for s in sizes])
    for ax, (name, head) in zip(panels[0], heads.items(), strict=True):
        counts = np.asarray(head["confusion"], dtype=int)
        shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
        shaded(ax, shares, [[f"{c}" for c in row] for row in counts], head["classes"])
        dress(ax, literal(name, 24), "predicted class", "true class" if ax is panels[0, 0] else "")
        ax.set_anchor("NW")
    return figure


def detection(found: Mapping[str, Any]) -> Figure:
    """Share of precursors found against false alarms, at all thresholds, and the head's own answer.

    `found` is that part of a verdict. False alarms are linear up to the fewest that can be counted,
    and logarithmic from there.
    """
    curve, unit = found["curve"], found["exposure"]["unit"]
    alarms, rate, low, high = (
        np.array([row[key][end] for row in curve], dtype=float)
        for key, end in (
            ("false_alarms", "value"),
            ("rate", "value"),
            ("rate", "lo"),
            ("rate", "hi"),
        )
    )
    all_of, windows = float(alarms.max()), found["exposure"]["windows"]
    least = all_of / max(windows, 1) or 1.0
    figure = canvas(WIDTH, 3.5)
    ax = dress(figure.subplots(), "", f"false alarms per {unit}", "share of precursors found")
    grid(ax, "y")
    if np.isfinite(low).all() and np.isfinite(high).all():
        ax.fill_between(alarms, low, high, color=BLUE, alpha=0.2, linewidth=0)
    ax.plot(alarms, rate, color=BLUE, linewidth=1.4, label="any threshold")
    guesses = np.geomspace(least / 50, all_of, 200) if all_of else np.zeros(1)
    ax.plot(guesses, guesses / (all_of or 1.0), label="guessing", **DASHED)
    _own_answer(ax, found)
    ax.set_xscale("symlog", linthresh=least, linscale=0.5)
    ax.set(xlim=(-0.06 * least, 1.15 * all_of or 1.0), ylim=(-0.02, 1.03))
    ax.set_xticks(_decades(least, all_of), minor=False)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    legend(ax, 3)
    return figure


def _own_answer(ax: Axes, found: Mapping[str, Any]) -> None:
    """What the likeliest class gives, with both intervals."""
    rate, alarms = found["rate"], found["false_alarms"]
    place = alarms["value"], rate["value"]
    look: dict[str, Any] = {"color": VERMILLION, "linewidth": 1.3}
    if rate["lo"] is not None:
        ax.plot([place[0]] * 2, [rate["lo"], rate["hi"]], **look)
    if alarms["lo"] is not None:
        ax.plot([alarms["lo"], alarms["hi"]], [place[1]] * 2, **look)
    ax.plot(*place, "o", color=VERMILLION, markersize=5, label="likeliest class", zorder=5)


def _decades(least: float, most: float) -> list[float]:
    """0, and powers of ten in between."""
    if most <= 0:
        return [0.0]
    powers = np.arange(np.ceil(np.log10(least)), np.floor(np.log10(most)) + 1)
    ticks = (10.0**powers).tolist()
    return [0.0, *(ticks if len(ticks) > 1 else [*ticks, most])]


def angles(found: Mapping[str, Any]) -> Figure:
    """How many directions are how far off, against what guessing would give.

    `found` is the part `circular` of a verdict; errors are predicted less true, clockwise positive.
    """
    errors = found["errors"]
    degrees = np.array([row["degrees"] for row in errors])
    share = np.array([row["records"] for row in errors]) / max(found["records"], 1)
    figure = canvas(WIDTH, 3.2)
    below = "predicted less true direction (°, clockwise)"
    ax = dress(figure.subplots(), "", below, "share of records")
    grid(ax, "y")
    near = np.abs(degrees) <= NEAR
    for inside, colour, name in (
        (near, BLUE, f"at most {NEAR:g}° off"),
        (~near, VERMILLION, "further off"),
    ):
        if inside.any():
            bars = ax.bar(
                degrees[inside], share[inside], 0.82 * found["step"], color=colour, label=name
            )
            counts = [row["records"] for row, take in zip(errors, inside, strict=True) if take]
            ax.bar_label(bars, [f"{n:,}" for n in counts], fontsize=SMALL, color=INK, padding=1)
    ax.axhline(1 / len(errors), label="guessing", zorder=0.5, **DASHED)
    ax.set_xticks(degrees, [f"{d:g}".replace("-", "−") for d in degrees])
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    ax.margins(y=0.12)
    legend(ax, 3)
    return figure
