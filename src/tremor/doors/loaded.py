"""A finished run in Python: `tremor.load(run)`, then `.predict(…)` and `.explain(…)`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from tremor.config.build import Plain
from tremor.data.batch import Batch
from tremor.data.records import RecordSet, Signal
from tremor.doors.answers import answered, columns, dealt, predictions, predictions_of
from tremor.doors.checking import CONFIGS
from tremor.doors.misspelt import spelt
from tremor.doors.opened import KeptRun, OpenedRun, read_run
from tremor.doors.quiet import quieten
from tremor.errors import Refused
from tremor.explain.explanation import Explanation
from tremor.explain.explanations import Explanations
from tremor.tasks.base import Task
from tremor.training.assemble import Facts

PARTS = ("test", "val", "train", "all")
Floats = NDArray[np.float32]


def load(run: str | Path, *overrides: str) -> LoadedRun:
    """A run folder, its `checkpoints/` or a checkpoint, as an object that predicts and explains.

    `overrides` are words of the shell for its config: `"trainer.accelerator=cpu"`, or
    `"dataset.paths=[more.pkl]"` for other records. Nothing is executed from the file.
    """
    quieten()
    kept = read_run(str(run), spelt(overrides, CONFIGS / "evaluate.yaml"))
    with torch.random.fork_rng(devices=[]):  # building draws weights that are then replaced
        return LoadedRun(kept, kept.task().eval())


@dataclass(frozen=True, eq=False, repr=False)
class LoadedRun:
    """A trained network with its config; its records are opened when they are first asked for."""

    _kept: KeptRun
    task: Task

    def __repr__(self) -> str:
        return f"<LoadedRun {self.checkpoint}: {', '.join(self.classes)}>"

    @property
    def checkpoint(self) -> Path:
        """The file that the weights are from."""
        return self._kept.checkpoint

    @property
    def config(self) -> Plain:
        """The whole config, resolved: a plain dict."""
        return self._kept.config

    @property
    def facts(self) -> Facts:
        """What the network takes and gives: channels, samples, Hz, classes (by head)."""
        return self._kept.facts

    @property
    def classes(self) -> tuple[str, ...]:
        """The names that `label` and `predicted` count in."""
        return self.facts.classes

    @property
    def records(self) -> RecordSet:
        """The records, opened by the run's own source (or the one that `load` was told)."""
        return self._opened.data.records

    @cached_property
    def table(self) -> pd.DataFrame:
        """Who each record is and where the `split` put it, by `record_id`."""
        return self._opened.data.split_table().set_index("record_id")

    @cached_property
    def _opened(self) -> OpenedRun:
        kept = self._kept
        return OpenedRun(kept.checkpoint, kept.config, kept.changed, kept.data(), self.task)

    def signals(self, records: Sequence[str]) -> Signal:
        """Records by name `(record, channel, time)` as the network is given them, in own units."""
        part = self._opened.data.module.of(self._rows(records))
        return part.__getitems__([*range(len(part))]).x.numpy()

    def predict(
        self,
        signals: ArrayLike | None = None,
        *,
        part: str = "test",
        records: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Predicted classes and probabilities, a row a record: columns as in predictions.csv.

        Of a part of the split (`test`, `val`, `train`, `all`), of `records` by name, or of own
        `signals (batch, channel, time)` at the run's sampling rate, whose rows are counted from 0.
        """
        if signals is not None:
            loader = dealt(self._fitting(signals), self.config)
            return columns(answered(self.task, loader, self.config, "signals"), self.facts)
        if records is not None:
            rows = self._rows(records)
            said = predictions_of(self.task, self._opened.data, np.unique(rows), self.config)
            return said.set_index("record_id").loc[list(records)]
        if part not in PARTS:
            raise Refused(f"there is no part {part!r}", "part", f"one of {', '.join(PARTS)}")
        if part != "all" and not (self._opened.data.parts == part).any():
            raise Refused(f"no record is in {part}", "part", "part='all'")
        said = predictions(self.task, self._opened.data, part, self.config)
        return said.set_index("record_id")

    def logits(self, signals: ArrayLike) -> Floats:
        """Scores before the softmax `(batch, class)` of own signals `(batch, channel, time)`.

        What `tremor.explain(run.logits, signals)` takes.
        """
        batch = self._fitting(signals)
        task = self.task.eval()
        with torch.inference_mode():
            device = next((p.device for p in task.parameters()), torch.device("cpu"))
            on = batch.to(device)
            said: Tensor = task.network(task.normalise(on.x, on.length), on.length)
        return said.float().cpu().numpy()

    @overload
    def explain(
        self, records: str, explainer: Any = ..., *overrides: str, target: int | str = ...
    ) -> Explanation: ...

    @overload
    def explain(
        self, records: list[str], explainer: Any = ..., *overrides: str, target: int | str = ...
    ) -> Explanations: ...

    def explain(
        self,
        records: str | list[str],
        explainer: Any = "guided_owen",
        *overrides: str,
        target: int | str = "predicted",
    ) -> Explanation | Explanations:
        """Why the network decides so: of one record by name, or a collection of several.

        `explainer` is a choice of the config tree, with the shell's `overrides` of it
        (`"explainer.budget=500"`), or an estimator (`Owen(budget=500)`) or method. `target` is as
        in `explain.py`: `predicted`, `true`, a class, `contrast(a,b)`.
        """
        from tremor.doors.in_python import (
            explained_here,
        )  # it loads much, and predicting needs none

        several = [records] if isinstance(records, str) else records
        self._rows(several)
        said = self.predict(records=several).reset_index()
        found = explained_here(self._opened, said, explainer, list(overrides), target)
        return found.one(0) if isinstance(records, str) else found

    def _rows(self, records: Sequence[str]) -> NDArray[np.int64]:
        """Rows of records by name; what is not there is refused."""
        if isinstance(records, str) or not len(records):
            raise Refused("records are asked for by a list of names", "records", "records=['…']")
        names = pd.Index(self._opened.data.records.table["record_id"])
        rows = names.get_indexer(list(records))
        if (rows < 0).any():
            strange = [name for name, row in zip(records, rows, strict=True) if row < 0]
            known = ", ".join(map(repr, names[:3]))
            fault = f"there is no record {', '.join(map(repr, strange[:5]))}"
            raise Refused(fault, "records", f"names of run.table, such as {known}")
        if len(set(records)) < len(rows):
            raise Refused("a record is named twice", "records", "each name once")
        return np.asarray(rows, np.int64)

    def _fitting(self, signals: ArrayLike) -> Batch:
        """Own signals as a batch; what the network was not made for is refused."""
        x = np.asarray(signals, np.float32)
        facts = self.facts
        wanted = f"(batch, {facts.channels}, {facts.length}) at {facts.sampling_rate:g} Hz"
        if x.ndim != 3 or x.shape[1] != facts.channels or not len(x):
            fault = f"signals of shape {x.shape}; the network takes {wanted}"
            raise Refused(fault, "signals", "an array (batch, channel, time); one record: x[None]")
        short = facts.length - x.shape[2]
        if short < 0 or (short and self.config["loader"]["align"] == "trim"):
            fault = f"signals of {x.shape[2]} samples; the network takes {wanted}"
            raise Refused(fault, "signals", "cut them to that length, or records that are longer")
        if not np.isfinite(x).all():
            raise Refused("signals hold values that are no numbers", "signals", "fill the gaps")
        padded = torch.from_numpy(np.pad(x, ((0, 0), (0, 0), (0, short))))
        length = torch.full((len(x),), x.shape[2])
        return Batch(padded, torch.zeros(len(x), dtype=torch.int64), length, torch.arange(len(x)))
