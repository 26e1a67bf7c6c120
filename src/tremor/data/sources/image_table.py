"""Pictures of spectrograms that one table lists, as studies of the magnetic field have them."""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal

from tremor.data.images.layout import Range
from tremor.data.images.listed import CLASSES, IMAGES, Listed, over_midnight
from tremor.data.images.pixels import (
    COLOURS,
    Size,
    commonest,
    fingerprint_of,
    mean_colour,
    pixel_rate,
    signal_of,
    sizes_of,
)
from tremor.data.sources.cells import Unusable
from tremor.data.sources.norcia_files import refuse_lacking
from tremor.data.sources.norcia_hdf5 import attribute_table
from tremor.data.writer import RecordWriter, Row
from tremor.errors import Refused


@dataclass(frozen=True)
class ImageTable:
    """Pictures as records `(colour, column * row)` of 0 … 1, column after column: still in time.

    A row of `metadata` (a file of `data_dir`) is a picture with its classes of magnitude and
    azimuth, station, date and hour (UTC), and perhaps `event_id`. `augmented` copies are left out,
    or kept as records of their original's event. `event_known` is false where neither a name nor
    magnitude and day tell the earthquake (see `Listed.group`). `f_t_range` is what the first and
    last row (Hz) and column (s) stand for, if anything.
    """

    data_dir: str
    metadata: str = "metadata.csv"
    height: int = 224
    f_t_range: Range | None = None
    augmented: Literal["leave_out", "keep"] = "leave_out"
    event_column: str | None = None
    content: str = field(init=False, default="")

    def __post_init__(self) -> None:
        root = self._root
        named = ((path.relative_to(root).as_posix(), path) for path in self._pictures)
        object.__setattr__(self, "content", fingerprint_of(named))

    @cached_property
    def _root(self) -> Path:
        root = Path(self.data_dir).expanduser()
        if not self.data_dir or not root.is_dir():
            raise Refused("this folder is not there", str(root), "dataset.data_dir=FOLDER")
        return root

    @property
    def _table(self) -> Path:
        return self._root / self.metadata

    def files(self) -> list[Path]:
        """The table; `content` stands for the pictures."""
        if not self._table.is_file():
            remedy = "dataset.metadata=FILE, a table in that folder with a row for each picture"
            raise Refused("this table is not there", str(self._table), remedy)
        return [self._table]

    @property
    def channels(self) -> tuple[str, ...]:
        return COLOURS

    @property
    def sampling_rate(self) -> float:
        """Pixels a second (Hz); a column counts as one where times are not known."""
        return pixel_rate(self._size, self.f_t_range)

    @cached_property
    def _pictures(self) -> list[Path]:
        """All PNG files of the folder and those in it, by name."""
        found = (path for path in self._root.rglob("*.[pP][nN][gG]") if path.is_file())
        return sorted(path for path in found if not path.name.startswith("."))

    @cached_property
    def _sizes(self) -> dict[Path, Size | str]:
        return sizes_of(self._pictures)

    @cached_property
    def _size(self) -> Size:
        """The commonest rows and columns, of which the rows have to be `height`."""
        size = commonest(self._sizes, self.data_dir)
        if size[0] != self.height:
            fault = f"the pictures have {size[0]} rows, dataset.height is {self.height}"
            raise Refused(fault, self.data_dir, f"dataset.height={size[0]}")
        return size

    @cached_property
    def _listed(self) -> list[Listed]:
        table = attribute_table(self.files()[0], ())
        wanted = [] if self.event_column is None else [self.event_column]
        refuse_lacking(table, wanted, self._table)
        for names in (IMAGES, CLASSES["magnitude"]):
            if not set(names) & set(table.columns):
                fault = f"none of the columns {', '.join(names)}; it has {list(table.columns)}"
                raise Refused(fault, str(self._table), f"call the column {names[0]}")
        rows = table.to_dict("records")
        return [Listed({str(k): v for k, v in row.items()}) for row in rows]

    def write(self, writer: RecordWriter) -> None:
        """All pictures that rows tell of; rows and pictures that are unusable are named."""
        names = Counter(path.stem for path in self._pictures)
        seen: set[Path] = set()
        for number, row in enumerate(self._listed):
            name = f"row {number} ({'/'.join(row.image) or 'no image'})"
            try:
                path = self._found(row, seen)
                seen.add(path)
                whole = path.relative_to(self._root).with_suffix("").as_posix()
                name = path.stem if names[path.stem] == 1 else whole
                if row.copy and self.augmented == "leave_out":
                    raise Unusable("augmented copy")
                known = self._row(name, row)
                signal = signal_of(path, self._sizes[path], self._size)
                writer.add(signal, known | mean_colour(signal))
            except Unusable as reason:
                writer.set_aside(name, str(reason))
        for path in self._pictures:
            if path not in seen:
                name = path.relative_to(self._root).with_suffix("").as_posix()
                writer.set_aside(name, f"no row in {self.metadata}")

    def _found(self, row: Listed, seen: set[Path]) -> Path:
        """The file of a row: of those of its name the one whose folders are alike most."""
        if not row.image:
            raise Unusable("a row that names no image")
        same = self._by_name[row.image[-1]]
        alike = {path: _shared(path.relative_to(self._root).parts, row.image) for path in same}
        best = [path for path in same if alike[path] == max(alike.values())]
        if len(best) != 1:
            raise Unusable("several images of this name" if best else "its image is not there")
        if best[0] in seen:
            raise Unusable("a second row of this image")
        return best[0]

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = defaultdict(list)
        for path in self._pictures:
            found[path.name].append(path)
        return found

    def _row(self, name: str, row: Listed) -> Row:
        """What is known of a picture: classes by name, degrees, UTC."""
        classes, (group, sure) = row.classes, self._group(row)
        if not classes["magnitude"]:
            raise Unusable("no class of magnitude")
        known: Row = {"record_id": name, "group": group or name, "event_known": sure}
        known |= {"label": classes["magnitude"], "station": row.station, "augmented": row.copy}
        known |= {f"label_{head}": said for head, said in classes.items()}
        return known | row.facts()

    def _group(self, row: Listed) -> tuple[str, bool]:
        """What a picture is of: a copy of what its original is."""
        own = self._event(row)
        return self._originals.get((row.station, row.start), own) if row.copy else own

    def _event(self, row: Listed) -> tuple[str, bool]:
        """What the row says that its picture is of, an earthquake over midnight as one."""
        name, sure = row.group(self.event_column)
        return self._first_days.get(name, name), sure

    @cached_property
    def _first_days(self) -> dict[str, str]:
        days: dict[str, date | None] = {}
        for row in self._listed if self.event_column is None else []:
            with suppress(Unusable):
                days[row.group(None)[0]] = row.day
        return over_midnight(days)

    @cached_property
    def _originals(self) -> dict[tuple[str, str], tuple[str, bool]]:
        """What the pictures are of that are no copies, by station and start."""
        found = {}
        for row in self._listed:
            with suppress(Unusable):
                if not row.copy and row.station and row.start:
                    found[row.station, row.start] = self._event(row)
        return found


def _shared(parts: tuple[str, ...], others: tuple[str, ...]) -> int:
    """How many last parts two paths have in common."""
    alike = 0
    for one, other in zip(reversed(parts), reversed(others), strict=False):
        if one != other:
            break
        alike += 1
    return alike
