"""The task of several classes at once: its step by hand, what validation says, what is kept."""

from __future__ import annotations

import functools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning import LightningDataModule, Trainer
from sklearn.metrics import f1_score, roc_auc_score
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils.data import DataLoader

from tremor.data.batch import Batch
from tremor.errors import Refused
from tremor.network.decoders.pooled import PooledLinear
from tremor.network.network import Network
from tremor.signal.augment import NoAugment
from tremor.signal.normalise import none
from tremor.tasks.label_scores import scores_of
from tremor.tasks.losses import focal_binary_cross_entropy
from tremor.tasks.multilabel import Multilabel
from tremor.training.schedules import constant

CLASSES: dict[str, list[int | str]] = {"AF": [1], "SNR": [2, 3], "RARE": [4]}
STEPS = 6
AS_IS = functools.partial(none, demean="none")


class AsIs(nn.Module):
    """An encoder or model that passes on what it is given."""

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        return x, length


def task(**settings: Any) -> Multilabel:
    torch.manual_seed(0)
    network = Network(AsIs(), AsIs(), PooledLinear((8, STEPS), 3))
    adam = functools.partial(torch.optim.Adam, lr=0.05)
    return Multilabel(network, AS_IS, NoAugment(), adam, constant, CLASSES, **settings)


