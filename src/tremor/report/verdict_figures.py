"""Every figure that a verdict has the numbers for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.figure import Figure

from tremor.report import plots_multilabel, plots_multitask, plots_verdict
from tremor.report.plots_calibration import reliability
from tremor.report.plots_selective import coverage_in_time, risk_coverage
from tremor.report.plots_sequence import ordinal_times
from tremor.report.plots_strata import strata

Verdict = Mapping[str, Any]
Made = Mapping[str, tuple[str, Callable[[Verdict], Figure]]]

DRAWN: Made = {
    "confusion": ("confusion", lambda v: plots_verdict.confusion(v["confusion"], v["classes"])),
    "per_class": ("per_class", plots_verdict.per_class),
    "reliability": ("calibration", lambda v: reliability(v["calibration"])),
    "risk_coverage": ("selective", lambda v: risk_coverage(v["selective"])),
    "ordinal_times": ("times", lambda v: ordinal_times(v["times"])),
    "strata": ("strata", lambda v: strata(v["strata"])),
}
"""By the figure's name: the section of the verdict that it needs, and how it is drawn."""

TOGETHER: Made = {
    "confusions": ("heads", lambda v: plots_multitask.confusions(v["heads"])),
    "detection": ("detection", lambda v: plots_multitask.detection(v["detection"])),
    "angles": ("circular", lambda v: plots_multitask.angles(v["circular"])),
}
"""The same of several heads."""

SEVERAL: Made = {
    name: ("called", draw)
    for name, draw in (
        ("roc", plots_multilabel.roc),
        ("precision_recall", plots_multilabel.precision_recall),
        ("called", plots_multilabel.called),
        ("reliabilities", plots_multilabel.reliabilities),
    )
}
"""The same of several classes that a record may have at once."""

OF_HEAD = ("per_class", "reliability", "risk_coverage")
"""Figures that each head has for itself."""


def figures_of(verdict: Verdict) -> dict[str, Figure]:
    """The figures of a verdict by name; none for a section that it does not have.

    Those of one head among several have its name at the end: `per_class_azimuth`.
    """
    own = SEVERAL if "called" in verdict else {**TOGETHER, **DRAWN}
    alike = verdict.get("exchangeable", {})
    found = _drawn(own, verdict) | _in_time(verdict, alike)
    for head, own in verdict.get("heads", {}).items():
        each = _drawn({name: DRAWN[name] for name in OF_HEAD}, own) | _in_time(own, alike)
        found |= {f"{name}_{head}": figure for name, figure in each.items()}
    return found


def _in_time(verdict: Verdict, alike: Verdict) -> dict[str, Figure]:
    """Coverage of prediction sets in time, where test groups follow those of validation."""
    dates = verdict.get("slices", {}).get("date", [])
    if not alike.get("in_time") or not dates or "coverage" not in dates[0]:
        return {}
    return {"coverage_in_time": coverage_in_time(dates, verdict["sets"]["wanted"])}


def _drawn(made: Made, verdict: Verdict) -> dict[str, Figure]:
    return {name: draw(verdict) for name, (needed, draw) in made.items() if needed in verdict}
