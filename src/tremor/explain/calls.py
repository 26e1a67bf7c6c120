"""Calls that pass only those facts that are asked for."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def asked(call: Callable[..., Any]) -> list[str]:
    """The names that a call can still be given, in order."""
    return list(inspect.signature(call).parameters)


def told(call: Callable[..., Any], **facts: Any) -> Any:
    """What a call returns, given those of the facts that it asks for."""
    wanted = asked(call)
    return call(**{name: fact for name, fact in facts.items() if name in wanted})
