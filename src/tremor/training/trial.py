"""A task built, and tried on made-up records, before anything is read or claimed for it."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from tremor.config.build import Plain
from tremor.data.batch import Batch
from tremor.errors import Refused
from tremor.network.layers.masked_norm import MaskedBatchNorm
from tremor.network.network import Network
from tremor.signal.masks import valid
from tremor.tasks.base import Task
from tremor.training.assemble import PARTS, Facts, assemble, first_line
from tremor.training.pretrained import take_published

OURS = "tremor."
STAND_IN = Facts(channels=3, length=2**14, sampling_rate=100.0, classes=())
"""Facts of no data: records longer than any encoder of ours asks for."""


def try_build(config: Plain) -> None:
    """Refuse settings that no data could make work, before any are read.

    Parts of this house are built from facts that suit each of them, and dropped again; where a part
    comes from elsewhere, it may demand other facts, and `try_out` has the first word.
    """
    if all(config[part]["_target_"].startswith(OURS) for part in (*PARTS, "decoder", "task")):
        with torch.random.fork_rng(devices=[]):
            task = assemble(config, stand_in(config))
            take_published(task)
        _refuse_unsynchronised(task, config)


def stand_in(config: Plain) -> Facts:
    """Facts that suit any part, at the rate that the dataset's settings promise, if they do."""
    rate = config["dataset"].get("sampling_rate") or STAND_IN.sampling_rate
    return replace(STAND_IN, sampling_rate=float(rate))


def _refuse_unsynchronised(task: Task, config: Plain) -> None:
    """Norms that know lengths count the records of each process by themselves."""
    masked = any(isinstance(part, MaskedBatchNorm) for part in task.modules())
    if masked and config["trainer"]["sync_batchnorm"]:
        fault = "masked batch norms cannot be synchronised among processes"
        raise Refused(fault, "trainer.sync_batchnorm", "trainer.sync_batchnorm=false")


def try_out(config: Plain, facts: Facts) -> None:
    """Pass two made-up records through the whole task, and drop it: what fails there is refused.

    One of them is half as long as the other, so that padding is tried as well. What only training
    does is rehearsed.
    """
    length = torch.tensor([facts.length, max(1, facts.length // 2)])
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        task = assemble(config, facts).eval()
        x = torch.randn(2, facts.channels, facts.length) * valid(length, facts.length)[:, None]
        none = torch.zeros_like(length)
        batch = Batch(x, none, length, none)
        try:
            task.predict_step(batch, 0)
            task.rehearse(batch)
        except (ValueError, RuntimeError) as error:
            name = _stumbling(task.network, x, length)
            fault = f"the {name} fails on a record of these data: {first_line(error)}"
            raise Refused(fault, name, f"other settings of {name}.*, or another {name}") from error


def _stumbling(network: Network, x: Tensor, length: Tensor) -> str:
    """The part of a network that cannot take what it is given, or the task, if none."""
    try:
        for name in (*PARTS, "decoder"):
            part = getattr(network, name)
            x, length = part(x, length) if name in PARTS else (part(x, length), length)
    except (ValueError, RuntimeError):
        return name
    return "task"
