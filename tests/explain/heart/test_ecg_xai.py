"""The earlier, circular scores: what they give to explanations that say nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.io import loadmat

from tremor.explain.heart.claims import LEADS
from tremor.explain.heart.claims_file import earlier_claims
from tremor.explain.heart.columns import EVALUATION
from tremor.explain.heart.ecg_xai import EarlierScores
from tremor.explain.heart.tokens import Floats, Seen, overlapping

Make = Callable[..., Seen]
CLAIMS = earlier_claims()
PUBLISHED = {("AF", "strict"): 0.850, ("AF", "lenient"): 0.627}
PUBLISHED |= {("SNR", "strict"): 0.849, ("SNR", "lenient"): 1.000}


def test_an_empty_explanation_scores_the_prior(seen_with: Make) -> None:
    seen, empty = seen_with(), np.zeros((12, 1000))
    with_priors, without = EarlierScores(CLAIMS), EarlierScores(CLAIMS, blend=0.0)
    found = with_priors.row(empty, seen, "AF")
    assert found["strict_attauc"] == 0.85
    assert found["lenient_attauc"] == 0.625
    found = with_priors.row(empty, seen, "SNR")
    assert found["strict_attauc"] == 0.85
    assert found["lenient_attauc"] == 1
    for key in ("AF", "SNR"):
        assert without.row(empty, seen, key)["strict_attauc"] == 0.5
    assert without.row(empty, seen, "AF")["lenient_p_at_k"] == 1  # ties go to the last lead


def test_circular_numbers_say_so() -> None:
    assert EarlierScores(CLAIMS).stamp.startswith("circular")
    assert EarlierScores(CLAIMS, 0.0).stamp == ""
    assert EarlierScores(CLAIMS, 0.0).scoring == "ecg_xai, without priors"


def test_rows_fit_the_table(seen_with: Make) -> None:
    row = EarlierScores(CLAIMS).row(np.zeros((12, 1000)), seen_with(), "AF")
    assert set(row) <= set(EVALUATION)


def test_scores_are_seconds_times_weight(seen_with: Make) -> None:
    seen = seen_with([1.0, 2.0, 3.0])
    values = np.zeros((12, 1000))
    values[0, 90:100] = -3 / 100  # a weight of -3 over 0.1 s
    values[1, 190:195] = 2 / 100
    diagnosis = CLAIMS.of("AF")
    judge = EarlierScores(CLAIMS, blend=0.0)
    scores = judge.scores(values, overlapping(seen, CLAIMS, diagnosis), diagnosis)
    assert scores[0, 0] == 1
    assert scores[1, 1] == pytest.approx((0.05 * 2) / (0.1 * 3))
    assert scores.sum() == pytest.approx(scores[0, 0] + scores[1, 1])


def test_deletion_of_the_claimed_alone_has_a_ceiling(seen_with: Make) -> None:
    seen = seen_with()
    judge = EarlierScores(CLAIMS)
    flat = judge.row(np.zeros((12, 1000)), seen, "SNR", lambda x: torch.full((len(x),), 0.9))
    assert flat["deletion_auc"] == pytest.approx(0.3 * 0.9)
    assert flat["faithfulness_gain"] == 0

    def left(x: torch.Tensor) -> torch.Tensor:
        """The share of lead II's P waves that is left."""
        return (x[:, 1] != 0).double().mean(1)

    row = judge.row(np.zeros((12, 1000)), seen, "SNR", left)
    assert (row["deletion_auc"] or 1) < 0.3
    assert (row["faithfulness_gain"] or 0) > 0


def random_spans(rng: np.random.Generator, width: int) -> Floats:
    """Five windows in each of five leads with normal weights, as a fused payload has them."""
    found = np.zeros((12, 5000))
    for lead in rng.choice(12, 5, replace=False):
        for place in rng.choice(5000 // width, 5, replace=False):
            found[lead, place * width : (place + 1) * width] = rng.normal() / 500
    return found


@pytest.mark.slow
def test_random_spans_score_what_the_facts_say(shared_data: Path) -> None:
    """AF .850/.627, SNR .849/1.000 with priors, a half without: the answer key and nothing else."""
    folder = shared_data / "ecg"
    names, truth = np.load(folder / "ecg_filenames.npy"), np.load(folder / "ecg_y_true.npy")
    rng = np.random.default_rng(0)
    found: dict[tuple[str, str, float], list[float]] = {}
    for name, labels in zip(names, truth, strict=True):
        key, width = ("AF", 250) if labels[1] else ("SNR", 125)
        seen = Seen.of(loadmat(folder / "records" / name)["val"][:, :5000], 500.0, LEADS)
        for values in [random_spans(rng, width) for _ in range(5)]:
            for blend in (0.8, 0.0):
                row = EarlierScores(CLAIMS, blend).row(values, seen, key)
                for level in ("strict", "lenient"):
                    found.setdefault((key, level, blend), []).append(row[f"{level}_attauc"] or 0)
    for (key, level), published in PUBLISHED.items():
        assert np.mean(found[key, level, 0.8]) == pytest.approx(published, abs=0.01)
        assert np.mean(found[key, level, 0.0]) == pytest.approx(0.5, abs=0.03)
