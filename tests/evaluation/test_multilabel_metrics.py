"""Areas equal scikit-learn's; the Challenge's score has its known answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from tremor.errors import Refused
from tremor.evaluation.multilabel_challenge import SINUS, Challenge, normalised, read_weights
from tremor.evaluation.multilabel_metrics import areas, curve, labelled_areas

CODES = {"AF": [164889003], "SNR": [426783006], "PAC": ["284470004", "63593006"]}


def both(positive: np.ndarray, score: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    return (
        sk.roc_auc_score(positive, score, sample_weight=weights),
        sk.average_precision_score(positive, score, sample_weight=weights),
    )


@given(seed=st.integers(0, 999), ties=st.booleans(), size=st.integers(2, 60))
def test_areas_equal_scikit_learns_with_ties_and_weights(seed: int, ties: bool, size: int) -> None:
    rng = np.random.default_rng(seed)
    positive = np.r_[True, False, rng.random(size) < 0.3]
    score = rng.random(len(positive))
    score = score.round(1) if ties else score
    rows = rng.integers(0, 1 + size // 2, len(positive))
    counts = rng.integers(0, 4, (4, rows.max() + 1)) * 7 / 6
    found = areas(positive, score, counts, rows)
    for row, *values in zip(counts[:, rows], *found, strict=True):
        if min(row[positive].sum(), row[~positive].sum()) == 0:
            assert np.isnan(values).all()
        else:
            assert values == pytest.approx(both(positive, score, row), abs=1e-9)


@pytest.mark.parametrize("ties", [False, True])
def test_areas_of_other_labels_are_those_of_the_records_that_are_known(ties: bool) -> None:
    rng = np.random.default_rng(1)
    labels, score = rng.integers(-1, 2, (7, 40)), rng.random(40)
    score = score.round(1) if ties else score
    for row, *values in zip(labels, *labelled_areas(labels, score), strict=True):
        known = row >= 0
        expected = both(row[known] == 1, score[known], np.ones(known.sum()))
        assert values == pytest.approx(expected, abs=1e-9)


def test_many_draws_are_scored_as_few() -> None:
    rng = np.random.default_rng(2)
    positive, score, rows = rng.random(900) < 0.2, rng.random(900), np.arange(900)
    counts = rng.integers(0, 3, (500, 900)).astype(float)
    whole, first = (areas(positive, score, part, rows) for part in (counts, counts[:3]))
    assert [each[:3].tolist() for each in whole] == [each.tolist() for each in first]


def test_one_side_alone_has_no_area() -> None:
    score = np.array([0.1, 0.2, 0.3])
    for side in (True, False):
        found = areas(np.full(3, side), score, np.ones((1, 3)), np.arange(3))
        assert np.isnan(found).all()


def test_curves_are_scikit_learns_and_few_points() -> None:
    rng = np.random.default_rng(3)
    positive = rng.random(50) < 0.4
    score = (rng.random(50) + positive).round(1)
    found = curve(positive, score)
    false_alarms, recall, _ = sk.roc_curve(positive, score, drop_intermediate=False)
    np.testing.assert_allclose(found["false_alarms"], false_alarms[1:])
    np.testing.assert_allclose(found["recall"], recall[1:])
    precision, _, thresholds = sk.precision_recall_curve(positive, score)
    np.testing.assert_allclose(found["precision"], precision[:-1][::-1])
    np.testing.assert_allclose(found["threshold"], thresholds[::-1])
    many = curve(rng.random(5000) < 0.4, rng.random(5000))
    assert len(many["recall"]) == 100
    assert (many["recall"][-1], many["false_alarms"][-1]) == (1.0, 1.0)


def weights(path: Path, table: list[list[float]], names: list[str]) -> str:
    pd.DataFrame(table, names, names).to_csv(path)
    return str(path)


THREE = [[1.0, 0.2, 0.5], [0.2, 1.0, 0.3], [0.5, 0.3, 1.0]]
NAMES = ["164889003", SINUS, "284470004|63593006"]


def score(challenge: Challenge, labels: list[list[int]], said: list[list[int]]) -> float:
    y, p = np.array(labels), np.array(said)
    return float(normalised(challenge.earned(y, p).sum(), challenge.bounds(y).sum(0)))


def test_the_challenge_gives_1_to_the_truth_and_0_to_sinus_alone(tmp_path: Path) -> None:
    challenge = read_weights(weights(tmp_path / "w.csv", THREE, NAMES), list(CODES), CODES)
    labels = [[1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 0, 1]]
    assert score(challenge, labels, labels) == 1.0
    assert score(challenge, labels, [[0, 1, 0]] * 4) == 0.0


def test_the_challenge_counts_wrong_answers_in_part(tmp_path: Path) -> None:
    """By hand: one record of AF and PAC, said to be AF and SNR: 3 classes are either."""
    challenge = read_weights(weights(tmp_path / "w.csv", THREE, NAMES), list(CODES), CODES)
    labels, said = [[1, 0, 1]], [[1, 1, 0]]
    earned = (1.0 + 0.2 + 0.5 + 0.3) / 3  # (AF, AF), (AF, SNR), (PAC, AF), (PAC, SNR)
    sinus, truth = (0.2 + 0.3) / 3, (1.0 + 0.5 + 0.5 + 1.0) / 2
    assert score(challenge, labels, said) == pytest.approx((earned - sinus) / (truth - sinus))
    assert score(challenge, labels, [[0, 0, 0]]) == pytest.approx(-sinus / (truth - sinus))


def test_a_record_that_is_not_known_earns_nothing(tmp_path: Path) -> None:
    challenge = read_weights(weights(tmp_path / "w.csv", THREE, NAMES), list(CODES), CODES)
    known, said = [[1, 0, 0], [0, 1, 0]], [[1, 0, 0], [1, 0, 0]]
    more = score(challenge, [*known, [1, -1, 0]], [*said, [0, 0, 1]])
    assert more == pytest.approx(score(challenge, known, said))
    assert np.isnan(score(challenge, [[0, 1, 0]], [[0, 1, 0]]))


def test_weights_are_found_by_code_by_name_and_in_any_order(tmp_path: Path) -> None:
    by_code = read_weights(weights(tmp_path / "a.csv", THREE, NAMES), list(CODES), CODES)
    order = [2, 0, 1]
    table = np.array(THREE)[np.ix_(order, order)].tolist()
    turned = weights(tmp_path / "b.csv", table, ["PAC", "AF", "SNR"])
    by_name = read_weights(turned, list(CODES), CODES)
    assert (by_code.weights == by_name.weights).all()
    assert by_code.normal == by_name.normal == 1


@pytest.mark.parametrize(
    ("table", "names", "said"),
    [
        (THREE, ["164889003", SINUS, "17338001"], "no weights of PAC"),
        ([[1.0, float("nan")], [0.2, 1.0]], NAMES[:2], "a weight is not a number"),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    tmp_path: Path, table: list[list[float]], names: list[str], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        read_weights(weights(tmp_path / "w.csv", table, names), list(CODES), CODES)


def test_no_table_and_no_sinus_rhythm_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no table of weights"):
        read_weights(str(tmp_path / "none.csv"), list(CODES), CODES)
    (tmp_path / "words.csv").write_text(",a,b\na,x,y\nb,1,2\n")
    with pytest.raises(Refused, match="no table of weights"):
        read_weights(str(tmp_path / "words.csv"), ["a"], None)
    (tmp_path / "long.csv").write_text(",a,b\na,1,2\n")
    with pytest.raises(Refused, match="not the same classes"):
        read_weights(str(tmp_path / "long.csv"), ["a"], None)
    path = weights(tmp_path / "w.csv", THREE, NAMES)
    with pytest.raises(Refused, match="no class is sinus rhythm"):
        read_weights(path, ["AF", "PAC"], CODES)
