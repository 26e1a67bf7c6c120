"""A sequence in time: its events by class, and predicted against true time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import ArrayLike, NDArray

from tremor.report.style import (
    DASHED,
    GREEN,
    INK,
    SMALL,
    VERMILLION,
    canvas,
    dress,
    literal,
)

VIOLET, AZURE, OCHRE = "#7f66c9", "#2a84c6", "#a07c00"
ORDER = LinearSegmentedColormap.from_list("order", [VIOLET, AZURE, GREEN, OCHRE, VERMILLION])
SHARP = 220
JITTER = 0.32
GREY = "#888888"
Limits = Sequence[Mapping[str, Any]]
Times = Mapping[str, Any]
Floats = NDArray[np.float64]


def class_colours(count: int) -> list[str]:
    """Colours from the first class to the last, from violet over green to red."""
    return [to_hex(ORDER(place)) for place in np.linspace(0, 1, count)]


def timeline(
    start_times: ArrayLike,
    magnitudes: ArrayLike | None,
    labels: ArrayLike,
    classes: Sequence[str],
    limits: Limits,
    main_shock: str,
) -> Figure:
    """Magnitude of every event against its date, in the colour of its class; a row without any.

    `limits` has `class`, `first` and `last` (UTC) of each class, and of a period that is none;
    label -1 is no class.
    """
    times = _dates(pd.Series(np.asarray(start_times, dtype=object)))
    label = np.asarray(labels)
    magnitude = np.zeros(len(label)) if magnitudes is None else np.asarray(magnitudes, float)
    figure = canvas(9.8, 3.6)
    figure.set_dpi(SHARP)
    ax = dress(figure.subplots(), "", "date (UTC)", "" if magnitudes is None else "magnitude")
    if magnitudes is None:
        ax.set_yticks([])
    colours = dict(zip(classes, class_colours(len(classes)), strict=True))
    for place, row in enumerate(limits):
        _shade(ax, row, colours.get(row["class"], GREY), alpha=0.26 if place % 2 else 0.12)
    for number, colour in [(-1, GREY), *enumerate(colours.values())]:
        own = label == number
        dots = ax.plot(times[own], magnitude[own], "o", color=colour, rasterized=True)
        dots[0].set(markersize=2.4, markeredgewidth=0, alpha=0.35 if number < 0 else 0.75)
    _mark(ax, float(_dates(pd.Series([main_shock]))[0]), "main shock")
    ax.xaxis.set_major_locator(AutoDateLocator(maxticks=9))
    ax.xaxis.set_major_formatter(ConciseDateFormatter(ax.xaxis.get_major_locator()))
    others = {"no class": GREY} if (label < 0).any() else {}
    _class_key(figure, colours | others)
    return figure


def _dates(times: pd.Series[Any]) -> Floats:
    """ISO times (UTC) as days on matplotlib's axis."""
    stamps = pd.to_datetime(times, format="ISO8601", utc=True)
    return np.asarray(date2num(stamps.dt.tz_localize(None).to_numpy()), np.float64)


def _shade(ax: Axes, row: Mapping[str, Any], colour: str, alpha: float) -> None:
    """The time from a class's first event to its last; Visso is named where it is."""
    first, last = _dates(pd.Series([row["first"], row["last"]]))
    ax.axvspan(first, last, color=colour, alpha=alpha, linewidth=0)
    if row["class"] == "Visso":
        _say(ax, (first + last) / 2, "Visso", ha="right")


def _mark(ax: Axes, place: float, name: str) -> None:
    """An upright line with its name beside it."""
    ax.axvline(place, **DASHED)
    _say(ax, place, f" {name}", ha="left")


def _say(ax: Axes, place: float, words: str, **style: Any) -> None:
    """Words just above the axes at a place on the x axis."""
    at = ax.get_xaxis_transform()
    ax.text(place, 1.01, words, transform=at, va="bottom", fontsize=SMALL, color=INK, **style)


