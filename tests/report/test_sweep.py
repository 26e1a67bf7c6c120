"""sweep.csv and sweep.html: whole in themselves, safe, and honest about what went wrong."""

from __future__ import annotations

import csv
from pathlib import Path

from evaluation.test_swept import swept
from pages import HOSTILE, Page

from tremor.evaluation.swept import summed_up
from tremor.report.sweep import write
from tremor.report.sweep_figures import Scale, figures
from tremor.training.sweep_folder import State, Sweep, put_state

JOBS = [
    ({"model": "lstm", "optimizer.lr": "0.0001"}, [0.5], 0.7),
    ({"model": HOSTILE, "optimizer.lr": "0.01"}, [0.4], 0.8),
    ({"model": "lstm", "optimizer.lr": "0.1"}, [0.6], 0.9),
]


def test_the_page_is_whole_in_itself(tmp_path: Path) -> None:
    swept(tmp_path, JOBS)
    put_state(tmp_path / "2", State("failed", problem="boom", traceback="traceback.txt"))
    (tmp_path / "2" / "traceback.txt").touch()
    found = summed_up(Sweep.read(tmp_path))
    page = Page(write(found))
    assert HOSTILE not in page.source
    links = [link for link in page.values("href", "src") if not link.startswith(("#", "./"))]
    assert links == ["data:,"]
    assert page.source.index('id="bad"') < page.source.index('id="result"')
    assert "./2/traceback.txt" in page.values("href")
    assert f"sweep={tmp_path} retry=failed" in page.words
    assert "script-src 'sha256-" in page.source
    assert page.values("class").count("sortable dense") == 1
    ids = page.values("id")
    assert len(ids) == len(set(ids))


def test_the_table_has_every_score_with_its_interval(tmp_path: Path) -> None:
    write(swept(tmp_path, JOBS))
    with (tmp_path / "sweep.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["optimizer.lr"] for row in rows] == ["0.0001", "0.01", "0.1"]
    assert (rows[1]["val/loss"], rows[1]["test/accuracy"]) == ("0.4", "0.8")
    assert float(rows[1]["test/accuracy_lo"]) == 0.8 - 0.1
    assert rows[0]["state"] == "done"


def test_figures_take_the_scale_of_the_values(tmp_path: Path) -> None:
    found = swept(tmp_path, JOBS)
    drawn = figures(found)
    assert set(drawn) == {"values", "parallel"}
    assert [ax.get_xscale() for ax in drawn["values"].axes if ax.get_visible()] == ["linear", "log"]
    assert figures(swept(tmp_path / "one", [({"seed": "1"}, [0.1], 0.5)])) == {}


def test_a_scale_knows_numbers_from_names() -> None:
    assert Scale(["1", "10", "100"]).share("10") == 0.5
    assert Scale(["1", "2", "3"]).share("2") == 0.5
    names = Scale(["b", "a", "null"])
    assert [names.share(text) for text in ("a", "b", "null")] == [0.0, 0.5, 1.0]
