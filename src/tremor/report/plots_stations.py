"""Figures over stations: how good each one is, and the matrix of trained here, tested there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from tremor.evaluation.across import Across, Cell
from tremor.evaluation.by_station import METRICS, Reached, Row, Stations
from tremor.evaluation.paired import Score
from tremor.report.comparison_tables import label
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
    legend,
    literal,
)

LOOKS: list[dict[str, Any]] = [
    {"color": colour, "marker": mark}
    for marks in ("osD", "^vX")
    for colour, mark in zip((BLUE, VERMILLION, GREEN), marks, strict=True)
]
DIVERGING = LinearSegmentedColormap.from_list(
    "chance", [to_rgba(VERMILLION, 0.55), to_rgba("white", 0.55), to_rgba(BLUE, 0.55)]
)
LINE = 0.2
"""Inches of a station's row."""
ROOMY = 8
"""Columns up to which a cell has room for its interval."""


def by_station(found: Stations) -> Figure:
    """Balanced accuracy at each station with its interval, the mean of all, and chance."""
    configurations = list(dict.fromkeys(row.configuration for row in found.rows))
    shown = configurations[: len(LOOKS)]
    names = sorted({row.station for row in found.rows if row.configuration in shown})
    means = [mean for mean in found.means if mean.configuration in shown]
    labels = [literal(name, 14) for name in names] + ["mean"] * bool(means)
    several = len(shown) > 1
    figure = canvas(WIDTH, 1.0 + len(labels) * (LINE + 0.07 * len(shown)) + 0.2 * several)
    ax = dress(figure.subplots(), xlabel=label(METRICS[0]).lower())
    grid(ax, "x")
    for number, name in enumerate(shown):
        shift = 0.6 * ((number + 0.5) / len(shown) - 0.5)
        look = LOOKS[number] | {"label": literal(name, 62) if several else "station"}
        ours = [row for row in found.rows if row.configuration == name]
        for row in sorted(ours, key=lambda row: not row.tested.enough):  # the key shows the first
            place = names.index(row.station)
            _point(ax, row.tested.main, place + shift, look)
            _chance(ax, row.tested.chance, place)
            if not several:
                _count(ax, row, place)
        for mean in (mean for mean in means if mean.configuration == name):
            large = look | {"markersize": 7, "label": "_mean"}
            _point(ax, mean.scores[METRICS[0]], len(names) + shift, large)
            _chance(ax, mean.chances[METRICS[0]], len(names))
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    _key(figure, ax, several)
    return figure


def _point(ax: Axes, score: Score, y: float, look: dict[str, Any]) -> None:
    ax.plot(score.ends, [y] * len(score.ends), color=look["color"], linewidth=1.5)
    ground = look["color"] if score.ends else "none"
    mark: dict[str, Any] = {"markersize": 5, "linestyle": "none", "markerfacecolor": ground} | look
    ax.plot(score.value, y, **mark)


def _chance(ax: Axes, value: float, place: float) -> None:
    ax.plot([value] * 2, [place - 0.5, place + 0.5], **DASHED, label="chance")


def _count(ax: Axes, row: Row, place: float) -> None:
    """The number of events, right of the axes."""
    words = ax.text(1.01, place, f"{row.tested.events:,}", fontsize=SMALL, color=INK, va="center")
    words.set_transform(ax.get_yaxis_transform())
    if place == 0:
        head = ax.text(1.01, -0.55, "events", fontsize=SMALL, color=INK, va="bottom")
        head.set_transform(ax.get_yaxis_transform())


def _key(figure: Figure, ax: Axes, several: bool) -> None:
    """One key of each kind: above the axes, or below them where names are long."""
    seen: set[str] = set()
    for line in ax.get_lines():
        name = str(line.get_label())
        line.set_label(f"_{name}" if name in seen else name)
        seen.add(name)
    if several:
        keys = dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
        names = sorted(keys, key="chance".__eq__)
        handles = [keys[name] for name in names]
        style = {"frameon": False, "fontsize": SMALL, "labelcolor": INK}
        figure.legend(handles, names, loc="outside lower left", ncols=1, **style)
    else:
        legend(ax, 2)


