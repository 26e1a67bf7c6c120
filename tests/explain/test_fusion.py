"""Fusion: weights by errors, signs kept, agreement beside its null."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.explain.arrange import tiles
from tremor.explain.estimators.leverage import Leverage
from tremor.explain.estimators.lime import Lime
from tremor.explain.explanation import Axis, Explanation
from tremor.explain.fills import Zero
from tremor.explain.fusion import Fused, between, combined, fuse
from tremor.explain.fusion_agreement import agreement
from tremor.explain.links import Logit, Probability
from tremor.explain.methods import Case
from tremor.explain.targets import OneClass
from tremor.explain.time_shap import TimeShap
from tremor.explain.time_shap_levels import Cells
from tremor.explain.window_lime import WindowLime

AXES = (
    Axis("component", ("I", "II", "V1", "V2")),
    Axis("time", tuple(k / 100 for k in range(80)), "s"),
)


def noise(seed: int) -> Tensor:
    return torch.randn(4, 80, generator=torch.Generator().manual_seed(seed)).double()


def explanation(values: Tensor, errors: Tensor | None, **settings: Any) -> Explanation:
    leaf = torch.arange(values.numel()).view(values.shape)
    numbers = {"freedom": 9.0, "base_value": 0.0, "output": 2.0, "completeness_error": 0.1}
    return Explanation(
        values=values, errors=errors, leaf=leaf, evaluations=7, axes=AXES, method="M",
        settings=settings, **numbers,  # type: ignore[arg-type]
    )  # fmt: skip


def test_weights_are_those_of_the_errors_where_methods_agree() -> None:
    """No more apart than their errors tell: the mean weighed by one over the squares."""
    truth = 10 + noise(0)
    a = explanation(truth + 0.1 * noise(1), torch.full((4, 80), 1.0).double())
    b = explanation(truth + 0.1 * noise(2), torch.full((4, 80), 2.0).double())
    assert between(a, b) == 0
    values, errors = combined(a, b)
    torch.testing.assert_close(values, (a.values + b.values / 4) / 1.25)
    torch.testing.assert_close(errors, torch.full((4, 80), 0.8**0.5).double())


def test_exact_methods_that_differ_count_alike() -> None:
    a, b = (explanation(3 + noise(s), None) for s in (1, 2))
    assert between(a, b) == pytest.approx(1, rel=0.2)
    torch.testing.assert_close(
        combined(a, b)[0], (a.values + b.values) / 2 * (a.values * b.values > 0)
    )
    torch.testing.assert_close(combined(a, a)[0], a.values)


def test_nothing_is_kept_where_signs_differ() -> None:
    a, b = explanation(noise(1), None), explanation(noise(2), None)
    found = fuse(a, b)
    against = a.values * b.values < 0
    assert float(found.values[against].abs().max()) == 0
    assert bool((found.values[~against] * a.values[~against] > 0).all())
    assert found.completeness_error is None
    assert found.evaluations == 14


def test_fusing_is_symmetric_and_nearer_to_the_truth() -> None:
    truth = 3 * noise(0)
    a = explanation(truth + noise(1), torch.ones(4, 80).double())
    b = explanation(truth + noise(2), torch.ones(4, 80).double())
    found = fuse(a, b).values
    torch.testing.assert_close(found, fuse(b, a).values)
    agree = a.values * b.values > 0
    apart = [float((one.values - truth)[agree].norm()) for one in (a, b)]
    assert float((found - truth)[agree].norm()) < 0.8 * min(apart)


def test_agreement_knows_chance() -> None:
    near = explanation(noise(1) + 0.1 * noise(2), None)
    same = agreement(explanation(noise(1), None), near, 0.1, 199, 0)
    assert same.spearman > 0.95
    assert same.overlap > 0.8
    assert same.conflict < 0.02
    assert same.p == pytest.approx(1 / 200)
    assert abs(same.null_spearman) < 0.02
    assert same.null_overlap == pytest.approx(0.1, abs=0.02)
    assert same.null_conflict == pytest.approx(0.5, abs=0.05)


def test_the_p_value_is_even_under_the_null() -> None:
    """Maps of few windows, whose leads are alike: cells are far from independent."""
    many = [_coarse(s) for s in range(120)]
    found = [agreement(a, b, 0.1, 99, 0).p for a, b in zip(many[::2], many[1::2], strict=True)]
    below = sum(p <= 0.05 for p in found)
    assert below <= 8  # of 60: 3 expected
    assert 0.3 < sum(found) / len(found) < 0.7


def _coarse(seed: int) -> Explanation:
    values = torch.randn(1, 8, generator=torch.Generator().manual_seed(seed)).double()
    leaf = torch.arange(8).repeat_interleave(10).expand(4, 80)
    return replace(explanation(values.repeat_interleave(10, 1).expand(4, 80), None), leaf=leaf)


def test_methods_that_agree_by_chance_are_said_to() -> None:
    a, b = (explanation(noise(s), None) for s in (1, 2))
    assert "no more than by chance" in fuse(a, b).note
    assert fuse(a, replace(a, values=a.values + 0.1 * noise(3))).note == ""
    assert fuse(replace(a, note="x"), replace(b, note="x")).note.startswith("x; the two")
    assert fuse(a, b).trust["agreement_p"] > 0.05


def test_what_is_not_alike_is_refused() -> None:
    a = explanation(noise(1), None, link="Logit")
    other = replace(a, axes=(AXES[0], Axis("time", tuple(range(80)), "s")))
    with pytest.raises(Refused, match="different cells"):
        fuse(a, other)
    with pytest.raises(Refused, match="outputs"):
        fuse(a, replace(a, output=3.0))
    with pytest.raises(Refused, match="Probability"):
        fuse(a, explanation(noise(1), None, link="Probability"))
    with pytest.raises(Refused, match="permutations"):
        fuse(a, a, permutations=5)


def _fused(**links: Any) -> Fused:
    players = partial(tiles, seconds=0.1, hertz=None)
    link = {"link": Logit()} | links
    first = WindowLime(players, Zero, Lime, **link)
    second = TimeShap(players, Zero, Leverage, level=Cells(3), **link)
    return Fused(first, second, partial(fuse, permutations=99))


def _case(seed: int = 0) -> Case:
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv1d(4, 8, 9, padding=4), nn.ReLU(), nn.AdaptiveAvgPool1d(1))
    network = nn.Sequential(body, nn.Flatten(), nn.Linear(8, 2)).eval()
    record = noise(5).float()
    return Case(network, record, AXES, OneClass(0), record[None][:0], seed=seed)


def test_two_methods_are_fused_within_their_evaluations() -> None:
    found = _fused()(_case(), 400)
    assert found.evaluations <= 400
    assert found.method == "Fused"
    assert set(found.settings["of"]) == {"WindowLime", "TimeShap"}
    assert found.trust["agreement_spearman"] > 0.3
    assert found.trust["WindowLime_surrogate_r2"] > 0.5
    again = _fused()(_case(), 400)
    assert torch.equal(found.values, again.values)
    assert _fused().least(_case()) > 100
    assert float(_fused(link=Probability())(_case(), 400).values.abs().max()) > 0
