"""What users type: loosened for Hydra, kept as typed, wrong choices named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tremor.config.overrides import groups_of, loosen, parse, tightened, wrong_choices

GROUPS = {
    "model": ["lstm", "lstm_attention"],
    "experiment/seis": ["lstm"],
    "experiment": ["seis/lstm"],
}


@pytest.mark.parametrize(
    ("typed", "for_hydra"),
    [
        ("a.b=1", "++a.b=1"),
        ("seed=1,2", "++seed=1,2"),
        ("model=lstm", "model=lstm"),
        ("+typo=1", "+typo=1"),
        ("++x=1", "++x=1"),
        ("~callbacks.best", "~callbacks.best"),
        ("hydra.run.dir=x", "hydra.run.dir=x"),
        ("a.b='x=y z'", "++a.b='x=y z'"),
    ],
)
def test_keys_are_loosened_and_choices_are_not(typed: str, for_hydra: str) -> None:
    assert loosen([typed], GROUPS) == [for_hydra]


def test_what_was_typed_comes_back() -> None:
    assert tightened(loosen(["a.b=1", "model=lstm"], GROUPS)) == ["a.b=1", "model=lstm"]


def test_wrong_choices_name_the_nearest() -> None:
    sound, problems = wrong_choices(["model=lstmm", "seed=1", "model=lstm,lstm_attention"], GROUPS)
    assert sound == ["seed=1", "model=lstm,lstm_attention"]
    assert problems[0].mend == "model=lstm"
    assert "choices: lstm, lstm_attention" in problems[0].fault


def test_a_choice_without_its_folder_is_known_by_its_name() -> None:
    groups = {"experiment": ["ecg/xlstm", "seismic/lstm"]}
    (problem,) = wrong_choices(["experiment=lstm"], groups)[1]
    assert problem.mend == "experiment=seismic/lstm"
    assert "ecg" not in problem.fault


def test_no_group_can_be_left_out() -> None:
    (problem,) = wrong_choices(["model=null"], GROUPS)[1]
    assert "there is no model=null" in problem.fault


def test_groups_are_the_folders_of_the_tree(tmp_path: Path) -> None:
    for name in ("model/lstm.yaml", "experiment/seis/lstm.yaml", "model/_base.yaml", "train.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = groups_of(tmp_path)
    assert found["model"] == ["lstm"]
    assert found["experiment"] == ["seis/lstm"]
    assert found["experiment/seis"] == ["lstm"]


def test_values_are_read_with_hydras_grammar() -> None:
    assert parse(["a=1", "++b=[x,2.5]", "c=null"]) == {"a": 1, "b": ["x", 2.5], "c": None}
