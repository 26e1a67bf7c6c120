"""Verdicts: the truth passes, its opposite and random maps fail, and what is unknown is said so."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tremor.explain.audit import checks
from tremor.explain.audit.audit import Audit, Measured, audited, plain
from tremor.explain.audit.curves import Deletion
from tremor.explain.audit.cut import cut
from tremor.explain.audit.intervals import FEWEST, average, event_interval
from tremor.explain.audit.sensitivity import SensitivityN
from tremor.explain.audit.similarity import Likeness, likeness
from tremor.explain.audit.verdict import Entry, Verdict, caption, overall
from tremor.explain.groups.pointing import pointing

SHAPE = (2, 4, 6)
EVENTS = [f"e{i // 2}" for i in range(16)]
RNG = np.random.default_rng(0)
WEIGHTS = torch.from_numpy(RNG.standard_normal(SHAPE))
RECORDS = [torch.from_numpy(RNG.standard_normal(SHAPE)) for _ in EVENTS]
FILLS = {"zero": torch.zeros(1, *SHAPE).double(), "mean": torch.full((1, *SHAPE), 0.1).double()}
LEAF = torch.arange(48).view(SHAPE)
Map = Callable[[Tensor, int], Tensor]


def score(inputs: Tensor) -> Tensor:
    return (inputs * WEIGHTS).sum((1, 2, 3)) + 0.3 * (inputs[:, 0] * inputs[:, 1]).sum((1, 2))


def oracle(record: Tensor, number: int) -> Tensor:
    """Shapley values against zeros: products are shared evenly."""
    return record * WEIGHTS + 0.15 * record[0] * record[1]


def opposite(record: Tensor, number: int) -> Tensor:
    return -oracle(record, number)


def random(record: Tensor, number: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(number).standard_normal(SHAPE))


def noisy(found: Map, level: float, seed: int = 0) -> Map:
    return lambda x, i: found(x, i) + level * random(x, 1000 * (seed + 1) + i)


def audit(
    found: Map,
    records: Sequence[Tensor] = RECORDS,
    events: Sequence[str] = EVENTS,
    scored: Callable[[Tensor], Tensor] = score,
) -> Audit:
    """Of maps that a function makes; randomised networks give random ones."""
    measured = []
    for i, (record, event) in enumerate(zip(records, events, strict=True)):
        parts = {name: cut(scored, record, fill, LEAF) for name, fill in FILLS.items()}
        one = found(record, i)
        measured.append(
            Measured(
                f"r{i}",
                event,
                {name: Deletion(10, 10, seed=i)(p, one) for name, p in parts.items()},
                SensitivityN(4, 20, seed=i)(parts["mean"], one),
                randomised=likeness(one, random(record, i + 500)),
                unrelated=likeness(random(record, i + 700), random(record, i + 900)),
                seeds=likeness(noisy(found, 0.1, 1)(record, i), noisy(found, 0.1, 2)(record, i)),
                estimators=likeness(one, noisy(found, 0.1)(record, i)),
                fills=likeness(one, noisy(found, 0.1)(record, i)),
            )
        )
    maps = [found(r, i) for i, r in enumerate(records)]
    return audited(measured, maps)


def verdicts(found: Audit) -> dict[str, Verdict]:
    return {e.check: e.verdict for e in found.entries}


@cache
def of(found: Map) -> Audit:
    return audit(found)


@cache
def of_nothing() -> Audit:
    """The truth of a constant score."""
    return audit(oracle, scored=lambda inputs: torch.full((len(inputs),), 0.3))


CHECKS = {
    "deletion",
    "random explanations",
    "insertion",
    "sensitivity-n",
    "parameter randomisation",
    "another seed",
    "another estimator",
    "another fill",
    "template",
}


def test_the_truth_passes_every_check_and_needs_no_caption() -> None:
    assert verdicts(of(oracle)) == dict.fromkeys(CHECKS, "pass")
    assert (of(oracle).verdict, of(oracle).caption) == ("pass", "")


@pytest.mark.parametrize("made", [opposite, random])
def test_the_opposite_and_random_maps_fail_what_concerns_the_score(made: Map) -> None:
    wrong = of(made)
    found = verdicts(wrong)
    about = ("deletion", "random explanations", "insertion", "sensitivity-n")
    assert [found[check] for check in about] == ["fail"] * 4
    assert wrong.verdict == "fail"
    assert wrong.caption == "FAILED ITS AUDIT: deletion no better than random orders."


def test_the_map_of_a_randomised_network_fails() -> None:
    found = audited([replace(m, randomised=_alike(0.9)) for m in of(oracle).records])
    assert found.verdict == "fail"
    said = "a network with random parameters gives a similar map"
    assert found.caption == f"FAILED ITS AUDIT: {said}."


def test_another_map_from_another_seed_fails() -> None:
    found = audited([replace(m, seeds=_alike(0.3)) for m in of(oracle).records])
    assert found.verdict == "fail"
    assert found.caption == "FAILED ITS AUDIT: another seed gives another map."


def test_a_constant_score_is_undefined_and_no_number() -> None:
    found = of_nothing()
    entries = {e.check: e for e in found.entries}
    for check in ("deletion", "random explanations", "insertion", "sensitivity-n"):
        assert entries[check].verdict == "undefined"
        assert (entries[check].value, entries[check].interval) == (None, None)
        assert "nothing to explain" in entries[check].words
    assert found.verdict == "weak"
    assert "does not depend on the record" in found.caption
    alone = audited([replace(m, **ONLY_CURVES) for m in found.records])
    assert alone.verdict == "undefined"


ONLY_CURVES: dict[str, Any] = dict.fromkeys(
    ("sensitivity", "randomised", "unrelated", "seeds", "estimators", "fills")
)


def test_one_fill_is_weak() -> None:
    kept = [replace(m, curves={"zero": m.curves["zero"]}) for m in of(oracle).records]
    found = audited(kept)
    assert verdicts(found)["deletion"] == "weak"
    assert found.caption.startswith("Weak in its audit: deletion (one fill only: zero)")


def test_a_fill_with_which_it_does_not_hold_is_weak_and_named() -> None:
    mixed = [
        replace(a, curves={"zero": a.curves["zero"], "mean": b.curves["mean"]})
        for a, b in zip(of(oracle).records, of(random).records, strict=True)
    ]
    (entry, *_) = audited(mixed).entries
    assert entry.verdict == "weak"
    assert entry.fault == "deletion (not with mean)"


def test_too_few_events_are_said() -> None:
    few = 2 * (FEWEST - 1)
    found = audited(of(oracle).records[:few])
    entry = found.entries[0]
    assert (entry.verdict, entry.interval, entry.events) == ("weak", None, FEWEST - 1)
    assert "5 events: too few for an interval" in entry.words
    assert verdicts(found)["another seed"] == "pass"
    said = "5 events: too few for an interval"
    assert found.caption == f"Weak in its audit: {said}."
    assert audited(of(opposite).records[:few]).entries[0].verdict == "fail"
    alone = audited(of(oracle).records[:1])
    assert alone.verdict == "weak"
    assert "1 event:" in alone.caption


def test_a_template_is_called_so() -> None:
    maps = [WEIGHTS + 0.05 * random(x, i) for i, x in enumerate(RECORDS)]
    found = audited(of(oracle).records, maps)
    entry = next(e for e in found.entries if e.check == "template")
    assert entry.verdict == "fail"
    assert "a template" in entry.words


def test_maps_of_different_shapes_are_not_compared_between_records() -> None:
    maps = [torch.ones(2, 2 + i % 2) for i in range(len(EVENTS))]
    found = audited(of(oracle).records, maps)
    assert "template" not in verdicts(found)


def test_the_summary_is_plain_json_with_mean_curves() -> None:
    for found in (of(oracle), of_nothing()):
        summary = found.summary()
        text = json.dumps(summary, allow_nan=False)
        assert json.loads(text) == summary
        assert len(summary["records"]) == 16
    curves = of(oracle).curves["zero"]
    assert {len(line) for line in curves.values()} == {21}
    assert curves["most_first"][0] == pytest.approx(curves["insertion"][-1])
    low, middle, high = (curves[f"random{end}"][10] for end in ("_low", "", "_high"))
    assert curves["most_first"][10] < low <= middle <= high < curves["least_first"][10]


def test_what_was_not_made_is_not_judged() -> None:
    found = audited([replace(m, **ONLY_CURVES) for m in of(oracle).records])
    assert set(verdicts(found)) == {"deletion", "random explanations", "insertion"}
    assert found.verdict == "pass"
    assert found.summary()["not_made"] == ["parameter randomisation", "another seed"]
    assert audited([]).caption == "Not audited."


def test_words_carry_the_numbers() -> None:
    entry = of(oracle).entries[0]
    assert f"{entry.value:.2f}" in entry.words
    assert entry.interval is not None
    assert entry.interval[0] < (entry.value or 0) < entry.interval[1]
    assert (entry.records, entry.events) == (16, 8)
    assert entry.against is not None
    assert 0 <= entry.against < (entry.value or 0)


def test_not_a_number_becomes_none() -> None:
    assert plain({"a": (1.0, math.nan), "b": np.float64(math.inf)}) == {"a": [1.0, None], "b": None}


def _alike(value: float) -> Likeness:
    return Likeness(value, value, value, 1.0, value, 0.1)


@pytest.mark.parametrize(
    ("trained", "unrelated", "verdict"),
    [(0.0, 0.0, "pass"), (0.3, 0.35, "pass"), (0.3, 0.0, "weak"), (0.6, 0.6, "fail")],
)
def test_randomisation(trained: float, unrelated: float, verdict: Verdict) -> None:
    """What networks without knowledge share is no fault, up to where maps look the same."""
    found = checks.randomisation([_alike(trained)] * 16, [_alike(unrelated)] * 16, EVENTS)
    assert found.verdict == verdict
    assert found.against == pytest.approx(unrelated)


def test_places_that_owe_to_the_record_are_weak() -> None:
    same_places = [replace(_alike(0.0), magnitudes=0.8)] * 16
    assert checks.randomisation(same_places, [], EVENTS).verdict == "weak"


@pytest.mark.parametrize(("value", "verdict"), [(0.95, "pass"), (0.6, "weak"), (0.4, "fail")])
def test_agreement(value: float, verdict: Verdict) -> None:
    found = checks.another_seed([_alike(value)] * 16, EVENTS, 0.1)
    assert (found.verdict, found.against) == (verdict, 0.1)


def test_a_map_without_a_seed() -> None:
    same = likeness(WEIGHTS, WEIGHTS)
    found = checks.another_seed([same] * 3, EVENTS[:3])
    assert (found.verdict, found.words) == ("pass", "The map does not depend on a seed.")


def _entry(verdict: Verdict, crucial: bool) -> Entry:
    return Entry("a check", verdict, 0.0, None, None, "words", "a fault", crucial)


@pytest.mark.parametrize(
    ("entries", "verdict"),
    [
        ([("pass", True), ("pass", False)], "pass"),
        ([("pass", True), ("fail", False)], "weak"),
        ([("weak", True), ("pass", False)], "weak"),
        ([("fail", True), ("pass", False)], "fail"),
        ([("undefined", True), ("pass", False)], "weak"),
        ([("undefined", True), ("undefined", False)], "undefined"),
        ([], "undefined"),
    ],
)
def test_overall(entries: list[tuple[Verdict, bool]], verdict: Verdict) -> None:
    made = [_entry(*each) for each in entries]
    assert overall(made) == verdict
    assert bool(caption(made)) == (verdict != "pass")


def test_ratios_of_means_and_what_is_left_out() -> None:
    found = average([1.0, None, 3.0, 5.0], ["a", "b", "c", "c"], [1.0, 1.0, 2.0, None])
    assert (found.value, found.records, found.events) == (4 / 3, 2, 2)
    assert str(average([], [])) == "undefined"


def test_intervals_have_seeds_and_are_none_below_six_events() -> None:
    values, events = [float(i % 5) for i in range(len(EVENTS))], EVENTS
    assert event_interval(values, events) == event_interval(values, events)
    assert event_interval(values[:10], events[:10]) is None
    assert event_interval([2.0] * 16, events) == (2.0, 2.0)


@pytest.mark.parametrize("n", [FEWEST, 15])
def test_intervals_by_event_hold_the_truth(n: int) -> None:
    """Records of one event share most of their error."""
    held = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        values = np.repeat(rng.standard_normal(n), 5) + 0.3 * rng.standard_normal(5 * n)
        low, high = event_interval(list(values), [str(e) for e in np.repeat(np.arange(n), 5)]) or (
            math.nan,
            math.nan,
        )
        held.append(low <= 0 <= high)
    assert 0.91 <= np.mean(held) <= 0.99


def test_maps_point_at_the_evidence_or_do_not() -> None:
    generator = np.random.default_rng(0)
    evidence = np.zeros((24, 2, 6, 8), bool)
    for row, (time, pitch) in enumerate(generator.integers(0, 5, (24, 2))):
        evidence[row, :, pitch, time : time + 2] = True
    events = [str(row // 2) for row in range(24)]
    noise = generator.normal(size=evidence.shape)
    aims = [pointing(maps, evidence, events, draws=200) for maps in (evidence + noise / 4, noise)]
    good, random = (audited([], aim=aim).entries[0].verdict for aim in aims)
    assert good == "pass"
    assert random != "pass"
    few = pointing(evidence[:8] + noise[:8] / 4, evidence[:8], events[:8], draws=50)
    assert audited([], aim=few).entries[0].verdict == "weak"
