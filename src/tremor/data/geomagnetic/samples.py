"""What a reader takes from one day file, and how it comes to lie on the day's own clock."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.data.geomagnetic.archive import samples_a_day
from tremor.data.sources.cells import Unusable

LARGEST = 80_000.0  # nT: no field on Earth reaches it, all missing codes (88888, 99999) pass it
GZIP = 31  # zlib's word for a gzip header
TOLERANCE = 0.01  # of the cadence
HALF = 0.5 - 1e-6  # of a sample: times at the middle of an interval all go the same way

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Samples:
    """The samples of one file: their times (s after 00:00 UTC) and values `(component, sample)`."""

    components: tuple[str, ...]
    seconds: Numbers
    values: Numbers
    station: str = ""
    notes: tuple[str, ...] = ()


class Format(Protocol):
    """One format of day files; a dataclass of settings."""

    def claims(self, name: str) -> tuple[str, date] | None:
        """The station and UTC day that a file's name says, or None: not of this format."""
        ...

    def read(self, path: Path, day: date) -> Samples:
        """The samples of a file; raises `Unusable` where it is not one of this format."""
        ...


def content(path: Path) -> tuple[bytes, tuple[str, ...]]:
    """The bytes of a file, unpacked where its name ends with .gz: whole, or noted as cut."""
    try:
        packed = path.read_bytes()
    except OSError as error:
        raise Unusable(f"cannot be read ({error.strerror})") from error
    if path.suffix.lower() != ".gz":
        return packed, ()
    parts = []
    while packed:
        engine = zlib.decompressobj(wbits=GZIP)
        try:
            parts.append(engine.decompress(packed))
        except zlib.error as error:
            raise Unusable("a damaged gzip file") from error
        if not engine.eof:
            return b"".join(parts), ("the gzip file ends early",)
        packed = engine.unused_data
    return b"".join(parts), ()


def without_codes(values: Numbers) -> Numbers:
    """Values with NaN for what is no field: codes of missing samples, infinities."""
    return np.where(np.abs(values) <= LARGEST, values, np.nan)


def on_the_clock(
    samples: Samples, components: tuple[str, ...], sampling_rate: float
) -> tuple[Numbers, tuple[str, ...]]:
    """Samples `(component, time)` of the whole day, NaN where there are none, and notes on them.

    A file of another cadence, or without one of the components, is unusable.
    """
    _refuse_cadence(samples.seconds, 1 / sampling_rate)
    rows = [_row(samples, name, components) for name in components]
    place = np.floor(samples.seconds * sampling_rate + HALF).astype(np.int64)
    inside = (place >= 0) & (place < samples_a_day(sampling_rate))
    day = np.full((len(components), samples_a_day(sampling_rate)), np.nan)
    day[:, place[inside]] = samples.values[rows][:, inside]
    again = int(inside.sum()) - len(np.unique(place[inside]))
    told = {"outside its day": int((~inside).sum()), "at a time that it has twice": again}
    said = tuple(f"{count} samples {what}" for what, count in told.items() if count)
    return day, samples.notes + said


def _refuse_cadence(seconds: Numbers, wanted: float) -> None:
    if not len(seconds):
        raise Unusable("no samples")
    steps = np.diff(seconds)
    found = float(np.median(steps)) if len(steps) else wanted
    if abs(found - wanted) > TOLERANCE * wanted:
        raise Unusable(f"cadence {found:g} s, not {wanted:g} s")


def _row(samples: Samples, name: str, components: tuple[str, ...]) -> int:
    if name not in samples.components:
        has = ", ".join(samples.components) or "none"
        three = ",".join(samples.components[:3])
        wanted = ", ".join(components)
        raise Unusable(f"has components {has}, not {wanted}: try dataset.components=[{three}]")
    return samples.components.index(name)


def seconds_of(texts: pd.Series, day: date) -> Numbers:
    """ISO times (UTC, or with their zone) as seconds after the day's midnight; NaN where bad."""
    stamps = pd.to_datetime(texts, utc=True, errors="coerce", format="ISO8601")
    since = stamps.dt.tz_localize(None) - pd.Timestamp(day)
    return np.asarray(since.dt.total_seconds(), dtype=np.float64)
