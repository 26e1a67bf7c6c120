"""Numbers in words: nothing is rounded into something that it is not."""

from __future__ import annotations

import pytest

from tremor.report import tables


@pytest.mark.parametrize(
    ("value", "said"), [(0.89649, "0.896"), (-0.05, "−0.050"), (1, "1.000"), (None, "–")]
)
def test_number(value: float | None, said: str) -> None:
    assert tables.number(value) == said


def test_interval_needs_both_ends() -> None:
    assert tables.interval({"lo": 0.85, "hi": 0.94}) == "0.850 to 0.940"
    assert tables.interval({"lo": None, "hi": None}) == ""
    assert tables.interval({"value": 1.0}) == tables.interval(None) == ""


@pytest.mark.parametrize(
    ("value", "said"), [(0.0004, "p < 0.001"), (0.001, "p = 0.001"), (0.2, "p = 0.200"), (None, "")]
)
def test_a_p_value_is_never_nought(value: float | None, said: str) -> None:
    assert tables.probability(value) == said


@pytest.mark.parametrize(
    ("sentence", "stands_out"),
    [
        ("The model does not beat the level-only baseline.", True),
        ("No interval: fewer than 10 groups.", True),
        ("It beats the majority class by 0.4.", False),
        ("Another notable gain.", False),
    ],
)
def test_what_is_missed_stands_out(sentence: str, stands_out: bool) -> None:
    assert tables.unbeaten(sentence) is stands_out


@pytest.mark.parametrize(
    ("count", "said"), [(1, "1 event"), (0, "0 events"), (1200, "1,200 events")]
)
def test_counted(count: int, said: str) -> None:
    assert tables.counted(count, "event") == said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (2_345_678, "2.3 MB"),
        (5 * 10**12, "5000.0 GB"),
    ],
)
def test_size(count: int, said: str) -> None:
    assert tables.size(count) == said


def test_nested_values_become_lines() -> None:
    nested = {"git": {"commit": "1a2b", "dirty": True}, "paths": ["a", "b"], "seed": 0, "x": None}
    assert list(tables.flat(nested)) == [
        ("git.commit", "1a2b"),
        ("git.dirty", "True"),
        ("paths", "a, b"),
        ("seed", "0"),
        ("x", "–"),
    ]
    assert list(tables.flat({})) == []


def test_a_command_can_be_pasted_into_a_shell() -> None:
    words = ["python", "simple_train.py", "dataset.paths=[a b.pkl]"]
    assert tables.command_line(words) == "python simple_train.py 'dataset.paths=[a b.pkl]'"
    assert tables.command_line("python simple_train.py") == "python simple_train.py"
    assert tables.command_line(None) == ""


def test_headlines_put_known_metrics_first_and_place_them_on_the_track() -> None:
    metrics = {
        "kappa": {"value": 0.3},
        "mcc": {"value": 0.0, "lo": -0.5, "hi": 0.5, "chance": 0.0, "p": 0.5},
        "accuracy": {"value": 0.75, "lo": 0.5, "hi": 1.0, "chance": 0.25, "p": 0.001},
    }
    first, second, third = tables.headlines({"metrics": metrics})
    assert (first.label, second.label, third.label) == ("Accuracy", "MCC", "kappa")
    assert first.at == {"value": 75, "lo": 50, "hi": 100, "chance": 25}
    assert second.at == {"value": 50, "lo": 25, "hi": 75, "chance": 50}
    assert (third.interval, third.chance, third.p) == ("", "–", "")


def test_a_name_breaks_where_its_words_end_and_nowhere_else() -> None:
    said = tables.breakable("a_b/<c> d")
    assert str(said) == "a_<wbr>b/<wbr>&lt;c&gt; d"
