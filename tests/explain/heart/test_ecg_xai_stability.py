"""The earlier stability: what unrelated explanations reach by it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat

from tremor.explain.heart.claims import LEADS
from tremor.explain.heart.claims_file import earlier_claims
from tremor.explain.heart.columns import STABILITY
from tremor.explain.heart.ecg_xai import EarlierScores
from tremor.explain.heart.ecg_xai_stability import _near, _overlap, earlier_stability
from tremor.explain.heart.extra_beat import with_extra_beat
from tremor.explain.heart.plausibility import random_maps
from tremor.explain.heart.tokens import Seen

CLAIMS = earlier_claims()


def test_unrelated_explanations_agree_by_the_answer_key(shared_data: Path) -> None:
    """0.90 and 0.91 were measured for the weighted Jaccard of random explanations."""
    found: dict[float, list[float]] = {0.8: [], 0.0: []}
    for name in ("A0374", "A0799", "A1027"):
        signal = loadmat(shared_data / "ecg" / "records" / f"{name}.mat")["val"][:, :5000]
        seen = Seen.of(signal, 500.0, LEADS)
        extra = with_extra_beat(seen, 0)
        first, second = np.abs(random_maps(seen, 2, 0))
        for blend in found:
            row = earlier_stability(EarlierScores(CLAIMS, blend), first, second, seen, extra, "AF")
            assert set(row) <= set(STABILITY)
            found[blend].append(float(row["extra_spearman"] or 0.0))
            if blend:
                assert row["extra_wjacc"] == pytest.approx(0.9, abs=0.03)
    assert min(found[0.8]) > 0.6
    assert abs(np.mean(found[0.0])) < 0.2


def test_equal_rankings_reach_less_than_one() -> None:
    scores = np.array([5.0, 4.0, 3.0, 2.0])
    assert _overlap(scores, scores, 4) == pytest.approx(1 - 0.9**4)
    assert _overlap(scores, -scores, 2) == 0


def test_beats_are_matched_by_their_times_each_once() -> None:
    mine, yours = np.array([100, 200, 300]), np.array([95, 205, 210, 390])
    assert _near(mine, yours, 40) == [(0, 0), (1, 1)]
    assert _near(mine, np.empty(0, np.int64), 40) == []