def matrix(found: Across) -> Figure:
    """Balanced accuracy of each row of stations trained on, at each station; own ones framed.

    Colours part at chance; bold numbers have an interval wholly above it.
    """
    rows, columns = len(found.trained), len(found.stations)
    roomy = columns <= ROOMY
    side = 0.78 if roomy else 0.44
    width, height = max(WIDTH, 2.2 + side * columns), 1.6 + (0.55 if roomy else 0.36) * rows
    figure = canvas(width, height)
    ax = dress(figure.subplots(), xlabel="tested at", ylabel="trained at")
    scale = _scale(found.cells)
    for cell in found.cells:
        place = found.stations.index(cell.station), found.trained.index(cell.trained)
        _cell(ax, cell, place, scale, roomy)
    ax.set(xlim=(0, columns), ylim=(rows, 0))
    ax.set_yticks(np.arange(rows) + 0.5, [trained_name(names) for names in found.trained])
    ax.set_xticks(np.arange(columns) + 0.5, [literal(name, 14) for name in found.stations])
    if columns > 4:
        for tick in ax.get_xticklabels():
            tick.set(rotation=45, ha="right", rotation_mode="anchor")
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    bar = figure.colorbar(
        ScalarMappable(scale, DIVERGING), ax=ax, aspect=8 + 2 * rows, pad=0.02, shrink=0.9
    )
    bar.set_label(label(METRICS[0]).lower(), fontsize=TEXT, color=INK)
    bar.ax.tick_params(labelsize=SMALL, color=INK, labelcolor=INK, width=0.6, length=3)
    bar.outline.set_visible(False)
    return figure


def trained_name(names: Sequence[str]) -> str:
    """A row's name: its station, or how many there are."""
    return literal(names[0], 14) if len(names) == 1 else f"{len(names)} stations"


def _scale(cells: Sequence[Cell]) -> Normalize:
    """As far above chance as below it, far enough for every cell."""
    known = [cell.tested for cell in cells if cell.tested is not None]
    chance = float(np.mean([its.chance for its in known])) if known else 0.5
    reach = max((abs(its.main.value - chance) for its in known), default=0.1)
    return Normalize(chance - max(reach, 0.1), chance + max(reach, 0.1))


def _cell(ax: Axes, cell: Cell, place: tuple[int, int], scale: Normalize, roomy: bool) -> None:
    x, y = place
    its = cell.tested
    ground = "none" if its is None else DIVERGING(float(scale(its.main.value)))
    ax.add_patch(Rectangle((x, y), 1, 1, facecolor=ground, edgecolor="white", linewidth=1.5))
    if cell.own:
        inset = 0.03
        box = (x + inset, y + inset), 1 - 2 * inset, 1 - 2 * inset
        ax.add_patch(Rectangle(*box, facecolor="none", edgecolor=INK, linewidth=1.4))
    ends = [] if its is None or not roomy else its.main.ends
    style = {"ha": "center", "va": "center", "color": INK}
    weight = "bold" if its is not None and _above(its) else "normal"
    text = "–" if its is None else _short(its.main.value)
    size = SMALL if roomy else SMALL - 2
    words = ax.text(x + 0.5, y + (0.36 if ends else 0.5), text, fontsize=size, weight=weight)
    words.set(**style)
    if ends:
        said = "–".join(map(_short, ends))
        ax.text(x + 0.5, y + 0.7, said, fontsize=SMALL - 2.5).set(**style)


def _short(value: float) -> str:
    """Two digits of what three would be."""
    return f"{round(value, 9):.2f}"


def _above(its: Reached) -> bool:
    return its.enough and its.main.ends[0] > its.chance


CAPTIONS = {
    "stations": "Balanced accuracy at each station: dot and line are the value and its interval by "
    "event (hollow: too few events for one); dashed: chance. The mean has its interval "
    "over stations and events.",
    "across": "Balanced accuracy of networks trained at one station (rows) and tested at another "
    "(columns), on events that they neither trained nor validated on; small: the interval by "
    "event. Framed: the station's own test part. Bold: the interval lies above chance, where the "
    "colours part.",
}
"""What stands below each figure."""
