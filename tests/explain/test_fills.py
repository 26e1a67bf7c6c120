"""Fills do what they say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter1d

from tremor.errors import Refused
from tremor.explain.fills import Blur, Mean, Noise, Samples, Zero

RECORD = torch.randn(3, 40, generator=torch.Generator().manual_seed(0))


def test_zero_and_the_mean() -> None:
    assert not Zero()(RECORD).any()
    mean = torch.tensor([[1.0], [2.0], [3.0]])
    assert Mean(mean)(RECORD).shape == (1, 3, 40)
    assert torch.equal(Mean(mean)(RECORD)[0, :, 7], mean[:, 0])


def test_noise_has_the_level_of_each_component_and_its_seed() -> None:
    loud = RECORD * torch.tensor([[1.0], [10.0], [0.0]])
    noise = Noise(draws=400, level=0.5, seed=3)(loud)
    found = noise.std((0, 2))
    torch.testing.assert_close(found, 0.5 * loud.std(1, correction=0), rtol=0.05, atol=0)
    assert torch.equal(Noise(seed=1)(RECORD), Noise(seed=1)(RECORD))
    assert not torch.equal(Noise(seed=1)(RECORD), Noise(seed=2)(RECORD))


def test_blur_is_scipys_gaussian_along_every_axis_but_the_first() -> None:
    blurred = Blur(0.0625)(RECORD)[0]
    wanted = gaussian_filter1d(RECORD.numpy(), 2.5, axis=-1, mode="nearest", radius=10)
    np.testing.assert_allclose(blurred.numpy(), wanted, atol=1e-5)
    picture = torch.randn(2, 12, 30, generator=torch.Generator().manual_seed(1))
    wanted = gaussian_filter1d(picture.numpy(), 1.2, axis=1, mode="nearest", radius=5)
    wanted = gaussian_filter1d(wanted, 3.0, axis=2, mode="nearest", radius=12)
    np.testing.assert_allclose(Blur(0.1)(picture)[0].numpy(), wanted, atol=1e-5)
    assert torch.allclose(Blur(1.0)(torch.full((1, 4, 5), 7.0)), torch.tensor(7.0))


def test_samples_are_different_training_records() -> None:
    records = torch.arange(10.0).view(10, 1, 1).expand(10, 3, 40)
    drawn = Samples(records, draws=6, seed=1)(RECORD)
    assert drawn.shape == (6, 3, 40)
    assert len(drawn[:, 0, 0].unique()) == 6
    assert not torch.equal(drawn, Samples(records, draws=6, seed=2)(RECORD))


def test_impossible_fills_are_refused() -> None:
    with pytest.raises(Refused):
        Samples(RECORD[None], draws=2)(RECORD)
    with pytest.raises(Refused):
        Blur(-1.0)(RECORD)
