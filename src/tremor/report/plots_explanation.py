"""Mean maps of explanations: one station or many, one class or all, on one colour scale."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from tremor.errors import Refused
from tremor.explain.explanation import Axis
from tremor.report.plots_explanation_panels import Drawing, MeanMap
from tremor.report.plots_explanation_sheet import DOUBLE, SINGLE, About

__all__ = [
    "MeanMap",
    "one_station_classes",
    "one_station_one_class",
    "stations_classes",
    "stations_one_class",
]

TALLEST = 8.0
"""Inches that the panels of one page may take."""

NAMED = 4
"""Classes that a heading names."""

BESIDE = 5
"""Maps that one row has room for."""


def one_station_one_class(
    found: MeanMap, axes: Sequence[Axis], about: About, *, components: bool = False
) -> Figure:
    """The mean map of one class at one station; with `components`, a row for each."""
    return _side_by_side([found], axes, about, components=components)


def one_station_classes(
    found: Sequence[MeanMap],
    axes: Sequence[Axis],
    about: About,
    difference: MeanMap | None = None,
    *,
    components: bool = False,
) -> Figure:
    """The classes of one station beside each other and, last, the `difference` that was tested."""
    shown = [*found, *([difference] if difference else [])]
    return _side_by_side(shown, axes, about, components=components)


def _side_by_side(
    shown: Sequence[MeanMap], axes: Sequence[Axis], about: About, *, components: bool
) -> Figure:
    """Maps in one row (many in several), or with a row for each component."""
    split = components and len(axes) > 2
    if not split and len(shown) > BESIDE:
        return _several_rows(shown, axes, about, [one.label for one in shown], shown[0].station)
    names = [str(name) for name in axes[0].values] if split else [""]
    shape = (len(names), max(len(shown), 1))
    width = SINGLE if len(shown) < 2 else DOUBLE
    parts = [part for one in shown[:1] for part in (one.station, one.label)]
    heading = " · ".join(parts if len(shown) == 1 else parts[:1])
    drawing = Drawing(shown, axes, about, shape, width, components=split)
    drawing.open(0.7 + len(names) * (1.15 if split else 1.5), heading)
    for row, component in enumerate(names):
        for column, one in enumerate(shown):
            name = one.label if row == 0 and len(shown) > 1 else ""
            drawing.panel((row, column), one, name, row)
        drawing.rows[row, 0] = component
    return drawing.close()


def stations_one_class(found: Sequence[MeanMap], axes: Sequence[Axis], about: About) -> Figure:
    """The mean maps of one class, a panel for each station."""
    names = [one.station for one in found]
    return _several_rows(found, axes, about, names, _heading(found[:1], len(found)))


def _several_rows(
    found: Sequence[MeanMap],
    axes: Sequence[Axis],
    about: About,
    names: Sequence[str],
    heading: str,
) -> Figure:
    """A panel for each map, in as many rows as it takes."""
    columns = _columns(len(found))
    rows = -(-len(found) // columns)
    width = DOUBLE if columns > 1 else SINGLE
    drawing = Drawing(found, axes, about, (rows, columns), width)
    drawing.open(rows * min(1.4, TALLEST / rows) + 0.35, heading)
    for place, (one, name) in enumerate(zip(found, names, strict=True)):
        drawing.panel(divmod(place, columns), one, name)
    return drawing.close()


def stations_classes(
    found: Sequence[MeanMap], axes: Sequence[Axis], about: About, order: Sequence[str] = ()
) -> Figure:
    """Rows of classes (in this order), columns of stations; many stations go on in further rows.

    A class that a station has no records of is left empty.
    """
    stations = list(dict.fromkeys(one.station for one in found))
    there = dict.fromkeys(one.label for one in found)
    classes = [*(name for name in order if name in there), *(n for n in there if n not in order)]
    by = {(one.station, one.label): one for one in found}
    if len(by) < len(found):
        raise Refused("a station has two maps of one class", "mean maps", "give one mean for each")
    blocks = -(-len(stations) // (5 if len(stations) <= 20 else 6))
    columns = -(-len(stations) // max(blocks, 1))
    rows = blocks * len(classes)
    width = DOUBLE if columns > 1 else SINGLE
    drawing = Drawing(found, axes, about, (rows, columns), width)
    drawing.open(rows * min(1.3, TALLEST / rows) + 0.3, _heading(found, len(stations)))
    for place, station in enumerate(stations):
        block, column = divmod(place, columns)
        for number, name in enumerate(classes):
            row = block * len(classes) + number
            drawing.panel((row, column), by.get((station, name)), "" if number else station)
            drawing.rows[row, 0] = name
    return drawing.close()


def _heading(found: Sequence[MeanMap], stations: int) -> str:
    """The classes, and of how many stations."""
    names = dict.fromkeys(one.label for one in found)
    classes = " and ".join(names) if len(names) <= NAMED else f"{len(names)} classes"
    return f"{classes} · {stations} station{'' if stations == 1 else 's'}"


def _columns(count: int) -> int:
    """How many columns leave the fewest gaps in a page about as wide as it is high."""
    if count <= 3:
        return max(count, 1)
    fitting = [columns for columns in (3, 4, 5, 6) if columns <= count]
    return min(fitting, key=lambda c: (-count % c / c, abs(c - count**0.5 * 1.1)))
