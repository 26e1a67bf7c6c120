"""The synthetic heart in the files of real records: WFDB headers, MATLAB samples, the patients."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from tremor.data.ecg.leads import LEADS
from tremor.data.ecg.writing import write_record
from tremor.data.synthetic.claim import claim
from tremor.data.synthetic.heart import HeartWorld
from tremor.data.synthetic.heart_leads import GAIN
from tremor.files import write_whole

PATIENTS = "patients.csv"
MADE = ("*.hea", "*.mat")


def write_heart(
    world: HeartWorld,
    folder: Path,
    *,
    overwrite: bool = False,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> list[Path]:
    """Write all records, whole, and whose they are; returns the headers.

    Records of the same world that are there stay, so that what was interrupted goes on; those of
    another are refused, or taken away with `overwrite`. `tell` hears how many there are, and of
    how many.
    """
    claim(world, folder, (*MADE, PATIENTS), MADE, overwrite)
    catalogue = world.catalogue()
    whose = catalogue[["record_id", "group"]].set_axis(["record", "patient"], axis=1)
    write_whole(folder / PATIENTS, str(whose.to_csv(index=False)))
    written = []
    for number, row in enumerate(catalogue.to_dict("records")):
        header = folder / str(row["path"])
        if not header.exists():
            signal, said = world.record(number), _comments(pd.Series(row))
            name, rate = str(row["record_id"]), world.sampling_rate
            write_record(folder, name, signal, rate, LEADS, said, GAIN)
        written.append(header)
        tell(number + 1, len(catalogue))
    return written


def _comments(row: pd.Series) -> dict[str, str]:
    """What a header of the Challenges says of its patient."""
    known = {
        "Age": f"{row['age']:.0f}",
        "Sex": str(row["sex"]).capitalize(),
        "Dx": str(row["dx"]).replace("|", ","),
    }
    return known | dict.fromkeys(("Rx", "Hx", "Sx"), "Unknown")
