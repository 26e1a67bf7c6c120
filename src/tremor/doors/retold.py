"""What is found of a run after it has ended, added to its dashboards where that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from tremor.config.build import Plain
from tremor.config.overrides import key_of
from tremor.config.signature import signature_of
from tremor.doors.echo import say
from tremor.doors.mirrors import OURS, informed, nodes_of
from tremor.doors.opened import OpenedRun
from tremor.doors.processes import first
from tremor.doors.sharing import LOGGER
from tremor.errors import Refused
from tremor.report.files import read_json
from tremor.report.verdict_figures import figures_of
from tremor.training import checkpoints, loggers
from tremor.training.mirrors import About, Findings, Mirror


def mirrors_of(run: OpenedRun, overrides: Sequence[str]) -> list[Mirror]:
    """The run's dashboards, not begun yet, if `logger=…` is typed; what cannot be is refused."""
    if not any(key_of(text).partition(".")[0] == LOGGER for text in overrides) or not first():
        return []
    folder, card = checkpoints.run_of(run.checkpoint), run.task.card
    if folder is None:
        fault = "a checkpoint outside a run folder has no dashboard to add to"
        raise Refused(fault, LOGGER, f"leave out {LOGGER}, or give the run's folder")
    about = About(
        folder, card["config"], card["choices"], say, card["provenance"], resumed=True, judged=True
    )
    asked = [node for node in nodes_of(run.config) if _is_ours(node)]
    found = [informed(node, about) for node in asked]
    return [mirror for mirror in found if isinstance(mirror, Mirror)]


def _is_ours(node: Plain) -> bool:
    asked = signature_of(node["_target_"]).settings
    return str(node["_target_"]).startswith(OURS) and "about" in asked


def tell_verdict(
    mirrors: Sequence[Mirror],
    run: OpenedRun,
    folder: Path,
    verdict: dict[str, Any],
    figures: dict[str, Figure],
) -> None:
    """Add a verdict that lies in `folder`, with the page's `figures`, or those of it alone."""
    place = checkpoints.run_of(run.checkpoint)
    if not mirrors or place is None:
        return
    kept = place / "summary.json"
    steps = int(read_json(kept, "")["steps"]) if kept.exists() else 0
    aside = "" if folder == place / "evaluation" else folder.name
    shown = figures or figures_of(verdict)
    _tell(mirrors, lambda mirror: mirror.conclude(Findings(steps, verdict, shown, place, aside)))


def tell_maps(mirrors: Sequence[Mirror], folder: Path) -> None:
    """Add the pictures of explanations that lie in `folder`."""
    drawn = {f"explanations/{folder.name}/{one.stem}": one for one in sorted(folder.glob("*.png"))}
    _tell(mirrors, lambda mirror: mirror.illustrate(drawn))


def _tell(mirrors: Sequence[Mirror], add: Callable[[Mirror], None]) -> None:
    for mirror in mirrors:
        mirror.begin()
        add(mirror)
    loggers.close(list(mirrors), 0)
