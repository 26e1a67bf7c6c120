"""Deletion of tokens and all else: the closed form of an additive game, floors, padding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.fills import Noise, Zero
from tremor.explain.heart.claims_file import read_claims
from tremor.explain.heart.deletion import Faithfulness, pieces
from tremor.explain.heart.tokens import Floats, Seen, Tokens, tokens

Make = Callable[..., Seen]
CLAIMS = read_claims()
ZERO = {"zero": Zero()}


def cut(seen: Seen, key: str = "SNR") -> Tokens:
    return tokens(seen, CLAIMS, CLAIMS.of(key))


def test_every_sample_has_one_part_and_tokens_are_parts(seen_with: Make) -> None:
    seen = seen_with()
    found = cut(seen)
    leaf = pieces(seen, found, 0.2)
    assert leaf.shape == (12, 1000)
    assert leaf.unique().tolist() == list(range(int(leaf.max()) + 1))
    sizes = torch.bincount(leaf.flatten())
    assert sizes.max() <= max(20, int((found.stop - found.start).max()))
    for lead, span in ((0, 0), (7, 5), (11, len(found.start) - 1)):
        inside = leaf[lead, found.start[span] : found.stop[span]].unique()
        assert len(inside) == 1
        assert sizes[inside] == found.stop[span] - found.start[span]


def additive(weights: Floats, bias: float) -> Callable[[Tensor], Tensor]:
    w = torch.as_tensor(weights, dtype=torch.float64)
    return lambda x: (x.double() * w).sum((1, 2)) + bias


def test_the_closed_form_of_an_additive_game(seen_with: Make) -> None:
    """Equal parts: the mean logit while the best go first is a weighted sum of their ranks."""
    seen = seen_with(quality=0.0)  # no tokens: parts of 0.2 s
    rng = np.random.default_rng(0)
    worth = np.repeat(rng.normal(size=(12, 50)), 20, axis=1) / 20
    values = worth - worth.mean() + 0.0005
    weights = values / seen.signal
    n = 600
    judge = Faithfulness(ZERO, steps=n, orders=2)
    row, wrong = judge.rows([values, -values], seen, cut(seen), additive(weights, 2.0))
    ordered = -np.sort(-values.reshape(12, 50, 20).sum(2).ravel())
    full = 2.0 + values.sum()
    area = (2.0 + ordered @ (np.arange(n) + 0.5) / n) / full
    assert row["start_logit"] == pytest.approx(full, abs=1e-3)
    assert row["end_logit"] == pytest.approx(2.0)
    assert row["deletion_auc_logit"] == pytest.approx(area, rel=1e-4)
    assert row["deletion_auc_logit_random"] == pytest.approx((1 + 2.0 / full) / 2, rel=1e-4)
    assert row["random_orders_beaten"] == 1
    assert wrong["random_orders_beaten"] == 0
    assert row["insertion_auc_logit"] == pytest.approx((full + 2.0) / full - area, rel=1e-4)
    gain = row["faithfulness_gain"]
    assert gain == pytest.approx(((full + 2.0) / 2 - area * full) / (full - 2.0), rel=1e-3)


def test_an_empty_explanation_stands_on_its_floor(seen_with: Make) -> None:
    seen = seen_with()
    weights = np.random.default_rng(0).random(seen.signal.shape) / 100 * np.sign(seen.signal)
    judge = Faithfulness(ZERO, steps=5, orders=2)
    rows = judge.rows([np.zeros(seen.signal.shape)], seen, cut(seen), additive(weights, -1.0))
    start = rows[0]["start_probability"]
    floor = (1 + torch.tensor(-1.0).sigmoid().item() / start) / 2  # type: ignore[operator]
    assert rows[0]["deletion_auc"] == rows[0]["deletion_auc_empty"] == pytest.approx(floor)
    assert rows[0]["insertion_auc"] == rows[0]["insertion_auc_empty"] == pytest.approx(floor)
    assert rows[0]["random_orders_beaten"] == 0.5


def test_equal_evidence_is_told_apart_by_no_order_of_tokens(seen_with: Make) -> None:
    """Reversing leads of record and model changes nothing, however many tokens tie."""
    seen = seen_with()
    rng = np.random.default_rng(3)
    values = np.repeat(rng.integers(0, 2, (12, 10)), 100, axis=1).astype(float)
    weights = rng.normal(size=seen.signal.shape)
    judge = Faithfulness(ZERO, steps=6, orders=2)
    found = judge.curves([values], seen, cut(seen), additive(weights, 0.0), Zero())[0]
    turned = Seen(seen.signal[::-1].copy(), seen.rate, seen.leads, seen.steps, seen.peaks)
    again = judge.curves(
        [values[::-1]], turned, cut(turned), additive(weights[::-1].copy(), 0.0), Zero()
    )[0]
    assert found.most_first.area == pytest.approx(again.most_first.area)


def test_a_second_fill_and_padding_that_is_never_deleted(seen_with: Make) -> None:
    seen = seen_with(padded=3.0)
    seen.signal[:, 1000:] = 5
    shapes, tails, calls = set(), set(), []

    def predict(x: Tensor) -> Tensor:
        shapes.add(tuple(x.shape[1:]))
        tails.add(float(x[..., 1000:].min()))
        calls.append(len(x))
        return x[..., :1000].square().sum((1, 2)) / 4000

    judge = Faithfulness({"zero": Zero(), "noise": Noise(1)}, steps=4, orders=2, batch=500)
    values = np.random.default_rng(0).normal(size=seen.signal.shape)
    first, second = judge.rows([values, values**2], seen, cut(seen), predict)
    assert shapes == {(12, 1300)}
    assert tails == {5.0}
    assert len(calls) == 2  # one call a fill for all explanations
    assert set(first) == set(second)
    assert "deletion_auc_second" in first
    assert first["end_logit"] == 0 != first["end_logit_second"]
    assert first["deletion_auc_random"] == second["deletion_auc_random"]


def test_a_logit_below_zero_is_no_unit(seen_with: Make) -> None:
    seen = seen_with()
    weights = np.full(seen.signal.shape, 1e-4)
    values = np.random.default_rng(0).normal(size=seen.signal.shape)
    judge = Faithfulness(ZERO, steps=4, orders=2)
    row = judge.rows([values], seen, cut(seen), additive(weights, -3.0))[0]
    assert row["deletion_auc_logit"] is None
    assert row["deletion_auc"] is not None


def test_three_fills_are_refused() -> None:
    with pytest.raises(Refused):
        Faithfulness({"a": Zero(), "b": Zero(), "c": Zero()})
