"""Pictures of spectrograms in folders of classes: one's own export, or one made elsewhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tremor.data.images.layout import (
    BESIDE,
    RANGE,
    TABLE,
    Picture,
    Range,
    alike,
    noted,
    pictures,
    range_of,
    roots,
)
from tremor.data.images.metadata import event_of, facts_of, known_pictures
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
from tremor.data.sources.norcia_files import lacks
from tremor.data.writer import RecordWriter, Row
from tremor.errors import Refused


@dataclass(frozen=True)
class ImageFolder:
    """Pictures as records `(colour, column * row)` of 0 … 1, column after column: still in time.

    `height` and `f_t_range` (Hz, s) have to be those of the folder. A picture whose event no table
    names is its own event, and `event_known` is false. `content` is the pictures' fingerprint.
    """

    data_dir: str
    station: str | None = None
    height: int = 33
    f_t_range: Range | None = None
    event_column: str | None = None
    content: str = field(init=False, default="")

    def __post_init__(self) -> None:
        named = (("/".join(picture.place), picture.path) for picture in self._pictures)
        object.__setattr__(self, "content", fingerprint_of(named))

    @cached_property
    def _roots(self) -> list[Path]:
        found = roots(self.data_dir)
        for root in found:
            if noted(root) is not None and not (root / TABLE).is_file():
                remedy = "run scripts/export_spectrograms.py again: it goes on"
                raise Refused("this export was not finished", str(root), remedy)
        return found

    @cached_property
    def _pictures(self) -> list[Picture]:
        found = [picture for root in self._roots for picture in pictures(root)]
        if self.station is None:
            return found
        names = sorted({self._station(picture) for picture in found})
        if self.station not in names:
            said = f"no station {self.station} there; there are {', '.join(names)}"
            raise Refused(said, self.data_dir, f"dataset.station={names[0] or 'null'}")
        return [picture for picture in found if self._station(picture) == self.station]

    def files(self) -> list[Path]:
        """What lies beside the pictures; `content` stands for themselves."""
        paths = [root / name for root in self._roots for name in BESIDE]
        return [path for path in paths if path.is_file()]

    @cached_property
    def channels(self) -> tuple[str, ...]:
        """The components that our own export painted, or the colours."""
        ours = noted(self._roots[0])
        return COLOURS if ours is None else tuple(ours["channels"])

    @property
    def sampling_rate(self) -> float:
        """Pixels a second (Hz); a column counts as one where times are not known."""
        return pixel_rate(self._size, self.f_t_range)

    @cached_property
    def _sizes(self) -> dict[Path, Size | str]:
        """Rows and columns of each picture, or why it cannot be read."""
        return sizes_of(picture.path for picture in self._pictures)

    @cached_property
    def _size(self) -> Size:
        """The commonest rows and columns, which the settings have to fit."""
        size = commonest(self._sizes, self.data_dir)
        self._refuse_misfit(size[0])
        return size

    def _refuse_misfit(self, rows: int) -> None:
        """Height and range of the settings are those of the folder."""
        there = {range_of(root) for root in self._roots}
        if len(there) > 1:
            problem = f"folders of several ranges in Hz and s: {sorted(map(str, there))}"
            raise Refused(problem, self.data_dir, "train on one of them at a time")
        (extent,) = there
        said = "null" if extent is None else f"[{','.join(f'{value:.6g}' for value in extent)}]"
        faults = []
        if rows != self.height:
            faults.append(f"the pictures have {rows} rows, dataset.height is {self.height}")
        if not alike(self.f_t_range, extent):
            faults.append(
                f"the folder's {RANGE} is {'missing' if extent is None else said}, "
                f"dataset.f_t_range is {self.f_t_range}"
            )
        if faults:
            remedy = f"dataset.height={rows} dataset.f_t_range={said}"
            raise Refused("; ".join(faults), self.data_dir, remedy)

    def write(self, writer: RecordWriter) -> None:
        """All pictures of the commonest size; each one that is unusable is set aside by name."""
        names = [self._name(picture) for picture in self._pictures]
        counts = Counter(names)
        for name, picture in zip(names, self._pictures, strict=True):
            name = name if counts[name] == 1 else "/".join(picture.place)
            try:
                signal = signal_of(picture.path, self._sizes[picture.path], self._size)
                writer.add(signal, self._row(name, picture) | mean_colour(signal))
            except Unusable as reason:
                writer.set_aside(name, str(reason))

    def _row(self, name: str, picture: Picture) -> Row:
        """What is known of a picture: degrees, km, UTC, s."""
        known = self._known.get(picture.place, {})
        group = event_of(known, self.event_column)
        row: Row = {"record_id": name, "group": group or name, "label": picture.label}
        row |= {"event_known": bool(group), "station": self._station(picture)}
        row["folder"] = "val" if known.get("split") == "val" else picture.folder
        return row | facts_of(known)

    @cached_property
    def _known(self) -> dict[tuple[str, ...], Row]:
        tables = (known_pictures(root, self.event_column) for root in self._roots)
        return {place: row for table in tables for place, row in table.items()}

    def _name(self, picture: Picture) -> str:
        """The record that our own export painted, or the file's name."""
        return str(self._known.get(picture.place, {}).get("record_id", picture.path.stem))

    def _station(self, picture: Picture) -> str:
        """The station, from the table or from the file's name."""
        known = self._known.get(picture.place, {}).get("station")
        named, sign, _ = picture.path.stem.partition("__")
        return str(known) if not lacks(known) else named if sign else ""
