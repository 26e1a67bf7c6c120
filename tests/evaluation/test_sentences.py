"""Words: what no alarm allows comes first, and controls say that they are some."""

from __future__ import annotations

from typing import Any

import pytest

from tremor.evaluation.multitask_sentences import sentences as of_heads
from tremor.evaluation.sentences import at_chance, beaten, control, sentences, unbeaten

SCORE = {"value": 0.8, "lo": 0.7, "hi": 0.9, "chance": 0.5, "p": 0.01}
AT = SCORE | {"lo": 0.4}


def alarm(low: float | None, **more: Any) -> dict[str, Any]:
    scores = {"balanced_accuracy": SCORE, "accuracy": SCORE}
    return scores | {"lead": {"value": 0.1, "lo": low, "hi": 0.2}, "sees": "little"} | more


def verdict(main: dict[str, Any] = SCORE, **alarms: Any) -> dict[str, Any]:
    quiet = {"value": 0.0, "lo": 0.0, "hi": 0.1, "chance": 0.1, "p": 0.5}
    return {
        "records": 20,
        "groups": 15,
        "split": "test",
        "metrics": {"accuracy": main, "balanced_accuracy": main},
        "baselines": alarms,
        "calibration": {"ece": quiet, "gap": quiet},
        "per_class": {"a": {"recall": SCORE, "records": 9}, "b": {"recall": SCORE, "records": 11}},
    }


def heads(**each: dict[str, Any]) -> dict[str, Any]:
    return {"records": 20, "groups": 15, "split": "test", "heads": each, "within": {}}


def test_alarms_come_before_what_is_uneven() -> None:
    low = {"low": 3.0, "classes": 2, "balanced_accuracy": AT}
    found = sentences(verdict(level=alarm(-0.1)) | {"strata": {"magnitude": [low]}})
    assert found[0].startswith("NOT better than the level baseline (0.800), which sees little")
    assert found[1].startswith("NOT above chance among the events with the highest magnitude")


def test_an_alarm_is_beaten_only_by_its_interval() -> None:
    it = verdict(majority=alarm(0.05), level=alarm(0.0), metadata={"unavailable": "no columns"})
    assert beaten(it) == ["majority"]
    assert list(unbeaten(it)) == ["level"]


def test_the_first_line_names_heads_and_their_alarms() -> None:
    rules = alarm(-0.1, always="N", sees="which records are Normal")
    station = alarm(-0.1, columns=["station"])
    said = of_heads(
        heads(
            magnitude=verdict(majority=alarm(0.1)),
            azimuth=verdict(two_rules=rules, metadata=station),
        )
    )
    assert said[0] == "NOT better than every leak alarm: azimuth (two rules, metadata)."
    assert said[1].startswith("azimuth: NOT better than two rules that are told which records")
    assert "and say N of all others" in said[1]
    assert said[2].startswith("azimuth: NOT better than the metadata: station alone")
    assert "magnitude: it beats what is reached by: majority." in said


def test_heads_with_few_events_are_named() -> None:
    few = verdict(SCORE | {"lo": None, "hi": None}, level=alarm(None))
    one, both = of_heads(heads(a=verdict(), b=few)), of_heads(heads(a=few, b=few))
    assert one[0].startswith("b: fewer than 10 events")
    assert both[0].startswith("Fewer than 10 events")
    assert not any("leak alarm" in said for said in both)


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (AT, ["NOT above chance: the interval of balanced accuracy contains chance level."]),
        (
            SCORE | {"value": 0.3, "lo": 0.2, "hi": 0.4},
            ["NOT above chance: the interval of balanced accuracy lies below chance level."],
        ),
        (SCORE, []),
        (
            SCORE | {"lo": None, "hi": None, "p": 0.3},
            ["NOT above chance: p = 0.3 for balanced accuracy."],
        ),
        (SCORE | {"lo": None, "hi": None}, []),
    ],
)
def test_chance_is_where_the_interval_says(score: Any, said: list[str]) -> None:
    assert at_chance(verdict(score)) == said


@pytest.mark.parametrize(
    ("scores", "end"),
    [
        ({"a": AT, "b": AT}, " At chance: a, b."),
        ({"a": AT, "b": SCORE}, " NOT at chance: b."),
        ({"a": SCORE | {"lo": None}}, " Too few events to say."),
    ],
)
def test_a_control_is_at_chance_or_a_leak(scores: Any, end: str) -> None:
    assert control(scores).startswith("CONTROL: labels were dealt anew among groups;")
    assert control(scores).endswith(end)


def test_a_single_head_says_that_it_is_a_control() -> None:
    found = sentences(verdict(AT) | {"control": "shuffled labels"})
    assert found[0].endswith("At chance: balanced accuracy.")
    assert found[1].startswith("NOT above chance")
    assert not any("CONTROL" in said for said in sentences(verdict()))
