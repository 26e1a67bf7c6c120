"""Features beside answers: what the last linear map is given, whichever decoder it is in."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tremor.data.batch import Batch
from tremor.network.decoders.given import Given
from tremor.network.decoders.hierarchical import HierarchicalDecoder
from tremor.network.decoders.multitask import MultitaskDecoder
from tremor.network.decoders.pooled import PooledLinear
from tremor.network.decoders.sequence_classifier import SequenceClassifier
from tremor.network.network import Network
from tremor.tasks.watched import Watched, answering

HEADS = {"size": ["none", "small", "large"], "side": ["none", "north", "south"]}


class AsIs(nn.Module):
    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        return x, length


class Ends(nn.Module):
    """A model that gives logits by a linear map of its own, where `maps`."""

    def __init__(self, maps: bool):
        super().__init__()
        self.linear = nn.Linear(4, 2) if maps else nn.Identity()

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.linear(x.mean(-1))[:, :2]
        return logits[..., None], length


class Says(nn.Module):
    """A task that answers with its network's logits."""

    def __init__(self, network: Network):
        super().__init__()
        self.network = network

    def predict_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        return {"logits": self.network(batch.x, batch.length)}


def watched(decoder: nn.Module, model: nn.Module | None = None) -> tuple[Any, dict[str, Tensor]]:
    torch.manual_seed(0)
    network = Network(AsIs(), model or AsIs(), decoder).eval()
    task: Any = Says(network)
    rows = torch.arange(5)
    batch = Batch(torch.randn(5, 4, 7), rows, torch.full((5,), 7), rows)
    plain, found = task.predict_step(batch, 0), Watched(task).predict_step(batch, 0)
    assert torch.equal(plain["logits"], found["logits"])
    return network, found


@pytest.mark.parametrize(
    "decoder",
    [
        PooledLinear((4, 7), 3, norm=True),
        SequenceClassifier((4, 7), 3, pool="attention"),
        MultitaskDecoder((4, 7), HEADS, hidden=None),
    ],
)
def test_one_linear_map_of_the_features_gives_the_logits(decoder: nn.Module) -> None:
    network, found = watched(decoder)
    layer = answering(network)
    assert layer is not None
    assert found["features"].shape == (5, 4)
    assert torch.allclose(layer(found["features"]), found["logits"], atol=1e-6)


@pytest.mark.parametrize("kind", [MultitaskDecoder, HierarchicalDecoder])
def test_of_several_heads_it_is_what_they_share(kind: Any) -> None:
    """The pooled steps, as the norm before the first hidden layer has them."""
    _, found = watched(kind((4, 7), HEADS, hidden=6))
    assert found["features"].shape == (5, 4)
    assert found["features"].mean(1) == pytest.approx(0, abs=1e-6)


def test_a_map_within_the_model_is_taken_where_the_decoder_has_none() -> None:
    network, found = watched(Given((2, 1), 2), Ends(maps=True))
    assert torch.allclose(network.model.linear(found["features"]), found["logits"], atol=1e-6)


def test_without_such_a_map_there_are_answers_alone() -> None:
    _, found = watched(Given((2, 1), 2), Ends(maps=False))
    assert set(found) == {"logits"}


def test_nothing_stays_hooked() -> None:
    network, _ = watched(PooledLinear((4, 7), 3))
    assert not any(layer._forward_pre_hooks for layer in network.modules())
