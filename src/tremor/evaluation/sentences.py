"""A verdict in plain words, in order of how much it should worry the reader."""

from __future__ import annotations

from collections.abc import Iterator

from tremor.evaluation.bootstrap import FEWEST
from tremor.evaluation.scoring import Plain

OFF = 0.02  # calibration error above its reference that is worth a sentence
STRONG = 0.2  # rank correlation that is worth a sentence
QUANTITIES = {"magnitude": ("magnitude", ""), "snr_db": ("signal-to-noise ratio", " dB")}


def sentences(verdict: Plain) -> list[str]:
    """What a reader must know."""
    records, groups = verdict["records"], verdict["groups"]
    base = f"n = {records} records of {groups} events ({verdict['split']})."
    main = verdict["metrics"]["balanced_accuracy"]
    if main["lo"] is None:
        few = (
            f"Fewer than {FEWEST} events: no interval can be given, the events are listed instead."
        )
        return [few, base, _headline(main)]
    beaten = [name for name, found in verdict["baselines"].items() if _beaten(found)]
    praise = [f"It beats what is reached by: {', '.join(beaten)}."] if beaten else []
    return [*worries(verdict), _headline(main), *praise, base]


def worries(verdict: Plain) -> Iterator[str]:
    """What speaks against the model."""
    main = verdict["metrics"]["balanced_accuracy"]
    if main["lo"] <= main["chance"]:
        yield "NOT above chance: the interval of balanced accuracy contains chance level."
    else:
        yield from _clearest(verdict)
    yield from filter(None, (_worry(name, it) for name, it in verdict["baselines"].items()))
    yield from _uneven(verdict)
    yield from _miscalibrated(verdict["calibration"])


def _headline(main: Plain) -> str:
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
    if error["lo"] is None or error["lo"] <= error["chance"] or error["p"] > 0.05:
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


def _worry(name: str, found: Plain) -> str:
    """A sentence where a baseline is not beaten; empty where it is, or cannot be tried."""
    if "unavailable" in found or _beaten(found):
        return ""
    score = f"{found['balanced_accuracy']['value']:.3f}"
    if name == "metadata":
        columns = " and ".join(found["columns"])
        return (
            f"NOT better than the metadata: {columns} alone gives a balanced accuracy of {score}. "
            "The network does not see it, but whatever drifts with it may be what it has learned."
        )
    return f"NOT better than the {name} baseline ({score}), which sees {found['sees']}."
