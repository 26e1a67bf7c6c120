"""What a network says of records: probabilities by name, as one table, for every door."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import lightning
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader

from tremor.config.build import Plain, build
from tremor.data.batch import Batch
from tremor.doors.data import Data
from tremor.doors.processes import alone
from tremor.doors.sharing import ALL, Share
from tremor.errors import TremorError
from tremor.tasks.base import Task
from tremor.training.assemble import Facts
from tremor.training.callbacks import Progress

Said = dict[str, NDArray[Any]]


def predictions(
    task: Task, data: Data, split: str, config: Plain, share: Share = ALL
) -> pd.DataFrame:
    """Probabilities of every record of a part, in the order of the table.

    Of several processes each predicts its share, and all of them are told everything.
    """
    loader = data.module.loader(split, share.rank, share.world)
    return table_of(data, answered(task, loader, config, split, share))


def predictions_of(task: Task, data: Data, rows: NDArray[np.int64], config: Plain) -> pd.DataFrame:
    """As `predictions`, of some records by their rows, which ascend."""
    part = data.module.of(rows)
    whole = part.__getitems__([*range(len(part))])
    return table_of(data, answered(task, dealt(whole, config), config, "the records"))


def dealt(whole: Batch, config: Plain) -> DataLoader[Batch]:
    """Records that are in memory, so many at a time as the run's loader hands out."""
    size = config["loader"]["batch_size"]
    parts = [tensor.split(size) for tensor in vars(whole).values()]
    batches: Any = [Batch(*tensors) for tensors in zip(*parts, strict=True)]
    return DataLoader(batches, batch_size=None)


def table_of(data: Data, said: Said) -> pd.DataFrame:
    """What was said of records, beside who they are and their labels."""
    asked = ["record_id", "group", *dict.fromkeys(["label", *data.labelled.columns])]
    known = data.records.table.iloc[said["index"]][asked].reset_index(drop=True)
    return pd.concat([known, columns(said, data.facts)], axis=1)


def answered(
    task: lightning.LightningModule,
    loader: DataLoader[Batch],
    config: Plain,
    of: str,
    share: Share = ALL,
) -> Said:
    """What a task says of each record `(record, …)`, by name; `index` are their rows, ascending.

    Batches come in the order of their rows. Of several processes each is asked about its share, and
    all of them are told everything. `of` names the records where the network has diverged.
    """
    settings = alone(config["trainer"], share.gpu)
    trainer: lightning.Trainer = build(settings, callbacks=[Progress()], logger=False)
    own: Any = trainer.predict(task, loader) if len(loader) else []
    found = [batch for each in share.gathered(own) for batch in each]
    found.sort(key=lambda batch: int(batch["index"][0]))
    said = {name: torch.cat([b[name] for b in found]).numpy() for name in found[0]}
    count = len(said["index"])
    told = [values for name, values in said.items() if name != "index"]
    whole = [np.isfinite(values.reshape(count, -1)).all(1) for values in told]
    lost = count - int(np.logical_and.reduce(whole).sum())
    if lost:
        fault = f"the network gives no number for {lost} of {count} records: it has diverged"
        raise TremorError(fault, of, "a smaller optimizer.lr, or trainer.gradient_clip_val=1.0")
    return said


def columns(said: Mapping[str, NDArray[Any]], facts: Facts) -> pd.DataFrame:
    """What a task said as columns; a row of numbers has one for each class: `p_low`, `p_high`.

    Where several heads were asked, the classes are those of the head that the name ends with.
    """
    return pd.concat(list(_columns(said, facts)), axis=1)


def _columns(said: Mapping[str, NDArray[Any]], facts: Facts) -> Iterator[pd.DataFrame]:
    for name, values in said.items():
        if name != "index":
            classes = facts.heads.get(name.partition("_")[2], facts.classes)
            names = [name] if values.ndim == 1 else [f"{name}_{label}" for label in classes]
            yield pd.DataFrame(values, columns=names)
