"""Where training stands, and how it is taken up: with Lightning's own loop, but no network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning
import pandas as pd
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint

from tremor.data.batch import Batch
from tremor.data.module import DataModule
from tremor.data.order import EpochSampler
from tremor.data.records import RecordSet
from tremor.training.callbacks import EpochSeed

Make = Callable[..., RecordSet]


class Told(lightning.LightningModule):
    """Notes the rows of each batch, and a random number drawn with it; may stop at a step."""

    def __init__(self, stop: tuple[int, int] | None = None):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.stop, self.seen = stop, []  # type: tuple[int, int] | None, list[Any]
        self.validated: list[int] = []

    def training_step(self, batch: Batch, index: int) -> torch.Tensor:
        if (self.current_epoch, index) == self.stop:
            raise RuntimeError("boom")
        drawn = torch.rand(())
        self.seen.append((self.current_epoch, index, batch.index.tolist(), drawn.item()))
        return (self.weight - drawn) ** 2

    def validation_step(self, batch: Batch, index: int) -> None:
        self.validated.append(self.current_epoch)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        assert self.trainer.estimated_stepping_batches == 21  # makes Lightning open the loader
        return torch.optim.SGD(self.parameters(), 0.1)


def fitted(
    records: RecordSet,
    told: Told,
    folder: Path,
    resume: str | None = None,
    workers: int = 0,
    each: int = 3,
) -> Told:
    parts = pd.Series(["train"] * 36 + ["val", "test"] * 2)
    module = DataModule(records, parts, batch_size=5, num_workers=workers, drop_last=True)
    last = ModelCheckpoint(folder, filename="last", every_n_train_steps=each)
    quiet: Any = {"enable_progress_bar": False, "enable_model_summary": False, "logger": False}
    quiet |= {"accelerator": "cpu", "num_sanity_val_steps": 0}
    trainer = lightning.Trainer(max_epochs=3, callbacks=[EpochSeed(1), last], **quiet)
    trainer.fit(told, module, ckpt_path=resume, weights_only=True)
    return told


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("stop", "done", "workers"),
    [((1, 4), 9, 0), ((1, 4), 9, 2), ((1, 2), 7, 2)],
)
def test_what_is_left_comes_in_the_same_order_and_with_the_same_randomness(
    numbers: Make, tmp_path: Path, stop: tuple[int, int], done: int, workers: int
) -> None:
    """Seven batches an epoch: also where the checkpoint was that of its last batch.

    Workers read ahead as soon as the loader is opened, before Lightning knows the epoch.
    """
    each = 7 if done == 7 else 3
    whole = fitted(numbers(), Told(), tmp_path / "whole", each=each)
    with pytest.raises(RuntimeError, match="boom"):
        fitted(numbers(), Told(stop), tmp_path / "stopped", each=each)
    last = str(tmp_path / "stopped" / "last.ckpt")
    rest = fitted(numbers(), Told(), tmp_path / "stopped", last, workers, each)
    assert rest.seen == whole.seen[done:]
    assert torch.equal(rest.weight, whole.weight)
    assert set(rest.validated) == set(range(done // 7, 3))


def test_records_that_were_seen_are_left_out_of_their_epoch_only() -> None:
    whole = EpochSampler(50, 1, None, 1, 2)
    begun = EpochSampler(50, 1, None, 1, 2, begun=2, seen=10)
    for epoch in range(4):
        whole.set_epoch(epoch)
        begun.set_epoch(epoch)
        assert list(begun) == list(whole)[10 if epoch == 2 else 0 :]
        assert len(begun) == len(whole) == 25
