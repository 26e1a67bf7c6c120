"""Pretraining: what is hidden, what is told apart, and when codes collapse."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cosine_similarity

from tremor.data.batch import Batch
from tremor.errors import Refused
from tremor.evaluation.pretraining import collapse
from tremor.network.decoders.per_step import PerStep
from tremor.network.decoders.pooled import PooledLinear
from tremor.network.decoders.reconstruct import Reconstruct
from tremor.network.encoders.conv_patch import ConvPatch
from tremor.network.encoders.raw import Raw
from tremor.network.models.cnn1d import CNN1D
from tremor.network.models.lstm import LSTM
from tremor.network.models.xlstm_unet import XLSTMUNet
from tremor.network.network import Network
from tremor.signal.augment import NoAugment
from tremor.signal.normalise import std
from tremor.signal.spans import spans
from tremor.tasks.base import Task
from tremor.tasks.contrastive import Contrastive, contrast
from tremor.tasks.hide import Hide
from tremor.tasks.masked_reconstruction import MaskedReconstruction
from tremor.tasks.quantizer import GumbelQuantizer, perplexity
from tremor.training.schedules import constant

CHEAP: dict[str, Any] = {"mask_span": 4}


def task(kind: type[Task], **given: Any) -> Any:
    torch.manual_seed(0)
    encoder = ConvPatch(3, 320, 100.0, d_model=16, width=16, strides=(2, 2))
    model = XLSTMUNet(encoder.out_shape, 16, 1, pool=(4,), num_heads=2)
    shape = model.out_shape
    head = PerStep(shape, 16) if kind is Contrastive else Reconstruct(shape, 3, encoder.samples)
    adamw = functools.partial(torch.optim.AdamW, lr=0.1)
    return kind(Network(encoder, model, head), std, NoAugment(), adamw, constant, **given)


def batch(lengths: tuple[int, ...] = (320, 320, 240, 120)) -> Batch:
    torch.manual_seed(1)
    length = torch.tensor(lengths)
    x = torch.randn(len(length), 3, 320) * (torch.arange(320) < length[:, None])[:, None]
    return Batch(x, torch.zeros(len(length)).long(), length, torch.arange(len(length)) + 7)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 200), st.floats(0.05, 1.0), st.integers(1, 30), st.integers(0, 1000))
def test_hidden_spans_are_whole_and_inside_the_record(
    length: int, share: float, span: int, seed: int
) -> None:
    own = torch.Generator().manual_seed(seed)
    hidden = spans(torch.tensor([length]), 200, share, span, own)[0]
    assert hidden.any()
    assert not hidden[length:].any()
    runs = "".join("x" if h else " " for h in hidden.tolist()).split()
    assert all(len(run) >= min(span, length) for run in runs)


def test_a_share_of_065_covers_half() -> None:
    """The known coverage of that setting: 49 % of the steps."""
    torch.manual_seed(0)
    hidden = spans(torch.full((400,), 500), 500, 0.65, 10)
    assert float(hidden.float().mean()) == pytest.approx(0.49, abs=0.01)


def test_hidden_steps_look_all_alike_and_others_stay() -> None:
    hide, x = Hide(4), torch.randn(2, 4, 9)
    hidden = torch.zeros(2, 9, dtype=torch.bool)
    hidden[0, 2:5] = True
    seen = hide(x, hidden)
    assert (seen[0, :, 2:5] == hide.vector[:, None]).all()
    torch.testing.assert_close(seen[1], x[1])


def test_the_contrast_is_infonce_by_hand() -> None:
    """With as many draws as there are others, compare with the sum over the drawn ones."""
    torch.manual_seed(0)
    said, target = torch.randn(1, 6, 5), torch.randn(1, 6, 5)
    hidden = torch.tensor([[True, False, True, True, False, True]])
    codes = torch.arange(6)[None]
    own = torch.Generator().manual_seed(3)
    found = contrast(said, target, codes, hidden, 50, 0.1, own)
    others = {0: [2, 3, 5], 2: [0, 3, 5], 3: [0, 2, 5], 5: [0, 2, 3]}
    again = torch.rand(4, 50, generator=torch.Generator().manual_seed(3))
    for place, (step, rest) in enumerate(others.items()):
        chosen = [rest[int(u * 3)] for u in again[place]]
        scores = torch.stack(
            [cosine_similarity(said[0, step], target[0, s], 0) / 0.1 for s in [step, *chosen]]
        )
        expected = torch.logsumexp(scores, 0) - scores[0]
        torch.testing.assert_close(found["each"][place], expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found["chance"], torch.full((4,), 1 / 51))


def test_negatives_with_the_code_of_the_positive_do_not_count() -> None:
    said = torch.randn(1, 8, 4)
    found = contrast(said, said, torch.zeros(1, 8).long(), torch.ones(1, 8).bool(), 10, 0.1)
    assert found["each"].tolist() == [0.0] * 8
    assert found["chance"].tolist() == [1.0] * 8


def test_the_quantiser_passes_straight_through_to_what_it_chose() -> None:
    torch.manual_seed(0)
    quantizer = GumbelQuantizer(12, groups=2, codes=5, size=8)
    x = torch.randn(3, 7, 12, requires_grad=True)
    told = quantizer(x, 1.0)
    for group in range(2):
        chosen = quantizer.vectors[group][told.codes[..., group]]
        torch.testing.assert_close(told.vectors[..., 4 * group : 4 * group + 4], chosen)
    told.vectors.sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0
    quantizer.eval()
    likeliest = quantizer.score(x).unflatten(-1, (2, 5)).argmax(-1)
    assert torch.equal(quantizer(x, 1.0).codes, likeliest)


def test_the_quantiser_never_makes_batch_by_step_by_code_by_size() -> None:
    quantizer, x = GumbelQuantizer(8, 2, 320, 256), torch.randn(2, 50, 8)
    largest: list[int] = []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: largest.append(t.numel()) or t, lambda t: t
    ):
        quantizer(x, 1.0)
    assert max(largest) <= max(2 * 50 * 640, 320 * 256)


def test_perplexity_counts_codes_in_use() -> None:
    even = torch.full((2, 8), 1 / 8)
    one = torch.eye(8)[:2]
    torch.testing.assert_close(perplexity(even), torch.full((2,), 8.0), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(perplexity(one), torch.ones(2), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", [Contrastive, MaskedReconstruction])
def test_predictions_repeat_and_belong_to_their_records(kind: type[Task]) -> None:
    made, data = task(kind, **CHEAP).eval(), batch()
    once, again = made.predict_step(data, 0), made.predict_step(data, 0)
    assert once["index"].tolist() == [7, 8, 9, 10]
    assert all(torch.equal(once[name], again[name]) for name in once)
    assert (once["masked"] > 0).all()
    assert all(value.isfinite().all() for value in once.values())


@pytest.mark.parametrize("kind", [Contrastive, MaskedReconstruction])
def test_pretraining_learns(kind: type[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    """A sine in each record: after some steps hidden parts are told better than by chance."""
    torch.manual_seed(0)
    time = torch.arange(320) / 100
    tones = torch.sin(
        2 * math.pi * (2 + 3 * torch.rand(16, 1, 1)) * time + 6 * torch.rand(16, 3, 1)
    )
    waves = tones + 0.02 * torch.randn(16, 3, 320)
    data = Batch(waves, torch.zeros(16).long(), torch.full((16,), 320), torch.arange(16))
    made = task(kind, **CHEAP)
    for name in ("log", "log_dict"):
        monkeypatch.setattr(made, name, lambda *a, **k: None)
    group = {"params": list(made.parameters()), "scale": 1.0}
    optimizer = torch.optim.AdamW([group], lr=3e-3)
    monkeypatch.setattr(made, "optimizers", lambda: optimizer)
    monkeypatch.setattr(Contrastive, "_temperature", lambda self: 1.0)
    made.train()
    for step in range(100):
        optimizer.zero_grad()
        made.training_step(data, step).backward()
        optimizer.step()
    said = made.eval().predict_step(data, 0)
    if kind is Contrastive:
        assert said["accuracy"].mean() > 2 * said["chance"].mean()
    else:
        assert said["loss"].mean() < 0.8 * said["variance"].mean()


def network(decoder: str, size: int = 16, **encoder: int) -> Network:
    """An LSTM over patches, or over strided convolutions."""
    first: Any = Raw(3, 250, 100.0, **encoder) if encoder else ConvPatch(3, 250, 100.0, 8, 8)
    model = LSTM(first.out_shape, 8, 1)
    shape = model.out_shape
    heads: dict[str, Callable[[], Any]] = {
        "per_step": lambda: PerStep(shape, size),
        "reconstruct": lambda: Reconstruct(shape, 3, first.samples),
        "pooled": lambda: PooledLinear(shape, 2),
    }
    return Network(first, model, heads[decoder]())


def around(kind: type[Task], net: Network, **given: Any) -> Any:
    adamw = functools.partial(torch.optim.AdamW, lr=0.1)
    return kind(net, std, NoAugment(), adamw, constant, **given)


def test_patches_that_leave_samples_over_are_reconstructed_up_to_there() -> None:
    made = around(MaskedReconstruction, network("reconstruct", patch=16), **CHEAP).eval()
    length = torch.tensor([250, 250, 100])
    x = torch.randn(3, 3, 250) * (torch.arange(250) < length[:, None])[:, None]
    told = made.predict_step(Batch(x, length, length, torch.arange(3)), 0)
    assert all(value.isfinite().all() for value in told.values())
    assert (told["masked"] <= 3 * (length // 16 * 16)).all()


@pytest.mark.parametrize(
    ("kind", "decoder", "given", "where", "remedy"),
    [
        (MaskedReconstruction, "per_step", {}, "decoder", "decoder=reconstruct"),
        (MaskedReconstruction, "pooled", {}, "decoder", "decoder=reconstruct"),
        (Contrastive, "reconstruct", {}, "decoder", "decoder=per_step"),
        (Contrastive, "pooled", {}, "decoder", "decoder=per_step"),
        (Contrastive, "per_step", {"groups": 3}, "task.groups", "task.groups=2"),
        (Contrastive, "per_step", {"groups": 0}, "task.groups", "task.groups=1"),
        (Contrastive, "per_step", {"negatives": 0}, "task.negatives", "task.negatives=1"),
        (Contrastive, "per_step", {"codes": 0}, "task.codes", "task.codes=1"),
        (Contrastive, "per_step", {"mask_share": 0.0}, "task.mask_share", "task.mask_share=0.65"),
        (MaskedReconstruction, "reconstruct", {"mask_span": 0}, "task.mask_span", "task.mask_sp"),
    ],
)
def test_what_cannot_pretrain_is_refused(
    kind: type[Task], decoder: str, given: dict[str, Any], where: str, remedy: str
) -> None:
    with pytest.raises(Refused) as refused:
        around(kind, network(decoder), **given)
    assert refused.value.where == where
    assert refused.value.remedy.startswith(remedy)


@pytest.mark.parametrize("kind", [Contrastive, MaskedReconstruction])
def test_models_that_drop_steps_cannot_pretrain(kind: type[Task]) -> None:
    encoder = ConvPatch(3, 320, 100.0, 8, 8)
    model = CNN1D(encoder.out_shape, widths=(8,))
    shape = model.out_shape
    head: Any = PerStep(shape, 8) if kind is Contrastive else Reconstruct(shape, 3, 4)
    with pytest.raises(Refused, match="40 steps for the encoder's 80"):
        around(kind, Network(encoder, model, head))


def test_one_dead_group_of_codes_is_a_collapse() -> None:
    """Its group uses one code; the other's many do not make up for it."""
    made = task(Contrastive, codes=100)
    made.used[0, 0], made.used[1] = 1000, 10
    book = made.findings()["codebook"]
    assert book["perplexity"] == pytest.approx(101, rel=1e-3)
    assert book["smallest"] == pytest.approx(1, rel=1e-3)
    assert collapse(book).startswith("COLLAPSED: in a group 1.0 codes are in effect")


def test_all_that_learns_is_in_the_optimiser() -> None:
    made = task(Contrastive)
    names = set(made.parts())
    assert names == {"encoder", "model", "decoder", "hide", "quantizer", "target"}


def test_reconstruction_counts_hidden_samples_only() -> None:
    made, data = task(MaskedReconstruction, **CHEAP).eval(), batch()
    told = made.predict_step(data, 0)
    assert (told["masked"] % 3 == 0).all()
    assert (told["masked"] <= 3 * data.length).all()
    assert told["variance"].mean() == pytest.approx(1.0, abs=0.15)
