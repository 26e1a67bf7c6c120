"""What a run says of its ECGs as the arrays of earlier work, and how far from such arrays it is."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from tremor.config.build import Plain
from tremor.data.ecg.precomputed import Precomputed, read_precomputed, stem, write_precomputed
from tremor.errors import Refused, TremorError
from tremor.training import checkpoints


def parser() -> argparse.ArgumentParser:
    """What can be asked."""
    made = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    ways = made.add_subparsers(required=True, metavar="write|compare")
    for name, way, said in (
        ("write", write, "ecg_filenames.npy, ecg_model_probs.npy and the others, from a run"),
        ("compare", compare, "the largest difference of probabilities between a run and arrays"),
    ):
        one = ways.add_parser(name, help=said, allow_abbrev=False)
        one.add_argument("run", help="folder of a judged run of several classes")
        one.add_argument("folder", type=Path, help="where the arrays are, or go")
        one.set_defaults(way=way)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Write or compare; returns the exit code."""
    asked = parser().parse_args(arguments)
    try:
        print(asked.way(of_run(asked.run), asked.folder))
    except TremorError as error:
        print(error, file=sys.stderr)
        return error.code
    return 0


def of_run(place: str) -> Precomputed:
    """The probabilities that a run's evaluation holds, with its classes' first codes."""
    checkpoint = checkpoints.find(place)
    home, config = checkpoints.run_of(checkpoint), checkpoints.load(checkpoint)["tremor"]["config"]
    table = Path(home or checkpoint.parent) / "evaluation" / "predictions.csv"
    if not table.is_file():
        remedy = f"python evaluate.py checkpoint={place}"
        raise Refused("the run has not been judged", str(table), remedy)
    return _arrays(pd.read_csv(table, dtype={"record_id": str}), config)


def _arrays(said: pd.DataFrame, config: Plain) -> Precomputed:
    """Of a table of predictions."""
    classes = config["dataset"].get("classes")
    if not isinstance(classes, dict):
        fault = "its network does not tell several classes by codes"
        raise Refused(fault, "the run", "the run of an ECG experiment")
    return Precomputed(
        filenames=tuple(f"{name}.mat" for name in said["record_id"]),
        classes=tuple(str(codes[0]) for codes in classes.values()),
        probabilities=said[[f"p_{name}" for name in classes]].to_numpy(np.float32),
        truth=(said[[f"label_{name}" for name in classes]] == 1).to_numpy(np.int8),
    )


def write(found: Precomputed, folder: Path) -> str:
    """Write the arrays; what was done, in words."""
    write_precomputed(folder, found)
    return f"written: {len(found.filenames)} records, {len(found.classes)} classes in {folder}"


def compare(found: Precomputed, folder: Path) -> str:
    """The largest difference over the records and classes that both have, in words."""
    theirs = read_precomputed(folder)
    mine, yours = (
        pd.DataFrame(
            one.probabilities.astype(np.float64),
            index=[stem(name) for name in one.filenames],
            columns=list(one.classes),
        )
        for one in (found, theirs)
    )
    records, codes = mine.index.intersection(yours.index), mine.columns.intersection(yours.columns)
    if not len(records) or not len(codes):
        fault = f"{len(records)} records and {len(codes)} classes in common"
        raise Refused(fault, str(folder), "arrays of the same records and SNOMED codes")
    apart = (mine.loc[records, codes] - yours.loc[records, codes]).abs().to_numpy()
    return f"largest difference {apart.max():.3g} over {len(records)} records, {len(codes)} classes"


if __name__ == "__main__":
    sys.exit(main())
