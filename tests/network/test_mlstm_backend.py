"""Which way the memory is computed, and what is refused."""

from __future__ import annotations

import pytest
import torch

from tremor.errors import Refused
from tremor.network.mlstm import backend, kernels
from tremor.network.mlstm.backend import choose
from tremor.network.models.xlstm_unet import XLSTMUNet

SHAPE = (16, 40)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "missing", list)


def test_auto_takes_the_fastest_that_can_run(installed: None) -> None:
    assert choose("auto", "cpu", {64}) == "chunkwise"
    assert choose("auto", "cuda", {64, 128}) == "triton"
    assert choose("auto", "cuda", {64, 96}) == "chunkwise"
    assert choose("chunkwise", "cuda", {64}) == "chunkwise"
    assert choose("recurrent", "cuda", {64}) == "recurrent"


def test_auto_does_without_packages_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "PACKAGES", ("no_such_package", "torch"))
    assert kernels.missing() == ["no_such_package"]
    assert choose("auto", "cuda", {64}) == "chunkwise"
    with pytest.raises(Refused, match="not installed: no_such_package"):
        choose("triton", "cuda", {64})


def test_what_cannot_run_is_refused_and_not_replaced(installed: None) -> None:
    with pytest.raises(Refused, match="needs a CUDA device, this run uses cpu"):
        choose("triton", "cpu", {64})
    with pytest.raises(Refused, match=r"16, 32, 64, .* these have \[24\]"):
        choose("triton", "cuda", {24, 64})
    with pytest.raises(Refused, match="triton"):
        XLSTMUNet(SHAPE, 16, 1, num_heads=2, mlstm_backend="triton")


def test_a_model_says_what_it_took() -> None:
    assert XLSTMUNet(SHAPE, 16, 1, num_heads=2).mlstm_backend == "chunkwise"
    assert XLSTMUNet(SHAPE, 16, 1, num_heads=2, block_type="slstm").mlstm_backend is None


def test_weights_of_one_way_mean_the_same_to_another() -> None:
    torch.manual_seed(0)
    kinds = ("chunkwise", "recurrent")
    assert set(kinds) < set(backend.WAYS)
    one, two = (XLSTMUNet(SHAPE, 16, 1, num_heads=2, mlstm_backend=k).eval() for k in kinds)
    two.load_state_dict(one.state_dict())
    x, length = torch.randn(3, *SHAPE), torch.tensor([40, 40, 23])
    torch.testing.assert_close(two(x, length), one(x, length), rtol=1e-4, atol=1e-5)
