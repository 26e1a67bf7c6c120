"""Depthwise convolutions whose weights get their gradient another way: the same gradient."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import timm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import conv2d

from tremor.network.layers import depthwise
from tremor.network.layers.depthwise import Depthwise, DepthwiseConv, mend
from tremor.network.models.timm_model import TimmModel

FORMATS = (torch.contiguous_format, torch.channels_last)


def both(x: Tensor, kernel: tuple[int, int]) -> tuple[nn.Conv2d, nn.Conv2d]:
    """torch's own convolution, and ours with the same weights."""
    features = x.shape[1]
    half = (kernel[0] // 2, kernel[1] // 2)
    theirs = nn.Conv2d(features, features, kernel, padding=half, groups=features)
    ours = copy.deepcopy(theirs)
    assert mend(ours) == 1
    return theirs, ours


def gradients(conv: nn.Conv2d, x: Tensor, towards: Tensor, half: bool) -> list[Tensor]:
    x = x.clone(memory_format=torch.preserve_format).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        out = conv(x)
    assert out.dtype == (torch.bfloat16 if half else x.dtype)
    found = torch.autograd.grad(out, [x, *conv.parameters()], towards.to(out))
    return [out.detach(), *found]


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 12), st.integers(1, 12)),
    st.sampled_from([(7, 7), (5, 5), (5, 1), (3, 7)]),
    st.sampled_from(FORMATS),
)
def test_any_shape_gets_torchs_own_gradients(
    shape: tuple[int, ...], kernel: tuple[int, int], form: torch.memory_format
) -> None:
    torch.manual_seed(0)
    x, towards = (torch.randn(shape).to(memory_format=form) for _ in range(2))
    theirs, ours = both(x, kernel)
    pairs = zip(
        gradients(ours, x, towards, False), gradients(theirs, x, towards, False), strict=True
    )
    for a, b in pairs:
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("form", FORMATS)
def test_in_bfloat16_it_is_no_further_from_the_truth_than_torch(form: torch.memory_format) -> None:
    torch.manual_seed(0)
    x, towards = (torch.randn(4, 24, 14, 14).to(memory_format=form) for _ in range(2))
    theirs, ours = both(x, (7, 7))
    exact = copy.deepcopy(theirs).double()
    with torch.no_grad():
        exact.weight.copy_(theirs.weight.bfloat16())
    rounded = [part.bfloat16().double() for part in (x, towards)]
    truth = gradients(exact, rounded[0], rounded[1], False)
    for own, their, true in zip(
        gradients(ours, x, towards, True), gradients(theirs, x, towards, True), truth, strict=True
    ):
        assert own.dtype == their.dtype
        off, limit = (((a.double() - true).abs().max() / true.abs().max()) for a in (own, their))
        assert off <= max(1.5 * float(limit), 2**-8)


def test_the_gradient_is_the_slope() -> None:
    torch.manual_seed(0)
    parts = [torch.randn(*s, dtype=torch.float64) for s in ((2, 3, 6, 5), (3, 1, 5, 3), (3,))]
    given_ = [part.requires_grad_() for part in parts]
    assert torch.autograd.gradcheck(Depthwise.apply, given_)
    assert torch.autograd.gradcheck(lambda x, w: Depthwise.apply(x, w, None), given_[:2])


def test_a_slope_of_a_slope_is_refused_aloud() -> None:
    x, weight = (
        torch.randn(1, 2, 6, 6, requires_grad=True),
        torch.randn(2, 1, 5, 5).requires_grad_(),
    )
    (slope,) = torch.autograd.grad(
        Depthwise.apply(x, weight, None).square().sum(), x, create_graph=True
    )
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.sum().backward()


@pytest.mark.parametrize("fixed", ["x", "weight", "bias"])
def test_what_needs_no_gradient_gets_none(fixed: str) -> None:
    shapes = {"x": (1, 2, 6, 6), "weight": (2, 1, 5, 5), "bias": (2,)}
    parts = {
        name: torch.randn(shape, requires_grad=name != fixed) for name, shape in shapes.items()
    }
    Depthwise.apply(*parts.values()).sum().backward()
    assert {name for name, part in parts.items() if part.grad is not None} == {*parts} - {fixed}


