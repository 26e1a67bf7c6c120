"""Panels of mean maps that make one figure: one colour scale, one set of keys, shared axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes as Panel
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from tremor.errors import Refused
from tremor.explain.explanation import Axis
from tremor.report import plots_explanation_map as maps
from tremor.report.plots_explanation_map import Mask
from tremor.report.plots_explanation_scale import Floats, Scale, colour_bar, density, unit
from tremor.report.plots_explanation_sheet import LETTER, SMALL, TINY, About, label, sheet
from tremor.report.style import INK, literal

Panels = NDArray[np.object_]

BESIDE = 1.3
"""Inches of a figure's width that labels and the colour bar take."""

LOW = 1.0
"""Panels of less height than this, in inches, name their rows by the unit alone."""

COUNTS = (
    "{records:,} records, {events:,} events",
    "{records:,} rec., {events:,} ev.",
    "n = {records:,} / {events:,}",
)


@dataclass(frozen=True)
class MeanMap:
    """The mean attribution of the records of one station and class, in logit per cell.

    `values` has the shape of the axes. `significant`, where a test was made, has the shape of what
    is drawn: the last two axes, or all of them when components have rows of their own. `p_time` is
    the median P arrival, in the unit of the time axis.
    """

    values: Floats
    station: str
    label: str
    records: int
    events: int
    significant: Mask | None = None
    p_time: float | None = None


class Drawing:
    """A grid of panels, `rows` by `columns`, for `found` maps, on a sheet of `width` inches."""

    def __init__(
        self,
        found: Sequence[MeanMap],
        axes: Sequence[Axis],
        about: About,
        shape: tuple[int, int],
        width: float,
        *,
        components: bool = False,
    ) -> None:
        if not found:
            raise Refused("there is no map to draw", "mean maps", "explain some records first")
        self.axes, self.about, self.found = axes, about, found
        self.components = components
        self.images = {id(one): self._planes(one) for one in found}
        self.scale = Scale.over(i for planes in self.images.values() for i in planes)
        self.shape, self.width = shape, width
        self.letters = int(((width - BESIDE) / shape[1] - 0.08) / (LETTER * TINY))
        fitting = [form for form in COUNTS if self._longest(form) <= self.letters]
        self.count = [*fitting, COUNTS[-1]][0]
        self.rows: dict[tuple[int, int], str] = {}
        self.last: AxesImage | None = None

    def _planes(self, one: MeanMap) -> Floats:
        """The density of a map, `(plane, row, column)`."""
        dense = density(one.values, self.axes)
        planes = dense.reshape(-1, *dense.shape[-2:])
        planes = planes if self.components else planes.sum(axis=0, keepdims=True)
        wanted = planes.shape if self.components else planes.shape[1:]
        if one.significant is not None and one.significant.shape != wanted:
            raise Refused(
                f"a test of shape {one.significant.shape} for a map of shape {wanted}",
                f"the mean map of {one.station}, {one.label}",
                "test what is drawn: the sum over components, or each of them",
            )
        return planes

    def _longest(self, form: str) -> int:
        return max(len(form.format(records=o.records, events=o.events)) for o in self.found)

    def open(self, body: float, heading: str) -> Panels:
        """The figure with its headings, keys and foot; its panels are `body` inches high."""
        self.low = body / self.shape[0] < LOW
        tested = [one.significant for one in self.found if one.significant is not None]
        keys, said = self._keys(tested), self._said(tested)
        self.figure = sheet(self.width, body, self.about, title=heading, keys=keys, said=said)
        self.panels = np.asarray(self.figure.subplots(*self.shape, squeeze=False), dtype=object)
        for ax in self.panels.flat:
            ax.set_visible(False)
        return self.panels

    def _keys(self, tested: Sequence[Mask]) -> list[Artist]:
        keys: list[Artist] = []
        if any(mask.any() for mask in tested):
            name = "significant, family-wise 5 % (max-T)"
            keys.append(Line2D([], [], color=INK, linewidth=0.9, label=name))
        if any(one.p_time is not None for one in self.found):
            keys.append(maps.p_key(median=True))
        if maps.resolution_corner(self.about, self.axes) is not None:
            keys.append(maps.resolution_key())
        return keys

    def _said(self, tested: Sequence[Mask]) -> list[str]:
        """What no panel can say: of the tests, and of what was summed."""
        said = []
        if not tested:
            said.append("no test is drawn")
        elif not any(mask.any() for mask in tested):
            said.append("tested: no cell is significant (family-wise 5 %)")
        if tested and len(tested) < len(self.found):
            said.append(f"{len(tested)} of {len(self.found)} panels tested")
        if len(self.axes) > 2 and not self.components:
            names = ", ".join(literal(str(name), 8) for name in self.axes[0].values)
            said.append(f"sum over {names}")
        if self.count == COUNTS[-1]:
            said.append("n: records / events")
        return said

    def panel(self, place: tuple[int, int], one: MeanMap | None, name: str, plane: int = 0) -> None:
        """One map in its place, or an empty frame where there are no records."""
        ax: Panel = self.panels[place]
        ax.set_visible(True)
        label(ax)
        self._head(ax, name, one if plane == 0 else None)
        if one is None:
            maps.frame(ax, self.axes)
            maps.say(ax, "no records")
            return
        image = self.images[id(one)][plane]
        self.last = maps.draw(ax, image, self.axes, self.scale)
        if one.significant is not None:
            mask = one.significant[plane] if self.components else one.significant
            maps.outline(ax, mask, self.axes)
        maps.mark_p(ax, one.p_time)
        if not image.any():
            maps.nothing(ax, self.about)

    def _head(self, ax: Panel, name: str, one: MeanMap | None) -> None:
        """The name of a panel, and below it how much stands behind it."""
        count = self.count.format(records=one.records, events=one.events) if one else ""
        ax.set_title(count, loc="left", fontsize=TINY, color=INK, pad=2.5)
        above: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
        above |= {"fontsize": SMALL, "fontweight": "bold", "color": INK}
        if name:
            at = (0, 3.2 + 1.3 * TINY)
            ax.annotate(maps.short(name, int(self.letters * 0.75)), (0, 1), at, **above)

    def close(self) -> Figure:
        """Labels on the outer panels, the box of the true resolution, and the colour bar."""
        assert self.last is not None
        for place, ax in np.ndenumerate(self.panels):
            if ax.get_visible():
                self._outer(ax, place)
        maps.resolution_box(self.panels[0, 0], self.about, self.axes)
        height = self.figure.get_figheight()
        shrink = 1.0 if height < 6 else 4.0 / height
        where = {"ax": self.panels.ravel().tolist(), "aspect": 9 * height * shrink}
        where |= {"shrink": shrink, "fraction": 0.05, "pad": 0.015}
        colour_bar(self.figure, self.last, where, self.scale, unit(self.axes))
        return self.figure

    def _outer(self, ax: Panel, place: tuple[int, ...]) -> None:
        """Labels at the left and at the lower end only."""
        row, column = place
        ax.tick_params(labelleft=column == 0)
        if column == 0:
            rows = self.axes[-2]
            name = rows.unit if self.low and rows.unit else maps.axis_label(rows)
            lines = [literal(self.rows.get((row, column), ""), 14), name]
            ax.set_ylabel("\n".join(line for line in lines if line), fontsize=SMALL)
        last = row + 1 == len(self.panels) or not self.panels[row + 1, column].get_visible()
        ax.tick_params(labelbottom=last)
        if last:
            ax.set_xlabel(maps.axis_label(self.axes[-1]), fontsize=SMALL)
