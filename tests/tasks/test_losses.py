"""Losses of heads against torch and torchvision, and the weighing of several."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from tremor.errors import Refused
from tremor.tasks.class_weights import ClassWeights, balanced
from tremor.tasks.losses import Weighing, focal_cross_entropy
from tremor.tasks.targets import weighed

HEADS = {"size": ["none", "small", "large"], "way": ["none", "N", "S"]}
WEIGHT = torch.tensor([0.5, 1.0, 3.0])


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def hard(labels: Tensor, classes: int = 3) -> Tensor:
    return one_hot(labels, classes).float()


def heavy(labels: Tensor) -> Tensor:
    """Hard labels with the weights of their classes."""
    return weighed([hard(labels)], labels[:, None], [WEIGHT])[0]


def test_without_focus_it_is_the_cross_entropy_of_torch() -> None:
    logits, target = 3 * drawn(9, 3), drawn(9, 3, seed=1).softmax(-1)
    torch.testing.assert_close(focal_cross_entropy(logits, target), cross_entropy(logits, target))
    labels = torch.arange(9) % 3
    expected = cross_entropy(logits, hard(labels), WEIGHT)
    own = focal_cross_entropy(logits, hard(labels), heavy(labels))
    torch.testing.assert_close(own, expected)


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_hard_labels_have_the_focal_loss_of_torchvision(gamma: float) -> None:
    ops = pytest.importorskip("torchvision.ops")
    score, labels = 3 * drawn(20), torch.arange(20) % 2
    two = torch.stack([torch.zeros(20), score], -1)
    own = focal_cross_entropy(two, hard(labels, 2), gamma=gamma)
    theirs = ops.sigmoid_focal_loss(score, labels.float(), alpha=-1, gamma=gamma, reduction="mean")
    torch.testing.assert_close(own, theirs)


def test_hard_labels_by_hand() -> None:
    logits, labels = drawn(6, 3), torch.tensor([0, 1, 2, 2, 1, 0])
    p = logits.softmax(-1)[torch.arange(6), labels]
    expected = (WEIGHT[labels] * (1 - p) ** 2 * -p.log()).mean()
    own = focal_cross_entropy(logits, hard(labels), heavy(labels), 2.0)
    torch.testing.assert_close(own, expected)


@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_mixed_labels_are_mixed_losses(gamma: float) -> None:
    logits, both = drawn(4, 3), (torch.tensor([0, 1, 2, 0]), torch.ones(4).long())
    target, counted = (0.3 * made(both[0]) + 0.7 * made(both[1]) for made in (hard, heavy))
    mixed = focal_cross_entropy(logits, target, counted, gamma)
    apart = [focal_cross_entropy(logits, hard(y), heavy(y), gamma) for y in both]
    torch.testing.assert_close(mixed, 0.3 * apart[0] + 0.7 * apart[1])


@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_unknown_labels_take_no_part(gamma: float) -> None:
    logits, labels = drawn(5, 3).requires_grad_(), torch.tensor([0, 1, 2, 0, 1])
    target, counted = hard(labels), heavy(labels)
    target[3:], counted[3:] = 0, 0
    loss = focal_cross_entropy(logits, target, counted, gamma)
    alone = focal_cross_entropy(logits[:3], target[:3], counted[:3], gamma)
    torch.testing.assert_close(loss, alone)
    loss.backward()
    assert not logits.grad[3:].any()  # type: ignore[index]


def test_none_known_is_no_loss_and_no_gradient() -> None:
    logits = drawn(5, 3).requires_grad_()
    loss = focal_cross_entropy(logits, torch.zeros(5, 3))
    loss.backward()
    assert float(loss.detach()) == 0
    assert not logits.grad.any()  # type: ignore[union-attr]


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_sure_answers_have_finite_losses_and_gradients(gamma: float, dtype: torch.dtype) -> None:
    logits = torch.tensor([[200.0, 0, 0], [-200.0, 0, 0]], dtype=dtype).requires_grad_()
    loss = focal_cross_entropy(logits, hard(torch.tensor([0, 0])), gamma=gamma)
    loss.backward()
    assert loss.dtype == torch.float32
    assert bool(loss.isfinite())
    assert bool(logits.grad.isfinite().all())  # type: ignore[union-attr]


def test_gradients_are_those_of_finite_differences() -> None:
    logits, target = drawn(4, 3).double().requires_grad_(), drawn(4, 3, seed=1).double().softmax(-1)
    counted = target * torch.tensor([[0.5], [1.0], [3.0], [0.0]])

    def loss(x: Tensor) -> Tensor:
        chance = x.log_softmax(-1)
        return (-counted * chance * (1 - chance.exp()) ** 1.5).sum() / target.sum()

    assert torch.autograd.gradcheck(loss, logits)
    (expected,) = torch.autograd.grad(loss(logits), logits)
    own = focal_cross_entropy(logits, target, counted, 1.5)
    (found,) = torch.autograd.grad(own, logits)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def test_losses_add_up_with_their_weights() -> None:
    weighing = Weighing(["a", "b", "c"], {"b": 0.5}, uncertainty=False)
    losses = torch.tensor([1.0, 2.0, 4.0])
    assert float(weighing(losses, torch.tensor([True, True, True]))) == 1 + 1 + 4
    assert float(weighing(losses, torch.tensor([True, False, True]))) == 5
    assert not list(weighing.parameters())


def test_learned_variances_settle_at_twice_the_loss() -> None:
    """exp(-s) L + s / 2 is lowest at s = log 2L, whatever the weight."""
    weighing, losses = Weighing(["a", "b"], {"b": 0.25}, uncertainty=True), torch.tensor([0.3, 2.0])
    both = torch.tensor([True, True])
    assert float(weighing(losses, both).detach()) == pytest.approx(0.3 + 0.5)
    optimizer = torch.optim.LBFGS(weighing.parameters(), max_iter=100, tolerance_grad=1e-9)

    def step() -> Tensor:
        optimizer.zero_grad()
        loss: Tensor = weighing(losses, both)
        loss.backward()
        return loss

    for _ in range(5):
        optimizer.step(step)
    learnt: Tensor = weighing.log_variance.detach()  # type: ignore[union-attr]
    torch.testing.assert_close(learnt, (2 * losses).log(), rtol=1e-3, atol=1e-3)
    least = sum(w * (0.5 + 0.5 * math.log(2 * own)) for w, own in ((1, 0.3), (0.25, 2.0)))
    assert float(weighing(losses, both).detach()) == pytest.approx(least, abs=1e-5)


def test_an_unknown_head_does_not_move_its_variance() -> None:
    weighing = Weighing(["a", "b"], {}, uncertainty=True)
    weighing(torch.tensor([1.0, 0.0]), torch.tensor([True, False])).backward()
    assert weighing.log_variance.grad.tolist() == [-0.5, 0]  # type: ignore[union-attr]


@pytest.mark.parametrize("weights", [{"c": 1.0}, {"a": -1.0}, {"a": 0.0, "b": 0.0}])
def test_odd_weights_of_heads_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(Refused) as caught:
        Weighing(["a", "b"], weights, uncertainty=False)
    assert caught.value.where == "task.weights"


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    from sklearn.utils.class_weight import compute_class_weight

    y = torch.tensor([0] * 6 + [1] * 3 + [2])
    theirs = compute_class_weight("balanced", classes=np.arange(3), y=y.numpy())
    own = balanced(torch.bincount(y))
    torch.testing.assert_close(own, torch.tensor(theirs).float())
    milder = balanced(torch.bincount(y), 0.5)
    torch.testing.assert_close(milder[1] / milder[0], torch.tensor(2.0).sqrt())
    for weights in (own, milder):
        assert float(weights[y].mean()) == pytest.approx(1)
    assert torch.equal(balanced(torch.bincount(y), 0.0), torch.ones(3))


def test_a_class_without_records_counts_as_if_it_had_one() -> None:
    weights = balanced(torch.tensor([8, 4, 0, 1]))
    assert float(weights[2]) == float(weights[3])
    torch.testing.assert_close(weights[:2], torch.tensor([13 / 3 / 8, 13 / 3 / 4]))


def test_weights_are_learned_of_known_labels_by_head() -> None:
    weights = ClassWeights(HEADS, "balanced", 1.0)
    assert [own.tolist() for own in weights()] == [[1.0] * 3] * 2
    weights.learn(torch.tensor([[0, -1], [0, 1], [1, 2], [2, 0]]))
    torch.testing.assert_close(weights()[0], torch.tensor([4 / 6, 4 / 3, 4 / 3]))
    assert weights()[1].tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(Refused, match="known way"):
        weights.learn(torch.tensor([[0, -1]]))


def test_given_weights_hold_for_their_head() -> None:
    weights = ClassWeights(HEADS, {"way": [1.0, 0.0, 5.0]}, 1.0)
    assert not weights.balanced
    assert [own.tolist() for own in weights()] == [[1.0, 1.0, 1.0], [1.0, 0.0, 5.0]]


@pytest.mark.parametrize(
    "given",
    [{"other": [1.0]}, {"way": [1.0, 2.0]}, {"way": [1.0, -1.0, 1.0]}, {"way": [0.0, 0.0, 0.0]}],
)
def test_weights_that_do_not_fit_are_refused(given: dict[str, list[float]]) -> None:
    with pytest.raises(Refused, match=r"task\.class_weights"):
        ClassWeights(HEADS, given, 1.0)
