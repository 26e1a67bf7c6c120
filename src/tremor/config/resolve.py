"""From OmegaConf to plain Python: after this step nothing of OmegaConf is left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import (
    InterpolationKeyError,
    InterpolationToMissingValueError,
    OmegaConfBaseException,
)

from tremor.config.build import Plain
from tremor.errors import Refused

MISSING = "???"
REFERENCE = re.compile(r"\$\{([a-zA-Z_][\w.]*)\}")


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every `(dotted path, value)` of a tree that is not itself a non-empty mapping."""
    if not isinstance(tree, dict) or not tree:
        yield path, tree
        return
    for key, value in tree.items():
        yield from leaves(value, f"{path}.{key}" if path else str(key))


def select(tree: Plain, path: str) -> Any:
    """The value at a dotted path, or None where there is none."""
    node: Any = tree
    for key in path.split("."):
        if not isinstance(node, dict) or key not in node:
            return None
        node = node[key]
    return node


def put(tree: Plain, path: str, value: Any) -> None:
    """Set the value at a dotted path, making the mappings on the way."""
    *parents, last = path.split(".")
    for key in parents:
        if not isinstance(tree.get(key), dict):
            tree[key] = {}
        tree = tree[key]
    tree[last] = value


def plain(config: DictConfig) -> tuple[Plain, Plain]:
    """The tree as `(resolved, raw)` plain dicts; in `raw`, interpolations are still text.

    A value that is still to be given stays `???` in both, wherever it is interpolated.
    """
    raw: Plain = OmegaConf.to_container(config, resolve=False)  # type: ignore[assignment]
    resolved: Plain = {}
    for path, value in list(leaves(raw)):
        put(resolved, path, _resolved(config, path) if "${" in str(value) else value)
        if _from_outside(str(value)):  # the environment of today, once and for all
            put(raw, path, select(resolved, path))
    return resolved, raw


def _from_outside(text: str) -> bool:
    """Whether a text interpolates anything but keys of the tree (which may name keys in turn)."""
    inner = REFERENCE.sub("_", text)
    return "${" in inner if inner == text else _from_outside(inner)


def _resolved(config: DictConfig, path: str) -> Any:
    try:
        value = OmegaConf.select(config, path, throw_on_missing=False, default=MISSING)
    except InterpolationToMissingValueError:
        return MISSING
    except InterpolationKeyError as error:
        raise _no_such(config, str(error), path) from error
    except OmegaConfBaseException as error:
        raise Refused(f"{path} cannot be resolved: {str(error).splitlines()[0]}", path) from error
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value


def _no_such(config: DictConfig, said: str, path: str) -> Refused:
    """A key that an interpolation names and that is not there, with those that are."""
    wanted = next(iter(re.findall(r"'([\w.]+)'", said)), "")
    group, _, name = wanted.rpartition(".")
    there = OmegaConf.select(config, group) if group else None
    if not isinstance(there, DictConfig):
        return Refused(f"{path} cannot be resolved: {said.splitlines()[0]}", path)
    choices = ", ".join(map(str, there))
    raw = str(OmegaConf.to_container(config, resolve=False))
    asked = re.search(r"\$\{" + re.escape(group) + r"\.\$\{([\w.]+)\}\}", raw)
    key = asked.group(1) if asked else path
    return Refused(f"there is no {name!r} in {group} ({choices})", key, f"{key}=<one of these>")


def references(raw: Plain) -> dict[str, list[str]]:
    """Which keys are read by which: `{'dataset.batch_size': ['loader.batch_size']}`."""
    readers: dict[str, list[str]] = {}
    for path, value in leaves(raw):
        for source in REFERENCE.findall(str(value)):
            readers.setdefault(source, []).append(path)
    return readers


def origin(raw: Plain, path: str) -> str:
    """The key that a user sets to change `path`: itself, or what it interpolates in the end."""
    value = select(raw, path)
    match = REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return origin(raw, match.group(1)) if match else path
