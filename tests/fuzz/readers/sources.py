"""What readers of records share: a source's whole way from files to records."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fuzz.reader import Files
from tremor.data.cache import Source, open_records

WORK = ".work"
"""A folder for caches in the folder of a case."""


def records_of(source: Source, folder: Path) -> int:
    """How many records a source makes of a folder; each of them is read."""
    work = folder / WORK
    try:
        records, _ = open_records(source, str(work))
        for number in range(min(len(records), 20)):
            if not np.isfinite(records.record(number)).all():
                raise ValueError(f"record {number} has samples that are not finite")
        records.close()
        return len(records)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def files_of(*writers: Callable[[Path], object]) -> Files:
    """All files that some functions write into a folder."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for write in writers:
            write(root)
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }
