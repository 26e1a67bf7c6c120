"""Contradictions between a task and the decoder, judge and dataset around it."""

from __future__ import annotations

from collections.abc import Iterator

from tremor.config.build import Plain
from tremor.config.check import Problem
from tremor.config.resolve import MISSING, select

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


def task_and_rest(tree: Plain) -> Iterator[Problem]:
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


def as_many_classes(tree: Plain) -> Iterator[Problem]:
    """Classes that are given by their codes are as many as the network is to tell."""
    classes, count = (select(tree, f"dataset.{key}") for key in ("classes", "num_classes"))
    if isinstance(classes, dict) and isinstance(count, int) and count != len(classes):
        fault = f"is {count}; dataset.classes names {len(classes)} ({', '.join(map(str, classes))})"
        yield Problem("dataset.num_classes", fault, f"dataset.num_classes={len(classes)}")


def heads_judged(tree: Plain) -> Iterator[Problem]:
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
