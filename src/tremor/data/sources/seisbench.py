"""Windows from folders in SeisBench's format, without labels, to pretrain on."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import resample_poly

from tremor.data.records import Signal
from tremor.data.sources.cells import Unusable, number
from tremor.data.sources.seisbench_facts import Gathered, Reasons, Starts
from tremor.data.sources.seisbench_files import FAULTS, Chunk, Extent, Waveforms, chunks, metadata
from tremor.data.sources.seisbench_runs import Piece, Run, wanted
from tremor.data.writer import RecordWriter
from tremor.errors import Refused

FAR = 4  # windows' lengths from the first to the last of them, to be read one by one


@dataclass(frozen=True)
class SeisBench:
    """One window of each trace of several folders, at one rate and with one order of channels.

    Windows lie at random, or with `around_arrivals` so that the first arrival is in them; a shorter
    trace is taken whole. `published_split` keeps to the traces that the folder's own split calls
    so. Traces of one `source_id` are one event. A folder that yields no window is refused.
    """

    paths: tuple[str, ...]
    component_order: str = "ZNE"
    sampling_rate: float = 100.0
    duration: float = 40.96
    min_length: float = 2.56
    around_arrivals: bool = False
    published_split: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if len(set(self.component_order)) < len(self.component_order) or not self.component_order:
            problem = f"component_order is '{self.component_order}'"
            raise Refused(problem, "dataset.component_order", "letters such as ZNE, each once")

    @property
    def channels(self) -> tuple[str, ...]:
        """The letters of the components."""
        return tuple(self.component_order)

    def files(self) -> list[Path]:
        """Metadata and waveforms of all chunks."""
        pairs = [pair for folder in self._folders() for pair in chunks(folder)]
        return [path for pair in pairs for path in (pair.metadata, pair.waveforms)]

    def _folders(self) -> list[Path]:
        paths = [self.paths] if isinstance(self.paths, str) else list(self.paths)
        folders = [Path(path).expanduser().resolve() for path in paths]
        names = [folder.name for folder in folders]
        if not folders or len(set(names)) < len(names):
            problem = f"folders of one name: {names}" if folders else "no folder is given"
            raise Refused(problem, "dataset.paths", "dataset.paths=[…/ETHZ,…/GEOFON]")
        return folders

    def write(self, writer: RecordWriter) -> None:
        """All traces, a run at a time; each one that is unusable is set aside."""
        for folder in self._folders():
            taken, aside = len(writer.ends), len(writer.aside)
            for pair in chunks(folder):
                self._take(writer, pair, folder.name)
            if len(writer.ends) == taken:
                problem = writer.commonest(aside) or f"no row of split {self.published_split}"
                remedy = "mend its files or the source's keys, or leave it out of dataset.paths"
                raise Refused(f"no usable trace: {problem}", str(folder), remedy)

    def _take(self, writer: RecordWriter, pair: Chunk, dataset: str) -> None:
        """One chunk; a record is named after the folder, the chunk and the row, which are safe."""
        part = pair.metadata.stem.removeprefix("metadata")
        stem = re.sub(r"[^\w.-]", "_", dataset + part)
        with Waveforms(pair.waveforms) as waveforms:
            for table in self._tables(pair.metadata):
                names = np.array([f"{stem}_{index:07d}" for index in table.index], dtype=object)
                piece = Piece.of(table, names, number(waveforms.format.get("sampling_rate")))
                gathered = Gathered(writer, piece, dataset)
                for run in piece.runs(self.duration * len(self.channels)):
                    self._hand_on(gathered, waveforms, run)
                gathered.hand_on()

    def _tables(self, path: Path) -> Iterator[pd.DataFrame]:
        """The rows of the wanted split, some at a time."""
        for table in metadata(path, wanted):
            if self.published_split is not None:
                if "split" not in table:
                    problem = f"no column split, and published_split is '{self.published_split}'"
                    raise Refused(problem, str(path), "dataset.published_split=null takes all")
                table = table[table["split"] == self.published_split]
            if len(table):
                yield table

    def _hand_on(self, gathered: Gathered, waveforms: Waveforms, run: Run) -> None:
        """The windows of a run; where something is wrong with it, of each trace by itself."""
        try:
            windows, starts, reasons = self._windows(waveforms, run)
        except Unusable as fault:
            if len(run) > 1:
                for one in run.apart():
                    self._hand_on(gathered, waveforms, one)
            else:
                gathered.writer.set_aside(run.record_ids[0], str(fault))
            return
        gathered.add(windows, run, starts, reasons)

    def _windows(self, waveforms: Waveforms, run: Run) -> tuple[Signal, Starts, Reasons]:
        """Windows `(trace, channel, time)` at the wanted rate, where they begin, what is wrong."""
        rate = run.rate
        try:
            extent = waveforms.extent(str(run.said("trace_name", "")))
            length = min(len(extent.samples), int(run.said("trace_npts", len(extent.samples))))
            size = min(math.ceil(self.duration * rate), length)
            if size < self.min_length * rate:
                raise Unusable("too short")
            starts, reasons = self._starts(run, length, size)
            components = self._components(run, waveforms, extent)
            read = _read(extent, run, components, starts, size)
        except FAULTS as error:
            raise Unusable("samples that cannot be read") from error
        fresh = reasons == ""
        reasons[fresh & (read == read[:, :, :1]).all((1, 2))] = "all channels constant"
        reasons[fresh & ~np.isfinite(read).all((1, 2))] = "samples that are not finite"
        return self._resampled(read, rate, reasons), starts, reasons

    def _components(self, run: Run, waveforms: Waveforms, extent: Extent) -> list[int]:
        """Which components of the traces are the wanted channels."""
        order = run.said("trace_component_order", waveforms.format.get("component_order"))
        if not isinstance(order, str):
            raise Unusable("unknown component order")
        lacking = [letter for letter in self.component_order if letter not in order]
        if lacking:
            raise Unusable(f"no component {', '.join(lacking)}")
        if len(extent.components) != len(order):
            raise Unusable(f"{len(extent.components)} components, not {order}")
        return [order.index(letter) for letter in self.component_order]

    def _starts(self, run: Run, length: int, size: int) -> tuple[Starts, Reasons]:
        """Where the windows begin in their traces (samples), and which of them cannot."""
        least = np.zeros(len(run), np.int64)
        most, reasons = least + (length - size), np.full(len(run), "", object)
        if self.around_arrivals:
            told = np.where((run.arrivals >= 0) & (run.arrivals < length), run.arrivals, np.nan)
            first = np.fmin.reduce(told) if len(told) else np.full(len(run), np.nan)
            reasons[np.isnan(first)] = "no arrival in the trace"
            arrival = np.nan_to_num(first).astype(np.int64)
            least, most = np.maximum(arrival - size + 1, 0), np.minimum(arrival, most)
        room = np.maximum(most - least, 0) + 1
        drawn = zip(map(self._drawn, run.record_ids), room.tolist(), strict=True)
        return least + np.array([draw % n for draw, n in drawn]), reasons

    def _drawn(self, name: str) -> int:
        """A number that the seed and a record's name decide."""
        mark = hashlib.blake2b(f"{self.seed} {name}".encode(), digest_size=8).digest()
        return int.from_bytes(mark, "big")

    def _resampled(self, samples: NDArray[Any], rate: float, reasons: Reasons) -> Signal:
        """Samples at the wanted rate, as float32."""
        if rate != self.sampling_rate:
            ratio = Fraction(self.sampling_rate / rate).limit_denominator(1000)
            up, down = ratio.numerator, ratio.denominator
            samples = resample_poly(samples.astype(np.float64), up, down, axis=2, padtype="line")
        with np.errstate(over="ignore"):
            signal = samples[:, :, : round(self.duration * self.sampling_rate)].astype(np.float32)
        beyond = ~np.isfinite(signal).all((1, 2)) & (reasons == "")
        reasons[beyond] = "samples beyond the range of float32"
        return signal


def _read(
    extent: Extent, run: Run, components: list[int], starts: Starts, size: int
) -> NDArray[Any]:
    """The windows of a run `(trace, channel, time)`: all at once, if they lie near each other."""
    first, stop = int(starts.min()), int(starts.max()) + size
    if stop - first > FAR * size:
        ones = zip(run.apart(), starts, strict=True)
        return np.concatenate([_read(extent, one, components, s[None], size) for one, s in ones])
    read = extent.read(run.rows, components, first, stop)
    places = (starts - first)[:, None, None] + np.arange(size)
    return read if stop - first == size else np.take_along_axis(read, places, axis=2)
