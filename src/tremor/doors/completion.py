"""What TAB offers: groups with their choices, keys with their values, folders of runs, files.

The answer is read from the tree's files, without Hydra's composition and without torch: Hydra's own
answer takes three times as long, and knows neither nested experiments nor files.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import tremor
from tremor.config import catalogue
from tremor.config.catalogue import Entry
from tremor.config.overrides import groups_of, key_of
from tremor.doors.columns import typed_as

FLAGS = {
    "--help": "a page of help; with a group, group=choice or key: all about it",
    "--multirun": "one run for each combination of the values a,b,c",
    "--cfg": "job: show the composed tree",
    "--config-dir": "a folder with more YAML files",
    "--shell-completion": "install=bash, zsh or fish",
}
PLACES = {"checkpoint", "resume", "pretrained", "models"}
"""Last words of keys that take a run."""
FILES = PLACES | {"paths", "data_dir", "output_dir", "cache_dir", "root", "path"}
"""Last words of keys that take files or folders."""
NEWEST = 20  # runs that are offered

Offer = tuple[str, str]
"""A word that completes the one begun, and what it means."""


def answer(line: str, root: Path) -> list[Offer]:
    """What may stand where the cursor is, at the end of a command line."""
    words = line.split()
    begun = "" if not words or line[-1].isspace() else words[-1]
    before = words[: len(words) - bool(begun)]
    found = dict(sorted(_offers(begun, before, root)))
    return [(word, meaning) for word, meaning in found.items() if word.startswith(begun)]


def _offers(begun: str, before: Sequence[str], root: Path) -> Iterator[Offer]:
    if begun.startswith("-"):
        yield from FLAGS.items()
        return
    mark = begun[: len(begun) - len(begun.lstrip("+~"))]
    own = set(catalogue.defaults(root)) - {"hydra"}
    groups = {g: c for g, c in groups_of(root.parent).items() if g in own | _theirs(root)}
    typed = {key_of(word): word.partition("=")[2] for word in before if key_of(word) in groups}
    key, given, value = begun[len(mark) :].partition("=")
    if given and key in groups:
        yield from _choices(mark + key, groups[key], value, root.parent / key)
    elif given:
        yield from ((f"{mark}{key}={v}", note) for v, note in _values(key, value, typed, root))
    else:
        yield from ((f"{mark}{word}", note) for word, note in _names(key, groups, typed, root))


def _theirs(root: Path) -> set[str]:
    """Groups of the training tree, which the other doors take as well (but for experiments)."""
    if root.stem == "train":
        return set()
    return set(catalogue.defaults(root.with_stem("train"))) - {"hydra", "experiment"}


def _choices(key: str, choices: Sequence[str], value: str, folder: Path) -> Iterator[Offer]:
    """Choices of a group, the last of several being completed."""
    earlier, comma, _ = value.rpartition(",")
    for choice in choices:
        meaning = catalogue.line_of(folder / f"{choice}.yaml")
        yield f"{key}={earlier}{comma}{choice}", meaning


def _names(
    begun: str, groups: dict[str, list[str]], typed: dict[str, str], root: Path
) -> Iterator[Offer]:
    """Groups and keys, a step at a time: up to the next dot after what is typed."""
    yield from ((f"{group}=", f"{len(groups[group])} choices") for group in groups)
    depth = begun.count(".")
    for key, entry in catalogue.keys_of_door(root, typed).items():
        if key.startswith(begun):
            parts = key.split(".")
            whole = len(parts) == depth + 1
            short = ".".join(parts[: depth + 1])
            yield (f"{key}=", entry.note) if whole else (f"{short}.", "")


def _values(key: str, begun: str, typed: dict[str, str], root: Path) -> Iterator[Offer]:
    """Files, or the words that a key takes, or the value that it has."""
    last = key.rpartition(".")[2]
    known = catalogue.keys_of_door(root, typed)
    if last in FILES and not (key in known and isinstance(known[key].value, bool)):
        bracket = begun[: len(begun) - len(begun.lstrip("["))]
        yield from ((bracket + place, "") for place in _files(begun[len(bracket) :]))
        if last in PLACES and not begun:
            yield from ((run, "a run") for run in _runs(Path("outputs")))
        return
    entry = known.get(key)
    if entry is None:
        return
    words = ["true", "false"] if isinstance(entry.value, bool) else _words(key, known, root, typed)
    offered = dict.fromkeys([typed_as(entry.value), *words])
    yield from ((word, entry.note) for word in offered if word and " " not in word)


def _files(begun: str) -> list[str]:
    """Files and folders that begin so; folders with a slash."""
    folder, _, name = begun.rpartition("/")
    place = Path(os.path.expanduser(f"{folder}/" if "/" in begun else "."))
    if not place.is_dir():
        return []
    front = f"{folder}/" if "/" in begun else ""
    found = [e for e in os.scandir(place) if e.name.startswith(name)]
    shown = [e for e in found if name.startswith(".") or not e.name.startswith(".")]
    return [f"{front}{entry.name}{'/' * entry.is_dir()}" for entry in shown]


def _runs(home: Path) -> list[str]:
    """The newest folders of runs, of sweeps too."""
    found = [
        path.parent for depth in ("*/*", "*/*/*") for path in home.glob(f"{depth}/checkpoints")
    ]
    found.sort(key=lambda run: run.stat().st_mtime, reverse=True)
    return [str(run) for run in found[:NEWEST]]


def _words(key: str, known: dict[str, Entry], root: Path, typed: dict[str, str]) -> list[str]:
    """What `Literal[…]` in the code offers for a key, or for one that follows it."""
    followers = [name for name, entry in known.items() if entry.value == f"${{{key}}}"]
    for path in (key, *followers):
        group, _, rest = path.partition(".")
        choice = catalogue.choices(root, typed).get(group, "")
        file = root.parent / group / f"{choice}.yaml"
        parent, _, name = rest.rpartition(".")
        wired = catalogue.entries(file) if file.exists() else {}
        target = wired.get(f"{parent}._target_" if parent else "_target_")
        if target and (words := _literal(str(target.value), name)):
            return words
    return []


def _literal(target: str, argument: str) -> list[str]:
    """The words of an argument's `Literal`, read from the source and not imported."""
    package, *parts, name = target.split(".")
    file = Path(tremor.__file__).parent.joinpath(*parts).with_suffix(".py")
    if package != "tremor" or not file.is_file():
        return []
    module = ast.parse(file.read_text())
    known = dict(filter(None, map(_type_named, module.body)))
    for thing in (n for n in module.body if getattr(n, "name", "") == name):
        for node in ast.walk(thing):
            if isinstance(node, ast.arg | ast.AnnAssign) and _called(node) == argument:
                return _texts(known.get(getattr(node.annotation, "id", ""), node.annotation))
    return []


def _type_named(node: ast.stmt) -> tuple[str, ast.expr] | None:
    """Name and value of `Name = Literal[…]`, or of another assignment."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id, node.value
    return None


def _called(node: ast.arg | ast.AnnAssign) -> str:
    """The name of an argument or field."""
    return node.arg if isinstance(node, ast.arg) else getattr(node.target, "id", "")


def _texts(annotation: ast.expr | None) -> list[str]:
    """The texts within `Literal[…]`, also as part of a union."""
    chosen = (n for n in ast.walk(annotation) if isinstance(n, ast.Subscript)) if annotation else ()
    literal = (n for n in chosen if getattr(n.value, "id", "") == "Literal")
    return [str(c.value) for n in literal for c in ast.walk(n.slice) if isinstance(c, ast.Constant)]
