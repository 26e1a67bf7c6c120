"""Every figure that a verdict has the numbers for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.figure import Figure

from tremor.report import plots
from tremor.report.plots_calibration import reliability
from tremor.report.plots_sequence import ordinal_times
from tremor.report.plots_strata import strata

Verdict = Mapping[str, Any]
DRAWN: dict[str, tuple[str, Callable[[Verdict], Figure]]] = {
    "confusion": ("confusion", lambda v: plots.confusion(v["confusion"], v["classes"])),
    "per_class": ("per_class", plots.per_class),
    "reliability": ("calibration", lambda v: reliability(v["calibration"])),
    "ordinal_times": ("times", lambda v: ordinal_times(v["times"])),
    "strata": ("strata", lambda v: strata(v["strata"])),
}
"""By the figure's name: the section of the verdict that it needs, and how it is drawn."""


def figures_of(verdict: Verdict) -> dict[str, Figure]:
    """The figures of a verdict by name; none for a section that it does not have."""
    return {name: draw(verdict) for name, (needed, draw) in DRAWN.items() if needed in verdict}
