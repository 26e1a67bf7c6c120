"""What a reader of a comparison must know beside its numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tremor.evaluation.bootstrap import FEWEST
from tremor.evaluation.compared import CLEAR, Configuration, Pair
from tremor.evaluation.found_runs import Found
from tremor.evaluation.naming import unnamed
from tremor.files import near
from tremor.training.sweep_folder import PRUNED_NOTE, TRACEBACK

FEWEST_SEEDS = 3


def notes(
    found: Found, configurations: Sequence[Configuration], pairs: Sequence[Pair], swaps: int
) -> Iterator[str]:
    """What was left out, how far intervals and tests reach, what names do not tell."""
    yield from _left_out(found)
    yield from _of_choice(configurations)
    yield from _of_seeds(configurations)
    silent = unnamed([c.runs[0].naming for c in configurations])
    if silent:
        yield f"Names give the fewest keys that tell all apart; others differ: {', '.join(silent)}."
    few = [c.name for c in configurations if c.mean.lo is None]
    if few:
        why = f"Fewer than {FEWEST} events, or one alone of a class, so no interval"
        yield f"{why}: {'; '.join(few)}."
    yield from _of_tests(configurations, pairs, swaps)


def _left_out(found: Found) -> Iterator[str]:
    pruned = [folder for folder in found.unfinished if (folder / PRUNED_NOTE).is_file()]
    others = [folder for folder in found.unfinished if folder not in pruned]
    failed = [folder for folder in others if (folder / TRACEBACK).is_file()]
    rest = [folder for folder in others if folder not in failed]
    reasons = {
        "failed (their traceback.txt says why)": failed,
        "pruned by the sweep": pruned,
        "not finished (no verdict)": rest,
        "without classes (pretraining)": found.unlabelled,
        "repeated by a later run of the same seed": found.repeated,
    }
    for why, folders in reasons.items():
        if folders:
            yield f"Left out, {why}: {len(folders)} ({', '.join(map(near, folders))})."


def _of_choice(configurations: Sequence[Configuration]) -> Iterator[str]:
    """Who is first by test scores has been picked by them."""
    models = [c for c in configurations if not c.control]
    tried = max(Counter(c.classes for c in models).values(), default=0)
    if tried > 1:
        yield (
            f"The best of {tried} is the best by its test score, which that choice flatters: "
            "choose by validation (a sweep's page does), and tell of the test score of that choice."
        )


def _of_seeds(configurations: Sequence[Configuration]) -> Iterator[str]:
    """What configurations count as repeats, and where these are too few."""
    alone = [c.name for c in configurations if len(c.runs) == 1]
    if alone:
        yield f"One seed only, so the interval is over events alone: {'; '.join(alone)}."
    few = sum(c.seeds < FEWEST_SEEDS for c in configurations)
    if few:
        yield (
            f"Fewer than {FEWEST_SEEDS} seeds, so how far results vary from run to run is hardly "
            f"known and intervals may be too narrow: {few} of {len(configurations)} configurations."
        )
    pretrained = {c.name: len({run.sources for run in c.runs}) for c in configurations}
    several = [f"{name} ({count})" for name, count in pretrained.items() if count > 1]
    if several:
        yield f"Pretrainings counted as repeats of one, by their paths: {'; '.join(several)}."


def _of_tests(
    configurations: Sequence[Configuration], pairs: Sequence[Pair], swaps: int
) -> Iterator[str]:
    """Which configurations are not tested against each other, and why."""
    controls = [c.name for c in configurations if c.control]
    if controls:
        yield (
            "Controls have labels or records of their own, and are not tested against others: "
            f"{'; '.join(controls)}."
        )
    strangers = sum(pair.difference is None for pair in pairs)
    if strangers:
        yield f"Judged on other test records, so not tested against each other: {strangers} pairs."
    if len({c.classes for c in configurations}) > 1:
        yield "Configurations with other classes are not tested against each other."
    tested = len(pairs) - strangers
    if tested / (1 + swaps) >= CLEAR:
        yield f"No difference can be clear after a correction over {tested} pairs: compare fewer."
