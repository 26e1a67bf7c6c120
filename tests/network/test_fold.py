"""Folded networks say the same, with fewer layers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from tremor.network.decoders.pooled import PooledLinear
from tremor.network.encoders.raw import Raw
from tremor.network.fold import Folded, folded
from tremor.network.models.cnn1d import CNN1D
from tremor.network.models.ecg_cnn import ECGCNN
from tremor.network.models.ecg_resnet import ECGResNet
from tremor.network.network import Network
from tremor.network.views import OfSignal

STEPS = 90


def trained(network: nn.Module, *inputs: Tensor) -> nn.Module:
    """With batch norms that have seen something, and weights of their own."""
    torch.manual_seed(0)
    for part in network.modules():
        if hasattr(part, "running_mean") and part.weight is not None:
            nn.init.uniform_(part.weight, 0.5, 2)  # type: ignore[arg-type]
            nn.init.normal_(part.bias)  # type: ignore[arg-type]
    network.train()(*inputs)
    return network.eval()


def view(make: type[nn.Module], steps: int = STEPS) -> nn.Module:
    encoder = Raw(3, STEPS, 100.0, 1)
    model = make(encoder.out_shape, widths=(6, 5, 5))
    network = Network(encoder, model, PooledLinear(model.out_shape, 4))
    trained(network, torch.randn(8, 3, STEPS) * 900, torch.full((8,), STEPS))
    return OfSignal(network, steps).eval()


def folds(network: nn.Module) -> int:
    return sum(isinstance(part, Folded) for part in network.modules())


def same(network: nn.Module, light: nn.Module, x: Tensor) -> None:
    with torch.no_grad():
        wanted = network(x)
        limit = 1e-6 * float(wanted.abs().max())
        torch.testing.assert_close(light(x), wanted, rtol=0, atol=limit)


@pytest.mark.parametrize(("make", "norms"), [(ECGResNet, 11), (ECGCNN, 3), (CNN1D, 9)])
@pytest.mark.parametrize("steps", [STEPS, 60])
def test_networks_say_the_same(make: type[nn.Module], norms: int, steps: int) -> None:
    network = view(make, steps)
    x = torch.randn(3, 3, STEPS) * 900
    light = folded(network, x[:1])
    assert folds(light) == norms
    assert folds(network) == 0
    same(network, light, x)
    same(network, light, x[:, :, : steps - 7])
    assert [name for name, _ in light.named_modules()] == [n for n, _ in network.named_modules()]
    assert not any(p.requires_grad for p in light.parameters())
    assert all(p.requires_grad for p in network.parameters())


KINDS: Sequence[tuple[nn.Module, int]] = [
    (nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4, affine=False)), 1),
    (nn.Sequential(nn.Conv2d(3, 4, (1, 4), padding="same"), nn.BatchNorm2d(4), nn.ReLU()), 1),
    (nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.BatchNorm2d(4)), 0),
    (nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 4, 3)), 0),
    (nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False)), 0),
]


@pytest.mark.parametrize(("layers", "norms"), KINDS)
def test_norms_right_after_a_convolution_go(layers: nn.Module, norms: int) -> None:
    network = trained(layers, torch.randn(8, 3, 6, 9) + 2)
    x = torch.randn(2, 3, 6, 9)
    light = folded(network, x)
    assert folds(light) == norms
    same(network, light, x)


@pytest.mark.parametrize("more", [{}, {"stride": 2}, {"dilation": 2, "groups": 3}])
@pytest.mark.parametrize(
    "pad", [{}, {"padding": "same"}, {"padding": 2, "padding_mode": "reflect"}]
)
def test_all_kinds_of_convolutions_over_time(more: dict[str, int], pad: dict[str, object]) -> None:
    if "stride" in more and pad.get("padding") == "same":
        return
    conv = nn.Conv1d(3, 6, 4, **more, **pad)  # type: ignore[arg-type]
    network = trained(nn.Sequential(conv, nn.BatchNorm1d(6)), torch.randn(8, 3, 30))
    x = torch.randn(2, 3, 30)
    same(network, folded(network, x), x)


class Twice(nn.Module):
    """A convolution whose features go on without their norm as well."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv1d(3, 4, 3), nn.BatchNorm1d(4)

    def forward(self, x: Tensor) -> Tensor:
        found = self.conv(x)
        together: Tensor = self.norm(found) + found
        return together


def test_features_that_are_used_without_their_norm_keep_it() -> None:
    network = trained(Twice(), torch.randn(8, 3, 30) + 1)
    x = torch.randn(2, 3, 30)
    light = folded(network, x)
    assert folds(light) == 0
    same(network, light, x)
