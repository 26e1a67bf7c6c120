"""Magnetometers: day files of every format, their tables, and the source over all of them."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from fuzz.reader import Files, Reader
from fuzz.readers.sources import records_of
from tremor.data.geomagnetic import tables
from tremor.data.geomagnetic.delimited import DelimitedDay
from tremor.data.geomagnetic.file_archive import FileArchive
from tremor.data.geomagnetic.iaga2002 import Iaga2002
from tremor.data.geomagnetic.instrument import BLOCK, InstrumentDay, packed
from tremor.data.geomagnetic.samples import Format, on_the_clock
from tremor.data.sources.cells import Unusable
from tremor.data.sources.magnetometer import Magnetometer

DAY = date(2018, 3, 5)
HEAD = """ Format                 IAGA-2002                                    |
 IAGA CODE              SBG                                          |
 Reported               HDZF                                         |
 # a comment                                                         |
DATE       TIME         DOY     SBGH      SBGD      SBGZ      SBGF   |
"""
CATALOGUE = """time,latitude,longitude,depth,magnitude,event
2018-03-05T20:00:00Z,5,96,10,5.1,a
2018-03-05T20:00:30Z,5.1,96,10,4.9,
2018-03-20T10:00:00Z,4,95,30,6.1,b
"""
STATIONS = "station,latitude,longitude\nSBG,5.0,95.0\nTRT,2.0,99.0\n"
INDICES = "time,kp,dst\n" + "".join(
    f"2018-03-05T{hour:02d}:00:00Z,2+,{-hour}\n" for hour in range(0, 24, 3)
)


def _iaga() -> bytes:
    lines = [
        f"2018-03-05 00:{n:02d}:00.000 064   {40_000 + n:9.2f} {n:9.2f} {-n:9.2f}  99999.00"
        for n in range(20)
    ]
    return (HEAD + "\n".join(lines) + "\n").encode()


def _minutes(step: int = 1, day: int = 1440) -> str:
    rows = [f"{60 * n},{40_000 + n % 7},{n % 5},{-n % 11}" for n in range(0, day, step)]
    return "time,H,D,Z\n" + "\n".join(rows) + "\n"


def _iso() -> str:
    rows = [f"2018-03-05T00:{n:02d}:00Z,{40_000 + n},{n},{-n}" for n in range(20)]
    return "time,H,D,Z\n" + "\n".join(rows) + "\n"


@cache
def _iagas() -> dict[str, Files]:
    return {"plain": {"x.min": _iaga()}, "gz": {"x.min.gz": gzip.compress(_iaga())}}


@cache
def _delimited() -> dict[str, Files]:
    texts = {"seconds": _minutes(day=20), "iso": _iso()}
    found: dict[str, Files] = {name: {"x.csv": text.encode()} for name, text in texts.items()}
    return found | {"gz": {"x.csv.gz": gzip.compress(_iso().encode())}}


@cache
def _instrument() -> dict[str, Files]:
    field = np.random.default_rng(0).normal(0, 100, (3, 86_400))
    return {"block": {"x.SBG": packed(field)[: BLOCK + 100]}}


def _day(form: Format, rate: float) -> Callable[[Path], Any]:
    def read(folder: Path) -> Any:
        (path,) = folder.iterdir()
        samples = form.read(path, DAY)
        return on_the_clock(samples, ("H", "D", "Z"), rate)

    return read


@cache
def _folder() -> dict[str, Files]:
    """A day of minutes at a station, and the tables."""
    texts = {"catalogue.csv": CATALOGUE, "stations.csv": STATIONS, "indices.csv": INDICES}
    texts |= {"SBG_20180305.csv": _minutes(), "sbg20180306vmin.min": _iaga().decode()}
    return {"minutes": {name: text.encode() for name, text in texts.items()}}


def _source(folder: Path) -> int:
    archive = FileArchive(str(folder), sampling_rate=1 / 60)
    return records_of(Magnetometer(archive, max_kp=5.0, quiet_per_window=0.0), folder)


def _table(text: str, read: Callable[[Path], Any], name: str) -> Reader:
    seeds: dict[str, Files] = {"table": {"x.csv": text.encode()}}
    return Reader(name, lambda: seeds, lambda folder: read(folder / "x.csv"), share=3)


READERS = [
    Reader("geo_iaga2002", _iagas, _day(Iaga2002(), 1 / 60), share=5, also=(Unusable,)),
    Reader("geo_delimited", _delimited, _day(DelimitedDay(), 1 / 60), share=5, also=(Unusable,)),
    Reader("geo_instrument", _instrument, _day(InstrumentDay(), 1.0), share=5, also=(Unusable,)),
    _table(CATALOGUE, tables.earthquakes, "geo_catalogue"),
    _table(STATIONS, tables.stations, "geo_stations"),
    _table(INDICES, tables.indices, "geo_indices"),
    Reader("geo_folder", _folder, _source, share=0.5),
]
