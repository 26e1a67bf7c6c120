"""ONNX graphs as runs: what they say is what the run says, and what does not fit is refused."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import onnx_models
import pytest
import torch
from opened import load_script

from tremor.training import checkpoints
from tremor.training.assemble import restore

script = load_script("import_onnx")
AF_SNR = "AF=164889003,426783006"


def run(*arguments: object) -> int:
    return int(script.main([str(a) for a in arguments]))


@pytest.mark.parametrize(("samples", "turned"), [(40, False), (None, True)])
@pytest.mark.parametrize("sigmoid", [False, True])
def test_a_run_says_what_the_graph_says(
    tmp_path: Path, samples: int | None, turned: bool, sigmoid: bool
) -> None:
    path = onnx_models.write(tmp_path / "a.onnx", samples=samples, turned=turned, sigmoid=sigmoid)
    assert run(path, "--classes", AF_SNR, "--out", tmp_path / "run") == 0
    content = checkpoints.load(checkpoints.find(str(tmp_path / "run")))
    task = restore(content["tremor"]["config"], content).eval()
    assert content["tremor"]["facts"]["length"] == (samples or 5000)
    x = np.random.default_rng(1).normal(size=(3, 12, 40)).astype(np.float32)
    said = task(torch.from_numpy(x), torch.full((3,), 40))
    expected = torch.from_numpy(onnx_models.logits(x))
    torch.testing.assert_close(said, expected, rtol=1e-5, atol=1e-5)
    again = copy.deepcopy(task)(torch.from_numpy(x), torch.full((3,), 40))
    assert torch.equal(again, said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"leads": 8}, "which axis has the 12 leads cannot be told"),
        ({"samples": 12}, "which axis has the 12 leads cannot be told"),
        ({"extra": "Explode"}, "onnxruntime cannot open the graph"),
    ],
)
def test_graphs_that_do_not_fit_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, object], said: str
) -> None:
    path = onnx_models.write(tmp_path / "a.onnx", **change)  # type: ignore[arg-type]
    assert run(path, "--classes", AF_SNR, "--out", tmp_path / "run") == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_file_that_is_no_graph_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.onnx").write_bytes(b"no graph at all")
    assert run(tmp_path / "a.onnx", "--classes", AF_SNR) == 2
    assert "onnxruntime cannot open the graph" in capsys.readouterr().err


def test_of_a_damaged_graph_our_refusal_is_the_only_word(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A name that is no text makes the runtime try again, which it would say on the terminal."""
    path = onnx_models.write(tmp_path / "a.onnx")
    path.write_bytes(
        path.read_bytes().replace(b"GlobalAveragePool", b"GlobalAverage\xea\xea\xea\xea")
    )
    assert run(path, "--classes", AF_SNR) == 2
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: onnxruntime cannot open the graph")
    assert f"where: {path}\n" in said.err


def test_without_the_runtime_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tremor.network.models.onnx_graph.find_spec", lambda name: None)
    assert run(tmp_path / "a.onnx", "--classes", AF_SNR) == 2
    assert "pip install 'tremor[onnx]'" in capsys.readouterr().err
