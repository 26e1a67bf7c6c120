"""Figures of a cross-validation: single folds beside the pooled value, confusion of all folds."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tremor.evaluation.fold_scores import RECALL, Line
from tremor.evaluation.folds import CrossValidation
from tremor.report.folds_tables import label
from tremor.report.plots_verdict import confusion
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

CAPTIONS = {
    "scores": "Large dot and line: all folds pooled, with the interval by event. Small rings: "
    "single folds, of few events each; where a fold lacks a class, of those that it has. "
    "Dashed: chance.",
    "recall": "Share of each class that is told right. Large dot and line: all folds pooled, with "
    "the interval by event. Small rings: the folds that have the class. Dashed: 1 / classes that "
    "occur, or the share that is called at all where a record may have several.",
    "confusion": "Every record once, predicted by the run that did not train on its event.",
}
RING: dict[str, Any] = {"markerfacecolor": "none", "markeredgewidth": 0.9, "linestyle": "none"}
WRAPPED = 26


def figures(one: CrossValidation) -> dict[str, Figure]:
    """Every figure of a cross-validation: `scores`, `recall`, `confusion`, for each head."""
    found: dict[str, Figure] = {}
    for head, verdict in one.verdicts.items():
        end = f"_{head}" if head else ""
        ours = [it for it in one.lines if it.head == head]
        recalls = [it for it in ours if it.metric.startswith(RECALL)]
        whole = [it for it in ours if not it.metric.startswith(RECALL)]
        level = verdict["metrics"].get("balanced_accuracy", {}).get("chance")
        found[f"scores{end}"] = rows(whole, [label(it.metric) for it in whole])
        found[f"recall{end}"] = rows(recalls, list(verdict["classes"]), "recall", level)
        if "confusion" in verdict:
            found[f"confusion{end}"] = confusion(verdict["confusion"], verdict["classes"])
    return found


def caption(name: str) -> str:
    """What stands below a figure."""
    return CAPTIONS[name.partition("_")[0]]


def rows(
    lines: Sequence[Line], names: Sequence[str], xlabel: str = "score", chance: float | None = None
) -> Figure:
    """A row for each score: pooled with its interval, single folds below, and chance.

    `chance` is for scores that have no level of their own.
    """
    figure = canvas(WIDTH, 0.9 + 0.42 * len(lines))
    ax = dress(figure.subplots(), xlabel=xlabel)
    grid(ax, "x")
    for place, it in enumerate(lines):
        level = it.pooled["chance"] if chance is None else chance
        if level is not None:
            ax.plot([level] * 2, [place - 0.4, place + 0.4], **DASHED, label="chance")
        _row(ax, it, place)
    told = ["\n".join(textwrap.wrap(literal(name, 60), WRAPPED)) for name in names]
    ax.set_yticks(range(len(lines)), told, fontsize=SMALL, color=INK)
    low = min([0.0, *(value for it in lines for value in it.known)])
    ax.set(ylim=(len(lines) - 0.45, -0.55), xlim=(low - 0.02, 1.02))
    named_once(ax)
    legend(ax, 3)
    return figure


def _row(ax: Axes, it: Line, place: int) -> None:
    """One score: its pooled value, and below it that of each fold."""
    value, low, high = (it.pooled[key] for key in ("value", "lo", "hi"))
    if low is not None:
        ax.plot([low, high], [place - 0.1] * 2, color=BLUE, linewidth=1.6)
    if value is not None:
        ax.plot(value, place - 0.1, "o", color=BLUE, markersize=6, label="pooled", linestyle="none")
    at = np.full(len(it.known), place + 0.16)
    ax.plot(it.known, at, "o", color=VERMILLION, markersize=3.8, label="one fold", **RING)
