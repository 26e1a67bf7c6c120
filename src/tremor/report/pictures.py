"""The pictures of a folder of explanations: carried by a page as data, or only linked."""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = "explanations"
LARGEST = 3_000_000
"""Bytes of a picture that a page carries; a larger one is linked."""
DOTS = 160
"""Dots an inch of the pictures that `svg.save_png` writes."""
PNG = b"\x89PNG\r\n\x1a\n"
CAPTIONS = {
    "class_means": "Mean attribution of each class and, last, their difference.",
    "one_station_one_class": "Mean attribution of one class at one station.",
    "one_station_classes": "Mean attribution of each class at one station, and their difference.",
    "stations_one_class": "Mean attribution of one class at each station.",
    "stations_classes": "Mean attribution: rows of classes, columns of stations.",
    "marginals": "Mean attribution along frequency and along time, with bands over events.",
    "deletion_insertion": "The score when cells are removed or put back in the order of the map, "
    "against random orders.",
    "pointing": "How well the maps point at the known evidence, against random maps.",
}


@dataclass(frozen=True)
class Picture:
    """A figure of a folder: as a data URI, or only as a link where it is too large or not there."""

    name: str
    caption: str
    source: str
    link: str
    points: int

    @property
    def wide(self) -> bool:
        """Whether it takes the whole column, so that its caption goes below."""
        return not self.source or self.points > 72 * 4.5


def picture_of(folder: Path, entry: Any) -> Picture:
    """A figure by its name, or by `{"name", "caption"}`; its PNG stands in the folder."""
    given = {"name": entry} if isinstance(entry, str) else entry
    name = str(given["name"])
    if not name or Path(name).name != name:
        raise ValueError(f"{name!r} is no name of a figure")
    path = folder / f"{name}.png"
    caption = given.get("caption") or CAPTIONS.get(name, f"{name.replace('_', ' ')}.")
    own = path.is_file() and path.resolve().parent == folder.resolve()
    data = path.read_bytes() if own and path.stat().st_size <= LARGEST else b""
    if not data.startswith(PNG) or len(data) < 24:
        return Picture(name, str(caption), "", link_to(path) if path.is_file() else "", 0)
    width = struct.unpack(">I", data[16:20])[0]
    source = f"data:image/png;base64,{base64.b64encode(data).decode('ascii')}"
    return Picture(name, str(caption), source, link_to(path), round(72 * width / DOTS))


def link_to(path: Path) -> str:
    """From the run's folder to a file in a folder of explanations."""
    return f"{FOLDER}/{path.parent.name}/{path.name}"
