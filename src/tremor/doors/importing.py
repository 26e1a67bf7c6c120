"""What the scripts share that import networks of 12-lead ECGs: arguments, classes, what is next.

Nothing here imports torch before a file is read.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tremor.data.ecg.npy import read_npy
from tremor.data.ecg.snomed import named
from tremor.errors import Refused, TremorError

if TYPE_CHECKING:
    from tremor.doors.imported import Foreign

NUMBER = re.compile(r"[0-9]{1,18}")
OF_CLASSES = "--classes 164889003,426783006,… or --classes-file snomed_classes.npy"


def parser(description: str | None, file: str) -> argparse.ArgumentParser:
    """The file, the meaning of what it tells, and where all goes."""
    made = argparse.ArgumentParser(description=description, allow_abbrev=False)
    made.add_argument("weights", type=Path, help=file)
    classes = made.add_mutually_exclusive_group(required=True)
    said = "SNOMED codes of the outputs in their order, with commas between; AF=164889003 names one"
    classes.add_argument("--classes", help=said)
    said = "file with these codes: .npy, or text with one a line"
    classes.add_argument("--classes-file", type=Path, help=said)
    made.add_argument("--out", type=Path, help="run folder (default outputs/imported/<name>)")
    made.add_argument("--root", type=Path, help="folder of records (default $TREMOR_ECG_ROOT)")
    made.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="another key of the run, such as dataset.sampling_rate=100",
    )
    return made


def run(asked: argparse.Namespace, read: Callable[[Path], Foreign], explain: str) -> int:
    """Import; say what is next, with `explain` among the keys; returns the exit code."""
    try:
        codes = asked.classes.split(",") if asked.classes else listed(asked.classes_file)
        classes = by_name(codes)
        from tremor.doors.imported import Wanted, imported

        wanted = Wanted(classes, asked.root, tuple(asked.set))
        out = asked.out or Path("outputs") / "imported" / asked.weights.name.partition(".")[0]
        folder = imported(read(asked.weights), wanted, out)
    except TremorError as error:
        print(error, file=sys.stderr)
        return error.code
    place = shlex.quote(str(asked.out.parent / folder.name if asked.out else folder))
    target = shlex.quote(next(iter(classes)))
    print(f"written: {place}/checkpoints/best.ckpt. Next:")
    print(f"  python evaluate.py checkpoint={place}")
    print(f"  python explain.py checkpoint={place} {explain}target={target}")
    return 0


def listed(path: Path) -> list[str]:
    """The codes of a file, in its order."""
    if path.suffix == ".npy":
        return [str(code) for code in read_npy(path).ravel()]
    try:
        return path.read_text(encoding="utf-8-sig").replace(",", " ").split()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"cannot read the classes: {error}", str(path), OF_CLASSES) from error


def by_name(codes: Sequence[str]) -> dict[str, list[int | str]]:
    """Each class by its abbreviation (or its code, where none is known) with its code."""
    pairs = [code.strip().rpartition("=") for code in codes]
    found: dict[str, list[int | str]] = {}
    for given, _, code in pairs:
        name = given.strip() or named(code.strip())
        if not code.strip() or name in found:
            fault = f"the class {name} comes twice" if code.strip() else "a class without a code"
            raise Refused(fault, "--classes", OF_CLASSES)
        found[name] = [int(code) if NUMBER.fullmatch(code.strip()) else code.strip()]
    return found
