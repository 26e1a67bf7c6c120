"""DeLong's intervals: the published example, every pair counted, honest where records are alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evaluation.test_comparable import found, graded
from evaluation.test_compare import fabricate
from scipy import stats
from sklearn.metrics import roc_auc_score

from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.delong import WAY, Area, placements
from tremor.evaluation.judge import judge
from tremor.evaluation.scoring import Scorer

GOOD, POOR = (37, 20, 3, 8, 4), (2, 12, 1, 8, 18)
"""Patients of the example of R's pROC by outcome and grade (WFNS 1 to 5): 72 and 41."""


def test_the_published_example_of_proc() -> None:
    """`roc(aSAH$outcome, aSAH$wfns)`: area and variance as pROC's own tests have them."""
    grades = np.arange(5.0)
    score = np.concatenate([np.repeat(grades, GOOD), np.repeat(grades, POOR)])
    area = Area.of(np.arange(113) >= 72, score)
    assert area.value == pytest.approx(0.8236789, abs=5e-8)
    assert area.error**2 == pytest.approx(0.00146991470882363, rel=1e-12)
    assert area.ends(0.95) == pytest.approx((0.735, 0.887), abs=0.001)


def world(seed: int, up: int = 30, down: int = 45) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which records are positive, and two scores of them with ties that go together."""
    rng = np.random.default_rng(seed)
    positive = np.arange(up + down) < up
    shared = positive + rng.normal(0, 1, up + down)
    one, other = (shared + rng.normal(0, s, up + down) for s in (0.5, 1.0))
    return positive, one.round(1), other.round(1)


def test_every_pair_is_counted() -> None:
    """The textbook's formula by all pairs: components, areas, and the spread of the difference."""
    positive, one, other = world(0)
    parts = []
    for score in (one, other):
        above, below = score[positive][:, None], score[~positive]
        pairs = (above > below) + 0.5 * (above == below)
        assert placements(positive, score)[0] == pytest.approx(pairs.mean(1))
        assert placements(positive, score)[1] == pytest.approx(pairs.mean(0))
        assert Area.of(positive, score).value == pytest.approx(roc_auc_score(positive, score))
        parts.append(pairs)
    ours, theirs = (np.cov([pairs.mean(axis) for pairs in parts]) for axis in (1, 0))
    both = ours / 30 + theirs / 45
    apart = Area.of(positive, one, other)
    assert apart.value == pytest.approx(parts[0].mean() - parts[1].mean())
    assert apart.error**2 == pytest.approx(both[0, 0] + both[1, 1] - 2 * both[0, 1])


def test_intervals_hold_and_p_is_even() -> None:
    """In 400 worlds; the plain normal interval holds in 87 % of such small ones."""
    truth = float(stats.norm.cdf(1.8 / np.sqrt(2)))
    held, p = [], []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        positive = np.arange(30) < 15
        score = 1.8 * positive + rng.normal(0, 1, 30)
        ends = Area.of(positive, score).ends(0.95)
        held.append(ends is None or ends[0] <= truth <= ends[1])
        noise = positive + rng.normal(0, 1, 30)
        p.append(Area.of(positive, *(noise + rng.normal(0, 1, (2, 30)))).p)
    assert 0.93 <= np.mean(held) <= 0.985
    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_nothing_that_varies_is_left_to_draws() -> None:
    positive, one, _ = world(0)
    assert Area.of(positive, positive * 1.0).ends(0.95) is None
    assert Area.of(positive, one, one).p == 1.0


def test_the_judge_says_which_it_was() -> None:
    """With a record an event DeLong's; with two, or three classes, that of draws."""
    positive, one, _ = world(1)
    p = 1 / (1 + np.exp(-one))
    said = pd.DataFrame({"record_id": np.arange(75).astype(str), "label": positive * 1})
    said = said.assign(p_a=1 - p, p_b=p, predicted=(p > 0.5) * 1)
    quick: dict[str, Any] = {"classes": ("a", "b"), "draws": 400, "permutations": 20}
    alone = judge(said.assign(group=said["record_id"]), **quick)["metrics"]
    assert alone["auroc"]["by"] == WAY
    assert "by" not in alone["accuracy"]
    ends = Area.of(positive, p).ends(0.95)
    assert (alone["auroc"]["lo"], alone["auroc"]["hi"]) == ends
    shared = judge(said.assign(group=(np.arange(75) // 2).astype(str)), **quick)["metrics"]
    assert "by" not in shared["auroc"]
    drawn = Scorer(Judged.of(said.assign(group=said["record_id"]), ("a", "b")), 2000, 0.95, 0)
    value, draws = drawn.areas()
    by_draws = drawn.metric("auroc", value, draws)
    assert ends == pytest.approx((by_draws["lo"], by_draws["hi"]), abs=0.02)


def test_two_runs_of_independent_records_are_compared_by_delong(tmp_path: Path) -> None:
    for size in (1, 2):
        fabricate(tmp_path / str(size), graded(0.8 + 0.7 * size, size), model__hidden_size=size)
    made = found(tmp_path, metric="auroc")
    (pair,) = made.pairs
    labels, scores = zip(
        *(
            (c.runs[0].predictions["label"] == 1, c.runs[0].predictions["p_c1"])
            for c in made.configurations
        ),
        strict=True,
    )
    apart = Area.of(labels[0].to_numpy(), *(s.to_numpy() for s in scores))
    assert pair.p == pytest.approx(apart.p)
    assert pair.difference is not None
    assert pair.difference.ends == pytest.approx(apart.apart(0.95))
    assert pair.note.endswith("DeLong")
    for c in made.configurations:
        own = c.runs[0].verdict["metrics"]["auroc"]
        assert c.mean.ends == pytest.approx([own["lo"], own["hi"]])
