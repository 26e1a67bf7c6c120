"""Networks from files: Keras models, ONNX graphs, checkpoints of ours."""

from __future__ import annotations

import io
import tempfile
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import keras_models
import numpy as np
import onnx_models
import torch
from opened import load_script

from fuzz.reader import Files, Reader
from fuzz.readers.sources import files_of
from fuzz.shaped import changed_tree, shaped
from tremor.doors.checking import retuned
from tremor.doors.importing import by_name, listed
from tremor.training import checkpoints
from tremor.training.assemble import restore
from tremor.training.keras_config import described
from tremor.training.keras_file import read_keras
from tremor.training.keras_network import recognise
from tremor.training.onnx_file import read_onnx

CHECKPOINT = "best.ckpt"


@cache
def _keras() -> dict[str, Files]:
    small, chain = keras_models.resnet(widths=(2, 3), kernels=(3, 3, 3)), keras_models.cnn()
    return {
        "v2": files_of(lambda root: keras_models.write_h5(small, root / "x.h5")),
        "v2weights": files_of(lambda root: keras_models.write_h5(chain, root / "x.h5", False)),
        "v3": files_of(lambda root: keras_models.write_keras(chain, root / "x.keras")),
        "v3weights": files_of(lambda root: keras_models.write_keras(small, root / "x.h5", False)),
    }


def _read_keras(folder: Path) -> object:
    (path,) = folder.iterdir()
    file = read_keras(path)
    found = recognise(file)
    return found.weights(), described(file, found)


@cache
def _onnx() -> dict[str, Files]:
    return {
        "plain": files_of(lambda root: onnx_models.write(root / "x.onnx")),
        "turned": files_of(
            lambda root: onnx_models.write(root / "x.onnx", turned=True, sigmoid=True, samples=None)
        ),
    }


def _read_onnx(folder: Path) -> object:
    return read_onnx(folder / "x.onnx", onnx_models.LEADS, 40).settings


@cache
def _checkpoint() -> dict[str, Any]:
    """The checkpoint of a small run, which a script makes of a Keras model."""
    model = keras_models.resnet(widths=(2, 3), kernels=(3, 3, 3))
    with tempfile.TemporaryDirectory() as name:
        file = keras_models.write_h5(model, Path(name) / "x.h5")
        asked = [str(file), "--classes", "164889003,426783006", "--out", f"{name}/run"]
        with redirect_stdout(io.StringIO()):
            assert load_script("import_keras").main(asked) == 0
        return checkpoints.load(checkpoints.find(f"{name}/run"))


def _saved(content: Any) -> bytes:
    held = io.BytesIO()
    torch.save(content, held)
    return held.getvalue()


@cache
def _checkpoints() -> dict[str, Files]:
    card = {"format": checkpoints.FORMAT} | {name: {} for name in checkpoints.CARD}
    small = {"state_dict": {"network.model.w": torch.ones(2)}, "tremor": card}
    return {"small": {CHECKPOINT: _saved(small)}}


@cache
def _cards() -> dict[str, Files]:
    return {"imported": {CHECKPOINT: _saved(_checkpoint())}}


def _other_card(name: str, data: bytes, rng: Random) -> bytes:
    """A whole checkpoint whose card says other things, or whose weights are others."""
    if rng.random() < 0.1:
        return shaped(name, data, rng)
    content = dict(_checkpoint())
    if rng.random() < 0.7:
        content["tremor"] = changed_tree(content["tremor"], rng)
    else:
        weights = dict(content["state_dict"])
        key = rng.choice([*weights])
        weights[key] = rng.choice(
            (weights[key][None], weights[key].int(), torch.zeros(0), "x", None, 1.5)
        )
        content["state_dict"] = weights if rng.random() < 0.8 else rng.choice(([], "x", {}, None))
    return _saved(content)


def _read_card(folder: Path) -> object:
    """As every door does that starts from a checkpoint, up to its data."""
    content = checkpoints.load(checkpoints.find(str(folder)))
    card = content["tremor"]
    config, _, _ = retuned(card["tree"], ["trainer.accelerator=cpu"])
    return restore(config, content)


def _codes(folder: Path) -> object:
    return [by_name(listed(path)) for path in sorted(folder.iterdir())]


def _listed_codes() -> dict[str, Files]:
    held = io.BytesIO()
    np.save(held, np.array(["164889003", "NSR=2"]))
    return {"both": {"x.npy": held.getvalue(), "x.txt": b"164889003\nNSR=426783006\n"}}


READERS = [
    Reader("keras", _keras, _read_keras, share=3),
    Reader("onnx", _onnx, _read_onnx, share=6),
    Reader("class_codes", _listed_codes, _codes, share=50),
    Reader("checkpoint", _checkpoints, lambda f: checkpoints.load(f / CHECKPOINT), share=6),
    Reader("checkpoint_card", _cards, _read_card, share=0.2, change=_other_card),
]
