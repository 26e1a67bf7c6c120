"""The task of several heads: its step by hand, what validation says, what a checkpoint keeps."""

from __future__ import annotations

import functools
import math
from typing import Any

import lightning
import numpy as np
import pytest
import torch
from lightning import Trainer
from sklearn.metrics import balanced_accuracy_score, f1_score
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

from tremor.data.batch import Batch
from tremor.errors import Refused
from tremor.network.decoders.hierarchical import HierarchicalDecoder
from tremor.network.decoders.multitask import MultitaskDecoder
from tremor.network.decoders.pooled import PooledLinear
from tremor.network.network import Network
from tremor.signal.augment import NoAugment
from tremor.signal.feature_masks import FeatureMasks
from tremor.signal.mixing import Mixing
from tremor.signal.normalise import none
from tremor.tasks.head_scores import HeadScores
from tremor.tasks.multitask import Multitask
from tremor.training.schedules import constant

HEADS = {"size": ["none", "small", "large"], "way": ["none", "N", "E", "S", "W"]}
STEPS = 6
AS_IS = functools.partial(none, demean="none")


class AsIs(nn.Module):
    """An encoder or model that passes on what it is given."""

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        return x, length


class Halved(nn.Module):
    """Masks that are easy to know again."""

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        return x / 2


def task(decoder: Any = MultitaskDecoder, lr: float = 0.05, **settings: Any) -> Multitask:
    torch.manual_seed(0)
    made = decoder((8, STEPS), HEADS, hidden=16, dropout=0.0)
    adam = functools.partial(torch.optim.Adam, lr=lr)
    network = Network(AsIs(), AsIs(), made)
    return Multitask(network, AS_IS, NoAugment(), adam, constant, HEADS, **settings)


def batch(size: int = 12) -> Batch:
    """Channel means tell both labels; every third record does not know its way."""
    g = torch.Generator().manual_seed(1)
    y = torch.stack([torch.arange(size) % 3, torch.randint(1, 5, (size,), generator=g)], 1)
    y[y[:, 0] == 0, 1] = 0
    x = torch.randn(size, 8, STEPS, generator=g) * 0.1
    x += torch.cat([torch.eye(3)[y[:, 0]], torch.eye(5)[y[:, 1]]], 1)[..., None]
    y[2::3, 1] = -1
    return Batch(x, y, torch.full((size,), STEPS), torch.arange(size))


class Toy(lightning.LightningDataModule):
    """The same batch for everything; `part` as the data module of the house has it."""

    def part(self, name: str) -> Any:
        assert name == "train"
        part = type("Part", (), {})()
        part.labels = np.concatenate([batch().y.numpy(), np.full((5, 2), 1)])  # 5 do not train
        part.positions = np.arange(12)
        return part

    def train_dataloader(self) -> Any:
        return DataLoader([0], collate_fn=lambda _: batch())  # type: ignore[arg-type]

    val_dataloader = train_dataloader


def fitted(made: Multitask, epochs: int, precision: Any = 32) -> Trainer:
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        precision=precision,
        enable_model_summary=False,
        log_every_n_steps=1,
        **quiet,
    )
    trainer.fit(made, Toy())
    return trainer


def stepped(made: Multitask, data: Batch, monkeypatch: pytest.MonkeyPatch) -> tuple[Tensor, Any]:
    said: dict[str, Tensor] = {}
    monkeypatch.setattr(made, "log_step", lambda numbers, _: said.update(numbers))
    return made.training_step(data, 0), said


def logits_of(made: Multitask, x: Tensor) -> list[Tensor]:
    whole = made.network(x, torch.full((len(x),), STEPS))
    return [whole[:, :3], whole[:, 3:]]


def test_a_step_is_the_weighed_cross_entropy_of_known_labels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, data = task(weights={"way": 0.5}), batch()
    size, way = logits_of(made, data.x)
    losses = (
        cross_entropy(size, data.y[:, 0]),
        cross_entropy(way, data.y[:, 1], ignore_index=-1),
    )
    loss, said = stepped(made, data, monkeypatch)
    torch.testing.assert_close(loss, losses[0] + 0.5 * losses[1])
    torch.testing.assert_close(said["loss"], loss.detach())
    torch.testing.assert_close(said["size_loss"], losses[0].detach())
    torch.testing.assert_close(said["way_loss"], losses[1].detach())


