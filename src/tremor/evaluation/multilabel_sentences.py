"""The verdict on several classes a record in plain words: what no alarm allows comes first."""

from __future__ import annotations

from collections.abc import Iterator

from tremor.evaluation.bootstrap import FEWEST
from tremor.evaluation.confounders import confounded
from tremor.evaluation.multilabel_scores import FEWEST_A_SIDE
from tremor.evaluation.promises import broken
from tremor.evaluation.scoring import Plain
from tremor.evaluation.sentences import OFF, RARE, above_chance, control

MAIN = "macro_auroc"
SHOWN = 6
"""Classes that a sentence names one by one."""


def sentences(verdict: Plain) -> list[str]:
    """What a reader must know, in order of how much it should worry."""
    main = verdict["metrics"][MAIN]
    dealt = [control({"macro AUROC": main}, verdict["unit"])] if "control" in verdict else []
    few, base = _few(verdict), _base(verdict)
    if "group_list" in verdict or not _judged(verdict):
        return [*dealt, *few, *_unjudged(verdict), _headline(verdict), base]
    return [
        *dealt,
        *_at_chance(verdict),
        *_unbeaten(verdict),
        *_classes_at_chance(verdict),
        *_below_always(verdict),
        *_below_commonest(verdict),
        *_never(verdict),
        *_reasons(verdict),
        *_miscalibrated(verdict),
        *broken(verdict),
        *few,
        *_unjudged(verdict),
        _headline(verdict),
        _of_classes(verdict),
        _answers(verdict),
        *_challenge(verdict),
        *_praise(verdict),
        *_crossed(verdict),
        base,
    ]


def _reasons(verdict: Plain) -> Iterator[str]:
    """What else could tell the classes that are above chance, of so many by name."""
    above = {c for c, it in _judged(verdict).items() if above_chance(it["auroc"])}
    said = [
        f"{name}: {line}"
        for name, its in verdict.get("reasons", {}).items()
        if name in above
        for line in confounded(its, verdict["unit"])
    ]
    yield from said[:SHOWN]
    if len(said) > SHOWN:
        yield f"NOT all that was found of other reasons is said here: {len(said) - SHOWN} more."


def _few(verdict: Plain) -> list[str]:
    """Where there are too few groups for intervals."""
    unit = verdict["unit"]
    if "group_list" in verdict:
        said = "no interval can be given, they are listed instead"
        return [f"Fewer than {FEWEST} {unit}s: {said}."]
    without = {c: it["fewest"] for c, it in _judged(verdict).items() if it["auroc"]["lo"] is None}
    if not without:
        return []
    each = ", ".join(f"{name} ({count})" for name, count in without.items())
    said = f"Fewer than {FEWEST_A_SIDE} {unit}s with, or without: {each}; no interval for these"
    macro = " nor for the mean over classes" * (verdict["metrics"][MAIN]["lo"] is None)
    return [f"{said}{macro}."]


def _judged(verdict: Plain) -> Plain:
    """The classes that some record has and another has not."""
    return {c: it for c, it in verdict["per_class"].items() if it["auroc"]["value"] is not None}


def _unjudged(verdict: Plain) -> Iterator[str]:
    """Classes of which there are no two sides to be told apart."""
    rest = [c for c in verdict["classes"] if c not in _judged(verdict)]
    if rest:
        one = "it" if len(rest) == 1 else "them"
        yield f"NOT judged, for all records have {one}, or none: {', '.join(rest)}."


def _at_chance(verdict: Plain) -> list[str]:
    """Whether chance is not ruled out: by the interval, or by p where there is none."""
    main = verdict["metrics"][MAIN]
    if main["value"] is None or above_chance(main):
        return []
    if main["lo"] is None:
        return [f"NOT above chance: p = {main['p']:.2g} for the macro AUROC."]
    where = "lies below" if main["hi"] < main["chance"] else "contains"
    return [f"NOT above chance: the interval of the macro AUROC {where} chance level."]


def _unbeaten(verdict: Plain) -> Iterator[str]:
    """Baselines that are not beaten over all classes, then those ahead in single ones."""
    tried = {n: it for n, it in verdict["baselines"].items() if "unavailable" not in it}
    lost = [name for name, it in tried.items() if not _beaten(it["lead"])]
    for name in lost:
        it = tried[name]
        if name != "constant":
            better = "shown to be better" if _unknown(it["lead"]) else "better"
            yield f"NOT {better} than the {name}: {_reached(name, it)}."
    for name, it in tried.items():
        ahead = {c: own for c, own in it["per_class"].items() if not _clear(own["lead"])}
        if name not in (*lost, "constant") and ahead:
            each = (_against(verdict, c, own) for c, own in ahead.items())
            yield f"NOT clearly better than the {name}{_seen(it)} for: {', '.join(each)}."


def _reached(name: str, it: Plain) -> str:
    """What a baseline sees and reaches."""
    score = it["macro_auroc"]["value"]
    if name != "metadata":
        return f"macro AUROC {score:.3f} from the {it['sees']} alone"
    return (
        f"macro AUROC {score:.3f} from {', '.join(it['columns'])} alone. The network does not see "
        "that, but whatever goes with it may be what it has learned"
    )


def _seen(it: Plain) -> str:
    return f" ({', '.join(it['columns'])})" if "columns" in it else ""


def _against(verdict: Plain, name: str, own: Plain) -> str:
    """A class, with the model's AUROC and the baseline's."""
    return f"{name} ({verdict['per_class'][name]['auroc']['value']:.3f}, its {own['auroc']:.3f})"


def _beaten(lead: Plain) -> bool:
    return lead["lo"] is not None and lead["lo"] > 0


def _unknown(lead: Plain) -> bool:
    """Whether the model leads, without an interval to show it."""
    return lead["lo"] is None and lead["value"] is not None and lead["value"] > 0


