"""Models over the waveform's steps: sizes, any length, padding that changes nothing, memory."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tremor.errors import Refused
from tremor.network.decoders.per_step import PerStep
from tremor.network.decoders.reconstruct import Reconstruct
from tremor.network.decoders.sequence_classifier import SequenceClassifier
from tremor.network.encoders.conv_patch import ConvPatch
from tremor.network.layers.masked_norm import MaskedBatchNorm
from tremor.network.layers.slstm_layer import SLSTMLayer
from tremor.network.models.cnn1d import CNN1D
from tremor.network.models.wav2vec2_like import Wav2Vec2Like
from tremor.network.models.xlstm_unet import XLSTMUNet, mixture

SMALL: dict[str, Callable[..., nn.Module]] = {
    "mlstm": lambda shape, **k: XLSTMUNet(shape, 16, 2, num_heads=2, **k),
    "slstm": lambda shape, **k: XLSTMUNet(shape, 16, 1, num_heads=2, block_type="slstm", **k),
    "mixed": lambda shape, **k: XLSTMUNet(shape, 16, 2, num_heads=2, mix=0.5, **k),
    "cnn1d": lambda shape, **k: CNN1D(shape, widths=(8, 16), **k),
    "wav2vec2": lambda shape, **k: Wav2Vec2Like(shape, 16, 2, 2, 32, 8, 4, **k),
}
UNEQUAL = torch.tensor([400, 397, 161, 20])


def size(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def waves(length: torch.Tensor = UNEQUAL) -> torch.Tensor:
    """Noise, zero past each record's length."""
    torch.manual_seed(1)
    x = torch.randn(len(length), 3, int(length.max()))
    return x * (torch.arange(x.shape[-1]) < length[:, None])[:, None]


def built(name: str, **settings: Any) -> tuple[ConvPatch, Any]:
    torch.manual_seed(0)
    encoder = ConvPatch(3, 400, 100.0, d_model=16, width=24, strides=(2, 2))
    return encoder, SMALL[name](encoder.out_shape, **settings)


def test_the_published_network_has_its_size_and_no_hidden_masks() -> None:
    encoder = ConvPatch(3, 2500, 100.0)
    model = XLSTMUNet(encoder.out_shape)
    assert encoder.out_shape == (128, 625)
    assert 19.5e6 < size(encoder) + size(model) < 20.6e6
    assert not list(model.buffers())


def test_the_transformer_is_as_large_as_its_model() -> None:
    assert 10.5e6 < size(Wav2Vec2Like((128, 625))) < 12e6


@pytest.mark.parametrize("name", SMALL)
def test_padding_changes_nothing(name: str) -> None:
    encoder, model = built(name)
    head = SequenceClassifier(model.out_shape, 5, pool="attention")
    for part in (encoder, model, head):
        part.eval()
    x = waves()
    features, steps = model(*encoder(x, UNEQUAL))
    together = head(features, steps)
    for row, length in enumerate(UNEQUAL.tolist()):
        one = torch.tensor([length])
        alone, count = model(*encoder(x[row : row + 1, :, :length], one))
        assert count.item() == steps[row] == alone.shape[-1]
        torch.testing.assert_close(features[row, :, :count], alone[0], rtol=1e-3, atol=1e-4)
        assert not features[row, :, count:].any()
        torch.testing.assert_close(together[row], head(alone, count)[0], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", SMALL)
def test_every_parameter_learns(name: str) -> None:
    encoder, model = built(name)
    head = SequenceClassifier(model.out_shape, 5)
    head(*model(*encoder(waves(), UNEQUAL))).square().sum().backward()
    parameters = [p for part in (encoder, model, head) for p in part.parameters()]
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in parameters)


@pytest.mark.parametrize("name", ["mlstm", "wav2vec2"])
def test_gradient_checkpointing_changes_memory_and_no_number(name: str) -> None:
    found = []
    for again in (False, True):
        encoder, model = built(name, dropout=0.3, gradient_checkpointing=again)
        kept: list[int] = []
        with torch.autograd.graph.saved_tensors_hooks(
            lambda t, kept=kept: kept.append(t.numel()) or t, lambda t: t
        ):
            torch.manual_seed(5)
            out, _ = model(*encoder(waves(), UNEQUAL))
        out.square().sum().backward()
        found.append((out, [p.grad for p in model.parameters()], sum(kept)))
    torch.testing.assert_close(found[0][0], found[1][0])
    for a, b in zip(found[0][1], found[1][1], strict=True):
        torch.testing.assert_close(a, b)
    assert found[1][2] < found[0][2] / 3


@pytest.mark.parametrize("length", [1, 3, 63, 64, 65, 257])
def test_any_length_goes_through_the_levels(length: int) -> None:
    model = XLSTMUNet((8, 64), 8, 1, pool=(4, 4), num_heads=2)
    out, steps = model(torch.randn(2, 8, length), torch.tensor([length, length]))
    assert out.shape == (2, 8, length)
    assert steps.tolist() == [length] * 2


def test_a_record_is_seen_from_both_sides() -> None:
    """What the first step says depends on the last sample, and the other way round."""
    encoder, model = built("mlstm")
    x = waves(torch.tensor([400])).requires_grad_()
    for step, sample in ((0, -1), (-1, 0)):
        out, _ = model(*encoder(x, torch.tensor([400])))
        (slope,) = torch.autograd.grad(out[0, 0, step], x)
        assert slope[0, :, sample].abs().sum() > 0


