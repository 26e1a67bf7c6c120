"""Models and decoders: published sizes, masks, gradients, order of time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from tremor.network.decoders.pooled import PooledLinear
from tremor.network.encoders.fft import FFT
from tremor.network.encoders.spectrogram import Spectrogram
from tremor.network.models.lstm import LSTM, AttentionLSTM
from tremor.network.network import Network

MODELS: tuple[Callable[..., Any], ...] = (LSTM, AttentionLSTM)


def network(model: Callable[..., Any], encoder: Callable[..., Any] = FFT, **head: Any) -> Network:
    torch.manual_seed(0)
    first = encoder(3, 1300, 100.0)
    middle = model(first.out_shape)
    return Network(first, middle, PooledLinear(middle.out_shape, 2, **head))


def size(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_sizes_are_the_documented_ones() -> None:
    assert size(network(LSTM, pool="last", norm=True)) == 51_202
    assert size(network(AttentionLSTM, pool="mean")) == 67_970


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("encoder", [FFT, Spectrogram])
@pytest.mark.parametrize("pool", ["last", "mean"])
def test_every_parameter_gets_a_gradient(
    model: Callable[..., Any], encoder: Callable[..., Any], pool: str
) -> None:
    net = network(model, encoder, pool=pool)
    net(torch.randn(4, 3, 1300), torch.full((4,), 1300)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("pool", ["last", "mean"])
def test_padded_steps_change_nothing(model: Callable[..., Any], pool: str) -> None:
    torch.manual_seed(0)
    body, head = model((5, 40)).eval(), PooledLinear((64, 40), 2, pool=pool).eval()
    x, length = torch.randn(3, 5, 40), torch.tensor([40, 25, 1])
    noisy = x.clone()
    noisy[1, :, 25:] = 9
    noisy[2, :, 1:] = -9
    torch.testing.assert_close(head(*body(noisy, length)), head(*body(x, length)))


@pytest.mark.parametrize("model", MODELS)
def test_steps_come_in_an_order(model: Callable[..., Any]) -> None:
    torch.manual_seed(0)
    body = model((5, 40)).eval()
    x, length = torch.randn(1, 5, 40), torch.tensor([40])
    forward, _ = body(x, length)
    backward, _ = body(x.flip(-1), length)
    assert not torch.allclose(forward, backward.flip(-1), atol=1e-3)


def test_one_layer_needs_no_dropout_between() -> None:
    assert LSTM((3, 10), num_layers=1, dropout=0.3).lstm.dropout == 0.0


def test_a_network_tells_its_coordinates() -> None:
    assert list(network(LSTM, Spectrogram).coordinates()) == ["frequency", "time"]
