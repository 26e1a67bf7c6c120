"""Doors as a user opens them, in this process (torch is imported once)."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra
from opened import ROOT, TONES, Door, Outcome, only_run

from tremor.doors.shell import FAILURES


@pytest.fixture
def door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Door:
    """`door("simple_train.py", "key=value", …)`, in an empty working folder."""
    monkeypatch.setenv("TREMOR_ALLOW", "worlds")
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")
    monkeypatch.chdir(tmp_path)

    def opened(script: str, *overrides: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", [script, *overrides])
        FAILURES.clear()
        GlobalHydra.instance().clear()
        code = 0
        try:
            runpy.run_path(str(ROOT / script), run_name="__main__")
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            os.environ["HYDRA_FULL_ERROR"] = "0"
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return opened


@pytest.fixture
def trained(door: Door, tmp_path: Path) -> Path:
    """The folder of a small finished run."""
    outcome = door("simple_train.py", *TONES)
    assert outcome.code == 0, outcome.err
    return only_run(tmp_path / "outputs")
