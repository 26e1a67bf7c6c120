"""Maps of layers: which layer, and what can be known of them beforehand."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.explain.estimators.cams import GradCAM, LayerCAM, note
from tremor.explain.estimators.head_cam import HeadCAM
from tremor.explain.estimators.layers import feature_maps, place
from tremor.network.models.cnn1d import CNN1D
from tremor.network.models.station_cnn import StationCNN

CONTRAST = torch.tensor([0.0, 1.0, -1.0])
SIZES = {"1-D": (48,), "2-D": (20, 28)}


def drawn(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def conv(axes: int, *settings: int, **more: int) -> nn.Module:
    return (nn.Conv1d if axes == 1 else nn.Conv2d)(*settings, **more)  # type: ignore[arg-type]


class FeaturesFirst(nn.LayerNorm):
    """As timm's and torchvision's `LayerNorm2d`: over the features, wherever the cells are."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class Block(nn.Module):
    """A ConvNeXt block: its inner layers have their features last."""

    def __init__(self, axes: int, features: int) -> None:
        super().__init__()
        self.depthwise = conv(axes, features, features, 7, padding=3, groups=features)
        self.norm = nn.LayerNorm(features, eps=1e-6)
        self.mlp = nn.Sequential(
            nn.Linear(features, 4 * features), nn.GELU(), nn.Linear(4 * features, features)
        )

    def forward(self, x: Tensor) -> Tensor:
        inner = self.mlp(self.norm(self.depthwise(x).movedim(1, -1)))
        return x + inner.movedim(-1, 1)  # type: ignore[no-any-return]


class Tiny(nn.Module):
    """ConvNeXt in small: stem, two stages, the mean over cells, LayerNorm, a linear layer."""

    def __init__(self, axes: int, head: nn.Module, features: int = 12) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv(axes, 3, features, 4, stride=4), FeaturesFirst(features))
        self.stages = nn.Sequential(*(Block(axes, features) for _ in range(2)))
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.stages(self.stem(x))
        return self.head(features.flatten(2).mean(2))  # type: ignore[no-any-return]


def classifier(norm: bool = True, features: int = 12) -> nn.Sequential:
    normed: list[nn.Module] = [nn.LayerNorm(features)] if norm else []
    return nn.Sequential(*normed, nn.Dropout(), nn.Linear(features, 3))


def stirred(network: nn.Module) -> nn.Module:
    """All parameters random, gains and shifts of norms too."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=generator)
    return network.eval().requires_grad_(False)


class OfStations(nn.Module):
    """A model of the network with a linear layer, called as an explanation calls it."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.linear = nn.Linear(math.prod(model.out_shape[:1]), 3)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        length = torch.full((len(x),), x.shape[-1])
        return self.linear(self.model(x, length)[0].mean(-1))  # type: ignore[no-any-return]


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell, self.head = nn.LSTM(3, 4, batch_first=True), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.cell(x.transpose(1, 2))[0].mean(1))  # type: ignore[no-any-return]


@pytest.mark.parametrize("axes", [1, 2])
def test_head_cam_of_a_linear_head_is_its_weights_times_the_features(axes: int) -> None:
    size = (6, 8)[:axes]
    one, linear = conv(axes, 3, 5, 1), nn.Linear(5, 3)
    pool = nn.AdaptiveAvgPool1d(1) if axes == 1 else nn.AdaptiveAvgPool2d(1)
    network = stirred(nn.Sequential(one, pool, nn.Flatten(), linear))
    x = drawn(3, *size)
    found = HeadCAM().measure(network, x, CONTRAST)
    by_hand = torch.tensordot(CONTRAST @ linear.weight, one(x[None])[0], 1) / math.prod(size)
    torch.testing.assert_close(found.estimate.values.sum(0).float(), by_hand)
    assert found.layer == "0"
    assert found.base == pytest.approx(float(CONTRAST @ linear.bias), abs=1e-6)
    logit = float(CONTRAST @ network(x[None])[0])
    assert found.output == pytest.approx(logit, abs=1e-6)
    assert float(found.estimate.values.sum()) == pytest.approx(logit - found.base, abs=1e-5)
    assert found.estimate.complete


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_pooling_and_layernorm(size: tuple[int, ...], seed: int) -> None:
    """The head CAM is the textbook's, and adds up."""
    network = stirred(Tiny(len(size), classifier()))
    x = drawn(3, *size, seed=seed)
    found = HeadCAM().measure(network, x, CONTRAST)
    norm, _, linear = network.head  # type: ignore[misc]
    assert found.layer == "stages"
    assert found.base == pytest.approx(float(CONTRAST @ linear(norm.bias)), abs=1e-5)
    features = network.stages(network.stem(x[None]))[0]  # type: ignore[operator]
    pooled = features.flatten(1).mean(1)
    weight = CONTRAST @ linear.weight * norm.weight / (pooled.var(correction=0) + norm.eps).sqrt()
    by_hand = torch.tensordot(weight, features - features.mean(0), 1)
    assert float(by_hand.mean()) + found.base == pytest.approx(found.output, abs=1e-5)
    total = float(found.estimate.values.sum())
    assert total + found.base == pytest.approx(found.output, abs=1e-5)
    cells = torch.zeros(by_hand.numel(), dtype=torch.float64)
    cells.scatter_add_(0, found.estimate.leaf.flatten(), found.estimate.values.flatten())
    torch.testing.assert_close(
        cells.float(), by_hand.flatten() / by_hand.numel(), atol=1e-6, rtol=1e-4
    )
    assert "construction" not in note(found.estimate)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_gradcam_after_pooling_and_layernorm_has_mean_zero(
    size: tuple[int, ...], seed: int
) -> None:
    network = stirred(Tiny(len(size), classifier()))
    x = drawn(3, *size, seed=seed)
    assert "mean is zero by construction" in note(GradCAM()(network, x, CONTRAST))
    network.head[0].eps = 1e-12  # type: ignore[index, union-attr]
    found = GradCAM()(network.double(), x.double(), CONTRAST.double())
    assert abs(float(found.values.mean())) < 1e-6 * float(found.values.abs().mean())