def batch(size: int = 24) -> Batch:
    """Two classes of which a record may have both, by channel means; nobody has the third."""
    g = torch.Generator().manual_seed(1)
    y = torch.stack([torch.arange(size) % 2, torch.arange(size) // 2 % 2], 1)
    x = torch.randn(size, 8, STEPS, generator=g)
    x[:, :2] += y[..., None]
    y = torch.cat([y, torch.zeros(size, 1, dtype=torch.int64)], 1)
    y[::5, 1] = -1
    return Batch(x, y, torch.full((size,), STEPS), torch.arange(size))


class Toy(LightningDataModule):
    """The same batch for everything; `part` as the data module of the house has it."""

    def part(self, name: str) -> Any:
        part = type("Part", (), {})()
        part.labels, part.positions = batch().y.numpy(), np.arange(24)
        return part

    def train_dataloader(self) -> Any:
        return DataLoader([0], collate_fn=lambda _: batch())  # type: ignore[arg-type]

    def val_dataloader(self) -> Any:
        two = [Batch(*(of[part] for of in vars(batch()).values())) for part in (HALF, REST)]
        return DataLoader([0, 1], collate_fn=lambda which: two[which[0]])  # type: ignore[arg-type]


HALF, REST = slice(0, 10), slice(10, 24)


def fitted(made: Multilabel, epochs: int = 3) -> Trainer:
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = Trainer(accelerator="cpu", max_epochs=epochs, enable_model_summary=False, **quiet)
    trainer.fit(made, Toy())
    return trainer


def stepped(made: Multilabel, monkeypatch: pytest.MonkeyPatch) -> Tensor:
    monkeypatch.setattr(made, "log_step", lambda numbers, _: None)
    return made.training_step(batch(), 0).detach()


def test_a_step_is_the_cross_entropy_of_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    made, data = task(), batch()
    logits, known = made(data.x, data.length), data.y >= 0
    by_hand = binary_cross_entropy_with_logits(logits[known], data.y[known].float())
    assert float(stepped(made, monkeypatch)) == pytest.approx(float(by_hand), rel=1e-6)


def test_weights_and_smoothing_are_torchs(monkeypatch: pytest.MonkeyPatch) -> None:
    made, data = task(positive_weights={"AF": 3.0}, label_smoothing=0.2), batch()
    logits, known = made(data.x, data.length), data.y >= 0
    shares = data.y.float() * 0.8 + 0.1
    weights = torch.tensor([3.0, 1.0, 1.0])
    each = binary_cross_entropy_with_logits(logits, shares, pos_weight=weights, reduction="none")
    assert float(stepped(made, monkeypatch)) == pytest.approx(float(each[known].mean()), rel=1e-6)


def test_the_focal_loss_is_that_of_its_paper() -> None:
    logits, y = torch.tensor([[2.0, -1.0]]), torch.tensor([[1, 0]])
    p = logits.sigmoid()
    by_hand = -((1 - p[0, 0]) ** 2 * p[0, 0].log() + p[0, 1] ** 2 * (1 - p[0, 1]).log()) / 2
    assert float(focal_binary_cross_entropy(logits, y, gamma=2.0)) == pytest.approx(float(by_hand))


def test_unknown_labels_alone_are_no_loss_and_sure_answers_keep_gradients() -> None:
    logits = torch.tensor([[300.0, -300.0]], requires_grad=True)
    assert float(focal_binary_cross_entropy(logits, torch.full((1, 2), -1))) == 0.0
    focal_binary_cross_entropy(logits, torch.tensor([[0, 1]]), gamma=0.5).backward()
    assert logits.grad is not None
    assert bool(logits.grad.isfinite().all())


def test_validation_chooses_thresholds_and_says_how_good_they_are(tmp_path: Path) -> None:
    made = task()
    trainer = fitted(made)
    data = batch()
    logits = made.eval()(data.x, data.length).detach()
    said, known = made.decided(logits), data.y[:, 1] >= 0
    areas = [roc_auc_score(data.y[:, 0], logits[:, 0])]
    areas += [roc_auc_score(data.y[known, 1], logits[known, 1])]
    f1 = [f1_score(data.y[:, 0], said[:, 0]), f1_score(data.y[known, 1], said[known, 1])]
    shown = trainer.callback_metrics
    assert float(shown["val/macro_auroc"]) == pytest.approx(np.mean(areas))  # nobody has RARE
    assert float(shown["val/macro_f1"]) == pytest.approx(np.mean(f1))
    mean = focal_binary_cross_entropy(logits, data.y)
    assert float(shown["val/loss"]) == pytest.approx(float(mean), rel=1e-5)
    assert made.thresholds[2] == 0.5
    assert (made.thresholds[:2] != 0.5).all()
    assert list(made.findings()["thresholds"]) == list(CLASSES)

    trainer.save_checkpoint(tmp_path / "a.ckpt")
    kept = torch.load(tmp_path / "a.ckpt", weights_only=True)["state_dict"]
    other = task(positive_weights={"AF": 2.0})
    other.load_state_dict(kept)
    assert torch.equal(other.thresholds, made.thresholds)


def test_predictions_are_chances_and_answers_by_the_thresholds() -> None:
    made, data = task().eval(), batch()
    made.thresholds.copy_(torch.tensor([0.0, 1.1, 0.5]))
    said = made.predict_step(data, 0)
    assert said["p"].dtype == torch.float64
    assert said["p"].shape == said["predicted"].shape == (24, 3)
    assert said["predicted"][:, 0].all()
    assert not said["predicted"][:, 1].any()
    assert torch.equal(said["predicted"][:, 2], (said["p"][:, 2] >= 0.5).long())


def test_balanced_weights_are_how_many_have_it_not_for_each_that_has() -> None:
    made = task(positive_weights="balanced")
    y = torch.tensor([[1, 0, 1], [0, 0, 0], [0, 1, -1], [0, -1, -1]])
    made.positive.learn(y)
    assert made.positive().tolist() == [3.0, 2.0, 1.0]
    with pytest.raises(Refused, match="all training records have RARE, or none has"):
        fitted(task(positive_weights="balanced"))


def test_nothing_known_or_finite_is_no_score() -> None:
    y = torch.tensor([[1, 0], [-1, 0]])
    found = scores_of(torch.zeros(2, 2), torch.ones(2, 2), y)
    assert math.isnan(found["macro_auroc"])  # of one known record no order can be told
    assert found["macro_f1"] == 1.0
    lost = scores_of(torch.full((2, 2), math.nan), torch.ones(2, 2), y)
    assert math.isnan(lost["loss"])
    assert math.isnan(lost["macro_f1"])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"positive_weights": {"AFIB": 2.0}}, "gives AFIB 2.0; the classes are AF, SNR, RARE"),
        ({"positive_weights": {"AF": 0.0}}, "gives AF 0.0"),
        ({"focal_gamma": -1.0}, "task.focal_gamma is -1.0"),
        ({"label_smoothing": 1.5}, "train.label_smoothing is 1.5"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        task(**settings)
