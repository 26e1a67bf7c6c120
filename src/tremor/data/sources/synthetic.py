"""A synthetic world as a source: no files, the world's own settings decide the records."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from tremor.data.records import Signal
from tremor.data.writer import RecordWriter

CHUNK = 256


class World(Protocol):
    """What a synthetic world offers."""

    @property
    def channels(self) -> tuple[str, ...]: ...

    @property
    def sampling_rate(self) -> float: ...

    @property
    def classes(self) -> tuple[str, ...]: ...

    def catalogue(self) -> pd.DataFrame: ...

    def waveforms(self, rows: Any) -> Signal: ...


@dataclass(frozen=True)
class SyntheticRecords:
    """The records of a world, made in chunks."""

    world: World

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(self.world.channels)

    @property
    def sampling_rate(self) -> float:
        return self.world.sampling_rate

    def files(self) -> list[Path]:
        """None: nothing comes from outside."""
        return []

    def write(self, writer: RecordWriter) -> None:
        """Every window of the world, labelled with its class's name."""
        catalogue = self.world.catalogue()
        catalogue["label"] = [self.world.classes[label] for label in catalogue["label"]]
        for start in range(0, len(catalogue), CHUNK):
            rows = np.arange(start, min(start + CHUNK, len(catalogue)))
            for signal, row in zip(
                self.world.waveforms(rows), catalogue.iloc[rows].to_dict("records"), strict=True
            ):
                writer.add(signal, {str(k): v for k, v in row.items()})
