"""Settings that a part cannot have are refused by their key, with one that works."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import yaml

from tremor.errors import Refused
from tremor.network.decoders.per_step import PerStep
from tremor.network.decoders.pooled import PooledLinear
from tremor.network.decoders.reconstruct import Reconstruct
from tremor.network.decoders.sequence_classifier import SequenceClassifier
from tremor.network.encoders.conv_patch import ConvPatch
from tremor.network.encoders.fft import FFT
from tremor.network.encoders.raw import Raw
from tremor.network.encoders.spectrogram import Spectrogram
from tremor.network.models.cnn1d import CNN1D
from tremor.network.models.lstm import LSTM, AttentionLSTM
from tremor.network.models.wav2vec2_like import Wav2Vec2Like
from tremor.network.models.xlstm_unet import XLSTMUNet

STEPS = {"in_shape": (12, 40)}
SIGNAL: dict[str, Any] = {"channels": 3, "length": 400, "sampling_rate": 100.0}
UNET = STEPS | {"d_model": 32, "n_layers": 1, "num_heads": 2}
WAV = STEPS | {"d_model": 24, "n_layers": 1, "num_heads": 3, "position_groups": 4}
WRONG: list[tuple[Callable[..., Any], dict[str, Any], str, Any]] = [
    (XLSTMUNet, UNET, "model.num_heads", 3),
    (XLSTMUNet, UNET, "model.num_heads", 0),
    (XLSTMUNet, UNET | {"block_type": "slstm"}, "model.num_heads", 64),
    (XLSTMUNet, UNET, "model.d_model", 33),
    (XLSTMUNet, UNET, "model.d_model", 0),
    (XLSTMUNet, UNET, "model.n_layers", 0),
    (XLSTMUNet, UNET, "model.pool", [4, 0]),
    (XLSTMUNet, UNET, "model.pool", []),
    (XLSTMUNet, UNET, "model.expand", 0),
    (XLSTMUNet, UNET, "model.dropout", 1.5),
    (Wav2Vec2Like, WAV, "model.num_heads", 5),
    (Wav2Vec2Like, WAV, "model.position_groups", 7),
    (Wav2Vec2Like, WAV, "model.n_layers", -1),
    (Wav2Vec2Like, WAV, "model.dropout", -0.1),
    (CNN1D, STEPS, "model.kernel", 8),
    (CNN1D, STEPS, "model.stride", 0),
    (CNN1D, STEPS, "model.widths", []),
    (CNN1D, STEPS, "model.dropout", 2.0),
    (LSTM, STEPS, "model.hidden_size", 0),
    (LSTM, STEPS, "model.dropout", 1.1),
    (AttentionLSTM, STEPS, "model.num_heads", 5),
    (ConvPatch, SIGNAL, "encoder.strides", []),
    (ConvPatch, SIGNAL, "encoder.strides", [2, 0]),
    (ConvPatch, SIGNAL, "encoder.width", 0),
    (Raw, SIGNAL, "encoder.patch", 0),
    (Raw, SIGNAL, "encoder.patch", 401),
    (FFT, SIGNAL, "encoder.fft_size", 1),
    (Spectrogram, SIGNAL, "encoder.nperseg", 0),
    (Spectrogram, SIGNAL, "encoder.noverlap_ratio", 1.0),
    (Spectrogram, SIGNAL, "encoder.floor", -1.0),
    (PerStep, STEPS, "decoder.size", 0),
    (PooledLinear, STEPS | {"num_classes": 2}, "decoder.dropout", 1.5),
    (SequenceClassifier, STEPS | {"num_classes": 2}, "decoder.dropout", -1.0),
]


@pytest.mark.parametrize(
    ("kind", "given", "key", "value"), WRONG, ids=lambda v: getattr(v, "__name__", str(v)[:20])
)
def test_it_is_refused_by_its_key_and_the_remedy_works(
    kind: Callable[..., Any], given: dict[str, Any], key: str, value: Any
) -> None:
    name = key.partition(".")[2]
    with pytest.raises(Refused) as refused:
        kind(**given | {name: value})
    assert refused.value.where == key
    assert refused.value.problem.startswith(f"{key} is ")
    asked, _, remedy = refused.value.remedy.partition("=")
    assert asked == key
    sound = kind(**given | {name: yaml.safe_load(remedy)})
    shape = given.get("in_shape") or (given["channels"], given["length"])
    out = sound.eval()(torch.randn(2, *shape), torch.tensor([shape[-1]] * 2))
    first = out[0] if isinstance(out, tuple) else out
    assert first.isfinite().all()


@pytest.mark.parametrize("kind", [XLSTMUNet, Wav2Vec2Like, CNN1D])
def test_a_spectrogram_is_no_sequence(kind: Callable[..., Any]) -> None:
    encoder = Spectrogram(**SIGNAL)
    with pytest.raises(Refused, match=r"3 axes \(3 x 33 x 11\)") as refused:
        kind(encoder.out_shape)
    assert refused.value.where == "encoder"
    assert refused.value.remedy.startswith("encoder=conv_patch")


@pytest.mark.parametrize(
    ("kind", "given"),
    [(PerStep, {}), (SequenceClassifier, {"num_classes": 2}), (Reconstruct, SIGNAL)],
)
def test_decoders_of_steps_name_the_model(kind: Callable[..., Any], given: dict[str, Any]) -> None:
    more = {"channels": 3, "samples": 4} if kind is Reconstruct else given
    with pytest.raises(Refused) as refused:
        kind((3, 33, 11), **more)
    assert refused.value.where == "model"
