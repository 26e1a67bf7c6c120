"""A trained ECG network on a real record: pieces are worth what whole records are."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from pathlib import Path

import torch
from scipy.io import loadmat
from torch import Tensor

from tremor.explain.fills import Zero
from tremor.explain.game import Masked, masked
from tremor.explain.local.shapley import LocalShapley
from tremor.explain.players import time_windows
from tremor.explain.targets import OneClass
from tremor.network.decoders.pooled import PooledLinear
from tremor.network.encoders.raw import Raw
from tremor.network.models.ecg_resnet import ECGResNet
from tremor.network.network import Network
from tremor.network.views import OfSignal
from tremor.training.keras_file import read_keras
from tremor.training.keras_network import recognise

LEADS, STEPS, WINDOW, CLASSES = 12, 5000, 250, 27
FIBRILLATION = OneClass(1)


def network(weights: dict[str, Tensor] | None = None, steps: int = STEPS) -> OfSignal:
    encoder = Raw(LEADS, steps, 500.0, 1)
    model = (
        ECGResNet(encoder.out_shape) if weights else ECGResNet(encoder.out_shape, (4, 4), (3, 3))
    )
    body = Network(encoder, model, PooledLinear(model.out_shape, CLASSES))
    if weights:
        body.load_state_dict(weights, strict=False)
    return OfSignal(body.eval().requires_grad_(False), steps).eval()


def test_a_real_record_is_worth_the_same_in_pieces(shared_data: Path) -> None:
    found = recognise(read_keras(shared_data / "ecg" / "resnet_final_weights.h5"))
    stored = loadmat(str(shared_data / "ecg" / "records" / "A0003.mat"))["val"]
    record = torch.from_numpy(stored[:, :STEPS].astype("float32"))
    players = time_windows(record.shape, WINDOW, joint=False)
    game = masked(network(found.weights()), record, players, Zero(), FIBRILLATION, batch=4)
    assert isinstance(game.worth, Masked)
    assert game.worth.local is not None
    trunk = game.worth.local.pieces.trunk
    assert (trunk.back, trunk.ahead) == (18, 21)  # as perturbing the samples shows
    masks = torch.ones(6, LEADS, STEPS // WINDOW, dtype=torch.bool)
    generator = torch.Generator().manual_seed(0)
    masks[:3] = torch.rand(3, 1, STEPS // WINDOW, generator=generator) < 0.5
    masks[3:, :, 7] = torch.rand(3, LEADS, generator=generator) < 0.5
    wanted = replace(game.worth, local=None)(masks.flatten(1)).double()
    torch.testing.assert_close(game(masks.flatten(1)), wanted, rtol=2e-6, atol=2e-6)
    joint = masked(
        game.worth.predict, record, time_windows(record.shape, WINDOW), Zero(), FIBRILLATION
    )
    windows = LocalShapley()(joint)
    assert joint.evaluations <= 2 + 1  # twenty windows, exactly, for less than a record
    torch.testing.assert_close(float(windows.values.sum()), joint.gain, rtol=1e-5, atol=1e-5)


def test_what_is_known_of_a_network_goes_with_it() -> None:
    view = network(steps=400)
    game = masked(
        view, torch.randn(LEADS, 400), time_windows((LEADS, 400), 100), Zero(), FIBRILLATION
    )
    assert isinstance(game.worth, Masked)
    local = game.worth.local
    assert local is not None
    trunk = weakref.ref(local.pieces.trunk.network)
    del view, game, local
    gc.collect()
    assert trunk() is None
