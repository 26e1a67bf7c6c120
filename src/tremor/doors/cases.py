"""From chosen records to cases: what is asked of the run's network, and in which space."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tremor.config.build import Plain, build
from tremor.doors.explaining import Cases
from tremor.doors.opened import OpenedRun
from tremor.doors.subject import Subject
from tremor.explain.questions import Question, ask, ask_of_one
from tremor.training.assemble import device_of

KNOWN = (
    *("station", "magnitude", "distance_km", "depth_km", "snr_db", "p_time_s", "start_time"),
    *("event_time", "event_magnitude", "azimuth_deg", "kp", "age", "sex"),
)
"""Columns of the records' table that an explanation keeps, where the source knows them."""


def question_of(run: OpenedRun, target: int | str | bool) -> Question:
    """What is asked of the run's network."""
    labelled = run.data.labelled
    if labelled.multi:
        return ask_of_one(target, labelled.classes)
    decide = getattr(run.task.network.decoder, "decide", None)
    return ask(target, labelled.classes, labelled.heads, decide)


def subject_of(run: OpenedRun, node: Plain) -> Subject:
    """The run's records in the space that a config node names."""
    device = device_of(run.config["trainer"]["accelerator"])
    subject: Subject = build(node, task=run.task, data=run.data, device=device)
    return subject


def known_of(rows: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """What is known of each chosen record, with its `row` in the table of all.

    `rows` tell record_id, group, label and predicted class.
    """
    there = [name for name in KNOWN if name in known]
    facts = known[["record_id", *there]].assign(row=np.arange(len(known)))
    said = rows[["record_id", "group", "label", "predicted"]]
    return said.merge(facts, on="record_id", how="left", validate="one_to_one")


def cases_of(
    run: OpenedRun, subject: Subject, question: Question, table: pd.DataFrame, seed: int
) -> Cases:
    """The records of a table as `known_of` gives it, taken from the run's data to its device."""
    subject.settle()
    inputs, steps = subject.inputs(table["row"].to_numpy(np.int64))
    return Cases(
        subject=subject,
        target=question.target,
        seed=seed,
        batch=run.config["loader"]["batch_size"],
        names=tuple(table["record_id"]),
        labels=tuple(table["label"]),
        inputs=inputs,
        steps=tuple(steps),
        references=subject.references(seed),
        asked=question.head if run.data.labelled.multi else "",
    )
