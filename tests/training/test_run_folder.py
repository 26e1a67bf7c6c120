"""Run folders are claimed once; provenance says what ran, and the same for the same run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tremor.errors import TremorError
from tremor.training.allocator import SWITCH, keep_memory
from tremor.training.run_folder import claim, command_line, describe, git_state, provenance


def test_a_claimed_folder_gets_no_second_run(tmp_path: Path) -> None:
    names = [claim(tmp_path / "run").name for _ in range(3)]
    assert names == ["run", "run_2", "run_3"]


def test_a_place_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TremorError, match="cannot write"):
        claim(tmp_path / "file" / "run")


def test_the_same_run_has_the_same_provenance(tmp_path: Path) -> None:
    first, second = (provenance("python x", 1, "data", "system", "chunkwise") for _ in range(2))
    assert first == second
    describe(tmp_path, {"a": 1}, ["a=1"], first)
    assert json.loads((tmp_path / "provenance.json").read_text()) == first
    assert (tmp_path / "config.yaml").read_text() == "a: 1\n"


def test_the_command_can_be_typed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/simple_train.py"])
    said = command_line(["a=1", "dataset.paths=[my file.pkl]"])
    assert said == "python simple_train.py a=1 'dataset.paths=[my file.pkl]'"


def test_git_state(tmp_path: Path) -> None:
    assert git_state(tmp_path) == {"commit": None, "dirty": None}
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    (tmp_path / "x").write_text("1")
    subprocess.run([*git, "add", "x"], check=True)
    subprocess.run([*git, "commit", "-qm", "x"], check=True)
    assert git_state(tmp_path)["dirty"] is False
    (tmp_path / "x").write_text("2")
    assert git_state(tmp_path)["dirty"] is True


def test_the_allocator_can_be_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "system")
    assert keep_memory() == "system"
    monkeypatch.delenv(SWITCH)
    assert keep_memory() in ("glibc, memory kept", "system")
