"""The 1-D CNNs for ECGs: published sizes, 'same' padding, what a step sees, masks, gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import conv1d

from tremor.errors import Refused
from tremor.network.decoders.pooled import PooledLinear
from tremor.network.layers.same_conv import SameConv1d
from tremor.network.models.ecg_cnn import ECGCNN
from tremor.network.models.ecg_resnet import ECGResNet

MODELS: tuple[Callable[..., Any], ...] = (ECGResNet, ECGCNN)


def counts(module: nn.Module) -> tuple[int, int]:
    """Parameters that learn, and running statistics."""
    running = [b.numel() for name, b in module.named_buffers() if "running" in name]
    return sum(p.numel() for p in module.parameters()), sum(running)


def test_sizes_are_the_published_ones() -> None:
    for model, learning, running in [(ECGResNet, 513_819, 2_560), (ECGCNN, 99_931, 640)]:
        body = model((12, 5000))
        whole = nn.ModuleList([body, PooledLinear(body.out_shape, 27)])
        assert counts(whole) == (learning, running)


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("kernel", range(1, 10))
def test_convolutions_pad_as_same_does(kernel: int) -> None:
    conv = SameConv1d(3, 4, kernel)
    x = torch.randn(2, 3, 20)
    torch.testing.assert_close(conv(x), conv1d(x, conv.weight, conv.bias, padding="same"))


def test_a_step_sees_forty_samples() -> None:
    """Three blocks of kernels 8, 5, 3: a sample is felt 21 steps before it and 18 after."""
    torch.manual_seed(0)
    model = ECGResNet((2, 200), widths=(8, 8, 8)).double().eval()
    x, length = torch.randn(1, 2, 200, dtype=torch.float64), torch.tensor([200])
    other = x.clone()
    other[0, :, 100] += 1000
    with torch.inference_mode():
        felt = (model(x, length)[0] != model(other, length)[0]).any(1)[0].nonzero() - 100
    assert (int(felt.min()), int(felt.max())) == (-21, 18)


@pytest.mark.parametrize("model", MODELS)
def test_padded_steps_change_nothing(model: Callable[..., Any]) -> None:
    torch.manual_seed(0)
    body = model((5, 43), widths=(4, 6)) if model is ECGResNet else model((5, 43), (4, 6), (4, 3))
    head = PooledLinear(body.out_shape, 2)
    body, head = body.eval(), head.eval()
    x, length = torch.randn(3, 5, 43), torch.tensor([43, 25, 1])
    noisy = x.clone()
    noisy[1, :, 25:] = 9
    noisy[2, :, 1:] = -9
    clean = head(*body(x, length))
    torch.testing.assert_close(head(*body(noisy, length)), clean)
    alone = head(*body(x[1:2, :, :25], length[1:2]))
    torch.testing.assert_close(alone, clean[1:2])


@pytest.mark.parametrize("model", MODELS)
def test_every_parameter_gets_a_gradient(model: Callable[..., Any]) -> None:
    torch.manual_seed(0)
    body = model((5, 40))
    head = PooledLinear(body.out_shape, 2)
    head(*body(torch.randn(4, 5, 40), torch.full((4,), 40))).square().sum().backward()
    assert all(p.grad is not None for p in body.parameters())


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(Refused, match="2 kernels for 3 widths") as told:
        ECGCNN((12, 100), kernels=(7, 5))
    assert told.value.remedy == "model.kernels=[7,5,5]"
    with pytest.raises(Refused, match="3 widths pool 3 steps to nothing"):
        ECGCNN((12, 3))
    with pytest.raises(Refused, match=r"model\.momentum is 2"):
        ECGResNet((12, 100), momentum=2)
    with pytest.raises(Refused, match=r"model\.widths"):
        ECGResNet((12, 100), widths=())
    with pytest.raises(Refused, match="ecg_resnet takes two"):
        ECGResNet((12, 8, 100))
