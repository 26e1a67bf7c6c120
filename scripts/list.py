"""List what there is to choose, a line each: experiments by system, models, datasets, explainers.

python scripts/list.py                       every experiment
python scripts/list.py models                of each model: what it is, which systems choose it
python scripts/list.py experiments gpu       those that speak of it
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tremor.config import catalogue
from tremor.config.check import nearest
from tremor.config.overrides import groups_of
from tremor.doors.columns import aligned, bold, wrapped
from tremor.errors import Refused, TremorError

TREE = Path(__file__).parents[1] / "configs"
ROOT = TREE / "train.yaml"


def parser() -> argparse.ArgumentParser:
    """What can be asked."""
    made = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("group", nargs="?", default="experiments", help="default: experiments")
    made.add_argument("words", nargs="*", help="only what has all of these words in its line")
    return made


def group_named(word: str, groups: Sequence[str]) -> str:
    """The config group that a word means, one or many of it; another word is refused."""
    singular = word.removesuffix("s")
    found = next((group for group in groups if group in (word, singular)), "")
    if not found:
        guess = nearest(word, groups)
        remedy = f"python scripts/list.py {guess}" if guess else f"one of {', '.join(groups)}"
        raise Refused(f"there is no group of {word}", "the command line", remedy)
    return found


def rows(group: str, choices: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """`group=choice` and what it is, of experiments under their systems."""
    every = groups_of(TREE)["experiment"]
    users = catalogue.systems(ROOT, group, every)
    found: dict[str, list[tuple[str, str]]] = {}
    for choice in choices:
        told = catalogue.line_of(TREE / group / f"{choice}.yaml")
        if group == "experiment":
            found.setdefault(catalogue.system_of(choice), []).append((f"{group}={choice}", told))
            continue
        used = ", ".join(name.replace("_", " ") for name in users.get(choice, []))
        line = f"{told} [{used}]" if used and len(users) > 1 else told
        found.setdefault("", []).append((f"{group}={choice}", line))
    return found


def page(word: str, words: Sequence[str]) -> str:
    """The whole listing; where nothing has the words, that is said."""
    groups = {g: c for g, c in groups_of(TREE).items() if "/" not in g and g != "hydra"}
    group = group_named(word, list(groups))
    lines, count = [], 0
    for system, found in rows(group, groups[group]).items():
        kept = [row for row in found if all(w.lower() in " ".join(row).lower() for w in words)]
        count += len(kept)
        if kept:
            lines += [bold(system.replace("_", " "))] * bool(system) + aligned(kept) + [""]
    if not count:
        raise Refused(
            f"no {group} has {' '.join(words)} in its line", "the command line", "fewer words"
        )
    others = ", ".join(name for name in groups if name != group)
    door = "explain.py" if group in ("explainer", "run_mode") else "simple_train.py"
    more = f"all about one: python {door} --help {group}=<choice>"
    return "\n".join([*lines, more, *wrapped("", f"other groups: {others}", 0)])


def main(arguments: list[str] | None = None) -> int:
    """Print the listing; returns the exit code."""
    asked = parser().parse_args(arguments)
    try:
        print(page(asked.group, asked.words))
    except TremorError as error:
        print(error, file=sys.stderr)
        return error.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
