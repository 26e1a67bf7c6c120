"""The mLSTM's memory against its definition: values, gradients, extreme gates, other types."""

from __future__ import annotations

import pytest
import torch
from gradients import gradients
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from xlstm.blocks.mlstm import backends

from tremor.network.mlstm import chunkwise, kernels
from tremor.network.mlstm.backend import Memory
from tremor.network.mlstm.chunkwise import mlstm
from tremor.network.mlstm.recurrent import mlstm as recurrent
from tremor.network.mlstm.scales import NEVER, STEEP


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


def apart(given: list[Tensor], way: Memory = mlstm) -> list[float]:
    """How far values and gradients are from the recurrence in float64, over the largest of each."""
    exact = [part.detach().double().requires_grad_() for part in given]
    ours, theirs = way(*given), recurrent(*exact)
    pairs = zip((ours, *gradients(given, ours)), (theirs, *gradients(exact, theirs)), strict=True)
    return [float(((a - b).abs().max() / b.abs().max().clamp(min=1e-4)).detach()) for a, b in pairs]


def single(parts: list[Tensor]) -> list[Tensor]:
    return [part.detach().float().requires_grad_() for part in parts]


def sided(parts: list[Tensor]) -> list[Tensor]:
    """Queries and keys that point to one side: counts of the memory stay away from zero."""
    q, k, *rest = (part.detach() for part in parts)
    return single([q.abs(), k.abs(), *rest])


def assert_exact(given: list[Tensor]) -> None:
    """To single precision where the memory is well conditioned; elsewhere as good as by steps."""
    value, *learnt = apart(sided(given))
    assert value <= 1e-5
    assert max(learnt) <= 5e-5
    ours, plain = apart(single(given)), apart(single(given), recurrent)
    for limit, error, by_steps in zip([1e-5] + [5e-5] * 5, ours, plain, strict=True):
        assert error <= max(limit, 1.5 * by_steps)


@pytest.mark.parametrize("steps", [1, 5, 16, 17, 70, 200])
@pytest.mark.parametrize("shift", [-12.0, -3.0, 0.0, 3.0, 12.0])
def test_it_is_the_recurrence(steps: int, shift: float) -> None:
    given = drawn(steps, shift=shift)
    assert max(apart(given)) < 1e-8
    assert_exact(given)


@pytest.mark.parametrize(("steps", "shift"), [(500, -6.0), (500, 0.0), (1500, 4.0)])
def test_it_is_the_recurrence_over_long_times(steps: int, shift: float) -> None:
    assert_exact(drawn(steps, 4, 3, shift, loud=2.0))


@pytest.mark.parametrize("loud", [10.0, 20.0])
@pytest.mark.parametrize("shift", [-12.0, -4.0, 0.0, 4.0, 12.0])
def test_loud_input_gates_are_heard_in_proportion(loud: float, shift: float) -> None:
    given = drawn(150, shift=shift)
    with torch.no_grad():
        given[3].uniform_(-loud, loud)
    assert_exact(given)


def test_its_gradient_is_that_of_small_differences() -> None:
    for steps, shift in ((5, 3.0), (70, 3.0), (66, -9.0)):
        given = drawn(steps, 3, 2, shift)
        given = [part[:1, :2].detach().requires_grad_() for part in given]
        assert torch.autograd.gradcheck(mlstm, given, fast_mode=steps > 5)


def test_layout_and_batch_do_not_matter() -> None:
    given = [part.detach() for part in drawn(100)]
    turned = [part.transpose(1, 2).contiguous().transpose(1, 2) for part in given]
    sliced = [torch.cat([part, part], -1)[..., : part.shape[-1]] for part in given[:3]]
    whole = mlstm(*given)
    torch.testing.assert_close(mlstm(*turned), whole, rtol=1e-12, atol=0)
    torch.testing.assert_close(mlstm(*sliced, *given[3:]), whole, rtol=1e-12, atol=0)
    alone = torch.cat([mlstm(*(part[n : n + 1] for part in given)) for n in range(2)])
    torch.testing.assert_close(alone, whole, rtol=1e-12, atol=0)


def test_more_heads_than_a_slab_holds_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    given = [part.repeat(5, *[1] * (part.ndim - 1)).detach() for part in drawn(90, shift=-1.0)]
    given = [part.requires_grad_() for part in given]
    whole = mlstm(*given)
    expected = gradients(given, whole)
    monkeypatch.setattr(chunkwise, "HELD", 2 * 3 * 8 * 64)
    cut = mlstm(*given)
    torch.testing.assert_close(cut, whole)
    for a, b in zip(gradients(given, cut), expected, strict=True):
        torch.testing.assert_close(a, b)


