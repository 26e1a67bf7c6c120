"""Doors as a user opens them, in this process."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from opened import TONES, Door, Outcome, enter, finished, leave_blank, only_run, opened


@pytest.fixture(autouse=True)
def _quick_pages(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are made in full but saved blank: half of a run's time.

    How figures are drawn is tested in `tests/report`, and here by tests marked `drawn` and by runs
    that several tests share.
    """
    if not request.node.get_closest_marker("drawn"):
        leave_blank(monkeypatch)


@pytest.fixture
def door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Door:
    """`door("simple_train.py", "key=value", …)`, in an empty working folder."""
    enter(tmp_path, monkeypatch)

    def through(script: str, *overrides: str) -> Outcome:
        code = opened(monkeypatch, script, *overrides)
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return through


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small finished run, which no test may change."""
    home = finished(tmp_path_factory.mktemp("trained"), ["simple_train.py", *TONES])
    return only_run(home / "outputs")


@pytest.fixture
def trained(door: Door, tmp_path: Path, trained_once: Path) -> Path:
    """The folder of a small finished run."""
    return shutil.copytree(trained_once, tmp_path / "outputs" / "of_tones" / trained_once.name)
