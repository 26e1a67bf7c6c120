"""Probabilities: known errors are found, luck is told from fault, names do not matter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss
from torchmetrics.functional.classification import multiclass_calibration_error

from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.calibration import calibration
from tremor.evaluation.judge import judge
from tremor.evaluation.proper import BINS, brier, equal_bins
from tremor.evaluation.scoring import Scorer


def predictions(
    seed: int = 0, classes: int = 3, groups: int = 60, each: int = 2, sharpen: float = 1.0
) -> pd.DataFrame:
    """Labels drawn from probabilities, then raised to a power: above 1, over-confident."""
    rng = np.random.default_rng(seed)
    true = rng.dirichlet(np.ones(classes), groups * each)
    label = (true.cumsum(1) > rng.random((len(true), 1))).argmax(1)
    said = true**sharpen / (true**sharpen).sum(1, keepdims=True)
    table = pd.DataFrame(said, columns=[f"p_{k}" for k in range(classes)])
    group = np.repeat(np.arange(groups), each).astype(str)
    names = [f"r{i}" for i in range(len(table))]
    return table.assign(record_id=names, group=group, label=label, predicted=said.argmax(1))


def found(table: pd.DataFrame) -> dict[str, Any]:
    names = tuple(c.removeprefix("p_") for c in table if str(c).startswith("p_"))
    return calibration(Scorer(Judged.of(table, names), 200, 0.95, 0), 200)


def test_one_bin_is_the_gap_that_torchmetrics_finds() -> None:
    table = predictions(groups=10, sharpen=3.0)
    said = torch.tensor(table[["p_0", "p_1", "p_2"]].to_numpy())
    label = torch.tensor(table["label"].to_numpy())
    expected = multiclass_calibration_error(said, label, 3, n_bins=1)
    one = found(table)
    assert len(one["bins"]) == 1
    assert one["ece"]["value"] == pytest.approx(float(expected), abs=1e-6)
    assert abs(one["gap"]["value"]) == pytest.approx(float(expected), abs=1e-6)


def test_bins_that_are_equal_both_in_width_and_counts_agree_with_torchmetrics() -> None:
    rng = np.random.default_rng(0)
    p = np.repeat((np.arange(8, 15) + 0.5) / 15, 300)
    label = (rng.random(len(p)) < p**2).astype(int)
    table = pd.DataFrame({"p_0": 1 - p, "p_1": p, "label": label, "predicted": 1})
    one = found(table.assign(group=np.arange(len(p)).astype(str)))
    both = torch.tensor(np.stack([1 - p, p], 1))
    expected = multiclass_calibration_error(both, torch.tensor(label), 2, n_bins=15)
    assert one["ece"]["value"] == pytest.approx(float(expected), abs=1e-5)
    assert [b["count"] for b in one["bins"]] == [300] * 7


@pytest.mark.parametrize("classes", [2, 4])
def test_brier_equals_scikit_learns(classes: int) -> None:
    table = predictions(classes=classes)
    judged = Judged.of(table, tuple(map(str, range(classes))))
    said = judged.chances[:, 1] if classes == 2 else judged.chances
    expected = brier_score_loss(judged.labels, said, labels=range(classes))
    assert brier(judged).mean() == pytest.approx(expected)
    assert found(table)["brier"]["value"] == pytest.approx(expected)


def test_brier_by_chance_is_that_of_the_shares_of_classes() -> None:
    table = predictions(classes=3)
    shares = np.tile(np.bincount(table["label"]) / len(table), (len(table), 1))
    expected = brier_score_loss(table["label"], shares, labels=range(3))
    assert found(table)["brier"]["chance"] == pytest.approx(expected)


def test_luck_of_a_calibrated_model_is_within_its_reference() -> None:
    ps = [found(predictions(seed, groups=80, each=1))["ece"]["p"] for seed in range(40)]
    assert np.mean(np.array(ps) <= 0.05) <= 0.15
    assert 0.3 < np.mean(ps) < 0.7


def test_events_that_share_a_label_allow_for_more_luck() -> None:
    alone = predictions(groups=1000, each=1)
    together = alone.assign(group=np.repeat(np.arange(40), 25).astype(str))
    together["label"] = together.groupby("group")["label"].transform("first")
    assert found(together)["ece"]["chance"] > 1.5 * found(alone)["ece"]["chance"]


@pytest.mark.parametrize(("sharpen", "word"), [(4.0, "Over-confident"), (0.3, "Under-confident")])
def test_a_wrong_tone_is_said(sharpen: float, word: str) -> None:
    table = predictions(groups=400, sharpen=sharpen)
    said = judge(table, classes=("0", "1", "2"), draws=200, permutations=99)
    assert any(s.startswith(word) for s in said["verdict"])
    assert said["calibration"]["ece"]["p"] == 0.01


def test_a_right_tone_needs_no_word() -> None:
    said = judge(predictions(groups=400), classes=("0", "1", "2"), draws=200, permutations=99)
    assert not any("confident" in s or "off by" in s for s in said["verdict"])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 9999), sharpen=st.sampled_from([0.5, 1.0, 3.0]))
def test_intervals_hold_their_values_and_names_of_classes_do_not_matter(
    seed: int, sharpen: float
) -> None:
    table = predictions(seed, classes=3, groups=30, sharpen=sharpen)
    one = found(table)
    for it in (one["ece"], one["brier"], one["gap"]):
        assert it["lo"] <= it["value"] <= it["hi"]
    order = np.random.default_rng(seed).permutation(3)
    turned = table.rename(columns={f"p_{k}": f"p_{order[k]}" for k in range(3)})
    turned = turned.assign(label=order[table["label"]], predicted=order[table["predicted"]])
    turned = turned[["p_0", "p_1", "p_2", "group", "label", "predicted"]]
    other = found(turned)
    for name in ("ece", "brier", "gap"):
        assert other[name]["value"] == pytest.approx(one[name]["value"])
        assert other[name]["chance"] == pytest.approx(one[name]["chance"])


@given(st.lists(st.sampled_from([0.2, 0.5, 0.50001, 0.9, 1.0]), min_size=1, max_size=400))
def test_bins_rise_without_gaps_and_keep_ties_together(values: list[float]) -> None:
    confidence = np.array(values)
    place = equal_bins(confidence)
    assert set(place) == set(range(place.max() + 1))
    assert place.max() < BINS
    assert (np.diff(place[np.argsort(confidence)]) >= 0).all()
    assert all(len(set(place[confidence == value])) == 1 for value in set(values))


def test_bins_tell_of_all_records_and_have_no_interval_for_few_groups() -> None:
    one = found(predictions(groups=60))
    assert sum(b["count"] for b in one["bins"]) == 120
    assert all(b["lo"] <= b["accuracy"] <= b["hi"] for b in one["bins"])
    few = found(predictions(groups=9))
    assert few["bins"][0]["lo"] is None
    assert few["ece"]["lo"] is None
