"""What pages say of studies: circular rows apart and marked, one sheet, the rest linked."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import HOSTILE, Page
from report.study_folders import study_of

from tremor.errors import TremorError
from tremor.report.page import write_page
from tremor.report.study_table import Table


def test_circular_rows_come_last_and_are_marked(tmp_path: Path) -> None:
    home = study_of(tmp_path)
    for page in (Page(write_page(tmp_path, {})), Page(home / "study.html")):
        honest, circular = page.source.split('<tbody class="circular">')
        assert "<td>Fused<small>fused</small></td>" in honest
        assert "EarlierLime" not in honest
        before, lime, after = circular.partition("<small>lime-0a1b2c3d</small></td>")
        assert lime
        assert '<span class="stamp">CIRCULAR' in before
        assert "made by lime-0a1b2c3d" in after  # said once, below the table
        assert "an empty explanation reaches 0.85" in honest


def test_the_report_has_the_table_a_sheet_and_the_way_to_the_rest(tmp_path: Path) -> None:
    study_of(tmp_path)
    page = Page(write_page(tmp_path, {}))
    assert [tag for tag, _ in page.tags].count("img") == 1
    assert "AF-r0 of fused" in page.words  # not the circular one's
    links = page.values("href")
    for link in ("study.html", "fused/sheets/AF-r0.png"):
        assert f"./explanations/demo/{link}" in links
        assert (tmp_path / "explanations" / "demo" / link).exists()
    assert "8of 8 patients" in page.words


def test_a_run_without_a_study_says_nothing_of_one(tmp_path: Path) -> None:
    assert "Study of maps" not in Page(write_page(tmp_path, {})).words


def test_hostile_names_and_sheets_that_are_gone(tmp_path: Path) -> None:
    home = study_of(tmp_path, "eval")
    (home / "fused" / "sheets" / "AF-r0.png").unlink()
    table = home / "ablation.csv"
    table.write_text(table.read_text().replace("AF,Fused", f"{HOSTILE},Fused"))
    page = Page(write_page(tmp_path, {}))
    assert "script" not in {tag for tag, _ in page.tags}
    assert HOSTILE in page.words
    assert "sheets/AF-r0.png is no longer there" in page.words


def test_a_broken_table_is_named(tmp_path: Path) -> None:
    (study_of(tmp_path) / "ablation.csv").write_text("a\n1\n")
    with pytest.raises(TremorError, match="cannot be read as it was written"):
        write_page(tmp_path, {})


def test_nothing_known_is_a_dash() -> None:
    line = {"class_name": "AF", "method": "M", "n_records": 1, "n_groups": 1, "study": "s"}
    known = {**line, "strict_attauc": -0.5, "strict_attauc_low": None}
    table = Table.of([line, known])
    cells = [one["cells"][0] for one in table.honest]
    assert [cell["value"] for cell in cells] == ["–", "−0.500"]
    assert not table.circular
