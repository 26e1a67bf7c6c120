"""The earlier algorithms: the numbers that are known of them, and that they say what they are."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.explain.compat import CIRCULAR, kernel_shap, lime
from tremor.explain.compat.fusion import (
    Geomean,
    Least,
    crossed,
    foremost,
    fuse,
    fused_spans,
    merged,
)
from tremor.explain.compat.methods import EarlierLime, EarlierTimeShap
from tremor.explain.compat.spans import painted, spans_of
from tremor.explain.explanation import Axis
from tremor.explain.fusion import Fused
from tremor.explain.methods import Case
from tremor.explain.targets import OneClass

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
RATE = 20
AXES = (Axis("component", LEADS), Axis("time", tuple(k / RATE for k in range(80)), "s"))
WINDOWS = {"AF": 0.5, "SNR": 0.25}
PRIORS = {
    "AF": {"II": 1.0, "V1": 0.9, "III": 0.7, "aVF": 0.6, "V2": 0.5},
    "SNR": {"II": 1.0, "V1": 1.0, "I": 0.8, "aVF": 0.8, "V2": 0.8},
}
WEIGHTS = torch.randn(12, 80, generator=torch.Generator().manual_seed(1))


def case(predict: Any, asked: str = "AF", seed: int = 0) -> Case:
    record = torch.randn(12, 80, generator=torch.Generator().manual_seed(2))
    return Case(predict, record, AXES, OneClass(0), record[None][:0], seed=seed, asked=asked)


def additive(x: Tensor) -> Tensor:
    return 0.05 * (x * WEIGHTS).sum((1, 2))[:, None]


def priors(name: str) -> Tensor:
    return torch.tensor([PRIORS[name].get(lead, 0.0) for lead in LEADS], dtype=torch.float64)


def test_masks_of_leads_are_those_that_were_counted() -> None:
    """Seed 42, 100 masks: V1 in all of them for sinus rhythm, V3 to V6 in 3 or 4 for AF."""
    sinus = lime.drawn(100, lime.chances(priors("SNR")), 42).sum(0)
    assert int(sinus[LEADS.index("V1")]) == 100
    fibrillation = lime.drawn(100, lime.chances(priors("AF")), 42).sum(0)
    assert set(fibrillation[LEADS.index("V3") :].tolist()) == {3, 4}
    assert lime.chances(priors("AF"))[:2].tolist() == pytest.approx([0.02, 0.99])
    assert lime.chances(torch.zeros(12)).tolist() == [0.5] * 12


@pytest.mark.parametrize(("players", "masks"), [(20, 78), (40, 80), (12, 79)])
def test_fewer_masks_are_drawn_than_are_asked_for(players: int, masks: int) -> None:
    found = kernel_shap.drawn(100, players, np.random.default_rng(0), None)
    assert len(found) == masks
    counts = torch.bincount(found.sum(1), minlength=players + 1)
    assert counts[0] == counts[-1] == 1
    assert len(counts[1:-1].unique()) == 1


@pytest.mark.parametrize(("asked", "windows"), [("AF", 8), ("SNR", 16), ("VPB", 8)])
def test_evaluations_are_those_of_the_earlier_work(asked: str, windows: int) -> None:
    """600 for LIME, beside the ends and the empty windows; kernel SHAP has fewer."""
    one = case(additive, asked)
    first = EarlierLime(WINDOWS, PRIORS)(one)
    second = EarlierTimeShap(WINDOWS, PRIORS)(one)
    assert first.evaluations == 600 + 2 + 5
    each = 100 // (windows + 1) * (windows - 1) + 2
    assert second.evaluations == each + 5 * 79 + 2 + 5
    for found in (first, second):
        assert found.note == CIRCULAR
        assert found.completeness_error is None
        assert int((found.values.abs().sum(1) > 0).sum()) <= 5


def test_a_lead_that_every_mask_keeps_gets_nothing() -> None:
    """V1 of sinus rhythm, the lead that the earlier work's own answer key wants."""
    method, one = EarlierLime(WINDOWS, PRIORS), case(additive, "SNR")
    found = method.weights(method.levels(one), one)
    assert float(found.leads[:, LEADS.index("V1")].abs().max()) < 1e-9
    assert float(found.leads[:, LEADS.index("II")].abs().max()) > 1e-6


