"""Explaining from Python: the door's own pieces, with nothing written."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tremor.config.build import Plain, build
from tremor.config.overrides import key_of
from tremor.config.roots import ExplainRoot
from tremor.doors.cases import cases_of, known_of, question_of, subject_of
from tremor.doors.checking import CONFIGS, checked, composed
from tremor.doors.chosen import as_answers, refuse_no_classes
from tremor.doors.explaining import Cases, pace, within
from tremor.doors.misspelt import spelt
from tremor.doors.opened import OpenedRun
from tremor.errors import Refused
from tremor.explain.arrange import cells
from tremor.explain.explanations import Explanations
from tremor.explain.methods import Method
from tremor.explain.notebook import filled, method_of


def explained_here(
    run: OpenedRun, said: pd.DataFrame, explainer: Any, overrides: list[str], target: int | str
) -> Explanations:
    """Explanations of the records that `said` has predictions of, in its order.

    `explainer` is a choice of the tree, or an estimator or method; the tree then gives the space.
    """
    refuse_no_classes(run)
    chosen = [f"explainer={explainer}"] if isinstance(explainer, str) else []
    wanted = _asked([*chosen, *overrides], run, target)
    question = question_of(run, wanted.target)
    subject = subject_of(run, wanted.explainer["subject"])
    table = known_of(as_answers(said, question), run.data.records.table)
    cases = cases_of(run, subject, question, table, wanted.seed)
    method = build(wanted.explainer["method"]) if chosen else _given(explainer, cases)
    budget = method.budget
    if budget is not None:
        budget = budget.planned(lambda: pace(method, cases), len(cases))
    make = within(method, budget)
    found = [make(cases.case(place)) for place in range(len(cases))]
    meta = _meta(explainer, wanted, question.text) | {
        "checkpoint": str(run.checkpoint),
        "data": run.data.records.fingerprint,
        "sampling_rate": run.data.records.sampling_rate,
    }
    inputs, rows = cases.inputs.cpu().numpy(), table.drop(columns="row")
    return Explanations.gather(found, inputs, rows, question.classes, meta)


def _asked(overrides: list[str], run: OpenedRun, target: int | str) -> ExplainRoot:
    """The explaining door's own keys, checked; those that choose records mean nothing here."""
    strange = [
        text for text in overrides if key_of(text).split(".")[0] not in ("explainer", "seed")
    ]
    if strange:
        remedy = "explainer.<key>=… or seed=…; load(run, …) takes keys of the run"
        raise Refused(f"{strange[0]} is no setting of an explainer", "overrides", remedy)
    config = composed("explain", spelt(overrides, CONFIGS / "explain.yaml"))
    config.checkpoint, config.target = str(run.checkpoint), target
    return ExplainRoot(**checked(config, ExplainRoot)[0])


def _given(explainer: Any, cases: Cases) -> Method:
    """An estimator with each cell a player and the mean of training records as the fill."""
    return method_of(explainer, filled(None, cases.references), cells)


def _meta(explainer: Any, wanted: ExplainRoot, target: str) -> Plain:
    """How these explanations were made."""
    named = isinstance(explainer, str)
    return {
        "explainer": explainer if named else type(explainer).__name__,
        "space": wanted.explainer["space"],
        "fill": wanted.explainer.get("fill") if named else "mean",
        "players": wanted.explainer.get("players") if named else "cells",
        "budget": wanted.explainer.get("budget") if named else None,
        "target": target,
        "seed": wanted.seed,
    }
