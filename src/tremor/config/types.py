"""Does a plain config value fit a type hint, and how is that hint said in words?"""

from __future__ import annotations

import collections.abc as abc
import types
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

SEQUENCES = (list, tuple, set, frozenset, abc.Sequence, abc.Iterable, abc.Collection)
WORDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    Path: "a path",
    type(None): "null",
}


def fits(value: Any, hint: Any) -> bool:
    """True when a plain value (scalar, list, dict, None) may be passed where `hint` is expected.

    Nodes to be built (`_target_`) fit anything: their own signature is checked instead.
    """
    origin, inner = get_origin(hint), get_args(hint)
    if (
        hint is Any
        or isinstance(hint, TypeVar)
        or (isinstance(value, dict) and "_target_" in value)
    ):
        return True
    if origin is Annotated:
        return fits(value, inner[0])
    if origin in (Union, types.UnionType):
        return any(fits(value, option) for option in inner)
    if origin is Literal:
        return any(value == option and type(value) is type(option) for option in inner)
    if isinstance(value, list):
        return _fits_sequence(value, origin or hint, inner)
    if isinstance(value, dict):
        return _fits_mapping(value, origin or hint, inner)
    return _fits_scalar(value, hint)


def _fits_scalar(value: Any, hint: Any) -> bool:
    if hint in (None, type(None)):
        return value is None
    if isinstance(value, bool):
        return hint is bool
    if isinstance(value, int):
        return hint in (int, float)
    return hint is float if isinstance(value, float) else hint in (str, Path) and value is not None


def _fits_sequence(value: list[Any], container: Any, inner: tuple[Any, ...]) -> bool:
    if container not in SEQUENCES:
        return False
    if container is tuple and inner and inner[-1] is not Ellipsis:
        return len(value) == len(inner) and all(map(fits, value, inner))
    return all(fits(item, inner[0]) for item in value) if inner else True


def _fits_mapping(value: dict[str, Any], container: Any, inner: tuple[Any, ...]) -> bool:
    if container not in (dict, abc.Mapping, abc.MutableMapping):
        return False
    return all(fits(item, inner[1]) for item in value.values()) if inner else True


def words(hint: Any) -> str:
    """A hint as a user reads it: `int | None` is 'a whole number or null'."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(words(option) for option in inner))
    if origin is Literal:
        return "one of " + ", ".join(str(option) for option in inner)
    if origin in SEQUENCES or hint in SEQUENCES:
        return f"a list, each {words(inner[0])}" if inner and inner[0] is not Any else "a list"
    if origin is dict or hint is dict:
        return "a mapping"
    return WORDS.get(hint, getattr(hint, "__name__", str(hint)))
