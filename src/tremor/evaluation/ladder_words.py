"""What a ladder of splits shows, in plain words: what leaks, and what is left on new events."""

from __future__ import annotations

from collections.abc import Iterator

from tremor.evaluation.ladder import Ladder, Step
from tremor.evaluation.paired import Score
from tremor.evaluation.rungs import FAIR, LEAKY


def sentences(made: Ladder) -> Iterator[str]:
    """What a reader must know: what leaks, what is left on new events, what the future takes."""
    name = made.metric.replace("_", " ")
    leaky, fair = made.step(LEAKY), made.step(FAIR)
    if any(len(step.reached.runs) == 1 for step in made.steps):
        yield (
            "ONE SEED on a rung: its intervals are over events alone, so differences between rungs "
            "may be the luck of training and nothing else."
        )
    if leaky and leaky.above and fair:
        yield _leak(leaky, fair, name, made.sign)
    if fair:
        score = fair.reached.mean
        worse = score.lo if made.sign > 0 else score.hi
        lost = worse is not None and made.sign * worse <= made.sign * fair.reached.chance
        start = "NOT better than chance on events" if lost else "On events"
        chance = f"chance {fair.reached.chance:.3f}"
        yield f"{start} that never trained: {name} {_said(score)}; {chance}."
    for step in made.steps:
        if step.above and step.rung.method != LEAKY:
            worse = step.above.hi if made.sign > 0 else step.above.lo
            lost = worse is not None and made.sign * worse < 0
            start = "NOT as good as with whole events" if lost else "Against whole events"
            what = f"{step.rung.name} ({step.rung.asks})"
            yield f"{start}: {what} {_said(step.above, True)}."


def _leak(step: Step, fair: Step, name: str, better: int) -> str:
    """How large the leak of dealing records instead of events is, with what else is in it.

    Without repeats, two trainings that differ by luck would be taken for it.
    """
    above = step.above
    assert above is not None
    low = above.lo if better > 0 else above.hi
    repeated = min(len(step.reached.runs), len(fair.reached.runs)) > 1
    worth = f"Records of one event on both sides are worth {_said(above, True)} of {name}"
    more = ""
    if step.trained > fair.trained:
        more = f" (it trains on records of {step.trained:.0f} events instead of {fair.trained:.0f})"
    if repeated and low is not None and better * low > 0:
        reached = f"{step.reached.mean.value:.3f} must NOT be reported"
        return f"THE LEAK: {worth[0].lower()}{worth[1:]}{more}: {reached}."
    if not repeated:
        return f"{worth}{more}: one seed cannot tell a leak from luck."
    return f"{worth}{more}: if there is a leak, it lies within this interval."


def _said(score: Score, signed: bool = False) -> str:
    sign_ = "+" if signed else ""
    ends = f" ({score.lo:{sign_}.3f} to {score.hi:{sign_}.3f})" if score.ends else ""
    return f"{score.value:{sign_}.3f}{ends}"
