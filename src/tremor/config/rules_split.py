"""Contradictions in how a dataset is split: shares, folds and times."""

from __future__ import annotations

from collections.abc import Iterator

from tremor.config.build import Plain
from tremor.config.check import Problem
from tremor.config.resolve import select

FOLDED = ("kfold", "leave_event_out", "leave_station_out")
"""Splits of which one fold tests."""
TIMED = (
    *("temporal", "temporal_published", "time_forward"),
    *("leave_event_out", "leave_station_out"),
)
"""Splits that look at the time."""


def purged(tree: Plain) -> Iterator[Problem]:
    """A purge between the parts of a split is a matter of time."""
    hours, method = (select(tree, f"dataset.{k}") for k in ("purge_hours", "event_split_method"))
    if isinstance(hours, int | float) and hours and method not in TIMED:
        fault = f"is set, but event_split_method={method} does not look at the time"
        yield Problem("dataset.purge_hours", fault, "dataset.purge_hours=0.0")


def shares(tree: Plain) -> Iterator[Problem]:
    """The shares of a split lie between 0 and 1 and leave something to train on."""
    names = ("dataset.train_frac", "dataset.val_ratio", "dataset.test_ratio")
    train, val, test = (select(tree, name) for name in names)
    for name, share in zip(names, (train, val, test), strict=True):
        if isinstance(share, int | float) and not 0 < share < 1:
            yield Problem(name, f"is a share between 0 and 1, got {share}", f"{name}=0.2")
    if not isinstance(val, float) or not isinstance(test, float):
        return
    test = 0.0 if select(tree, "dataset.event_split_method") in FOLDED else test  # a fold tests
    if val + test >= 1:
        yield Problem(names[2], f"with {names[1]}={val} nothing is left to train on")
    elif isinstance(train, float) and train > round(1 - val - test, 9):
        fault = f"{train} is above the training share {1 - val - test:.3g} of this split"
        yield Problem(names[0], fault, f"{names[0]}={1 - val - test:.3g}")


def folds(tree: Plain) -> Iterator[Problem]:
    """`dataset.fold` and a split that has folds come together."""
    method, fold = select(tree, "dataset.event_split_method"), select(tree, "dataset.fold")
    folds = select(tree, "dataset.n_folds")
    if not isinstance(folds, int) or not isinstance(fold, int | None):
        return
    if fold is not None and method not in FOLDED:
        fault = f"is set, but event_split_method={method} has no folds"
        remedy = "dataset.fold=null, or dataset.event_split_method=kfold"
        yield Problem("dataset.fold", fault, remedy)
    if method in FOLDED and folds < 2:
        fault = f"is {folds}: one part tests, and another is left to train"
        yield Problem("dataset.n_folds", fault, "dataset.n_folds=10")
    elif method in FOLDED and fold is None:
        yield Problem("dataset.fold", f"must be given: 0 to {folds - 1}", "dataset.fold=0")
    elif fold is not None and not 0 <= fold < folds:
        yield Problem("dataset.fold", f"is {fold}; there are folds 0 to {folds - 1}")
