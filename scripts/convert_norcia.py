"""Norcia files from one form to the other: `convert_norcia.py IN_DIR OUT_DIR --to hdf5`."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from tremor.data.sources.norcia import traces
from tremor.data.sources.norcia_files import NAMES, PHASES, FileSet, Trace, complete, once
from tremor.data.sources.norcia_writing import refuse_existing, write_phase
from tremor.errors import TremorError, visible


def parser() -> argparse.ArgumentParser:
    """Folders, the form wanted, and the station."""
    made = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    made.add_argument("in_dir", type=Path, help="folder with the files of the other form")
    made.add_argument("out_dir", type=Path, help="folder to write to")
    made.add_argument("--to", choices=NAMES, required=True, help="form to write")
    made.add_argument("--station", default="NRCA", help="station (default NRCA)")
    made.add_argument("--overwrite", action="store_true", help="replace existing files")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Convert all phases; returns the exit code."""
    asked = parser().parse_args(arguments)
    try:
        (other,) = set(NAMES) - {asked.to}
        found = complete(asked.in_dir, asked.station, [other])
        out = FileSet(asked.to, asked.out_dir, asked.station)
        refuse_existing(out, asked.overwrite)
        for phase in PHASES:
            convert(found, out, phase)
    except TremorError as error:
        print(error, file=sys.stderr)
        return error.code
    where = shlex.quote(f"dataset.data_dir={out.folder}")
    station = f" dataset.station={out.station}" if out.station != "NRCA" else ""
    print(
        "Next:\n  python simple_train.py experiment=fore_aftershock/finetune_xlstm_unet_2class \\"
    )
    print(f"    {where}{station} model=xlstm_unet_tiny")
    return 0


def convert(found: FileSet, out: FileSet, phase: str) -> None:
    """One phase; traces without three whole components are left out and named."""
    left_out: list[Trace] = []
    count = write_phase(out, phase, usable(found, phase, left_out))
    for trace in left_out:
        print(visible(f"left out: {trace.name} ({trace.fault})"))
    names = ", ".join(path.name for path in out.of(phase))
    print(f"written: {count} traces to {names} in {out.folder}")


def usable(found: FileSet, phase: str, left_out: list[Trace]) -> Iterator[Trace]:
    """The traces that can be written; the others are put in `left_out`."""
    for trace in once(traces(found, phase), set()):
        if trace.fault:
            left_out.append(trace)
        else:
            yield trace


if __name__ == "__main__":
    sys.exit(main())