def kinds_of(model: XLSTMUNet) -> list[str]:
    """The kind of each layer on the way down, through the middle, and up again."""
    stages = [*model.down_stages, model.middle, *reversed(model.up_stages)]
    layers = [layer for stage in stages for layer in stage.layers]  # type: ignore[union-attr]
    return ["slstm" if isinstance(layer.onward, SLSTMLayer) else "mlstm" for layer in layers]


def test_other_layers_are_spread_over_the_depth() -> None:
    assert mixture("mlstm", 0.0, 3) == ["mlstm"] * 3
    assert mixture("mlstm", 0.4, 5) == ["mlstm", "mlstm", "slstm", "mlstm", "slstm"]
    assert mixture("slstm", 1.0, 2) == ["mlstm"] * 2


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.floats(0, 1))
def test_the_share_of_other_layers_is_of_all_and_even(layers: int, mix: float) -> None:
    count = round(mix * layers)
    if (count == 0) != (mix == 0) or (count == layers) != (mix == 1):
        with pytest.raises(Refused, match=r"model\.mix"):
            mixture("mlstm", mix, layers)
        return
    kinds = mixture("mlstm", mix, layers)
    assert kinds.count("slstm") == count
    places = [n for n, kind in enumerate(kinds) if kind == "slstm"]
    gaps = {later - now for now, later in pairwise(places)}
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_half_of_the_tiny_network_is_mixed() -> None:
    """With one layer a stage no stage can be mixed by itself."""
    kinds = kinds_of(XLSTMUNet((32, 64), 32, 1, num_heads=2, mix=0.5))
    assert kinds == ["mlstm", "mlstm", "slstm", "mlstm", "slstm"]
    assert kinds_of(XLSTMUNet((32, 64), 32, 1, num_heads=2)) == ["mlstm"] * 5
    deep = kinds_of(XLSTMUNet((8, 64), 8, 3, pool=(4,), num_heads=2, mix=1 / 3))
    assert deep == ["mlstm", "mlstm", "slstm"] * 3


@pytest.mark.parametrize("mix", [-0.1, 0.01, 0.99, 1.5])
def test_a_mixture_that_would_mix_nothing_is_refused(mix: float) -> None:
    with pytest.raises(Refused) as refused:
        XLSTMUNet((32, 64), 32, 1, num_heads=2, mix=mix)
    assert refused.value.where == "model.mix"


def test_steps_are_centred_on_the_samples_that_they_see() -> None:
    encoder = ConvPatch(1, 64, 10.0, d_model=4, width=4, strides=(2, 2))
    x = torch.zeros(1, 1, 64).requires_grad_()
    out, _ = encoder(x, torch.tensor([64]))
    (slope,) = torch.autograd.grad(out[0, :, 5].square().sum() + out[0, :, 5].sum(), x)
    reach = slope[0, 0].nonzero().flatten()
    assert encoder.coordinates()["time"][5] == pytest.approx(float(reach.float().mean()) / 10)


def test_batch_norm_counts_what_is_signal_only() -> None:
    norm, plain = MaskedBatchNorm(4), nn.BatchNorm1d(4)
    x, length = torch.randn(3, 4, 10), torch.tensor([10, 6, 2])
    seen = torch.cat([x[row, :, :n].T for row, n in enumerate(length.tolist())])
    expected = plain(seen)
    found = norm(x, length)
    parts = [found[row, :, :n].T for row, n in enumerate(length.tolist())]
    torch.testing.assert_close(torch.cat(parts), expected)
    torch.testing.assert_close(norm.running_var, plain.running_var)
    assert not found[2, :, 2:].any()


def test_masked_batch_norm_stays_when_others_are_synchronised() -> None:
    """`trainer.sync_batchnorm` replaces norms by ones that know no lengths."""
    model = nn.ModuleList([MaskedBatchNorm(4), nn.BatchNorm1d(4)])
    masked, plain = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    assert isinstance(plain, nn.SyncBatchNorm)
    out = masked(torch.randn(2, 4, 6), torch.tensor([6, 2]))
    assert out.shape == (2, 4, 6)
    assert masked.state_dict().keys() == nn.BatchNorm1d(4).state_dict().keys()


@pytest.mark.parametrize("training", [True, False])
def test_without_padding_it_is_batch_norm_to_the_last_bit(training: bool) -> None:
    norm, plain = MaskedBatchNorm(4).train(training), nn.BatchNorm1d(4).train(training)
    x = torch.randn(3, 4, 10)
    for _ in range(3):
        assert torch.equal(norm(x, torch.tensor([10, 10, 10])), plain(x))
    assert all(torch.equal(a, b) for a, b in zip(norm.buffers(), plain.buffers(), strict=True))


def test_pretraining_heads_have_the_shape_of_what_they_predict() -> None:
    x, length = torch.randn(2, 8, 25), torch.tensor([25, 10])
    assert PerStep((8, 25), 12)(x, length).shape == (2, 12, 25)
    wave = Reconstruct((8, 25), channels=3, samples=4)(x, length)
    assert wave.shape == (2, 3, 100)
    head = Reconstruct((8, 25), channels=3, samples=4)
    said = head.linear(x.transpose(1, 2))[0, 7].view(3, 4)
    torch.testing.assert_close(head(x, length)[0, :, 28:32], said)
