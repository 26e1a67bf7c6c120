"""What may change no number: workers, a stop after any epoch, the size of batches, the device."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning
import pandas as pd
import pytest
import torch
from hydra import compose, initialize_config_dir
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor

from tremor.config.resolve import plain
from tremor.data.batch import Batch
from tremor.data.module import DataModule
from tremor.data.records import RecordSet
from tremor.doors.checking import CONFIGS
from tremor.tasks.base import Task
from tremor.training.assemble import Facts, assemble
from tremor.training.callbacks import EpochSeed

Make = Callable[..., RecordSet]
WAVES = Facts(channels=3, length=600, sampling_rate=100.0, classes=("a", "b"))
HEARTS = Facts(12, 400, 100.0, ("AF", "SNR", "RBBB"), multi=True)
HEADS = {"magnitude": tuple("nabc"), "azimuth": tuple("nabcdefgh")}
FIELD = Facts(3, 2700, 0.25, (), HEADS)
TINY = ["encoder.d_model=8", "encoder.width=8", "model.d_model=8", "model.pool=[4]"]
CNN = ["model.widths=[2,4]", "model.features=4"]
PICTURES = ["encoder.nperseg=128", "model.name=test_convnext", "model.resize=[32,32]"]
LSTM = ["augment=waveform", "model.hidden_size=4", "model.dropout=0.5"]
TASKS: dict[str, tuple[Facts, list[str]]] = {
    "lstm": (WAVES, LSTM),
    "xlstm_unet": (
        WAVES,
        ["experiment=fore_aftershock/finetune_xlstm_unet_tiny", "dataset.num_classes=2", *TINY],
    ),
    "station_cnn": (WAVES, ["experiment=stations/cnn", *CNN]),
    "multitask": (FIELD, ["experiment=geomagnetic/loeo", *PICTURES]),
    "multilabel": (HEARTS, ["experiment=ecg/demo", "model.widths=[4,4,4]"]),
    "contrastive": (WAVES, ["experiment=contrastive/xlstm_unet_tiny", *TINY, "task.negatives=5"]),
    "masked": (
        WAVES,
        [
            *("experiment=contrastive/masked_reconstruction", "dataset=synthetic_sequence"),
            *("encoder=conv_patch_tiny", "model=xlstm_unet_tiny", *TINY),
        ],
    ),
}


@functools.cache
def _made(name: str) -> Task:
    facts, typed = TASKS[name]
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = plain(compose("train", overrides=[*typed, "trainer.accelerator=cpu"]))[0]
    torch.manual_seed(1)
    return assemble(config, facts)


def made(name: str) -> Task:
    """A small task with the same initial weights each time."""
    return copy.deepcopy(_made(name))


def records_of(facts: Facts, count: int) -> Batch:
    """Seeded noise `(record, channel, sample)` with labels as these facts want them."""
    drawn = torch.Generator().manual_seed(2)
    width = {1: (), 2: (len(facts.heads),), 3: (len(facts.classes),)}
    shape = width[3 if facts.multi else 2 if facts.heads else 1]
    x = torch.randn(count, facts.channels, facts.length, generator=drawn)
    y = torch.randint(2, (count, *shape), generator=drawn)
    return Batch(x, y, torch.full((count,), facts.length), torch.arange(count))


def told(task: Task, batch: Batch, size: int) -> dict[str, Tensor]:
    """What a task says of records, so many at a time."""
    split = [tensor.split(size) for tensor in vars(batch).values()]
    parts = [Batch(*tensors) for tensors in zip(*split, strict=True)]
    task.eval()
    with torch.no_grad():
        said: list[Any] = [task.predict_step(part, place) for place, part in enumerate(parts)]
    return {name: torch.cat([each[name] for each in said]) for name in said[0]}


@pytest.mark.parametrize("name", TASKS)
def test_the_size_of_batches_changes_no_answer(name: str) -> None:
    task, batch = made(name), records_of(TASKS[name][0], 7)
    whole = told(task, batch, 7)
    for size in (1, 3):
        for key, value in told(task, batch, size).items():
            torch.testing.assert_close(value, whole[key], rtol=0, atol=1e-6, msg=f"{key} by {size}")


def fitted(
    records: RecordSet, folder: Path, start: Path | None = None, workers: int = 0
) -> tuple[Task, list[float]]:
    """Three epochs with dropout and augmentation; the task and the loss of each step."""
    parts = pd.Series(["train"] * 32 + ["val"] * 8)
    module = DataModule(records, parts, batch_size=8, num_workers=workers)
    kept = ModelCheckpoint(folder, "{epoch}", save_top_k=-1, save_on_train_epoch_end=True)
    losses = Losses()
    quiet: Any = {"enable_progress_bar": False, "enable_model_summary": False, "logger": False}
    quiet |= {"accelerator": "cpu", "num_sanity_val_steps": 0, "deterministic": "warn"}
    task = made("lstm")
    trainer = lightning.Trainer(max_epochs=3, callbacks=[EpochSeed(1), kept, losses], **quiet)
    trainer.fit(task, module, ckpt_path=start, weights_only=True)
    return task, losses.seen


class Losses(lightning.Callback):
    """Notes the loss of each step."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, *_: Any) -> None:
        self.seen.append(float(outputs["loss"]))


