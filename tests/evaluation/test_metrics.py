"""Metrics equal scikit-learn's, ties, absent classes and weights included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from tremor.evaluation.metrics import auroc, by_class, confusion, from_confusion

LABELS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)


def matrix(pairs: list[tuple[int, int]], classes: int = 4) -> np.ndarray:
    labels, predicted = np.array(pairs).T
    return confusion(labels, predicted, np.zeros(len(pairs), int), classes, 1)[0]


@given(LABELS)
def test_scores_equal_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    y, p = np.array(pairs).T
    found = from_confusion(matrix(pairs))
    expected = {
        "accuracy": sk.accuracy_score(y, p),
        "balanced_accuracy": np.mean([(p[y == k] == k).mean() for k in np.unique(y)]),
        "macro_f1": sk.f1_score(y, p, average="macro"),
        "mcc": sk.matthews_corrcoef(y, p),
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-9), name


@given(LABELS)
def test_class_scores_equal_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    y, p = np.array(pairs).T
    found = by_class(matrix(pairs))
    wanted = sk.precision_recall_fscore_support(y, p, labels=range(4), zero_division=np.nan)[:3]
    for name, values in zip(("precision", "recall", "f1"), wanted, strict=True):
        known = np.isfinite(found[name])
        np.testing.assert_allclose(found[name][known], np.nan_to_num(values[known]), atol=1e-9)


def test_draws_are_scored_as_one_by_one() -> None:
    rng = np.random.default_rng(0)
    stack = rng.integers(0, 9, (20, 3, 3)).astype(float)
    together = from_confusion(stack)
    for i, one in enumerate(stack):
        for name, value in from_confusion(one).items():
            assert together[name][i] == value


@pytest.mark.parametrize("classes", [2, 4])
@given(seed=st.integers(0, 999), ties=st.booleans())
def test_auroc_equals_scikit_learns_with_ties_and_weights(
    classes: int, seed: int, ties: bool
) -> None:
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, 30)])
    chances = rng.dirichlet(np.ones(classes), len(labels))
    if ties:
        chances = chances.round(1)
    weights = rng.integers(1, 4, (3, len(labels))).astype(float)
    found = auroc(labels, chances, weights)
    columns = [1] if classes == 2 else range(classes)
    for row, value in zip(weights, found, strict=True):
        areas = [sk.roc_auc_score(labels == k, chances[:, k], sample_weight=row) for k in columns]
        assert value == pytest.approx(np.mean(areas), abs=1e-9)


def test_what_is_undefined_is_not_a_number() -> None:
    one_class = auroc(np.zeros(3, int), np.full((3, 2), 0.5), np.ones((1, 3)))
    assert np.isnan(one_class).all()
    assert np.isnan(from_confusion(np.zeros((2, 2)))["accuracy"])
    assert np.isnan(by_class(np.array([[3.0, 0.0], [0.0, 0.0]]))["recall"][1])


def test_a_constant_answer_has_no_correlation_whatever_the_weights() -> None:
    """Weights of drawn groups are broken numbers, so sums differ by rounding."""
    matrices = np.zeros((500, 9, 9))
    matrices[:, :, 4] = np.random.default_rng(0).integers(1, 9, (500, 9)) * 7 / 6
    assert (from_confusion(matrices)["mcc"] == 0).all()
