"""Pickled events: files of `(events, labels)`, each event a DataFrame of component columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.data.records import Signal
from tremor.data.sources.safe_pickle import read_pickle
from tremor.data.writer import RecordWriter
from tremor.errors import Refused

ASKED = "a pickle of (events, labels): a list of DataFrames and as many labels"


@dataclass(frozen=True)
class WaveformPickle:
    """Several such files joined; every DataFrame is an event, and one record.

    Missing samples at an event's ends are cut off; gaps inside are bridged linearly up to
    `max_gap` seconds (dropping them would splice time); longer ones set the record aside.
    """

    paths: tuple[str, ...]
    channels: tuple[str, ...] = ("Z", "N", "E")
    sampling_rate: float = 100.0
    max_gap: float = 0.1
    min_length: float = 2.56

    def files(self) -> list[Path]:
        """The files, all of which must exist."""
        names = [self.paths] if isinstance(self.paths, str) else list(self.paths)
        found = [Path(name).expanduser() for name in names]
        missing = [str(path) for path in found if not path.is_file()]
        if missing or not found:
            raise Refused(
                f"no such file: {', '.join(missing)}" if missing else "dataset.paths is empty",
                "dataset.paths",
                "dataset.paths=[a.pkl,b.pkl]; scripts/make_synthetic.py waveform_pickle makes one",
            )
        return found

    def write(self, writer: RecordWriter) -> None:
        """All events of all files."""
        for path in self.files():
            events, labels = _opened(path)
            for number, (event, label) in enumerate(zip(events, labels, strict=True)):
                self._take(writer, f"{path.stem}_{number:06d}", path, event, str(label))

    def _take(self, writer: RecordWriter, name: str, path: Path, event: Any, label: str) -> None:
        signal, fault = self._cleaned(event, path)
        if fault:
            writer.set_aside(name, fault)
        else:
            row = {"record_id": name, "group": name, "label": label, "file": path.name}
            writer.add(signal, row)

    def _cleaned(self, event: Any, path: Path) -> tuple[Signal, str]:
        """An event as `(channel, time)`, and what makes it unusable if anything does."""
        samples = _samples(event, self.channels, path)
        present = np.flatnonzero(np.isfinite(samples).any(axis=0))
        if not len(present):
            return samples, "all samples missing"
        samples = samples[:, present[0] : present[-1] + 1]
        samples, gap = bridge(samples)
        if gap > self.max_gap * self.sampling_rate:
            return samples, "gap too long"
        if samples.shape[1] < self.min_length * self.sampling_rate:
            return samples, "too short"
        dead = bool((samples == samples[:, :1]).all())
        return samples, "all channels constant" if dead else ""


def _opened(path: Path) -> tuple[Sequence[Any], Sequence[Any]]:
    """The two halves of a file, after looking at their shape."""
    content = read_pickle(path)
    if not isinstance(content, tuple | list) or len(content) != 2:
        raise Refused(f"holds {_kind(content)}, not (events, labels)", str(path), f"give {ASKED}")
    events, labels = content
    if not isinstance(events, list | tuple | np.ndarray) or not hasattr(labels, "__len__"):
        raise Refused(f"holds {_kind(events)} as events", str(path), f"give {ASKED}")
    if len(events) != len(labels):
        raise Refused(f"{len(events)} events but {len(labels)} labels", str(path), f"give {ASKED}")
    return list(events), list(labels)


def _kind(thing: Any) -> str:
    size = f" of {len(thing)}" if isinstance(thing, tuple | list) else ""
    return f"a {type(thing).__name__}{size}"


def _samples(event: Any, channels: tuple[str, ...], path: Path) -> NDArray[np.float32]:
    """The wanted columns of an event as `(channel, time)` float32."""
    if not isinstance(event, pd.DataFrame):
        raise Refused(f"an event is {_kind(event)}, not a DataFrame", str(path), f"give {ASKED}")
    missing = [name for name in channels if name not in event.columns]
    if missing:
        raise Refused(
            f"an event has the columns {list(event.columns)}, and lacks {missing}",
            str(path),
            "dataset.channels=[…] names the columns to read",
        )
    try:
        return event[list(channels)].to_numpy(np.float32).T
    except (TypeError, ValueError) as error:
        raise Refused(f"an event's samples are not numbers ({error})", str(path)) from error


def bridge(samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], int]:
    """`(channel, time)` with missing samples interpolated, and the longest gap in samples."""
    missing = ~np.isfinite(samples)
    if not missing.any():
        return samples, 0
    if missing.all(axis=1).any():
        return samples, samples.shape[1]
    time = np.arange(samples.shape[1])
    filled = samples.copy()
    for row, holes in zip(filled, missing, strict=True):
        row[holes] = np.interp(time[holes], time[~holes], row[~holes])
    return filled, max(_longest(holes) for holes in missing)


def _longest(flags: NDArray[np.bool_]) -> int:
    """Length of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))