@pytest.mark.filterwarnings("ignore")
def test_workers_and_a_stop_after_any_epoch_change_no_number(numbers: Make, tmp_path: Path) -> None:
    records = numbers(lengths=(600,))
    task, losses = fitted(records, tmp_path / "whole")
    assert len(losses) == 12
    assert len(set(losses)) == 12
    ends = torch.load(tmp_path / "whole" / "epoch=2.ckpt", weights_only=True)
    for workers, epoch in ((2, None), (0, 0), (2, 1)):
        start = None if epoch is None else tmp_path / "whole" / f"epoch={epoch}.ckpt"
        place = tmp_path / f"{workers}_{epoch}"
        other, seen = fitted(records, place, start, workers)
        assert seen == losses[0 if epoch is None else 4 * (epoch + 1) :]
        whole = task.state_dict()
        assert all(torch.equal(value, whole[key]) for key, value in other.state_dict().items())
        now = torch.load(place / "epoch=2.ckpt", weights_only=True)
        for kept in ("optimizer_states", "lr_schedulers", "global_step"):
            assert str(now[kept]) == str(ends[kept])


@pytest.mark.gpu
@pytest.mark.parametrize("name", TASKS)
def test_a_gpu_says_what_the_cpu_says(name: str) -> None:
    """Answers to 1e-5, and gradients of a step to a thousandth of the largest."""
    if not torch.cuda.is_available():
        pytest.skip("there is no GPU here")
    batch = records_of(TASKS[name][0], 8)
    (there, steep), (here, flat) = (_on(name, batch, kind) for kind in ("cuda", "cpu"))
    for key, value in here.items():
        torch.testing.assert_close(there[key].cpu(), value, rtol=0, atol=1e-5, msg=key)
    for key, value in flat.items():
        far = 1e-3 * max(float(value.abs().max()) for value in flat.values())
        torch.testing.assert_close(steep[key].cpu(), value, rtol=0, atol=far, msg=key)


def _on(name: str, batch: Batch, kind: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Answers and gradients of a task on a device; nothing is drawn at random."""
    device = torch.device(kind)
    task, moved = made(name).to(device), batch.to(device)
    answers = told(task, moved, 4)
    task.eval()
    loss = task.network(moved.x, moved.length)
    first = loss[0] if isinstance(loss, tuple) else loss
    first.square().mean().backward()
    found = {key: p.grad for key, p in task.network.named_parameters() if p.grad is not None}
    return answers, found
