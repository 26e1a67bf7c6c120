"""How far explanations can be trusted: what happens to the score when cells go, and pointing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes as Panel
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from tremor.errors import Refused
from tremor.report.plots_explanation_scale import Floats
from tremor.report.plots_explanation_sheet import DOUBLE, SINGLE, SMALL, TINY, About, label, sheet
from tremor.report.style import BLUE, INK, grid, literal

GREY = "#777777"
ORDERS = {
    "deletion, highest first": "most_first",
    "deletion, lowest first": "least_first",
    "insertion, highest first": "insertion",
}
RANDOM: dict[str, Any] = {"color": GREY, "linewidth": 1.1, "linestyle": (0, (4, 2))}


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The mean score when a `share` (0 to 1) of all cells is removed or put back.

    `order` says which cells go first ("deletion, highest first"), `fill` what takes their place.
    `random` is the mean over random orders, `random_low` and `random_high` their range; `low` and
    `high` are a 95 % interval over events, where there is one.
    """

    order: str
    fill: str
    share: Floats
    score: Floats
    random: Floats
    random_low: Floats
    random_high: Floats
    low: Floats | None = None
    high: Floats | None = None


def curves_of(audit: Mapping[str, Mapping[str, Sequence[float]]]) -> list[Curve]:
    """The mean curves of an audit's summary, by the name of the fill.

    Putting cells back in random order is removing them in the reverse one.
    """
    found = []
    for fill, lines in audit.items():
        line = {name: np.asarray(values, np.float64) for name, values in lines.items()}
        chance = line["random"], line["random_low"], line["random_high"]
        back = [np.interp(1 - line["fraction"], line["fraction"], one) for one in chance]
        for order, name in ORDERS.items():
            mean, low, high = back if name == "insertion" else chance
            found.append(
                Curve(
                    order=order,
                    fill=fill,
                    share=line["fraction"],
                    score=line[name],
                    random=mean,
                    random_low=low,
                    random_high=high,
                )
            )
    return found


@dataclass(frozen=True)
class Pointing:
    """How often, or how much, a map points at the known evidence, and what a random map reaches."""

    name: str
    value: float
    low: float
    high: float
    null: float
    null_low: float
    null_high: float


def deletion_insertion(curves: Sequence[Curve], about: About) -> Figure:
    """A row for each fill, a column for each order: the score against the share of cells."""
    if not curves:
        raise Refused("there is no curve to draw", "deletion and insertion", "run the audit first")
    orders = list(dict.fromkeys(curve.order for curve in curves))
    fills = list(dict.fromkeys(curve.fill for curve in curves))
    by = {(curve.fill, curve.order): curve for curve in curves}
    width = SINGLE if len(orders) == 1 else DOUBLE
    figure = sheet(width, 0.45 + 1.45 * len(fills), about, keys=_curve_keys(curves))
    panels = figure.subplots(len(fills), len(orders), squeeze=False, sharex=True, sharey=True)
    for (row, column), ax in np.ndenumerate(panels):
        label(ax, literal(orders[column], 30) if row == 0 else "")
        curve = by.get((fills[row], orders[column]))
        if curve is None:
            ax.set_visible(False)
            continue
        _curve(ax, curve)
        if column == 0:
            ax.set_ylabel(f"fill: {literal(fills[row], 16)}\nmean score", fontsize=SMALL, color=INK)
    for ax in panels[-1]:
        ax.set_xlabel("share of cells (%)", fontsize=SMALL, color=INK)
    return figure


def _curve_keys(curves: Sequence[Curve]) -> list[Artist]:
    shade: dict[str, Any] = {"linewidth": 0, "alpha": 0.25}
    own: Artist = Line2D([], [], color=BLUE, linewidth=1.3, label="in the map's order")
    band: Artist = Patch(color=BLUE, label="95 % over events", **shade)
    return [
        own,
        *([band] if any(curve.low is not None for curve in curves) else []),
        Line2D([], [], **RANDOM, label="in random order (mean)"),
        Patch(color=GREY, label="range of random orders", **shade),
    ]


def _curve(ax: Panel, curve: Curve) -> None:
    """The score in the map's order, over that in random order."""
    grid(ax, "y")
    share = 100 * np.asarray(curve.share)
    shade: dict[str, Any] = {"linewidth": 0, "alpha": 0.25}
    ax.fill_between(share, curve.random_low, curve.random_high, color=GREY, **shade)
    ax.plot(share, curve.random, **RANDOM)
    if curve.low is not None and curve.high is not None:
        ax.fill_between(share, curve.low, curve.high, color=BLUE, **shade)
    ax.plot(share, curve.score, color=BLUE, linewidth=1.3)
    ax.set_xlim(share.min(), share.max())


def pointing(rows: Sequence[Pointing], about: About) -> Figure:
    """Pointing scores with their intervals, over what random maps reach."""
    if not rows:
        raise Refused("there is no pointing score to draw", "pointing", "run the audit first")
    keys = [
        Line2D([], [], color=BLUE, marker="o", markersize=4, linewidth=1.3, label="95 % interval"),
        Patch(color=GREY, alpha=0.3, linewidth=0, label="95 % of random maps"),
    ]
    figure = sheet(SINGLE, 0.55 + 0.28 * len(rows), about, keys=keys)
    ax = label(figure.subplots(), "", "pointing score")
    grid(ax, "x")
    for place, row in enumerate(rows):
        ax.barh(place, row.null_high - row.null_low, 0.62, row.null_low, color=GREY, alpha=0.3)
        ax.plot([row.null] * 2, [place - 0.31, place + 0.31], color=GREY, linewidth=1.1)
        ax.plot([row.low, row.high], [place] * 2, color=BLUE, linewidth=1.3)
        ax.plot(row.value, place, "o", color=BLUE, markersize=4)
    ax.set_yticks(range(len(rows)), [literal(row.name, 24) for row in rows], fontsize=TINY)
    ax.set(ylim=(len(rows) - 0.5, -0.5))
    ax.set_xlim(left=min(0.0, *(min(row.low, row.null_low) for row in rows)))
    return figure
