"""Contradictions between groups: each rule sees the resolved tree and says what disagrees."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tremor.config import rules_split, rules_task, rules_training
from tremor.config.build import Plain
from tremor.config.check import Problem
from tremor.config.resolve import MISSING, select

RANGES = {
    "train.label_smoothing": (0.0, 1.0),
    "train.l2_to_pretrained": (0.0, math.inf),
    "train.unfrozen_lr_mult": (0.0, math.inf),
    "train.unfreeze_at_epoch": (0.0, math.inf),
    "scheduler.warmup_fraction": (0.0, 1.0),
    "optimizer.lr": (0.0, math.inf),
}
"""Numbers that mean nothing below the first or from the second on."""
SHARED = (
    ("dataset.num_classes", "decoder.num_classes"),
    ("dataset.batch_size", "loader.batch_size"),
)


def contradictions(tree: Plain) -> list[Problem]:
    """Every contradiction of a tree; values of a wrong type are not looked at."""
    rules = (
        _named,
        _ranges,
        _shared_keys,
        rules_task.task_and_rest,
        rules_task.heads_judged,
        rules_task.as_many_classes,
        rules_training.frozen,
        rules_training.pulled,
        rules_split.shares,
        rules_split.folds,
        rules_split.purged,
        rules_training.shared_twice,
        rules_training.no_bar,
    )
    return [problem for rule in rules for problem in rule(tree)]


def _named(tree: Plain) -> Iterator[Problem]:
    """Runs need a folder, and a name within it."""
    for key in ("output_dir", "cache_dir", "experiment_name"):
        value = select(tree, key)
        if isinstance(value, str) and not value.strip():
            yield Problem(key, "is empty", f"{key}=<a name>, or leave it out")
    name = select(tree, "experiment_name")
    if isinstance(name, str) and (name.startswith(("/", "~")) or ".." in name.split("/")):
        fault = f"is {name}, which lies outside of output_dir"
        yield Problem("experiment_name", fault, "output_dir=<folder> experiment_name=<a name>")


def _ranges(tree: Plain) -> Iterator[Problem]:
    """Numbers outside of what they can mean."""
    for key, (low, high) in RANGES.items():
        value = select(tree, key)
        if isinstance(value, int | float) and not low <= value < high:
            upper = "" if high == math.inf else f" and below {high:g}"
            yield Problem(key, f"is {value}; it must be at least {low:g}{upper}")


def _shared_keys(tree: Plain) -> Iterator[Problem]:
    """One fact that two groups need is set once, or set equally."""
    for first, second in SHARED:
        a, b = select(tree, first), select(tree, second)
        if None not in (a, b) and MISSING not in (a, b) and a != b:
            yield Problem(second, f"is {b}, but {first} is {a}", f"{first}={b}  (it sets both)")