def test_masks_and_mixing_are_of_training_features_and_of_the_labels_of_all_heads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One partner and one weight for both heads; an unknown label has no share."""
    mix = Mixing(mixup_p=1.0)
    made, data = task(masks=Halved(), mix=mix), batch()
    torch.manual_seed(5)
    mixed = mix(data.x / 2, data.length)
    torch.manual_seed(5)
    loss, _ = stepped(made, data, monkeypatch)
    own, other = mixed.weight, 1 - mixed.weight
    total = torch.zeros(())
    for head, said in enumerate(logits_of(made, mixed.x)):
        chance = said.log_softmax(-1)
        y, z = data.y[:, head], data.y[mixed.partner, head]
        sums = []
        for labels, weight in ((y, own), (z, other)):
            lost = cross_entropy(said, labels, ignore_index=-1, reduction="none")
            sums.append(((lost * weight).sum(), (weight * (labels >= 0)).sum()))
        total = total + (sums[0][0] + sums[1][0]) / (sums[0][1] + sums[1][1])
        assert chance.shape[1] == len(list(HEADS.values())[head])
    torch.testing.assert_close(loss, total)


def test_soft_labels_focus_and_class_weights_reach_the_loss(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain, data = float(stepped(task(), batch(), monkeypatch)[0].detach()), batch()
    for switch in (
        {"circular": {"way": 45.0}},
        {"label_smoothing": 0.2},
        {"focal_gamma": 2.0},
        {"class_weights": {"size": [1.0, 2.0, 5.0]}},
        {"masks": Halved()},
        {"weights": {"size": 2.0}},
    ):
        assert float(stepped(task(**switch), data, monkeypatch)[0].detach()) != plain


def test_mixed_labels_keep_the_weights_of_their_own_records(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two records of one mixture count each as its class does, over the shares that are known."""
    weights, mix = {"way": [1.0, 2.0, 0.5, 4.0, 8.0]}, Mixing(mixup_p=1.0)
    made, data = task(mix=mix, class_weights=weights, circular={"way": 60.0}), batch()
    torch.manual_seed(5)
    mixed = mix(data.x, data.length)
    torch.manual_seed(5)
    _, said = stepped(made, data, monkeypatch)
    chance = logits_of(made, mixed.x)[1].log_softmax(-1)
    total, known = torch.zeros(()), torch.zeros(())
    for y, share in ((data.y, mixed.weight), (data.y[mixed.partner], 1 - mixed.weight)):
        lost = -(made.soft(y)[1] * chance).sum(-1)
        total = total + (torch.tensor(weights["way"])[y[:, 1]] * share * lost).sum()
        known = known + (share * (y[:, 1] >= 0)).sum()
    torch.testing.assert_close(said["way_loss"], (total / known).detach())


