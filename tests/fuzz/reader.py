"""What is fuzzed: a reader, the files that it is given, and how often."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from fuzz.shaped import shaped

Files = dict[str, bytes]
"""The files of one folder, by their paths in it."""
Change = Callable[[str, bytes, Random], bytes]


@dataclass(frozen=True)
class Reader:
    """Reads a folder: gives a value (records set aside are part of it), or refuses.

    `seeds` are folders that it reads, by name; `kept` are files that are never changed. `share` is
    its share of all cases, whatever the others have. `also` are refusals beside `TremorError`.
    """

    name: str
    seeds: Callable[[], Mapping[str, Files]]
    read: Callable[[Path], Any]
    share: float = 1.0
    kept: tuple[str, ...] = ()
    also: tuple[type[Exception], ...] = ()
    change: Change = field(default=shaped)

    def case(self, seeds: Mapping[str, Files], rng: Random) -> tuple[str, Files]:
        """A seed's name, and the one or two of its files that are changed."""
        seed = rng.choice([*seeds])
        names = [name for name in seeds[seed] if name not in self.kept]
        chosen = rng.sample(names, min(len(names), rng.choice((1, 1, 1, 2))))
        made = {name: self.change(name, seeds[seed][name], rng) for name in chosen}
        return seed, made
