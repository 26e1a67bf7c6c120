"""How alike maps are, and networks that have forgotten."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.explain.audit.randomise import cascade, randomised
from tremor.explain.audit.similarity import between_records, likeness, spearman, template


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_a_map_is_like_itself_and_unlike_its_opposite() -> None:
    a = drawn(3, 20, 30)
    same, opposite = likeness(a, a), likeness(a, -a)
    assert same.difference == 0
    assert (same.spearman, same.correlation, same.top) == pytest.approx((1, 1, 1))
    assert opposite.spearman == pytest.approx(-1)
    assert opposite.magnitudes == pytest.approx(1)
    assert opposite.difference == pytest.approx(2)
    assert opposite.top == 0


def test_unrelated_maps_are_at_chance() -> None:
    found = likeness(drawn(3, 20, 30), drawn(3, 20, 30, seed=1))
    assert found.spearman == pytest.approx(0, abs=0.1)
    assert found.difference == pytest.approx(np.sqrt(2), abs=0.05)
    assert found.top == pytest.approx(found.top_chance, abs=0.05)
    assert found.closest == max(found.spearman or 0, found.correlation or 0)


def test_spearman_is_scipys_with_ties() -> None:
    a, b = ((drawn(500, seed=s) * 2).round() for s in (0, 1))
    wanted = stats.spearmanr(a.numpy(), (a + b).numpy()).statistic
    assert spearman(a, a + b) == pytest.approx(wanted)


def test_maps_without_contrast_are_undefined() -> None:
    found = likeness(torch.zeros(4, 5), torch.zeros(4, 5))
    undefined = (found.spearman, found.correlation, found.difference, found.top, found.closest)
    assert undefined == (None,) * 5


def test_ties_at_the_edge_share_their_places() -> None:
    a = torch.tensor([3.0, 1, 1, 1, 1, 1, 1, 1, 1, 1] * 2)
    b = torch.arange(20.0)
    assert likeness(a, a, top=0.2).top == pytest.approx(1.0)
    assert likeness(a, b, top=0.2).top == pytest.approx(4 * (2 / 18) / 4)


def test_maps_of_one_shape_only() -> None:
    with pytest.raises(Refused, match="shapes"):
        likeness(torch.ones(3), torch.ones(4))


def test_a_template_is_found_and_own_events_do_not_count() -> None:
    common = drawn(10, 20)
    events = [f"e{i // 2}" for i in range(12)]
    alike = [common + 0.1 * drawn(10, 20, seed=i) for i in range(1, 13)]
    own = [drawn(10, 20, seed=int(e[1:])) * (1 + i) for i, e in enumerate(events)]
    assert min(v or 0 for v in template(alike, events)) > 0.9
    assert max(abs(v or 1) for v in template(own, events)) < 0.3
    assert template(alike, ["one"] * 12) == [None] * 12
    assert max(abs(x.correlation or 1) for x in between_records(own, events)) < 0.3
    assert len(between_records(alike, events, pairs=7)) == 7
    assert not between_records(alike, ["one"] * 12)


class Forgetful(nn.Module):
    """With parameters that no `reset_parameters` knows, tied ones, and buffers of both kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(5))
        self.conv = nn.Conv1d(3, 6, 5)
        self.norm = nn.BatchNorm1d(6)
        self.scale = nn.Parameter(torch.full((6, 1), 1e-6))
        self.shift = nn.Parameter(torch.zeros(6, 1))
        self.tau = nn.Parameter(torch.tensor(2.0))
        self.mixer = nn.LSTM(6, 4, batch_first=True)
        self.layer = nn.LayerNorm(4)
        self.head = nn.Linear(4, 2)
        self.tied = self.head

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.conv(x)) * (1 + self.scale) + self.shift
        last: Tensor = self.mixer(x.mT)[0][:, -1]
        logits: Tensor = self.tied(self.layer(last))
        return logits / self.tau


@pytest.fixture
def network() -> Forgetful:
    torch.manual_seed(0)
    made = Forgetful()
    for _ in range(3):
        made(torch.randn(8, 3, 40) * 3 + 1)
    return made


def state(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def test_every_parameter_changes_and_the_original_does_not(network: Forgetful) -> None:
    before = state(network)
    made = randomised(network, seed=0)
    assert all(torch.equal(before[k], x) for k, x in network.state_dict().items())
    assert network.training
    assert not any(module.training for module in made.modules())
    kept = {k for k, x in made.state_dict().items() if torch.equal(before[k], x)}
    assert kept == {"window", "norm.num_batches_tracked"}
    assert made.tied is made.head  # type: ignore[comparison-overlap]


def test_what_it_keeps(network: Forgetful) -> None:
    """Sizes of entries, and signs of what was one number."""
    made = randomised(network, seed=3)
    old, new = network.conv.weight, made.get_parameter("conv.weight")
    assert torch.equal(old.abs().flatten().sort().values, new.abs().flatten().sort().values)
    assert (old < 0).sum() != (new < 0).sum()
    assert (made.get_parameter("scale") > 0).all()
    assert made.get_parameter("tau") > 0
    assert (made.get_buffer("norm.running_var") > 0).all()
    assert made(drawn(4, 3, 40)).isfinite().all()


def test_seeds_and_repeats(network: Forgetful) -> None:
    one, same, other = (state(randomised(network, seed)) for seed in (1, 1, 2))
    assert all(torch.equal(one[k], same[k]) for k in one)
    assert not torch.equal(one["conv.weight"], other["conv.weight"])


def test_the_cascade_goes_down_from_the_head_to_a_network_wholly_forgotten(
    network: Forgetful,
) -> None:
    before = state(network)
    steps = [(name, state(made)) for name, made in cascade(network, seed=5)]
    changed = [sum(not torch.equal(before[k], x) for k, x in now.items()) for _, now in steps]
    assert steps[0][0] == "head"
    assert changed == sorted(set(changed))
    whole = state(randomised(network, seed=5))
    assert all(torch.equal(whole[k], x) for k, x in steps[-1][1].items())


def test_two_entries_change_places() -> None:
    layer = nn.Linear(1, 2)
    for seed in range(20):
        assert not torch.equal(randomised(layer, seed).get_parameter("bias"), layer.bias)


def test_a_copy_of_a_randomised_network_is_independent(network: Forgetful) -> None:
    made = randomised(network, seed=0)
    again = randomised(copy.deepcopy(network), seed=0)
    assert all(torch.equal(x, again.state_dict()[k]) for k, x in made.state_dict().items())
