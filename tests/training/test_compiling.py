"""model.compile: refused early where it cannot be, in place where it can."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from tremor.errors import Refused, TremorError
from tremor.network.models.xlstm_unet import XLSTMUNet
from tremor.training import compiling
from tremor.training.compiling import compile_model, refuse_uncompilable, told_of_compiling


def config(asked: bool, accelerator: str = "cpu") -> dict[str, Any]:
    return {"model": {"compile": asked}, "trainer": {"accelerator": accelerator}}


@pytest.fixture
def _clean() -> Iterator[None]:
    yield
    torch._dynamo.reset()


def test_without_a_compiler_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling.shutil, "which", lambda name: None)
    refuse_uncompilable(config(False))
    refuse_uncompilable(config(True, "cuda"))
    with pytest.raises(Refused, match=r"needs a C\+\+ compiler"):
        refuse_uncompilable(config(True))


def test_without_pythons_headers_it_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(compiling.shutil, "which", lambda name: "g++")
    monkeypatch.setattr(compiling.sysconfig, "get_path", lambda name: str(tmp_path))
    with pytest.raises(Refused, match="Python's headers"):
        refuse_uncompilable(config(True))


@pytest.mark.usefixtures("_clean")
@pytest.mark.slow
def test_a_compiled_model_says_the_same_under_the_same_names() -> None:
    """Traced and run without a compiler of machine code, which would take minutes."""
    torch.manual_seed(0)
    plain = XLSTMUNet((8, 16), 8, 1, pool=(4,), num_heads=2)
    compiled = XLSTMUNet((8, 16), 8, 1, pool=(4,), num_heads=2)
    compiled.load_state_dict(plain.state_dict())
    holder: Any = SimpleNamespace(network=SimpleNamespace(model=compiled))
    names = [*compiled.state_dict()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiling, "HOW", {"backend": "aot_eager"})
        compile_model(holder, config(False))
        assert compiled._compiled_call_impl is None
        compile_model(holder, config(True))
    assert compiled._compiled_call_impl is not None
    assert [*compiled.state_dict()] == names
    x, length = torch.randn(2, 8, 16), torch.tensor([16, 9])
    both: list[tuple[nn.Module, torch.Tensor]] = [(m, m(x, length)[0]) for m in (plain, compiled)]
    torch.testing.assert_close(both[1][1], both[0][1], rtol=1e-4, atol=1e-5)
    for _, out in both:
        out.square().sum().backward()
    pairs = zip(plain.parameters(), compiled.parameters(), strict=True)
    for a, b in pairs:
        torch.testing.assert_close(b.grad, a.grad, rtol=1e-3, atol=1e-4)


def test_what_cannot_be_compiled_is_told_in_one_line() -> None:
    fault = torch._dynamo.exc.BackendCompilerFailed(
        print, RuntimeError("no working compiler"), None
    )
    with pytest.raises(TremorError, match="no working compiler") as told, told_of_compiling():
        raise fault
    assert told.value.remedy.startswith("model.compile=false")
    with pytest.raises(ValueError, match="another"), told_of_compiling():
        raise ValueError("another")
