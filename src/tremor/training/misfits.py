"""Weights and the network that is to take them: do they mean the same?"""

from __future__ import annotations

import json
from typing import Any

from tremor.config.build import Plain
from tremor.config.signature import signature_of
from tremor.errors import Refused

SAME = (
    "dropout",
    "drop_rate",
    "drop_path_rate",
    "momentum",
    "gradient_checkpointing",
    "mlstm_backend",
    "weights",
    "hub_weights",
)
"""Settings under any of which weights are the same network."""


def refuse_other_settings(wanted: Plain, trained: Plain, name: str, place: str) -> None:
    """Weights may fit in shape and yet mean another network, by heads or strides."""
    if not isinstance(trained.get("_target_"), str):
        said = f"the checkpoint does not say what its {name} was"
        raise Refused(said, place, "weights of a run as it was written")
    now, then = _settings(wanted), _settings(trained)
    other = [key for key in sorted(now.keys() | then.keys()) if now.get(key) != then.get(key)]
    if other:
        said = "; ".join(f"{name}.{k} was {then.get(k)}, is {now.get(k)}" for k in other)
        remedy = " ".join(f"{name}.{k}={_typed(then[k])}" for k in other if k in then)
        raise Refused(f"the weights were trained as another network: {said}", place, remedy)


def _settings(node: Plain) -> Plain:
    """What decides the network that weights stand for: all settings, those left out by default."""
    asked = signature_of(node["_target_"]).settings.values()
    whole = {s.name: s.default for s in asked if not s.required} | own(node)
    kept = {key: value for key, value in whole.items() if key not in SAME}
    return {key: list(v) if isinstance(v, tuple) else v for key, v in kept.items()}


def _typed(value: Any) -> str:
    """A value as a user types it after a key."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def own(node: Plain) -> Plain:
    """A part's node without the keys that are not its constructor's."""
    return {k: v for k, v in node.items() if k not in ("pretrained", "freeze", "compile")}
