"""Plausibility: known answers, agreement with scikit-learn, exact nulls."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from tremor.explain.heart.claims_file import read_claims
from tremor.explain.heart.plausibility import (
    Plausibility,
    aim,
    densities,
    half_beat_later,
    members,
    random_maps,
)
from tremor.explain.heart.tokens import Bools, Floats, Seen, Tokens, labels, tokens

Make = Callable[..., Seen]
CLAIMS = read_claims()


def claimed(seen: Seen, key: str = "SNR") -> tuple[Tokens, Bools, Bools]:
    found = tokens(seen, CLAIMS, CLAIMS.of(key))
    return found, *labels(found, seen, CLAIMS, CLAIMS.of(key))


def painted(seen: Seen, found: Tokens, wanted: Bools) -> Floats:
    values = np.zeros(seen.signal.shape)
    for lead, span in zip(*np.nonzero(wanted), strict=True):
        values[lead, found.start[span] : found.stop[span]] = 1
    return values


@pytest.mark.parametrize("key", ["AF", "SNR", "LBBB", "LAD", "SB"])
def test_the_answer_key_scores_one_and_its_complement_zero(seen_with: Make, key: str) -> None:
    seen = seen_with()
    found, strict, lenient = claimed(seen, key)
    mask = painted(seen, found, strict)
    judge = Plausibility(seen, found, {"strict": strict, "lenient": lenient}, k=20)
    right, wrong = judge.row(mask), judge.row(1 - mask)
    assert right["strict_attauc"] == right["strict_attauc_abs"] == right["strict_f1"] == 1
    assert wrong["strict_attauc"] == wrong["strict_attauc_abs"] == wrong["strict_f1"] == 0
    assert judge.row(-mask)["strict_attauc"] == 0.5  # evidence against is no evidence for
    for null in ("random", "shifted", "leads"):
        if null != "leads" or strict.any(1).sum() < 12:
            assert (right[f"strict_attauc_{null}"] or 0) < 0.9, null


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(2, 12), st.integers(1, 20))
def test_ties_count_half_as_in_scikit_learn(seed: int, distinct: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, distinct, (6, 9)).astype(float)
    label = rng.random((6, 9)) < 0.3
    label[0, 0], label[0, 1] = True, False
    found = aim(scores, label, k)
    assert found.attauc == pytest.approx(roc_auc_score(label.ravel(), scores.ravel()))
    expected = np.mean(
        [
            label.ravel()[np.lexsort((rng.random(54), -scores.ravel()))[:k]].mean()
            for _ in range(300)
        ]
    )
    assert found.precision == pytest.approx(expected, abs=0.12)


def test_members_share_what_is_left() -> None:
    scores = np.array([3.0, 1.0, 1.0, 1.0, 0.0])
    assert members(scores, 2).tolist() == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3, 0])
    assert members(scores, 9).tolist() == [1] * 5
    assert members(scores, 0).tolist() == [0] * 5


def test_nothing_claimed_or_everything_is_undefined() -> None:
    scores = np.arange(6.0).reshape(2, 3)
    for label in (np.zeros((2, 3), bool), np.ones((2, 3), bool)):
        assert aim(scores, label, 3).numbers == (None, None, None)


def test_permuted_leads_are_the_mean_over_all_permutations() -> None:
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 4, (4, 5)).astype(float)
    label = rng.random((4, 5)) < 0.4
    each = [aim(scores[list(order)], label, 6).numbers for order in permutations(range(4))]
    found = aim(scores, label, 6, permuted=True)
    assert found.numbers == pytest.approx(tuple(np.mean(each, axis=0)))


def test_a_constant_explanation_points_nowhere(seen_with: Make) -> None:
    seen = seen_with(np.array([0.51, 1.33, 2.27, 3.3, 4.1]))
    found, strict, lenient = claimed(seen)
    judge = Plausibility(seen, found, {"strict": strict, "lenient": lenient})
    for values in (np.full(seen.signal.shape, 0.1), np.zeros(seen.signal.shape)):
        row = judge.row(values)
        assert row["strict_attauc"] == row["lenient_attauc"] == 0.5
        assert row["lenient_p_at_k"] == pytest.approx(lenient.mean())


def test_long_windows_gain_nothing_by_being_long(seen_with: Make) -> None:
    seen = seen_with()
    found, *_ = claimed(seen)
    assert np.ptp(densities(np.ones(seen.signal.shape), found)) == 0


def test_random_explanations_score_a_half(seen_with: Make) -> None:
    seen = seen_with()
    for key in ("AF", "SNR"):
        found, strict, lenient = claimed(seen, key)
        judge = Plausibility(seen, found, {"strict": strict, "lenient": lenient}, randoms=200)
        row = judge.row(random_maps(seen, 1, 9)[0])
        for name in ("strict_attauc_random", "lenient_attauc_random", "lenient_attauc_abs_random"):
            assert row[name] == pytest.approx(0.5, abs=0.02)


def test_half_a_beat_later(seen_with: Make) -> None:
    at = [0.5, 1.5, 2.3, 3.5, 4.5]
    seen = seen_with(at)
    spike = np.zeros(seen.signal.shape)
    spike[:, seen.peaks.samples] = 1
    moved = half_beat_later(spike, seen)
    for start, stop in pairwise(at):
        assert moved[0, round((start + stop) / 2 * seen.rate)] == 1
    ramp = np.tile(np.arange(1000.0), (12, 1))
    later = half_beat_later(ramp, seen)[0]
    assert later[100] == 50  # half-way to the second peak: what was at the first
    assert later[150] == 100  # at the second peak: what was half-way to it
    steps = np.diff(later) % 1000
    assert steps.max() < 3  # stretched, nowhere torn
    assert half_beat_later(ramp, seen_with([]))[0, 0] == 500


def test_moving_random_explanations_favours_no_window(seen_with: Make) -> None:
    seen = seen_with()
    found, strict, lenient = claimed(seen, "AF")
    judge = Plausibility(seen, found, {"strict": strict, "lenient": lenient}, randoms=1)
    rows = [judge.row(one) for one in random_maps(seen, 150, 0)]
    for level in ("strict", "lenient"):
        mean = np.mean([row[f"{level}_attauc_shifted"] for row in rows])  # type: ignore[misc]
        assert mean == pytest.approx(0.5, abs=0.02)


def test_right_leads_at_wrong_times_do_not_beat_their_shift(seen_with: Make) -> None:
    """A map that knows leads alone: well above 0.5, and no better than half a beat later."""
    seen = seen_with()
    found, strict, lenient = claimed(seen)
    values = np.zeros(seen.signal.shape)
    values[strict.any(1)] = 1
    row = Plausibility(seen, found, {"strict": strict, "lenient": lenient}).row(values)
    assert (row["strict_attauc"] or 0) > 0.9
    assert row["strict_attauc"] == pytest.approx(row["strict_attauc_shifted"])
    assert row["strict_attauc_leads"] == pytest.approx(0.5)


def test_another_records_explanation_is_scored_alike(seen_with: Make) -> None:
    seen = seen_with()
    found, strict, lenient = claimed(seen)
    judge = Plausibility(seen, found, {"strict": strict, "lenient": lenient})
    own, other = random_maps(seen, 2, 1)
    row = judge.row(own, other)
    assert row["strict_attauc_other"] == judge.row(other)["strict_attauc"]
    assert judge.row(own)["strict_attauc_other"] is None