def test_layernorm_may_have_its_features_first_and_no_gain() -> None:
    pool = nn.AdaptiveAvgPool2d(1)
    for norm in (FeaturesFirst(8), FeaturesFirst(8, elementwise_affine=False)):
        head = [pool, norm, nn.Flatten(), nn.Linear(8, 3)]
        network = stirred(nn.Sequential(nn.Conv2d(3, 8, 3), nn.GELU(), *head))
        found = HeadCAM().measure(network, drawn(3, 9, 11), CONTRAST)
        assert found.layer == "1"
        total = float(found.estimate.values.sum())
        assert total + found.base == pytest.approx(found.output, abs=1e-5)


def test_a_layernorm_before_pooling_is_held_cell_by_cell() -> None:
    head = [FeaturesFirst(8), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 3)]
    network = stirred(nn.Sequential(nn.Conv1d(3, 8, 3), nn.GELU(), *head))
    for layer in ("1", "2"):
        found = HeadCAM(layer).measure(network, drawn(3, 30), CONTRAST)
        total = float(found.estimate.values.sum())
        assert total + found.base == pytest.approx(found.output, abs=1e-5)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_a_planted_patch_has_the_largest_cell(size: tuple[int, ...]) -> None:
    network = nn.Sequential(
        conv(len(size), 3, 4, 4, stride=4),
        nn.ReLU(),
        nn.AdaptiveAvgPool1d(1) if len(size) == 1 else nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, 3),
    ).eval()
    with torch.no_grad():
        network[0].weight.fill_(0.1)
        network[4].weight.copy_(torch.tensor([[0.0], [1.0], [-1.0]]).expand(3, 4))
    x = 0.1 * drawn(3, *size)
    patch = (slice(None), *(slice(11, 17) for _ in size))
    x[patch] += 3
    middle = (0, *(13 for _ in size))
    for method in (GradCAM(), LayerCAM(), HeadCAM()):
        values = method(network, x, CONTRAST).values
        assert values[middle] == values.max()


def test_heads_that_are_not_linear_are_refused() -> None:
    bent = nn.Sequential(nn.Linear(12, 16, bias=False), nn.ReLU(), nn.Linear(16, 3))
    network = stirred(Tiny(1, bent))
    with pytest.raises(Refused, match=r"not linear in the features of stages \(12 over 12\)") as e:
        HeadCAM()(network, drawn(3, 48), CONTRAST)
    assert "stem (12 over 12)" in e.value.remedy
    assert "explainer=gradcam" in e.value.remedy


def test_a_norm_that_is_no_layernorm_is_not_held_and_so_refused() -> None:
    class Halved(nn.LayerNorm):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) / 2

    head = nn.Sequential(Halved(12), nn.Linear(12, 3))
    with pytest.raises(Refused, match="not linear"):
        HeadCAM()(stirred(Tiny(1, head)), drawn(3, 48), CONTRAST)


def test_what_goes_round_the_layer_is_refused() -> None:
    network = stirred(Tiny(1, classifier(norm=False)))
    network.stages[1].mlp = nn.Identity()  # type: ignore[index]
    with pytest.raises(Refused, match=r"goes round stages\.1\.depthwise"):
        HeadCAM("stages.1.depthwise")(network, drawn(3, 48), CONTRAST)


