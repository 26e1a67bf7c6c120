"""Contradictions between groups: each rule sees the resolved tree and says what disagrees."""

from __future__ import annotations

import math
from collections.abc import Iterator

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
DECODERS = {
    "classes": "sequence_classifier",
    "labels": "pooled",
    "heads": "multitask",
    "none": "per_step (or reconstruct)",
}
FITTING = {"labels": "classes"}
"""What a decoder tells where it is not what the task does: one logit a class serves both."""
JUDGES = {
    "judge": "classes",
    "multilabel": "labels",
    "multitask": "heads",
    "pretraining": "none",
}
CHOICES = {
    "classes": "default",
    "labels": "multilabel",
    "heads": "multitask",
    "none": "pretraining",
}
FOLDED = ("kfold", "leave_event_out", "leave_station_out")
"""Splits of which one fold tests."""
TIMED = (
    *("temporal", "temporal_published", "time_forward"),
    *("leave_event_out", "leave_station_out"),
)
"""Splits that look at the time."""
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
        _task_and_rest,
        _heads_judged,
        _as_many_classes,
        _frozen,
        _pulled,
        _shares,
        _folds,
        _purged,
        _shared_twice,
        _no_bar,
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


def _task_and_rest(tree: Plain) -> Iterator[Problem]:
    """Task, decoder and judge are all of one label, of several (or heads), or of none."""
    if not all(group in tree for group in ("task", "decoder", "evaluation")):
        return
    asks = told(tree["task"])
    name = str(select(tree, "task._target_")).rpartition(".")[2]
    if told(tree["decoder"]) != FITTING.get(asks, asks):
        yield Problem("decoder", f"does not fit the task {name}", f"decoder={DECODERS[asks]}")
    judge = str(select(tree, "evaluation._target_")).removeprefix("tremor.evaluation.")
    if JUDGES.get(judge.partition(".")[0], asks) != asks:
        yield Problem("evaluation", f"does not fit the task {name}", f"evaluation={CHOICES[asks]}")
    asked = select(tree, "dataset.heads") not in (None, MISSING)
    if asked != (asks == "heads") and asks != "none":
        choice = "task=multitask decoder=multitask evaluation=multitask" if asked else "another"
        fault = "asks several heads" if asked else "asks one question only (no dataset.heads)"
        yield Problem("dataset", f"{fault}, which the task {name} does not fit", choice)
    elif asks != "none" and isinstance(select(tree, "dataset.classes"), dict) != (asks == "labels"):
        yield _several(asks, name)


def _several(asks: str, name: str) -> Problem:
    """Records of several classes at once need the task for them, and it needs such records."""
    if asks == "labels":
        fault = "gives each record one class (no codes in dataset.classes)"
        choice = "a dataset of codes, or task=classification evaluation=default"
    else:
        fault = "gives a record several classes at once (dataset.classes)"
        choice = "task=multilabel evaluation=multilabel"
    return Problem("dataset", f"{fault}, which the task {name} does not fit", choice)


def _as_many_classes(tree: Plain) -> Iterator[Problem]:
    """Classes that are given by their codes are as many as the network is to tell."""
    classes, count = (select(tree, f"dataset.{key}") for key in ("classes", "num_classes"))
    if isinstance(classes, dict) and isinstance(count, int) and count != len(classes):
        fault = f"is {count}; dataset.classes names {len(classes)} ({', '.join(map(str, classes))})"
        yield Problem("dataset.num_classes", fault, f"dataset.num_classes={len(classes)}")


def _heads_judged(tree: Plain) -> Iterator[Problem]:
    """A judge of several heads that knows one of them by name needs the dataset to ask it."""
    heads = select(tree, "dataset.heads")
    if not isinstance(heads, dict):
        return
    for role in ("ordinal", "circular"):
        name = select(tree, f"evaluation.{role}")
        if isinstance(name, str) and name != MISSING and name not in heads:
            fault = f"is {name}; the heads are {', '.join(heads)}"
            yield Problem(f"evaluation.{role}", fault, f"evaluation.{role}=null")


