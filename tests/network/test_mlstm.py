"""The mLSTM's memory against its definition: values, gradients, masks, extreme gates."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import silu
from xlstm.blocks.mlstm import backends
from xlstm.blocks.slstm.src.vanilla import slstm

from tremor.network.layers.causal_conv import CausalConv
from tremor.network.layers.mlstm_layer import MLSTMLayer
from tremor.network.layers.projections import GroupedLinear
from tremor.network.layers.slstm_layer import SLSTMLayer
from tremor.network.mlstm.chunkwise import mlstm
from tremor.network.mlstm.recurrent import mlstm as recurrent
from tremor.network.slstm import scan


def drawn(
    steps: int, key: int = 8, value: int = 6, shift: float = 3.0, loud: float = 3.0, seed: int = 0
) -> list[Tensor]:
    """q, k, v and both gates in float64, with gradients."""
    torch.manual_seed(seed)
    shapes = [(2, 3, steps, size) for size in (key, key, value)] + [(2, 3, steps)] * 2
    made = [torch.randn(shape, dtype=torch.float64) for shape in shapes]
    made[3] *= loud
    made[4] += shift
    return [part.requires_grad_() for part in made]


def gradients(given: list[Tensor], out: Tensor) -> tuple[Tensor, ...]:
    weight = torch.linspace(-1, 1, out.numel(), dtype=out.dtype).view_as(out)
    return torch.autograd.grad((out * weight).sum(), given)


@pytest.mark.parametrize("steps", [1, 5, 16, 17, 70, 200])
@pytest.mark.parametrize("shift", [-12.0, -3.0, 0.0, 3.0, 12.0])
def test_it_is_the_recurrence(steps: int, shift: float) -> None:
    given = drawn(steps, shift=shift)
    ours, theirs = mlstm(*given), recurrent(*given)
    torch.testing.assert_close(ours, theirs, rtol=1e-8, atol=1e-10)
    for a, b in zip(gradients(given, ours), gradients(given, theirs), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-8)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 90),
    st.integers(1, 40),
    st.integers(1, 40),
    st.floats(-20, 20),
    st.floats(0, 20),
    st.integers(0, 99),
)
def test_it_is_the_recurrence_in_any_shape(
    steps: int, key: int, value: int, shift: float, loud: float, seed: int
) -> None:
    given = [part.detach() for part in drawn(steps, key, value, shift, loud, seed)]
    torch.testing.assert_close(mlstm(*given), recurrent(*given), rtol=1e-6, atol=1e-8)


def test_no_finite_gate_gives_anything_but_numbers() -> None:
    given = [part.detach().float() for part in drawn(100)]
    for size in (1e4, -1e4):
        for gate in (3, 4):
            wild = [part.clone() for part in given]
            wild[gate][:, :, ::7] = size
            wild = [part.requires_grad_() for part in wild]
            out = mlstm(*wild)
            assert out.isfinite().all()
            assert all(part.isfinite().all() for part in gradients(wild, out))


@pytest.mark.parametrize("shift", [-6.0, 0.0, 4.0])
@pytest.mark.parametrize("steps", [1, 50, 128])
def test_it_is_the_published_package(steps: int, shift: float) -> None:
    """Its parallel, recurrent and chunkwise forms; without the 1e-6 that it adds to divisors."""
    q, k, v, taken, kept = (part.detach() for part in drawn(steps, 8, 8, shift, loud=1.0))
    ours, gates = mlstm(q, k, v, taken, kept), (taken[..., None], kept[..., None])
    parallel = backends.parallel_stabilized_simple(q, k, v, *gates, eps=0.0)
    torch.testing.assert_close(ours, parallel, rtol=1e-9, atol=1e-11)
    state, memory = q.new_zeros(2, 3, 8, 8), q.new_zeros(2, 3, 8, 1)
    states, said = (state, memory, q.new_full((2, 3, 1, 1), -torch.inf)), []
    for t in range(steps):
        now = (part[:, :, t : t + 1].clone() for part in (q, k, v, *gates))
        heard, states = backends.recurrent_step_stabilized_simple(*states, *now, eps=0.0)
        said.append(heard)
    torch.testing.assert_close(ours, torch.cat(said, 2), rtol=1e-9, atol=1e-11)
    if steps % 64 == 0:
        chunked = backends.chunkwise_simple(q, k, v, taken, kept, chunk_size=64, eps=0.0)
        torch.testing.assert_close(ours, chunked, rtol=1e-9, atol=1e-11)


def gated(steps: int, shift: float, loud: float = 3.0) -> tuple[Tensor, Tensor, Tensor]:
    """Gates (input, forget, cell, output) of an sLSTM, its recurrent weights, and a ragged mask."""
    torch.manual_seed(0)
    gates = loud * torch.randn(3, steps, 2, 16, dtype=torch.float64)
    gates[..., :4] += shift
    mask = torch.ones(3, steps, dtype=torch.bool)
    mask[1, :3], mask[2, steps - 3 :] = False, False
    recurrent = 0.3 * torch.randn(2, 4, 16, dtype=torch.float64)
    return gates.requires_grad_(), recurrent.requires_grad_(), mask


def averaged(gates: Tensor, recurrent: Tensor, mask: Tensor) -> Tensor:
    """An sLSTM by its meaning: a mean of all entries so far, by weights kept as logarithms."""
    hidden, heard = gates.new_zeros(*gates.shape[:1], 2, 4), []
    logs, entries = gates.new_empty(0, 3, 2, 4), gates.new_empty(0, 3, 2, 4)
    for t in range(gates.shape[1]):
        here = mask[:, t, None, None]
        own = gates[:, t] + torch.einsum("bhi,hio->bho", hidden, recurrent)
        taken, kept, entry, shown = own.chunk(4, -1)
        logs = logs + torch.nn.functional.logsigmoid(kept) * here
        logs = torch.cat([logs, taken.where(here, -1e6)[None]])
        entries = torch.cat([entries, entry.tanh()[None]])
        mean = (logs.softmax(0) * entries).sum(0)
        hidden = torch.where(here, shown.sigmoid() * mean, hidden)
        heard.append(hidden)
    return torch.stack(heard, 1)


@pytest.mark.parametrize("shift", [-500.0, -25.0, 0.0, 25.0, 500.0])
def test_the_slstm_is_a_mean_by_exponential_weights(shift: float) -> None:
    gates, recurrent, mask = gated(20, shift)
    both = scan(gates, recurrent, mask), averaged(gates, recurrent, mask)
    ours, theirs = (out * mask[..., None, None] for out in both)
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-11)
    found, expected = (gradients([gates, recurrent], out) for out in (ours, theirs))
    for a, b in zip(found, expected, strict=True):
        assert a.isfinite().all()
        torch.testing.assert_close(a, b, rtol=1e-7, atol=1e-9)


def test_the_slstm_is_the_published_package() -> None:
    gates, _, _ = (part.detach() for part in gated(20, -25.0))
    ours = scan(gates, gates.new_zeros(2, 4, 16), torch.ones(3, 20, dtype=torch.bool))
    states, said = gates.new_zeros(4, 6, 4), []
    for gate in gates.flatten(0, 0).transpose(1, 2).reshape(6, 20, 16).unbind(1):
        states, _ = slstm.slstm_forward_pointwise(gate, 0 * gate, 0 * gate[:1], states, {})
        said.append(states[0])
    both = torch.stack(said, 1).reshape(3, 2, 20, 4).transpose(1, 2)
    torch.testing.assert_close(ours, both, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("shift", [-1e4, -25.0, 25.0, 1e4])
def test_no_gate_of_an_slstm_gives_anything_but_numbers(shift: float) -> None:
    gates, recurrent, mask = gated(40, shift, loud=30.0)
    given = [part.detach().float().requires_grad_() for part in (gates, recurrent)]
    out = scan(*given, mask)
    assert out.isfinite().all()
    assert (out.abs() <= 1).all()
    assert all(part.isfinite().all() for part in gradients(given, out))


def test_what_comes_later_does_not_matter() -> None:
    given = [part.detach() for part in drawn(80)]
    short = [part[:, :, :50] for part in given]
    torch.testing.assert_close(mlstm(*given)[:, :, :50], mlstm(*short))


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
