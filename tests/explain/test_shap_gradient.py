"""The shap library's Gradient explainer on our networks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.explain.estimators.expected_gradients import ExpectedGradients
from tremor.explain.estimators.shap_gradient import ShapGradient
from tremor.explain.slope import Slope

CONTRAST = torch.tensor([1.0, 0.0, -1.0])


def small() -> nn.Module:
    torch.manual_seed(0)
    head = nn.Linear(6 * 18, 3)
    return nn.Sequential(
        nn.Conv1d(2, 6, 5, padding=2), nn.GELU(), nn.Conv1d(6, 6, 3), nn.Flatten(), head
    ).eval()


def drawn(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(2, 20), (3, 4, 5)], ids=["1-D", "2-D"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_linear_model_against_one_background(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    w, x, base = (drawn(*shape, seed=seed).to(dtype) for seed in range(3))
    slope = Slope(
        lambda inputs: (inputs * w).flatten(1).sum(1)[:, None], torch.ones(1, dtype=dtype)
    )
    found = ShapGradient(5)(slope, x, base[None])
    torch.testing.assert_close(found.values, (w * (x - base)).double(), atol=1e-5, rtol=1e-5)
    assert found.values.shape == shape
    assert found.errors is None


def test_it_agrees_with_our_expected_gradients() -> None:
    slope, x, others = Slope(small(), CONTRAST), drawn(2, 20), drawn(30, 2, 20, seed=2)
    ours = ExpectedGradients(1000)(slope, x, others)
    theirs = ShapGradient(1000)(slope, x, others)
    assert ours.errors is not None
    apart = (ours.values - theirs.values) / (ours.errors * 2**0.5)
    assert float(apart.square().mean().sqrt()) == pytest.approx(1, abs=0.35)


def test_the_network_and_the_luck_of_others_are_left_alone() -> None:
    network, x, others = small(), drawn(2, 20), drawn(5, 2, 20, seed=2)
    for parameter in network.parameters():
        parameter.grad = torch.ones_like(parameter)
    np.random.seed(5)
    before = np.random.get_state()[1].tolist()
    found = [
        ShapGradient(30, seed)(Slope(network, CONTRAST, batch), x, others).values
        for seed, batch in [(3, 64), (3, 7), (4, 64)]
    ]
    assert np.random.get_state()[1].tolist() == before
    assert all(bool((p.grad == 1).all()) for p in network.parameters() if p.grad is not None)
    assert not network.training
    torch.testing.assert_close(found[0], found[1], atol=1e-6, rtol=1e-5)
    assert not torch.allclose(found[0], found[2])


def test_it_works_when_frozen_and_in_inference_mode_and_counts() -> None:
    network = small().requires_grad_(False)
    with torch.inference_mode():
        slope = Slope(network, CONTRAST.clone())
        found = ShapGradient(10)(slope, drawn(2, 20), drawn(5, 2, 20, seed=2))
    assert bool(found.values.isfinite().all())
    assert slope.evaluations == 1 + 5 + 10


def test_what_has_no_gradient_or_still_trains_is_refused() -> None:
    x, others = drawn(2, 20), drawn(5, 2, 20, seed=2)
    with pytest.raises(Refused, match="no gradient"):
        ShapGradient(5)(Slope(lambda x: torch.ones(len(x), 3), CONTRAST), x, others)
    with pytest.raises(Refused, match="training mode"):
        ShapGradient(5)(Slope(small().train(), CONTRAST), x, others)
