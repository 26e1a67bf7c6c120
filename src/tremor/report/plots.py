"""Figures of a run's data and training: one function each, from plain numbers to a Figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from tremor.report.epochs import by_epoch
from tremor.report.fan import Fan
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

SPLITS = {"train": BLUE, "val": GREEN, "test": VERMILLION}
WATCHED = {"loss": "loss", "accuracy": "accuracy", "macro_auroc": "macro AUROC"}


def learning_curves(metrics: pd.DataFrame, monitor: str = "val/loss", mode: str = "min") -> Figure:
    """Loss and accuracy (or AUROC) of train and val against the epoch, with the best epoch marked.

    `metrics` is a run's metrics.csv; `mode` says whether the best `monitor` is its `min` or `max`.
    """
    epochs = by_epoch(metrics)
    measured = {name.rpartition("/")[2] for name in epochs.columns}
    shown = {kind: name for kind, name in WATCHED.items() if kind in measured} or {"loss": "loss"}
    figure = canvas(WIDTH, 0.5 + 1.75 * len(shown))
    axes = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
    for ax, (kind, name) in zip(axes, shown.items(), strict=True):
        _curves(dress(ax, ylabel=name), epochs, kind)
    legend(axes[0], 3)
    _mark_best(axes, epochs, monitor, mode)
    axes[-1].set_xlabel("epoch", fontsize=TEXT)
    axes[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _curves(ax: Axes, epochs: pd.DataFrame, kind: str) -> None:
    """The train and val curve of one quantity."""
    grid(ax, "y")
    marker = "o" if len(epochs) <= 30 else ""
    for split, colour in (("train", VERMILLION), ("val", BLUE)):
        values = epochs.get(f"{split}/{kind}", pd.Series(dtype=float)).dropna()
        line = ax.plot(values.index, values, color=colour, label=split, linewidth=1.3)
        line[0].set(marker=marker, markersize=2.5)


def _mark_best(axes: NDArray[Any], epochs: pd.DataFrame, monitor: str, mode: str) -> None:
    """A line through all panels at the epoch whose weights were kept."""
    watched = epochs.get(monitor, pd.Series(dtype=float)).dropna()
    if watched.empty:
        return
    place = int(watched.argmin() if mode == "min" else watched.argmax())
    best = float(watched.index[place])
    for ax in axes:
        ax.axvline(best, **DASHED)
    note = f"best epoch {best:.0f}: {monitor} {watched.iloc[place]:.3g}"
    axes[0].set_title(note, loc="left", fontsize=SMALL, color=INK)


def fan_chart(fan: Fan) -> Figure:
    """The median waveform in its quantile bands against time: a row a channel, a column a class.

    Classes without a record have no column.
    """
    fan = fan.inhabited()
    rows, columns = len(fan.channels), len(fan.classes)
    figure = canvas(max(WIDTH, 0.7 + 1.15 * columns), 0.9 + 1.15 * rows)
    axes = figure.subplots(rows, columns, sharex=True, sharey="row", squeeze=False)
    for (channel, label), ax in np.ndenumerate(axes):
        _fan(ax, fan, label, channel)
    for column, ax in enumerate(axes[0]):
        ax.set_title(_heading(fan, column), loc="left", fontsize=SMALL, color=INK)
    unit = "z-score" if fan.zscored else "as stored"
    for name, ax in zip(fan.channels, axes[:, 0], strict=True):
        ax.set_ylabel(f"{literal(name, 12)} ({unit})", fontsize=TEXT)
    for ax in axes[-1]:
        ax.set_xlabel("time (s)", fontsize=TEXT)
    _key(figure, axes[0, 0], f"each point drawn: {fan.step} samples" if fan.step > 1 else "")
    return figure


def _heading(fan: Fan, label: int) -> str:
    """A class and how many of its records are drawn, as wide as its column allows."""
    name, drawn, records = fan.classes[label], fan.drawn[label], fan.records[label]
    if len(fan.classes) > FEW:
        return f"{literal(name, 14)}\nn = {drawn}"
    return f"{literal(name, 24)}\n{drawn} of {records} records"


def _fan(ax: Axes, fan: Fan, label: int, channel: int) -> None:
    """One class and channel: nested bands, outermost first, and the median."""
    dress(ax)
    edges = fan.bands[:, label, channel]
    for pair in range(len(edges) // 2):
        low, high = fan.quantiles[pair], fan.quantiles[-1 - pair]
        name = f"{100 * low:g}–{100 * high:g} %"
        band = ax.fill_between(fan.time, edges[pair], edges[-1 - pair], color=BLUE, label=name)
        band.set(alpha=0.2 + 0.15 * pair, linewidth=0)
    ax.plot(fan.time, fan.median[label, channel], color=BLUE, linewidth=0.8, label="median")
    ax.margins(x=0)
    ax.set_xlim(left=0)
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.yaxis.set_major_locator(MaxNLocator(4))


def _key(figure: Figure, ax: Axes, title: str = "") -> None:
    """One key for all panels, below them."""
    handles, names = ax.get_legend_handles_labels()
    style = {"frameon": False, "fontsize": SMALL, "labelcolor": INK, "handlelength": 1.4}
    key = figure.legend(handles, names, loc="outside lower left", ncols=len(names), **style)
    key.set_title(title)
    key.get_title().set(color=INK, fontsize=SMALL)


def class_balance(balance: Sequence[Mapping[str, Any]], unit: str = "event") -> Figure:
    """Records and events of each class and split, as the leak audit counted them.

    Each row has `split`, `class`, `records` and `groups`; `unit` names what a group is.
    """
    table = pd.DataFrame(list(balance))
    classes = list(dict.fromkeys(table["class"]))
    splits = [split for split in SPLITS if split in set(table["split"])]
    figure = canvas(WIDTH, 0.8 + 0.2 * len(classes) * (len(splits) + 0.6))
    axes = figure.subplots(1, 2, sharey=True)
    for ax, column, name in zip(axes, ("records", "groups"), ("Records", f"{unit}s"), strict=True):
        counts = table.pivot_table(index="class", columns="split", values=column, aggfunc="sum")
        _bars(dress(ax, name.capitalize(), "count"), counts.reindex(classes)[splits].fillna(0))
    _key(figure, axes[0])
    return figure


def _bars(ax: Axes, counts: pd.DataFrame) -> None:
    """A group of thin bars for each class, a bar for each split, the count at its end."""
    height = 0.8 / len(counts.columns)
    for place, split in enumerate(counts):
        middle = np.arange(len(counts)) + (place + 0.5) * height - 0.4
        bars = ax.barh(middle, counts[split], height * 0.85, color=SPLITS[str(split)], label=split)
        ax.bar_label(bars, fmt="{:.0f}", padding=2, fontsize=SMALL - 1, color=INK)
    ax.set_yticks(range(len(counts)), [literal(str(name), 16) for name in counts.index])
    ax.set(ylim=(len(counts) - 0.45, -0.55))
    ax.margins(x=0.16)
    ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
