"""Calls that a pickle asks for, written down, and what the things of one file stand for.

Nothing here calls what a file names: a name stands for a meaning of ours, which puts the same
thing together from plain numbers, text and bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

ATOMS = frozenset((type(None), bool, int, float, complex, str, bytes, bytearray))
KEYS = frozenset((type(None), bool, int, float, str, bytes))
LARGEST_KEY = 2**60
DEEPEST = 50


class NotUnderstood(Exception):
    """The parts of a file do not fit together as data; told without repeating them."""


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted name in a pickle, not imported, and what it stands for: a meaning or a constant."""

    path: str
    stands_for: Any


@dataclass(eq=False, repr=False, slots=True)
class Call:
    """A call that a pickle asks for: what, with what, and the state that it would then set."""

    name: Name
    arguments: tuple[Any, ...] = ()
    state: Any = None


@dataclass(eq=False, repr=False, slots=True)
class Known:
    """A thing met before, its value, and how many parts it unfolds to; negative while open."""

    thing: Any
    value: Any = None
    parts: int = -1


class Meanings:
    """What the things of one file stand for, within limits set by the file's size in bytes.

    A thing that the file mentions many times is put together once. What unfolds to far more parts
    than the file has bytes, or copies its bytes over and over, is refused.
    """

    def __init__(self, size: int):
        self.depth, self.parts, self.copied = 0, 0, 0
        self.most_parts, self.most_copied = 100 * size + 100_000, 16 * size + 10_000_000
        self.seen: dict[int, Known] = {}

    def __call__(self, thing: Any) -> Any:
        """The data that a thing stands for."""
        if type(thing) in ATOMS:
            return thing
        if isinstance(thing, Name):
            return constant(thing)
        known = self.seen.get(id(thing))
        if known is None:
            return self._first(thing)
        if known.parts < 0:
            raise NotUnderstood("something contains itself")
        self.count(known.parts)
        return known.value

    def count(self, parts: int) -> None:
        """Take note of so many parts."""
        self.parts += parts
        if self.parts > self.most_parts:
            raise NotUnderstood("its parts unfold to far more than the file holds")

    def copy(self, size: int) -> None:
        """Take note of so many bytes copied."""
        self.copied += size
        if self.copied > self.most_copied:
            raise NotUnderstood("it repeats its bytes to far more than the file holds")

    def _first(self, thing: Any) -> Any:
        if self.depth == DEEPEST:
            raise NotUnderstood(f"it is nested deeper than {DEEPEST} levels")
        self.depth += 1
        known = self.seen[id(thing)] = Known(thing)
        before = self.parts
        self.count(1)
        known.value = self._made(thing)
        known.parts = self.parts - before
        self.depth -= 1
        return known.value

    def _made(self, thing: Any) -> Any:
        if isinstance(thing, Call):
            value = thing.name.stands_for(thing, self)
            thing.arguments, thing.state = (), None
            return value
        if not isinstance(thing, list | tuple | dict):
            raise NotUnderstood(f"a {type(thing).__name__} is not data")
        self.count(len(thing))
        if isinstance(thing, dict):
            return {key_checked(self(key)): self(value) for key, value in thing.items()}
        return type(thing)([x if type(x) in ATOMS else self(x) for x in thing])


def constant(name: Name) -> Any:
    """The value of a name that stands for one, such as pandas' missing value."""
    if callable(name.stands_for):
        raise NotUnderstood(f"{name.path} stands where data should be")
    return name.stands_for


def key_checked(key: Any) -> Any:
    """The key itself: text or a number of ordinary size, which cost nothing to look up."""
    if type(key) not in KEYS and not isinstance(key, np.generic):
        raise NotUnderstood(f"a {type(key).__name__} is used as a key")
    if type(key) is int and abs(key) > LARGEST_KEY:
        raise NotUnderstood("a number of more than 60 bits is used as a key")
    return key


def of_kind(wanted: type[Any], thing: Any) -> Any:
    """The thing itself, if it is of the wanted kind."""
    if not isinstance(thing, wanted):
        raise NotUnderstood(f"{type(thing).__name__} where {wanted.__name__} should be")
    return thing


def unread(call: Call, meant: Meanings) -> Any:
    """A name that is only ever mentioned, and holds no data itself."""
    raise NotUnderstood(f"{call.name.path} stands where data should be")


def everywhere(modules: tuple[str, ...], names: dict[str, Any]) -> dict[str, Any]:
    """The names under each of the modules where they have lived over the years."""
    return {f"{module}.{name}": stands for module in modules for name, stands in names.items()}
