"""Sensitivity, randomisation, agreement and pointing: numbers to verdicts, and why there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tremor.explain.audit.intervals import Average, average, mean_known
from tremor.explain.audit.sensitivity import Sensitivity
from tremor.explain.audit.similarity import Likeness
from tremor.explain.audit.verdict import STILL, STILL_FAULT, Entry, Verdict, entry
from tremor.explain.groups.pointing import Pointing

# Two estimates with independent errors correlate as much as each has variance that is no error.
RELIABLE = 0.8  # a fifth of a map is noise; it correlates by 0.9 with what more evaluations give
HALF = 0.5  # half of it is: as much noise as map
UNLIKE = 0.2  # below this, 4 % of the variance in common: nothing that an eye would see
TEMPLATE = 0.9  # four fifths of a map's variance is in every map
MIXED = 0.7  # half of it is; two maps that correlate so share half of their variance


def sensitivity(found: Sequence[Sensitivity], events: Sequence[str]) -> Entry:
    """Pass: credits tell losses better than random maps do, by half or more."""
    check = "sensitivity-n"
    value = average([s.value for s in found], events)
    chance = average([s.random for s in found], events).value
    if value.value is None or chance is None:
        return entry(check, "undefined", value, None, STILL, STILL_FAULT)
    better = value.above(chance)
    seems = better or (value.interval is None and value.value > chance)
    verdict: Verdict = "weak" if seems else "fail"
    verdict = "pass" if better and value.value >= HALF else verdict
    words = (
        f"Summed credits of random parts correlate by {value} with what the score loses without "
        f"them (1 where parts act by themselves; random maps of the same parts: {chance:z.2f})."
    )
    fault = "credits tell little of what is lost"
    return entry(check, verdict, value, chance, words, fault, tested=True)


def randomisation(
    trained: Sequence[Likeness], unrelated: Sequence[Likeness], events: Sequence[str]
) -> Entry:
    """Pass: no more like the map of a randomised network than two of those are like each other.

    `trained` compares each record's map with that of a randomised network, `unrelated` the maps of
    two randomised ones (may be empty).
    """
    check = "parameter randomisation"
    value = average([x.closest for x in trained], events)
    places = average([x.magnitudes for x in trained], events).value
    level = mean_known([x.closest for x in unrelated])
    if value.value is None or places is None:
        words = "Maps without contrast cannot be compared with those of a randomised network."
        return entry(check, "undefined", value, level, words, "maps without contrast", True)
    low, high = value.interval or (value.value, value.value)
    verdict: Verdict = "fail" if value.value >= HALF else "weak"
    if low <= max(UNLIKE, level or 0.0) and high < HALF and places < MIXED:
        verdict = "pass"
    opening = {
        "pass": "The map owes to what the network learned",
        "weak": "The map owes in part to the record alone, whatever the network learned",
        "fail": "The map does NOT owe to what the network learned",
        "undefined": "",
    }
    two = "" if level is None else f"; maps of two randomised networks: {level:z.2f}"
    words = (
        f"{opening[verdict]}: with every parameter drawn anew it correlates by {value} with what "
        f"it was, {places:z.2f} without signs{two}."
    )
    fault = "a network with random parameters gives a similar map"
    return entry(check, verdict, value, level, words, fault, crucial=True)


def another_seed(
    found: Sequence[Likeness], events: Sequence[str], chance: float | None = None
) -> Entry:
    """Pass: at most a fifth of a map is noise of its estimate."""
    if found and all(x.difference == 0 for x in found):
        value = average([x.correlation for x in found], events)
        words = "The map does not depend on a seed."
        return entry("another seed", "pass", value, chance, words, "", crucial=True)
    return _agreement(
        "another seed",
        "Maps of one record from two seeds",
        "another seed gives another map",
        found,
        events,
        chance,
        crucial=True,
    )


def another_estimator(
    found: Sequence[Likeness], events: Sequence[str], chance: float | None = None
) -> Entry:
    """Pass: two ways to estimate give one map."""
    opening, fault = "Maps of one record from two estimators", "another estimator disagrees"
    return _agreement("another estimator", opening, fault, found, events, chance)


def another_fill(
    found: Sequence[Likeness], events: Sequence[str], chance: float | None = None
) -> Entry:
    """Pass: what stands in for absent parts does not decide where evidence is."""
    opening, fault = "Maps of one record with two fills", "another fill gives another map"
    return _agreement("another fill", opening, fault, found, events, chance)


def _agreement(
    check: str,
    opening: str,
    fault: str,
    found: Sequence[Likeness],
    events: Sequence[str],
    chance: float | None,
    crucial: bool = False,
) -> Entry:
    """`chance` is the correlation between maps of different records."""
    value = average([x.correlation for x in found], events)
    if value.value is None:
        words = f"{opening} have no contrast to compare."
        return entry(check, "undefined", value, chance, words, "maps without contrast", crucial)
    sure = value.value if value.interval is None else value.interval[0]
    verdict: Verdict = "fail" if value.value < HALF else "weak"
    verdict = "pass" if sure >= RELIABLE else verdict
    shared = np.mean([x.top for x in found if x.top is not None])
    other = "" if chance is None else f"; maps of different records by {chance:z.2f}"
    words = (
        f"{opening} correlate by {value}{other}. They share {shared:.0%} of their highest tenth "
        f"(unrelated maps: {found[0].top_chance:.0%})."
    )
    return entry(check, verdict, value, chance, words, fault, crucial)


def template(found: Sequence[float | None], events: Sequence[str]) -> Entry:
    """Fail: what a map shows is in every record's map."""
    value = average(found, events)
    if value.value is None:
        words = "Too few events, or maps without contrast: no comparison with other records' maps."
        return entry("template", "undefined", value, TEMPLATE, words, "no other records' maps")
    verdict: Verdict = "fail" if value.value > TEMPLATE else "weak"
    verdict = "pass" if value.value <= MIXED else verdict
    said = ": a template, which tells of all records and little of this one"
    words = (
        f"A record's map correlates by {value} with the mean map of other events"
        f"{said if verdict == 'fail' else ''}."
    )
    fault = "nearly the same map for every record"
    return entry("template", verdict, value, TEMPLATE, words, fault)


def points(found: Pointing) -> Entry:
    """Pass: higher where evidence was planted, with its interval, than maps moved elsewhere reach.

    Attributions count without their sign: evidence for another class is evidence.
    """
    check, fault = "pointing at the known evidence", "does not point at the known evidence"
    score, null = found.absolute.score, found.absolute.rolled
    known = bool(np.isfinite([score.low, null.high]).all())
    value = Average(
        score.value, (score.low, score.high) if known else None, found.records, found.events
    )
    verdict: Verdict = "weak" if score.value > null.value else "fail"
    if known:
        verdict = "pass" if score.low > null.high else "weak" if score.low > null.value else "fail"
    words = (
        f"A cell with planted evidence is credited above one without it with a chance of {value}; "
        f"the same maps moved elsewhere: {null.value:.2f}."
    )
    return entry(check, verdict, value, null.value, words, fault, tested=True)
