"""Composed trees, checked before anything is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NoReturn

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from tremor.config import rules
from tremor.config.build import Plain
from tremor.config.check import Problem, Tree, check, nearest, refuse
from tremor.config.overrides import (
    groups_of,
    loosen,
    offered,
    parse,
    swept,
    tightened,
    wrong_choices,
)
from tremor.config.resolve import MISSING, leaves, origin, plain, put
from tremor.config.roots import EXTRAS, RUNTIME, EvaluateRoot, ExplainRoot, TrainRoot
from tremor.errors import Refused

CONFIGS = Path(__file__).parents[3] / "configs"
ROOTS = {"train": TrainRoot, "evaluate": EvaluateRoot, "explain": ExplainRoot}


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
    """Each process that Lightning starts anew would go through the whole sweep again: refused.

    With an adaptive sweeper each of them would train other values.
    """
    if not swept():
        return []
    trainer, strategy = tree["trainer"], str(tree["trainer"]["strategy"])
    several = _several(trainer["devices"]) or trainer["num_nodes"] != 1
    if not several or strategy.endswith(("spawn", "fork", "notebook")) or _launched():
        return []
    fault = f"each process of strategy={strategy} would go through the whole sweep by itself"
    remedy = "trainer.strategy=ddp_spawn (ddp_fork on CPUs), or trainer.devices=1"
    return [Problem("trainer.strategy", fault, remedy)]


def _launched() -> bool:
    """Did a launcher start all processes of this job?"""
    from tremor.doors import meeting  # it loads torch

    return meeting.launcher() is not None


def _several(devices: Any) -> bool:
    """May `trainer.devices` mean more than one?"""
    return len(devices) > 1 if isinstance(devices, list) else str(devices) != "1"


def asked(
    composed: DictConfig, root: type, offered: Mapping[str, tuple[str, ...]]
) -> tuple[Any, list[str]]:
    """A door's own keys, checked, and the overrides that are meant for the checkpoint's tree.

    `offered` are the words that some of the keys are chosen from.
    """
    own = {field.name for field in fields(root)}
    known = own | {field.name for field in fields(TrainRoot)}
    typed = {text: text.lstrip("+~").split("=")[0] for text in command().overrides}
    theirs = {text: key for text, key in typed.items() if key.split(".")[0] not in own}
    problems = [_stranger(k, known) for k in theirs.values() if k.split(".")[0] not in known]
    tree = OmegaConf.to_container(composed)
    assert isinstance(tree, dict)
    given = {key: tree[key] for key in own & tree.keys() if tree[key] != MISSING}
    if "checkpoint" not in given:
        remedy = "checkpoint=outputs/<experiment>/<run>"
        problems.append(Problem("checkpoint", "must be given", remedy))
    if "dry_run" in theirs.values():
        problems.append(Problem("dry_run", "is of simple_train.py alone", "leave it out"))
    for key, words in offered.items():
        if given[key] not in words:
            remedy = f"{key}={nearest(str(given[key]), words) or words[0]}"
            problems.append(Problem(key, f"is one of {', '.join(words)}", remedy))
    found, resolved, _ = problems_of(OmegaConf.create(given), root)
    refuse(problems + [p for p in found if p.path != "checkpoint" or "checkpoint" in given])
    return root(**resolved), list(theirs)


def _stranger(key: str, known: set[str]) -> Problem:
    """An override whose key neither this door nor the training tree has."""
    guess = nearest(key, known)
    hint = f"; did you mean {guess}?" if guess else ""
    return Problem(key, f"neither this door nor the training tree has such a key{hint}")


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
    return plain(composed("train", [choice]))[1][choice.partition("=")[0]]  # type: ignore[no-any-return]


def composed(root: str, overrides: Sequence[str]) -> DictConfig:
    """The tree of a root with overrides, where Hydra's own `main` does not run."""
    if not CONFIGS.is_dir():
        fault = "this Tremor was installed without its config tree"
        raise Refused(fault, str(CONFIGS), "pip install -e <a copy of the repository>")
    groups = groups_of(CONFIGS)
    refuse(wrong_choices(overrides, groups)[1])
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        try:
            config: DictConfig = compose(root, overrides=loosen(overrides, groups))
        except Exception as error:
            reason = str(error).splitlines()[0]
            said = " ".join(overrides)
            raise Refused(f"cannot take {said} ({reason})", "the overrides") from error
    return config
