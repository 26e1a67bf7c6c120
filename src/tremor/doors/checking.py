"""Composed trees, checked before anything is built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from tremor.config import rules
from tremor.config.build import Plain
from tremor.config.check import Problem, Tree, check, refuse
from tremor.config.overrides import groups_of, loosen, offered, parse, tightened
from tremor.config.resolve import leaves, origin, plain, put
from tremor.config.roots import EXTRAS, RUNTIME, EvaluateRoot, TrainRoot
from tremor.errors import Refused

CONFIGS = Path(__file__).parents[3] / "configs"
BASIC_SWEEPER = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"
ROOTS = {"train": TrainRoot, "evaluate": EvaluateRoot}


@dataclass(frozen=True)
class Command:
    """What was typed for this job: overrides, the choices of groups, the folder Hydra names."""

    overrides: list[str]
    choices: dict[str, str]
    folder: Path | None


def command() -> Command:
    """What Hydra knows of the job that runs now."""
    hydra = HydraConfig.get()
    chosen = {k: str(v) for k, v in hydra.runtime.choices.items() if not k.startswith("hydra")}
    named = Path(hydra.runtime.output_dir)
    folder = None if named == Path(hydra.runtime.cwd) else named
    foreign = set(groups_of(CONFIGS)) - set(hydra.runtime.choices)
    return Command(tightened(hydra.overrides.task, foreign), chosen, folder)


def problems_of(config: DictConfig, root: type) -> tuple[list[Problem], Plain, Plain]:
    """Problems of a composed tree, and the tree resolved and raw."""
    resolved, raw = plain(config)
    found = check(Tree(resolved, raw, root, RUNTIME, EXTRAS, offered(CONFIGS)))
    if root is TrainRoot:
        found += rules.contradictions(resolved) + _sweep_problems(resolved)
    return found, resolved, raw


def checked(config: DictConfig, root: type = TrainRoot) -> tuple[Plain, Plain]:
    """The tree `(resolved, raw)`, or a refusal that lists all its problems."""
    found, resolved, raw = problems_of(config, root)
    refuse(found)
    return resolved, raw


def refuse_with_the_rest(problems: list[Problem], sound: list[str], root: Path) -> NoReturn:
    """Refuse wrong group choices together with whatever else is wrong with the command."""
    with initialize_config_dir(str(root.parent), version_base="1.3"):
        config = compose(root.stem, overrides=sound)
        found, *_ = problems_of(config, ROOTS[root.stem])
    refuse([*problems, *found])
    raise AssertionError("refuse raises")


def _sweep_problems(tree: Plain) -> list[Problem]:
    """An adaptive sweeper gives each subprocess of `ddp` other values: refused."""
    if not HydraConfig.initialized() or HydraConfig.get().mode != RunMode.MULTIRUN:
        return []
    sweeper, strategy = str(HydraConfig.get().sweeper._target_), str(tree["trainer"]["strategy"])
    subprocesses = strategy.startswith(("ddp", "fsdp")) and not strategy.endswith(("spawn", "fork"))
    if not subprocesses or sweeper == BASIC_SWEEPER:
        return []
    fault = f"every process of strategy={strategy} would draw other values from {sweeper}"
    return [Problem("trainer.strategy", fault, "trainer.strategy=ddp_spawn")]


def retuned(saved: Plain, overrides: list[str]) -> tuple[Plain, Plain, list[str]]:
    """A saved raw tree with overrides applied and checked, and what they changed.

    Keys are the training tree's own; a group choice takes that group from the tree of today.
    """
    groups = set(groups_of(CONFIGS)) - {"experiment", "hydra"}
    tree: Plain = OmegaConf.to_container(OmegaConf.create(saved))  # type: ignore[assignment]
    for key, value in parse(loosen(overrides, groups)).items():
        put(tree, key, _group(f"{key}={value}") if key in groups else value)
    resolved, raw = checked(OmegaConf.create(tree))
    before, after = dict(leaves(plain(OmegaConf.create(saved))[0])), dict(leaves(resolved))
    keys = sorted(before.keys() | after.keys())
    changed = [key for key in keys if before.get(key, ...) != after.get(key, ...)]
    return resolved, raw, [key for key in changed if origin(raw, key) == key and "._" not in key]


def _group(choice: str) -> Plain:
    """One group as the training tree composes it."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        try:
            config = compose("train", overrides=[choice])
        except Exception as error:
            reason = str(error).splitlines()[0]
            raise Refused(f"cannot take {choice} ({reason})", "the command line") from error
    return plain(config)[1][choice.partition("=")[0]]  # type: ignore[no-any-return]
