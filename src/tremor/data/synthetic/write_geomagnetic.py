"""A synthetic geomagnetic world in the files of real observatories: IAGA-2002 days, and tables."""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from tremor.data.geomagnetic.file_archive import CATALOGUE, INDICES, STATIONS
from tremor.data.synthetic.claim import claim
from tremor.data.synthetic.geomagnetic import GeomagneticWorld
from tremor.data.synthetic.geomagnetic_iaga import iaga2002
from tremor.data.synthetic.geomagnetic_settings import WHERE
from tremor.data.synthetic.settings import within
from tremor.errors import Refused
from tremor.files import write_whole

DAY_FILES = "[a-z][a-z][a-z]" + 8 * "[0-9]" + "vsec.sec*"
LEVEL = 1  # of gzip: higher ones take long and save little


def write_geomagnetic(
    world: GeomagneticWorld,
    folder: Path,
    *,
    packed: bool = False,
    days_around: int | None = None,
    overwrite: bool = False,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> list[Path]:
    """Write the tables and a day file for each station and day; returns all files.

    `packed` files are gzipped. `days_around` leaves out days farther than that from every
    earthquake of the world. Day files of the same world that are there stay, so that what was
    interrupted goes on; those of another are refused, or taken away with `overwrite`. `tell` hears
    how many there are, and of how many.
    """
    _refuse(world, days_around)
    wanted = chosen_days(world, days_around)
    claim(world, folder, (CATALOGUE, STATIONS, INDICES), (f"*/{DAY_FILES}",), overwrite)
    written = [write_whole(folder / name, text) for name, text in _tables(world).items()]
    table = world.stations().set_index("station")
    for done, (station, day) in enumerate(wanted):
        plain = folder / station / f"{station.lower()}{day:%Y%m%d}vsec.sec"
        zipped = plain.with_name(f"{plain.name}.gz")
        path = next((p for p in (plain, zipped) if p.exists()), zipped if packed else plain)
        if not path.exists():
            place = float(table["latitude"][station]), float(table["longitude"][station])
            text = iaga2002(station, place, day, world.day(station, day).signal)
            write_whole(path, gzip.compress(text, LEVEL, mtime=0) if packed else text)
        written.append(path)
        tell(done + 1, len(wanted))
    return written


def _refuse(world: GeomagneticWorld, days_around: int | None) -> None:
    """Refuse what cannot be written as such files."""
    if days_around is not None:
        within("days_around", days_around, 0, math.inf)
    if world.sampling_rate != 1.0:
        fault = f"sampling_rate is {world.sampling_rate}: day files have a sample a second"
        raise Refused(fault, WHERE, "give sampling_rate=1.0")


def chosen_days(world: GeomagneticWorld, days_around: int | None) -> list[tuple[str, date]]:
    """The stations and days of a world, or those near its earthquakes."""
    if days_around is None:
        return world.days()
    near = {
        (time + timedelta(days=shift)).date()
        for time in world.earthquakes()["time"]
        for shift in range(-days_around, days_around + 1)
    }
    return [(station, day) for station, day in world.days() if day in near]


def _tables(world: GeomagneticWorld) -> dict[str, str]:
    """Texts of the tables beside the day files; times are ISO in UTC."""
    quakes = world.earthquakes().rename(columns={"depth_km": "depth"})
    made = {CATALOGUE: quakes, STATIONS: world.stations(), INDICES: world.indices()}
    return {name: _text(table) for name, table in made.items()}


def _text(table: pd.DataFrame) -> str:
    return str(table.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%SZ"))
