"""A 12-lead ECG on paper, true to scale, with what an explanation says of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from tremor.report.style import BLUE, INK, VERMILLION, literal

SPEED, GAIN = 25.0, 10.0  # mm/s, mm/mV
INCH = 25.4  # mm
PAPER = "#C2697F"  # of the grid
SIDE, TOP, BELOW = 14.0, 17.0, 12.0  # margins [mm]
LEAST = 12.5  # height of a lead [mm]
MANY = 3000  # spans that can still be told apart on paper
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Span:
    """A part of a lead [s] that an explanation credits as one, with its credit and its error."""

    lead: int
    start: float
    end: float
    credit: float
    error: float | None


def spans(values: Floats, errors: Floats | None, rate: float) -> list[Span]:
    """Neighbouring samples of a lead with one and the same value, where that is not 0.

    `values` and `errors` are `(lead, time)`; credits are sums over a span's samples. Of a map that
    tells single samples apart, spans are 1 mm of paper wide, without errors.
    """
    found = []
    if np.count_nonzero(np.diff(values)) > MANY:
        values, errors = _coarse(values, max(1, round(rate / SPEED))), None
    for lead, row in enumerate(values):
        edges = np.flatnonzero(np.diff(row)) + 1
        for start, end in zip([0, *edges], [*edges, len(row)], strict=True):
            if row[start] != 0:
                error = None if errors is None else float(errors[lead, start] * (end - start))
                credit = float(row[start] * (end - start))
                found.append(Span(lead, start / rate, end / rate, credit, error))
    return found


def _coarse(values: Floats, width: int) -> Floats:
    """Means over so many samples, in their place."""
    starts = np.arange(0, values.shape[1], width)
    counts = np.diff(starts, append=values.shape[1])
    means = np.add.reduceat(values, starts, axis=1) / counts
    return np.asarray(np.repeat(means, counts, axis=1))


def ecg_sheet(
    signal: Floats,
    rate: float,
    leads: Sequence[str],
    marked: Sequence[Span],
    title: str,
    caption: str,
    written: int = 8,
) -> Figure:
    """The record `signal (lead, time)` in mV at 25 mm/s and 10 mm/mV, printed at full size.

    Spans are shaded by credit, warm for and cool against; the `written` largest in size have it
    written, with the standard error where there is one.
    """
    seconds = signal.shape[1] / rate
    height = max(LEAST, 160.0 / len(leads))
    size = seconds * SPEED + 2 * SIDE, height * len(leads) + TOP + BELOW
    figure = Figure(figsize=(size[0] / INCH, size[1] / INCH), facecolor="white")
    box = SIDE / size[0], BELOW / size[1], 1 - 2 * SIDE / size[0], 1 - (TOP + BELOW) / size[1]
    ax = figure.add_axes(box)
    tall = height / GAIN * len(leads)  # mV
    _paper(ax, seconds, tall)
    middles = np.asarray(tall - (np.arange(len(leads)) + 0.5) * height / GAIN, np.float64)
    _shade(ax, marked, middles, height / GAIN, written)
    times = np.arange(signal.shape[1]) / rate
    for name, middle, trace in zip(leads, middles, signal, strict=True):
        level = np.median(trace)
        ax.plot(times, trace - level + middle, color=INK, linewidth=0.6, solid_joinstyle="round")
        ax.text(-0.06, middle, name, fontsize=8, fontweight="bold", color=INK, ha="right")
    figure.text(box[0], 1 - 6 / size[1], literal(title, 150), fontsize=10, fontweight="bold")
    figure.text(box[0], 1 - 11 / size[1], literal(caption, 220), fontsize=7.5)
    figure.text(box[0], 3 / size[1], "25 mm/s, 10 mm/mV; seconds below", fontsize=7.5)
    return figure


def _paper(ax: Axes, seconds: float, tall: float) -> None:
    """Squares of 1 and of 5 mm, and seconds below."""
    ax.set(xlim=(0, seconds), ylim=(0, tall))
    ax.set_xticks(np.arange(0, seconds + 1e-9, 1.0))
    ax.tick_params(labelsize=7.5, length=0, pad=2)
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    for step, width in ((1.0, 0.15), (5.0, 0.4)):
        lines: dict[str, Any] = {"colors": PAPER, "linewidth": width, "alpha": 0.55, "zorder": 0}
        ax.vlines(np.arange(0, seconds + 1e-9, step / SPEED), 0, tall, **lines)
        ax.hlines(np.arange(0, tall + 1e-9, step / GAIN), 0, seconds, **lines)


def _shade(ax: Axes, marked: Sequence[Span], middles: Floats, tall: float, written: int) -> None:
    """Spans behind the trace, the strongest darkest; numbers over the largest."""
    most = max((abs(span.credit) for span in marked), default=1.0)
    for span in marked:
        colour = VERMILLION if span.credit > 0 else BLUE
        low, wide = middles[span.lead] - 0.46 * tall, span.end - span.start
        share = abs(span.credit) / most
        face = {"color": colour, "alpha": 0.08 + 0.47 * share, "linewidth": 0, "zorder": 0.5}
        if share > 0.03:
            ax.bar(span.start, 0.92 * tall, wide, low, align="edge", **face)
    for span in sorted(marked, key=lambda one: -abs(one.credit))[:written]:
        error = "" if span.error is None else f"\n± {span.error:.1g}"
        place = (span.start + span.end) / 2, middles[span.lead] - 0.44 * tall
        said = f"{span.credit:+.2g}{error}"
        text = ax.text(*place, said, fontsize=6, ha="center", va="bottom", color=INK)
        text.set_path_effects([withStroke(linewidth=1.5, foreground="white")])
