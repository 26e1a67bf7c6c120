"""Figures come out as quiet, repeatable SVG and as whole PNG files."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import matplotlib.image
import pytest
from matplotlib.figure import Figure

from tremor.errors import TremorError
from tremor.report import plots_verdict
from tremor.report.svg import inline_svg, save_pdf, save_png


def matrix(*names: str) -> Figure:
    return plots_verdict.confusion([[3, 1], [2, 4]], names or ("a", "b"))


def ids(svg: str) -> list[str]:
    return re.findall(r'\bid="([^"]*)"', svg)


def test_the_same_figure_gives_the_same_letters() -> None:
    assert inline_svg(matrix(), "one", "t") == inline_svg(matrix(), "one", "t")


def test_ids_of_two_figures_on_a_page_never_meet() -> None:
    both = ids(inline_svg(matrix(), "one", "t")) + ids(inline_svg(matrix(), "two", "t"))
    assert len(both) == len(set(both)) > 20


def test_every_reference_leads_to_an_id_of_the_same_figure() -> None:
    svg = inline_svg(matrix(), "one", "t")
    wanted = re.findall(r'(?:href="|url\()#([^")]*)', svg)
    assert wanted
    assert set(wanted) <= set(ids(svg))


def test_text_and_axes_follow_the_theme() -> None:
    svg = inline_svg(matrix(), "one", "t")
    assert "currentColor" in svg
    assert "var(--figure-blue, #0072b2)" in svg
    assert "#010203" not in svg
    assert "#ffffff" not in svg


def test_nothing_points_outside_and_nothing_is_dated() -> None:
    svg = inline_svg(matrix(), "one", "t")
    assert "http" not in svg
    assert not re.search(r"<metadata|<style|<!DOCTYPE|<\?xml|\d{4}-\d\d-\d\d", svg)


def test_a_screen_reader_hears_the_title() -> None:
    root = ElementTree.fromstring(inline_svg(matrix(), "one", "Who <was> taken & for whom"))
    assert root.attrib["role"] == "img"
    assert (root[0].tag, root[0].text) == ("title", "Who <was> taken & for whom")


def test_text_stays_text_and_hostile_names_stay_inert() -> None:
    svg = inline_svg(matrix("<script>", '" onload="'), "one", "t")
    assert "&lt;script&gt;" in svg
    assert "<script" not in svg
    root = ElementTree.fromstring(svg)
    assert '" onload="' in [element.text for element in root.iter("text")]
    assert not any("onload" in element.attrib for element in root.iter())


def test_global_settings_are_put_back() -> None:
    before = dict(matplotlib.rcParams.items())
    inline_svg(matrix(), "one", "t")
    assert dict(matplotlib.rcParams.items()) == before


def test_png_is_whole_on_white_and_alone(tmp_path: Path) -> None:
    path = save_png(matrix(), tmp_path / "evaluation" / "confusion.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [found.name for found in path.parent.iterdir()] == ["confusion.png"]
    corner = matplotlib.image.imread(path)[0, 0]
    assert corner[:3] == pytest.approx([1, 1, 1])


def test_png_is_the_same_twice(tmp_path: Path) -> None:
    one, two = (save_png(matrix(), tmp_path / name).read_bytes() for name in ("a.png", "b.png"))
    assert one == two


def test_png_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TremorError, match="cannot write"):
        save_png(matrix(), tmp_path / "file" / "confusion.png")


def test_pdf_is_the_same_at_any_time_with_its_letters_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = save_pdf(matrix(), tmp_path / "a.pdf").read_bytes()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    assert save_pdf(matrix(), tmp_path / "b.pdf").read_bytes() == first
    assert first.startswith(b"%PDF")
    assert b"/CIDFontType2" in first
    assert b"/Type3" not in first
    assert b"Date" not in first
