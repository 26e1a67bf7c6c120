"""Labels dealt anew: whole events, all heads together, the same counts, and nothing to learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from tremor.data.controls import control, dealt_anew
from tremor.data.labels import Labelled

HEADS = {"magnitude": ("Normal", "Medium", "Large"), "azimuth": ("Normal", "N", "E")}


def events(count: int = 40, records: int = 1, seed: int = 0) -> Labelled:
    """Events of `records` records each; a quiet one has the first class of both heads."""
    rng = np.random.default_rng(seed)
    magnitude = rng.integers(0, 3, count)
    azimuth = np.where(magnitude == 0, 0, rng.integers(1, 3, count))
    table = pd.DataFrame({"group": [f"g{i:02}" for i in range(count)]})
    table = table.assign(label=magnitude, label_magnitude=magnitude, label_azimuth=azimuth)
    table = table.loc[table.index.repeat(records)].reset_index(drop=True)
    return Labelled(table, HEADS["magnitude"], heads=HEADS)


@given(st.integers(2, 60), st.integers(1, 3), st.integers(0, 99))
def test_pairs_of_answers_stay_pairs_and_keep_their_numbers(
    count: int, records: int, seed: int
) -> None:
    true = events(count, records, seed)
    dealt = dealt_anew(true, seed)
    both = ["label", "label_magnitude", "label_azimuth"]
    assert dealt.table[both].value_counts().to_dict() == true.table[both].value_counts().to_dict()
    assert (dealt.table.groupby("group")["label"].nunique() == 1).all()
    assert dealt.table["shuffled"].all()
    assert (dealt.classes, dealt.heads) == (true.classes, true.heads)
    assert dealt.table["group"].equals(true.table["group"])


def test_the_seed_decides_and_most_events_change() -> None:
    true = events(300)
    first, again, other = (dealt_anew(true, seed).table["label"] for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)
    assert abs((first == true.table["label"]).mean() - 1 / 3) < 0.1


def test_an_event_of_several_answers_hands_them_on_in_order() -> None:
    """One earthquake has another direction at each station; a larger event begins again."""
    rows = {"group": list("aabbb"), "label": [1, 1, 2, 2, 2], "label_azimuth": [1, 2, 3, 4, 5]}
    true = Labelled(pd.DataFrame(rows), ("x", "y", "z"), heads={"azimuth": ("n",) * 6})
    found = {tuple(dealt_anew(true, seed).table["label_azimuth"]) for seed in range(9)}
    assert found == {(1, 2, 3, 4, 5), (3, 4, 1, 2, 1)}


def test_records_without_a_class_take_no_part() -> None:
    table = events(50).table
    table.loc[::5, "label"] = -1
    true = Labelled(table, HEADS["magnitude"], heads=HEADS)
    dealt = dealt_anew(true, 3).table
    left = table["label"] < 0
    assert dealt[left].drop(columns="shuffled").equals(table[left])
    assert (dealt.loc[~left, "label"] >= 0).all()


def test_without_shuffling_nothing_changes() -> None:
    true = events()
    assert control(true) is true
    assert control(true, shuffle=True, seed=4).table.equals(dealt_anew(true, 4).table)
