"""The sLSTM's memory against its meaning and the published package."""

from __future__ import annotations

import pytest
import torch
from gradients import gradients
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from xlstm.blocks.slstm.src.vanilla import slstm

from tremor.network.slstm import scan


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


def test_its_gradient_is_that_of_small_differences() -> None:
    gates, recurrent, mask = gated(6, 0.0)
    assert torch.autograd.gradcheck(lambda g, r: scan(g, r, mask), (gates, recurrent))


def test_what_comes_in_is_left_as_it_is() -> None:
    """Also where it lies in memory just as the loop wants it."""
    gates, recurrent, _ = (part.detach() for part in gated(10, 0.0))
    lying = gates.permute(1, 2, 0, 3).contiguous().permute(2, 0, 1, 3)
    kept = lying.clone()
    out = scan(lying.requires_grad_(), recurrent)
    towards = torch.ones_like(out)
    out.backward(towards)
    torch.testing.assert_close(lying.detach(), kept, rtol=0, atol=0)
    assert (towards == 1).all()


def test_the_work_grows_with_the_steps_and_not_with_their_square() -> None:
    """Counted, not timed: operations of both passes, and numbers that they touch."""

    def touched(steps: int) -> int:
        gates, recurrent, _ = gated(steps, 0.0)
        with Counting() as counting:
            scan(gates, recurrent).sum().backward()
        return counting.numbers

    assert touched(256) / touched(64) < 4.5


class Counting(TorchDispatchMode):
    """Adds up the sizes of all results."""

    numbers = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        out = func(*args, **(kwargs or {}))
        self.numbers += sum(x.numel() for x in tree_leaves(out) if isinstance(x, Tensor))
        return out
