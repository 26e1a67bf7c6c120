"""A run folder is read as far as it goes, and damage is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tremor.errors import TremorError
from tremor.report.files import RunFiles


def test_an_empty_folder_is_a_run_that_holds_nothing(tmp_path: Path) -> None:
    run = RunFiles.read(tmp_path)
    assert (run.verdict, run.audit, run.overrides, run.provenance) == (None, None, [], {})
    assert run.name == tmp_path.name
    assert run.listing() == []


def test_the_experiment_names_the_run(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("experiment_name: seismic_lstm/lstm\n")
    assert RunFiles.read(tmp_path).name == "seismic_lstm/lstm"


def test_files_are_listed_but_for_hidden_ones_and_the_page_itself(tmp_path: Path) -> None:
    for name in ("metrics.csv", "report.html", ".hydra/x.yaml", "evaluation/metrics.json", ".tmp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    listed = RunFiles.read(tmp_path).listing()
    assert listed == [("evaluation/metrics.json", 2), ("metrics.csv", 2)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("provenance.json", "{"),
        ("overrides.yaml", "[a"),
        ("audit.json", b"\xff\xfe{".decode("latin1")),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(TremorError, match="cannot be read") as told:
        RunFiles.read(tmp_path)
    assert told.value.where == str(tmp_path / name)
