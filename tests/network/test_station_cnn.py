"""The CNN of one station's spectrograms."""

from __future__ import annotations

import pytest
import torch

from tremor.errors import Refused
from tremor.network.decoders.pooled import PooledLinear
from tremor.network.encoders.spectrogram import Spectrogram
from tremor.network.models.station_cnn import StationCNN


def test_it_is_of_the_published_size() -> None:
    encoder = Spectrogram(3, 1300, 100.0, noverlap_ratio=0.8)
    assert encoder.out_shape == (3, 33, 96)
    model = StationCNN(encoder.out_shape)
    head = PooledLinear(model.out_shape, 2)
    assert sum(p.numel() for part in (model, head) for p in part.parameters()) == 3_239_810
    x, length = torch.randn(2, 3, 1300), torch.tensor([1300, 1300])
    assert head(*model(*encoder(x, length))).shape == (2, 2)


def test_every_parameter_learns() -> None:
    model = StationCNN((3, 16, 20), widths=(4, 8), features=5)
    out, length = model(torch.randn(4, 3, 16, 20), torch.full((4,), 20))
    assert out.shape == (4, 5, 1)
    assert length.tolist() == [1] * 4
    out.square().sum().backward()
    assert all(p.grad is not None for p in model.parameters())


@pytest.mark.parametrize(
    ("shape", "settings", "remedy"),
    [
        ((3, 40), {}, "encoder=spectrogram"),
        ((3, 2, 40), {}, "model.widths=[32,64]"),
        ((3, 33, 96), {"dropout": 2.0}, "model.dropout=0.1"),
        ((3, 33, 96), {"features": 0}, "model.features=1"),
    ],
)
def test_what_cannot_be_is_refused(
    shape: tuple[int, ...], settings: dict[str, float], remedy: str
) -> None:
    with pytest.raises(Refused) as refused:
        StationCNN(shape, **settings)  # type: ignore[arg-type]
    assert refused.value.remedy == remedy
