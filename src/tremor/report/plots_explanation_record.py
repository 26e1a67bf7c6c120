"""One record explained: its waveform above its spectrogram above what the network made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes as Panel
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from tremor.errors import Refused
from tremor.explain import units
from tremor.explain.explanation import Axis
from tremor.report import plots_explanation_map as maps
from tremor.report.plots_explanation_map import Mask
from tremor.report.plots_explanation_scale import Floats, Scale, colour_bar, density, unit
from tremor.report.plots_explanation_sheet import DOUBLE, SMALL, TINY, About, label, sheet
from tremor.report.style import INK, literal

LIGHT = "cividis"
NARROW = 0.022
"""Width of a colour bar as a share of the panels'."""

SURE = 2.0
"""Standard errors that a value must reach to be more than noise."""


@dataclass(frozen=True)
class Record:
    """One record: what was explained, how the network answered, and the attribution.

    `values`, `errors` (standard errors), `leaf` and `inputs` have the shape of the axes. Without
    `leaf`, errors of components are taken to go together. `waveform` is `(component, sample)` at
    the seconds `seconds`; `p_time` is in the unit of the time axis.
    """

    name: str
    label: str
    predicted: str
    logit: float
    values: Floats
    inputs: Floats
    probability: float | None = None
    errors: Floats | None = None
    leaf: NDArray[np.integer[Any]] | None = None
    waveform: Floats | None = None
    seconds: Floats | None = None
    p_time: float | None = None
    score: str = "logit"

    def heading(self) -> str:
        """Name, true and predicted class, logit and probability."""
        right = "right" if self.label == self.predicted else "wrong"
        chance = "" if self.probability is None else f", probability {self.probability:.3g}"
        logit = f"{self.logit:.2f}".replace("-", "−")
        said = f"true: {self.label} · predicted: {self.predicted} ({right})"
        return f"{self.name} · {said} · {self.score} {logit}{chance}"


def record_spectrogram(record: Record, axes: Sequence[Axis], about: About) -> Figure:
    """Waveform (where there is one), spectrogram and attribution over the same seconds."""
    image = density(record.values, axes).reshape(-1, *record.values.shape[-2:]).sum(axis=0)
    unsure = uncertain(record)
    traced = record.waveform is not None and record.seconds is not None
    heights = [1.0] * traced + [1.35, 1.35]
    figure = _sheet(record, axes, about, sum(heights) + 0.45, unsure, boxed=True)
    grid = figure.add_gridspec(len(heights), 2, width_ratios=[1, NARROW], height_ratios=heights)
    panels = [figure.add_subplot(grid[row, 0]) for row in range(len(heights))]
    if record.waveform is not None and record.seconds is not None:
        _traces(panels[0], record.waveform, record.seconds, axes)
    heard = record.inputs.reshape(-1, *record.inputs.shape[-2:]).mean(axis=0)
    lit = panels[-2].imshow(heard, cmap=LIGHT, **maps.placed(axes))
    maps.frame(label(panels[-2], "what the network sees"), axes)
    _plain_bar(figure, lit, figure.add_subplot(grid[-2, 1]))
    _attribution(figure, panels[-1], grid[-1, 1], image, unsure, axes, about)
    _share_time(panels, axes, record.p_time)
    for ax in panels[-2:]:
        ax.set_ylabel(maps.axis_label(axes[-2]), fontsize=SMALL, color=INK)
    maps.resolution_box(panels[-1], about, axes)
    return figure


def record_waveform(record: Record, axes: Sequence[Axis], about: About) -> Figure:
    """Each component's trace, and below it a strip of what each time says for or against."""
    if record.values.ndim != 2:
        raise Refused(
            f"attributions with {record.values.ndim} axes",
            f"the figure of record {record.name}",
            "a waveform has components and time; draw others as a spectrogram",
        )
    images = density(record.values, axes)
    unsure, scale = uncertain(record), Scale.over([images])
    names = [literal(str(name), 10) for name in axes[0].values]
    figure = _sheet(record, axes, about, 0.5 + 0.95 * len(names), unsure, boxed=False)
    ratios = [3.2, 1.0] * len(names)
    grid = figure.add_gridspec(len(ratios), 2, width_ratios=[1, NARROW], height_ratios=ratios)
    panels = [figure.add_subplot(grid[row, 0]) for row in range(len(ratios))]
    one = (Axis("", ("",)), axes[-1])
    shown: AxesImage | None = None
    for row, name in enumerate(names):
        trace, strip = panels[2 * row], label(panels[2 * row + 1])
        label(trace).plot(maps.centres(axes[-1]), record.inputs[row], color=INK, linewidth=0.6)
        trace.set_ylabel(name, fontsize=SMALL, color=INK)
        trace.margins(x=0)
        shown = maps.draw(strip, images[row : row + 1], one, scale)
        if unsure is not None:
            maps.hatch(strip, unsure[row : row + 1], one)
        strip.set_yticks([])
    assert shown is not None
    figure.align_ylabels(panels[::2])
    cell = figure.add_subplot(grid[:, 1])
    colour_bar(figure, shown, {"cax": cell}, scale, unit(axes))
    _share_time(panels, axes, record.p_time)
    if not images.any():
        maps.nothing(panels[1], about)
    return figure


