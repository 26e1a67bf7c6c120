"""Decoders of several heads: their order, their probabilities, which records teach what."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, nll_loss, softplus

from tremor.errors import Refused
from tremor.explain.estimators.head_cam import HeadCAM
from tremor.network.decoders.hierarchical import HierarchicalDecoder, among_directions
from tremor.network.decoders.multitask import MultitaskDecoder
from tremor.network.models.timm_model import TimmModel

HEADS = {
    "magnitude": ["Normal", "Moderate", "Medium", "Large"],
    "azimuth": ["Normal", "N", "NE", "E", "SE", "S", "SW", "W", "NW"],
}
SIZES = [4, 9]


def drawn(*shape: int, seed: int = 1, scale: float = 1.0) -> Tensor:
    return scale * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def full(x: Tensor) -> Tensor:
    return torch.full((len(x),), x.shape[-1])


def hierarchical(compass: str | None = None, hidden: int | None = 16) -> HierarchicalDecoder:
    torch.manual_seed(0)
    return HierarchicalDecoder((6, 5), HEADS, hidden=hidden, dropout=0.0, compass=compass)


def test_the_heads_are_those_of_the_facts() -> None:
    """Two heads of 397,316 and 399,881 parameters on the 768 features of a ConvNeXt-tiny."""
    decoder = MultitaskDecoder((768, 1), HEADS)
    assert [sum(p.numel() for p in own.parameters()) for own in decoder.heads] == [397316, 399881]
    kinds = [type(part).__name__ for part in decoder.heads[0]]
    assert kinds == ["LayerNorm", "Dropout", "Linear", "GELU", "Dropout", "Linear"]
    assert [decoder.heads[0][at].p for at in (1, 4)] == [0.5, 0.25]


@pytest.mark.parametrize("hidden", [None, 7])
@pytest.mark.parametrize("pool", ["mean", "last"])
def test_logits_are_of_heads_one_after_another(hidden: int | None, pool: str) -> None:
    torch.manual_seed(0)
    decoder = MultitaskDecoder((3, 2, 5), HEADS, pool=pool, hidden=hidden).eval()  # type: ignore[arg-type]
    x = drawn(4, 3, 2, 5)
    length = torch.tensor([5, 3, 1, 5])
    said = decoder(x, length)
    assert said.shape == (4, 13)
    assert decoder.out_shape == (13,)
    rows = []
    for record, steps in zip(x.flatten(1, 2), length.tolist(), strict=True):
        part = record[:, :steps]
        rows.append(part[:, -1] if pool == "last" else part.mean(-1))
    by_hand = torch.cat([own(torch.stack(rows)) for own in decoder.heads], -1)
    torch.testing.assert_close(said, by_hand)


class Pictures(nn.Module):
    """A ConvNeXt of timm with a decoder, called as an explanation calls it."""

    def __init__(self, hidden: int | None) -> None:
        super().__init__()
        self.model = TimmModel((3, 64, 64), "convnext_atto")
        self.decoder = MultitaskDecoder(self.model.out_shape, HEADS, hidden=hidden)

    def forward(self, x: Tensor) -> Tensor:
        features, steps = self.model(x, full(x))
        return self.decoder(features, steps)  # type: ignore[no-any-return]


def test_one_linear_layer_has_an_exact_head_map_and_hidden_ones_have_none() -> None:
    torch.manual_seed(0)
    x, target = drawn(3, 64, 64), torch.eye(13)[6] - torch.eye(13)[4]
    network = Pictures(hidden=None).eval().requires_grad_(False)
    found = HeadCAM().measure(network, x, target)
    assert float(found.estimate.values.sum()) == pytest.approx(found.output - found.base, abs=1e-5)
    assert found.output == pytest.approx(float(network(x[None])[0] @ target), abs=1e-5)
    with pytest.raises(Refused, match="not linear"):
        HeadCAM()(Pictures(hidden=64).eval().requires_grad_(False), x, target)


@given(seed=st.integers(0, 10**6), scale=st.floats(0.1, 100), split=st.booleans())
@settings(max_examples=25, deadline=None)
def test_probabilities_sum_to_one_and_heads_agree(seed: int, scale: float, split: bool) -> None:
    decoder = hierarchical("azimuth" if split else None).eval()
    x = drawn(3, 6, 5, seed=seed, scale=scale)
    heads = decoder(x, full(x)).split(SIZES, -1)
    for said in heads:
        torch.testing.assert_close(said.logsumexp(-1), softplus(-2 * said[:, 0]) + said[:, 0])
    torch.testing.assert_close(heads[0].softmax(-1)[:, 0], heads[1].softmax(-1)[:, 0])
    magnitude, azimuth = decoder.decide(torch.cat(heads, -1)).unbind(1)
    assert torch.equal(magnitude == 0, azimuth == 0)


def test_probabilities_are_the_product_by_hand() -> None:
    decoder = hierarchical(hidden=None).eval()
    x = drawn(3, 6, 5)
    pooled = x.mean(-1)
    precursor = decoder.precursor(pooled).sigmoid()
    inner = decoder.heads[0](pooled).softmax(-1)
    expected = torch.cat([1 - precursor, precursor * inner], -1)
    said = decoder(x, full(x))[:, :4]
    torch.testing.assert_close(said.softmax(-1), expected, rtol=0, atol=1e-6)
    y = torch.tensor([0, 1, 3])
    torch.testing.assert_close(cross_entropy(said, y), nll_loss(expected.log(), y))


def test_a_precursor_is_decided_on_before_its_classes() -> None:
    """p(precursor) of 0.6 over eight directions: the background has most, and does not win."""
    chances = torch.tensor([[0.4, 0.1, 0.3, 0.2], [0.6, 0.4, 0.0, 0.0]])
    round_ = torch.tensor([[0.4] + [0.07] * 4 + [0.11] + [0.07] * 3, [0.6, 0.4] + [0.0] * 7])
    halved = (chances[:, :1] / (1 - chances[:, :1])).sqrt()  # logits as they come, -s/2 first
    logits = torch.cat([(own * halved / own[:, :1]).log() for own in (chances, round_)], -1)
    for own, said in zip((chances, round_), logits.split(SIZES, -1), strict=True):
        torch.testing.assert_close(said.softmax(-1), own)
    assert hierarchical().decide(logits).tolist() == [[2, 5], [0, 0]]


def test_the_logit_of_the_background_is_linear_however_sure() -> None:
    decoder = hierarchical(hidden=None).eval()
    x = drawn(2, 6, 5, scale=100.0).requires_grad_()
    said = decoder(x, full(x))
    (slope,) = torch.autograd.grad(said[:, 0].sum(), x)
    weight = -decoder.precursor[-1].weight[0] / 2 / 5  # each step has a fifth of the mean
    torch.testing.assert_close(slope, weight[:, None].expand_as(x))


class Hierarchy(nn.Module):
    """A hierarchical decoder, called as an explanation calls it."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.encoder, self.decoder = nn.Conv1d(6, 6, 1), hierarchical(hidden=None)

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x), full(x))  # type: ignore[no-any-return]


