"""The verdict on several heads in plain words: what no alarm allows comes first."""

from __future__ import annotations

from collections.abc import Iterator

from tremor.evaluation.confounders import confounded
from tremor.evaluation.promises import broken
from tremor.evaluation.scoring import Plain
from tremor.evaluation.sentences import (
    FEW,
    above_chance,
    at_chance,
    beaten,
    control,
    doubts,
    headline,
    lacking,
    unbeaten,
)

MAIN = "balanced_accuracy"


def sentences(verdict: Plain) -> list[str]:
    """What a reader must know, in order of how much it should worry."""
    heads = verdict["heads"]
    ready = {name: it for name, it in heads.items() if FEW not in lacking(it)}
    return [
        *_control(verdict),
        *_few(heads, ready),
        *_alarms(ready),
        *(f"{name}: {_lower(said)}" for name, it in ready.items() for said in lacking(it)),
        *(f"{name}: {said}" for name, it in ready.items() for said in at_chance(it)),
        *(said for name, it in ready.items() for said in _never(name, it)),
        *_inside(verdict),
        *_quiet(verdict),
        *_angles(verdict),
        *(f"{name}: {said}" for name, it in ready.items() for said in _other_reasons(it)),
        *(f"{name}: {said}" for name, it in ready.items() for said in doubts(it)),
        *broken(verdict),
        *_headlines(verdict),
        *(_praise(name, it) for name, it in ready.items() if beaten(it)),
        _base(verdict),
    ]


def _enough(score: Plain) -> bool:
    return score["lo"] is not None


def _control(verdict: Plain) -> list[str]:
    scores = {name: it["metrics"][MAIN] for name, it in verdict["heads"].items()}
    return [control(scores)] if "control" in verdict else []


def _lower(said: str) -> str:
    return f"{said[0].lower()}{said[1:]}"


def _few(heads: Plain, ready: Plain) -> Iterator[str]:
    """Heads of which there are too few events."""
    few = [name for name in heads if name not in ready]
    if few:
        yield FEW if not ready else f"{', '.join(few)}: {_lower(FEW)}"


def _alarms(ready: Plain) -> Iterator[str]:
    """All alarms that are not beaten in one line, then each of them."""
    lost = {name: unbeaten(it) for name, it in ready.items()}
    lines = [
        f"{name} ({', '.join(n.replace('_', ' ') for n in its)})"
        for name, its in lost.items()
        if its
    ]
    if lines:
        yield f"NOT better than every leak alarm: {'; '.join(lines)}."
    yield from (f"{name}: {said}" for name, its in lost.items() for said in its.values())


def _other_reasons(head: Plain) -> list[str]:
    """What else could tell the classes of a head that is above chance."""
    return [] if at_chance(head) else list(confounded(head))


def _never(name: str, head: Plain) -> Iterator[str]:
    """Classes of which no record is told right."""
    lost = {c: it["records"] for c, it in head["per_class"].items() if it["recall"]["value"] == 0.0}
    if lost:
        each = ", ".join(f"{c} ({count})" for c, count in lost.items())
        yield f"{name}: NOT one record is told right of: {each}."


def _inside(verdict: Plain) -> Iterator[str]:
    """Heads that do not tell precursors apart."""
    for name, it in verdict["within"].items():
        several = sum(count > 0 for count in it["class_records"].values()) > 1
        if several and not above_chance(it[MAIN]) and not above_chance(it[f"told_{MAIN}"]):
            yield (
                f"{name}: NOT above chance within precursors, even if told that they are some: "
                f"{_score(it[f'told_{MAIN}'])}."
            )


def _quiet(verdict: Plain) -> Iterator[str]:
    """Where precursors are not told from quiet windows."""
    area = verdict.get("detection", {}).get("auroc")
    if area and not above_chance(area):
        yield f"Precursors are NOT told from {_background(verdict)}: AUROC {_score(area)}."


def _angles(verdict: Plain) -> Iterator[str]:
    """Where a direction is no nearer than at random."""
    it = verdict.get("circular")
    if it and _enough(it["angular_error"]) and it["angular_error"]["hi"] >= _level(it):
        yield f"{it['head']}: directions are NOT nearer than at random: {_degrees(it)}."


def _headlines(verdict: Plain) -> Iterator[str]:
    """The scores of each head, then those of all together."""
    for name, it in verdict["heads"].items():
        yield f"{name}: {headline(it['metrics'][MAIN])}"
        if inside := verdict["within"].get(name):
            yield (
                f"{name} within {inside['records']} precursors: balanced accuracy "
                f"{_score(inside[MAIN])}; if told that they are some, "
                f"{_score(inside[f'told_{MAIN}'])}."
            )
        if name == verdict.get("circular", {}).get("head"):
            yield f"{name} of precursors found: {_degrees(verdict['circular'])}."
    if "joint" in verdict:
        yield f"All heads right: {_score(verdict['joint']['accuracy'])}."
    if "detection" in verdict:
        yield _detection(verdict)


def _detection(verdict: Plain) -> str:
    it, exposure = verdict["detection"], verdict["detection"]["exposure"]
    sampled = f" if all time were like these {exposure['windows']} sampled quiet windows"
    unmonitored = f"{sampled} (extrapolated, instead of monitored continuously)"
    return (
        f"Precursors found: {_ends(it['rate'])}, with {_ends(it['false_alarms'], 2)} false alarms "
        f"per {exposure['unit']}{unmonitored if exposure['hours'] else ''}; "
        f"AUROC {_score(it['auroc'])}."
    )


def _degrees(it: Plain) -> str:
    near = it["within_45"]
    return (
        f"{_ends(it['angular_error'], 0)} degrees off on average, at random {_level(it):.0f}; "
        f"within 45 degrees {_score(near)}"
    )


def _level(it: Plain) -> float:
    """The angular error that guessing reaches: the smaller of labels permuted and of any angle."""
    return min(float(it["angular_error"]["chance"]), float(it["guessing"]["angular_error"]))


def _ends(score: Plain, digits: int = 3) -> str:
    """A value with its interval, if it has one."""
    value, low, high = (score[key] for key in ("value", "lo", "hi"))
    if value is None:
        return "unknown"
    reach = "" if low is None else f" ({low:.{digits}f} to {high:.{digits}f})"
    return f"{value:.{digits}f}{reach}"


def _score(score: Plain) -> str:
    """A value with its interval, chance and p."""
    p = "" if score["p"] is None else f", p = {score['p']:.2g}"
    return f"{_ends(score)}, chance {score['chance']:.3f}{p}"


def _praise(name: str, head: Plain) -> str:
    won = ", ".join(n.replace("_", " ") for n in beaten(head))
    return f"{name}: it beats what is reached by: {won}."


def _background(verdict: Plain) -> str:
    return str(verdict["detection"]["background"])


def _base(verdict: Plain) -> str:
    """How many records, of how many groups, and what is not judged for lack of them."""
    said, split = f"n = {verdict['records']} records of", verdict["split"]
    it = verdict.get("detection")
    if it is None:
        what = "there are no precursors, or nothing but them"
        return f"{said} {verdict['groups']} groups ({split}); {what}."
    found, quiet = it["precursors"], it["quiet"]
    return (
        f"{said} {found['groups']} events and {quiet['groups']} quiet station-days ({split}): "
        f"{found['records']} precursors, {quiet['records']} {it['background']}."
    )
