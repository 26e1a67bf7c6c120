"""Check a composed tree against the code that it calls, before anything is built.

All problems are listed at once, each with the override that would mend it.
"""

from __future__ import annotations

import difflib
import fnmatch
import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING as REQUIRED
from dataclasses import dataclass, field, fields
from typing import Any, get_type_hints

from tremor.config.build import RESERVED, Plain
from tremor.config.resolve import MISSING, leaves, origin, references, select
from tremor.config.signature import Setting, Signature, signature_of
from tremor.config.types import fits, words
from tremor.errors import Refused

READ_BY = " (read by "


@dataclass(frozen=True)
class Problem:
    """One fault of the config: the key, what is wrong with it, the override that mends it."""

    path: str
    fault: str
    mend: str = ""

    def __str__(self) -> str:
        return f"  {self.path}: {self.fault}" + (f"  ->  {self.mend}" if self.mend else "")


@dataclass(frozen=True)
class Offer:
    """A plain key that other groups may read: the places that do, and the values it comes with."""

    places: frozenset[str]
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Tree:
    """A composed tree: resolved values, raw text, the root's fields, the facts of run time.

    `runtime` maps a path pattern to the arguments that are passed at build time; `extras` maps one
    to the keys that Tremor itself reads beside the constructor's own. `offered` are plain keys that
    other groups read: one may be left unread where such a place holds a value of its own, and
    where it has the value that it came with.
    """

    resolved: Plain
    raw: Plain
    root: type
    runtime: Mapping[str, tuple[str, ...]]
    extras: Mapping[str, Mapping[str, Any]]
    offered: Mapping[str, Offer] = field(default_factory=dict)


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name closest to a mistyped one in either case, or an empty string."""
    lower = {each.lower(): each for each in known}
    close = difflib.get_close_matches(name.lower(), list(lower), n=1, cutoff=0.6)
    return lower[close[0]] if close else ""


def refuse(problems: list[Problem]) -> None:
    """Raise one error that lists every problem; do nothing when there is none."""
    if not problems:
        return
    listed = "\n".join(str(p) for p in dict.fromkeys(problems))
    count = f"{len(set(problems))} problem" + ("s" if len(set(problems)) > 1 else "")
    raise Refused(
        f"the configuration was refused ({count}):\n{listed}",
        remedy="mend the keys above; --cfg job shows the composed tree, --help its groups",
    )


def check(tree: Tree) -> list[Problem]:
    """Every problem of the tree: root keys, nodes, missing values, keys that nothing reads."""
    problems = list(_check_root(tree))
    for path, node in nodes(tree.resolved):
        problems += _check_node(tree, path, node)
    problems += _check_unread(tree)
    problems += _check_missing(tree)
    told = {(p.path, p.fault.partition(READ_BY)[0]): p for p in reversed(problems)}
    return list(reversed(told.values()))


def nodes(tree: Any, path: str = "") -> Iterator[tuple[str, Plain]]:
    """Every mapping of the tree that has a `_target_`, with its dotted path."""
    if isinstance(tree, dict):
        if "_target_" in tree:
            yield path, tree
        for key, value in tree.items():
            yield from nodes(value, f"{path}.{key}" if path else str(key))
    elif isinstance(tree, list):
        for position, value in enumerate(tree):
            yield from nodes(value, f"{path}[{position}]")


def matching(patterns: Mapping[str, Any], path: str) -> Any:
    """The entry whose pattern fits the path, or an empty tuple."""
    return next((v for p, v in patterns.items() if fnmatch.fnmatchcase(path, p)), ())


def _check_root(tree: Tree) -> Iterator[Problem]:
    hints = get_type_hints(tree.root)
    known = {field.name for field in fields(tree.root)}
    for key, value in tree.resolved.items():
        if key not in known:
            yield unknown(key, value, known, "the tree", tree)
        elif value != MISSING and not fits(value, hints[key]):
            yield _misfit(key, value, hints[key], tree)
    needed = {field.name for field in fields(tree.root) if field.default is REQUIRED}
    for key in sorted(needed - set(tree.resolved)):
        yield Problem(key, "is missing from the tree")


def unknown(path: str, value: Any, known: Iterable[str], owner: str, tree: Tree) -> Problem:
    """The problem of a key that nobody knows, with the nearest one that somebody does."""
    parent, _, name = path.rpartition(".")
    there = _elsewhere(path, tree)
    guess = (there if not parent else "") or nearest(name, known) or there or _holding(path, tree)
    if not guess:
        options = ", ".join(sorted(known))
        return Problem(path, f"{owner} has no such key; it has {options}", "leave it out")
    full = guess if "." in guess or not parent else f"{parent}.{guess}"
    mend = "" if isinstance(value, dict | list) else f"{full}={_said(value)}"
    return Problem(path, f"{owner} has no such key; did you mean {full}?", mend)


def _elsewhere(path: str, tree: Tree) -> str:
    """The same name somewhere else in the tree, for keys put under the wrong group."""
    name = path.rpartition(".")[2]
    return next((key for key in _others(path, tree) if key.rpartition(".")[2] == name), "")


def _holding(path: str, tree: Tree) -> str:
    """The first key with the word in its name, for a word without its group (`epochs`)."""
    held = (key for key in _others(path, tree) if path in key.rpartition(".")[2].split("_"))
    return next(held, "")


def _others(path: str, tree: Tree) -> Iterator[str]:
    """The keys of the tree in the shallowest place first, but for one that is asked about."""
    roots = get_type_hints(tree.root)
    keys = (key for key, _ in leaves(tree.raw) if key != path and key.partition(".")[0] in roots)
    return iter(sorted(keys, key=lambda key: key.count(".")))


def _check_node(tree: Tree, path: str, node: Plain) -> Iterator[Problem]:
    try:
        signature = signature_of(node["_target_"])
    except Refused as refusal:
        yield Problem(_target_origin(tree, path), refusal.problem, refusal.remedy)
        return
    runtime, extras = matching(tree.runtime, path), dict(matching(tree.extras, path))
    settable = {k: s for k, s in signature.settings.items() if k not in runtime} | {
        name: Setting(name, hint, None, False) for name, hint in extras.items()
    }
    for key in node.keys() - set(RESERVED):
        yield from _check_key(tree, f"{path}.{key}", node[key], signature, settable)
    for key, setting in settable.items():
        if setting.required and key not in node:
            yield Problem(f"{path}.{key}", f"{signature.name} needs it and it is not given")


def _target_origin(tree: Tree, path: str) -> str:
    """The key that chose a `_target_`: what its text interpolates, else the node itself."""
    raw = select(tree.raw, f"{path}._target_")
    readers = references({"target": raw}) if isinstance(raw, str) else {}
    return next(iter(readers), f"{path}._target_")


def _check_key(
    tree: Tree, path: str, value: Any, signature: Signature, settable: dict[str, Setting]
) -> Iterator[Problem]:
    name = path.rpartition(".")[2]
    if name in signature.settings and name not in settable:
        yield Problem(path, f"{signature.name} gets this from the data; it cannot be set")
    elif name not in settable and not signature.open:
        yield unknown(path, value, settable, signature.name, tree)
    elif name in settable and value != MISSING and not fits(value, settable[name].hint):
        yield _misfit(path, value, settable[name].hint, tree)


def _misfit(path: str, value: Any, hint: Any, tree: Tree) -> Problem:
    source = origin(tree.raw, path)
    reader = "" if source == path else f"{READ_BY}{path})"
    listed = isinstance(value, str | int | float) and fits([value], hint)
    mend = shlex.quote(f"{source}=[{_said(value)}]") if listed else f"{source}=…"
    return Problem(source, f"expected {words(hint)}, got {value!r}{reader}", mend)


def _said(value: Any) -> str:
    """A value as it is typed in an override."""
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)


def _check_unread(tree: Tree) -> Iterator[Problem]:
    """Keys of plain groups (without `_target_`) must be read by somebody: typos are not."""
    there = {path for path, _ in leaves(tree.raw)}
    readers = references(tree.raw).keys() | {
        key
        for key, offer in tree.offered.items()
        if offer.places & there or select(tree.raw, key) in offer.values
    }
    for group, value in tree.raw.items():
        if (
            not isinstance(value, dict)
            or "_target_" in value
            or group not in get_type_hints(tree.root)
        ):
            continue
        whole = tree.resolved[group]
        plain_keys = {k for k in value if not isinstance(whole.get(k), dict)}
        read = {k for k in plain_keys if f"{group}.{k}" in readers}
        for key in sorted(k for k in plain_keys - read if value[k] is not None):
            wrong = unknown(f"{group}.{key}", value[key], read, group, tree)
            yield _unfollowed(tree, wrong.path) or wrong


def _unfollowed(tree: Tree, path: str) -> Problem | None:
    """A plain key of whose name another place below its group has a value of its own."""
    group, _, key = path.partition(".")
    twins = (it for it in leaves({group: tree.raw[group]}) if it[0].endswith(f".{key}"))
    place, value = next((it for it in twins if it[0] != path), ("", None))
    mend = f"{path}={shlex.quote(_said(value))}, and not {place}"
    return Problem(path, f"{place} was set by itself", mend) if place else None


def _check_missing(tree: Tree) -> Iterator[Problem]:
    for path, value in leaves(tree.raw):
        if value == MISSING:
            yield Problem(path, "must be given", f"{path}=…")
