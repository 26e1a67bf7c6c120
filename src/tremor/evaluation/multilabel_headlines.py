"""Sentences on several classes a record: its scores, with interval and chance."""

from __future__ import annotations

from collections.abc import Iterator

from tremor.evaluation.scoring import Plain

MAIN = "macro_auroc"
SHOWN = 6
"""Classes that a sentence names one by one."""


def judged(verdict: Plain) -> Plain:
    """The classes that some record has and another has not."""
    return {c: it for c, it in verdict["per_class"].items() if it["auroc"]["value"] is not None}


def ends(score: Plain) -> str:
    """A value with its interval, if it has one."""
    if score["value"] is None:
        return "unknown"
    reach = "" if score["lo"] is None else f" ({score['lo']:.3f} to {score['hi']:.3f})"
    return f"{score['value']:.3f}{reach}"


def _against_chance(score: Plain) -> str:
    level = "unknown" if score["chance"] is None else f"{score['chance']:.3f}"
    return f"chance is {level}" + ("" if score["p"] is None else f", p = {score['p']:.2g}")


def headline(verdict: Plain) -> str:
    """The macro AUROC."""
    main, count = verdict["metrics"][MAIN], len(judged(verdict))
    over = "1 class" if count == 1 else f"{count} classes"
    return f"Macro AUROC {ends(main)} over {over}; {_against_chance(main)}."


def of_classes(verdict: Plain) -> str:
    """The AUROC of each class, or of the lowest ones."""
    rows = sorted(judged(verdict).items(), key=lambda row: row[1]["auroc"]["value"])
    shown = ", ".join(f"{c} {ends(it['auroc'])}" for c, it in rows[:SHOWN])
    return f"{'AUROC' if len(rows) <= SHOWN else 'The lowest AUROCs'}: {shown}."


def answers(verdict: Plain) -> str:
    """What the answers at the thresholds are worth."""
    f1, exact = (verdict["metrics"][name] for name in ("macro_f1", "exact_match"))
    said = f"At the thresholds of the checkpoint: macro F1 {ends(f1)}, {_against_chance(f1)}"
    if exact["value"] is None or exact["value"] < exact["chance"]:
        return f"{said}."
    return (
        f"{said}; every class is right in {ends(exact)} of the records, always giving the most "
        f"frequent answer in {exact['chance']:.3f}."
    )


def challenge(verdict: Plain) -> Iterator[str]:
    """The score of the PhysioNet challenge, where the classes are its."""
    score = verdict["metrics"].get("challenge")
    if score and score["value"] is not None:
        low = score["value"] if score["lo"] is None else score["lo"]
        worse = "NOT above it: " if low <= 0 else ""
        yield (
            f"Challenge score {ends(score)}; {worse}1 is perfect, 0 is always sinus rhythm, "
            f"p = {score['p']:.2g}."
        )