def test_kernel_shap_finds_the_sums_of_a_linear_network() -> None:
    """Ridge and large, not endless, weights of the ends leave a little."""
    method, one = EarlierTimeShap(WINDOWS, {}), case(additive)
    found = method.weights(method.levels(one), one)
    truth = 0.05 * (one.record * WEIGHTS).double().unflatten(1, (8, 10)).sum((0, 2))
    torch.testing.assert_close(found.windows, truth, atol=0.01, rtol=0.01)


def test_one_seed_for_all_records_and_one_for_each() -> None:
    for method, same in (
        (EarlierLime(WINDOWS, PRIORS), True),
        (EarlierTimeShap(WINDOWS, {}), False),
    ):
        first, again, other = (method(case(network(), seed=s)).values for s in (1, 1, 2))
        assert torch.equal(first, again)
        assert torch.equal(first, other) == same


def network() -> nn.Module:
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv1d(12, 8, 5, padding=2), nn.ReLU(), nn.AdaptiveAvgPool1d(1))
    return nn.Sequential(body, nn.Flatten(), nn.Linear(8, 2)).eval()


def test_spans_and_maps_are_the_same_thing() -> None:
    spans = {"II": [(0.0, 0.5, 2.0), (1.0, 1.25, -1.0)], "V6": [(3.0, 4.0, 0.5)]}
    values = painted(spans, AXES)
    assert float(values[1].abs().sum()) == pytest.approx(0.5 * 2 + 0.25 * 1)
    back = spans_of(values, AXES)
    assert back.keys() == spans.keys()
    for name, rows in spans.items():
        for one, other in zip(rows, back[name], strict=True):
            assert one == pytest.approx(other)


def test_overlaps_are_aggregated_and_conflicts_made_small() -> None:
    one, two = [(0.0, 1.0, 0.9)], [(0.5, 1.5, 0.4), (2.0, 3.0, 0.3)]
    assert list(crossed(one, two, Geomean(), 0.5)) == [(0.5, 1.0, pytest.approx(0.6)), (2, 3, 0.15)]
    assert next(crossed(one, [(0.0, 1.0, -0.5)], Geomean(), 1.0))[2] == pytest.approx(0.1)
    assert next(crossed(one, [(0.0, 1.0, 0.5)], Least(), 1.0))[2] == 0.5
    minus = list(crossed([(0.0, 1.0, -0.9)], [(0.0, 1.0, -0.4)], Geomean(), 1.0))
    assert minus[0][2] == pytest.approx(-0.6)


def test_neighbours_alike_are_merged_and_the_small_are_dropped() -> None:
    rows = [(0.0, 0.5, 1.0), (0.5, 1.0, 0.95), (1.0, 1.5, 0.5), (1.6, 2.0, 0.5)]
    assert merged(rows) == [(0, 1, pytest.approx(0.975)), (1, 1.5, 0.5), (1.6, 2, 0.5)]
    first = {"I": [(0.0, 0.5, 10.0), (1.0, 1.5, 0.1)]}
    assert fused_spans(first, {}, Geomean(), 1.0, 0.02) == {"I": [(0.0, 0.5, 1.0)]}
    mass = {"I": [(0.0, 1.0, 0.5)], "V1": [(0.0, 1.0, -0.9)], "II": [(0.0, 0.1, 1.0)]}
    assert list(foremost(mass, 2)) == ["V1", "I"]


def test_every_lead_has_a_foremost_span_of_one() -> None:
    """The earlier work's fault: noise leads equal signal leads."""
    made = Fused(
        EarlierLime(WINDOWS, PRIORS),
        EarlierTimeShap(WINDOWS, PRIORS),
        partial(fuse, method_weights={"SNR": (0.7, 0.3)}),
    )
    found = made(case(network(), "SNR"))
    assert found.note == CIRCULAR
    kept = found.values.abs().amax(1)
    assert int((kept > 0).sum()) <= 5
    assert float(kept.max() * RATE) <= 1 + 1e-9
    assert found.settings == {"agg": "Geomean", "beta": 1.0, "tau": 0.02, "topk": 5}
    equal = Fused(made.first, made.second, fuse)(case(network(), "SNR"))
    assert torch.equal(equal.values, found.values)
    assert equal.trust != found.trust


def test_maps_of_other_cells_are_refused() -> None:
    one = EarlierLime(WINDOWS, PRIORS)(case(network()))
    other = Axis("time", tuple(k / 10 for k in range(80)), "s")
    with pytest.raises(Refused, match="different cells"):
        fuse(one, replace(one, axes=(AXES[0], other)))
