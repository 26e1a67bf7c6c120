"""The page and figures of a run of several classes a record show the verdict's own numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pages import HOSTILE, Page
from several_classes import CLASSES, verdict

from tremor.doors.echo import show_verdict
from tremor.report import plots_multilabel, tables
from tremor.report.page import write_page
from tremor.report.page_sections import sections
from tremor.report.verdict_figures import figures_of

FIGURES = ["roc", "precision_recall", "called", "reliabilities"]


def page_of(run: Path, told: dict[str, Any], figures: bool = True) -> Page:
    (run / "evaluation").mkdir()
    (run / "evaluation" / "metrics.json").write_text(json.dumps(told))
    return Page(write_page(run, figures_of(told) if figures else {}))


def test_every_number_of_every_class_is_on_the_page(tmp_path: Path) -> None:
    told = verdict() | {"thresholds": {"AF": 0.123, "SNR": 0.5, "VPB": 0.5}}
    page = page_of(tmp_path, told)
    scores = [*told["metrics"].values()]
    for row in told["per_class"].values():
        scores += [row[name] for name in ("auroc", "auprc", "f1", "recall", "specificity")]
        scores += [row["calibration"]["ece"], row["calibration"]["brier"]]
    scores += [it["macro_auroc"] for its in told["slices"].values() for it in its]
    scores += [it["lead"] for it in told["baselines"].values()]
    for it in scores:
        assert tables.number(it["value"]) in page.words
        assert tables.interval(it) in page.words
    for said in ("AF 0.123", "240 records of 120 patients", "20 to 34 years", "Macro AUROC"):
        assert said in page.words
    assert not re.search(r"\b(None(?!\.)|nan|undefined)\b", page.words)
    ids = [attrs["id"] for tag, attrs in page.tags if tag == "section"]
    assert ids == list(sections(told, figures_of(told)))
    assert {"classes", "probabilities", "slices", "baselines"} <= set(ids)


def test_what_is_not_beaten_comes_first_and_stands_out(tmp_path: Path) -> None:
    told = verdict(skill=0.0)
    page = page_of(tmp_path, told, figures=False)
    marked = re.findall(r'<li class="unbeaten">(.*?)</li>', page.source)
    assert marked[0] == told["verdict"][0]
    assert page.words.index(told["verdict"][0]) < page.words.index("Macro AUROC")


def test_a_figure_stands_once_and_in_its_section(tmp_path: Path) -> None:
    told = verdict()
    assert list(figures_of(told)) == FIGURES
    source = page_of(tmp_path, told).source
    assert source.count("<svg") == len(FIGURES)
    assert "<svg" not in source[source.index('id="signals"') :]


def test_few_patients_and_missing_parts_leave_a_page(tmp_path: Path) -> None:
    told = verdict(patients=6)
    bare = {key: value for key, value in told.items() if key != "slices"} | {"baselines": {}}
    page = page_of(tmp_path, bare)
    assert "Too few patients for an interval" in page.words
    assert "slices" not in [attrs["id"] for tag, attrs in page.tags if tag == "section"]


def test_hostile_classes_come_out_inert(tmp_path: Path) -> None:
    told = dict(verdict())
    told["per_class"] = {HOSTILE: told["per_class"]["AF"]}
    told["baselines"] = {}
    told["called"] = [[1, 2], [3, 4]]
    page = page_of(tmp_path, told | {"classes": [HOSTILE]})
    assert "script" not in {tag for tag, _ in page.tags}


def test_curves_are_those_of_the_verdict_and_dots_are_its_answers() -> None:
    told = verdict()
    for name, row, ax in zip(
        CLASSES, told["per_class"].values(), plots_multilabel.roc(told).axes, strict=True
    ):
        assert ax.get_title("left") == name
        assert ax.get_title("right") == f"{row['auroc']['value']:.3f}"
        _, drawn, *_, dot = (np.asarray(line.get_xydata()) for line in ax.lines)
        assert drawn[0].tolist() == [0.0, 0.0]
        assert drawn[1:, 1].tolist() == row["curve"]["recall"]
        answers = [1 - row["specificity"]["value"], row["recall"]["value"]]
        assert dot.tolist() == [pytest.approx(answers)]


def test_guessing_in_a_precision_recall_panel_is_the_share_of_its_class() -> None:
    told = verdict()
    panels = plots_multilabel.precision_recall(told).axes
    for row, ax in zip(told["per_class"].values(), panels, strict=True):
        assert set(np.asarray(ax.lines[0].get_ydata())) == {row["auprc"]["chance"]}


@pytest.mark.parametrize("count", [1, 2, 7])
def test_one_class_and_many_are_drawn(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots_multilabel, "MOST", 5)
    told = verdict()
    row = told["per_class"]["AF"]
    empty = {key: it for key, it in row.items() if key not in ("curve", "calibration")}
    named = {f"class {k}": row for k in range(count)} | {"empty": empty}
    many = told | {"per_class": named, "classes": [*named], "called": np.eye(count + 2).tolist()}
    for name, figure in figures_of(many).items():
        figure.draw_without_rendering()
        shown = [ax for ax in figure.axes if ax.get_visible()]
        assert len(shown) == (1 if name == "called" else min(count, plots_multilabel.MOST))


def test_the_terminal_tells_the_mean_over_classes_first(capsys: pytest.CaptureFixture[str]) -> None:
    show_verdict(verdict())
    lines = capsys.readouterr().out.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("metric"))
    assert lines[start + 1].startswith("macro_auroc")
    assert f"{verdict()['metrics']['macro_auroc']['value']:.3f}" in lines[start + 1]
