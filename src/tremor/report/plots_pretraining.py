"""The figure of a run without labels: what it logged against the epoch."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tremor.report.epochs import by_epoch
from tremor.report.style import (
    BLUE,
    INK,
    TEXT,
    VERMILLION,
    WIDTH,
    canvas,
    dress,
    grid,
    legend,
)

CURVES = {
    "loss": ("train/loss", "val/loss"),
    "share right": ("val/accuracy",),
    "share explained": ("val/explained",),
    "codes in effect": ("val/perplexity",),
    "temperature": ("train/temperature",),
}


def pretraining_curves(metrics: pd.DataFrame) -> Figure:
    """What a run without labels logged against the epoch: one panel a quantity that is there.

    `metrics` is a run's metrics.csv.
    """
    epochs = by_epoch(metrics)
    shown = {
        name: [c for c in columns if c in epochs and epochs[c].notna().any()]
        for name, columns in CURVES.items()
    }
    panels = {name: columns for name, columns in shown.items() if columns}
    figure = canvas(WIDTH, 0.5 + 1.45 * max(len(panels), 1))
    axes = figure.subplots(max(len(panels), 1), 1, sharex=True, squeeze=False)[:, 0]
    for ax, (name, columns) in zip(axes, panels.items(), strict=False):
        grid(dress(ax, ylabel=name), "y")
        _curves(ax, epochs[columns])
    axes[-1].set_xlabel("epoch", fontsize=TEXT, color=INK)
    axes[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _curves(ax: Axes, values: pd.DataFrame) -> None:
    """One line a column, named after its part of the split."""
    marker = "o" if len(values) <= 30 else ""
    for column in values:
        split = str(column).partition("/")[0]
        drawn, colour = values[column].dropna(), VERMILLION if split == "train" else BLUE
        line = ax.plot(drawn.index, drawn, color=colour, label=split, linewidth=1.3)
        line[0].set(marker=marker, markersize=2.5)
    legend(ax, 2)
