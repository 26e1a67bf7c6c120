"""A verdict in plain words, in order of how much it should worry the reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tremor.evaluation.bootstrap import FEWEST
from tremor.evaluation.confounders import confounded
from tremor.evaluation.promises import broken
from tremor.evaluation.scoring import Plain

OFF = 0.02  # calibration error above its reference that is worth a sentence
RARE = 0.05  # p from which a score may well be luck
STRONG = 0.2  # rank correlation that is worth a sentence
QUANTITIES = {"magnitude": ("magnitude", ""), "snr_db": ("signal-to-noise ratio", " dB")}


FEW = f"Fewer than {FEWEST} events: no interval can be given, the events are listed instead."
WITHOUT = "no interval can be given for scores that average classes"
SHUFFLED, NOISE = "shuffled labels", "noise before P"
CONTROLS = {
    SHUFFLED: "CONTROL: labels were dealt anew among groups; anything above chance is a leak.",
    NOISE: "CONTROL: the network has the noise before P alone; anything above chance is no "
    "earthquake, but what drifts or differs at the station.",
}


def sentences(verdict: Plain) -> list[str]:
    """What a reader must know."""
    records, groups = verdict["records"], verdict["groups"]
    base = f"n = {records} records of {groups} events ({verdict['split']})."
    main = verdict["metrics"]["balanced_accuracy"]
    kind = verdict.get("control")
    dealt = [control({"balanced accuracy": main}, kind=kind)] if kind else []
    without = lacking(verdict)
    if FEW in without:
        return [*dealt, FEW, base, headline(main)]
    praise = [f"It beats what is reached by: {', '.join(won)}."] if (won := beaten(verdict)) else []
    return [*dealt, *without, *worries(verdict), headline(main), *praise, base]


def control(scores: Mapping[str, Plain], unit: str = "event", kind: str = SHUFFLED) -> str:
    """What a control shows that can learn nothing of the event, by intervals of named scores."""
    known = {name: it for name, it in scores.items() if it["lo"] is not None}
    above = [name for name, it in known.items() if it["lo"] > it["chance"]]
    if above:
        return f"{CONTROLS[kind]} NOT at chance: {', '.join(above)}."
    said = f"At chance: {', '.join(known)}." if known else f"Too few {unit}s to say."
    return f"{CONTROLS[kind]} {said}"


def worries(verdict: Plain) -> Iterator[str]:
    """What speaks against the model."""
    chance = at_chance(verdict)
    yield from chance
    yield from unbeaten(verdict).values()
    if not chance:
        yield from confounded(verdict)
        yield from _clearest(verdict)
    yield from doubts(verdict)


def lacking(verdict: Plain) -> list[str]:
    """Why balanced accuracy has no interval, where it has none."""
    if verdict["metrics"]["balanced_accuracy"]["lo"] is not None:
        return []
    return [f"{verdict['lacking']}: {WITHOUT}." if "lacking" in verdict else FEW]


def at_chance(verdict: Plain) -> list[str]:
    """Whether chance is not ruled out: by the interval, or by p where there is none."""
    main = verdict["metrics"]["balanced_accuracy"]
    if above_chance(main):
        return []
    if main["lo"] is None:
        return [f"NOT above chance: p = {main['p']:.2g} for balanced accuracy."]
    where = "lies below" if main["hi"] < main["chance"] else "contains"
    return [f"NOT above chance: the interval of balanced accuracy {where} chance level."]


def above_chance(score: Plain) -> bool:
    """Whether its interval is above chance, or p is small where it has none."""
    if score["lo"] is None:
        return score["p"] is None or bool(score["p"] <= RARE)
    return bool(score["lo"] > score["chance"])


def unbeaten(verdict: Plain) -> dict[str, str]:
    """A sentence for each baseline that is tried and not beaten, by its name."""
    tried = {k: it for k, it in verdict["baselines"].items() if "unavailable" not in it}
    lost = {name: it for name, it in tried.items() if not _beaten(it)}
    return {
        name: _shown(WORDS.get(name, _baseline)(name, it, verdict), it["lead"])
        for name, it in lost.items()
    }


def _shown(said: str, lead: Plain) -> str:
    """What is said of an alarm, where the model leads without an interval to show it."""
    unknown = lead["lo"] is None and lead["value"] > 0
    return said.replace("NOT better", "NOT shown to be better", 1) if unknown else said


def beaten(verdict: Plain) -> list[str]:
    """The names of baselines that are beaten with the interval of the lead."""
    return [name for name, it in verdict["baselines"].items() if _beaten(it)]


def doubts(verdict: Plain) -> Iterator[str]:
    """What is uneven or overstated."""
    yield from _uneven(verdict)
    yield from _miscalibrated(verdict["calibration"])
    yield from broken(verdict)


def headline(main: Plain) -> str:
    """Balanced accuracy with its interval, chance and p."""
    said = f"Balanced accuracy {main['value']:.3f}"
    said += "" if main["lo"] is None else f" ({main['lo']:.3f} to {main['hi']:.3f})"
    return f"{said}; chance is {main['chance']:.3f}, p = {main['p']:.2g}."


def _clearest(verdict: Plain) -> Iterator[str]:
    """Where even the clearest or largest events are at chance."""
    for name, bins in verdict.get("strata", {}).items():
        best, (words, unit) = bins[-1], QUANTITIES[name]
        score = best["balanced_accuracy"]
        if best["classes"] > 1 and score["lo"] is not None and score["lo"] <= score["chance"]:
            yield (
                f"NOT above chance among the events with the highest {words} "
                f"(from {best['low']:.3g}{unit}): balanced accuracy {score['value']:.3f} "
                f"({score['lo']:.3f} to {score['hi']:.3f}), chance {score['chance']:.3f}."
            )


def _uneven(verdict: Plain) -> Iterator[str]:
    """Where being right goes strongly with a quantity."""
    for name, it in verdict.get("strata_correlation", {}).items():
        if it["lo"] is not None and (it["lo"] > STRONG or it["hi"] < -STRONG):
            more = "larger" if it["value"] > 0 else "smaller"
            yield (
                f"NOT even: right more often where the {QUANTITIES[name][0]} is {more} "
                f"(rank correlation {it['value']:.2f}, {it['lo']:.2f} to {it['hi']:.2f})."
            )


def _miscalibrated(found: Plain) -> Iterator[str]:
    """Where probabilities are clearly off, and in which direction if it is one."""
    error, gap = found["ece"], found["gap"]
    if error["lo"] is None or error["lo"] <= error["chance"] or error["p"] > RARE:
        return
    if error["value"] - error["chance"] < OFF:
        return
    said = f"Probabilities are off by {error['value']:.3f} on average"
    if gap["lo"] > 0 or gap["hi"] < 0:
        over = "Over" if gap["value"] > 0 else "Under"
        said = (
            f"{over}-confident by {abs(gap['value']):.3f}; calibration error {error['value']:.3f}"
        )
    yield (
        f"{said} ({error['lo']:.3f} to {error['hi']:.3f}); "
        f"{error['chance']:.3f} if the probabilities meant what they say."
    )


def _beaten(found: Plain) -> bool:
    lead = found.get("lead", {}).get("lo")
    return lead is not None and lead > 0


def _baseline(name: str, found: Plain, verdict: Plain) -> str:
    score = found["balanced_accuracy"]["value"]
    return f"NOT better than the {name} baseline ({score:.3f}), which sees {found['sees']}."


def _metadata(name: str, found: Plain, verdict: Plain) -> str:
    columns, score = " and ".join(found["columns"]), found["balanced_accuracy"]["value"]
    return (
        f"NOT better than the {name}: {columns} alone gives a balanced accuracy of {score:.3f}. "
        "The network does not see it, but whatever drifts with it may be what it has learned."
    )


def _two_rules(name: str, found: Plain, verdict: Plain) -> str:
    own, its = (
        ", ".join(f"{scores[key]['value']:.3f}" for key in ("accuracy", "balanced_accuracy"))
        for scores in (verdict["metrics"], found)
    )
    return (
        f"NOT better than {name.replace('_', ' ')} that are told {found['sees']} and say "
        f"{found['always']} of all others: accuracy and balanced accuracy {own}, theirs {its}."
    )


Words = Callable[[str, Plain, Plain], str]
WORDS: dict[str, Words] = {"metadata": _metadata, "two_rules": _two_rules}
