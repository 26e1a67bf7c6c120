"""Batch norms folded into convolutions."""

from __future__ import annotations

import torch
from torch import nn

from tremor.explain.folding import folded


def test_a_folded_network_says_the_same() -> None:
    torch.manual_seed(0)
    inner = nn.Sequential(nn.Conv2d(4, 5, 3, bias=False), nn.BatchNorm2d(5), nn.ReLU())
    network = nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), inner, nn.BatchNorm2d(5), nn.Flatten()
    )
    for _ in range(5):
        network(torch.randn(8, 2, 9, 9) * 3 + 1)  # the norms learn
    network.eval()
    x = torch.randn(3, 2, 9, 9)
    fast = folded(network)
    torch.testing.assert_close(fast(x), network(x), atol=1e-5, rtol=1e-5)
    left = [part for part in fast.modules() if isinstance(part, nn.BatchNorm2d)]
    assert len(left) == 1, "one norm has no convolution before it"
    assert isinstance(network[1], nn.BatchNorm2d), "the network itself stays as it is"


def test_a_training_network_is_folded_as_it_would_be_judged() -> None:
    network = nn.Sequential(nn.Conv1d(1, 2, 3), nn.BatchNorm1d(2)).train()
    fast, x = folded(network), torch.randn(2, 1, 8)
    assert network.training
    torch.testing.assert_close(fast(x), network.eval()(x))
