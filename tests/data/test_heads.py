"""Several questions a record: each head's labels are counted in its own classes."""

from __future__ import annotations

import pandas as pd
import pytest
import torch

from tests.data.test_module import Make, module
from tremor.data.heads import by_head
from tremor.errors import Refused

HEADS = {"size": ["none", "small", "large"], "side": ["none", "left", "right"]}


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "record_id": list("abcd"),
            "label": [0, 1, 1, 2],
            "label_size": ["none", "large", "small", "huge"],
            "label_side": ["none", "right", "up", "left"],
        }
    )


def test_names_become_numbers_of_their_head_and_strangers_minus_one() -> None:
    made = by_head(table(), ["a", "b", "c"], HEADS)
    assert made.heads == {"size": ("none", "small", "large"), "side": ("none", "left", "right")}
    assert made.columns == ("label_size", "label_side")
    assert made.table["label_size"].tolist() == [0, 2, 1, -1]
    assert made.table["label_side"].tolist() == [0, 2, -1, 1]
    assert made.table["label"].tolist() == [0, 2, 1, -1]
    assert made.classes == ("none", "small", "large")


@pytest.mark.parametrize(
    ("heads", "said"),
    [
        ({}, "nothing is asked"),
        ({"depth": ["a", "b"]}, "do not tell depth; they tell size, side"),
        ({"size": ["none"]}, "the head size has"),
        ({"size": ["none", "small", "small"]}, "the head size has"),
    ],
)
def test_heads_that_cannot_be_asked_are_refused(heads: dict[str, list[str]], said: str) -> None:
    with pytest.raises(Refused, match=said):
        by_head(table(), ["a"], heads)


def test_a_class_that_nobody_has_is_refused_beside_one_that_nobody_asks_for() -> None:
    typo = HEADS | {"size": ["none", "small", "lrage", "huge"]}
    with pytest.raises(Refused, match="no record has the size lrage; some have large"):
        by_head(table(), ["a"], typo)
    by_head(table(), ["a"], HEADS | {"size": ["none", "small"]})  # fewer classes, on purpose


def test_batches_have_a_column_of_labels_for_each_head(numbers: Make) -> None:
    records = numbers()
    labels = records.table["label"]
    records.table["label_one"], records.table["label_two"] = labels, 1 - labels
    made = module(records, columns=("label_one", "label_two"))
    batch = next(iter(made.loader("train")))
    assert batch.y.shape == (7, 2)
    assert torch.equal(batch.y.sum(1), torch.ones(7, dtype=torch.int64))
    assert next(iter(module(records).loader("train"))).y.shape == (7,)
