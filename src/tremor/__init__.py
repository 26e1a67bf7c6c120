"""Tremor: train, judge and explain classifiers of Earth and heart signals from one config tree.

`tremor.load(run)` opens a finished run; `tremor.explain(predict, inputs)` explains any function.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tremor.doors.loaded import LoadedRun as LoadedRun
    from tremor.doors.loaded import load as load
    from tremor.errors import TremorError as TremorError
    from tremor.explain.notebook import explain as explain

__version__ = "0.1.0"

LATER = {
    "LoadedRun": "tremor.doors.loaded",
    "load": "tremor.doors.loaded",
    "TremorError": "tremor.errors",
}
"""Where names are that take a while to import: they come when they are asked for."""


def __getattr__(name: str) -> Any:
    if name == "explain":
        return import_module("tremor.explain")  # a package that can be called
    if name in LATER:
        return getattr(import_module(LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), "explain", *LATER])
