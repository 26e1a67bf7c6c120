"""`--help`: a page for each door, and one for each group, choice and key."""

from __future__ import annotations

import pytest
from opened import ROOT

from tremor.config import catalogue
from tremor.doors.columns import aligned
from tremor.doors.help import MOST_SET, help_text
from tremor.errors import Refused

DOORS = {name: ROOT / "configs" / f"{name}.yaml" for name in ("train", "evaluate", "explain")}


def shown(door: str, *words: str) -> str:
    return help_text(["--help", *words], DOORS[door])


@pytest.mark.parametrize("door", DOORS)
def test_the_page_of_a_door_is_short_and_begins_with_examples(door: str) -> None:
    lines = shown(door).splitlines()
    assert lines[2] == "Examples"
    assert len(lines) < 80
    assert max(map(len, lines)) <= 110
    assert any("--help" in line and "group" in line for line in lines)


def test_keys_that_people_set_most_are_there_with_value_and_meaning() -> None:
    known = [*catalogue.keys(DOORS["train"], {}), *catalogue.keys(DOORS["explain"], {})]
    assert set(MOST_SET) <= set(known)
    assert "  optimizer.lr=0.001  " in shown("train")
    assert "dry_run=false" in shown("train")
    assert "explainer.budget=2000" in shown("explain")


def test_a_group_lists_its_choices() -> None:
    page = shown("train", "model")
    assert "model=lstm_attention   An LSTM whose steps attend to each other." in page
    assert "over the encoder's steps. (default)" in " ".join(page.split())


def test_a_choice_lists_its_keys_and_an_experiment_what_it_sets() -> None:
    assert "optimizer.weight_decay=0.01" in shown("train", "optimizer=adamw")
    page = shown("train", "experiment=ecg/resnet")
    assert "model=ecg_resnet" in page
    assert "dataset.batch_size=16" in page
    assert "python simple_train.py experiment=ecg/resnet" in page


def test_a_key_and_the_keys_below_a_name() -> None:
    assert shown("evaluate", "optimizer.lr") == "  optimizer.lr=0.001  learning rate"
    assert "report.fan.points=" in shown("train", "report.fan")


@pytest.mark.parametrize(
    ("word", "remedy"),
    [("optimzer.lr", "optimizer.lr?"), ("model=lsmt", "model=lstm"), ("~~", "lists the groups")],
)
def test_help_on_nothing_that_is_there_is_refused(word: str, remedy: str) -> None:
    with pytest.raises(Refused) as refusal:
        shown("train", word)
    assert remedy in refusal.value.remedy


def test_columns_wrap_in_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    rows = [("a=1", "one two three four five six seven eight"), ("a_long_key=2", "second")]
    told = aligned(rows)
    assert all(len(line) <= 48 for line in told)
    assert told[1].startswith(" " * 16)
    assert aligned(rows, short=True)[0].endswith("…")


def test_a_folder_of_ones_own_is_named_with_its_choices() -> None:
    own = str(ROOT / "tests" / "outside" / "configs")
    page = shown("train", "model", "--config-dir", own)
    assert "model=lstm_attention" in page
    assert "one_layer" in page.partition(f"Choices of {own}")[2]
    with pytest.raises(Refused, match="no such folder of configs"):
        shown("train", "--config-dir", "absent")
