"""The figures of a run: one function each, from plain numbers to a matplotlib Figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from tremor.report.fan import Fan
from tremor.report.style import (
    BLUE,
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

SHADES = LinearSegmentedColormap.from_list("share", [to_rgba(BLUE, 0.0), to_rgba(BLUE, 0.6)])
SPLITS = {"train": BLUE, "val": GREEN, "test": VERMILLION}
MARKS = {"precision": ("o", VERMILLION), "recall": ("s", BLUE), "f1": ("D", GREEN)}
FEW = 4


def learning_curves(
    metrics: pd.DataFrame, monitor: str = "val/loss", mode: str = "min"
) -> Figure:
    """Loss and accuracy of train and val against the epoch, with the best epoch marked.

    `metrics` is a run's metrics.csv; `mode` says whether the best `monitor` is its `min` or `max`.
    """
    epochs = metrics.dropna(subset="epoch").groupby("epoch").mean(numeric_only=True)
    named = {"loss": "cross-entropy loss", "accuracy": "accuracy (share of records)"}
    shown = [kind for kind in named if f"val/{kind}" in epochs or f"train/{kind}" in epochs]
    figure = canvas(WIDTH, 0.5 + 1.75 * len(shown))
    axes = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
    for ax, kind in zip(axes, shown, strict=True):
        _curves(dress(ax, ylabel=named[kind]), epochs, kind)
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
        style = {"marker": marker, "markersize": 2.5, "linewidth": 1.3}
        ax.plot(values.index, values, color=colour, label=split, **style)


def _mark_best(axes: Sequence[Axes], epochs: pd.DataFrame, monitor: str, mode: str) -> None:
    """A line through all panels at the epoch whose weights were kept."""
    watched = epochs.get(monitor, pd.Series(dtype=float)).dropna()
    if watched.empty:
        return
    best = watched.idxmin() if mode == "min" else watched.idxmax()
    for ax in axes:
        ax.axvline(best, color=INK, linewidth=0.8, linestyle=(0, (4, 3)), alpha=0.7)
    note = f"best epoch {best:.0f}: {monitor} {watched[best]:.3g}"
    axes[0].set_title(note, loc="left", fontsize=SMALL, color=INK)


def confusion(matrix: ArrayLike, classes: Sequence[str]) -> Figure:
    """Counts of records by true class (rows) and predicted class, and their share of each row."""
    counts = np.asarray(matrix, dtype=int)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
    few = len(classes) <= FEW
    figure = canvas(*((WIDTH, 2.9) if few else (9.8, 4.9)))
    left, right = figure.subplots(1, 2, sharey=few)
    percent = [["–" if np.isnan(s) else f"{100 * s:.0f} %" for s in row] for row in shares]
    whole = max(int(counts.max(initial=0)), 1)
    _matrix(left, counts / whole, [[f"{c}" for c in row] for row in counts], classes)
    _matrix(right, np.nan_to_num(shares), percent, classes)
    dress(left, "Records", "predicted class", "true class")
    dress(right, "Share of the true class", "predicted class", "" if few else "true class")
    return figure


def _matrix(
    ax: Axes, shade: NDArray[np.float64], texts: list[list[str]], classes: Sequence[str]
) -> None:
    """A square of shaded cells, each with its text."""
    count = len(classes)
    names = [literal(name, 14) for name in classes]
    ax.pcolormesh(shade, cmap=SHADES, vmin=0, vmax=1, edgecolors=to_rgba(INK, 0.15), linewidth=0.5)
    for row, column in np.ndindex(count, count):
        place = {"ha": "center", "va": "center", "fontsize": TEXT if count <= FEW else SMALL}
        ax.text(column + 0.5, row + 0.5, texts[row][column], color=INK, **place)
    turned = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"} if count > 2 else {}
    ax.set_xticks(np.arange(count) + 0.5, names, **turned)
    ax.set_yticks(np.arange(count) + 0.5, names)
    ax.set(xlim=(0, count), ylim=(count, 0), aspect="equal")


def fan_chart(fan: Fan) -> Figure:
    """The median waveform in its quantile bands against time: a row a channel, a column a class."""
    rows, columns = len(fan.channels), len(fan.classes)
    figure = canvas(max(WIDTH, 0.7 + 1.15 * columns), 0.9 + 1.15 * rows)
    axes = figure.subplots(rows, columns, sharex=True, sharey="row", squeeze=False)
    for row, column in np.ndindex(rows, columns):
        _fan(dress(axes[row, column]), fan, column, row)
    for column, ax in enumerate(axes[0]):
        ax.set_title(_heading(fan, column), loc="left", fontsize=SMALL, color=INK)
    unit = "z-score" if fan.zscored else "as stored"
    for channel, ax in zip(fan.channels, axes[:, 0], strict=True):
        ax.set_ylabel(f"{literal(channel, 12)} ({unit})", fontsize=TEXT)
    shared = f", {fan.step} samples a point" if fan.step > 1 else ""
    figure.supxlabel(f"time (s){shared}", fontsize=TEXT, color=INK)
    _key(figure, axes[0, 0])
    return figure


def _heading(fan: Fan, label: int) -> str:
    """A class and how many of its records are drawn, as wide as its column allows."""
    name, drawn, records = fan.classes[label], fan.drawn[label], fan.records[label]
    if len(fan.classes) > FEW:
        return f"{literal(name, 14)}\nn = {drawn}"
    return f"{literal(name, 24)}\n{drawn} of {records} records"


def _fan(ax: Axes, fan: Fan, label: int, channel: int) -> None:
    """One class and channel: nested bands, outermost first, and the median."""
    edges = fan.bands[:, label, channel]
    for pair in range(len(edges) // 2):
        low, high = fan.quantiles[pair], fan.quantiles[-1 - pair]
        name = f"{100 * low:g}–{100 * high:g} % of records"
        style = {"color": BLUE, "alpha": 0.2 + 0.15 * pair, "linewidth": 0}
        ax.fill_between(fan.time, edges[pair], edges[-1 - pair], label=name, **style)
    ax.plot(fan.time, fan.median[label, channel], color=BLUE, linewidth=0.8, label="median")
    ax.set_xlim(fan.time[0], fan.time[-1])
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.yaxis.set_major_locator(MaxNLocator(4))


def _key(figure: Figure, ax: Axes) -> None:
    """One key for all panels, below them."""
    handles, names = ax.get_legend_handles_labels()
    style = {"frameon": False, "fontsize": SMALL, "labelcolor": INK, "handlelength": 1.4}
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), **style)


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
        _bars(dress(ax, name.capitalize(), "count"), counts.reindex(classes)[splits])
    _key(figure, axes[0])
    return figure


def _bars(ax: Axes, counts: pd.DataFrame) -> None:
    """A group of thin bars for each class, a bar for each split, the count at its end."""
    height = 0.8 / len(counts.columns)
    for place, split in enumerate(counts):
        middle = np.arange(len(counts)) + (place + 0.5) * height - 0.4
        bars = ax.barh(middle, counts[split], height * 0.85, color=SPLITS[str(split)], label=split)
        texts = ["0" if np.isnan(value) else f"{value:.0f}" for value in counts[split]]
        ax.bar_label(bars, texts, padding=2, fontsize=SMALL - 1, color=INK)
    ax.set_yticks(range(len(counts)), [literal(str(name), 16) for name in counts.index])
    ax.set(ylim=(len(counts) - 0.45, -0.55))
    ax.margins(x=0.16)
    ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))


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
    ax: Axes, rows: Sequence[Mapping[str, Any]], middle: NDArray[np.float64], **style: Any
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
        dashed = {"linewidth": 0.9, "linestyle": (0, (4, 3)), "alpha": 0.8}
        ax.axvline(chance, color=INK, label="chance", **dashed)
