"""What is known of the records of a cross-validation: read from the cache, with each run's split.

Leak alarms need it: they learn from what each fold trained on, and predict what it tested.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tremor.config.resolve import select
from tremor.data.labels import label_columns
from tremor.data.records import RecordSet
from tremor.errors import Refused
from tremor.evaluation.baselines import FOLD
from tremor.evaluation.run_split import split_table
from tremor.evaluation.runs import Run
from tremor.files import near

TOLD = ("station", "ttf_seconds")
"""Columns of a split.csv that are about the record."""


def tables(
    runs: Sequence[Run], said: pd.DataFrame, cache_dir: Path | None
) -> tuple[pd.DataFrame, pd.DataFrame] | str:
    """The judged records and, for each fold, its training records; or why there are none.

    Both have the labels that the runs were given and a column `judged_fold`; a record that trains
    in several folds has a row for each. `said` are the predictions of all folds, with `fold`.
    """
    records = _records(runs, cache_dir)
    if isinstance(records, str):
        return records
    kept = [split_table(run) for run in runs]
    lacking = [near(run.folder) for run, split in zip(runs, kept, strict=True) if split is None]
    if lacking:
        return f"{', '.join(lacking)} have no split.csv"
    labels = label_columns(said)
    splits = [split.set_index("record_id") for split in kept if split is not None]
    tested = said.set_index("record_id")[labels]
    told = [split[labels] for split in splits if set(labels) <= set(split)]
    answers = pd.concat([tested, *told]).groupby(level=0, sort=False).first()
    known = records.set_index("record_id")
    if len(strange := tested.index.difference(known.index)):
        return f"{len(strange)} judged records, such as {strange[0]}, are not in the cache"
    for column in (name for name in TOLD if name not in known):
        if ours := [split[column] for split in splits if column in split]:
            known[column] = pd.concat(ours).groupby(level=0).first()
    known = known[known.index.isin(answers.index)].copy()
    known[labels] = answers.loc[known.index]
    judged = known.loc[tested.index].copy()
    judged[FOLD] = said["fold"].to_numpy()
    trained = []
    for run, split in zip(runs, splits, strict=True):
        part = known[known.index.isin(split.index[split["split"] == "train"])].copy()
        if part.empty:
            return f"nothing tells the labels that fold {run.place[1]} trained on"
        part[FOLD] = run.place[1]
        trained.append(part)
    return judged.reset_index(), pd.concat(trained).reset_index()


def _records(runs: Sequence[Run], cache_dir: Path | None) -> pd.DataFrame | str:
    """The table of the record set that all runs read, from the cache."""
    marks = {_fingerprint(run): run for run in runs}
    if len(marks) > 1:
        raise Refused(
            "folds of one cross-validation read other data",
            "; ".join(near(run.folder) for run in marks.values()),
            "run the folds again on the same data",
        )
    (mark,) = marks
    config = runs[0].config
    cache = cache_dir or Path(str(select(config, "cache_dir")))
    folder = cache.expanduser() / "records" / str(mark)
    if mark is None or not folder.is_dir():
        return f"their records are not in {cache} any more (--cache-dir says where they are)"
    table = RecordSet.open(folder).table
    if keep := select(config, "loader.keep"):
        table["seen"] = keep
    if select(config, "dataset.shuffle_labels"):
        table["shuffled"] = True
    return table


def _fingerprint(run: Run) -> str | None:
    """What the records of a run are, as its provenance.json says."""
    path = run.folder / "provenance.json"
    if not path.is_file():
        return None
    found = json.loads(path.read_text(encoding="utf-8")).get("data_fingerprint")
    return None if found is None else str(found)


def stations_of(run: Run) -> tuple[str, ...]:
    """The stations of a run's test records; nothing where its split does not tell them."""
    split = split_table(run)
    if split is None or "station" not in split:
        return ()
    return tuple(sorted(split.loc[split["split"] == "test", "station"].dropna().unique()))
