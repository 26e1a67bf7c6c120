"""Which records are explained: those of a part that a network, or several, get right or wrong."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.config.check import Problem, refuse
from tremor.config.roots import ExplainRoot
from tremor.config.rules_task import told
from tremor.doors.answers import predictions
from tremor.doors.echo import say
from tremor.doors.opened import OpenedRun
from tremor.doors.sharing import ALL, Share
from tremor.errors import Refused
from tremor.explain.questions import Question
from tremor.tasks.base import Task
from tremor.training import checkpoints
from tremor.training.assemble import Facts, restore

SELECTIONS = ("all", "correct", "wrong", "common_correct")


def refuse_selection(wanted: ExplainRoot) -> None:
    """Other runs and `select=common_correct` come together; records are counted from one."""
    problems = []
    if (wanted.select == "common_correct") != bool(wanted.models):
        fault = "go with select=common_correct, and it with them"
        problems.append(Problem("models", fault, "models=[outputs/<run>,…] select=common_correct"))
    if wanted.max_per_class is not None and wanted.max_per_class < 1:
        fault = f"is {wanted.max_per_class}, must be at least 1"
        problems.append(Problem("max_per_class", fault, "max_per_class=50"))
    refuse(problems)


def chosen(
    run: OpenedRun, wanted: ExplainRoot, question: Question, share: Share = ALL
) -> pd.DataFrame:
    """Rows of the records to explain, in the table's order: record, group, label, predicted, p.

    Label and prediction are those of the head that is asked, or of the class where a record may
    have several (0 without it, 1 with it); records whose answer nobody knows are left out.
    """
    said = _said(run.task, run, wanted.split, question, share)
    keep = np.ones(len(said), bool)
    right = (said["predicted"] == said["label"]).to_numpy(copy=True)
    if wanted.select == "wrong":
        keep = ~right
    elif wanted.select != "all":
        keep = right
    for other in wanted.models:
        theirs = _said(_other(other, run), run, wanted.split, question, share)
        keep &= (theirs["predicted"] == theirs["label"]).to_numpy()
    if wanted.records:
        keep &= _named(said, wanted)
    kept = said[keep]
    if kept.empty:
        fault = f"no record of {wanted.split} is left by select={wanted.select}"
        raise Refused(fault, "select", "select=all, or another split")
    most = None if wanted.records else wanted.max_per_class
    drawn = _drawn(kept, most, wanted.seed)
    unit = run.config["evaluation"].get("unit", "event")
    _tell(len(said), len(kept), drawn, question.classes, unit)
    return drawn


def _named(said: pd.DataFrame, wanted: ExplainRoot) -> NDArray[np.bool_]:
    """Which rows are of the records that are asked for by name; all of these must be there."""
    names = said["record_id"].astype(str)
    if strange := [name for name in wanted.records if name not in set(names)]:
        fault = f"{wanted.split} has no {', '.join(map(repr, strange[:5]))}"
        known = ", ".join(map(repr, names.head(3)))
        raise Refused(fault, "records", f"another split, or record ids such as {known}")
    return names.isin(wanted.records).to_numpy()


def refuse_no_classes(run: OpenedRun) -> None:
    """Only decisions are explained."""
    if told(run.config["task"]) == "none":
        fault = "its network knows no classes: there is no decision to explain"
        raise Refused(fault, str(run.checkpoint), "the run of a classification task")


def _said(task: Task, run: OpenedRun, split: str, question: Question, share: Share) -> pd.DataFrame:
    """Predictions of all records of a part, as answers to the question."""
    refuse_no_classes(run)
    said = as_answers(predictions(task, run.data, split, run.config, share), question)
    return said[said["label"] >= 0].reset_index(drop=True) if question.head else said


def as_answers(said: pd.DataFrame, question: Question) -> pd.DataFrame:
    """Predictions whose `label` and `predicted` are those of the head that is asked."""
    if not question.head:
        return said
    return said.assign(**{name: said[f"{name}_{question.head}"] for name in ("label", "predicted")})


def _other(place: str, run: OpenedRun) -> Task:
    """Another run's task, for the same records."""
    content = checkpoints.load(checkpoints.find(place))
    card = content["tremor"]
    theirs, ours = Facts.read(card["facts"]), run.data.facts
    if theirs != ours:
        fault = f"it was trained on other records, {asdict(theirs)}: {asdict(ours)}"
        raise Refused(fault, place, "runs with the same channels, length, rate and classes")
    return restore(card["config"], content)


def _drawn(kept: pd.DataFrame, most: int | None, seed: int) -> pd.DataFrame:
    """At most so many of each class, the same whatever else is asked for."""
    if most is None:
        return kept
    order = pd.Series(np.random.default_rng(seed).permutation(len(kept)), kept.index)
    place = order.groupby(kept["label"]).rank()
    return kept[place <= most]


def _tell(all_of: int, kept: int, drawn: pd.DataFrame, classes: tuple[str, ...], unit: str) -> None:
    counts = drawn["label"].value_counts().sort_index()
    each = ", ".join(f"{classes[int(str(label))]} {count}" for label, count in counts.items())
    groups = drawn["group"].nunique()
    say(
        f"explain  {len(drawn)} records of {groups} {unit}s ({each}), "
        f"of {kept} that fit and {all_of} in all"
    )
