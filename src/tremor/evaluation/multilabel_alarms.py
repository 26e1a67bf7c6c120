"""The leak alarms of several classes a record: what can be had without looking at the signal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from tremor.evaluation import baselines
from tremor.evaluation.metrics import Floats, Index, mean_known
from tremor.evaluation.multilabel_scores import Scores
from tremor.evaluation.multilabel_weighed import areas_of, mean_of
from tremor.evaluation.scoring import Plain, plain

NUMBERS = ("age", "source_rate", "duration_s")
"""Columns of a table that are of the record, not of the signal, and are numbers."""
SEXES = {"female": 0.0, "male": 1.0}
COLLECTION = r"(?:^|/)([A-Za-z]+)\d[^/]*$"
"""The letters that begin a record's name: where records of many hospitals are collected, they tell
which one it is from."""
AREAS = ("auroc", "auprc")
FOLDS = 5
"""Parts that judged groups are dealt to, where there is nothing else to learn from."""
Model = Callable[[int], Any]
"""What is to be fitted to so many records."""


def alarms(scores: Scores, train: pd.DataFrame, rows: pd.DataFrame) -> Plain:
    """Each baseline's scores, and how far the model is above it; in order of what they see.

    `rows` are the judged records in the order of the answers, with their labels, as `train`.
    """
    found: Plain = {"constant": _constant(scores)}
    levels = baselines.rendered(rows)
    if isinstance(levels, str):
        found["level"] = {"unavailable": levels}
    else:
        said = chances(lambda _: baselines.quadratic(), levels, train, rows, scores.answers.classes)
        found["level"] = alarm(scores, said, baselines.level_sees(rows))
    tried = [
        alarm(scores, said, _sees(columns)) | {"columns": list(columns)}
        for columns, said in _by_metadata(train, rows, scores.answers.classes)
    ]
    best = max(tried, key=lambda it: it["macro_auroc"]["value"] or 0.0, default=None)
    if best is None:
        found["metadata"] = {"unavailable": "the source tells nothing that differs by record"}
    else:
        singles = [it for it in tried if len(it["columns"]) == 1]
        each = {it["columns"][0]: it["macro_auroc"]["value"] for it in singles}
        found["metadata"] = best | {"each_column": each}
    return found


def crossed(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What to learn from where no record trained: for each fifth of the groups, all the others.

    The tables of `alarms`, from the judged records `rows` alone. Groups are dealt in order of
    their first label, so that every fifth has as many of each as there can be.
    """
    first = rows.groupby("group")["label"].first().sort_values(kind="stable")
    fold = rows["group"].map(pd.Series(np.arange(len(first)) % FOLDS, first.index))
    others = [rows[fold != one].assign(**{baselines.FOLD: one}) for one in fold.unique()]
    return pd.concat(others, ignore_index=True), rows.assign(**{baselines.FOLD: fold})


def alarm(scores: Scores, said: Floats, sees: str) -> Plain:
    """Areas of a baseline's `said (record, class)`, and the model's lead in AUROC, by class too."""
    answers = replace(scores.answers, chances=said)
    own, its = scores.areas, areas_of(answers, scores.shared.counts)
    known = scores.evidence
    found: Plain = {}
    for name in AREAS:
        whole, drawn = mean_of(its[name])
        found[f"macro_{name}"] = scores.shared.known(float(whole), drawn, known)
    lead = [ours - theirs for ours, theirs in zip(own["auroc"], its["auroc"], strict=True)]
    found["lead"] = scores.shared.known(float(mean_known(lead[0])), mean_known(lead[1]), known)
    each = {}
    for k in scores.judged:
        scorer = scores.of_class[k]
        ahead = scorer.known(float(lead[0][k]), lead[1][:, k], scorer.averages)
        each[answers.classes[k]] = {"auroc": plain(float(its["auroc"][0][k])), "lead": ahead}
    return found | {"sees": sees, "per_class": each}


def _sees(columns: Sequence[str]) -> str:
    explained = "; collection: the letters that a record's name begins with"
    return f"metadata alone{explained * ('collection' in columns)}"


def _constant(scores: Scores) -> Plain:
    """One answer for all records: no AUROC above 0.5; and the F1 of calling every class."""
    found = alarm(scores, np.full(scores.answers.chances.shape, 0.5), "nothing")
    every = scores.prevalence[scores.judged]
    always = mean_known(2 * every / (1 + every))
    f1 = {"value": plain(float(always)), "lo": None, "hi": None}
    return found | {"macro_f1": f1}


def _by_metadata(
    train: pd.DataFrame, rows: pd.DataFrame, classes: Sequence[str]
) -> Iterator[tuple[list[str], Floats]]:
    """From each column of metadata by itself, then from all of them at once."""
    ours, judged = known_metadata(train), known_metadata(rows)
    varied = [str(c) for c in ours if c in judged and ours[c].nunique(dropna=False) > 1]
    kept = [c for c in train if str(c).startswith("label_") or c == baselines.FOLD]
    taught = pd.concat([ours, train[kept]], axis=1)
    asked = pd.concat([judged, rows.filter([baselines.FOLD])], axis=1)
    for columns in [*([c] for c in varied), *[varied] * (len(varied) > 1)]:
        yield columns, chances(baselines.boosted, columns, taught, asked, classes)


def known_metadata(table: pd.DataFrame) -> pd.DataFrame:
    """What a table tells of records beside the signal, as numbers.

    Age, sex, sampling rate and length as stored, the hospital or else the collection, and what the
    alarms of other systems look at: station, time, magnitude.
    """
    found = {name: table[name].astype(float) for name in NUMBERS if name in table}
    if "sex" in table:
        found["sex"] = table["sex"].map(SEXES)
    if "hospital" in table:
        found["hospital"] = table["hospital"].astype(str).map(baselines.code_of)
    else:
        begins = table["record_id"].str.extract(COLLECTION, expand=False).fillna("")
        found["collection"] = begins.map(baselines.code_of)
    return pd.concat([pd.DataFrame(found, table.index), baselines.known_metadata(table)], axis=1)


def chances(
    model: Model,
    columns: Sequence[str],
    train: pd.DataFrame,
    rows: pd.DataFrame,
    classes: Sequence[str],
) -> Floats:
    """How likely a model finds each class `(record, class)`, from some columns alone.

    It learns from the records whose answer is known, fold by fold where there are folds. Where all
    of them have the class, or none, it is not told apart: constants that differ by fold would be.
    """
    said = np.empty((len(rows), len(classes)))
    untold = set()
    for inside, ours in baselines.folds(train, rows):
        for k, name in enumerate(classes):
            known = ours[ours[f"label_{name}"] >= 0]
            y: Index = known[f"label_{name}"].to_numpy(np.int64)
            if len(np.unique(y)) < 2:
                untold.add(k)
                continue
            fitted = model(len(known)).fit(known[list(columns)].to_numpy(np.float64), y)
            judged = rows.loc[inside, list(columns)].to_numpy(np.float64)
            said[inside, k] = fitted.predict_proba(judged)[:, 1]
    said[:, [*untold]] = 0.5
    return said
