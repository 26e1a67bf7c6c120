"""Piece by piece, a game is worth what the whole network says; what sees too much is left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from tremor.explain.fills import Fill, Mean, Samples, Zero
from tremor.explain.game import Game, Masked, masked
from tremor.explain.local.body import Body
from tremor.explain.local.pieces import Pieces
from tremor.explain.local.worth import LocalWorth
from tremor.explain.players import Players, partition, time_windows
from tremor.explain.targets import Contrast, OneClass, Target
from tremor.network.decoders.pooled import PooledLinear
from tremor.network.encoders.raw import Raw
from tremor.network.models.cnn1d import CNN1D
from tremor.network.models.ecg_cnn import ECGCNN
from tremor.network.models.ecg_resnet import ECGResNet
from tremor.network.network import Network
from tremor.network.views import OfSignal

CLOSE = 2e-6  # of the largest worth: float32
LEADS, STEPS = 3, 240


class Pooled(nn.Module):
    """Layers, the mean over time, one linear layer."""

    def __init__(self, *layers: nn.Module, classes: int = 3):
        super().__init__()
        self.body = nn.Sequential(*layers)
        self.head = nn.LazyLinear(classes)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.head(self.pooled(self.body(x)))
        return found

    def pooled(self, features: Tensor) -> Tensor:
        return features.mean(-1)


class Highest(Pooled):
    def pooled(self, features: Tensor) -> Tensor:
        return features.amax(-1)


class Flat(Pooled):
    def pooled(self, features: Tensor) -> Tensor:
        return features.flatten(1)


class Normed(Pooled):
    def pooled(self, features: Tensor) -> Tensor:
        return nn.functional.layer_norm(features.mean(-1), features.shape[1:2])


class Excited(nn.Conv1d):
    """A gate of each feature that looks at all times."""

    def forward(self, x: Tensor) -> Tensor:
        found = super().forward(x)
        return found * found.mean(-1, keepdim=True).sigmoid()


class Placed(nn.Conv1d):
    """Features that know where they are."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + torch.arange(x.shape[-1]) / x.shape[-1]


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(LEADS, 4, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.lstm(x.transpose(1, 2))[0]
        return found.transpose(1, 2)


def conv(features: int = LEADS, out: int = 4, kernel: int = 3, **more: object) -> nn.Conv1d:
    return nn.Conv1d(features, out, kernel, **more)  # type: ignore[arg-type]


def ready(network: nn.Module, shape: tuple[int, ...] = (LEADS, STEPS)) -> nn.Module:
    """In evaluation mode, batch norms with statistics of their own."""
    torch.manual_seed(0)
    network.train()(torch.randn(4, *shape) * 3 + 1)
    return network.eval().requires_grad_(False)


def record(leads: int = LEADS, steps: int = STEPS) -> Tensor:
    return torch.randn(leads, steps, generator=torch.Generator().manual_seed(7)) * 2 + 0.5


def cells(leads: int, cuts: list[int], steps: int = STEPS) -> Players:
    return partition((leads, steps), [list(range(1, leads)), cuts])


def game_of(
    network: nn.Module,
    players: Players,
    fill: Fill | None = None,
    target: Target | None = None,
    x: Tensor | None = None,
) -> Game:
    made = record() if x is None else x
    return masked(network, made, players, fill or Zero(), target or OneClass(1), batch=16)


def local(game: Game) -> LocalWorth:
    assert isinstance(game.worth, Masked)
    assert game.worth.local is not None
    return game.worth.local


def plain(game: Game, masks: Tensor) -> Tensor:
    """The worth that the whole network gives."""
    assert isinstance(game.worth, Masked)
    return replace(game.worth, local=None)(masks).double()


def drawn(players: Players, many: int = 12) -> Tensor:
    """Masks at random, then some that leave all but a few neighbours alone."""
    generator = torch.Generator().manual_seed(1)
    wild = torch.rand(many, players.count, generator=generator) < 0.5
    calm = torch.ones(many, players.count, dtype=torch.bool)
    calm[:, : players.grid[-1] : 3] = wild[:, : players.grid[-1] : 3]
    return torch.cat([wild, calm, ~calm])


def agree(game: Game) -> None:
    masks = drawn(game.players)
    wanted = plain(game, masks)
    limit = CLOSE * float(wanted.abs().max() + (wanted.max() - wanted.min()))
    for _ in range(2):  # what is remembered is right as well
        torch.testing.assert_close(game(masks), wanted, rtol=0, atol=limit)
    ends = torch.tensor([[False], [True]]).expand(2, game.players.count)
    wanted = torch.tensor([game.empty, game.full], dtype=torch.float64)
    torch.testing.assert_close(game(ends), wanted, rtol=0, atol=limit)


layer = st.tuples(
    st.integers(1, 5),  # kernel
    st.integers(1, 2),  # stride
    st.integers(1, 2),  # pooling
    st.sampled_from(["none", "same", "zeros", "reflect", "replicate"]),
)


def built(layers: list[tuple[int, int, int, str]]) -> nn.Module:
    made: list[nn.Module] = []
    features = LEADS
    for kernel, stride, pool, pad in layers:
        more: dict[str, object] = {"stride": stride}
        if pad == "same":
            more = {"padding": "same"}
        elif pad != "none":
            more |= {"padding": kernel // 2, "padding_mode": pad}
        made += [conv(features, 4, kernel, **more), nn.BatchNorm1d(4), nn.ReLU()]
        made += [nn.MaxPool1d(pool)] if pool > 1 else []
        features = 4
    return ready(Pooled(*made))


@given(
    st.lists(layer, min_size=1, max_size=2),
    st.lists(st.integers(8, 230), min_size=2, max_size=4, unique=True).map(sorted),
    st.booleans(),
)
@settings(max_examples=30)
def test_pieces_are_worth_what_the_whole_is(
    layers: list[tuple[int, int, int, str]], cuts: list[int], apart: bool
) -> None:
    players = cells(LEADS if apart else 1, cuts) if apart else partition((LEADS, STEPS), [[], cuts])
    game = game_of(built(layers), players)
    assert local(game).pieces.trunk.sees <= 9
    agree(game)


@pytest.mark.parametrize("steps", [300, 299, 217])
@pytest.mark.parametrize("make", [ECGResNet, ECGCNN, CNN1D])
def test_records_of_any_length(make: type[nn.Module], steps: int) -> None:
    encoder = Raw(LEADS, 300, 100.0, 1)
    small: dict[str, object] = {"widths": (4, 4)}
    small |= {"kernel": 3} if make is CNN1D else {"kernels": (4, 3)}
    model = make(encoder.out_shape, **small)
    network = Network(encoder, model, PooledLinear(model.out_shape, 3))
    torch.manual_seed(0)
    network.train()(torch.randn(4, LEADS, 300), torch.full((4,), 300))
    x = record(steps=300)
    x[:, steps:] = 0
    view = OfSignal(network.eval().requires_grad_(False), steps).eval()
    background = torch.full_like(x, 0.2)
    background[:, steps:] = 0
    game = game_of(view, time_windows(x.shape, 60), Mean(background), x=x)
    assert local(game).pieces.trunk.samples in range(steps, steps + 4)
    agree(game)


def test_backgrounds_and_contrasts() -> None:
    network = ready(Pooled(conv(kernel=5, padding=2), nn.ReLU()))
    others = torch.randn(5, LEADS, STEPS)
    game = game_of(network, cells(LEADS, [100, 160]), Samples(others, 3), Contrast(2, 0))
    assert local(game).pieces.trunk.sees == 5
    agree(game)


def test_a_head_may_weigh_times() -> None:
    game = game_of(ready(Flat(conv(kernel=5, padding=2), nn.ReLU())), cells(LEADS, [100, 160]))
    assert local(game).pieces.head.shape == (4, STEPS)
    agree(game)


def test_pictures_have_a_last_axis_too() -> None:
    network = ready(
        nn.Sequential(
            nn.Conv2d(2, 4, (3, 5)),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(4, 2),
        ),
        (2, 6, 80),
    )
    x = record(12, 80).view(2, 6, 80)
    game = game_of(network, partition(x.shape, [[], [3], [30, 60]]), x=x)
    assert local(game).pieces.trunk.sees == 5
    agree(game)


@pytest.mark.parametrize(
    "network",
    [
        Pooled(Recurrent()),
        Pooled(conv(), nn.GroupNorm(2, 4)),
        Pooled(Excited(LEADS, 4, 3)),
        Pooled(Placed(LEADS, 4, 3, padding=1)),
        Pooled(conv(kernel=101, padding=50)),
        Highest(conv()),
        Normed(conv()),
    ],
)
def test_what_sees_too_much_is_played_as_a_whole(network: nn.Module) -> None:
    game = game_of(ready(network), cells(LEADS, [100, 160]))
    assert isinstance(game.worth, Masked)
    assert game.worth.local is None
    agree(game)


def test_nothing_is_probed_where_nothing_can_be_gained() -> None:
    network = ready(Pooled(conv(), nn.ReLU()))
    assert Pieces.probe(lambda x: network(x), record(), torch.ones(3)) is None
    for players in (cells(LEADS, []), cells(LEADS, list(range(2, STEPS, 2)))):
        game = game_of(network, players)
        assert isinstance(game.worth, Masked)
        assert game.worth.local is None


def test_the_reach_is_that_of_the_layers() -> None:
    layers = (conv(kernel=8, padding="same"), nn.ReLU(), conv(4, 4, 3, padding=2, dilation=2))
    found = Pieces.probe(ready(Pooled(*layers)), record(), torch.ones(3))
    assert found is not None
    trunk = found.trunk
    assert (trunk.step, trunk.back, trunk.ahead) == (1, 3 + 2, 4 + 2)


def test_all_coalitions_of_windows_cost_less_than_two_records() -> None:
    network = ready(Pooled(conv(kernel=3, padding=1), nn.ReLU()))
    game = game_of(network, time_windows((LEADS, STEPS), 30))
    everyone = torch.cartesian_prod(*[torch.tensor([False, True])] * 8)
    found, worth = game(everyone), local(game)
    assert worth.computed < 2
    assert game.evaluations == 2 + 2**8
    spent = worth.samples
    torch.testing.assert_close(game(everyone.flip(0)), found.flip(0), rtol=0, atol=0)
    assert worth.samples == spent  # nothing is run twice


def test_leads_of_a_window_cost_the_window_and_its_halo() -> None:
    network = ready(Pooled(conv(kernel=5, padding=2), nn.ReLU()))
    game = game_of(network, cells(LEADS, [100, 140]))
    masks = torch.ones(8, LEADS, 3, dtype=torch.bool)
    masks[:, :, 1] = torch.cartesian_prod(*[torch.tensor([False, True])] * LEADS)
    worth = local(game)
    wanted = plain(game, masks.flatten(1))
    torch.testing.assert_close(game(masks.flatten(1)), wanted, rtol=0, atol=CLOSE)
    assert worth.samples < 8 * (40 + 4 + 4)


def test_no_more_is_run_than_whole_records() -> None:
    network = ready(Pooled(conv(kernel=5, padding=2), nn.ReLU()))
    game = game_of(network, cells(LEADS, list(range(20, STEPS, 20))))
    masks = torch.rand(40, game.players.count) < 0.5
    game(masks)
    assert local(game).computed <= 40


def test_new_weights_are_looked_at_anew() -> None:
    network = ready(Pooled(conv(kernel=5, padding=2), nn.ReLU()))
    players = cells(LEADS, [100, 160])
    before = game_of(network, players)
    assert Body.of(network, record()) is Body.of(network, record(LEADS).flip(0))
    network.body[0].weight.data.mul_(-1)  # type: ignore[union-attr, operator]
    after = game_of(network, players)
    assert after.full != pytest.approx(before.full)
    agree(after)
