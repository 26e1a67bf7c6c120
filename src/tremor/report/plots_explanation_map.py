"""One map of attributions: cells over axes in Hz and s, tested contours, and what is marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from tremor.explain.explanation import Axis
from tremor.report.plots_explanation_scale import SIGNED, Floats, Scale
from tremor.report.plots_explanation_sheet import TINY, About
from tremor.report.style import INK, literal

Mask = NDArray[np.bool_]

DOTTED = (0, (1.2, 1.2))
UNKNOWN: dict[str, Any] = {
    "facecolor": (0.55, 0.55, 0.55, 0.28),
    "edgecolor": (0.25, 0.25, 0.25, 0.6),
    "hatch": "//////",
    "linewidth": 0.0,
}
P_LINE: dict[str, Any] = {"color": INK, "linewidth": 0.8, "linestyle": (0, (4, 2))}


def draw(ax: Axes, image: Floats, axes: Sequence[Axis], scale: Scale) -> AxesImage:
    """One map `(row, column)`, each cell in one colour, over its two axes."""
    shown = ax.imshow(image, cmap=SIGNED, norm=scale.norm, **placed(axes))
    _ticks(ax, axes)
    return shown


def placed(axes: Sequence[Axis]) -> dict[str, Any]:
    """How `imshow` lays cells over two axes: numbers upwards, names downwards."""
    rows, columns = edges(axes[-2]), edges(axes[-1])
    names = isinstance(axes[-2].values[0], str)
    ends = (rows[-1], rows[0]) if names else (rows[0], rows[-1])
    return {
        "extent": (columns[0], columns[-1], *ends),
        "origin": "upper" if names else "lower",
        "aspect": "auto",
        "interpolation": "nearest",
    }


def edges(axis: Axis) -> Floats:
    """The borders of the cells along an axis, in its unit; names count from 0."""
    count = len(axis.values)
    if axis.step is None:
        return np.arange(count + 1) - 0.5
    return float(axis.values[0]) + axis.step * (np.arange(count + 1) - 0.5)


def frame(ax: Axes, axes: Sequence[Axis]) -> None:
    """The axes of a map, without one."""
    rows, columns = edges(axes[-2]), edges(axes[-1])
    names = isinstance(axes[-2].values[0], str)
    ends = (rows[-1], rows[0]) if names else (rows[0], rows[-1])
    ax.set(xlim=(columns[0], columns[-1]), ylim=ends)
    _ticks(ax, axes)


def short(name: str, letters: int) -> str:
    """A name of so many letters at most, cut in its middle: stations differ at their ends."""
    if len(name) <= letters:
        return literal(name, letters)
    tail = (letters - 1) // 2
    return literal(name[: letters - 1 - tail] + "…" + name[-tail:], letters)


def centres(axis: Axis) -> Floats:
    """The middles of the cells along an axis, in its unit."""
    borders = edges(axis)
    return (borders[1:] + borders[:-1]) / 2


def _ticks(ax: Axes, axes: Sequence[Axis]) -> None:
    ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    if isinstance(axes[-2].values[0], str):
        names = [literal(str(name), 8) for name in axes[-2].values]
        ax.set_yticks(range(len(names)), names)
    else:
        ax.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))


def axis_label(axis: Axis) -> str:
    """`time (s)`."""
    return f"{axis.name} ({axis.unit})" if axis.unit else axis.name


def outline(ax: Axes, mask: Mask, axes: Sequence[Axis]) -> None:
    """A solid line around cells that hold, along their borders."""
    rows, columns = edges(axes[-2]), edges(axes[-1])
    wide = np.pad(mask, 1)
    lines = [
        ((columns[j], rows[i]), (columns[j + 1], rows[i]))
        for i, j in np.argwhere(wide[1:, 1:-1] != wide[:-1, 1:-1])
    ]
    lines += [
        ((columns[j], rows[i]), (columns[j], rows[i + 1]))
        for i, j in np.argwhere(wide[1:-1, 1:] != wide[1:-1, :-1])
    ]
    for colour, width in (("white", 2.0), (INK, 0.9)):
        found = LineCollection(lines, colors=colour, linewidths=width, capstyle="projecting")
        found.set_gid("significant")
        ax.add_collection(found, autolim=False)


def hatch(ax: Axes, mask: Mask, axes: Sequence[Axis]) -> None:
    """Thin strokes over cells that hold: what is there is not known."""
    rows, columns = edges(axes[-2]), edges(axes[-1])
    corners: list[tuple[float, float]] = []
    for row, line in enumerate(mask):
        turns = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(int), [0]])))
        for first, last in turns.reshape(-1, 2):
            x, y = (columns[first], columns[last]), (rows[row], rows[row + 1])
            corners += [(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1]), (x[0], y[0])]
    codes = [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY] * (len(corners) // 5)
    if corners:
        patch = PathPatch(Path(corners, codes), **UNKNOWN)
        patch.set_gid("uncertain")
        ax.add_patch(patch)


def uncertain_key() -> Patch:
    """What hatching means."""
    return Patch(**UNKNOWN, label="|value| < 2 standard errors")


def mark_p(ax: Axes, p_time: float | None) -> None:
    """An upright line where the P wave arrives, where that is known and on the axis."""
    low, high = ax.get_xlim()
    if p_time is not None and low <= p_time <= high:
        line = ax.axvline(p_time, **P_LINE)
        line.set_path_effects([withStroke(linewidth=1.6, foreground="white", alpha=0.7)])


def p_key(median: bool) -> Line2D:
    """What the upright line means."""
    return Line2D([], [], **P_LINE, label="median P arrival" if median else "P arrival")


def resolution_corner(about: About, axes: Sequence[Axis]) -> tuple[float, float] | None:
    """Height and width of a typical leaf; None where it is not known, or as large as the map."""
    sizes = []
    for axis in axes[-2:]:
        size, ends = about.resolution.get(axis.name), edges(axis)
        if size is None or axis.step is None or size > 0.6 * abs(ends[-1] - ends[0]):
            return None
        sizes.append(float(size))
    return sizes[0], sizes[-1]


def resolution_box(ax: Axes, about: About, axes: Sequence[Axis]) -> None:
    """A dotted box of the size of a typical leaf in the upper right corner."""
    size = resolution_corner(about, axes)
    if size is None:
        return
    (height, width), (left, right), (low, high) = size, ax.get_xlim(), ax.get_ylim()
    corner = (right - 0.03 * (right - left) - width, high - 0.04 * (high - low) - height)
    look: dict[str, Any] = {"fill": False, "edgecolor": INK, "linewidth": 0.8}
    box = Rectangle(corner, width, height, linestyle=DOTTED, **look)
    box.set_gid("resolution")
    ax.add_patch(box)


def resolution_key() -> Patch:
    """What the dotted box means."""
    look: dict[str, Any] = {"facecolor": "none", "edgecolor": INK, "linewidth": 0.8}
    return Patch(**look, linestyle=DOTTED, label="true resolution")


def nothing(ax: Axes, about: About) -> None:
    """Say that a map holds no attribution at all."""
    words = "zero everywhere:\n" + (
        "the class is contradicted" if about.rectified else "nothing is attributed"
    )
    say(ax, words)


def say(ax: Axes, words: str) -> None:
    """Words in the middle of a panel."""
    at: dict[str, Any] = {"transform": ax.transAxes, "ha": "center", "va": "center"}
    at["bbox"] = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    ax.text(0.5, 0.5, words, fontsize=TINY, color=INK, **at)
