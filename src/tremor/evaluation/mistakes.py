"""Errors worth looking at: each event's surest mistake, the surest first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tremor.evaluation.scoring import Plain

MOST = 20
KNOWN = ("station", "start_time", "magnitude", "snr_db", "distance_km", "age", "sex")
"""What is told of a record, where it is known."""


def mistakes(
    said: pd.DataFrame, classes: Sequence[str], rows: pd.DataFrame | None = None
) -> list[Plain]:
    """At most `MOST` records, one of each group: names, both classes and their probabilities.

    `said` are predictions `record_id, group, label, predicted, p_<class>`, `rows` their records'
    table in the same order. `wrong` and `records` count those of the group.
    """
    chances = said[[f"p_{name}" for name in classes]].to_numpy(np.float64)
    place = np.arange(len(said))
    names = np.asarray(list(classes), object)
    table = said[["record_id", "group"]].assign(
        label=names[said["label"]],
        predicted=names[said["predicted"]],
        p_predicted=chances[place, said["predicted"]],
        p_label=chances[place, said["label"]],
    )
    wrong = (said["label"] != said["predicted"]).to_numpy()
    return _surest(table, wrong, rows)


def of_classes(
    said: pd.DataFrame, classes: Sequence[str], rows: pd.DataFrame | None = None
) -> list[Plain]:
    """The same where a record may have several classes: `class` says which one is wrong."""
    tables, wrongs = [], []
    for name in classes:
        has, called, p = (said[f"{kind}_{name}"].to_numpy() for kind in ("label", "predicted", "p"))
        words = np.array(["without", "with"], object)
        own = said[["record_id", "group"]].assign(**{"class": name})
        tables.append(
            own.assign(
                label=words[np.clip(has, 0, 1)],
                predicted=words[called],
                p_predicted=np.where(called == 1, p, 1 - p),
                p_label=np.where(has == 1, p, 1 - p),
            )
        )
        wrongs.append((has >= 0) & (has != called))
    repeated = None if rows is None else pd.concat([rows] * len(classes), ignore_index=True)
    return _surest(pd.concat(tables, ignore_index=True), np.concatenate(wrongs), repeated)


def _surest(table: pd.DataFrame, wrong: np.ndarray, rows: pd.DataFrame | None) -> list[Plain]:
    """The surest wrong row of each group, with what is known of its record."""
    counts = pd.Series(wrong).groupby(table["group"].to_numpy()).agg(["sum", "size"])
    table = _with_known(table, rows)
    surest = table[wrong].sort_values(["p_predicted", "record_id"], ascending=[False, True])
    found = surest.drop_duplicates("group").head(MOST)
    own = counts.loc[found["group"]]
    found = found.assign(wrong=own["sum"].to_numpy(), records=own["size"].to_numpy())
    return _plain(found)


def known_of(table: pd.DataFrame, rows: pd.DataFrame | None, places: np.ndarray) -> list[Plain]:
    """Some rows of a table of records by their places, with what is known of them in `rows`."""
    return _plain(_with_known(table, rows).iloc[places])


def _with_known(table: pd.DataFrame, rows: pd.DataFrame | None) -> pd.DataFrame:
    if rows is None:
        return table
    there = [name for name in KNOWN if name in rows and name not in table]
    return table.assign(**{name: rows[name].to_numpy() for name in there})


def _plain(table: pd.DataFrame) -> list[Plain]:
    return [
        {str(k): None if pd.isna(v) or v == "" else v for k, v in row.items()}
        for row in table.astype(object).to_dict("records")
    ]