def test_half_precision_comes_in_and_sums_stay_whole() -> None:
    given = sided(drawn(150, 16, 16))
    half = [part.detach().bfloat16() for part in given[:3]] + given[3:]
    half = [part.detach().requires_grad_() for part in half]
    value, *learnt = apart(half)
    assert value <= 2**-8  # one rounding of what goes out
    assert max(learnt) <= 2**-6  # from answers, and gradients of these, that were rounded
    assert mlstm(*half).dtype == torch.bfloat16
    with torch.autocast("cpu", torch.bfloat16):
        inside = mlstm(*given)
    torch.testing.assert_close(inside, mlstm(*given), rtol=0, atol=0)


def test_both_ways_of_a_chunk_agree_where_either_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights of one chunk that differ by just less, and just more, than decides between them."""
    for spread in (64 * STEEP - 0.1, 64 * STEEP + 0.1):
        given = drawn(64, shift=20.0)
        with torch.no_grad():
            given[3].copy_(torch.linspace(-spread, 0, 64, dtype=torch.float64))
        assert_exact(given)
    given = sided(drawn(200, shift=2.0))
    narrow = mlstm(*given)
    expected = gradients(given, narrow)
    monkeypatch.setattr("tremor.network.mlstm.scales.STEEP", 0.0)
    wide = mlstm(*given)
    torch.testing.assert_close(wide, narrow, rtol=1e-4, atol=1e-5)
    for a, b in zip(gradients(given, wide), expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=2e-5 * float(b.abs().max()))


@pytest.mark.parametrize("closed", [[3], [0], [5], [2, 3], [0, 5]])
def test_wide_chunks_stand_between_narrow_ones(closed: list[int]) -> None:
    given = drawn(6 * 64 + 10, shift=4.0)
    with torch.no_grad():
        for chunk in closed:
            given[4][1, :, 64 * chunk + 20 : 64 * chunk + 40] = -30.0
    assert max(apart(given)) < 1e-8


def test_steps_before_a_record_begins_leave_no_trace() -> None:
    given = drawn(150)
    with torch.no_grad():
        given[3][:, :, :100] = NEVER
        given[4][:, :, :100] = 1e4
    late = [part[:, :, 100:].detach().requires_grad_() for part in given]
    ours, alone = mlstm(*given), mlstm(*late)
    torch.testing.assert_close(ours[:, :, 100:], alone)
    weight = torch.zeros_like(ours)
    weight[:, :, 100:] = torch.randn_like(alone)
    found = torch.autograd.grad(ours, given, weight)
    expected = torch.autograd.grad(alone, late, weight[:, :, 100:])
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a[:, :, 100:], b)
        assert not a[:, :, :100].any()


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


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 150), st.sampled_from([1.0, 30.0, 1e4]), st.integers(0, 999), st.data())
def test_no_finite_input_gives_anything_but_numbers(
    steps: int, loud: float, seed: int, data: st.DataObject
) -> None:
    given = [part.detach().float() for part in drawn(steps, seed=seed)]
    for part in data.draw(st.sets(st.integers(0, 4))):
        given[part] = torch.empty_like(given[part]).uniform_(-loud, loud)
    given = [part.requires_grad_() for part in given]
    out = mlstm(*given)
    assert out.isfinite().all()
    assert all(part.isfinite().all() for part in gradients(given, out))


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


def test_what_comes_later_does_not_matter() -> None:
    given = [part.detach() for part in drawn(80)]
    short = [part[:, :, :50] for part in given]
    torch.testing.assert_close(mlstm(*given)[:, :, :50], mlstm(*short))


def test_the_work_grows_with_the_steps_and_not_with_their_square() -> None:
    """Counted, not timed: bytes that the backward pass reads of what the forward pass kept."""

    def kept(steps: int) -> int:
        sizes: list[int] = []

        def count(x: Tensor) -> Tensor:
            sizes.append(x.numel())
            return x

        with torch.autograd.graph.saved_tensors_hooks(count, lambda x: x):
            mlstm(*single(drawn(steps)))
        return sum(sizes)

    assert kept(4096) / kept(1024) < 4.5


@pytest.mark.parametrize("steps", [1, 64, 100])
def test_padding_to_whole_chunks_is_cut_off_again(steps: int) -> None:
    """Through the package's kernel for CPUs, which has the signature of the one for CUDA."""
    from mlstm_kernels.torch import get_mlstm_kernel

    def native(*given: Tensor, autocast_kernel_dtype: torch.dtype, **how: float) -> Tensor:
        return get_mlstm_kernel("chunkwise--native_autograd")(*given, **how)

    given = sided(drawn(steps, 16, 16))
    value, *learnt = apart(given, lambda *parts: kernels.padded(native, *parts))
    assert value <= 1e-5
    assert max(learnt) <= 1e-3  # theirs
