"""A row of a table of pictures of the magnetic field, in our words.

Such tables were put together from several: a column may be called this or that, and be empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import nan
from typing import Any

from tremor.data.sources.cells import Unusable, number, written
from tremor.data.sources.norcia_files import lacks
from tremor.data.writer import Row

IMAGES = ("unified_path", "spectrogram_file", "filename", "image_path", "spectrogram_path")
CLASSES = {
    "magnitude": ("magnitude_class", "mag_class"),
    "azimuth": ("azimuth_class", "azi_class"),
}
BY_DAY = re.compile(r"\d{8}_M\d+\.\d")
"""How `Listed.group` calls an earthquake that has no name: 20180117_M5.2."""
QUIET = "Normal"
NUMBERS = {"event_magnitude": "magnitude", "azimuth_deg": "azimuth", "kp": "kp_index"}
NAMED = re.compile(r"(?P<station>[A-Za-z0-9]+)_(?P<day>\d{8})(_H(?P<hour>\d{1,2}))?")
"""How the pictures' own files are called: SCN_20180117_H21_3comp_spec.png."""


@dataclass(frozen=True)
class Listed:
    """What a table says of one picture; its file's name says what the table leaves out."""

    cells: Row

    @property
    def image(self) -> tuple[str, ...]:
        """The parts of the picture's path, from wherever the table starts; none where it has no."""
        parts = re.split(r"[/\\]", self._first(IMAGES))
        return tuple(part for part in parts if part not in ("", "."))

    @property
    def copy(self) -> bool:
        """Whether this is an altered copy of another picture."""
        kind = self._first(["image_type"]).lower()
        made = self._first(["augmentation_type"]).lower() not in ("", "none", "original")
        return kind == "augmented" or (not kind and (made or "_aug" in self._file.lower()))

    @property
    def classes(self) -> dict[str, str]:
        """The class by name of each head that the table has; "" where it is not told.

        When nothing happens it has no direction either: a quiet picture is quiet in every head.
        """
        heads = {
            h: names for h, names in CLASSES.items() if not self.cells.keys().isdisjoint(names)
        }
        said = {head: self._first(names) for head, names in heads.items()}
        quiet = [name.lower() == QUIET.lower() for name in said.values() if name]
        if not quiet:
            quiet = [self._first(["image_type"]).lower() == QUIET.lower()]
        if any(quiet) and not all(quiet):
            raise Unusable(f"{QUIET} in one class and not in the other")
        return dict.fromkeys(said, QUIET) if any(quiet) else said

    @property
    def quiet(self) -> bool:
        """Whether nothing happened."""
        return QUIET in self.classes.values()

    @property
    def station(self) -> str:
        return self._first(["station"]) or self._named("station")

    @property
    def day(self) -> date | None:
        """The day (UTC)."""
        said = self._first(["date"]) or self._named("day")
        found = re.match(r"(\d{4})\D?(\d\d?)\D?(\d\d?)", said)
        try:
            return date(*map(int, found.groups() if found else ())) if said else None
        except (TypeError, ValueError) as error:
            raise Unusable(f"{said} is no date, year first") from error

    @property
    def start(self) -> str:
        """When the record begins (UTC); "" where day or hour is not known."""
        hour = re.match(r"\D?(\d\d?)", self._first(["hour"]) or self._named("hour"))
        if self.day is None or hour is None:
            return ""
        if int(hour[1]) > 23:
            raise Unusable(f"{hour[1]} is not an hour")
        midnight = datetime.combine(self.day, datetime.min.time())
        return written(midnight + timedelta(hours=int(hour[1])))

    def group(self, event_column: str | None) -> tuple[str, bool]:
        """What the picture is of, "" where nothing tells, and whether that is known for sure.

        A quiet picture is of its station and day, any other one of an earthquake: the column's, or
        that of `event_id`, unless this is a name of the station and day, by which an earthquake
        would be another one at each station. Without it, one magnitude on one day is one
        earthquake: at any station, and at any hour, as windows before it have hours of their own
        (`over_midnight` has those of the day before).
        Where that is not told either, station and day stand for an earthquake that may be elsewhere
        too.
        """
        station_day = f"{self.station}_{self.day:%Y%m%d}" if self.station and self.day else ""
        name = self._first([event_column or "event_id"])
        if self.quiet:
            group = (event_column and name) or station_day
            return group, bool(group)
        own = bool(station_day) and _bare(name).startswith(_bare(station_day))
        if name and (event_column or not own):
            return name, True
        size = number(self.cells.get("magnitude"))
        if event_column is None and self.day and size > 0:
            return f"{self.day:%Y%m%d}_M{size:.1f}", True
        return station_day, False

    def facts(self) -> Row:
        """Start (UTC), and what the table has of magnitude, azimuth (degrees) and kp.

        A quiet picture has no earthquake whose magnitude and azimuth could be told.
        """
        row: Row = {"start_time": self.start}
        for new, old in NUMBERS.items():
            if old in self.cells:
                row[new] = nan if self.quiet and new != "kp" else number(self.cells[old])
        return row

    @property
    def _file(self) -> str:
        return self.image[-1] if self.image else ""

    def _named(self, part: str) -> str:
        found = NAMED.match(self._file)
        return (found and found[part]) or ""

    def _first(self, columns: Iterable[str]) -> str:
        """The first of some cells that says anything, as text."""
        return next((text for name in columns if (text := _text(self.cells.get(name)))), "")


def over_midnight(days: Mapping[str, date | None]) -> dict[str, str]:
    """For each group (of a day) called by day and magnitude, that of the first of days on end.

    Windows before an earthquake begin on the day before it, too: days on end with one magnitude
    are one earthquake, as far as such a table tells.
    """
    found: dict[str, str] = {}
    for name, day in sorted(days.items()):
        if day and BY_DAY.fullmatch(name):
            before = f"{day - timedelta(days=1):%Y%m%d}{name[8:]}"
            found[name] = found.get(before, name)
    return found


def _text(cell: Any) -> str:
    """A cell as text; gaps in its column have turned whole numbers into floats."""
    if lacks(cell):
        return ""
    whole = isinstance(cell, float) and cell.is_integer()
    return str(int(cell) if whole else cell).strip()


def _bare(name: str) -> str:
    return re.sub(r"[\W_]", "", name).upper()