def _clear(lead: Plain) -> bool:
    return _beaten(lead) or _unknown(lead)


def _classes_at_chance(verdict: Plain) -> Iterator[str]:
    """Classes that are not told from the others."""
    lost = {c: it["auroc"] for c, it in _judged(verdict).items() if not above_chance(it["auroc"])}
    if lost and not _at_chance(verdict):
        each = (f"{c} (AUROC {_ends(it)})" for c, it in lost.items())
        yield f"NOT above chance: {', '.join(each)}."


def _below_always(verdict: Plain) -> Iterator[str]:
    """Where as good an F1 is had by calling everything."""
    always = verdict["baselines"].get("constant", {}).get("macro_f1", {}).get("value")
    own = verdict["metrics"]["macro_f1"]
    worse = own["value"] if own["lo"] is None else own["lo"]
    if always is not None and worse is not None and worse <= always:
        said = "Macro F1 is NOT better than that of calling every class of every record"
        yield f"{said}: {_ends(own)}, its {always:.3f}."


def _below_commonest(verdict: Plain) -> Iterator[str]:
    """Where fewer records are wholly right than by one answer for all."""
    exact = verdict["metrics"]["exact_match"]
    if exact["value"] is not None and exact["value"] < exact["chance"]:
        yield (
            f"Every class is right in {_ends(exact)} of the records: NOT better than always giving "
            f"the most frequent answer, {exact['chance']:.3f}."
        )


def _never(verdict: Plain) -> Iterator[str]:
    """Classes of which no record is found."""
    lost = {c: it["records"] for c, it in _judged(verdict).items() if it["recall"]["value"] == 0.0}
    if lost:
        yield f"NOT one record is found of: {', '.join(f'{c} ({n})' for c, n in lost.items())}."


def _miscalibrated(verdict: Plain) -> Iterator[str]:
    """Classes whose probabilities are clearly off, and in which direction if it is one."""
    lost = {c: it["calibration"] for c, it in _judged(verdict).items() if _off(it["calibration"])}
    if lost:
        each = (f"{c} by {it['ece']['value']:.3f}{_direction(it['gap'])}" for c, it in lost.items())
        yield f"Probabilities are off by more than luck explains: {', '.join(each)}."


def _off(found: Plain) -> bool:
    error = found["ece"]
    sure = error["lo"] is not None and error["lo"] > error["chance"] and error["p"] <= RARE
    return bool(sure and error["value"] - error["chance"] >= OFF)


def _direction(gap: Plain) -> str:
    if gap["lo"] <= 0 <= gap["hi"]:
        return ""
    return f" (too {'high' if gap['value'] > 0 else 'low'} by {abs(gap['value']):.3f})"


def _ends(score: Plain) -> str:
    """A value with its interval, if it has one."""
    if score["value"] is None:
        return "unknown"
    reach = "" if score["lo"] is None else f" ({score['lo']:.3f} to {score['hi']:.3f})"
    return f"{score['value']:.3f}{reach}"


def _against_chance(score: Plain) -> str:
    level = "unknown" if score["chance"] is None else f"{score['chance']:.3f}"
    return f"chance is {level}" + ("" if score["p"] is None else f", p = {score['p']:.2g}")


def _headline(verdict: Plain) -> str:
    main, count = verdict["metrics"][MAIN], len(_judged(verdict))
    over = "1 class" if count == 1 else f"{count} classes"
    return f"Macro AUROC {_ends(main)} over {over}; {_against_chance(main)}."


def _of_classes(verdict: Plain) -> str:
    """The AUROC of each class, or of the lowest ones."""
    rows = sorted(_judged(verdict).items(), key=lambda row: row[1]["auroc"]["value"])
    shown = ", ".join(f"{c} {_ends(it['auroc'])}" for c, it in rows[:SHOWN])
    return f"{'AUROC' if len(rows) <= SHOWN else 'The lowest AUROCs'}: {shown}."


def _answers(verdict: Plain) -> str:
    """What the answers at the thresholds are worth."""
    f1, exact = (verdict["metrics"][name] for name in ("macro_f1", "exact_match"))
    said = f"At the thresholds of the checkpoint: macro F1 {_ends(f1)}, {_against_chance(f1)}"
    if exact["value"] is None or exact["value"] < exact["chance"]:
        return f"{said}."
    return (
        f"{said}; every class is right in {_ends(exact)} of the records, always giving the most "
        f"frequent answer in {exact['chance']:.3f}."
    )


def _challenge(verdict: Plain) -> Iterator[str]:
    score = verdict["metrics"].get("challenge")
    if score and score["value"] is not None:
        low = score["value"] if score["lo"] is None else score["lo"]
        worse = "NOT above it: " if low <= 0 else ""
        yield (
            f"Challenge score {_ends(score)}; {worse}1 is perfect, 0 is always sinus rhythm, "
            f"p = {score['p']:.2g}."
        )


def _praise(verdict: Plain) -> Iterator[str]:
    won = [name for name, it in verdict["baselines"].items() if _beaten(it.get("lead", NOTHING))]
    if won:
        yield f"It beats what is reached by: {', '.join(won)}."


NOTHING: Plain = {"lo": None}


def _crossed(verdict: Plain) -> Iterator[str]:
    """What the baselines learned from, where it is not what the network did."""
    if verdict.get("crossed"):
        unit = verdict["unit"]
        yield (
            "The training records are not at hand: baselines learned each class from the other "
            f"{unit}s among these records."
        )


def _base(verdict: Plain) -> str:
    said = f"n = {verdict['records']} records of {verdict['groups']} {verdict['unit']}s"
    return f"{said} ({verdict['split']}); {verdict['none']} records have none of the classes."
