"""Figures of several classes a record: curves of each, what its probabilities mean, who is who."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
    literal,
)

ACROSS = 4
"""Panels beside each other."""
PANEL = 2.4
"""Inches of a panel."""
CELL = 0.5
"""Inches of a cell, so that a count of four digits fits."""
MOST = 24
"""Panels in one figure: the classes of the lowest AUROC, where there are more."""

Row = Mapping[str, Any]
Draw = Callable[[Axes, Row], None]


def shown(verdict: Mapping[str, Any]) -> dict[str, Row]:
    """The classes that some records have and others have not, at most `MOST`, in their order."""
    rows = {c: it for c, it in verdict["per_class"].items() if "curve" in it}
    worst = sorted(rows, key=lambda name: float(rows[name]["auroc"]["value"]))[:MOST]
    return {name: row for name, row in rows.items() if name in worst}


def roc(verdict: Mapping[str, Any]) -> Figure:
    """Share of those with each class that are found, against false alarms among the others.

    The dot: the answers at the class's own threshold, with the intervals of both shares.
    """
    return _panels(verdict, _roc, "false alarms (share)", "found (share)")


def precision_recall(verdict: Mapping[str, Any]) -> Figure:
    """Share of calls that are right, against the share of those with the class that are found."""
    return _panels(verdict, _precision, "found (share)", "calls that are right")


def reliabilities(verdict: Mapping[str, Any]) -> Figure:
    """Share of records that have each class against the probability that was given."""
    return _panels(verdict, _reliable, "probability given", "share that has it")


def _panels(verdict: Mapping[str, Any], draw: Draw, below: str, beside: str) -> Figure:
    """A square panel for each class; what the axes mean is said once."""
    rows = shown(verdict)
    down = max(ceil(len(rows) / ACROSS), 1)
    across = max(ceil(len(rows) / down), 2)
    figure = canvas(max(WIDTH, PANEL * across), PANEL * down + 0.4)
    axes = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    for ax in axes.flat[len(rows) :]:
        ax.set_visible(False)
    for ax, (name, row) in zip(axes.flat, rows.items(), strict=False):
        dress(ax, literal(name, 18))
        grid(ax, "y")
        draw(ax, row)
        ax.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
        ax.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        ax.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    for ax in axes.flat[max(len(rows) - across, 0) : len(rows)]:
        ax.tick_params(labelbottom=True)
    figure.supxlabel(below, fontsize=10, color=INK)
    figure.supylabel(beside, fontsize=10, color=INK)
    return figure


def _roc(ax: Axes, row: Row) -> None:
    curve, area = row["curve"], row["auroc"]
    alarms, found = ([0.0, *curve[key]] for key in ("false_alarms", "recall"))
    ax.plot([0, 1], [0, 1], **DASHED)
    ax.plot(alarms, found, color=BLUE, linewidth=1.4)
    inverse = _less(row["specificity"])
    _answer(ax, inverse, row["recall"])
    _say(ax, area)


def _precision(ax: Axes, row: Row) -> None:
    curve, area = row["curve"], row["auprc"]
    ax.axhline(area["chance"], **DASHED)
    found, right = [0.0, *curve["recall"]], [curve["precision"][0], *curve["precision"]]
    ax.plot(found, right, color=BLUE, linewidth=1.4, drawstyle="steps-pre")
    _answer(ax, row["recall"], row["precision"])
    _say(ax, area)


def _reliable(ax: Axes, row: Row) -> None:
    bins, error = row["calibration"]["bins"], row["calibration"]["ece"]
    given = np.array([b["confidence"] for b in bins])
    has, low, high = (
        np.array([b[key] for b in bins], dtype=float) for key in ("accuracy", "lo", "hi")
    )
    ax.plot([0, 1], [0, 1], **DASHED)
    reach = np.nan_to_num(np.clip([has - low, high - has], 0, None))
    ax.errorbar(given, has, yerr=reach, fmt="none", ecolor=BLUE, elinewidth=1.2)
    ax.plot(given, has, "o-", color=BLUE, markersize=3.6, linewidth=0.8)
    _say(ax, error)


def _less(score: Row) -> Row:
    """One less a share, with the interval turned."""
    turned = {"value": score["value"], "lo": score["hi"], "hi": score["lo"]}
    return {key: None if value is None else 1 - value for key, value in turned.items()}


def _answer(ax: Axes, across: Row, up: Row) -> None:
    """Where the answers stand, with both intervals."""
    if across["value"] is None or up["value"] is None:
        return
    look: dict[str, Any] = {"color": VERMILLION, "linewidth": 1.2}
    if across["lo"] is not None:
        ax.plot([across["lo"], across["hi"]], [up["value"]] * 2, **look)
    if up["lo"] is not None:
        ax.plot([across["value"]] * 2, [up["lo"], up["hi"]], **look)
    ax.plot(across["value"], up["value"], "o", color=VERMILLION, markersize=4.5, zorder=5)


def _say(ax: Axes, score: Row) -> None:
    """The panel's number, beside its name."""
    ax.set_title(f"{score['value']:.3f}", loc="right", fontsize=SMALL, color=INK)


def called(verdict: Mapping[str, Any]) -> Figure:
    """Of the records with each class, how many are said to have each; shade: share of the row."""
    counts = np.asarray(verdict["called"], dtype=int)
    names = [*verdict["classes"], "none"]
    sizes = np.array([*(row["records"] for row in verdict["per_class"].values()), verdict["none"]])
    figure = canvas(max(WIDTH, CELL * len(names) + 1.6), CELL * len(names) + 1.3)
    ax = figure.subplots()
    shares = counts / np.maximum(sizes, 1)[:, None]
    shaded(ax, shares, [[f"{c}" for c in row] for row in counts], names)
    return dress(ax, "", "said to have", "has").figure  # type: ignore[return-value]
