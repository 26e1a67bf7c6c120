"""What leaving events or stations out needs of a table, and which stations a fold tests."""

from __future__ import annotations

import pandas as pd

from tremor.errors import Refused


def refuse_folds(groups: pd.Series[int], n_folds: int, alone: bool = False) -> None:
    """Every fold needs an event, and every class one to learn from while another one tests.

    A class may stand `alone` where records have several, and the classes of events are strata.
    """
    if len(groups) < n_folds:
        raise Refused(
            f"more folds than events: n_folds={n_folds}, {len(groups)} events and station-days",
            "dataset.n_folds",
            f"dataset.n_folds={max(len(groups), 2)}",
        )
    counts = groups.value_counts()
    single = sorted(counts[counts == 1].index)
    if single and not alone:
        raise Refused(
            f"classes with a single event ({', '.join(f'number {n}' for n in single)}, from 0): "
            "the fold that tests it has none to learn from",
            "dataset.event_split_method",
            "more events of it, or fewer classes; two events of a class are enough",
        )


def stations_of_fold(table: pd.DataFrame, fold: int, n_folds: int) -> list[str]:
    """The stations that test in a fold: those with the most records come first, and alone."""
    if "station" not in table or not table["station"].astype(bool).all():
        raise Refused(
            "leaving stations out needs the station of every record",
            "dataset.event_split_method",
            "dataset.event_split_method=leave_event_out",
        )
    counts = table["station"].value_counts()
    ranked = sorted(counts.index, key=lambda name: (-counts[name], name))
    if n_folds > len(ranked):
        other = "dataset.event_split_method=leave_event_out"
        raise Refused(
            f"more folds than stations: n_folds={n_folds}, stations {', '.join(ranked)}",
            "dataset.n_folds",
            f"dataset.n_folds={len(ranked)}" if len(ranked) > 1 else other,
        )
    return [ranked[fold]] if fold < n_folds - 1 else ranked[fold:]


def refuse_untaught(table: pd.DataFrame, rest: pd.Series[bool], names: list[str]) -> None:
    """Every class needs an event that the test stations did not see."""
    lacking = sorted(set(table["label"]) - set(table.loc[rest, "label"]))
    if lacking:
        said = ", ".join(f"number {n}" for n in lacking)
        raise Refused(
            f"no event to learn some classes from ({said}, from 0): the test stations "
            f"{', '.join(names)} saw all of them",
            "dataset.event_split_method",
            "dataset.event_split_method=leave_event_out, or events that fewer stations saw",
        )