@pytest.mark.parametrize(
    "settings",
    [
        {"groups": 2},
        {"stride": 2},
        {"dilation": 2},
        {"kernel_size": 3, "padding": 1},
        {"kernel_size": 6, "padding": 3},
        {"padding": 0},
        {"padding_mode": "circular"},
        {"out_channels": 8},
    ],
)
def test_other_convolutions_stay_torchs(settings: dict[str, Any]) -> None:
    plain = {"in_channels": 4, "out_channels": 4, "kernel_size": 5, "padding": 2, "groups": 4}
    assert mend(nn.Conv2d(**plain)) == 1
    assert mend(nn.Conv2d(**(plain | settings))) == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda conv, x: (conv, x.double()),
        lambda conv, x: (conv.requires_grad_(False), x),
        lambda conv, x: (conv, x[0]),
        lambda conv, x: (conv, x[:0]),
    ],
)
def test_where_it_is_no_gain_torch_does_it(
    monkeypatch: pytest.MonkeyPatch, change: Callable[..., Any]
) -> None:
    monkeypatch.setattr(Depthwise, "apply", None)
    conv = nn.Conv2d(4, 4, 5, padding=2, groups=4)
    mend(conv)
    conv, x = change(conv, torch.randn(2, 4, 6, 6))
    conv.to(x.dtype)
    wanted = conv2d(x, conv.weight, conv.bias, padding=2, groups=4)
    torch.testing.assert_close(conv(x), wanted)
    with torch.no_grad():
        conv(x)


def test_a_machine_without_the_kernels_keeps_torchs_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Depthwise, "apply", None)
    monkeypatch.setattr(depthwise, "_wide_vectors", lambda: False)
    conv = nn.Conv2d(4, 4, 5, padding=2, groups=4)
    mend(conv)
    assert conv(torch.randn(2, 4, 6, 6)).requires_grad


def test_a_compiled_model_is_whole() -> None:
    """Without a C++ compiler: the graph is traced without a break, and run by torch."""
    conv = nn.Conv2d(4, 4, 5, padding=2, groups=4)
    mend(conv)
    x = torch.randn(2, 4, 6, 6)
    compiled = torch.compile(conv, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), conv(x))
    compiled(x).sum().backward()
    assert conv.weight.grad is not None


def test_timms_convnext_is_mended_and_keeps_its_weights_names() -> None:
    model = TimmModel((3, 64, 64), "convnext_atto")
    mended = [part for part in model.net.modules() if isinstance(part, DepthwiseConv)]
    assert len(mended) == 12
    own = timm.create_model("convnext_atto", num_classes=0).state_dict()
    assert model.net.state_dict().keys() == own.keys()
    assert {type(part).__name__ for part in TimmModel((3, 33, 96), "test_resnet").modules()} & {
        "DepthwiseConv"
    } == set()


@pytest.mark.parametrize("half", [False, True])
def test_a_step_of_convnext_learns_what_timms_does(half: bool) -> None:
    """As initialised, what blocks add is scaled to a millionth; here each counts in full."""
    torch.manual_seed(0)
    theirs = timm.create_model("convnext_atto", num_classes=0)
    for name, weight in theirs.named_parameters():
        if name.endswith("gamma"):
            nn.init.ones_(weight)
    ours = copy.deepcopy(theirs)
    mend(ours)
    x, towards = torch.randn(2, 3, 64, 64), torch.randn(320)
    found = []
    for net in (theirs, ours):
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            out = net(x)
        (out.float() @ towards).sin().mean().backward()
        found.append([p.grad for p in net.parameters()])
    for their, own in zip(*found, strict=True):
        assert float((own - their).norm()) <= (3e-2 if half else 1e-4) * float(their.norm())
