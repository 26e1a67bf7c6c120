"""Stability: equal explanations score 1, unrelated ones chance, matched by the insertion."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tremor.explain.heart.claims_file import read_claims
from tremor.explain.heart.extra_beat import ExtraBeat, with_extra_beat
from tremor.explain.heart.plausibility import random_maps
from tremor.explain.heart.stability import (
    Stability,
    jaccard,
    matched,
    overlap,
    prediction,
    weighted_jaccard,
)
from tremor.explain.heart.tokens import Floats, Seen, Tokens, tokens

Make = Callable[..., Seen]
CLAIMS = read_claims()


def case(seen: Seen, seed: int = 3) -> tuple[Tokens, ExtraBeat]:
    return tokens(seen, CLAIMS, CLAIMS.of("AF")), with_extra_beat(seen, seed)


def moved(values: Floats, extra: ExtraBeat) -> Floats:
    """An explanation that goes with its beats, and says something of its own of the new one."""
    found = np.random.default_rng(1).normal(size=values.shape)
    kept = extra.kept(np.arange(values.shape[1]))
    places = extra.moved(np.arange(values.shape[1]))
    found[:, places[kept]] = values[:, kept]
    return found


def test_an_explanation_that_goes_with_its_beats_is_stable(seen_with: Make) -> None:
    seen = seen_with()
    for seed in range(5):
        found, extra = case(seen, seed)
        values = np.random.default_rng(seed).normal(size=seen.signal.shape)
        row = Stability().row(values, moved(values, extra), found, extra)
        for measure in ("spearman", "jaccard", "wjacc", "rbo", "spearman_signed"):
            assert row[f"extra_{measure}"] == pytest.approx(1.0), measure
            assert (row[f"extra_{measure}_shuffled"] or 0) < 0.9
        still = Stability().row(values, values, found, extra)
        assert (still["extra_spearman"] or 0) < 0.95  # a map that stays where it was is not


def test_unrelated_explanations_score_chance(seen_with: Make) -> None:
    seen = seen_with()
    found, extra = case(seen)
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(40):
        a, b = (np.repeat(rng.normal(size=(12, 100)), 10, axis=1) for _ in range(2))
        rows.append(Stability(draws=3).row(a, b, found, extra, b))
    mean = {name: np.mean([row[name] for row in rows]) for name in rows[0]}  # type: ignore[arg-type]
    assert mean["extra_spearman"] == pytest.approx(0, abs=0.05)
    assert mean["extra_spearman_signed"] == pytest.approx(0, abs=0.05)
    assert mean["extra_spearman_shuffled"] == pytest.approx(0, abs=0.05)
    for measure in ("jaccard", "wjacc", "rbo"):
        apart = mean[f"extra_{measure}"] - mean[f"extra_{measure}_shuffled"]
        assert apart == pytest.approx(0, abs=0.05), measure
    assert mean["extra_rbo_other"] == mean["extra_rbo"]


def test_matched_tokens_are_whole_and_the_same_samples(seen_with: Make) -> None:
    seen = seen_with(np.arange(0.3, 9.8, 0.6))
    for seed in range(10):
        found, extra = case(seen, seed)
        pair = matched(found, extra)
        assert (pair.copy.stop - pair.copy.start == pair.original.stop - pair.original.start).all()
        assert pair.copy.stop.max() <= extra.steps
        for start, stop, there in zip(
            pair.original.start, pair.original.stop, pair.copy.start, strict=True
        ):
            same = extra.signal[:, there : there + stop - start]
            assert (same == seen.signal[:, start:stop]).all()


def test_the_number_compared_never_exceeds_the_tokens() -> None:
    judge = Stability()
    assert [judge.effective(n) for n in (0, 4, 10, 99, 151, 5000)] == [0, 4, 10, 10, 15, 20]


def plain_overlap(a: list[float], b: list[float], p: float) -> float:
    """Extrapolated rank-biased overlap of rankings without ties, term by term."""
    first, second = (sorted(range(len(x)), key=lambda i, x=x: -x[i]) for x in (a, b))
    share = [len({*first[:d]} & {*second[:d]}) / d for d in range(1, len(a) + 1)]
    return sum((1 - p) * p**d * s for d, s in enumerate(share)) + p ** len(a) * share[-1]


@given(st.integers(0, 10_000), st.integers(1, 40))
def test_rank_biased_overlap(seed: int, n: int) -> None:
    a, b = np.random.default_rng(seed).random((2, n))
    assert overlap(a, b) == pytest.approx(plain_overlap(list(a), list(b), 0.9))
    assert overlap(a, a) == pytest.approx(1.0)
    order = np.random.default_rng(seed).permutation(n)
    coarse = np.round(a * 3), np.round(b * 3)
    assert overlap(coarse[0], coarse[0]) == pytest.approx(1.0)
    assert overlap(*coarse) == pytest.approx(overlap(coarse[0][order], coarse[1][order]))


def test_known_overlaps() -> None:
    a, b = np.array([3.0, 2, 1, 0]), np.array([3.0, 1, 2, 0])
    assert jaccard(a, b, 1) == 1
    assert jaccard(a, b, 2) == pytest.approx(1 / 3)
    assert jaccard(np.zeros(4), np.zeros(4), 2) == 1
    assert weighted_jaccard(a, 5 * b) == pytest.approx((1 + 1 / 3 + 1 / 3) / (1 + 2 / 3 + 2 / 3))


def test_constant_and_absent_explanations_are_undefined(seen_with: Make) -> None:
    seen = seen_with()
    found, extra = case(seen)
    some = random_maps(seen, 1, 0)[0]
    row = Stability(draws=1).row(np.zeros(seen.signal.shape), some, found, extra)
    assert row["extra_spearman"] is None
    assert row["extra_rbo"] is None
    none = Stability(draws=1).row(some, some, found.kept(found.start < 0), extra)
    assert none["extra_n_tokens"] == 0
    assert none["extra_spearman"] is None
    assert set(none) == set(row)


def test_whether_the_prediction_stays() -> None:
    assert prediction(0.9, 0.8, 0.5)["extra_prediction_stays"] == 1
    assert prediction(0.9, 0.3, 0.5)["extra_prediction_stays"] == 0
    assert prediction(0.9, 0.3, 0.5)["extra_p_change"] == pytest.approx(-0.6)
    assert prediction(0.9, 0.3, threshold=0.2)["extra_prediction_stays"] == 1
