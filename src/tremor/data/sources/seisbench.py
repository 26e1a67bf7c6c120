"""Windows from folders in SeisBench's format, without labels, to pretrain on."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import resample_poly

from tremor.data.records import Signal
from tremor.data.sources.cells import Unusable, number, sound, written
from tremor.data.sources.seisbench_files import FAULTS, Chunk, Extent, Waveforms, chunks, metadata
from tremor.data.writer import RecordWriter, Row
from tremor.errors import Refused

ARRIVAL = re.compile(r"trace_(?P<phase>[PSps]\w*)_arrival_sample")
NAMES = {
    "source_magnitude": "magnitude",
    "source_depth_km": "depth_km",
    "source_latitude_deg": "latitude",
    "source_longitude_deg": "longitude",
}
OTHERS = (
    *("trace_name", "trace_start_time", "trace_component_order", "trace_sampling_rate_hz"),
    *("trace_dt_s", "trace_npts", "source_id", "source_origin_time", "station_code", "split"),
)


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
        """All traces, a chunk at a time; each one that is unusable is set aside."""
        for folder in self._folders():
            taken, aside = len(writer.ends), len(writer.aside)
            for pair in chunks(folder):
                self._take(writer, pair, {"label": "unlabelled", "dataset": folder.name})
            if len(writer.ends) == taken:
                problem = writer.commonest(aside) or f"no row of split {self.published_split}"
                remedy = "mend its files or the source's keys, or leave it out of dataset.paths"
                raise Refused(f"no usable trace: {problem}", str(folder), remedy)

    def _take(self, writer: RecordWriter, pair: Chunk, shared: Row) -> None:
        """One chunk; a record is named after the folder, the chunk and the row, which are safe."""
        part = pair.metadata.stem.removeprefix("metadata")
        stem = re.sub(r"[^\w.-]", "_", shared["dataset"] + part)
        with Waveforms(pair.waveforms) as waveforms:
            for index, known in self._rows(pair.metadata, shared["dataset"]):
                name = f"{stem}_{index:07d}"
                try:
                    signal, row = self._record(waveforms, known, name)
                except Unusable as reason:
                    writer.set_aside(name, str(reason))
                else:
                    writer.add(signal, {"record_id": name, "group": name} | shared | row)

    def _rows(self, path: Path, dataset: str) -> Iterator[tuple[int, Row]]:
        """The rows of the wanted split, with times understood and events named."""
        for piece in metadata(path, _wanted):
            if self.published_split is not None:
                if "split" not in piece:
                    problem = f"no column split, and published_split is '{self.published_split}'"
                    raise Refused(problem, str(path), "dataset.published_split=null takes all")
                piece = piece[piece["split"] == self.published_split]
            for name in ("trace_start_time", "source_origin_time"):
                if name in piece:
                    times = pd.to_datetime(piece[name], utc=True, errors="coerce", format="mixed")
                    piece = piece.assign(**{name: times.dt.tz_localize(None)})
            if "source_id" in piece:
                whole = piece["source_id"].str.replace(r"\.0$", "", regex=True)
                piece = piece.assign(event=f"{dataset} " + whole)
            for index, row in zip(piece.index, piece.to_dict("records"), strict=True):
                yield int(index), {str(k): v for k, v in row.items() if not pd.isna(v)}

    def _record(self, waveforms: Waveforms, known: Row, name: str) -> tuple[Signal, Row]:
        """A window `(channel, time)` at the wanted rate, and what is known of it."""
        rate = _rate(known, waveforms)
        rng = np.random.default_rng([self.seed, *name.encode()])
        try:
            extent = waveforms.extent(str(known.get("trace_name", "")))
            length = min(len(extent.samples), int(known.get("trace_npts", len(extent.samples))))
            size = min(math.ceil(self.duration * rate), length)
            if size < self.min_length * rate:
                raise Unusable("too short")
            start = self._start(known, length, size, rng)
            samples = extent.read(self._components(known, waveforms, extent), start, size)
        except FAULTS as error:
            raise Unusable("samples that cannot be read") from error
        return self._resampled(samples, rate), _facts(known, start, rate)

    def _components(self, known: Row, waveforms: Waveforms, extent: Extent) -> list[int]:
        """Which components of the trace are the wanted channels."""
        order = known.get("trace_component_order", waveforms.format.get("component_order"))
        if not isinstance(order, str):
            raise Unusable("unknown component order")
        lacking = [letter for letter in self.component_order if letter not in order]
        if lacking:
            raise Unusable(f"no component {', '.join(lacking)}")
        if len(extent.components) != len(order):
            raise Unusable(f"{len(extent.components)} components, not {order}")
        return [order.index(letter) for letter in self.component_order]

    def _start(self, known: Row, length: int, size: int, rng: np.random.Generator) -> int:
        """Where the window begins in the trace (samples)."""
        least, most = 0, length - size
        if self.around_arrivals:
            arrivals = [a for a in _arrivals(known).values() if 0 <= a < length]
            if not arrivals:
                raise Unusable("no arrival in the trace")
            first = int(min(arrivals))
            least, most = max(first - size + 1, 0), min(first, most)
        return int(rng.integers(least, max(most, least) + 1))

    def _resampled(self, samples: NDArray[Any], rate: float) -> Signal:
        """Samples at the wanted rate, after a look at them."""
        sound(samples)
        if rate != self.sampling_rate:
            ratio = Fraction(self.sampling_rate / rate).limit_denominator(1000)
            samples = resample_poly(
                samples, ratio.numerator, ratio.denominator, axis=1, padtype="line"
            )
        with np.errstate(over="ignore"):
            signal = samples[:, : round(self.duration * self.sampling_rate)].astype(np.float32)
        if not np.isfinite(signal).all():
            raise Unusable("samples beyond the range of float32")
        return signal


def _wanted(column: str) -> bool:
    return column in (*NAMES, *OTHERS) or ARRIVAL.fullmatch(column) is not None


def _rate(known: Row, waveforms: Waveforms) -> float:
    """Samples a second of a trace (Hz), from its row or else from the file."""
    step = number(known.get("trace_dt_s"))
    told = (
        number(known.get("trace_sampling_rate_hz")),
        1 / step if step > 0 else math.nan,
        number(waveforms.format.get("sampling_rate")),
    )
    rate = next((rate for rate in told if not math.isnan(rate)), math.nan)
    if not 0 < rate < math.inf:
        raise Unusable("unknown sampling rate")
    return rate


def _facts(known: Row, start: int, rate: float) -> Row:
    """What is known of a window that begins at sample `start`: times in UTC and s, degrees, km."""
    row: Row = {"trace_name": str(known["trace_name"])}
    row["station"] = str(known.get("station_code", ""))
    row |= {new: number(known[old]) for old, new in NAMES.items() if old in known}
    if "event" in known:
        row["group"] = known["event"]
    if "trace_start_time" in known:
        row["start_time"] = written(known["trace_start_time"] + timedelta(seconds=start / rate))
    if "source_origin_time" in known:
        row["origin_time"] = written(known["source_origin_time"])
    p = [sample for phase, sample in _arrivals(known).items() if phase[0] in "Pp"]
    return row | ({"p_time_s": round((min(p) - start) / rate, 6)} if p else {})


def _arrivals(known: Row) -> dict[str, float]:
    """Where each phase arrives (samples of the trace)."""
    found = {column: ARRIVAL.fullmatch(column) for column in known}
    numbers = {match["phase"]: number(known[c]) for c, match in found.items() if match}
    return {phase: number for phase, number in numbers.items() if not np.isnan(number)}
