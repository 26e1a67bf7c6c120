"""What the config tree offers, read from its files alone: help, listings and completion in 0.1 s.

Hydra composes trees; this reads headings, keys and comments where they are written.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tremor.config.resolve import leaves

LINE = re.compile(r"^(?P<indent> *)(?P<key>[\w]+):(?P<value>[^#]*)(#\s*(?P<note>.*))?$")
OVERRIDING = "override /"
LONGEST = 110  # characters of a line that tells what a choice is
WIRING = ("_target_", "_partial_")


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Times stay texts and `2e-3` is a number, as in Hydra's trees."""


Loader.yaml_implicit_resolvers = {
    sign: [pair for pair in pairs if not pair[0].endswith(":timestamp")]
    for sign, pairs in Loader.yaml_implicit_resolvers.items()
}
EXPONENT = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$")
Loader.add_implicit_resolver("tag:yaml.org,2002:float", EXPONENT, list("-+0123456789"))


@dataclass(frozen=True)
class Entry:
    """A key as a file sets it: its value, and the comment beside it."""

    value: Any
    note: str = ""


def heading(file: Path) -> list[str]:
    """The comment lines at the top of a config file, after Hydra's own directive."""
    lines = [line for line in file.read_text().splitlines() if not line.startswith("# @package")]
    return [line[2:] for line in itertools.takewhile(lambda line: line.startswith("#"), lines)]


def line_of(file: Path) -> str:
    """What a choice is, in one line: its heading, or as many whole sentences as a line holds."""
    first, *more = list(itertools.takewhile(bool, heading(file))) or [""]
    if not more:
        return first
    sentences = re.split(r"(?<=\.) (?=[A-Z])", " ".join([first, *more]))
    said = itertools.accumulate(sentences, lambda a, b: f"{a} {b}")
    return max((text for text in said if len(text) <= LONGEST), key=len, default=sentences[0])


def notes(file: Path) -> dict[str, str]:
    """The comment after each key of a YAML file, by dotted path."""
    found: dict[str, str] = {}
    stack: list[tuple[int, str]] = []
    for match in filter(None, map(LINE.match, file.read_text().splitlines())):
        depth = len(match["indent"])
        stack = [entry for entry in stack if entry[0] < depth] + [(depth, match["key"])]
        if match["note"]:
            found[".".join(key for _, key in stack)] = match["note"].strip()
    return found


@functools.cache
def content(file: Path) -> dict[str, Any]:
    """What a config file says, interpolations as text."""
    return yaml.load(file.read_text(), Loader) or {}


def bases(file: Path) -> list[Path]:
    """Files of the same group that a file builds on."""
    names = (name for name in content(file).get("defaults", []) if isinstance(name, str))
    return [file.with_name(f"{name}.yaml") for name in names if name != "_self_"]


def entries(file: Path) -> dict[str, Entry]:
    """Every key that a choice of a group sets, with those of the files that it builds on."""
    found: dict[str, Entry] = {}
    for base in bases(file):
        found |= entries(base)
    own, said = content(file), notes(file)
    for key, value in leaves({k: v for k, v in own.items() if k != "defaults"}):
        if key:
            found[key] = Entry(value, said.get(key, found[key].note if key in found else ""))
    return _deepest(found)


def _deepest(found: dict[str, Entry]) -> dict[str, Entry]:
    """Without keys that another file has made a mapping of."""
    above = {key[:place] for key in found for place, sign in enumerate(key) if sign == "."}
    return {key: entry for key, entry in found.items() if key not in above}


def lineage(tree: Path, experiment: str) -> Iterator[Path]:
    """The files of an experiment: those that it builds on first, itself last."""
    file = tree / "experiment" / f"{experiment}.yaml"
    if not file.exists():
        return
    for entry in content(file).get("defaults", []):
        if isinstance(entry, str) and entry != "_self_":
            yield from lineage(tree, entry.removeprefix("/experiment/"))
    yield file


def picked(tree: Path, experiment: str) -> dict[str, str]:
    """The choices of groups that an experiment makes."""
    found: dict[str, str] = {}
    for file in lineage(tree, experiment):
        for entry in content(file).get("defaults", []):
            for name, choice in entry.items() if isinstance(entry, dict) else ():
                found[name.removeprefix(OVERRIDING)] = choice
    return found


def settings(tree: Path, experiment: str) -> dict[str, Any]:
    """The keys that an experiment sets, by dotted path."""
    found: dict[str, Any] = {}
    for file in lineage(tree, experiment):
        found |= dict(leaves({k: v for k, v in content(file).items() if k != "defaults"}))
    return found


def defaults(root: Path) -> dict[str, str]:
    """The choices that a root makes by itself."""
    chosen = (entry for entry in content(root)["defaults"] if isinstance(entry, dict))
    return {group: choice for entry in chosen for group, choice in entry.items()}


def choices(root: Path, typed: dict[str, str]) -> dict[str, str]:
    """The choices of groups after what was typed, an experiment's own among them."""
    found = defaults(root)
    experiment = typed.get("experiment", found.get("experiment", ""))
    return found | picked(root.parent, experiment) | typed


def keys(root: Path, typed: dict[str, str]) -> dict[str, Entry]:
    """Every key of the tree that these choices make, by dotted path; not what wires it."""
    every = every_key(root, typed)
    return {key: entry for key, entry in every.items() if key.rpartition(".")[2] not in WIRING}


def keys_of_door(root: Path, typed: dict[str, str]) -> dict[str, Entry]:
    """The keys that a door takes: of its own tree, and of the training tree, which all take."""
    return keys(root.with_stem("train"), typed) | keys(root, typed)


def every_key(root: Path, typed: dict[str, str]) -> dict[str, Entry]:
    """Every leaf of the tree that these choices make, by dotted path."""
    tree = root.parent
    said = notes(root)
    found = {
        key: Entry(value, said.get(key, ""))
        for key, value in content(root).items()
        if key != "defaults"
    }
    chosen = choices(root, typed)
    for group, choice in chosen.items():
        file = tree / group / f"{choice}.yaml"
        if group not in ("experiment", "hydra") and file.exists():
            found |= {f"{group}.{key}": entry for key, entry in entries(file).items()}
    for key, value in settings(tree, chosen.get("experiment", "")).items():
        found[key] = Entry(value, found[key].note if key in found else "")
    return _deepest(found)


def systems(root: Path, group: str, experiments: Iterable[str]) -> dict[str, list[str]]:
    """For each choice of a group, the systems (folders of experiments) that choose it."""
    found: dict[str, list[str]] = {}
    for experiment in experiments:
        choice = choices(root, {"experiment": experiment}).get(group, "")
        found.setdefault(choice, []).append(system_of(experiment))
    return {choice: list(dict.fromkeys(names)) for choice, names in found.items()}


def system_of(experiment: str) -> str:
    """The system that an experiment belongs to: the folder that it is in."""
    folder, _, _ = experiment.rpartition("/")
    return folder or experiment
