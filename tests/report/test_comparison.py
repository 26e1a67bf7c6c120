"""What a comparison leaves behind: tables, figures that show all, one page whole in itself."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from evaluation.test_compare import answers, fabricate

from tremor.errors import Refused
from tremor.evaluation.compare import compare
from tremor.evaluation.compared import Comparison
from tremor.evaluation.found_runs import find
from tremor.report import comparison as report
from tremor.report import comparison_figures, comparison_tables

HOSTILE = "<b>$x_1$&</b>"


@pytest.fixture
def compared(tmp_path: Path) -> Comparison:
    """Two models at three training shares, two seeds; one model has a hostile name."""
    for share in (0.035, 0.35, 0.7):
        for mode, skill in (("plain", 0.6), (HOSTILE, 0.9)):
            for seed in (1, 2):
                said = answers(skill, seed + len(mode))
                keys: dict[str, Any] = {"dataset__train_frac": share, "model__mode": mode}
                folder = tmp_path / "runs" / f"{share}-{len(mode)}-{seed}"
                fabricate(folder, said, epochs=3 + seed, seed=seed, **keys)
    return compare(find([tmp_path / "runs"]), draws=100)


def words(figure: Any) -> str:
    """All text of a figure."""
    found = [text.get_text() for ax in figure.axes for text in (*ax.texts, ax.title)]
    found += [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    found += [text.get_text() for ax in figure.axes for text in ax.get_xticklabels()]
    return "\n".join(found)


def test_the_folder_is_whole(compared: Comparison, tmp_path: Path) -> None:
    names = {path.name for path in report.write(compared, tmp_path / "out")}
    drawn = ("configurations", "differences", "over_train_frac", "confusion", "learning")
    figures = {f"{n}.png" for n in drawn}
    assert names == figures | {
        "pairs.csv",
        "pairs.tex",
        *(f"comparison.{kind}" for kind in ("csv", "tex", "md", "json", "html")),
    }
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    with pytest.raises(Refused, match="exists already"):
        report.write(compared, tmp_path / "out")
    (tmp_path / "out" / "old").touch()
    report.write(compared, tmp_path / "out", replace=True)
    assert not (tmp_path / "out" / "old").exists()
    (tmp_path / "mine").mkdir()
    with pytest.raises(Refused, match="exists already"):
        report.write(compared, tmp_path / "mine", replace=True)


def test_tables_hold_every_configuration_and_pair(compared: Comparison, tmp_path: Path) -> None:
    report.write(compared, tmp_path / "out")
    with (tmp_path / "out" / "comparison.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["configuration"] for row in rows] == [c.name for c in compared.configurations]
    assert {row["chance_source"] for row in rows} == {"1 / classes"}
    assert float(rows[0]["mean"]) == compared.configurations[0].mean.value
    with (tmp_path / "out" / "pairs.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 15
    plain = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert len(plain["configurations"][0]["runs"]) == 2
    assert plain["curves"]["dataset.train_frac"][0]["points"][0][0] == 5


def test_the_paper_table_escapes_what_latex_would_read(compared: Comparison) -> None:
    text = comparison_tables.latex(compared)
    assert text.count(r" \\") == 7
    assert text.splitlines()[2].startswith("train frac & mode & Runs & Events & Balanced accuracy")
    assert r"0.35 & <b>\$x\_1\$\&</b> & 2 & 40 &" in text
    pairs = comparison_tables.latex_pairs(compared)
    assert pairs.count(r" \\") == 16
    assert r"dataset.train\_frac=0.35 model.mode=<b>\$x\_1\$\&</b> &" in pairs
    for rule in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert text.count(rule) == 1


def test_the_table_of_a_page_has_a_row_for_each(compared: Comparison) -> None:
    lines = comparison_tables.markdown(compared).splitlines()
    assert len(lines) == 2 + len(compared.configurations)
    assert {line.replace("\\|", "").count("|") for line in lines} == {7}


def test_every_configuration_is_drawn(compared: Comparison) -> None:
    drawn = comparison_figures.figures(compared)
    shown = words(drawn["configurations"])
    for c in compared.configurations:
        assert c.name.replace("$", r"\$") in shown.replace("\n", " ")
    assert {"5 %", "50 %", "100 %"} <= set(words(drawn["over_train_frac"]).split("\n"))
    assert "chance" in words(drawn["over_train_frac"])
    assert len(drawn["confusion"].axes) == 6


def test_no_word_leaves_the_figure(compared: Comparison) -> None:
    for figure in comparison_figures.figures(compared).values():
        figure.draw_without_rendering()
        whole = figure.bbox.padded(1)
        for ax in figure.axes:
            texts = (*ax.texts, ax.title, ax.xaxis.label, ax.yaxis.label)
            for box in [text.get_window_extent() for text in texts if text.get_text()]:
                assert whole.x0 <= box.x0 <= box.x1 <= whole.x1
                assert whole.y0 <= box.y0 <= box.y1 <= whole.y1


def test_more_than_six_are_said_to_be_left_out(tmp_path: Path) -> None:
    for size in range(8):
        said = answers(0.5 + 0.05 * size, size)
        fabricate(tmp_path / "runs" / f"{size}", said, model__hidden_size=size)
    found = compare(find([tmp_path / "runs"]), draws=100)
    assert len(comparison_figures.figures(found)["confusion"].axes) == 6
    assert "there are 2 more" in comparison_figures.captions(found)["confusion"]
    assert "there are 2 more" not in comparison_figures.captions(found)["configurations"]


def test_classes_of_other_counts_share_the_figures(tmp_path: Path) -> None:
    for count in (2, 5):
        said = answers(0.8, events=50, classes=count)
        fabricate(tmp_path / "runs" / f"{count}", said, dataset__num_classes=count)
    found = compare(find([tmp_path / "runs"]), draws=100)
    drawn = comparison_figures.figures(found)
    assert {"over_num_classes", "confusion"} <= drawn.keys()
    (line,) = [
        x for x in drawn["over_num_classes"].axes[0].get_lines() if x.get_label() == "chance"
    ]
    assert list(line.get_ydata()) == [0.5, 0.2]
    assert [s for s in report.sentences(found) if s.startswith("With 5 classes")]


def test_runs_without_curves_have_no_learning_figure(tmp_path: Path) -> None:
    run = fabricate(tmp_path / "a", answers(0.8))
    (run / "metrics.csv").unlink()
    found = compare(find([tmp_path]), draws=100)
    assert "learning" not in comparison_figures.figures(found)
    assert "No learning curves" in report.html(found, comparison_figures.figures(found), [])


def test_sentences_warn_of_chance(tmp_path: Path) -> None:
    for size in (1, 2):
        fabricate(tmp_path / f"{size}", answers(0.5, size), model__hidden_size=size)
    said = list(report.sentences(compare(find([tmp_path]), draws=100)))
    assert said[0].startswith("NOT above chance: with 2 classes")
    assert said[-1] == "It is NOT clearly better than the other."


def test_the_page_is_whole_in_itself_and_escapes_names(
    compared: Comparison, tmp_path: Path
) -> None:
    report.write(compared, tmp_path / "out")
    page = (tmp_path / "out" / "comparison.html").read_text()
    assert HOSTILE not in page
    assert "&lt;b&gt;" in page
    assert page.count("<svg") == 5
    assert not re.search(r"(src|href)=\"(https?:)?//", page)
    assert "--ground: #14171b" in page
    links = set(re.findall(r'href="\./([^"]+)"', page))
    assert links == {p.name for p in (tmp_path / "out").iterdir()} - {"comparison.html"}
    for run in compared.found.runs:
        assert run.folder.name in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
