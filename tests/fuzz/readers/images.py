"""Pictures: one by itself, a folder of classes, a folder with a table."""

from __future__ import annotations

import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from fuzz.reader import Files, Reader
from fuzz.readers.sources import records_of
from tremor.data.images.layout import noted, range_of
from tremor.data.images.png import decoded, size_of
from tremor.data.sources.cells import Unusable
from tremor.data.sources.image_folder import ImageFolder
from tremor.data.sources.image_table import ImageTable

EXTENT = (0.0, 50.0, 0.32, 12.67)
PAIRS = (("train", "a"), ("train", "b"), ("test", "a"), ("test", "b"))
ROWS = """station,date,hour,magnitude,azimuth,magnitude_class,azimuth_class,image_type,filename
SCN,2018-01-17,5,5.2,10.0,Medium,N,original,SCN_20180117_H05.png
MLB,2018-01-17,6,5.2,190.0,Medium,S,original,MLB_20180117_H06.png
SCN,2018-01-18,5,,,Normal,Normal,normal,SCN_20180118_H05.png
SCN,2018-01-17,5,5.2,10.0,Medium,N,augmented,SCN_20180117_H05_aug1.png
"""


def _png(seed: int, colours: int = 3, **settings: Any) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 5, colours), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png", **settings)
    return file.getvalue()


@cache
def _pictures() -> dict[str, Files]:
    return {"rgb": {"x.png": _png(0)}, "rgba": {"x.png": _png(1, 4)}}


@cache
def _notes() -> dict[str, Files]:
    file = io.BytesIO()
    np.save(file, np.array(EXTENT))
    note = {"settings": {"channels": ["Z", "N", "E"], "n_fft": 64}, "classes": ["a", "b"]}
    return {"both": {"f_t_range.npy": file.getvalue(), "export.json": json.dumps(note).encode()}}


@cache
def _classes() -> dict[str, Files]:
    """Two pictures a class and part, their table, what rows and columns are."""
    found: Files = {}
    rows = ["filename,station,label,split,source_id,trace_start_time"]
    for number, (part, label) in enumerate(PAIRS * 2):
        name = f"{part}/{label}/S__t{number}.png"
        found[name] = _png(number)
        rows.append(f"{name},S,{label},{part},{number // 2},2016-10-0{number + 1}T00:00:00Z")
    found["f_t_range.npy"] = _notes()["both"]["f_t_range.npy"]
    return {"folder": found | {"metadata.csv": "\n".join(rows).encode()}}


@cache
def _tables() -> dict[str, Files]:
    names = [line.rpartition(",")[2] for line in ROWS.splitlines()[1:]]
    found = {name: _png(number) for number, name in enumerate(names)}
    return {"table": found | {"metadata.csv": ROWS.encode()}}


def _picture(folder: Path) -> Any:
    return size_of(folder / "x.png"), decoded(folder / "x.png").mean()


def _folder(folder: Path) -> int:
    return records_of(ImageFolder(str(folder), height=6, f_t_range=EXTENT), folder)


READERS = [
    Reader("png", _pictures, _picture, share=50, also=(Unusable,)),
    Reader("image_notes", _notes, lambda f: (range_of(f), noted(f)), share=50),
    Reader("image_folder", _classes, _folder, share=0.8),
    Reader(
        "image_table",
        _tables,
        lambda folder: records_of(ImageTable(str(folder), height=6), folder),
        share=0.8,
    ),
]
