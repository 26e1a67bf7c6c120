"""Which records a study is of: those that a rule chooses, or that were chosen before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from tremor.config.build import Plain
from tremor.config.roots import ExplainRoot
from tremor.data.ecg.precomputed import read_selection, stem
from tremor.data.ecg.recording import header_of
from tremor.doors.answers import predictions
from tremor.doors.echo import say
from tremor.doors.opened import OpenedRun
from tremor.doors.plan import plan_of
from tremor.doors.study_kept import predicted
from tremor.errors import Refused
from tremor.explain.selection import COLUMNS, Selection
from tremor.files import near, write_whole
from tremor.report.tables import counted

KEY = "run_mode.selection"
ROUNDING = 1e-4  # of a probability: what is more is another network


def judged_records(wanted: ExplainRoot, run: OpenedRun, home: Path) -> pd.DataFrame:
    """What the network says of all records of the part, with their durations and files.

    It is kept in `home`, for calls of the same checkpoint, data and configuration.
    """
    told = {name: plan_of(wanted, run, "")[name] for name in ("checkpoint", "data", "versions")}
    told |= {"split": wanted.split, "config": run.config}
    made = partial(predictions, run.task, run.data, wanted.split, run.config)
    said, kept = predicted(home, told, made)
    if kept:
        say(f"kept     predictions of {counted(len(said), 'record')}")
    known = run.data.records.table[["record_id", "duration_s", "path"]]
    return said.merge(known, on="record_id", validate="one_to_one")


def chosen_of(said: pd.DataFrame, names: Sequence[str], select: Selection) -> pd.DataFrame:
    """The records of each class, and how many there were to choose from."""
    for name in names:
        fit = len(select.candidates(said, name))
        have = int((said[f"label_{name}"] == 1).sum())
        count = min(fit, select.k_per_class)
        say(f"select   {name}: {count} of {fit} that fit, of {have} that have it")
    return select(said, names)


def kept(place: Path, chosen: pd.DataFrame) -> pd.DataFrame:
    """Write the choice, or take the one that stands; another one is refused: tables rest on it.

    Another number of threads, or device, may change the last digits of a probability.
    """
    if not place.exists():
        write_whole(place, chosen.to_csv(index=False))
        return chosen
    texts = dict.fromkeys(("group_class", "record_id", "group", "filename"), str)
    stood = pd.read_csv(place, dtype=texts, keep_default_na=False, float_precision="round_trip")
    same = stood.drop(columns="prob_meta").equals(chosen.drop(columns="prob_meta").astype(texts))
    if not same or not np.allclose(stood["prob_meta"], chosen["prob_meta"], atol=ROUNDING):
        fault = "other records were chosen for the study that is there"
        old = near(place.parent)
        raise Refused(fault, str(place), f"move it away: mv {old} {old}.old")
    return chosen.assign(prob_meta=stood["prob_meta"])


def taken(place: Path, said: pd.DataFrame, codes: Mapping[str, Sequence[object]]) -> pd.DataFrame:
    """A choice that was made before: a selection.csv, or an archive (.npz) of earlier work.

    Classes go by name or code, records by the names of their files; probabilities are today's.
    """
    table = read_selection(place) if place.suffix == ".npz" else _table(place)
    by_code = {str(code): name for name, own in codes.items() for code in own}
    said = said.reset_index(drop=True).assign(sel_idx=np.arange(len(said)))
    known = said.set_index("record_id", drop=False)
    rows = []
    for asked, file in zip(table["group_class"], table["filename"], strict=True):
        name, record = by_code.get(str(asked), str(asked)), stem(str(file))
        if name not in codes or record not in known.index:
            fault = f"{asked} of {file}: no such class or record here"
            raise Refused(fault, str(place), f"{KEY}=null, or a selection of this run's records")
        row = known.loc[record]
        rows.append({**row, "group_class": name, "prob_meta": row[f"p_{name}"]})
    chosen = pd.DataFrame(rows).rename(columns={"path": "filename", "duration_s": "duration_sec"})
    say(f"select   {len(chosen)} records as chosen before, in {near(place)}")
    return chosen[list(COLUMNS)].drop_duplicates(["group_class", "record_id"], ignore_index=True)


def samples_of(dataset: Plain, header: str) -> str:
    """The file of a record's samples, relative to the data's root, as its header names it.

    Empty where no file is: the record is made up.
    """
    if "data_dir" not in dataset:
        return ""
    path = Path(dataset["data_dir"]).expanduser() / header
    return Path(header).with_name(header_of(path).leads[0].file).as_posix()


def _table(place: Path) -> pd.DataFrame:
    """A selection.csv."""
    try:
        table = pd.read_csv(place, dtype=str)
    except (OSError, ValueError) as error:
        raise Refused(f"cannot be read: {error}", str(place), f"{KEY}=<selection.csv>") from error
    if not {"group_class", "filename"} <= set(table):
        fault = f"its columns are {', '.join(map(str, table))}"
        raise Refused(fault, str(place), "a table with group_class and filename")
    return table
