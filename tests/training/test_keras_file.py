"""Keras models from files of every layout: the same weights, or a refusal that names the layer."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from keras_models import Model, cnn, resnet, write_h5, write_keras
from torch import Tensor
from torch.nn.functional import batch_norm, conv1d, max_pool1d, relu

from tremor.errors import Refused
from tremor.network.models.ecg_cnn import ECGCNN
from tremor.network.models.ecg_resnet import ECGResNet
from tremor.training.keras_config import Described, described
from tremor.training.keras_file import read_keras
from tremor.training.keras_network import Recognised, recognise

Written = Callable[[Model, Path], Path]
LAYOUTS: dict[str, Written] = {
    "whole.h5": write_h5,
    "weights.h5": lambda model, path: write_h5(model, path, config=False),
    "misnamed.keras": write_h5,
    "archive.keras": write_keras,
    "new.weights.h5": lambda model, path: write_keras(model, path, archive=False),
}


def read(path: Path) -> tuple[Recognised, Described | None]:
    file = read_keras(path)
    found = recognise(file)
    return found, described(file, found)


def refused(path: Path, said: str) -> None:
    with pytest.raises(Refused, match=said) as told:
        read(path)
    assert told.value.where == str(path)


def norm(x: Tensor, arrays: dict[str, Any]) -> Tensor:
    gamma, beta, mean, variance = map(torch.from_numpy, arrays.values())
    return batch_norm(x, mean, variance, gamma, beta, eps=1e-3)


def convolved(x: Tensor, arrays: dict[str, Any]) -> Tensor:
    kernel = torch.from_numpy(arrays["kernel"]).permute(2, 1, 0)
    return conv1d(x, kernel, torch.from_numpy(arrays["bias"]), padding="same")


def by_graph(model: Model, x: Tensor) -> Tensor:
    """What the model's own graph gives up to its last features, layer by layer."""
    made = {"input_layer": x}
    by_name = {node.name: node for node in model.nodes}

    def value(name: str) -> Tensor:
        if name not in made:
            node = by_name[name]
            inner = [value(read) for read in node.reads]
            act = {
                "Conv1D": lambda: convolved(inner[0], node.arrays),
                "BatchNormalization": lambda: norm(inner[0], node.arrays),
                "Activation": lambda: relu(inner[0]),
                "MaxPooling1D": lambda: max_pool1d(inner[0], 2),
                "Add": lambda: sum(inner),
            }
            made[name] = act[node.kind]()  # type: ignore[assignment]
        return made[name]

    return value([node.name for node in model.nodes if node.kind == "Activation"][-1])


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("early", [True, False])
def test_a_residual_network_is_the_same_from_every_layout(
    layout: str, early: bool, tmp_path: Path
) -> None:
    model = resnet(early=early)
    found, _ = read(LAYOUTS[layout](model, tmp_path / layout))
    assert (found.model, found.leads, found.outputs) == ("ecg_resnet", 12, 2)
    assert found.settings == {"widths": [3, 4, 4], "kernels": [8, 5, 3]}
    own = {k.removeprefix("model."): v for k, v in found.weights().items() if k[0] == "m"}
    net = ECGResNet((12, 40), (3, 4, 4)).eval()
    net.load_state_dict(own)
    x = torch.randn(2, 12, 40, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(net(x, torch.full((2,), 40))[0], by_graph(model, x))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_chain_is_the_same_from_every_layout(layout: str, tmp_path: Path) -> None:
    model = cnn()
    found, _ = read(LAYOUTS[layout](model, tmp_path / layout))
    assert found.model == "ecg_cnn"
    own = {k.removeprefix("model."): v for k, v in found.weights().items() if k[0] == "m"}
    net = ECGCNN((12, 40), **found.settings).eval()
    net.load_state_dict(own)
    x = torch.randn(2, 12, 40, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(net(x, torch.full((2,), 40))[0], by_graph(model, x))


def test_a_config_tells_what_weights_do_not(tmp_path: Path) -> None:
    _, said = read(write_h5(cnn(pool=4), tmp_path / "a.h5"))
    assert said == Described({"eps": 1e-3, "pool": 4}, 40)
    _, said = read(write_h5(cnn(pool=4), tmp_path / "b.h5", config=False))
    assert said is None


def test_a_single_layer_is_a_chain_as_well(tmp_path: Path) -> None:
    found, said = read(write_h5(cnn(widths=(3,), kernels=(5,)), tmp_path / "a.h5"))
    assert (found.model, found.settings) == ("ecg_cnn", {"widths": [3], "kernels": [5]})
    assert said == Described({"eps": 1e-3}, 40)


def test_many_layers_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """`conv1d_10` comes after `conv1d_9`, though not in the alphabet."""
    model = cnn(widths=range(3, 16), kernels=[1] * 13, pool=1)
    found, _ = read(write_keras(model, tmp_path / "a.keras", archive=False))
    assert found.settings["widths"] == list(range(3, 16))


def strange(kind: str, **shapes: tuple[int, ...]) -> Model:
    model = cnn()
    model.add(kind)
    model.weigh(**shapes)
    return model


@pytest.mark.parametrize("write", [write_h5, write_keras])
def test_layers_that_are_not_known_are_named_with_their_shapes(
    write: Written, tmp_path: Path
) -> None:
    lstm = strange("LSTM", kernel=(4, 8), recurrent_kernel=(2, 8), bias=(8,))
    refused(write(lstm, tmp_path / "a"), r"lstm is not known: .*\(4, 8\), .*\(2, 8\), .*\(8,\)")
    picture = strange("Conv2D", kernel=(3, 3, 4, 2), bias=(2,))
    refused(write(picture, tmp_path / "b"), r"conv2_?d is not known: .*\(3, 3, 4, 2\)")


def test_layers_that_make_no_network_are_refused_for_each_kind(tmp_path: Path) -> None:
    model = cnn(widths=(3, 4))
    model.nodes[5].arrays["kernel"] = np.zeros((3, 5, 4), np.float32)
    path = write_h5(model, tmp_path / "a.h5", config=False)
    refused(path, r"ecg_resnet: .*conv1d \(5, 12, 3\).*\n.*ecg_cnn: conv1d_1 \(3, 5, 4\) does not")
    lacking = resnet()
    lacking.nodes = [node for node in lacking.nodes if node.name != "batch_normalization_2"]
    path = write_h5(lacking, tmp_path / "b.h5", config=False)
    refused(path, "12 batch norms are needed, it has 11")
    two = cnn()
    two.add("Dense")
    two.weigh(kernel=(3, 3), bias=(3,))
    refused(write_h5(two, tmp_path / "c.h5", config=False), "has 2: dense .*, dense_1 ")


def changed(model: Model, name: str, **settings: Any) -> Model:
    next(node for node in model.nodes if node.name == name).settings |= settings
    return model


@pytest.mark.parametrize("write", [write_h5, write_keras])
def test_a_config_of_another_network_is_refused(write: Written, tmp_path: Path) -> None:
    strided = resnet(strides=[2])
    refused(write(strided, tmp_path / "a"), r"conv1d \(Conv1D\) has strides \[2\]; it must be 1")
    softmax = changed(cnn(), "dense", activation="softmax")
    refused(write(softmax, tmp_path / "b"), "dense .* has activation softmax")
    causal = changed(cnn(), "conv1d_1", padding="causal")
    refused(write(causal, tmp_path / "c"), "conv1d_1 .* has padding causal; it must be same")
    bent = changed(cnn(), "conv1d_1", activation="relu")
    refused(
        write(bent, tmp_path / "d"), "other layers up to its batch_normalization_1 than ecg_cnn"
    )
    overlapping = cnn(strides=[1])
    refused(write(overlapping, tmp_path / "e"), "pools of 2 steps every 1 steps")
    mixed = changed(cnn(), "batch_normalization", epsilon=1e-5)
    refused(write(mixed, tmp_path / "f"), "epsilon of BatchNormalization .* they differ")
    attentive = cnn()
    attentive.nodes.insert(-2, attentive.nodes.pop(0))
    attentive.nodes[-3].kind = "LayerNormalization"
    refused(write(attentive, tmp_path / "g"), "is not known: LayerNormalization")


def test_a_shortcut_that_goes_elsewhere_is_seen_in_the_config(tmp_path: Path) -> None:
    model = resnet()
    add = next(node for node in model.nodes if node.name == "add_2")
    add.reads[0] = "activation"
    refused(
        write_h5(model, tmp_path / "a.h5"), "other layers up to its batch_normalization_11 than"
    )


def test_files_that_are_none_of_keras_are_refused(tmp_path: Path) -> None:
    refused(tmp_path / "none.h5", "no such file")
    text = tmp_path / "text.h5"
    text.write_text("no model")
    refused(text, "cannot read the Keras model")
    whole = write_h5(resnet(), tmp_path / "whole.h5").read_bytes()
    cut = tmp_path / "cut.h5"
    cut.write_bytes(whole[: len(whole) // 2])
    refused(cut, "cannot read the Keras model")
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["signal"] = np.zeros(3)
    refused(other, "of no Keras model: it has signal")
    empty = tmp_path / "empty.keras"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("config.json", json.dumps({}))
    refused(empty, r"no model.weights.h5 in the archive; it has config.json")


def test_weights_that_cannot_be_are_refused(tmp_path: Path) -> None:
    model = cnn()
    model.nodes[1].arrays["kernel"][0, 0, 0] = np.nan
    refused(write_h5(model, tmp_path / "a.h5"), "not finite")
    model.nodes[1].arrays["kernel"] = np.ones((5, 12, 3), np.int32)
    refused(write_h5(model, tmp_path / "b.h5"), "int32")
    path = write_h5(cnn(), tmp_path / "c.h5", config=False)
    with h5py.File(path, "a") as file:
        del file["conv1d/conv1d/kernel:0"]
        file.create_dataset("conv1d/conv1d/kernel:0", (10**6, 10**6, 3), "f4", chunks=(1, 1, 3))
    refused(path, "no weights of such a network")