def uncertain(record: Record) -> Mask | None:
    """Where the attribution drawn is less than two of its standard errors; None without errors."""
    if record.errors is None:
        return None
    shape = (-1, *record.values.shape[-2:]) if record.values.ndim > 2 else (1, *record.values.shape)
    values, errors = record.values.reshape(shape), record.errors.reshape(shape)
    return np.asarray(np.abs(values.sum(axis=0)) < SURE * _summed(errors, record.leaf))


def _summed(errors: Floats, leaf: NDArray[np.integer[Any]] | None) -> Floats:
    """Standard errors of sums over the first axis: parts of one leaf go together."""
    if leaf is None:
        return np.asarray(errors.sum(axis=0))
    number = leaf.reshape(errors.shape)
    together = number[:, None] == number[None, :]
    variance = (together * errors[:, None] * errors[None, :]).sum(axis=(0, 1))
    return np.asarray(np.sqrt(variance))


def _sheet(
    record: Record,
    axes: Sequence[Axis],
    about: About,
    body: float,
    unsure: Mask | None,
    *,
    boxed: bool,
) -> Figure:
    """The figure with its heading, keys, and what is said of the errors."""
    keys: list[Artist] = []
    said = ["standard errors: not known for this method"]
    if unsure is not None:
        keys.append(maps.uncertain_key())
        said = [f"hatched: {100 * unsure.mean():.0f} % of cells"]
    if record.p_time is not None:
        keys.append(maps.p_key(median=False))
    if boxed and maps.resolution_corner(about, axes) is not None:
        keys.append(maps.resolution_key())
    if len(axes) > 2:
        names = ", ".join(literal(str(name), 8) for name in axes[0].values)
        said.append(f"{names}: mean of spectrograms, sum of attributions")
    return sheet(DOUBLE, body, about, title=record.heading(), keys=keys, said=said)


def _attribution(
    figure: Figure,
    ax: Panel,
    cell: Any,
    image: Floats,
    unsure: Mask | None,
    axes: Sequence[Axis],
    about: About,
) -> None:
    """The map of one record, hatched where it is within its noise."""
    scale = Scale.over([image])
    shown = maps.draw(label(ax, "what speaks for and against"), image, axes, scale)
    if unsure is not None:
        maps.hatch(ax, unsure, axes)
    colour_bar(figure, shown, {"cax": figure.add_subplot(cell)}, scale, unit(axes))
    if not image.any():
        maps.nothing(ax, about)


def _traces(ax: Panel, waveform: Floats, seconds: Floats, axes: Sequence[Axis]) -> None:
    """Components above each other, each to its own height."""
    label(ax, "waveform")
    times = units.converted(seconds, axes[-1].unit)
    names = [str(name) for name in axes[0].values] if len(axes) > 2 else []
    for row, trace in enumerate(waveform):
        height = float(np.abs(trace - trace.mean()).max()) or 1.0
        ax.plot(times, (trace - trace.mean()) / height - 2.1 * row, color=INK, linewidth=0.5)
    places = -2.1 * np.arange(len(waveform))
    ax.set_yticks(places, [literal(n, 8) for n in names] if len(names) == len(places) else [])
    ax.set_ylim(places[-1] - 1.1, 1.1)


def _share_time(panels: Sequence[Panel], axes: Sequence[Axis], p_time: float | None) -> None:
    """One time axis for all panels, named under the last; the P arrival through all of them."""
    ends = maps.edges(axes[-1])
    for ax in panels:
        ax.set_xlim(ends[0], ends[-1])
        ax.xaxis.set_major_locator(MaxNLocator(8))
        ax.tick_params(labelbottom=ax is panels[-1])
        maps.mark_p(ax, p_time)
    panels[-1].set_xlabel(maps.axis_label(axes[-1]), fontsize=SMALL, color=INK)


def _plain_bar(figure: Figure, shown: AxesImage, cell: Panel) -> None:
    """The colour bar of what the network sees: it has no unit."""
    bar = figure.colorbar(shown, cax=cell)
    bar.ax.tick_params(labelsize=TINY, width=0.5, length=2.2, pad=1.8, labelcolor=INK, color=INK)
    bar.outline.set(linewidth=0.5, edgecolor=INK)  # type: ignore[operator]
    bar.set_label("normalised level", fontsize=SMALL, color=INK)