def test_a_hierarchy_has_exact_maps_of_its_background_and_within_one_condition() -> None:
    network, x = Hierarchy().eval().requires_grad_(False), drawn(6, 5)
    column = torch.eye(13)
    for exact in (column[4], column[6] - column[8], column[1] - column[2]):
        found = HeadCAM("encoder").measure(network, x, exact)
        gain = found.output - found.base
        assert float(found.estimate.values.sum()) == pytest.approx(gain, abs=1e-5)
    for bent in (column[6], column[6] - column[4]):
        with pytest.raises(Refused, match="not linear") as refused:
            HeadCAM("encoder")(network, x, bent)
        assert "the background" in refused.value.remedy


def test_a_compass_tells_the_kind_first() -> None:
    """By hand: N, E, S, W are at even places, NE, SE, SW, NW at odd ones."""
    said = drawn(2, 9)
    even, four = said[:, 0].sigmoid(), said[:, 1:]
    expected = torch.zeros(2, 8)
    expected[:, 0::2] = even[:, None] * four[:, 0::2].softmax(-1)
    expected[:, 1::2] = (1 - even)[:, None] * four[:, 1::2].softmax(-1)
    torch.testing.assert_close(among_directions(said).exp(), expected)


@pytest.mark.parametrize("compass", [None, "azimuth"])
def test_background_teaches_nothing_about_what_a_precursor_is(compass: str | None) -> None:
    decoder, x = hierarchical(compass), drawn(8, 6, 5)
    y = torch.tensor([0, 0, 0, 0, 1, 2, 3, 1])

    def pulled(rows: slice) -> tuple[float, float]:
        decoder.zero_grad()
        part, labels = x[rows], y[rows]
        for said in decoder(part, full(part)).split(SIZES, -1):
            cross_entropy(said, labels).backward(retain_graph=True)
        sizes = (
            sum(float(p.grad.abs().sum()) for p in own.parameters() if p.grad is not None)
            for own in (decoder.precursor, decoder.heads)
        )
        first, second = sizes
        return first, second

    first, second = pulled(slice(0, 4))
    assert second < 1e-5 < first  # zero to rounding
    first, second = pulled(slice(4, 8))
    assert min(first, second) > 0.1


def test_probabilities_stay_finite_when_sure() -> None:
    said = hierarchical("azimuth")
    with torch.no_grad():
        said.precursor[-1].bias.fill_(-500.0)
    x = drawn(2, 6, 5)
    found = said(x, full(x)).detach()
    assert bool(found.isfinite().all())
    for own in found.split(SIZES, -1):
        assert own.softmax(-1)[0].tolist() == [1.0] + [0.0] * (own.shape[1] - 1)
    assert float(found[0, 0]) > 200


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"heads": {}}, "dataset.heads"),
        ({"heads": {"one": ["only"]}}, "dataset.heads.one"),
        ({"heads": {"two": ["a", "a"]}}, "dataset.heads.two"),
        ({"hidden": 0}, "decoder.hidden"),
        ({"dropout": 1.5}, "decoder.dropout"),
    ],
)
def test_odd_heads_are_refused(changes: dict[str, object], where: str) -> None:
    for decoder in (MultitaskDecoder, HierarchicalDecoder):
        with pytest.raises(Refused) as caught:
            decoder((6, 5), **({"heads": HEADS} | changes))  # type: ignore[arg-type]
        assert caught.value.where == where


@pytest.mark.parametrize("compass", ["magnitude", "nothing"])
def test_a_compass_has_eight_directions(compass: str) -> None:
    with pytest.raises(Refused, match=r"decoder.compass=azimuth"):
        hierarchical(compass)