def test_the_station_network_has_gradient_maps_but_no_exact_one() -> None:
    network = stirred(OfStations(StationCNN((3, 20, 28), (4, 6, 8), 16)))
    x = drawn(3, 20, 28)
    with pytest.raises(Refused, match=r"not linear in the features of model.convolutions \(8 ov"):
        HeadCAM()(network, x, CONTRAST)
    for method in (GradCAM(), LayerCAM()):
        found = method(network, x, CONTRAST)
        assert found.values.shape == x.shape
        assert bool(found.values.any())
        assert len(found.leaf.unique()) == 5 * 7


def test_a_layer_may_give_lengths_with_its_features() -> None:
    network = stirred(OfStations(CNN1D((3, 64), (8, 12))))
    x = drawn(3, 64)
    found = HeadCAM().measure(network, x, CONTRAST)
    assert found.layer == "model"
    total = float(found.estimate.values.sum())
    assert total + found.base == pytest.approx(found.output, abs=1e-5)


def test_a_layer_that_is_used_twice_is_taken_at_its_last_use() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.bend, self.linear = nn.Conv1d(3, 3, 3), nn.ReLU(), nn.Linear(3, 3)
            self.drop = nn.Dropout()

        def forward(self, x: Tensor) -> Tensor:
            x = self.drop(self.bend(self.conv(self.bend(self.conv(self.drop(x))))))
            return self.linear(self.drop(x.mean(2)))  # type: ignore[no-any-return]

    network, x = stirred(Twice()), drawn(3, 30)
    assert [(m.name, m.shape, m.call) for m in feature_maps(network, x)] == [
        ("conv", (3, 26), 2),
        ("bend", (3, 26), 2),
        ("drop", (3, 26), 2),
    ]
    found = HeadCAM().measure(network, x, CONTRAST)
    assert float(found.estimate.values.sum()) + found.base == pytest.approx(found.output, abs=1e-5)


def test_the_last_map_is_found_past_layers_with_features_last() -> None:
    names = [layer.name for layer in feature_maps(stirred(Tiny(2, classifier())), drawn(3, 20, 28))]
    assert names[-1] == "stages"
    assert "stages.1.mlp" not in names
    assert "stages.1" in names
    assert "head" not in names


def test_maps_with_features_last_are_not_taken_for_maps() -> None:
    class Turned(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.movedim(1, -1)

    patches = nn.Sequential(nn.Conv2d(3, 16, 4, stride=4), Turned())
    blocks = nn.Sequential(nn.Linear(16, 16), nn.GELU(), nn.LayerNorm(16))
    network = nn.Sequential(patches, blocks, nn.Flatten(), nn.Linear(16 * 35, 3)).eval()
    assert [layer.name for layer in feature_maps(network, drawn(3, 20, 28))] == ["0.0"]


def test_joined_maps_are_known_by_the_batch_norm_after_them() -> None:
    class Joined(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm = nn.Conv1d(3, 5, 3, padding=1), nn.BatchNorm1d(8)
            self.linear = nn.Linear(8, 3)

        def forward(self, x: Tensor) -> Tensor:
            joined = self.norm(torch.cat([x, self.conv(x)], 1))
            return self.linear(joined.mean(2))  # type: ignore[no-any-return]

    found = HeadCAM().measure(stirred(Joined()), drawn(3, 30), CONTRAST)
    assert found.layer == "norm"


Method = Callable[[Callable[[Tensor], Tensor], Tensor, Tensor], object]


@pytest.mark.parametrize("method", [GradCAM(), LayerCAM(), HeadCAM()])
def test_networks_without_a_map_are_refused(method: Method) -> None:
    with pytest.raises(Refused, match="no convolution of the network"):
        method(Recurrent().eval(), drawn(3, 20), CONTRAST)
    with pytest.raises(Refused, match="a function has no layers"):
        method(lambda x: x.mean(2), drawn(3, 20), CONTRAST)


def test_every_refusal_lists_the_layers_with_their_shapes() -> None:
    network, x = stirred(Tiny(1, classifier())), drawn(3, 48)
    for name, words in [("nothing", "no layer 'nothing'"), ("head", "gives no features")]:
        with pytest.raises(Refused, match=words) as e:
            place(network, x, name)
        assert "stem.0 (12 over 12)" in e.value.remedy
    flat = nn.Sequential(nn.Flatten(2), network)
    with pytest.raises(Refused, match=r"1 axes over a record .* of 3") as e:
        place(flat.eval(), x.view(3, 6, 8), None)
    assert "explainer.space" in e.value.remedy


def test_notes() -> None:
    network = nn.Sequential(nn.Conv1d(1, 1, 1, bias=False), nn.ReLU(), nn.Flatten()).eval()
    with torch.no_grad():
        network[0].weight.fill_(1.0)
    x = torch.linspace(1, 2, 6)[None]
    assert note(GradCAM()(network, x, torch.eye(6)[0])) == ""
    assert "against the score" in note(GradCAM()(network, x, -torch.eye(6)[0]))
    assert note(GradCAM()(network, x, torch.zeros(6))) == ""
