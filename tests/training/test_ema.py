"""The running average of weights: what it is, where it is used, how a run goes on with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor, nn
from torch.utils.data import DataLoader

from tremor.errors import Refused
from tremor.training.ema import AveragedWeights


class Falling(lightning.LightningModule):
    """Its one weight falls by 1 at every step; it sees numbers of both kinds go by."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1, bias=False)
        self.norm = nn.BatchNorm1d(1, affine=False)
        self.fixed = nn.Parameter(torch.ones(1), requires_grad=False)
        nn.init.constant_(self.layer.weight, 10.0)
        self.validated: list[float] = []

    def training_step(self, x: Tensor, index: int) -> Tensor:
        self.norm(x)
        return self.layer.weight.sum()

    def validation_step(self, x: Tensor, index: int) -> None:
        self.validated.append(float(self.layer.weight))
        self.log("found", self.layer.weight.sum())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.layer.parameters(), 1.0)


def fit(
    folder: Path,
    *,
    epochs: int = 2,
    ema: AveragedWeights | None = None,
    start: Path | None = None,
    **settings: Any,
) -> Falling:
    """Two steps an epoch, on the numbers 1 to 4."""
    task = Falling()
    saver = ModelCheckpoint(folder, "last", save_on_train_epoch_end=True)
    trainer = lightning.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        callbacks=[ema or AveragedWeights(0.5), saver],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        **settings,
    )
    numbers = DataLoader(torch.arange(1.0, 5.0)[:, None], batch_size=2)
    trainer.fit(task, numbers, numbers, ckpt_path=start, weights_only=True)
    return task


def average(steps: int, decay: float) -> float:
    """Of 10, 9, 8, …, by its definition."""
    found = 10.0
    for n in range(steps):
        share = min(decay, (1 + n) / (10 + n))
        found = share * found + (1 - share) * (10 - n - 1)
    return found


@pytest.mark.parametrize("decay", [0.0, 0.15, 0.999])
def test_it_is_the_average_of_the_weights_that_were(tmp_path: Path, decay: float) -> None:
    task = fit(tmp_path, ema=AveragedWeights(decay))
    assert float(task.layer.weight.detach()) == pytest.approx(average(4, decay))
    wanted = [average(steps, decay) for steps in (2, 2, 4, 4)]
    assert task.validated == pytest.approx(wanted)


def test_a_step_over_several_batches_counts_once(tmp_path: Path) -> None:
    task = fit(tmp_path, accumulate_grad_batches=2)
    assert float(task.layer.weight.detach()) == pytest.approx(average(2, 0.5))


def test_a_checkpoint_has_the_average_where_weights_are_and_plain_types(tmp_path: Path) -> None:
    fit(tmp_path)
    content = torch.load(tmp_path / "last.ckpt", weights_only=True)
    assert float(content["state_dict"]["layer.weight"]) == pytest.approx(average(4, 0.5))
    current = content["ema"]["current"]
    assert float(current["layer.weight"]) == 6.0
    assert content["ema"]["updates"] == 4
    assert int(content["state_dict"]["norm.num_batches_tracked"]) == 4
    level, now = content["state_dict"]["norm.running_mean"], current["norm.running_mean"]
    assert 0 < float(level) < float(now)
    assert float(content["state_dict"]["fixed"]) == 1.0


@pytest.mark.parametrize("every", [1.0, 0.5])
def test_a_resumed_run_ends_as_the_whole_one_to_the_last_bit(tmp_path: Path, every: float) -> None:
    whole = fit(tmp_path / "whole", epochs=4, val_check_interval=every)
    fit(tmp_path / "cut", epochs=2, val_check_interval=every)
    start = tmp_path / "cut" / "last.ckpt"
    resumed = fit(tmp_path / "rest", epochs=4, start=start, val_check_interval=every)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    ends = [torch.load(tmp_path / f / "last.ckpt", weights_only=True) for f in ("whole", "rest")]
    assert str(ends[0]["ema"]) == str(ends[1]["ema"])
    assert whole.validated[-len(resumed.validated) :] == resumed.validated


def test_a_run_without_an_average_can_go_on_with_one(tmp_path: Path) -> None:
    fit(tmp_path, ema=AveragedWeights(0.0))
    content = torch.load(tmp_path / "last.ckpt", weights_only=True)
    del content["ema"]
    torch.save(content, tmp_path / "plain.ckpt")
    task = fit(tmp_path / "on", epochs=3, start=tmp_path / "plain.ckpt")
    assert 4.0 < float(task.layer.weight.detach()) < 6.0


def test_weights_come_back_when_validation_breaks_in(tmp_path: Path) -> None:
    """A checkpoint written while the task holds the average holds both in their places."""
    ema, task = AveragedWeights(0.5), Falling()
    ema.kept, ema.averaged = {"w": torch.tensor(6.0)}, True
    content: dict[str, Any] = {"state_dict": {"w": torch.tensor(7.0)}}
    ema.on_save_checkpoint(lightning.Trainer(logger=False), task, content)
    assert content["state_dict"] == {"w": torch.tensor(7.0)}
    assert content["ema"]["current"] == {"w": torch.tensor(6.0)}


def test_what_would_not_be_averaged_is_refused(tmp_path: Path) -> None:
    saver = ModelCheckpoint(tmp_path, "best", save_weights_only=True)
    trainer = lightning.Trainer(callbacks=[saver], logger=False, accelerator="cpu")
    with pytest.raises(Refused, match=r"best\.ckpt would hold") as refused:
        AveragedWeights().setup(trainer, Falling(), "fit")
    assert refused.value.remedy == "callbacks.best.save_weights_only=false"
    with pytest.raises(Refused, match="below 1"):
        AveragedWeights(1.0)
