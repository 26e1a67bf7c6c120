"""What an explanation is of: the records of a run in one space, and the network seen from there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tremor.data.batch import Batch
from tremor.doors.data import Data
from tremor.doors.echo import say
from tremor.errors import Refused
from tremor.explain.explanation import Axis
from tremor.explain.units import Units, converted
from tremor.network.demands import not_below
from tremor.network.views import OfBands, OfFeatures, OfSignal
from tremor.signal.octaves import octave_bands, octave_edges
from tremor.tasks.base import Task

REFERENCES = 256  # training records that fills know
AT_ONCE = 64
Rows = NDArray[np.int64]


class Subject(ABC):
    """A task's network in evaluation mode, and the records of its data by their rows.

    Normalisation comes first and is not explained: it belongs to the record.
    """

    def __init__(self, task: Task, data: Data, device: str):
        self.task, self.data = task, data
        self.device = torch.device(device)

    def settle(self) -> None:
        """To the device, before anything is asked: Lightning leaves networks on the CPU."""
        self.task.eval().to(self.device)

    @property
    @abstractmethod
    def axes(self) -> tuple[Axis, ...]:
        """What the cells of an input mean."""

    @abstractmethod
    def predict(self, steps: int) -> nn.Module:
        """The network for inputs of so many valid steps."""

    @abstractmethod
    def _taken(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Normalised signals in this space, and their valid steps."""

    @torch.inference_mode()
    def inputs(self, rows: Rows) -> tuple[Tensor, list[int]]:
        """Records `(record, …cells)` of the table, and their valid steps."""
        parts = [rows[at : at + AT_ONCE] for at in range(0, len(rows), AT_ONCE)]
        found = [self._of(self._batch(part)) for part in parts]
        return torch.cat([x for x, _ in found]), torch.cat([steps for _, steps in found]).tolist()

    @torch.inference_mode()
    def of_signals(self, signals: Tensor, steps: Sequence[int]) -> Tensor:
        """Signals `(record, channel, time)` that are no records of the table, in this space."""
        length = torch.tensor(steps, device=self.device)
        return self._spaced(signals.to(self.device), length)[0]

    def _of(self, batch: Batch) -> tuple[Tensor, Tensor]:
        batch = batch.to(self.device)
        return self._spaced(batch.x, batch.length)

    def _spaced(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        return self._taken(self.task.normalise(x, length), length)

    def _batch(self, rows: Rows) -> Batch:
        return self.data.module.of(rows).__getitems__(list(range(len(rows))))

    def references(self, seed: int) -> Tensor:
        """Some training records, drawn by the seed; where none trained, some of all, as is said."""
        there = self.data.module.part("train").positions
        if not len(there):
            say("fills    no record trains: they are made from the records of all parts")
            there = self.data.module.part("all").positions
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.choice(there, min(REFERENCES, len(there)), replace=False))
        found, steps = self.inputs(rows)
        return found if self.axes[-1].name != "time" else _lengthened(found, steps)

    @cached_property
    def _component(self) -> Axis:
        return Axis("component", self.data.records.channels)

    @cached_property
    def _units(self) -> Units:
        """Of the whole signal: up to half the sampling rate, and as long as the records."""
        rate = self.data.records.sampling_rate
        return Units.of(rate / 2, self.data.module.length / rate)

    @cached_property
    def _time(self) -> Axis:
        rate = self.data.records.sampling_rate
        return self._units.times(i / rate for i in range(self.data.module.length))


class SignalSubject(Subject):
    """`(channel, time)`: the signal as the network's encoder is given it."""

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self._component, self._time

    def predict(self, steps: int) -> nn.Module:
        return OfSignal(self.task.network, steps).eval()

    def _taken(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        return x, length


class BandsSubject(Subject):
    """`(channel, band, time)`: the signal as octave bands that add up to it."""

    def __init__(self, task: Task, data: Data, device: str, octaves: int = 6):
        super().__init__(task, data, device)
        not_below("explainer.spaces.bands", 2, octaves=octaves)
        self.octaves = octaves

    @property
    def axes(self) -> tuple[Axis, ...]:
        rate = self.data.records.sampling_rate
        edges = [0.0, *octave_edges(rate, self.octaves), rate / 2]
        unit = self._units.frequency
        names = tuple(f"{a:.3g}–{b:.3g} {unit}" for a, b in pairwise(converted(edges, unit)))
        return self._component, Axis("band", names), self._time

    def predict(self, steps: int) -> nn.Module:
        return OfBands(self.task.network, steps).eval()

    def _taken(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        bands = octave_bands(x, self.data.records.sampling_rate, self.octaves)
        return bands.transpose(1, 2), length


class SpectrogramSubject(Subject):
    """`(channel, frequency, time)`: what the encoder gives."""

    def __init__(self, task: Task, data: Data, device: str):
        super().__init__(task, data, device)
        if "frequency" not in task.network.coordinates():
            name = type(task.network.encoder).__name__
            fault = f"the encoder {name} gives no frequencies"
            raise Refused(fault, "explainer.space", "explainer.space=signal")

    @property
    def axes(self) -> tuple[Axis, ...]:
        known = {name: values.tolist() for name, values in self.task.network.coordinates().items()}
        encoder, channels = self.task.network.encoder, self.data.records.channels
        named = getattr(encoder, "components", tuple)(channels)
        times = known.get("time", [0.0])
        units = Units.of(max(known["frequency"]), max(times) - min(times))
        timed = [units.times(times)] if "time" in known else []
        component = Axis("component", named)
        return component, units.frequencies(known["frequency"]), *timed

    def predict(self, steps: int) -> nn.Module:
        return OfFeatures(self.task.network, steps).eval()

    def _taken(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        features, steps = self.task.network.encoder(x, length)
        return features, steps


def _lengthened(records: Tensor, steps: list[int]) -> Tensor:
    """Records `(record, …, time)` that go on after their end with the mean of those that last.

    Where none lasts, the mean of the last step that one reached goes on.
    """
    inside = torch.arange(records.shape[-1]) < torch.tensor(steps)[:, None]
    inside = inside.to(records.device).view(len(records), *[1] * (records.ndim - 2), -1)
    if bool(inside.all()):
        return records
    mean = (records * inside).sum(0) / inside.sum(0).clamp(min=1)
    mean[..., max(steps) :] = mean[..., max(steps) - 1 : max(steps)]
    return torch.where(inside, records, mean)
