"""Whether prediction sets hold what they promise on test, for whom, and how large they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.conformal import METHODS, Sets, fewest_groups
from tremor.evaluation.measured import by_group, means
from tremor.evaluation.metrics import Floats
from tremor.evaluation.multilabel_metrics import Mask
from tremor.evaluation.scoring import Draws, Plain, Scorer, plain, share

SCHEME = (
    "sets of classes, with thresholds from validation by group, the likeliest class where none "
    "would be in (filled: the records are unlike those of validation, or the answers better than "
    "what is wanted); coverage: the share of records "
    "whose set holds their class, each group counted once; expected: where 95 % of such coverages "
    "lie when groups are exchangeable, for so many groups of validation and of test"
)


def prediction_sets(
    scorer: Scorer, validation: Judged, classes: Sequence[str], wanted: str, coverage: float
) -> tuple[Plain, Mask]:
    """Coverage and size of the sets of every method, and those that records are given.

    These are of the method `wanted`, `(record, class)`.
    """
    found = {name: make(validation, coverage) for name, make in METHODS.items()}
    judged = scorer.judged
    each = {name: sets(judged.chances) for name, sets in found.items()}
    chosen, inside = found[wanted], each[wanted]
    methods = {
        name: _method(scorer, validation, its, each[name], coverage) for name, its in found.items()
    }
    told = {
        "method": wanted,
        "wanted": coverage,
        "validation": {"records": len(validation.labels), "groups": validation.groups},
        "fewest_groups": fewest_groups(coverage),
        "thresholds": _thresholds(chosen, classes),
        **methods[wanted],
        "methods": methods,
        "per_class": {
            name: _of_class(scorer, validation, inside, k, coverage)
            for k, name in enumerate(classes)
            if (judged.labels == k).any()
        },
        "scheme": SCHEME,
    }
    return told, inside


def _method(scorer: Scorer, validation: Judged, sets: Sets, inside: Mask, coverage: float) -> Plain:
    """The sets of one method, `inside`, over all records."""
    judged = scorer.judged
    sizes = inside.sum(1).astype(float)
    label = validation.labels if len(np.unique(sets.thresholds)) > 1 else None
    fewest = validation.groups if label is None else int(_groups_of_classes(validation).min())
    return {
        "coverage": covered(scorer, inside, np.ones(len(sizes), np.bool_))
        | {"chance": coverage, "expected": expected(fewest, judged.groups, coverage)},
        "size": _size(scorer, sizes),
        "single": float((sizes == 1).mean()),
        "filled": float((~sets.bare(judged.chances).any(1)).mean()),
        "sizes": np.bincount(sizes.astype(int), minlength=judged.classes + 1).tolist(),
    }


def _size(scorer: Scorer, sizes: Floats) -> Plain:
    """The mean size: every set has one class, what is beyond may be none in all that were seen."""
    beyond = share(scorer.value, *means(scorer, sizes - 1))
    return {key: None if end is None else 1 + end for key, end in beyond.items()}


def _groups_of_classes(judged: Judged) -> Floats:
    sizes = judged.class_groups()
    return np.asarray(sizes[sizes > 0])


def covered(scorer: Scorer, inside: Mask, part: Mask) -> Plain:
    """The share of sets of a part of the records that hold the class, each group counted once."""
    judged = scorer.judged
    held = inside[np.arange(len(inside)), judged.labels] & part
    above, count = (by_group(judged, values.astype(float)) for values in (held, part))
    return of_groups(scorer, above, count)


def of_groups(draws: Draws, above: Floats, count: Floats) -> Plain:
    """The mean over groups of the share `above / count`, each `(group,)`, with its interval."""
    there = count > 0
    each = above[there] / count[there]
    counts = draws.counts[:, there]
    total = counts.sum(1)
    drawn = np.divide(counts @ each, total, out=np.full(len(total), np.nan), where=total > 0)
    groups = int(there.sum())
    value = float(each.mean()) if groups else float("nan")
    return draws.share(value, drawn, groups) | {"groups": groups}


def expected(validation: int, test: int, coverage: float) -> list[float]:
    """Where 95 % of coverages lie, of sets with a threshold from so many groups, on so many."""
    beyond = int(np.floor((validation + 1) * (1 - coverage) + 1e-9))
    if beyond < 1 or test < 1:
        return [1.0, 1.0]
    law = stats.betabinom(test, validation + 1 - beyond, beyond)
    return [float(end / test) for end in law.ppf([0.025, 0.975])]


def _of_class(
    scorer: Scorer, validation: Judged, inside: Mask, label: int, coverage: float
) -> Plain:
    """The sets of the records that are of one class, and how often it is in the others'."""
    judged = scorer.judged
    own = judged.labels == label
    taught = len(np.unique(validation.rows[validation.labels == label]))
    return covered(scorer, inside, own) | {
        "chance": coverage,
        "validation_groups": taught,
        "records": int(own.sum()),
        "in_others": plain(float(inside[~own, label].mean())) if not own.all() else None,
    }


def _thresholds(sets: Sets, classes: Sequence[str]) -> dict[str, float | None]:
    """Of each class, the strangeness up to which it is in a set; null without end."""
    return {name: plain(float(t)) for name, t in zip(classes, sets.thresholds, strict=True)}
