"""Several questions about each record: a column of labels for each, counted in its own classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from tremor.data.labels import Labelled
from tremor.errors import Refused

KEY = "dataset.heads"


def by_head(
    table: pd.DataFrame, classes: Sequence[str], heads: Mapping[str, Sequence[str]]
) -> Labelled:
    """The source's columns `label_<head>`, which hold names, as numbers within each head's classes.

    A record whose answer is none of a head's classes has -1 there, and stays out where that is the
    first head, which stratifies the split. A class that no record has is refused where the records
    have another one that `heads` does not name: it would be left out by a slip.
    """
    _refuse(table, heads)
    for head, names in heads.items():
        _refuse_strangers(head, list(names), table[f"label_{head}"])
    numbers = {f"label_{head}": _numbered(table[f"label_{head}"], heads[head]) for head in heads}
    first = next(iter(heads))
    made = table.assign(**numbers, label=numbers[f"label_{first}"])
    known = {head: tuple(names) for head, names in heads.items()}
    return Labelled(made, known[first], heads=known)


def _numbered(said: pd.Series[str], names: Sequence[str]) -> pd.Series[int]:
    number = {name: place for place, name in enumerate(names)}
    return said.map(number).fillna(-1).astype(int)


def _refuse(table: pd.DataFrame, heads: Mapping[str, Sequence[str]]) -> None:
    """Every head has a column in the records, and two classes or more, each of them once."""
    if not heads:
        raise Refused("no head at all: nothing is asked", KEY, "a dataset that has heads")
    there = [str(c).removeprefix("label_") for c in table if str(c).startswith("label_")]
    for head, names in heads.items():
        if head not in there:
            fault = f"the records do not tell {head}; they tell {', '.join(there) or 'none'}"
            without = f"'~{KEY}.{head}', and evaluation.ordinal=null or evaluation.circular=null"
            raise Refused(fault, f"{KEY}.{head}", f"{without} if it was their head")
        if len(set(names)) < max(2, len(names)):
            fault = f"the head {head} has {list(names)}"
            raise Refused(fault, f"{KEY}.{head}", "two classes or more, each once")


def _refuse_strangers(head: str, names: list[str], said: pd.Series[str]) -> None:
    """Refuse a class that nobody has beside one that nobody asks for."""
    there = list(dict.fromkeys(said))
    nobody = [name for name in names if name not in there]
    unasked = [str(name) for name in there if name not in names]
    if nobody and unasked:
        fault = f"no record has the {head} {', '.join(nobody)}; some have {', '.join(unasked)}"
        remedy = f"{KEY}.{head}=[…] with the names that the records have"
        raise Refused(fault, f"{KEY}.{head}", remedy)
