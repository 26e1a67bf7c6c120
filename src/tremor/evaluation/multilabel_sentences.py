"""The verdict on several classes a record in plain words: what no alarm allows comes first."""

from __future__ import annotations

from collections.abc import Iterator

from tremor.evaluation.bootstrap import FEWEST
from tremor.evaluation.confounders import confounded
from tremor.evaluation.multilabel_headlines import (
    MAIN,
    SHOWN,
    answers,
    challenge,
    ends,
    headline,
    judged,
    of_classes,
)
from tremor.evaluation.multilabel_scores import FEWEST_A_SIDE
from tremor.evaluation.multilabel_unbeaten import (
    below_always,
    below_commonest,
    praise,
    unbeaten,
)
from tremor.evaluation.promises import broken
from tremor.evaluation.scoring import Plain
from tremor.evaluation.sentences import OFF, RARE, above_chance, control


def sentences(verdict: Plain) -> list[str]:
    """What a reader must know, in order of how much it should worry."""
    main = verdict["metrics"][MAIN]
    dealt = [control({"macro AUROC": main}, verdict["unit"])] if "control" in verdict else []
    few, base = _few(verdict), _base(verdict)
    if "group_list" in verdict or not judged(verdict):
        return [*dealt, *few, *_unjudged(verdict), headline(verdict), base]
    return [
        *dealt,
        *_at_chance(verdict),
        *unbeaten(verdict),
        *_classes_at_chance(verdict),
        *below_always(verdict),
        *below_commonest(verdict),
        *_never(verdict),
        *_reasons(verdict),
        *_miscalibrated(verdict),
        *broken(verdict),
        *few,
        *_unjudged(verdict),
        headline(verdict),
        of_classes(verdict),
        answers(verdict),
        *challenge(verdict),
        *praise(verdict),
        *_crossed(verdict),
        base,
    ]


def _reasons(verdict: Plain) -> Iterator[str]:
    """What else could tell the classes that are above chance, of so many by name."""
    above = {c for c, it in judged(verdict).items() if above_chance(it["auroc"])}
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
    without = {c: it["fewest"] for c, it in judged(verdict).items() if it["auroc"]["lo"] is None}
    if not without:
        return []
    each = ", ".join(f"{name} ({count})" for name, count in without.items())
    said = f"Fewer than {FEWEST_A_SIDE} {unit}s with, or without: {each}; no interval for these"
    macro = " nor for the mean over classes" * (verdict["metrics"][MAIN]["lo"] is None)
    return [f"{said}{macro}."]


def _unjudged(verdict: Plain) -> Iterator[str]:
    """Classes of which there are no two sides to be told apart."""
    rest = [c for c in verdict["classes"] if c not in judged(verdict)]
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


def _classes_at_chance(verdict: Plain) -> Iterator[str]:
    """Classes that are not told from the others."""
    lost = {c: it["auroc"] for c, it in judged(verdict).items() if not above_chance(it["auroc"])}
    if lost and not _at_chance(verdict):
        each = (f"{c} (AUROC {ends(it)})" for c, it in lost.items())
        yield f"NOT above chance: {', '.join(each)}."


def _never(verdict: Plain) -> Iterator[str]:
    """Classes of which no record is found."""
    lost = {c: it["records"] for c, it in judged(verdict).items() if it["recall"]["value"] == 0.0}
    if lost:
        yield f"NOT one record is found of: {', '.join(f'{c} ({n})' for c, n in lost.items())}."


def _miscalibrated(verdict: Plain) -> Iterator[str]:
    """Classes whose probabilities are clearly off, and in which direction if it is one."""
    lost = {c: it["calibration"] for c, it in judged(verdict).items() if _off(it["calibration"])}
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
