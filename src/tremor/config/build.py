"""Construct what a config node names: the one place where a string becomes an object."""

from __future__ import annotations

import functools
import importlib
import inspect
import os
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from tremor.errors import Refused

Plain = dict[str, Any]

ROOMS = ("data", "signal", "network", "tasks", "training", "evaluation", "explain", "report")
ALLOWED = (
    *(f"tremor.{room}." for room in ROOMS),
    *("tremor.doors.subject.", "tremor.doors.study.", "torch.nn.", "torch.optim."),
    *("lightning.Trainer", "lightning.pytorch.trainer.trainer.Trainer"),
    *(f"lightning.pytorch.{kind}." for kind in ("callbacks", "loggers", "plugins", "profilers")),
    "lightning.pytorch.strategies.",
)
"""Parts of networks and runs. Whole packages would be a back door: `torch.hub.load` runs whatever
code it is sent to, and a checkpoint of a stranger names targets."""
KINDS = ("parts of Tremor", "torch.nn", "torch.optim", "lightning's Trainer and its parts")
RESERVED = ("_target_", "_partial_")


def allowed_prefixes() -> tuple[str, ...]:
    """Prefixes that a `_target_` may start with; `TREMOR_ALLOW=mypkg,other` adds a user's own."""
    own = os.environ.get("TREMOR_ALLOW", "").replace(",", " ").split()
    return ALLOWED + tuple(name.rstrip(".") + "." for name in own)


def locate(target: str) -> Callable[..., Any]:
    """Import `package.module.Name`, refusing what lies outside the allowlist.

    A package reaches many modules that it only imports (`torch.os.system`), so what the dotted name
    leads to must itself be defined inside an allowed package.
    """
    prefixes = allowed_prefixes()
    if not isinstance(target, str) or not target.startswith(prefixes):
        package = str(target).partition(".")[0]
        raise Refused(
            f"_target_ '{target}' is outside the allowlist ({', '.join(KINDS)})",
            remedy=f"if it is yours, say so in the environment: TREMOR_ALLOW={package}",
        )
    module_name, _, name = target.rpartition(".")
    if name.startswith("_"):
        raise Refused(f"_target_ '{target}' is not for others to call")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise Refused(
            f"cannot import _target_ '{target}' ({error})", remedy=_importable(target, error)
        ) from error
    found = getattr(module, name, None)
    if found is None:
        choices = ", ".join(_public(module))
        raise Refused(f"{module_name} has no '{name}'; it has {choices}", remedy="one of these")
    home = f"{getattr(found, '__module__', '')}.{getattr(found, '__qualname__', '')}"
    if not callable(found) or inspect.ismodule(found) or not home.startswith(prefixes):
        raise Refused(f"_target_ '{target}' is not something that an allowed package defines")
    return found  # type: ignore[no-any-return]


def _importable(target: str, error: ImportError) -> str:
    """What makes a package of the user's own importable, where it is not found at all."""
    package = target.partition(".")[0]
    if target.startswith(ALLOWED) or error.name != package:
        return "mend the name or that module's own imports"
    return f"pip install -e <the project of {package}>, or PYTHONPATH=<the folder it is in>"


def _public(module: ModuleType) -> list[str]:
    """What a module defines itself and offers."""
    things = vars(module).items()
    own = (n for n, t in things if getattr(t, "__module__", "") == module.__name__ and callable(t))
    return sorted(name for name in own if not name.startswith("_"))


def build(node: Mapping[str, Any], **runtime: Any) -> Any:
    """Call the node's `_target_` with its keys and the facts known only at run time.

    Nested nodes are built first. `_partial_: true` gives a function still to be called. A runtime
    fact that the config also sets is an error, not a winner.
    """
    clash = sorted(set(runtime) & set(node))
    if clash:
        raise Refused(f"{clash} of {node['_target_']} come from the data and cannot be configured")
    arguments = {k: _built(v) for k, v in node.items() if k not in RESERVED}
    call = functools.partial(locate(node["_target_"]), **arguments, **runtime)
    return call if node.get("_partial_") else call()


def _built(value: Any) -> Any:
    """A value with every node inside it built."""
    if isinstance(value, Mapping):
        return build(value) if "_target_" in value else {k: _built(v) for k, v in value.items()}
    return [_built(v) for v in value] if isinstance(value, list) else value
