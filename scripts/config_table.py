"""Write docs/config.md: every key of the tree with type, default, unit and meaning.

Names, defaults and meanings come from the YAML files, types from the code that they call, so that
the page cannot drift; a test holds it up to date.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import yaml
from hydra import compose, initialize_config_dir

from tremor.config.catalogue import bases, notes
from tremor.config.check import matching
from tremor.config.resolve import REFERENCE, leaves, origin, plain
from tremor.config.roots import EXTRAS, EvaluateRoot, ExplainRoot, TrainRoot
from tremor.config.signature import signature_of
from tremor.config.types import words
from tremor.doors.checking import CONFIGS
from tremor.errors import Refused
from tremor.files import write_whole

UNIT = re.compile(r"\s*\[(?P<unit>[^\]]+)\]$")
SKIPPED = ("experiment", "hydra")
SHARED = tuple(f"| `explainer.{key}." for key in ("spaces", "fills", "player_kinds"))
HEAD = """# Every key of the config tree

Set any of them with `key=value` after `python simple_train.py`; choose a group's file with
`group=file`. A default such as `${dataset.batch_size}` follows that key: set it there. This page is
made by `make docs` from `configs/` and the code; a test keeps it true.
"""


def composed(group: str, choice: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tree of a door with one choice made, resolved and raw.

    A choice that makes no whole tree by itself is shown in the experiment that makes it.
    """
    if group in ("explainer", "run_mode"):
        return plain(compose("explain", overrides=[f"{group}={choice}"]))
    try:
        return plain(compose("train", overrides=[f"{group}={choice}"]))
    except Refused:
        return plain(compose("train", overrides=[f"experiment={_chosen_in(group, choice)}"]))


def _chosen_in(group: str, choice: str) -> str:
    """The first experiment with this choice."""
    folder = CONFIGS / "experiment"
    for file in sorted(folder.rglob("*.yaml")):
        defaults = yaml.safe_load(file.read_text()).get("defaults", [])
        if {f"override /{group}": choice} in defaults:
            return str(file.relative_to(folder).with_suffix(""))
    raise LookupError(f"{group}={choice} makes no tree, and no experiment chooses it")


def type_of(resolved: dict[str, Any], raw: dict[str, Any], path: str) -> str:
    """A key's type in words: its own setting's, or that of a key that follows it."""
    readers = [p for p, _ in leaves(raw) if p != path and origin(raw, p) == path]
    for candidate in [path, *readers]:
        hint = _hint(resolved, candidate)
        if hint is not None:
            return words(hint)
    return "a name" if f"${{{path}}}" in str(raw) else "any"


def _hint(resolved: dict[str, Any], path: str) -> Any:
    parent, _, key = path.rpartition(".")
    node: Any = resolved
    for part in filter(None, parent.split(".")):
        node = node.get(part, {}) if isinstance(node, dict) else {}
    if not isinstance(node, dict) or "_target_" not in node:
        return (get_type_hints(ExplainRoot) | get_type_hints(TrainRoot)).get(path)
    extras = dict(matching(EXTRAS, parent))
    known = signature_of(node["_target_"]).settings
    return extras.get(key) or (known[key].hint if key in known else None)


def rows(group: str, file: Path) -> Iterator[str]:
    """One table row for each key that a file of a group sets."""
    resolved, raw = composed(group, file.stem)
    said = notes(file.parent / "_shared.yaml") if (file.parent / "_shared.yaml").exists() else {}
    said |= {k: v for base in bases(file) for k, v in notes(base).items()} | notes(file)
    for key, value in leaves(raw[group]):
        if key.rpartition(".")[2] not in ("_target_", "_partial_") and key != "subject":
            path = f"{group}.{key}"
            yield _row(path, type_of(resolved, raw, path), value, said.get(key, ""))


def _row(path: str, kind: str, value: Any, note: str) -> str:
    unit = UNIT.search(note)
    meaning = note[: unit.start()] if unit else note
    if not note and REFERENCE.fullmatch(str(value)):
        meaning = f"set {REFERENCE.fullmatch(str(value)).group(1)}"  # type: ignore[union-attr]
    shown = yaml.safe_dump(value, default_flow_style=True).removesuffix("\n...\n").strip()
    cells = (f"`{path}`", kind, f"`{shown}`", unit["unit"] if unit else "", meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def section(title: str, lines: list[str]) -> str:
    head = "| key | type | default | unit | meaning |\n| --- | --- | --- | --- | --- |"
    return f"\n## {title}\n\n{head}\n" + "\n".join(lines) + "\n" if lines else f"\n## {title}\n"


def root_rows(root: type, file: Path) -> list[str]:
    """Rows of the keys at the root that are not groups."""
    said, values = notes(file), yaml.safe_load(file.read_text())
    hints = get_type_hints(root)
    plain_keys = [f.name for f in fields(root) if f.name in values]
    return [_row(key, words(hints[key]), values[key], said.get(key, "")) for key in plain_keys]


def page() -> str:
    """The whole page; what explainers have in common is listed once."""
    common: dict[str, None] = {}
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        parts = [
            section("The root of simple_train.py", root_rows(TrainRoot, CONFIGS / "train.yaml"))
        ]
        for folder in sorted(p for p in CONFIGS.iterdir() if p.is_dir() and p.name not in SKIPPED):
            for file in sorted(folder.glob("[!_]*.yaml")):
                lines = list(rows(folder.name, file))
                if folder.name == "explainer":
                    common |= {line: None for line in lines if line.startswith(SHARED)}
                    lines = [line for line in lines if not line.startswith(SHARED)]
                parts.append(section(f"{folder.name}={file.stem}", lines))
    parts.append(section("explainer: its spaces, fills and players", list(common)))
    for root, door in ((EvaluateRoot, "evaluate"), (ExplainRoot, "explain")):
        rows_of_it = root_rows(root, CONFIGS / f"{door}.yaml")
        parts.append(section(f"The root of {door}.py", rows_of_it))
    return HEAD + "".join(parts)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, allow_abbrev=False).parse_args()
    print(write_whole(CONFIGS.parent / "docs" / "config.md", page()))
