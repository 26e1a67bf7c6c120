"""What xLSTM layers are made of."""

from __future__ import annotations

import pytest
import torch
from gradients import gradients
from torch.nn.functional import layer_norm, silu

from tremor.network.layers import rows
from tremor.network.layers.causal_conv import CausalConv, ConvSiLU
from tremor.network.layers.gated_output import Gated
from tremor.network.layers.mlstm_layer import MLSTMLayer
from tremor.network.layers.projections import BlockDiagonal, GroupedLinear
from tremor.network.layers.slstm_layer import SLSTMLayer


def test_forget_gates_start_nearly_open_and_take_no_part_in_decay() -> None:
    layer = MLSTMLayer(32, num_heads=4)
    torch.testing.assert_close(layer.gates.bias[4:], torch.linspace(3, 6, 4))
    assert not layer.gates.weight.any()
    assert layer.no_decay == ("gates.weight",)


@pytest.mark.parametrize("kind", [MLSTMLayer, SLSTMLayer])
def test_masked_steps_neither_speak_nor_listen(kind: type[MLSTMLayer | SLSTMLayer]) -> None:
    torch.manual_seed(0)
    layer = kind(16, num_heads=2).eval()
    x, mask = torch.randn(2, 30, 16), torch.ones(2, 30, dtype=torch.bool)
    mask[1, :12] = False
    alone = layer(x[1:, 12:])
    torch.testing.assert_close(layer(x, mask)[1:, 12:], alone, rtol=1e-4, atol=1e-5)
    noisy = x.clone()
    noisy[1, :12] = 99
    torch.testing.assert_close(layer(noisy, mask)[mask], layer(x, mask)[mask])


@pytest.mark.parametrize("kind", [MLSTMLayer, SLSTMLayer])
def test_every_parameter_of_a_layer_learns(kind: type[MLSTMLayer | SLSTMLayer]) -> None:
    torch.manual_seed(0)
    layer = kind(16, num_heads=2)
    layer(torch.randn(2, 20, 16)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in layer.parameters())


def test_grouped_projections_are_block_diagonal() -> None:
    layer = GroupedLinear(64, 4, outputs=2)
    whole = [torch.block_diag(*weights) for weights in layer.weight.detach()]
    x = torch.randn(3, 7, 64)
    for found, weight in zip(layer(x), whole, strict=True):
        torch.testing.assert_close(found, x @ weight.T, rtol=1e-4, atol=1e-5)


def test_the_causal_convolution_is_torchs_own_padded_on_the_left() -> None:
    layer, x = CausalConv(8, 4), torch.randn(2, 20, 8)
    padded = torch.nn.functional.pad(x.transpose(1, 2), (3, 0))
    torch.testing.assert_close(
        layer(x), silu(layer.conv(padded)).transpose(1, 2), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("steps", [1, 2, 3, 7])
def test_the_gradient_of_the_convolution_is_that_of_small_differences(steps: int) -> None:
    torch.manual_seed(0)
    shapes = (2, steps, 12), (6, 4), (6,)
    x, *given = (torch.randn(s, dtype=torch.float64, requires_grad=True) for s in shapes)
    assert torch.autograd.gradcheck(lambda x, *rest: ConvSiLU.apply(x[..., 6:], *rest), (x, *given))


def test_the_gradient_of_grouped_projections_is_that_of_small_differences() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 5, 12, dtype=torch.float64, requires_grad=True)
    blocks = torch.randn(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(BlockDiagonal.apply, (x, blocks))


def test_a_projection_before_a_map_is_a_map() -> None:
    layer, rows, x = GroupedLinear(64, 4, outputs=2), torch.randn(3, 64), torch.randn(2, 5, 64)
    for output, made in enumerate(layer(x)):
        torch.testing.assert_close(
            x @ layer.before(rows, output).T, made @ rows.T, rtol=1e-4, atol=1e-5
        )


def test_the_gated_output_is_its_formula_and_so_is_its_gradient() -> None:
    torch.manual_seed(0)
    shapes = (2, 5, 3, 4), (2, 5, 12), (2, 5, 24), (12,), (12,)
    given = [torch.randn(s, dtype=torch.float64, requires_grad=True) for s in shapes]

    def ours(h, mixed, z, norm, skip):  # type: ignore[no-untyped-def]
        return Gated.apply(h, mixed, z[..., 12:], norm, skip)

    heard, mixed, z, norm, skip = given
    level = layer_norm(heard, heard.shape[-1:]).flatten(2) * norm
    torch.testing.assert_close(ours(*given), (level + skip * mixed) * silu(z[..., 12:]))
    assert torch.autograd.gradcheck(ours, given)


@pytest.mark.parametrize("kind", [MLSTMLayer, SLSTMLayer])
def test_half_precision_is_near_and_its_gates_are_whole(
    kind: type[MLSTMLayer | SLSTMLayer],
) -> None:
    """bf16 keeps 8 bits of each product's result: 3 % of the largest, in values and gradients."""
    torch.manual_seed(0)
    layer, x = kind(32, num_heads=2), torch.randn(2, 50, 32)
    torch.nn.init.normal_(layer.norm)
    whole = layer(x)
    expected = gradients([*layer.parameters()], whole)
    with torch.autocast("cpu", torch.bfloat16):
        half = layer(x)
    assert half.dtype == torch.bfloat16
    found = gradients([*layer.parameters()], half.float())
    for a, b in zip((half.float(), *found), (whole, *expected), strict=True):
        assert (a - b).abs().max() <= 0.03 * b.abs().max()


def test_small_pieces_of_work_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    layer, x = MLSTMLayer(32, num_heads=2), torch.randn(3, 50, 32)
    whole = layer(x)
    expected = gradients([*layer.parameters()], whole)
    monkeypatch.setattr(rows, "HELD", 64 * 7)
    cut = layer(x)
    torch.testing.assert_close(cut, whole)
    for a, b in zip(gradients([*layer.parameters()], cut), expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
