"""Gradient methods, against closed forms and by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.explain.estimators.cams import GradCAM, LayerCAM
from tremor.explain.estimators.draws import Moments
from tremor.explain.estimators.expected_gradients import ExpectedGradients
from tremor.explain.estimators.integrated_gradients import IntegratedGradients
from tremor.explain.estimators.smoothgrad import SmoothGrad
from tremor.explain.slope import Slope, slope
from tremor.explain.targets import Contrast, OneClass, Predicted

ONE = torch.tensor([1.0])


def small(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv1d(2, 6, 5, padding=2),
        nn.GELU(),
        nn.Conv1d(6, 6, 3),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(6 * 18, 3),
    ).eval()


def quadratic(q: Tensor) -> Callable[[Tensor], Tensor]:
    """`xᵀ Q x` as the one logit."""
    return lambda x: torch.einsum("bi,ij,bj->b", x, q.to(x), x)[:, None]


@pytest.fixture
def record() -> Tensor:
    return torch.randn(2, 20, generator=torch.Generator().manual_seed(1))


def test_a_slope_is_the_gradient_of_the_target(record: Tensor) -> None:
    network = small()
    found = slope(network, record, Contrast(2, 0))
    scores, gradients = found(torch.stack([record, 2 * record]))
    x = torch.stack([record, 2 * record]).requires_grad_()
    wanted = network(x)[:, 2] - network(x)[:, 0]
    torch.testing.assert_close(scores.float(), wanted.detach())
    torch.testing.assert_close(gradients.float(), torch.autograd.grad(wanted.sum(), x)[0])
    assert found.evaluations == 3


def test_slopes_work_when_frozen_in_inference_mode_and_recurrent() -> None:
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell, self.head = nn.LSTM(2, 4, batch_first=True), nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.cell(x.transpose(1, 2))[0][:, -1])  # type: ignore[no-any-return]

    network = Recurrent().eval().requires_grad_(False)
    with torch.inference_mode():
        record = torch.randn(2, 10)
        _, gradients = slope(network, record, Predicted())(record[None])
    assert bool((gradients != 0).all())
    assert not network.training


def test_integrated_gradients_of_a_quadratic_need_one_node() -> None:
    g = torch.Generator().manual_seed(0)
    q, x, base = (torch.randn(*s, generator=g) for s in ((5, 5), (5,), (5,)))
    found = IntegratedGradients(nodes=1)(Slope(quadratic(q), ONE), x, base[None]).values
    wanted = (x - base) * ((q + q.T) @ (x + base)) / 2
    torch.testing.assert_close(found.float(), wanted, atol=1e-5, rtol=1e-5)


def test_integrated_gradients_add_up_and_turn_with_their_ends(record: Tensor) -> None:
    network, base = small(), torch.full((2, 20), 0.2)
    method = IntegratedGradients(tolerance=1e-5)
    there = method(slope(network, record, OneClass(1)), record, base[None]).values
    back = method(slope(network, record, OneClass(1)), base, record[None]).values
    ends = network(torch.stack([base, record]))[:, 1].detach()
    assert float(there.sum()) == pytest.approx(float(ends[1] - ends[0]), abs=1e-4)
    torch.testing.assert_close(there, -back, atol=1e-6, rtol=1e-4)


def test_integrated_gradients_take_more_nodes_where_they_must() -> None:
    def steep(x: Tensor) -> Tensor:
        return torch.sigmoid(40 * (x.sum(1, keepdim=True) - 0.3))

    x, base = torch.ones(2), torch.zeros(2)
    rough, fine = Slope(steep, ONE), Slope(steep, ONE)
    coarse = IntegratedGradients(nodes=2, most=2)(rough, x, base[None]).values
    found = IntegratedGradients(nodes=2)(fine, x, base[None]).values
    assert abs(float(coarse.sum()) - 1) > 0.05
    assert float(found.sum()) == pytest.approx(1, abs=2e-3)
    assert rough.evaluations < fine.evaluations


def test_expected_gradients_of_a_linear_model_and_their_errors() -> None:
    g = torch.Generator().manual_seed(2)
    w, x, others = (torch.randn(*s, generator=g) for s in ((6,), (6,), (30, 6)))
    linear = Slope(lambda inputs: (inputs @ w.to(inputs))[:, None], ONE)
    truth = (w * (x - others.mean(0))).double()
    assert ExpectedGradients(budget=2)(linear, x, others[:1]).values.tolist() == pytest.approx(
        (w * (x - others[0])).tolist(), abs=1e-6
    )
    held = []
    for seed in range(60):
        low, high = ExpectedGradients(100, seed)(linear, x, others).interval()
        held.append((low <= truth) & (truth <= high))
    assert 0.9 <= float(torch.stack(held).double().mean()) <= 0.985


def test_moments_of_batches_are_those_of_the_whole() -> None:
    drawn = torch.randn(23, 4, dtype=torch.float64) + torch.arange(23).view(-1, 1)
    moments = Moments(drawn[0].shape)
    for part in drawn.split(5):
        moments.add(part)
    mean, error = moments.mean_and_error()
    torch.testing.assert_close(mean, drawn.mean(0))
    torch.testing.assert_close(error, drawn.std(0) / 23**0.5)


def test_smoothgrad_is_the_mean_gradient() -> None:
    q = torch.diag(torch.tensor([1.0, 2.0, 3.0]))
    x = torch.tensor([1.0, 2.0, 3.0])
    found = SmoothGrad(budget=4000, level=0.1)(Slope(quadratic(q), ONE, batch=500), x)
    truth = 2 * torch.diag(q) * x
    assert found.errors is not None
    assert not found.complete
    spread = 2 * torch.diag(q) * 0.2 / 4000**0.5
    torch.testing.assert_close(found.errors.float(), spread, rtol=0.1, atol=0)
    assert bool(((found.values.float() - truth).abs() < 4 * spread).all())


def test_the_size_of_batches_changes_nothing(record: Tensor) -> None:
    network, others = small(), torch.randn(5, 2, 20)
    made = []
    for batch in (1, 7, 512):
        at = Slope(network, torch.tensor([0.0, 1.0, 0.0]), batch)
        made.append(
            (
                IntegratedGradients()(at, record, others[:1]).values,
                ExpectedGradients(20)(at, record, others).values,
                SmoothGrad(20)(at, record).values,
            )
        )
    for other in made[1:]:
        torch.testing.assert_close(other, made[0], atol=1e-5, rtol=0)


class Pooled(nn.Module):
    """A bent convolution, the mean over cells, a linear head: every map can be had by hand."""

    def __init__(self, conv: nn.Module, features: int) -> None:
        super().__init__()
        self.conv, self.bend = conv, nn.ReLU(inplace=True)
        self.head, self.unused = nn.Linear(features, 3), nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.bend(self.conv(x)).flatten(2).mean(2))  # type: ignore[no-any-return]


@pytest.mark.parametrize("size", [(8,), (4, 6)], ids=["1-D", "2-D"])
def test_gradcam_is_the_heads_own_map(size: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    conv = nn.Conv1d(2, 5, 1) if len(size) == 1 else nn.Conv2d(2, 5, 1)
    network, x = Pooled(conv, 5).eval().requires_grad_(False), torch.randn(2, *size)
    weights = torch.tensor([0.0, 1.0, -1.0])
    found = GradCAM("bend")(network, x, weights)
    features = conv(x[None])[0].relu()
    cells = features[0].numel()
    by_hand = torch.tensordot(weights @ network.head.weight, features, 1) / cells
    torch.testing.assert_close(found.values[1].float(), by_hand)
    torch.testing.assert_close(found.values[0], found.values[1])
    score = float(weights @ (network(x[None])[0] - network.head.bias))
    assert float(found.values[0].sum()) == pytest.approx(score, abs=1e-5)
    assert not network.bend._forward_hooks


def test_cams_before_a_bend_that_writes_in_place() -> None:
    torch.manual_seed(1)
    conv = nn.Conv1d(1, 4, 3, stride=3)
    network, x = Pooled(conv, 4).eval(), torch.randn(1, 12)
    features = conv(x[None])[0].detach()
    head = network.head.weight[1].detach()[:, None]
    gradient = head * (features > 0) / 4
    grad = GradCAM("conv")(network, x, torch.tensor([0.0, 1.0, 0.0]))
    by_hand = (gradient.mean(1, keepdim=True) * features).sum(0)
    torch.testing.assert_close(grad.values[0].float(), by_hand.repeat_interleave(3))
    assert grad.leaf[0].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    layer = LayerCAM("conv")(network, x, torch.tensor([0.0, 1.0, 0.0]))
    by_hand = (gradient.clamp(min=0) * features).sum(0)
    torch.testing.assert_close(layer.values[0].float(), by_hand.repeat_interleave(3))


def test_cams_in_inference_mode() -> None:
    network = Pooled(nn.Conv1d(2, 3, 1), 3).eval()
    with torch.inference_mode():
        found = GradCAM("bend")(network, torch.randn(2, 6), torch.tensor([1.0, 0.0, 0.0]))
    assert found.values.shape == (2, 6)


@pytest.mark.parametrize(
    ("layer", "words"),
    [("last", "no layer 'last'.*\n.*\n.*bend"), ("head", "no features"), ("unused", "no part")],
)
def test_layers_without_a_map_are_refused(layer: str, words: str) -> None:
    network = Pooled(nn.Conv1d(2, 3, 1), 3).eval()
    with pytest.raises(Refused, match=words):
        GradCAM(layer)(network, torch.randn(2, 6), torch.tensor([1.0, 0.0, 0.0]))


def test_maps_of_other_axes_than_the_inputs_are_refused() -> None:
    network = nn.Sequential(nn.Flatten(2), Pooled(nn.Conv1d(2, 3, 1), 3)).eval()
    with pytest.raises(Refused, match="a map of 1 axes over"):
        GradCAM("1.conv")(network, torch.randn(2, 3, 4), torch.tensor([1.0, 0.0, 0.0]))
