"""A folder of pictures in the making: begun once, gone on with, finished with its tables."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from signal import SIG_IGN, SIGINT, signal
from typing import Any

import numpy as np
import pandas as pd

from tremor.data.images.layout import (
    FOLDERS,
    NOTE,
    RANGE,
    SHAPE,
    SHAPE_JSON,
    TABLE,
    Range,
    noted,
)
from tremor.data.images.png import Pixels, is_whole, write_pictures
from tremor.errors import Refused, TremorError
from tremor.files import clear_scratch, safe, write_json, write_whole

Piece = tuple[list[str], Pixels]
AHEAD = 3  # pieces that wait for each process


def begin(root: Path, settings: dict[str, Any], classes: Iterable[str]) -> None:
    """Claim a new or empty folder for these settings, or go on in one that has the same."""
    then = noted(root)
    if then is not None:
        _refuse_others(then, json.loads(json.dumps(settings)), root)
    elif root.exists() and (not root.is_dir() or any(root.iterdir())):
        problem = "something is there already that is no export of ours"
        raise Refused(problem, str(root), "another folder, or an empty one")
    write_json(root / NOTE, {"settings": settings, "classes": list(classes)})
    for folder in FOLDERS:
        for label in classes:
            place = root / folder / safe(label)
            place.mkdir(parents=True, exist_ok=True)
            clear_scratch(place)


def _refuse_others(then: dict[str, Any], now: dict[str, Any], root: Path) -> None:
    """Pictures of two kinds in one folder are refused."""
    other = [k for k in sorted(then.keys() | now.keys()) if then.get(k) != now.get(k)]
    if other:
        said = "; ".join(f"{k} was {then.get(k)}, is {now.get(k)}" for k in other)
        problem = f"this folder holds pictures made otherwise: {said}"
        raise Refused(problem, str(root), "another folder, or the same settings")


def file_name(record_id: str, station: str) -> str:
    """`<station>__<record>.png`, with the station once."""
    known = not station or record_id.startswith(f"{station}__")
    return safe(record_id if known else f"{station}__{record_id}") + ".png"


def listed(table: pd.DataFrame, parts: pd.Series[str], classes: tuple[str, ...]) -> pd.DataFrame:
    """The rows that take part, with `label` by name, `split`, `filename` (in the folder), `week`.

    Validation records lie in train, as other tools know no third folder; `split` says val.
    """
    used = table[parts.isin(("train", "val", "test"))].copy()
    used["split"] = parts[used.index]
    used["label"] = [classes[number] for number in used["label"]]
    used["station"] = used.get("station", "")
    folder = used["split"].replace("val", "train")
    names = map(file_name, used["record_id"].astype(str), used["station"].astype(str))
    used["filename"] = [
        f"{f}/{safe(c)}/{n}" for f, c, n in zip(folder, used["label"], names, strict=True)
    ]
    twice = used["filename"][used["filename"].duplicated()].tolist()
    if twice:
        problem = f"{len(twice)} pictures would have the name of another one: {twice[0]}"
        raise Refused(problem, "record_id", "give the records other names")
    used["week"] = _weeks(used)
    last = ["station", "label", "split", "filename", "week"]
    return used[[c for c in used if c not in last] + last]


def _weeks(table: pd.DataFrame) -> Any:
    """The ISO week of each start, where it is known."""
    if "start_time" not in table:
        return ""
    stamps = pd.to_datetime(table["start_time"], format="ISO8601", utc=True, errors="coerce")
    return stamps.dt.isocalendar().week


def lacking(root: Path, names: Iterable[str], rows: int, columns: int) -> list[int]:
    """Positions of the pictures that are not there yet, or not whole."""
    return [n for n, name in enumerate(names) if not is_whole(root / name, rows, columns)]


def written(root: Path, pieces: Iterable[Piece], jobs: int) -> Iterator[int]:
    """Write pieces in this process, or in `jobs` others; gives the size of each when it is done."""
    if jobs == 1:
        for names, pixels in pieces:
            yield write_pictures(root, names, pixels)
        return
    try:
        deaf = partial(signal, SIGINT, SIG_IGN)  # Ctrl-C is for this process alone
        with ProcessPoolExecutor(jobs, get_context("spawn"), deaf) as pool:
            waiting: set[Future[int]] = set()
            for names, pixels in pieces:
                waiting.add(pool.submit(write_pictures, root, names, pixels))
                if len(waiting) >= AHEAD * jobs:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (each.result() for each in done)
            yield from (each.result() for each in waiting)
    except BrokenProcessPool as error:
        remedy = "the same command goes on where this ended; fewer --jobs need less memory"
        raise TremorError("a process that wrote pictures was killed", str(root), remedy) from error


def finish(root: Path, table: pd.DataFrame, rows: int, columns: int, extent: Range) -> None:
    """The files beside the pictures; the table comes last: where it is, all is there."""
    write_json(root / SHAPE_JSON, {"spec_h": rows, "spec_w": columns})
    for name, values in ((SHAPE, np.array([rows, columns])), (RANGE, np.array(extent))):
        memory = io.BytesIO()
        np.save(memory, values)
        write_whole(root / name, memory.getvalue())
    write_whole(root / TABLE, table.to_csv(index=False))
