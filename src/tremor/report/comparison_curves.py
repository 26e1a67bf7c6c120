"""Curves of a comparison: scores over a setting, and learning over the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from tremor.evaluation.compared import Comparison, Configuration, Line
from tremor.evaluation.metrics import Floats
from tremor.evaluation.naming import CLASS_COUNT, TRAIN_SHARE
from tremor.report.comparison_tables import label
from tremor.report.epochs import by_epoch
from tremor.report.forest import wrapped
from tremor.report.style import (
    BLUE,
    DASHED,
    GREEN,
    INK,
    SMALL,
    TEXT,
    VERMILLION,
    WIDTH,
    canvas,
    dress,
    grid,
)

MOST = 6
"""How many curves or matrices one figure shows: the best ones."""
STYLES: list[dict[str, Any]] = [
    {"color": colour, "marker": mark, "linestyle": line}
    for line, marks in (("-", "osD"), (":", "^vX"))
    for colour, mark in zip((BLUE, VERMILLION, GREEN), marks, strict=True)
]
WATCHED = {
    "val/loss": "val loss",
    "val/balanced_accuracy": "val balanced accuracy",
    "val/macro_auroc": "val macro AUROC",
}
AXES = {
    TRAIN_SHARE: "training events used, share of the largest training set",
    CLASS_COUNT: "classes",
}


def curve(comparison: Comparison, key: str) -> Figure:
    """The metric against a numeric key, one line for each configuration but for that key."""
    best = sorted(comparison.curves[key], key=partial(_top, comparison))[:MOST]
    lines = sum(wrapped(line.name, 58).count("\n") + 1 for line in best)
    figure = canvas(WIDTH, 3.1 + 0.2 * lines)
    xlabel = AXES.get(key, key)
    ylabel = wrapped(label(comparison.metric).lower(), 30)
    ax = dress(figure.subplots(), xlabel=xlabel, ylabel=ylabel)
    grid(ax, "y")
    logarithmic = key == TRAIN_SHARE
    shifts = _shifts(len(best), [x for line in best for x, _ in line.points], logarithmic)
    for line, shift, style in zip(best, shifts, STYLES, strict=False):
        _line(ax, line, comparison, shift, logarithmic, style)
    _chance(ax, comparison, best)
    _place_ticks(ax, sorted({x for line in best for x, _ in line.points}), key)
    _below(figure, ax)
    return figure


def _top(comparison: Comparison, line: Line) -> float:
    means = (comparison.configurations[number].mean.value for _, number in line.points)
    return -max(comparison.sign * mean for mean in means)


def _shifts(count: int, places: Sequence[float], logarithmic: bool) -> Floats:
    """How far each line is moved sideways, so that intervals stand beside each other."""
    scaled = np.log(places) if logarithmic else np.asarray(places, float)
    reach = 0.012 * float(np.ptp(scaled))
    return np.asarray(reach * (np.arange(count) - (count - 1) / 2), np.float64)


def _line(
    ax: Axes,
    line: Line,
    comparison: Comparison,
    shift: float,
    logarithmic: bool,
    style: Mapping[str, Any],
) -> None:
    """One curve with its intervals."""
    scores = [comparison.configurations[number].mean for _, number in line.points]
    at = np.array([x for x, _ in line.points])
    at = at * np.exp(shift) if logarithmic else at + shift
    for x, score in zip(at, scores, strict=True):
        ax.plot([x] * len(score.ends), score.ends, color=style["color"], linewidth=1.1)
    name = wrapped(line.name or "all runs", 58)
    ax.plot(at, [s.value for s in scores], label=name, markersize=5, linewidth=1.4, **style)


def _chance(ax: Axes, comparison: Comparison, lines: Sequence[Line]) -> None:
    """Chance at each place of the x axis; its mean where it is drawn for each configuration."""
    points: dict[float, list[float]] = {}
    for x, number in (point for line in lines for point in line.points):
        points.setdefault(x, []).append(comparison.configurations[number].chance)
    places = sorted(points)
    ax.plot(places, [np.mean(points[x]) for x in places], label="chance", **DASHED)


def _place_ticks(ax: Axes, places: Sequence[float], key: str) -> None:
    """A tick at each value where there is room; the training share in percent, on a log scale."""
    if key == TRAIN_SHARE:
        ax.set_xscale("log")
        ax.set_xticks(places, [f"{x:.3g} %" for x in places])
        ax.xaxis.set_minor_locator(NullLocator())
    elif len(places) <= 10:
        ax.set_xticks(places, [f"{x:g}" for x in places])


def _below(figure: Figure, ax: Axes) -> None:
    """The key below the axes, a line for each name: names are long."""
    handles, names = ax.get_legend_handles_labels()
    style = {"frameon": False, "fontsize": SMALL, "labelcolor": INK, "handlelength": 2.4}
    figure.legend(handles, names, loc="outside lower left", ncols=1, **style)


def learning(shown: Sequence[Configuration]) -> Figure | None:
    """Validation loss and balanced accuracy against the epoch; `None` without metrics.csv."""
    curves = [[_epochs(run.folder) for run in c.runs] for c in shown]
    kinds = [k for k in WATCHED if any(k in table for tables_ in curves for table in tables_)]
    if not kinds:
        return None
    lines = sum(wrapped(c.name, 58).count("\n") + 1 for c in shown)
    figure = canvas(WIDTH, 0.5 + 1.9 * len(kinds) + 0.2 * lines)
    axes = figure.subplots(len(kinds), 1, sharex=True, squeeze=False)[:, 0]
    for ax, kind in zip(axes, kinds, strict=True):
        grid(dress(ax, ylabel=WATCHED[kind]), "y")
        for c, runs, style in zip(shown, curves, STYLES, strict=False):
            _learnt(ax, [run[kind].dropna() for run in runs if kind in run], c.name, style)
    axes[-1].set_xlabel("epoch", fontsize=TEXT)
    axes[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    _below(figure, axes[0])
    return figure


def _epochs(folder: Path) -> pd.DataFrame:
    """A run's metrics by epoch; nothing where it kept none."""
    path = folder / "metrics.csv"
    if not path.exists():
        return pd.DataFrame()
    return by_epoch(pd.read_csv(path))


def _learnt(
    ax: Axes, runs: Sequence[pd.Series[float]], name: str, style: Mapping[str, Any]
) -> None:
    """Each run faintly, and the mean over the epochs that all reached."""
    if len(runs) > 1:
        for run in runs:
            ax.plot(run.index, run, color=style["color"], linewidth=0.7, alpha=0.35)
    mean = pd.concat(runs, axis=1).dropna().mean(axis=1) if runs else pd.Series(dtype=float)
    every = max(1, len(mean) // 12)
    look = {"markersize": 4, "linewidth": 1.5, "markevery": every} | dict(style)
    ax.plot(mean.index, mean, label=wrapped(name, 58), **look)
