"""The record that a sweep keeps: begun anew, or taken up where it was left."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from tremor.config.overrides import groups_of, tightened
from tremor.doors.checking import CONFIGS
from tremor.errors import Refused
from tremor.files import near
from tremor.training.sweep_folder import State, Sweep


def recorded(config: DictConfig, place: Path) -> bool:
    """Whether a sweep keeps a record: it trains, in earnest, and this is its first process."""
    first = int(os.environ.get("LOCAL_RANK", 0)) == 0
    return place != Path() and first and not config.get("dry_run")


def new_sweep(folder: Path, config: DictConfig) -> Sweep:
    """A sweep without jobs yet."""
    arguments: Any = OmegaConf.to_container(config.hydra.overrides.task)
    hydra: Any = OmegaConf.to_container(config.hydra.overrides.hydra)
    typed = as_typed(config, arguments)
    here, more, me = str(Path.cwd()), _config_dir(config), State.running()
    return Sweep(folder, arguments, typed, hydra, [], here, config_dir=more, by=me)


def taken_up(folder: Path) -> Sweep:
    """A sweep that goes on in this process, and in no other one."""
    sweep = Sweep.read(folder)
    if pid := sweep.busy:
        said = f"this sweep still runs (process {pid}), and starts its jobs itself"
        raise Refused(said, near(folder), f"wait until it has ended, or stop it: kill -INT {pid}")
    return replace(sweep, by=State.running()).write()


def _config_dir(config: DictConfig) -> str:
    """The folder that `--config-dir` named."""
    sources = config.hydra.runtime.config_sources
    return next((str(one.path) for one in sources if one.provider == "command-line"), "")


def as_typed(config: DictConfig, overrides: Sequence[str]) -> list[str]:
    """Overrides as a user types them."""
    foreign = set(groups_of(CONFIGS)) - set(config.hydra.runtime.choices)
    return tightened(overrides, foreign)
