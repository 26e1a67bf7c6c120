"""What else could tell the classes apart: date, size, distance, loudness; and its sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from tremor.evaluation.covariates import DAY, classes_apart, covariates, with_covariates
from tremor.evaluation.drift import date_told, matched_in_time
from tremor.evaluation.matched import matched
from tremor.evaluation.scoring import Plain, Scorer

STRONG = 0.2
"""Rank correlation, with its whole interval, that is worth a sentence; so far classes differ."""
RARE = 0.01
NAMES = {
    "day": "the date",
    "hour": "the hour",
    "magnitude": "magnitude",
    "distance_km": "distance",
    "depth_km": "depth",
    "snr_db": "the signal-to-noise ratio",
    "age": "age",
    "level": "the level of the record",
}


def confounders(scorer: Scorer, rows: pd.DataFrame, classes: Sequence[str]) -> Plain:
    """`confounders` of a verdict: those checks that the table of the judged records allows.

    Keys, where a score is `{value, lo, hi, chance}` and may be missing::

        covariates: {class: {name: score}}  log-odds of the class with each fact, inside one class
        pairs: score + {all, drop, pairs, groups, window_days}    records close in time
        date: score + {from}                the date from level and SNR, inside one class
        apart: {name: {value, p}}           how far classes differ in each fact: 0 not, 1 wholly
        matched: score + {drop, on, groups, left_out, means}      equal in size, distance and age
    """
    if not scorer.enough or len(set(scorer.judged.labels.tolist())) < 2:
        return {}
    known = covariates(rows)
    found: Plain = {"covariates": with_covariates(scorer, known, classes)}
    found["apart"] = classes_apart(scorer, known)
    if DAY in known:
        found["pairs"] = matched_in_time(scorer, known[DAY], rows)
        found["date"] = date_told(scorer, known[DAY], known, scorer.seed)
    found["matched"] = matched(scorer, rows)
    kept = {name: it for name, it in found.items() if it}
    return {"confounders": kept} if kept else {}


def confounded(verdict: Plain, unit: str = "event") -> Iterator[str]:
    """What speaks for another reason than the signal; the model is above chance as a whole.

    A fact can only stand for the class where classes differ in it. `unit` is what a group is.
    """
    found = verdict.get("confounders", {})
    apart = found.get("apart", {})
    differ = {k for k, it in apart.items() if it["value"] > STRONG and it["p"] < RARE}
    yield from _pairs(found.get("pairs"))
    yield from _matched(found.get("matched"), unit)
    yield from _date(found.get("date") if DAY in differ else None)
    yield from _goes_with(found.get("covariates", {}), differ)


def _pairs(it: Plain | None) -> Iterator[str]:
    """Where the order of two records that are close in time is no better than guessed."""
    if it and _lost(it):
        days = it["window_days"]
        yield (
            f"NOT above chance between records at most {days:g} day{'s' * (days > 1)} apart: "
            f"{_ends(it)} of {it['pairs']} pairs are in the right order, {_value(it['all'])} of "
            "all pairs: what it tells may be the date."
        )


def _matched(it: Plain | None, unit: str) -> Iterator[str]:
    """Where nothing is left once classes are alike in size and distance."""
    if it and _lost(it):
        on = " and ".join(NAMES[name] for name in it["on"])
        yield (
            f"NOT above chance once classes are matched in {on}: balanced accuracy {_ends(it)}, "
            f"chance {it['chance']:.3f} ({it['groups']} {unit}s)."
        )


def _date(it: Plain | None) -> Iterator[str]:
    """A drift inside the classes, where the classes go with the date too."""
    if it and it["lo"] is not None and it["lo"] > STRONG:
        source = " and ".join(NAMES[name] for name in it["from"])
        yield (
            f"NOT free of drift: inside one class, {source} tell the date (rank correlation "
            f"{_ends(it)}), and classes differ in date: a drift could stand for the class."
        )


def _goes_with(of: Plain, differ: set[str]) -> Iterator[str]:
    """Where the log-odds of a class go strongly with a fact inside one class, as classes do."""
    for name, each in of.items():
        strong = {k: it for k, it in each.items() if k in differ and _strong(it)}
        if strong:
            said = ", ".join(f"{NAMES[k]} ({_ends(it)})" for k, it in strong.items())
            yield (
                f"NOT the class alone: classes differ in what the log-odds of {name} go with "
                f"inside one class: {said} (rank correlation)."
            )


def _lost(it: Plain) -> bool:
    """Whether chance is not ruled out, and clearly less is left than of all records."""
    known = it["lo"] is not None and it["drop"]["lo"] is not None
    return known and it["lo"] <= it["chance"] and it["drop"]["lo"] > 0


def _strong(it: Plain) -> bool:
    return it["lo"] is not None and (it["lo"] > STRONG or it["hi"] < -STRONG)


def _ends(it: Plain) -> str:
    return f"{it['value']:.2f}, {it['lo']:.2f} to {it['hi']:.2f}"


def _value(it: Plain) -> str:
    return f"{it['value']:.2f}"
