"""Error among the surest answers, and coverage of prediction sets in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from tremor.report.style import BLUE, DASHED, INK, SMALL, canvas, dress, grid, legend

Rows = Sequence[Mapping[str, Any]]


def risk_coverage(found: Mapping[str, Any]) -> Figure:
    """The share of wrong answers among the share of records that are answered most surely.

    `found` is the part `selective` of a verdict.
    """
    points = found["points"]
    kept, risk, low, high = (
        np.array([p[key] for p in points], dtype=float) for key in ("kept", "risk", "lo", "hi")
    )
    figure = canvas(height=2.9)
    ax = dress(figure.subplots(), "", "share of records that are answered, surest first", "wrong")
    grid(ax, "y")
    ax.axhline(found["area"]["chance"], label="if being sure said nothing", **DASHED)
    ax.fill_between(kept, low, high, color=BLUE, alpha=0.18, linewidth=0)
    ax.plot(kept, risk, "o-", color=BLUE, markersize=3.5, linewidth=1, label="this model")
    top = max(0.02, float(np.nanmax([*risk, *high[np.isfinite(high)]])))
    ax.set(xlim=(0, 1.02), ylim=(-0.03 * top, 1.08 * top))
    legend(ax, 2)
    return figure


def coverage_in_time(rows: Rows, wanted: float) -> Figure:
    """How often the sets of successive times hold the class; `rows` are slices by date."""
    shares = [row["coverage"] for row in rows]
    value, low, high = (
        np.array([s[key] for s in shares], dtype=float) for key in ("value", "lo", "hi")
    )
    figure = canvas(height=2.9)
    ax = dress(figure.subplots(), "", "", "coverage")
    grid(ax, "y")
    place = np.arange(len(rows))
    reach = np.nan_to_num(np.clip([value - low, high - value], 0, None))
    ax.axhline(wanted, label="wanted", **DASHED)
    ax.errorbar(place, value, yerr=reach, fmt="o", color=BLUE, markersize=4.5, elinewidth=1.2)
    names = [str(row["name"]).replace(" to ", "\nto ") for row in rows]
    ax.set_xticks(place, names, fontsize=SMALL - 1.5, color=INK)
    ax.set(xlim=(-0.5, len(rows) - 0.5), ylim=(min(0.45, np.nanmin(value) - 0.1), 1.03))
    legend(ax, 1)
    return figure
