"""Tremor: train, judge and explain classifiers of Earth and heart signals from one config tree."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`tremor.explain`, once it is asked for: it takes a while to import."""
    if name != "explain":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("tremor.explain")
