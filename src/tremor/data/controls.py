"""Controls that any dataset has: records whose labels mean nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tremor.data.labels import Labelled


def control(labelled: Labelled, shuffle: bool = False, seed: int = 0) -> Labelled:
    """The records as they are labelled; with `shuffle` their labels dealt anew by `seed`."""
    return dealt_anew(labelled, seed) if shuffle else labelled


def dealt_anew(labelled: Labelled, seed: int) -> Labelled:
    """The same labels on other events: a control in which there is nothing to learn.

    Each event takes the labels of another one, those of all heads (or classes) together: its first
    record those of the other's first record, and so on, from the first again where it has more.
    Records that no class takes keep their label and are dealt to nobody. A column `shuffled` says
    that it was done.
    """
    table = labelled.table
    columns = list(dict.fromkeys(["label", *labelled.columns]))
    columns += ["stratum"] * ("stratum" in table)
    used = table.index[table["label"] >= 0]
    owners = table.loc[used].groupby("group", sort=False).indices  # places within `used`
    members = list(owners.values())
    givers = np.random.default_rng((seed, 5)).permutation(len(members))
    source = np.empty(len(used), np.int64)
    for places, giver in zip(members, givers, strict=True):
        given = members[giver]
        source[places] = given[np.arange(len(places)) % len(given)]
    dealt = table.assign(shuffled=True)
    dealt.loc[used, columns] = table.loc[used, columns].to_numpy()[source]
    return replace(labelled, table=dealt)
