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
    if leaky and leaky.above:
        yield _leak(leaky, name, made.sign)
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


def _leak(step: Step, name: str, better: int) -> str:
    """How large the leak of dealing records instead of events is."""
    above = step.above
    assert above is not None
    low = above.lo if better > 0 else above.hi
    if low is not None and better * low > 0:
        return (
            f"THE LEAK: records of one event on both sides are worth {_said(above, True)} of "
            f"{name}: {step.reached.mean.value:.3f} must NOT be reported."
        )
    return (
        f"Records of one event on both sides are worth {_said(above, True)} of {name}: if there is "
        "a leak, it lies within this interval."
    )


def _said(score: Score, signed: bool = False) -> str:
    sign_ = "+" if signed else ""
    ends = f" ({score.lo:{sign_}.3f} to {score.hi:{sign_}.3f})" if score.ends else ""
    return f"{score.value:{sign_}.3f}{ends}"
