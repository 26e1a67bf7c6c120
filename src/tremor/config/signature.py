"""What a target accepts: its parameters with their types, read from the code itself."""

from __future__ import annotations

import contextlib
import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tremor.config.build import locate

NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class Setting:
    """One parameter: its name, type hint (`Any` where the code gives none), default."""

    name: str
    hint: Any
    default: Any
    required: bool


@dataclass(frozen=True)
class Signature:
    """The parameters of a target; `open` where it takes any keyword at all."""

    name: str
    settings: dict[str, Setting]
    open: bool


def signature_of(target: str) -> Signature:
    """Read the signature of an allowed `_target_`."""
    found = locate(target)
    parameters = inspect.signature(found).parameters.values()
    hints = _hints(found)
    settings = {p.name: _setting(p, hints) for p in parameters if p.kind in NAMED}
    loose = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
    return Signature(found.__name__, settings, loose)


def _setting(parameter: inspect.Parameter, hints: dict[str, Any]) -> Setting:
    """A parameter as a `Setting`; an untyped one takes the type of a plain default."""
    required = parameter.default is inspect.Parameter.empty
    hint = hints.get(parameter.name, Any)
    if hint is Any and isinstance(parameter.default, bool | int | float | str):
        hint = type(parameter.default)
    return Setting(parameter.name, hint, None if required else parameter.default, required)


def _hints(found: Callable[..., Any]) -> dict[str, Any]:
    """Type hints of a function, or of a class's constructor, that can be evaluated.

    Libraries hide some names behind `TYPE_CHECKING`, and some types cannot be subscripted at run
    time; only those parameters go unchecked.
    """
    function = inspect.unwrap(found.__init__ if inspect.isclass(found) else found)
    hints: dict[str, Any] = {}
    annotated = getattr(function, "__annotations__", {}).items()
    for name, hint in annotated:
        stand_in = type("Stand", (), {"__annotations__": {name: hint}})
        with contextlib.suppress(NameError, TypeError):
            hints |= typing.get_type_hints(stand_in, getattr(function, "__globals__", {}))
    return hints
