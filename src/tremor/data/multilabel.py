"""Several classes that a record may have at once, by the codes of its diagnoses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.data.ecg.snomed import equivalents
from tremor.data.labels import NONE, Labelled
from tremor.errors import Refused

KEY = "dataset.classes"
RESERVED = ("predicted", "true", NONE)
"""Names that mean something else, in `target` or in a split."""
Codes = dict[str, list[int | str]]


def by_code(table: pd.DataFrame, classes: Sequence[str], wanted: Codes) -> Labelled:
    """Which of the `wanted` classes each record has: those of which it has any code.

    The column `dx` has the codes of a record, joined by `|`; `wanted` names the codes of each
    class, which mean the same. What a record without any code has is unknown (-1): it is in no
    part of the split. Classes that no record has are not refused here: records may be few, and the
    network trained on others. A column `stratum` says for the split what is rarest in each group.
    """
    _refuse(table, wanted)
    said = [{*text.split("|")} - {""} for text in table["dx"].fillna("").astype(str)]
    own = [{str(code) for code in codes} for codes in wanted.values()]
    has = np.array([[not of.isdisjoint(codes) for of in own] for codes in said], dtype=bool)
    if not has.any():
        _refuse_strangers(said, wanted)
    known = np.array([bool(codes) for codes in said])
    first = np.where(has.any(1), has.argmax(1), len(own))
    columns = {
        f"label_{name}": np.where(known, mine, -1)
        for name, mine in zip(wanted, has.T.astype(np.int64), strict=True)
    }
    made = table.assign(**columns, label=np.where(known, first, -1))
    return Labelled(made.assign(stratum=_rarest(made["group"], has)), tuple(wanted), multi=True)


def _rarest(group: pd.Series[str], has: NDArray[np.bool_]) -> pd.Series[int]:
    """Of the classes that a record's group has, the one of the fewest groups; else their number.

    Splits that deal this out give every part its share of rare classes: by the first class of each
    record, those that come with a common one would be left to luck.
    """
    owned = pd.DataFrame(has, index=group.index).groupby(group).any()
    theirs = owned.to_numpy()
    rarest = np.where(theirs, theirs.sum(0), np.inf).argmin(1)
    strata = np.where(theirs.any(1), rarest, has.shape[1])
    return group.map(pd.Series(strata, owned.index)).astype(int)


def lacking(labelled: Labelled, parts: pd.Series[str], name: str) -> Iterator[str]:
    """The classes that no record of a part (`name`) has."""
    rows = labelled.table[parts == name]
    return (c for c in labelled.classes if not (rows[f"label_{c}"] == 1).any())


def meant_too(table: pd.DataFrame, wanted: Codes) -> Iterator[str]:
    """Codes that records have, that mean a class, and that are asked of no class: in words."""
    asked = {str(code) for codes in wanted.values() for code in codes}
    said = table["dx"].fillna("").astype(str).str.split("|")
    for name, codes in wanted.items():
        same = {code for own in codes for code in equivalents(str(own))} - asked
        count = sum(not same.isdisjoint(each) for each in said)
        if count:
            also = ", ".join(sorted(same))
            yield f"{count} records have {also}, which means {name} too and is not asked ({KEY})"


def refuse_untaught(labelled: Labelled, parts: pd.Series[str]) -> None:
    """Nothing is learned of a class that no training record has."""
    if labelled.multi and (names := list(lacking(labelled, parts, "train"))):
        without = " ".join(f"'~{KEY}.{name}'" for name in names)
        left = len(labelled.classes) - len(names)
        raise Refused(
            f"no training record has {', '.join(names)}: nothing can be learned of it",
            KEY,
            f"more records, another seed, or {without} dataset.num_classes={left}",
        )


def _refuse(table: pd.DataFrame, wanted: Codes) -> None:
    """Every class has a name of its own and codes, and a code is of one class."""
    if not wanted:
        raise Refused("no class at all: nothing is asked", KEY, f"'{KEY}={{AF:[164889003]}}'")
    if "dx" not in table:
        fault = "the records tell no codes of diagnoses (column dx)"
        raise Refused(fault, "dataset.labels", "a dataset whose records have codes")
    taken: dict[str, str] = {}
    for name, codes in wanted.items():
        if name in RESERVED or not codes:
            fault = f"a class cannot be called {name}" if codes else f"{name} has no code"
            raise Refused(fault, f"{KEY}.{name}", "a name of its own, and one code or more")
        for code in map(str, codes):
            if taken.setdefault(code, name) != name:
                fault = f"the code {code} is of {taken[code]} and of {name}"
                remedy = f"leave it to one of them, or '~{KEY}.{name}' to make them one class"
                raise Refused(fault, f"{KEY}.{name}", remedy)


def _refuse_strangers(said: Sequence[set[str]], wanted: Codes) -> None:
    """None of the classes is there: name the codes that are."""
    counts = Counter(code for codes in said for code in sorted(codes))
    there = ", ".join(f"{code} ({count})" for code, count in counts.most_common(8))
    raise Refused(
        f"no record has {' or '.join(wanted)}; the commonest codes are {there or 'none at all'}",
        KEY,
        f"'{KEY}={{<name>:[<code>,…]}}' with codes that the records have",
    )
