"""Checkpoints: find them, open them without executing anything, take weights from them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.files import near

FORMAT = 2
CARD = ("config", "tree", "facts", "provenance")
NAMES = ("best.ckpt", "last.ckpt")


def find(path: str) -> Path:
    """The checkpoint of a run folder, of its `checkpoints/`, or a file itself: best, else last."""
    if not path.strip():
        remedy = "checkpoint=outputs/<experiment>/<run>"
        raise Refused("no checkpoint is named", "the command line", remedy)
    given = Path(path).expanduser()
    if given.is_file():
        return given
    places = [given / sub / name for name in NAMES for sub in ("", "checkpoints")]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        what = f"no {' or '.join(NAMES)} in it" if given.is_dir() else "no such file or folder"
        remedy = "give a run folder, its checkpoints/ folder, or a .ckpt file"
        latest = _latest_below(given)
        below = f", such as {near(latest)}, the latest below" if latest else ""
        raise Refused(f"no checkpoint at {path}: {what}", str(given.resolve()), remedy + below)
    return found


def _latest_below(folder: Path) -> Path | None:
    """The run folder with the newest checkpoint, at most three folders down."""
    places = ("*/checkpoints", "*/*/checkpoints", "*/*/*/checkpoints")
    kept = [path for place in places for path in folder.glob(f"{place}/{NAMES[1]}")]
    newest = max(kept, key=lambda path: path.stat().st_mtime, default=None)
    return newest.parents[1] if newest else None


def run_of(checkpoint: Path) -> Path | None:
    """The run folder that a checkpoint lies in, if it does."""
    run = checkpoint.parent.parent
    return run if checkpoint.parent.name == "checkpoints" else None


def load(path: Path) -> dict[str, Any]:
    """A checkpoint of ours as plain types and tensors."""
    remedy = "give a checkpoint written by simple_train.py, whole"
    try:
        _refuse_changed(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:200]
        fault = said if _archived(path) else "no archive that torch has written"
        raise Refused(f"cannot read the checkpoint: {fault}", str(path), remedy) from error
    card = content.get("tremor") if isinstance(content, dict) else None
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        known = isinstance(card, dict) and "format" in card
        again = "train it again, or use the version of Tremor that wrote it" if known else remedy
        raise Refused("not a checkpoint of this version of Tremor", str(path), again)
    if lacking := next(_misshapen(content), ""):
        raise Refused(f"the checkpoint has no sound {lacking}", str(path), remedy)
    return content  # type: ignore[no-any-return]


def _archived(path: Path) -> bool:
    try:
        return zipfile.is_zipfile(path)
    except zipfile.BadZipFile:
        return False


def _misshapen(content: dict[str, Any]) -> Iterator[str]:
    """What every checkpoint of ours has, and this one has not."""
    card, weights = content["tremor"], content.get("state_dict")
    if not isinstance(weights, dict) or not all(map(_named_tensor, weights.items())):
        yield "weights"
    yield from (name for name in CARD if not isinstance(card.get(name), dict))
    nodes = [card["config"].get(part, {}) for part in ("encoder", "model", "decoder")]
    if not all(isinstance(node, dict) for node in nodes):
        yield "parts of the network"


def _named_tensor(item: tuple[Any, Any]) -> bool:
    return isinstance(item[0], str) and isinstance(item[1], Tensor)


def _refuse_changed(path: Path) -> None:
    """Torch reads weights whose bits have changed as if nothing were: their checksums tell."""
    with zipfile.ZipFile(path) as archive:
        broken = archive.testzip()
    if broken:
        raise ValueError(f"{broken} in it has changed since it was written")


def part_weights(content: dict[str, Any], part: str) -> dict[str, Tensor]:
    """The weights of `encoder`, `model` or `decoder` under their own names."""
    prefix = f"network.{part}."
    weights = content["state_dict"].items()
    return {k.removeprefix(prefix): v for k, v in weights if k.startswith(prefix)}


def take_weights(module: nn.Module, weights: dict[str, Tensor], where: str) -> None:
    """Load weights that fit exactly."""
    refuse_misfit(module, weights, where)
    module.load_state_dict(weights)


def refuse_misfit(module: nn.Module, weights: dict[str, Tensor], where: str) -> None:
    """Refuse weights that do not fit exactly, with what is missing, left over or misshapen."""
    own = module.state_dict()
    faults = [f"missing: {name}" for name in sorted(own.keys() - weights.keys())]
    faults += [f"left over: {name}" for name in sorted(weights.keys() - own.keys())]
    for name in sorted(own.keys() & weights.keys()):
        if own[name].shape != weights[name].shape:
            shapes = f"{tuple(weights[name].shape)}, the network has {tuple(own[name].shape)}"
            faults.append(f"shape of {name}: {shapes}")
    if faults:
        listed = "\n  ".join(faults)
        remedy = "use the settings that the checkpoint was trained with (its config.yaml)"
        raise Refused(f"the weights do not fit ({len(faults)} keys):\n  {listed}", where, remedy)
