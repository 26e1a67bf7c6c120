"""Contradictions between groups, each with the override that mends it."""

from __future__ import annotations

from typing import Any

import pytest

from tremor.config.resolve import put
from tremor.config.rules import contradictions
from tremor.config.rules_task import told


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


SOUND = {
    "classes": ({"num_classes": 2}, {"num_classes": 2}, "tremor.evaluation.judge.judge"),
    "heads": ({"heads": {}}, {"heads": {}}, "tremor.evaluation.multitask.judge"),
    "none": ({}, {}, "tremor.evaluation.pretraining.judge"),
}


@pytest.mark.parametrize("task", SOUND)
@pytest.mark.parametrize("decoder", SOUND)
@pytest.mark.parametrize("judge", SOUND)
def test_task_decoder_and_judge_are_of_one_kind(task: str, decoder: str, judge: str) -> None:
    made = tree(task=SOUND[task][0], decoder=SOUND[decoder][1])
    made["evaluation"] = {"_target_": SOUND[judge][2]}
    if task == "heads":
        made["dataset"]["heads"] = {"a": ["b", "c"]}
    pairs = {"decoder": decoder, "evaluation": judge}
    wrong = {group for group, kind in pairs.items() if kind != task}
    assert {problem.path for problem in contradictions(made)} == wrong


def test_a_dataset_with_heads_needs_a_task_that_has_them() -> None:
    for task, heads in (("classes", {"a": ["b", "c"]}), ("heads", None)):
        made = tree(task=SOUND[task][0], decoder=SOUND[task][1], dataset__heads=heads)
        made["evaluation"] = {"_target_": SOUND[task][2]}
        assert {problem.path for problem in contradictions(made)} == {"dataset"}


def test_heads_that_the_judge_names_are_asked() -> None:
    made = tree(task={"heads": {}}, decoder={"heads": {}}, dataset__heads={"size": ["a", "b"]})
    judge = {"_target_": "tremor.evaluation.multitask.judge", "ordinal": "size"}
    assert contradictions(made | {"evaluation": judge | {"circular": None}}) == []
    (problem,) = contradictions(made | {"evaluation": judge | {"circular": "azimuth"}})
    assert (problem.path, problem.mend) == ("evaluation.circular", "evaluation.circular=null")


def test_the_share_of_tests_does_not_count_where_a_fold_tests() -> None:
    folded = {"dataset__event_split_method": "leave_event_out", "dataset__fold": 0}
    assert contradictions(tree(dataset__train_frac=0.8, **folded)) == []


def test_remedies_of_splits_do_not_go_in_a_circle() -> None:
    made = tree(dataset__purge_hours=24.0, dataset__fold=0)
    for key in ("dataset.purge_hours", "dataset.fold"):
        (problem,) = (p for p in contradictions(made) if p.path == key)
        assert problem.mend.startswith(key)


CODES = {"AF": [164889003], "SNR": [426783006]}


def several(**changes: Any) -> dict[str, Any]:
    """A sound tree of several classes a record."""
    parts: dict[str, Any] = {
        "dataset__classes": CODES,
        "task": {"_target_": "tremor.tasks.multilabel.Multilabel", "classes": CODES},
        "evaluation": {"_target_": "tremor.evaluation.multilabel.judge"},
    }
    return tree(**parts | changes)


def test_one_logit_a_class_serves_a_task_of_several_classes_at_once() -> None:
    assert contradictions(several()) == []
    assert told(several()["task"]) == "labels"
    assert told(several()["decoder"]) == "classes"
    assert contradictions(several(dataset__classes=["a", "b"], task={"num_classes": 2})) != []


@pytest.mark.parametrize(
    ("changes", "path", "mend"),
    [
        ({"dataset__classes": CODES | {"AVB": [270492004]}}, "dataset.num_classes", "=3"),
        ({"dataset__classes": None}, "dataset", "a dataset of codes"),
        ({"decoder": {"heads": {}}}, "decoder", "decoder=pooled"),
        (
            {"evaluation": {"_target_": "tremor.evaluation.judge.judge"}},
            "evaluation",
            "evaluation=multilabel",
        ),
        (
            {
                "task": {"num_classes": 2},
                "evaluation": {"_target_": "tremor.evaluation.judge.judge"},
            },
            "dataset",
            "task=multilabel evaluation=multilabel",
        ),
    ],
)
def test_what_does_not_fit_several_classes_is_found(
    changes: dict[str, Any], path: str, mend: str
) -> None:
    (problem,) = contradictions(several(**changes))
    assert problem.path == path
    assert mend in problem.mend
