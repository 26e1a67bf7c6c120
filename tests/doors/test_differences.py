"""What is said at a run's start: only what is not as the experiment has it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hydra import compose, initialize_config_dir

from tremor.doors.checking import CONFIGS
from tremor.doors.differences import differences, tell_differences
from tremor.doors.echo import console


@pytest.fixture(autouse=True, scope="module")
def _hydra() -> Iterator[None]:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        yield


def found(*overrides: str, **choices: str) -> list[tuple[str, str, str]]:
    composed = compose("train", overrides=list(overrides))
    chosen = {"experiment": "quickstart", "model": "lstm", "dataset": "synthetic_norcia"} | choices
    return [(d.key, d.old, d.new) for d in differences(composed, chosen)]


def test_nothing_differs_from_the_experiment_itself() -> None:
    assert found("dry_run=true") == []


def test_a_key_is_told_once_though_others_follow_it() -> None:
    assert found("dataset.batch_size=8") == [("dataset.batch_size", "32", "8")]


def test_a_key_that_no_longer_follows_shows_what_it_followed() -> None:
    assert found("loader.batch_size=8") == [("loader.batch_size", "32", "8")]


def test_a_group_is_told_as_one_and_its_keys_against_its_own() -> None:
    changed = found("model=lstm_attention", "model.hidden_size=7", model="lstm_attention")
    assert changed[0] == ("model", "lstm", "lstm_attention")
    assert [key for key, _, _ in changed] == ["model", "model.hidden_size"]


def test_keys_added_and_left_out() -> None:
    typed = ("++model.mine=a", "++model.more.b=1", "~model.dropout", "~dataset.records.world")
    changed = {key: (old, new) for key, old, new in found(*typed)}
    assert list(changed) == ["model.mine", "model.more", "dataset.records.world", "model.dropout"]
    assert changed["model.mine"] == ("(none)", "a")
    assert changed["model.more"] == ("(none)", '{"b": 1}')
    assert changed["model.dropout"][1] == "(none)"
    assert changed["dataset.records.world"][0].endswith("…")


def test_what_was_to_be_given_is_three_question_marks() -> None:
    chosen = {"experiment": "seismic_lstm/lstm", "dataset": "waveform_pickle"}
    composed = compose("train", ["experiment=seismic_lstm/lstm", "dataset.paths=[a.pkl]"])
    told = [(d.key, d.old, d.new) for d in differences(composed, chosen)]
    assert told == [("dataset.paths", "???", '["a.pkl"]')]


def test_it_is_plain_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert not console.is_terminal
    composed = compose("train", overrides=["optimizer.lr=0.5"])
    tell_differences(composed, {"experiment": "quickstart"})
    told = capsys.readouterr().out
    assert "config   experiment=quickstart but for 1 setting\n" in told
    assert "optimizer.lr  0.001 -> 0.5\n" in told
    assert "\033" not in told
