"""Short names for configurations: the fewest keys that tell them apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from tremor.evaluation.runs import Plain, leaf

TRAIN_SHARE, CLASS_COUNT = "dataset.train_frac", "dataset.num_classes"
FIRST = (CLASS_COUNT, TRAIN_SHARE, "encoder._target_", "model._target_", "model.pretrained")
"""Keys that name a configuration before all others do."""


def tell_apart(settings: Sequence[Plain]) -> list[str]:
    """The fewest keys, plainest first, whose values tell all these settings apart."""
    chosen: list[str] = []
    groups = 1
    for key in _by_plainness(settings):
        tried = [*chosen, key]
        parts = len({tuple(repr(each.get(k, ...)) for k in tried) for each in settings})
        if parts > groups:
            chosen, groups = tried, parts
    return chosen


def _by_plainness(settings: Sequence[Plain]) -> list[str]:
    keys = list(dict.fromkeys(key for each in settings for key in each))
    rank = {key: place for place, key in enumerate(keys)}
    return sorted(keys, key=lambda key: (*_plainness(key), rank[key]))


def differing(settings: Sequence[Plain]) -> dict[str, list[str]]:
    """Every key that differs, with its texts; one that only follows another of its name is left."""
    found: dict[str, list[str]] = {}
    for key in _by_plainness(settings):
        texts = _texts(key, [each.get(key, ...) for each in settings])
        followed = any(leaf(k) == leaf(key) and texts == column for k, column in found.items())
        if len(set(texts)) > 1 and not followed:
            found[key] = texts
    return found


def unnamed(settings: Sequence[Plain]) -> list[str]:
    """Keys that all settings have and that differ, but are not in the names."""
    told = {leaf(key) for key in tell_apart(settings) if leaf(key) != "_target_"}
    named = set(tell_apart(settings))
    rest = {key: texts for key, texts in differing(settings).items() if "" not in texts}
    return [key for key in rest if key not in named and leaf(key) not in told]


def _plainness(key: str) -> tuple[int, int, bool]:
    first = FIRST.index(key) if key in FIRST else len(FIRST)
    return first, key.count("."), leaf(key) != "_target_"


def names(settings: Sequence[Plain]) -> list[str]:
    """Each of some settings as a short `key=value key=value`; empty where there is one alone."""
    keys = tell_apart(settings)
    columns = {key: _texts(key, [each.get(key, ...) for each in settings]) for key in keys}
    found = []
    for place in range(len(settings)):
        said = {key: column[place] for key, column in columns.items()}
        words = [f"{k.removesuffix('._target_')}={text}" for k, text in said.items() if text]
        found.append(" ".join(words) or " ".join(f"no {key}" for key in keys))
    return found


def _texts(key: str, values: Sequence[Any]) -> list[str]:
    """A key's values as one would type them; classes by their last name, absence as nothing."""
    texts = ["" if value is ... else _text(value) for value in values]
    short = {text: text for text in texts}
    if leaf(key) == "_target_":
        short = {text: text.rpartition(".")[2] for text in texts}
    elif leaf(key) == "pretrained":
        short = _weights({text for text in texts if text not in ("", "null")}, short)
    return [short[t] for t in texts] if len({*short.values()}) == len(short) else texts


def _weights(paths: set[str], texts: dict[str, str]) -> dict[str, str]:
    """One pretraining is `set`; several have their paths below the folders that hold them all."""
    if len(paths) < 2:
        return texts | dict.fromkeys(paths, "set")
    columns = zip(*(Path(path).parts[:-1] for path in paths), strict=False)
    shared = len(list(takewhile(lambda names: len({*names}) == 1, columns)))
    return texts | {path: Path(*Path(path).parts[shared:]).as_posix() for path in paths}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(map(_text, value))}]"
    words = {None: "null", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else str(value)
