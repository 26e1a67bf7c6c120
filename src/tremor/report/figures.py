"""The figures that a run's own files suffice for."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from tremor.report import plots
from tremor.report.files import RunFiles

CURVES = ("train/loss", "val/loss", "train/accuracy", "val/accuracy")


def run_figures(
    run: Path, *, unit: str = "event", monitor: str = "val/loss", mode: str = "min"
) -> dict[str, Figure]:
    """Learning curves, class balance, confusion and per-class scores, as far as the run has them.

    The best epoch is where `monitor` is at its `mode` (`min` or `max`); `unit` names a group.
    """
    files = RunFiles.read(run)
    found: dict[str, Figure] = {}
    if files.metrics is not None and files.metrics.columns.isin(CURVES).any():
        found["learning_curves"] = plots.learning_curves(files.metrics, monitor, mode)
    if files.audit and files.audit.get("balance"):
        found["class_balance"] = plots.class_balance(files.audit["balance"], unit)
    if files.verdict:
        found["confusion"] = plots.confusion(files.verdict["confusion"], files.verdict["classes"])
        found["per_class"] = plots.per_class(files.verdict)
    return found
