"""Tables of cross-validations: for a program, and for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd
from rich.table import Table

from tremor.evaluation.fold_scores import JOINT, RECALL, Line
from tremor.evaluation.folds import CrossValidation
from tremor.report import tables
from tremor.report.style import literal

NAMES = {
    "within_accuracy": "Accuracy within precursors",
    "within_balanced_accuracy": "Balanced accuracy within precursors",
    JOINT: "All heads right",
}


def label(metric: str) -> str:
    """A score's name as a reader knows it."""
    if metric.startswith(RECALL):
        return f"Recall of {metric.removeprefix(RECALL)}"
    return NAMES.get(metric) or tables.LABELS.get(metric) or tables.spelt(metric)


def by_fold(made: Sequence[CrossValidation]) -> pd.DataFrame:
    """One row for each fold, head and score, as in folds.csv."""
    return pd.DataFrame(row for one in made for row in _fold_rows(one))


def _fold_rows(one: CrossValidation) -> Iterator[dict[str, object]]:
    for place, tested in enumerate(one.tested):
        own = {"configuration": one.name, "seed": one.seed}
        own |= tested | {"stations": " ".join(tested["stations"])}
        for it in one.lines:
            yield own | {"head": it.head, "metric": it.metric, "value": it.folds[place]}


def pooled(made: Sequence[CrossValidation]) -> pd.DataFrame:
    """One row for each head and score, as in pooled.csv: over the folds, and of all together."""
    rows = []
    for one in made:
        for it in one.lines:
            own = {"configuration": one.name, "seed": one.seed, "head": it.head}
            spread = {"mean": it.mean, "sd": it.sd, "folds": len(it.known)}
            whole = {"pooled": it.pooled["value"]} | {
                key: it.pooled[key] for key in ("lo", "hi", "chance", "p")
            }
            rows.append(own | {"metric": it.metric} | spread | whole)
    return pd.DataFrame(rows)


def spread(it: Line) -> str:
    """Mean ± sd over the folds."""
    return tables.number(it.mean) + (f" ± {tables.number(it.sd)}" if it.sd is not None else "")


def terminal(one: CrossValidation) -> Table:
    """The scores of a cross-validation on the terminal; recalls of classes are in the files."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    level = one.verdict["interval"]["level"]
    heads = ("mean ± sd of folds", "pooled", f"{level:.0%} interval", "chance", "p")
    made.add_column("score", overflow="fold")
    for head in heads:
        made.add_column(head, justify="right", no_wrap=True)
    for it in one.lines:
        if not it.metric.startswith(RECALL):
            name = f"{it.head}: {label(it.metric)}" if it.head else label(it.metric)
            made.add_row(literal(name, 80), spread(it), *_whole(it))
    return made


def _whole(it: Line) -> tuple[str, str, str, str]:
    """The pooled value with its interval, chance and p."""
    whole = it.pooled
    chance = tables.probability(whole["p"]).removeprefix("p = ").removeprefix("p ")
    ends = tables.interval(whole) or "–"
    return tables.number(whole["value"]), ends, tables.number(whole["chance"]), chance or "–"
