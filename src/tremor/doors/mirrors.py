"""A run's loggers: refused early, told what they ask for, ended in the run's true state."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from lightning.pytorch.loggers import Logger

from tremor.config.build import Plain, build
from tremor.config.overrides import swept
from tremor.config.signature import signature_of
from tremor.doors import processes
from tremor.doors.echo import say
from tremor.errors import FAULT, STOPPED, TremorError
from tremor.files import write_whole
from tremor.training.mirrors import About, Findings, Mirror

OURS = "tremor."


def refuse_unsound(config: Plain, choices: dict[str, str]) -> None:
    """Refuse settings of our loggers that cannot be; nothing is written yet."""
    about = About(Path(config["output_dir"]), config, choices, say)
    for node in nodes_of(config):
        if node["_target_"].startswith(OURS):
            informed(node, about)


def nodes_of(config: Plain) -> list[Plain]:
    """The nodes of the loggers that are not switched off."""
    return [node for node in config["logger"].values() if isinstance(node, dict)]


def informed(node: Plain, about: About) -> Any:
    """A logger or callback, with those facts of the run that it asks for."""
    known = {
        "folder": str(about.folder),
        "dirpath": str(about.folder / "checkpoints"),
        "about": about,
    }
    asked = signature_of(node["_target_"]).settings
    return build(node, **{name: fact for name, fact in known.items() if name in asked})


@contextmanager
def mirrored(about: About) -> Iterator[list[Logger]]:
    """The run's loggers; they end in its true state, and a fault leaves its traceback behind."""
    made = [informed(node, about) for node in nodes_of(about.config)]
    try:
        for mirror in made:
            if isinstance(mirror, Mirror):
                mirror.begin()
        yield made
    except BaseException as error:
        text = traceback.format_exc()
        write_whole(about.folder / processes.own_name("traceback.txt"), text)
        processes.closing(made, code=code_of(error))
        raise
    processes.closing(made, code=0)


def code_of(error: BaseException) -> int:
    """The exit code that an error ends a run with."""
    if isinstance(error, TremorError):
        return error.code
    return STOPPED if isinstance(error, KeyboardInterrupt) else FAULT


def conclude(mirrors: list[Logger], findings: Findings) -> None:
    """Hand every mirror what the judge found."""
    for mirror in mirrors:
        if isinstance(mirror, Mirror):
            mirror.conclude(findings)


def sweep_of() -> str | None:
    """The sweep that this job is of, as `<experiment>/<time>`."""
    if not swept():
        return None
    return "/".join(Path(HydraConfig.get().sweep.dir).parts[-2:])
