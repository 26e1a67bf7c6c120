"""A config folder of the user's own, beside the tree: `--config-dir path`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tremor.config.overrides import groups_of
from tremor.errors import Refused

FLAGS = ("--config-dir", "-cd")


def own_folder(arguments: Sequence[str]) -> list[str]:
    """The words that name such a folder, as `["--config-dir", "conf"]`; none where none is named.

    A folder that is not there, or holds no group, is refused.
    """
    for place, word in enumerate(arguments):
        flag, _, given = word.partition("=")
        if flag in FLAGS:
            folder = given or "".join(arguments[place + 1 : place + 2])
            _refuse_no_configs(folder)
            return [FLAGS[0], folder]
    return []


def without_folder(arguments: Sequence[str]) -> list[str]:
    """The other words."""
    flags = [place for place, word in enumerate(arguments) if word.partition("=")[0] in FLAGS]
    taken = {*flags, *(place + 1 for place in flags if "=" not in arguments[place])}
    return [word for place, word in enumerate(arguments) if place not in taken]


def choices_with(tree: Path, words: Sequence[str]) -> dict[str, list[str]]:
    """Each group of the tree with its choices, those of the user's own folder among them."""
    found = groups_of(tree)
    for group, own in (groups_of(Path(words[1])) if words else {}).items():
        found[group] = sorted({*found.get(group, []), *own})
    return found


def _refuse_no_configs(folder: str) -> None:
    where = f"{FLAGS[0]} {folder}"
    if not folder or not Path(folder).is_dir():
        raise Refused("there is no such folder of configs", where, f"{FLAGS[0]} path/to/configs")
    if not groups_of(Path(folder)):
        remedy = "a folder with groups in it, such as model/mine.yaml"
        raise Refused("no group of configs is in this folder", where, remedy)
