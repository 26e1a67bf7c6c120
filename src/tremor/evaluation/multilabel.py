"""The verdict on several classes that a record may have at once: each by itself, and all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tremor.errors import Refused
from tremor.evaluation.calibration import calibration
from tremor.evaluation.confounders import confounders
from tremor.evaluation.featured import Seen
from tremor.evaluation.fitted import Fitted
from tremor.evaluation.judge import covering
from tremor.evaluation.measured import Asked
from tremor.evaluation.metrics import Floats
from tremor.evaluation.mistakes import of_classes
from tremor.evaluation.multilabel_alarms import alarms, crossed
from tremor.evaluation.multilabel_answers import Answers
from tremor.evaluation.multilabel_challenge import read_weights
from tremor.evaluation.multilabel_fitted import FittedClasses, yes
from tremor.evaluation.multilabel_metrics import curve
from tremor.evaluation.multilabel_scores import OfClass, Scores
from tremor.evaluation.multilabel_sentences import sentences
from tremor.evaluation.multilabel_slices import slices
from tremor.evaluation.predictions import rows_of
from tremor.evaluation.proper import BINS
from tremor.evaluation.scoring import Plain

NULL = "permutations of the labels, as whole rows, between {}s"
SCHEME = (
    "probability of the class, in at most {} bins of equal counts; interval of the ECE centred on "
    "it, for draws add error of their own; its chance and p: {:,} simulations of records that have "
    "the class as often as the probabilities say; chance of the Brier score: the class's share as "
    "probability; gap: mean probability minus the class's share"
)


def judge(
    predictions: pd.DataFrame,
    *,
    classes: Sequence[str],
    table: pd.DataFrame | None = None,
    train_table: pd.DataFrame | None = None,
    validation: pd.DataFrame | None = None,
    split: str = "test",
    ordered: bool = False,
    features: Floats | None = None,
    codes: dict[str, list[int | str]] | None = None,
    challenge_weights: str | None = None,
    unit: str = "patient",
    draws: int = 2000,
    permutations: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    coverage: float = 0.9,
) -> Plain:
    """Judge which of several classes each record was said to have, of records in groups.

    `predictions` have `label_<class>` (1, 0, or -1: not known, left out of that class),
    `predicted_<class>` and `p_<class>`; the tables `label_<class>` and what is known of records.
    `validation` are predictions of other records: of those that have a class, a share `coverage`
    is to have it in its prediction set. `challenge_weights` is a CSV of the Challenge's weights,
    whose rows are found by `codes`, those of each class. `unit` says what a group is. `features
    (record, feature)` are what the network answers from. `ordered` says nothing here.

    The verdict: `split, records, groups, unit, classes, none, interval, null`; `metrics`:
    `macro_auroc` (the verdict's own), `macro_auprc, macro_f1, micro_f1, exact_match` and, where
    asked, `challenge`, each `{value, lo, hi, chance, p}`; `per_class`, as `_of_class` has it;
    `called`: records that have a class (row, the last one none) by class that they are said to
    have; `baselines`, `slices` and `reasons` (`confounders` of each class), where there are tables
    (`crossed`, where none trained: learned from the other groups of these records); `verdict`: the
    sentences, worries first.
    """
    answers = Answers.of(predictions, classes)
    if not (answers.labels >= 0).any():
        raise Refused("no record of this part has a known label", split, "another part or dataset")
    challenge = read_weights(challenge_weights, classes, codes) if challenge_weights else None
    asked = Asked(draws, permutations, level, seed, "lac_class", covering(coverage))
    scores = Scores(answers, asked, challenge)
    rows = rows_of(table, predictions)
    verdict: Plain = {"split": split, "unit": unit}
    verdict |= _judged(scores, predictions, validation, rows)
    if validation is not None and len(validation):
        verdict |= Fitted.alike(table, predictions, validation)
    verdict |= Seen(predictions, validation, rows, features).told(scores.shared, permutations)
    if rows is not None:
        verdict |= _with_tables(scores, rows, train_table)
    verdict["interval"] = scores.said()
    null = {"permutations": permutations, "seed": seed, "unit": "group"}
    verdict["null"] = null | {"method": NULL.format(unit)}
    return verdict | {"verdict": sentences(verdict)}


def _judged(
    scores: Scores,
    predictions: pd.DataFrame,
    validation: pd.DataFrame | None,
    rows: pd.DataFrame | None,
) -> Plain:
    """All that needs no more than predictions; `rows` tells of their mistakes."""
    answers = scores.answers
    classes = answers.classes
    fitted = None
    if validation is not None and len(validation):
        fitted = FittedClasses(scores, Answers.of(validation, classes))
    found: Plain = {
        "records": len(answers.labels),
        "groups": answers.groups,
        "classes": list(classes),
        "none": int((answers.labels == 0).all(1).sum()),
        "metrics": scores.overall(),
        "per_class": {c: _of_class(scores, k, fitted) for k, c in enumerate(classes)},
        "called": _called(answers),
        "mistakes": of_classes(predictions, classes, rows),
        "scheme": SCHEME.format(BINS, scores.asked.permutations),
        "baselines": {},
    }
    if fitted is not None:
        found["sets"] = fitted.sets()
    if not scores.shared.enough:
        found["group_list"] = _group_list(answers)
    return found


def _with_tables(scores: Scores, rows: pd.DataFrame, train: pd.DataFrame | None) -> Plain:
    """What needs more than predictions; `rows` are the judged records in their order."""
    found: Plain = {"slices": its} if (its := slices(scores, rows)) else {}
    found["reasons"] = dict(_reasons(scores, rows))
    if "shuffled" in rows and bool(rows["shuffled"].any()):
        found["control"] = "shuffled labels"
    if train is None:
        found["crossed"] = True
        train, rows = crossed(rows)
    return found | {"baselines": alarms(scores, train, rows)}


def _reasons(scores: Scores, rows: pd.DataFrame) -> Iterator[tuple[str, Plain]]:
    """Of each class that has enough groups with and without it: what else could tell it."""
    for label in scores.judged:
        known = scores.answers.labels[:, label] >= 0
        name = scores.answers.classes[label]
        own = rows[known].reset_index(drop=True)
        if its := confounders(scores.of_class[label], own, ("without", name)):
            yield name, its


def _of_class(scores: Scores, label: int, fitted: FittedClasses | None) -> Plain:
    """One class: its scores, curves and calibration, and how many records and groups have it.

    `fewest`: the groups that have it, or those that have it not, whichever are fewer. `curve` and
    `calibration` are there where some records have the class and others have it not.
    """
    scorer = scores.of_class[label]
    counts = np.bincount(scorer.judged.labels, minlength=2)
    row: Plain = {
        "records": int(counts[1]),
        "known": int(counts.sum()),
        "groups": int(scorer.sizes[1]),
        "fewest": int(scorer.sizes.min()),
    }
    row |= dict(scores.single(label))
    if label in scores.judged:
        row["curve"] = curve(scorer.judged.labels == 1, scorer.judged.chances[:, 1])
        row["calibration"] = _calibration(scores, label, fitted)
    return row


def _calibration(scores: Scores, label: int, fitted: FittedClasses | None) -> dict[str, Any]:
    """Whether the probability of one class means what it says, whatever its threshold is."""
    judged, groups = scores.answers.of_class(label)
    scorer = OfClass(yes(judged), groups, scores.shared)
    found = calibration(scorer, scores.asked.permutations)
    del found["scheme"]
    return found | ({} if fitted is None else fitted.scaled(label, scorer))


def _called(answers: Answers) -> list[list[int]]:
    """Of the records that have each class, how many are said to have each; the last is none."""
    true, said = ((of == 1).astype(int) for of in (answers.labels, answers.predicted))
    none = (answers.labels == 0).all(1), ~said.any(1)
    true, said = (np.column_stack([of, it]) for of, it in zip((true, said), none, strict=True))
    made: list[list[int]] = (true.T @ said).astype(int).tolist()
    return made


def _group_list(answers: Answers) -> list[Plain]:
    """Every group by name, where there are too few for an interval."""
    right = (answers.labels == answers.predicted).all(1)
    names = [*answers.classes, "none"]
    return [
        {
            "group": str(name),
            "label": names[answers.group_labels[g]],
            "records": int((answers.rows == g).sum()),
            "accuracy": float(right[answers.rows == g].mean()),
        }
        for g, name in enumerate(answers.names)
    ]
