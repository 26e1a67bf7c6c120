"""Weights for a model of timm: from a file of its own format, or from the hub."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from tremor.errors import Refused

States = dict[str, Tensor]


@dataclass(frozen=True)
class Source:
    """Where the weights of a model come from: a file, the hub, or nowhere."""

    name: str
    channels: int
    weights: str | None
    hub_weights: bool

    def __post_init__(self) -> None:
        if self.weights and self.hub_weights:
            fault = "model.weights names a file, and model.hub_weights asks for others"
            raise Refused(fault, "model", "model.hub_weights=false")


def take(net: Any, source: Source) -> str | None:
    """Give a model without classifier its weights, every one; says which, if any are asked for."""
    if source.weights:
        return _from_file(net, source, Path(source.weights).expanduser())
    return _from_hub(net, source) if source.hub_weights else None


def _from_file(net: Any, source: Source, path: Path) -> str:
    remedy = "model.weights=…, a .safetensors file or a state saved by torch.save, for timm"
    if not path.is_file():
        raise Refused(f"no such file: {path}", "model.weights", remedy)
    try:
        missing = _load(net, source, _read(path))
    except Exception as error:
        fault = f"cannot take the weights for {source.name}: {_said(error)}"
        raise Refused(fault, str(path), remedy) from error
    if missing:
        some = ", ".join(missing[:3]) + (", …" if len(missing) > 3 else "")
        fault = f"{len(missing)} tensors of {source.name} are not in the weights: {some}"
        own = "the model.name of these weights; model.pretrained=… takes those of a run of Tremor"
        raise Refused(fault, str(path), own)
    return f"{source.name} from {path}"


def _from_hub(net: Any, source: Source) -> str:
    place = f"{net.pretrained_cfg['architecture']}.{net.pretrained_cfg['tag']}"
    try:
        missing = _load(net, source, None)
    except Exception as error:
        fault = f"cannot take the weights {place} from the hub: {_said(error)}"
        remedy = "fetch its model.safetensors where there is a network; model.weights=PATH takes it"
        raise Refused(fault, "model.hub_weights", remedy) from error
    if missing:
        fault = f"the hub's {place} lacks {len(missing)} tensors: {missing[:3]}"
        raise Refused(fault, "model.hub_weights", "another model.name")
    return f"{place} from the hub"


def _read(path: Path) -> States:
    """The tensors of a file by their names; nothing in it is executed."""
    from timm.models import load_state_dict

    states: States = load_state_dict(str(path), weights_only=True)
    return states


def _load(net: Any, source: Source, states: States | None) -> list[str]:
    """Load as timm does, names, channels and places made to fit; says which tensors were missing.

    Without `states` timm fetches the published ones.
    """
    from timm.models import load_pretrained

    missing: list[str] = []
    hook = net.register_load_state_dict_post_hook(lambda _, k: missing.extend(k.missing_keys))
    overlay = {} if states is None else {"state_dict": states, "source": ""}
    try:
        load_pretrained(
            net,
            net.pretrained_cfg | overlay,
            num_classes=0,
            in_chans=source.channels,
            filter_fn=_translation(source.name),
        )
    finally:
        hook.remove()
    return missing


def _translation(name: str) -> Callable[[States, nn.Module], States] | None:
    """What timm does to weights of an architecture that others published, if anything."""
    from timm.models import model_entrypoint

    home = inspect.getmodule(model_entrypoint(name.partition(".")[0]))
    return getattr(home, "checkpoint_filter_fn", None)


def _said(error: Exception) -> str:
    """What an error says, on one line."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200] or type(error).__name__