def _class_key(figure: Figure, colours: Mapping[str, str]) -> None:
    """One key below the panel: a dot a class."""
    style: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 5}
    dots = [Line2D([], [], color=c, label=literal(n, 14), **style) for n, c in colours.items()]
    look: dict[str, Any] = {"frameon": False, "fontsize": SMALL, "labelcolor": INK}
    look |= {"handletextpad": 0.2, "columnspacing": 1.2}
    figure.legend(handles=dots, loc="outside lower left", ncols=min(len(dots), 10), **look)


def ordinal_times(times: Times) -> Figure:
    """Every record at its true time, in the row of the class that was predicted for it.

    `times` is that part of a verdict. A box is the class's own time in training: dots inside it are
    right in time.
    """
    names = list(times["class_limits"])
    days, said = np.array(times["true_days"]), np.array(times["predicted_class"])
    figure = canvas(7.6, 1.2 + 0.4 * len(names))
    figure.set_dpi(SHARP)
    ax = dress(figure.subplots(), "", "true time (days from the main shock)", "predicted class")
    jitter = np.random.default_rng(0).uniform(-JITTER, JITTER, len(said))
    dots = ax.plot(days, said + jitter, "o", color=AZURE, rasterized=True)
    dots[0].set(markersize=2.6, markeredgewidth=0, alpha=0.55)
    ax.plot([], [], "o", color=AZURE, markersize=4, label="record")
    _boxes(ax, list(times["class_limits"].values()))
    _medians(ax, days, said)
    _mark(ax, 0.0, "main shock")
    _time_axis(ax, days)
    ax.set_yticks(range(len(names)), [_row_name(n, times["class_days"][n]) for n in names])
    ax.set_ylim(len(names) - 0.45, -0.55)
    _key(figure, ax)
    return figure


def _boxes(ax: Axes, limits: Sequence[Sequence[float | None]]) -> None:
    """In each row, from when to when its class lasted in training."""
    label = "time of the class in training"
    for row, (first, last) in enumerate(limits):
        if first is not None and last is not None:
            box = ax.fill_betweenx([row - 0.42, row + 0.42], first, last, color=GREEN, label=label)
            box.set(alpha=0.22, linewidth=0, zorder=0.5)
            label = "_"


def _medians(ax: Axes, days: Floats, said: NDArray[np.int64]) -> None:
    """The median true time of the records that were given each class."""
    rows = np.unique(said)
    middle = [float(np.median(days[said == row])) for row in rows]
    style: dict[str, Any] = {"color": VERMILLION, "markersize": 15, "markeredgewidth": 2}
    ax.plot(middle, rows, "|", label="median true time", **style)


def _time_axis(ax: Axes, days: Floats) -> None:
    """Days with a power scale on both sides of the main shock, so that hours and months show."""
    near = np.quantile(np.abs(days), 0.02) if len(days) else 1.0
    linear = 10.0 ** np.clip(np.floor(np.log10(max(near, 1e-9))), -2, 1)
    ax.set_xscale("symlog", linthresh=linear, linscale=0.4)
    reach = np.abs(days).max(initial=linear)
    powers = [linear * 10**n for n in range(int(np.ceil(np.log10(reach / linear))) + 1)]
    ax.xaxis.set_major_locator(FixedLocator([*(-p for p in powers), 0.0, *powers]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda day, _: f"{day:g}".replace("-", "−")))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.margins(x=0.03)


def _row_name(name: str, day: float | None) -> str:
    """A class and its median time in training."""
    when = "" if day is None else f"\n{day:+.3g} d".replace("-", "−")
    return f"{literal(name, 14)}{when}"


def _key(figure: Figure, ax: Axes) -> None:
    """One key below the panel."""
    handles, names = ax.get_legend_handles_labels()
    look: dict[str, Any] = {"frameon": False, "fontsize": SMALL, "labelcolor": INK}
    figure.legend(handles, names, loc="outside lower left", ncols=3, handlelength=1.4, **look)
