"""What of a run's config is not as its experiment has it: said in colour at the start."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from rich.text import Text

from tremor.config import catalogue
from tremor.config.resolve import MISSING, REFERENCE, leaves
from tremor.doors.checking import CONFIGS
from tremor.doors.echo import say

ROOT = CONFIGS / "train.yaml"
ABSENT = "(none)"
UNTOLD = ("experiment", "hydra", "dry_run")
"""The experiment is what is compared with; a rehearsal is none of its differences."""
LONGEST = 60  # characters of a value


@dataclass(frozen=True)
class Difference:
    """A key or group of the config, what the experiment has there, and what this run has."""

    key: str
    old: str
    new: str


def tell_differences(composed: DictConfig, choices: Mapping[str, str]) -> None:
    """Say which groups and keys differ from the experiment's own, old value and new.

    Of an experiment from elsewhere (`--config-dir`) it is not known what it sets.
    """
    experiment = choices.get("experiment", "")
    if not (CONFIGS / "experiment" / f"{experiment}.yaml").exists():
        return
    found = differences(composed, choices)
    if not found:
        say(f"config   experiment={experiment} as it comes")
        return
    say(f"config   experiment={experiment} but for {len(found)} setting{'s' * (len(found) > 1)}")
    width = max(len(each.key) for each in found)
    for each in found:
        line = Text(f"         {each.key:<{width}}  ")
        line.append(each.old, "red").append(" -> ").append(each.new, "bold green")
        say(line)


def differences(composed: DictConfig, choices: Mapping[str, str]) -> list[Difference]:
    """Groups chosen anew, then keys set anew; what follows another key is told once, there.

    Keys of a group chosen anew are compared with those of that choice.
    """
    named = {"experiment": choices["experiment"]}
    theirs = catalogue.choices(ROOT, named)
    chosen = {
        group: name
        for group, name in choices.items()
        if name != theirs.get(group) and not group.startswith(UNTOLD)
    }
    usual = catalogue.every_key(ROOT, named | chosen)
    foreign = {g for g, c in chosen.items() if not (CONFIGS / g / f"{c}.yaml").exists()}
    groups = [Difference(g, theirs.get(g, ABSENT), name) for g, name in chosen.items()]
    old = {key: entry.value for key, entry in usual.items()}
    new = dict(leaves(OmegaConf.to_container(composed, resolve=False)))
    keys = dict.fromkeys(_differing(old, new))
    within = {key for key in keys if any(key.startswith(f"{other}.") for other in keys)}
    silent = {*UNTOLD, *foreign}
    told = [key for key in keys if key not in within and key.partition(".")[0] not in silent]
    return [*groups, *(Difference(key, _old(old, key), _new(composed, key)) for key in told)]


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Keys whose text differs between two trees; of a branch that one lacks, its beginning."""
    for key in [*new, *(key for key in old if key not in new)]:
        if key not in old or key not in new:
            yield _branch(key, old if key in new else new)
        elif old[key] != new[key]:
            yield key


def _branch(key: str, other: Mapping[str, Any]) -> str:
    """The beginning of a key up to where the other tree has nothing any more."""
    parts = key.split(".")
    starts = (".".join(parts[:depth]) for depth in range(1, len(parts)))
    there = (key for key in starts if not any(f"{k}.".startswith(f"{key}.") for k in other))
    return next(there, key)


def _old(tree: Mapping[str, Any], key: str) -> str:
    """The value that the experiment has, what it follows looked up."""
    if key not in tree:
        below = {k.removeprefix(f"{key}."): v for k, v in tree.items() if k.startswith(f"{key}.")}
        return _said(below) if below else ABSENT
    match = REFERENCE.fullmatch(str(tree[key]))
    return _old(tree, match.group(1)) if match else _said(tree[key])


def _new(config: DictConfig, key: str) -> str:
    """The value that the run has."""
    try:
        value = OmegaConf.select(config, key, default=..., throw_on_missing=True)
    except OmegaConfBaseException:  # is still to be given, or follows a key that is
        return MISSING
    if value is ...:
        return ABSENT
    return _said(OmegaConf.to_container(value) if OmegaConf.is_config(value) else value)


def _said(value: Any) -> str:
    """A value as one types it, short enough for a line."""
    said = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"
