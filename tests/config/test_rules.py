"""Contradictions between groups, each with the override that mends it."""

from __future__ import annotations

from typing import Any

import pytest

from tremor.config.resolve import put
from tremor.config.rules import contradictions


def tree(**changes: Any) -> dict[str, Any]:
    sound: dict[str, Any] = {
        "dataset": {
            "num_classes": 2,
            "batch_size": 8,
            "train_frac": None,
            "val_ratio": 0.1,
            "test_ratio": 0.3,
            "event_split_method": "stratified",
            "fold": None,
            "n_folds": 5,
        },
        "decoder": {"num_classes": 2},
        "loader": {"batch_size": 8},
        "encoder": {"pretrained": None, "freeze": False},
        "model": {"pretrained": None, "freeze": False},
        "train": {"unfreeze_at_epoch": None},
    }
    for key, value in changes.items():
        put(sound, key.replace("__", "."), value)
    return sound


def test_a_sound_tree_has_no_contradiction() -> None:
    assert contradictions(tree()) == []
    kfold = tree(dataset__fold=4, dataset__event_split_method="kfold")
    assert contradictions(kfold) == []
    assert contradictions(tree(dataset__train_frac=0.6)) == []


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"decoder__num_classes": 4}, "decoder.num_classes"),
        ({"loader__batch_size": 16}, "loader.batch_size"),
        ({"model__freeze": True}, "model.freeze"),
        ({"train__unfreeze_at_epoch": 3}, "train.unfreeze_at_epoch"),
        ({"dataset__train_frac": 0.7}, "dataset.train_frac"),
        ({"dataset__train_frac": 0}, "dataset.train_frac"),
        ({"dataset__test_ratio": 1.0}, "dataset.test_ratio"),
        ({"dataset__val_ratio": 0.8}, "dataset.test_ratio"),
        ({"dataset__fold": 1}, "dataset.fold"),
        ({"dataset__event_split_method": "kfold"}, "dataset.fold"),
        ({"dataset__event_split_method": "kfold", "dataset__fold": 5}, "dataset.fold"),
    ],
)
def test_contradictions_are_found(changes: dict[str, Any], path: str) -> None:
    assert {problem.path for problem in contradictions(tree(**changes))} == {path}


def test_wrong_types_are_left_to_the_type_check() -> None:
    broken = tree(dataset__fold="two", dataset__val_ratio="some", dataset__n_folds=None)
    assert contradictions(broken) == []
