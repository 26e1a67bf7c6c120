"""The permutation null: uniform p without skill, small p with it, groups kept together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from tremor.evaluation import chance
from tremor.evaluation.bootstrap import Judged


def judged(seed: int, skill: float = 0.0, classes: int = 2, mixed: bool = False) -> Judged:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, 40)
    label = np.repeat(rng.integers(0, classes, 40), sizes)
    if mixed:
        label = rng.integers(0, classes, len(label))
    chances = rng.dirichlet(np.ones(classes), 40).repeat(sizes, axis=0)
    chances[np.arange(len(label)), label] += skill
    table = {f"p_{k}": chances[:, k] for k in range(classes)}
    group = np.repeat(np.arange(40), sizes).astype(str)
    frame = pd.DataFrame(table | {"group": group, "label": label})
    return Judged.of(frame.assign(predicted=chances.argmax(1)), tuple(map(str, range(classes))))


def test_p_is_uniform_where_there_is_no_skill() -> None:
    ps = []
    for seed in range(300):
        one = judged(seed)
        area = roc_auc_score(one.labels, one.chances[:, 1])
        ps.append(chance.p_value(area, chance.null(one, 99, seed)["auroc"]))
    even = np.array(ps) - np.random.default_rng(0).uniform(0, 0.01, 300)
    assert stats.kstest(even, "uniform").pvalue > 0.01


def test_skill_gives_the_smallest_p() -> None:
    one = judged(0, skill=5.0)
    assert chance.p_value(1.0, chance.null(one, 199, 0)["accuracy"]) == 1 / 200


@pytest.mark.parametrize("classes", [2, 3])
def test_areas_under_permutation_equal_scikit_learns(classes: int) -> None:
    one = judged(3, classes=classes)
    labels = chance.permuted_labels(one, 5, 0)
    found = chance.null(one, 5, 0)["auroc"]
    columns = [1] if classes == 2 else range(classes)
    for row, value in zip(labels, found, strict=True):
        areas = [roc_auc_score(row == k, one.chances[:, k]) for k in columns]
        assert value == pytest.approx(np.mean(areas))


@pytest.mark.parametrize("mixed", [False, True])
def test_permutation_exchanges_groups_not_records(mixed: bool) -> None:
    one = judged(1, mixed=mixed)
    rows = chance.permuted_labels(one, 20, 0)
    counts = [np.bincount(row, minlength=2) for row in rows]
    if mixed:
        assert all((c == np.bincount(one.labels)).all() for c in counts)
    else:
        for row in rows:
            assert all(len(np.unique(row[one.rows == g])) == 1 for g in range(one.groups))


def test_levels() -> None:
    one = judged(0, classes=3)
    found = chance.levels(one, chance.null(one, 50, 0))
    assert found["balanced_accuracy"] == pytest.approx(1 / 3)
    assert found["accuracy"] == np.bincount(one.labels).max() / len(one.labels)
    assert (found["mcc"], found["auroc"]) == (0.0, 0.5)
