"""The check: unknown keys, wrong types, missing and unread keys, all at once, with the remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from omegaconf import OmegaConf

from tremor.config.check import Problem, Tree, check, nodes, refuse
from tremor.config.resolve import plain
from tremor.errors import REFUSED, Refused


@dataclass
class Root:
    seed: int
    optimizer: dict[str, Any]
    train: dict[str, Any]


SOUND = {
    "seed": 1,
    "optimizer": {"_target_": "torch.optim.AdamW", "_partial_": True, "lr": "${train.lr}"},
    "train": {"lr": 0.1, "max_epochs": None},
}


EXTRAS = {"optimizer": {"extra": bool, "names": list[str]}}


def faults(**changes: Any) -> dict[str, Problem]:
    """Problems by path of the sound tree with some keys changed."""
    config = OmegaConf.create(SOUND)
    for key, value in changes.items():
        OmegaConf.update(config, key.replace("__", "."), value, force_add=True)
    tree = Tree(*plain(config), Root, {"optimizer": ("params",)}, EXTRAS)
    return {problem.path: problem for problem in check(tree)}


def test_a_sound_tree_has_no_problem() -> None:
    assert faults() == {}
    assert faults(optimizer__extra=True) == {}


@pytest.mark.parametrize(
    ("key", "value", "path", "mend"),
    [
        ("optimizer__lrr", 1, "optimizer.lrr", "optimizer.lr=1"),
        ("optimizer__amsgard", True, "optimizer.amsgard", "optimizer.amsgrad=true"),
        ("sede", 2, "sede", "seed=2"),
        ("optimzer", "adam", "optimzer", "optimizer=adam"),
        ("lr", 0.2, "lr", "optimizer.lr=0.2"),
        ("max", 3, "max", "train.max_epochs=3"),
        ("optimizer__max_epochs", 3, "optimizer.max_epochs", "train.max_epochs=3"),
        ("optimizer__betas", 0.9, "optimizer.betas", "optimizer.betas=…"),
        ("optimizer__names", "a", "optimizer.names", "'optimizer.names=[a]'"),
    ],
)
def test_typos_are_named_with_the_override_that_mends(
    key: str, value: Any, path: str, mend: str
) -> None:
    assert faults(**{key: value})[path].mend == mend


def test_a_wrong_type_is_reported_at_the_key_that_the_user_sets() -> None:
    problem = faults(train__lr="fast")["train.lr"]
    assert "got 'fast' (read by optimizer.lr)" in problem.fault


def test_one_wrong_value_is_reported_once() -> None:
    rates = {"eps": "${train.lr}", "weight_decay": "${train.lr}"}
    optimizer = {"_target_": "torch.optim.AdamW", "_partial_": True} | rates
    config = OmegaConf.create({"seed": 1, "optimizer": optimizer, "train": {"lr": "fast"}})
    tree = Tree(*plain(config), Root, {"optimizer": ("params",)}, {})
    assert [problem.path for problem in check(tree)] == ["train.lr"]


def test_keys_that_nothing_reads_are_refused() -> None:
    assert "no such key" in faults(train__lrr=0.1)["train.lrr"].fault


def test_a_key_beside_a_place_that_does_not_follow_it_is_told_so() -> None:
    problem = faults(train__rate=600, train__records={"world": {"rate": 40}})["train.rate"]
    assert problem.fault.startswith("train.records.world.rate was set by")
    assert problem.mend == "train.rate=40, and not train.records.world.rate"


def test_missing_values_are_named_once_where_they_are_set() -> None:
    found = faults(train__lr="???")
    assert list(found) == ["train.lr"]
    assert found["train.lr"].fault == "must be given"


def test_facts_of_the_data_cannot_be_set() -> None:
    assert "gets this from the data" in faults(optimizer__params=[1])["optimizer.params"].fault


def test_a_forbidden_target_is_refused_before_anything_runs() -> None:
    assert "allowlist" in faults(optimizer___target_="os.system")["optimizer._target_"].fault


def test_a_required_argument_must_be_there() -> None:
    found = faults(optimizer={"_target_": "torch.nn.Linear", "in_features": 2})
    assert "needs it" in found["optimizer.out_features"].fault


def test_all_problems_come_in_one_refusal() -> None:
    found = faults(sede=1, optimizer__lrr=1, train__lr="fast")
    with pytest.raises(Refused) as refused:
        refuse(list(found.values()))
    assert refused.value.code == REFUSED
    assert all(path in str(refused.value) for path in ("sede", "optimizer.lrr", "train.lr"))
    assert "3 problems" in str(refused.value)


def test_no_problem_no_refusal() -> None:
    refuse([])


def test_nodes_are_found_inside_lists_too() -> None:
    tree = {"a": {"_target_": "x", "b": [{"_target_": "y"}]}}
    assert [path for path, _ in nodes(tree)] == ["a", "a.b[0]"]
