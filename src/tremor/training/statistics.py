"""What the training records are like, learnt before the first step and kept with the weights."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from tremor.config.build import Plain
from tremor.data.module import DataModule
from tremor.network.layers.standardise import Standardise
from tremor.tasks.base import Task


def standard_of(task: Task) -> Standardise | None:
    """What the encoder standardises with, if it does."""
    return getattr(task.network.encoder, "standard", None)


def learn_statistics(task: Task, module: DataModule, config: Plain) -> None:
    """Let the encoder learn from the training part alone; pretrained weights bring theirs."""
    standard = standard_of(task)
    if standard is not None and config["encoder"]["pretrained"] is None:
        standard.learn(_features(task, module))


@torch.no_grad()
def _features(task: Task, module: DataModule) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of the training part as the encoder sees them, without augmentation."""
    for batch in module.loader("train"):
        yield task.network.encoder(task.normalise(batch.x, batch.length), batch.length)


def told(task: Task, channels: tuple[str, ...]) -> Plain | None:
    """The statistics by channel that the encoder gives, for `stats.json`."""
    standard = standard_of(task)
    if standard is None:
        return None
    named = getattr(task.network.encoder, "components", tuple)(channels)
    numbers = {"mean": standard.mean.tolist(), "std": standard.spread.tolist()}
    return {name: dict(zip(named, of, strict=True)) for name, of in numbers.items()}
