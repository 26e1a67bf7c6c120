"""The task: its loss by hand, its parameter groups, what freezing means."""

from __future__ import annotations

import functools

import pytest
import torch
from lightning import Trainer
from torch import Tensor, nn

from tremor.data.batch import Batch
from tremor.network.decoders.pooled import PooledLinear
from tremor.network.encoders.fft import FFT
from tremor.network.layers.mlstm_layer import MLSTMLayer
from tremor.network.layers.slstm_layer import SLSTMLayer
from tremor.network.models.lstm import AttentionLSTM
from tremor.network.network import Network
from tremor.signal.augment import NoAugment
from tremor.signal.normalise import std
from tremor.tasks.classification import Classification
from tremor.tasks.optimisation import Anchor, parameter_groups, scaled
from tremor.training.schedules import constant


def network() -> Network:
    torch.manual_seed(0)
    encoder = FFT(3, 600, 100.0, fft_size=64)
    model = AttentionLSTM(encoder.out_shape, hidden_size=8)
    return Network(encoder, model, PooledLinear(model.out_shape, 2))


def parts() -> dict[str, nn.Module]:
    return dict(network().named_children())


def task(**settings: float) -> Classification:
    adamw = functools.partial(torch.optim.AdamW, lr=0.1, weight_decay=0.5)
    return Classification(network(), std, NoAugment(), adamw, constant, 2, **settings)


def batch() -> Batch:
    torch.manual_seed(1)
    return Batch(
        torch.randn(6, 3, 600), torch.arange(6) % 2, torch.full((6,), 600), torch.arange(6)
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_is_smoothed_cross_entropy(
    smoothing: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, data = task(label_smoothing=smoothing).eval(), batch()
    for name in ("log", "log_dict"):
        monkeypatch.setattr(made, name, lambda *a, **k: None)
    group = {"params": list(made.parameters()), "scale": 1.0}
    monkeypatch.setattr(made, "optimizers", lambda: torch.optim.SGD([group], lr=1))
    chances = torch.log_softmax(made(data.x, data.length), -1)
    target = torch.full((6, 2), smoothing / 2)
    target[torch.arange(6), data.y] += 1 - smoothing
    expected = -(target * chances).sum(-1).mean()
    torch.testing.assert_close(made.training_step(data, 0), expected)


def test_predictions_are_probabilities_of_known_rows() -> None:
    said = task().eval().predict_step(batch(), 0)
    chances = said["p"]
    assert said["index"].tolist() == list(range(6))
    assert torch.equal(said["predicted"], chances.argmax(-1))
    assert chances.dtype == torch.float64
    torch.testing.assert_close(chances.sum(-1), torch.ones(6, dtype=torch.float64))


def test_biases_and_norms_do_not_decay() -> None:
    groups = parameter_groups(parts(), (), thaws=False, thawed_scale=1.0)
    for group in groups:
        assert all((p.ndim > 1) == group["name"].endswith("/decay") for p in group["params"])
    counted = sum(p.numel() for group in groups for p in group["params"])
    assert counted == sum(p.numel() for p in network().parameters())


def test_gates_do_not_decay() -> None:
    layer = MLSTMLayer(8, num_heads=2)
    groups = parameter_groups({"model": layer}, (), thaws=False, thawed_scale=1.0)
    spared = next(g for g in groups if g["name"] == "model/no_decay")["params"]
    assert any(p is layer.gates.weight for p in spared)
    assert not any(p is layer.up.weight for p in spared)


def test_gates_of_an_slstm_do_not_decay() -> None:
    layer = SLSTMLayer(8, num_heads=2)
    groups = parameter_groups({"model": layer}, (), thaws=False, thawed_scale=1.0)
    decaying = next(g for g in groups if g["name"] == "model/decay")["params"]
    names = {name for name, p in layer.named_parameters() if any(p is d for d in decaying)}
    assert names == {"conv.conv.weight", "up.weight", "down.weight"}


@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0])
def test_the_rate_logged_is_that_of_what_never_froze(
    scale: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Groups of the encoder come first, and are at a multiple of the rate when they thaw."""
    made = task()
    groups = parameter_groups(made.parts(), ("model",), thaws=True, thawed_scale=scale)
    optimizer = scaled(functools.partial(torch.optim.SGD, lr=0.5), groups)
    monkeypatch.setattr(made, "optimizers", lambda: optimizer)
    assert optimizer.param_groups[0]["lr"] == 0.5 * scale
    assert made._rate() == 0.5


def test_the_pull_is_half_the_squared_distance() -> None:
    made, net = task(l2_to_pretrained=0.5), network()
    weights = {n: p.detach() + 1 for n, p in net.named_parameters() if n.startswith("model")}
    made.anchor = Anchor(weights)
    count = sum(w.numel() for w in weights.values())
    pulled = made.pulled(torch.tensor(2.0))
    torch.testing.assert_close(pulled, torch.tensor(2.0 + 0.5 * count / 2))
    assert not any("anchor" in name for name in made.state_dict())


def test_frozen_parts_are_in_the_optimiser_only_if_they_thaw() -> None:
    never = parameter_groups(parts(), ("model",), thaws=False, thawed_scale=1.0)
    later = parameter_groups(parts(), ("model",), thaws=True, thawed_scale=0.1)
    assert {group["name"].split("/")[0] for group in never} == {"decoder"}
    optimizer = scaled(functools.partial(torch.optim.AdamW, lr=1.0), later)
    rates = {group["name"]: group["lr"] for group in optimizer.param_groups}
    assert rates["model/decay"] == pytest.approx(0.1)
    assert rates["decoder/decay"] == 1.0


def test_frozen_means_no_gradient_and_eval_mode_even_while_training() -> None:
    made = task()
    made.freeze_parts(("model",))
    made.train()
    assert made.network.decoder.training
    norms = [m for m in made.network.model.modules() if isinstance(m, nn.BatchNorm1d)]
    assert norms
    assert not any(m.training for m in made.network.model.modules())
    before = norms[0].running_mean.clone()  # type: ignore[union-attr]
    made(batch().x, batch().length).sum().backward()
    assert torch.equal(norms[0].running_mean, before)  # type: ignore[arg-type]
    assert all(p.grad is None for p in made.network.model.parameters())


def test_thawing_is_due_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = task(unfreeze_at_epoch=2)
    made.trainer = Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    made.freeze_parts(("model",))
    for epoch, trains in ((0, False), (1, False), (2, True), (3, True)):
        monkeypatch.setattr(Classification, "current_epoch", epoch)
        made.train()
        made.on_train_epoch_start()
        assert all(p.requires_grad == trains for p in made.network.model.parameters())
        assert made.network.model.training == trains


def test_normalisation_is_part_of_what_the_task_does() -> None:
    made, data = task().eval(), batch()
    louder: Tensor = made(data.x * 1e4 + 7, data.length)
    torch.testing.assert_close(louder, made(data.x, data.length), rtol=1e-3, atol=1e-3)
