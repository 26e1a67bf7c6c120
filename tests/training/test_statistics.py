"""Features brought to mean 0 and spread 1."""

from __future__ import annotations

import torch

from tremor.network.encoders.spectrogram import Spectrogram
from tremor.network.layers.standardise import Standardise


def test_channels_get_mean_0_and_spread_1_over_the_valid_steps() -> None:
    torch.manual_seed(0)
    x = 3 + torch.randn(20, 2, 5, 12) * torch.tensor([1.0, 4.0])[:, None, None]
    steps = torch.randint(3, 13, (20,))
    inside = torch.arange(12) < steps[:, None]
    dirty = x.masked_fill(~inside[:, None, None], 1e6)
    standard = Standardise(2)
    torch.testing.assert_close(standard(x), x)
    standard.learn([(dirty[:7], steps[:7]), (dirty[7:], steps[7:])])
    kept = standard(x).movedim(1, -1)[inside[:, None].expand(-1, 5, -1)]
    torch.testing.assert_close(kept.mean(0), torch.zeros(2), rtol=0, atol=1e-5)
    torch.testing.assert_close(kept.std(0, correction=0), torch.ones(2), rtol=1e-5, atol=0)


def test_flat_features_of_three_axes_are_learnt_too() -> None:
    standard = Standardise(1)
    standard.learn([(torch.tensor([[[1.0, 3.0, 9.0]]]), torch.tensor([2]))])
    assert standard.mean.tolist() == [2.0]
    assert standard.spread.tolist() == [1.0]


def test_an_encoder_that_does_not_standardise_has_no_such_weights() -> None:
    assert not Spectrogram(3, 200, 100.0).state_dict()
    assert set(Spectrogram(3, 200, 100.0, standardise=True).state_dict()) == {
        "standard.mean",
        "standard.spread",
    }
