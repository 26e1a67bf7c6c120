"""Mean attribution along frequency and along time, with bands over events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes as Panel
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from tremor.errors import Refused
from tremor.explain.explanation import Axis
from tremor.report import plots_explanation_map as maps
from tremor.report.plots_explanation_scale import Floats, density, shortened, unit
from tremor.report.plots_explanation_sheet import DOUBLE, SINGLE, About, label, sheet
from tremor.report.plots_sequence import class_colours
from tremor.report.style import BLUE, INK, VERMILLION, grid, literal

LINES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (5, 1.2, 1.2, 1.2)))


@dataclass(frozen=True)
class Band:
    """The mean of one class along an axis and its interval over events, in logit per cell.

    Few events have no interval: `low` and `high` are NaN.
    """

    label: str
    mean: Floats
    low: Floats
    high: Floats
    records: int
    events: int

    @property
    def known(self) -> bool:
        """Whether there is an interval."""
        return bool(np.isfinite(self.low).all() and np.isfinite(self.high).all())


@dataclass(frozen=True)
class Marginal:
    """The classes along one axis, all other axes summed."""

    axis: Axis
    bands: Sequence[Band]
    p_time: float | None = None


def marginals(found: Sequence[Marginal], about: About, *, title: str = "") -> Figure:
    """A panel for each axis: the mean of each class in its band, against zero."""
    bands = list({band.label: band for one in found for band in one.bands}.values())
    if not bands:
        raise Refused("there is no class mean to draw", "marginals", "explain some records first")
    colours = [BLUE, VERMILLION] if len(bands) <= 2 else class_colours(len(bands))
    styles = {
        band.label: {"color": colour, "linestyle": LINES[place % len(LINES)]}
        for place, (band, colour) in enumerate(zip(bands, colours, strict=False))
    }
    timed = any(one.p_time is not None for one in found)
    keys = [*_keys(bands, styles), *([maps.p_key(median=True)] if timed else [])]
    few = [literal(band.label, 24) for band in bands if not band.known]
    said = [
        "sum over all other axes",
        *([f"too few events for a band: {', '.join(few)}"] if few else []),
    ]
    width = DOUBLE if len(found) > 1 else SINGLE
    figure = sheet(width, 2.1, about, title=title, keys=keys, said=said)
    panels = figure.subplots(1, max(len(found), 1), squeeze=False)[0]
    for ax, one in zip(panels, found, strict=True):
        _draw(label(ax), one, styles)
    return figure


def _keys(bands: Sequence[Band], styles: dict[str, dict[str, Any]]) -> list[Artist]:
    """A line for each class with how much stands behind it, and what the bands are."""
    keys: list[Artist] = [
        Line2D([], [], linewidth=1.2, label=_counted(band), **styles[band.label]) for band in bands
    ]
    grey: dict[str, Any] = {"facecolor": (0.5, 0.5, 0.5, 0.35), "linewidth": 0}
    shaded = any(band.known for band in bands)
    return [*keys, *([Patch(label="95 % band, bootstrap over events", **grey)] if shaded else [])]


def _counted(band: Band) -> str:
    return f"{literal(band.label, 24)}: {band.records:,} records, {band.events:,} events"


def _draw(ax: Panel, one: Marginal, styles: dict[str, dict[str, Any]]) -> None:
    """The bands of one axis over its cells."""
    axes = (one.axis,)
    grid(ax, "y")
    ax.axhline(0, color=INK, linewidth=0.6)
    places = maps.centres(one.axis)
    for band in one.bands:
        style = styles[band.label]
        if band.known:
            band_ends = density(band.low, axes), density(band.high, axes)
            look: dict[str, Any] = {"color": style["color"], "alpha": 0.22, "linewidth": 0}
            ax.fill_between(places, *band_ends, step="mid", **look)
        ax.plot(places, density(band.mean, axes), drawstyle="steps-mid", linewidth=1.2, **style)
    ends = maps.edges(one.axis)
    ax.set_xlim(float(ends[0]), float(ends[-1]))
    _scaled(ax, one.axis)
    if isinstance(one.axis.values[0], str):
        ax.set_xticks(np.arange(len(places)), [literal(str(v), 8) for v in one.axis.values])
    maps.mark_p(ax, one.p_time)


def _scaled(ax: Panel, axis: Axis) -> None:
    """Labels with a power of ten that leaves short numbers."""
    limit = max(abs(end) for end in ax.get_ylim())
    tens, ticks = shortened(limit)
    label(ax, "", maps.axis_label(axis), f"{tens}{unit((axis,))}")
    ax.yaxis.set_major_formatter(ticks)
    ax.yaxis.set_major_locator(MaxNLocator(5))
