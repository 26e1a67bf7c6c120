"""The verdict on several questions about each record: each by itself, and all of them together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from tremor.errors import Refused
from tremor.evaluation import baselines
from tremor.evaluation.alarms import alarm
from tremor.evaluation.circular import directions, refuse_no_compass
from tremor.evaluation.detection import detection
from tremor.evaluation.featured import Seen
from tremor.evaluation.fitted import Fitted
from tremor.evaluation.joint import joint
from tremor.evaluation.judge import covering, judge_one
from tremor.evaluation.measured import Asked
from tremor.evaluation.metrics import Floats
from tremor.evaluation.multitask_head import Head
from tremor.evaluation.multitask_sentences import sentences
from tremor.evaluation.ordinal import ordinal as distances
from tremor.evaluation.predictions import rows_of
from tremor.evaluation.scoring import Draws, Plain
from tremor.evaluation.within import within

BACKGROUND = 0
"""The class of each head that is background."""


def judge(
    predictions: pd.DataFrame,
    *,
    classes: Sequence[str],
    heads: dict[str, list[str]],
    table: pd.DataFrame | None = None,
    train_table: pd.DataFrame | None = None,
    validation: pd.DataFrame | None = None,
    split: str = "test",
    ordered: bool = False,
    features: Floats | None = None,
    ordinal: str | None = "magnitude",
    circular: str | None = "azimuth",
    draws: int = 2000,
    permutations: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    sets: Literal["lac", "aps", "lac_class"] = "lac",
    coverage: float = 0.9,
) -> Plain:
    """Judge what several heads predicted of records in groups.

    `heads` names the classes of each; the first class of each is the background, the same in all.
    `predictions` have `label_<head>` (-1: not known, the record is left out of that head),
    `predicted_<head>` and `p_<head>_<class>`; the tables `label_<head>`, and `hours`, how long a
    window is, for false alarms per station-month. The classes of the head `ordinal` rise, those of
    `circular` are 4, 8 or 16 points of the compass after the background, clockwise from north. It
    is called as every judge is: `features (record, feature)` are what the network answers from,
    `classes` those of the first head, and `ordered` says nothing here.

    The verdict: `split, records, groups, interval, null`; `metrics`, flat (`magnitude/accuracy`,
    `azimuth/within_accuracy`, `joint_accuracy`, `detection_auroc`, …), each `{value, lo, hi,
    chance, p}`; `heads`, for each head a verdict as of a single one, without sentences; `within`,
    for each head as `within.within` has it; `joint`, `detection` and `circular` as the functions
    of these names have them (`circular` with its `head`). What there are no records for is not a
    key. `control` says that labels were dealt anew. `verdict`: the sentences, worries first.
    """
    asked = Asked(draws, permutations, level, seed, sets, covering(coverage))
    _refuse(predictions, heads, {"ordinal": ordinal, "circular": circular})
    known = [
        Head.of(predictions, name, heads[name], table, train_table, validation) for name in heads
    ]
    ours = {head.name: head for head in known if len(head.said)}
    if not ours:
        raise Refused("no record of this part has a known label", split, "another part or dataset")
    verdict: Plain = {"split": split} | _of_heads(ours, predictions, split, asked, ordinal)
    if validation is not None:
        verdict |= Fitted.alike(table, predictions, validation)
    verdict |= _seen(predictions, validation, table, features, asked)
    first = next(iter(ours.values()))
    if first.name == next(iter(heads)):
        verdict |= dict(_together(predictions, first, list(heads), asked))
    if circular in ours and (errors := directions(ours[circular].judged, asked)):
        verdict["circular"] = {"head": circular} | errors
    verdict["metrics"] = dict(_flat(verdict))
    return verdict | {"verdict": sentences(verdict)}


def _of_heads(
    ours: Mapping[str, Head],
    predictions: pd.DataFrame,
    split: str,
    asked: Asked,
    ordinal: str | None,
) -> Plain:
    """Each head by itself, and what is of all of them alike."""
    single = {name: _single(head, split, asked, name == ordinal) for name, head in ours.items()}
    first = next(iter(single.values()))
    found: Plain = {
        "records": len(predictions),
        "groups": int(predictions["group"].nunique()),
        "interval": first["interval"],
        "null": first["null"],
        "heads": single,
        "within": {n: it for n, h in ours.items() if (it := within(h.judged, h.classes, asked))},
    }
    if any("control" in it for it in single.values()):
        found["control"] = "shuffled labels"
    return found


def _seen(
    predictions: pd.DataFrame,
    validation: pd.DataFrame | None,
    table: pd.DataFrame | None,
    features: Floats | None,
    asked: Asked,
) -> Plain:
    """What the features tell of all records, whichever heads know them."""
    rows = rows_of(table, predictions)
    alike = np.zeros(predictions["group"].nunique(), np.int64)
    draws = Draws(alike, asked.draws, asked.level, asked.seed)
    return Seen(predictions, validation, rows, features).told(draws, asked.permutations)


def _refuse(
    predictions: pd.DataFrame, heads: Mapping[str, Sequence[str]], special: dict[str, str | None]
) -> None:
    """Every head was predicted, and heads with a special meaning are heads."""
    for name, classes in heads.items():
        needed = [f"label_{name}", f"predicted_{name}", *(f"p_{name}_{c}" for c in classes)]
        if lacking := [c for c in needed if c not in predictions]:
            fault = f"the predictions have no {', '.join(lacking)}"
            raise Refused(fault, f"the head {name}", "task=multitask, or evaluation=default")
    for key, chosen in special.items():
        if chosen is not None and chosen not in heads:
            fault = f"there is no head {chosen}, only {', '.join(heads)}"
            raise Refused(fault, f"evaluation.{key}", f"evaluation.{key}=null")
    if (circular := special["circular"]) is not None:
        refuse_no_compass(circular, heads[circular])


def _single(head: Head, split: str, asked: Asked, rises: bool) -> Plain:
    """The verdict on one head as if it were the only one, with what its classes allow beside."""
    found = judge_one(
        head.said,
        asked,
        head.classes,
        head.rows,
        head.train,
        split,
        head.validation,
        background=BACKGROUND,
    )
    del found["verdict"]
    scorer = asked.scorer(head.judged, BACKGROUND)
    if head.rows is not None and head.train is not None:
        said = baselines.two_rules(head.train, head.rows)
        if isinstance(said, str):
            rules: Plain = {"unavailable": said}
        else:
            rules = alarm(scorer, said, f"which records are {head.classes[0]}")
            rules["always"] = " or ".join(head.classes[k] for k in np.unique(said) if k)
        found["baselines"] = {"two_rules": rules} | found["baselines"]
    if rises and len(head.classes) > 2:
        found["ordinal"] = distances(scorer, asked.permutations)
    return found


def _together(
    predictions: pd.DataFrame, first: Head, names: Sequence[str], asked: Asked
) -> Iterator[tuple[str, Plain]]:
    """What is asked of all heads at once, and of precursor or quiet."""
    known = predictions[predictions[f"label_{first.name}"] >= 0]
    labels, said = (
        known[[f"{kind}_{name}" for name in names]].to_numpy(np.int64)
        for kind in ("label", "predicted")
    )
    if found := joint(first.judged, labels, said, asked):
        yield "joint", found
    if found := detection(first.judged, first.classes, first.rows, asked):
        yield "detection", found


def _flat(verdict: Plain) -> Iterator[tuple[str, Plain]]:
    """The scores that are between -1 and 1, under one name each."""
    for name, head in verdict["heads"].items():
        yield from ((f"{name}/{metric}", score) for metric, score in head["metrics"].items())
        inside = verdict["within"].get(name, {})
        for metric in ("accuracy", "balanced_accuracy"):
            if metric in inside:
                yield f"{name}/within_{metric}", inside[metric]
        if name == verdict.get("circular", {}).get("head"):
            yield f"{name}/within_45", verdict["circular"]["within_45"]
    if "joint" in verdict:
        yield "joint_accuracy", verdict["joint"]["accuracy"]
    if "detection" in verdict:
        yield "detection_rate", verdict["detection"]["rate"]
        yield "detection_auroc", verdict["detection"]["auroc"]