@pytest.mark.parametrize("gamma", [0.0, 2.0])
@pytest.mark.parametrize("soft", [{"circular": {"way": 30.0}}, {"label_smoothing": 0.2}])
def test_a_rare_neighbour_does_not_take_records_over(
    soft: dict[str, Any], gamma: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every direction can be told from its feature: balanced weights must leave it so."""
    heads = {"way": ["none", "N", "NE", "E", "SE", "S", "SW", "W", "NW"]}
    y = torch.repeat_interleave(torch.tensor([1, 2, 3]), torch.tensor([60, 5, 40]))
    data = Batch(torch.eye(9)[y][..., None], y, torch.ones_like(y), torch.arange(len(y)))
    torch.manual_seed(0)
    network = Network(AsIs(), AsIs(), MultitaskDecoder((9, 1), heads, hidden=None, dropout=0.0))
    adam, balance = functools.partial(torch.optim.Adam, lr=0.1), {"class_weights": "balanced"}
    settings: Any = soft | balance | {"focal_gamma": gamma}
    made = Multitask(network, AS_IS, NoAugment(), adam, constant, heads, **settings)
    made.learn_labels(y)
    optimizer = adam(made.parameters())
    for _ in range(200):
        optimizer.zero_grad()
        stepped(made, data, monkeypatch)[0].backward()
        optimizer.step()
    assert torch.equal(made.eval().predict_step(data, 0)["predicted_way"], y)


def test_no_known_label_of_a_head_is_a_step_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    made, data = task(uncertainty=True), batch()
    data.y[:, 1] = -1
    loss, said = stepped(made, data, monkeypatch)
    loss.backward()
    torch.testing.assert_close(said["loss"], said["size_loss"])
    assert made.weighing.log_variance.grad[1] == 0  # type: ignore[union-attr,index]


def test_validation_takes_plain_losses_and_scores_that_a_constant_does_not_flatter() -> None:
    scores, y = HeadScores(HEADS), batch().y
    torch.manual_seed(3)
    logits = [torch.randn(12, 3), torch.randn(12, 5)]
    for rows in (slice(0, 5), slice(5, 12)):
        losses = torch.stack(
            [
                cross_entropy(said[rows], y[rows, head], ignore_index=-1)
                for head, said in enumerate(logits)
            ]
        )
        decided = torch.stack([said[rows].argmax(-1) for said in logits], 1)
        scores.update(decided, losses, y[rows])
    losses, found = scores.taken()
    for head, (name, said) in enumerate(zip(HEADS, logits, strict=True)):
        known = y[:, head] >= 0
        true, guess = y[known, head].numpy(), said[known].argmax(-1).numpy()
        torch.testing.assert_close(losses[head], cross_entropy(said[known], y[known, head]))
        recall = balanced_accuracy_score(true, guess)
        assert float(found[f"{name}_balanced_accuracy"]) == pytest.approx(recall)
        assert float(found[f"{name}_macro_f1"]) == pytest.approx(
            f1_score(true, guess, average="macro")
        )
    both = [float(found[f"{name}_balanced_accuracy"]) for name in HEADS]
    assert float(found["balanced_accuracy"]) == pytest.approx(np.mean(both))


def test_a_head_without_known_labels_is_left_out_of_the_mean() -> None:
    scores, y = HeadScores(HEADS), batch().y
    y[:, 1] = -1
    scores.update(torch.stack([y[:, 0], torch.randint(5, (12,))], 1), torch.zeros(2), y)
    _, found = scores.taken()
    assert math.isnan(found["way_balanced_accuracy"])
    assert float(found["balanced_accuracy"]) == 1


@pytest.mark.parametrize("decoder", [MultitaskDecoder, HierarchicalDecoder])
def test_predictions_are_probabilities_of_each_head(decoder: Any) -> None:
    made, data = task(decoder).eval(), batch()
    said = made.predict_step(data, 0)
    assert list(said) == [
        "index",
        "predicted",
        "predicted_size",
        "p_size",
        "predicted_way",
        "p_way",
    ]
    assert torch.equal(said["predicted"], said["predicted_size"])
    whole = made(data.x, data.length)
    for name, logits in zip(HEADS, whole.split([3, 5], -1), strict=True):
        chances = said[f"p_{name}"]
        assert chances.dtype == torch.float64
        torch.testing.assert_close(chances.float(), logits.softmax(-1))
        if decoder is MultitaskDecoder:
            assert torch.equal(said[f"predicted_{name}"], chances.argmax(-1))


def test_the_decoder_decides_what_is_predicted_and_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of precursors that are likely, though no class of them is, all heads say that they are."""
    made, data = task(HierarchicalDecoder, lr=0.0).eval(), batch()
    with torch.no_grad():
        made.network.decoder.precursor[-1].bias.fill_(0.5)
    said = made.predict_step(data, 0)
    precursor = said["p_size"][:, 0] < 0.5
    assert precursor.all()
    assert (said["p_way"].argmax(-1) == 0).any()  # by itself this head would deny it
    for name in HEADS:
        assert torch.equal(said[f"predicted_{name}"] > 0, precursor)
        inner = said[f"p_{name}"][:, 1:].argmax(-1) + 1
        assert torch.equal(said[f"predicted_{name}"], inner)
    shown: dict[str, Tensor] = {}
    monkeypatch.setattr(made, "log_dict", lambda numbers, prog_bar: shown.update(numbers))
    made.validation_step(data, 0)
    made.on_validation_epoch_end()
    score = balanced_accuracy_score(data.y[:, 0], said["predicted_size"])
    assert float(shown["val/size_balanced_accuracy"]) == pytest.approx(score)


def test_masks_are_rehearsed_and_refuse_what_they_cannot_hide() -> None:
    data = batch()
    task().rehearse(data)
    task(masks=FeatureMasks(time_p=0.0, frequency_p=0.0)).rehearse(data)
    with pytest.raises(Refused, match="times and frequencies"):
        task(masks=FeatureMasks()).eval().rehearse(data)


@pytest.mark.parametrize("decoder", [MultitaskDecoder, HierarchicalDecoder])
@pytest.mark.parametrize("precision", [32, "bf16-mixed"])
def test_two_heads_are_learned_and_logged(decoder: Any, precision: Any) -> None:
    made = task(decoder, uncertainty=True, class_weights="balanced", weights={"way": 0.5})
    metrics = fitted(made, 60, precision).callback_metrics
    assert float(metrics["val/balanced_accuracy"]) == 1
    weighed = metrics["val/size_loss"] + 0.5 * metrics["val/way_loss"]
    torch.testing.assert_close(metrics["val/loss"], weighed)
    assert float(metrics["val/loss"]) < 0.1
    assert float(metrics["train/size_log_variance"]) < -0.5
    names = {f"val/{head}_{score}" for head in HEADS for score in ("balanced_accuracy", "macro_f1")}
    assert names <= set(metrics)
    assert {"train/loss", "train/size_loss", "train/way_loss"} <= set(metrics)


def test_class_weights_come_from_the_training_labels_alone() -> None:
    made = task(class_weights="balanced")
    fitted(made, 1)
    size, way = made.class_weights()
    torch.testing.assert_close(size, torch.ones(3))
    counts = torch.bincount(batch().y[:, 1].clamp(min=0))[1:]
    known = batch().y[:, 1] >= 0
    assert float(way[batch().y[known, 1]].mean()) == pytest.approx(1)
    torch.testing.assert_close(way[1] / way[2], counts[1] / counts[0])


def test_labels_that_cannot_be_counted_are_refused() -> None:
    made = task(class_weights="balanced")
    trainer = Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
    with pytest.raises(Refused, match="no data module"):
        trainer.fit(made, Toy().train_dataloader())


def test_what_was_learned_is_kept() -> None:
    made = task(uncertainty=True, class_weights="balanced")
    fitted(made, 3)
    other = task(uncertainty=True, class_weights="balanced")
    other.load_state_dict(made.state_dict())
    learnt = made.weighing.log_variance.detach()  # type: ignore[union-attr]
    assert torch.equal(other.weighing.log_variance, learnt)  # type: ignore[arg-type]
    assert float(learnt.abs().min()) > 0
    assert all(map(torch.equal, other.class_weights(), made.class_weights()))
    data = batch()
    assert torch.equal(other.eval()(data.x, data.length), made.eval()(data.x, data.length))


def test_learned_variances_are_a_part_of_their_own_that_does_not_decay() -> None:
    made = task(uncertainty=True)
    assert set(made.parts()) == {"encoder", "model", "decoder", "weighing"}
    assert set(task().parts()) == {"encoder", "model", "decoder"}


def test_one_head_alone_has_labels_of_one_axis(monkeypatch: pytest.MonkeyPatch) -> None:
    one = {"size": HEADS["size"]}
    network = Network(AsIs(), AsIs(), MultitaskDecoder((8, STEPS), one, hidden=None))
    sgd = functools.partial(torch.optim.SGD, lr=0.1)
    made, data = Multitask(network, AS_IS, NoAugment(), sgd, constant, one), batch()
    data.y = data.y[:, 0]
    made.eval()
    expected = cross_entropy(made(data.x, data.length), data.y)
    torch.testing.assert_close(stepped(made, data, monkeypatch)[0], expected)


def test_a_decoder_of_other_logits_is_refused() -> None:
    network = Network(AsIs(), AsIs(), PooledLinear((8, STEPS), 8))
    sgd = functools.partial(torch.optim.SGD, lr=0.1)
    with pytest.raises(Refused, match="8 logits"):
        Multitask(network, AS_IS, NoAugment(), sgd, constant, HEADS)


@pytest.mark.parametrize("broken", [{"focal_gamma": -1.0}, {"class_weight_power": -0.5}])
def test_odd_numbers_are_refused(broken: dict[str, float]) -> None:
    with pytest.raises(Refused, match=next(iter(broken))):
        task(**broken)
