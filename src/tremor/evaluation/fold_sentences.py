"""What a reader must know of a cross-validation, in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from tremor.evaluation.fold_scores import main_of
from tremor.evaluation.folds import CrossValidation
from tremor.evaluation.runs import Plain


def sentences(made: CrossValidation) -> Iterator[str]:
    """What a reader must know first: does the pooled result beat its alarms, or what is lacking."""
    if made.missing:
        gone = ", ".join(map(str, made.missing))
        yield f"NOT whole: folds {gone} are missing; what they would have tested is not judged."
    if made.unalarmed:
        yield f"NOT held against its leak alarms: {made.unalarmed}."
    yield from _better(made)
    yield from made.verdict["verdict"]
    for head, verdict in made.verdicts.items():
        name = main_of(verdict)
        it = made.line(head, name)
        if it.mean is not None and it.sd is not None:
            whose = f"{head}: " if head else ""
            score = name.replace("auroc", "AUROC").replace("_", " ")
            yield (
                f"{whose}{score} of single folds {it.mean:.3f} ± {it.sd:.3f} "
                f"(mean ± sd of {len(it.known)} folds)."
            )


def _better(made: CrossValidation) -> Iterator[str]:
    """Where every head is above chance and all alarms with its interval; else the verdict says."""
    if "control" in made.verdict or made.unalarmed:
        return
    tried = {head: _alarms(verdict) for head, verdict in made.verdicts.items()}
    if all(tried.values()):
        for head, alarms in tried.items():
            whose = f"{head} is" if head else "The folds together are"
            said = ", ".join(name.replace("_", " ") for name in alarms)
            yield f"{whose} better than chance and than every leak alarm tried: {said}."


def _alarms(verdict: Plain) -> list[str]:
    """The alarms that were tried, if all of them and chance are beaten; else nothing."""
    main = verdict["metrics"][main_of(verdict)]
    leads = {k: it["lead"]["lo"] for k, it in verdict["baselines"].items() if "lead" in it}
    above = main["lo"] is not None and main["lo"] > main["chance"]
    clear = all(low is not None and low > 0 for low in leads.values())
    return list(leads) if above and clear else []