def told(node: Plain | None) -> str:
    """What a task or decoder tells of a record: one of several `classes`, `heads`, or `none`.

    A task that tells of each class by itself whether the record has it tells `labels`.
    """
    keys = {"heads": "heads", "classes": "labels", "num_classes": "classes"}
    return next((what for key, what in keys.items() if key in (node or {})), "none")


def _frozen(tree: Plain) -> Iterator[Problem]:
    """Freezing random weights trains nothing; thawing needs something frozen."""
    parts = ("encoder", "model")
    for part in parts:
        if select(tree, f"{part}.freeze") and not select(tree, f"{part}.pretrained"):
            fault = "would freeze random weights: no pretrained weights are given"
            yield Problem(f"{part}.freeze", fault, f"{part}.pretrained=<run folder or file>")
    thaw = select(tree, "train.unfreeze_at_epoch")
    if thaw is not None and not any(select(tree, f"{p}.freeze") for p in parts):
        fault = "thaws nothing: neither encoder.freeze nor model.freeze is true"
        yield Problem("train.unfreeze_at_epoch", fault, "model.freeze=true")
    slower = select(tree, "train.unfrozen_lr_mult")
    if thaw is None and slower not in (None, 1):
        fault = "is set, but nothing thaws"
        yield Problem("train.unfrozen_lr_mult", fault, "train.unfreeze_at_epoch=5")
    epochs = select(tree, "trainer.max_epochs")
    if isinstance(thaw, int) and isinstance(epochs, int) and 0 <= epochs <= thaw:
        fault = f"thaws nothing: the run ends after {epochs} epochs (trainer.max_epochs)"
        yield Problem("train.unfreeze_at_epoch", fault, f"trainer.max_epochs={thaw + 1}")


def _pulled(tree: Plain) -> Iterator[Problem]:
    """A pull toward pretrained weights needs some, and some of them that learn."""
    key, pull = "train.l2_to_pretrained", select(tree, "train.l2_to_pretrained")
    if not isinstance(pull, int | float) or pull <= 0:
        return
    taken = [part for part in ("encoder", "model") if select(tree, f"{part}.pretrained")]
    stays = select(tree, "train.unfreeze_at_epoch") is None
    if not taken:
        fault = "pulls toward pretrained weights: none are given"
        yield Problem(key, fault, "model.pretrained=<run folder or file>")
    elif stays and all(select(tree, f"{part}.freeze") for part in taken):
        fault = "pulls nothing: what is pretrained is frozen, and does not thaw"
        yield Problem(key, fault, f"{key}=0.0")


def _purged(tree: Plain) -> Iterator[Problem]:
    """A purge between the parts of a split is a matter of time."""
    hours, method = (select(tree, f"dataset.{k}") for k in ("purge_hours", "event_split_method"))
    if isinstance(hours, int | float) and hours and method not in TIMED:
        fault = f"is set, but event_split_method={method} does not look at the time"
        yield Problem("dataset.purge_hours", fault, "dataset.purge_hours=0.0")


def _no_bar(tree: Plain) -> Iterator[Problem]:
    """The progress bar is a callback of ours: it is switched off there."""
    if select(tree, "trainer.enable_progress_bar") is False and select(tree, "callbacks.progress"):
        fault = "is false, but callbacks.progress draws a bar"
        yield Problem("trainer.enable_progress_bar", fault, "callbacks.progress=null")


def _shared_twice(tree: Plain) -> Iterator[Problem]:
    """Tremor shares records among processes itself; Lightning doing it again would lose some."""
    if select(tree, "trainer.use_distributed_sampler") is True:
        fault = "would share the training records among processes a second time"
        key = "trainer.use_distributed_sampler"
        yield Problem(key, fault, f"{key}=false")


def _shares(tree: Plain) -> Iterator[Problem]:
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


def _folds(tree: Plain) -> Iterator[Problem]:
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
