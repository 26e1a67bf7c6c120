"""The page over all runs of a folder: the state of each, what it says, what is not known."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from opened import load_script
from pages import HOSTILE, Page
from report.study_folders import study_of
from report.test_page import fill

from tremor.errors import Refused
from tremor.report.index import write_index
from tremor.report.listing import found
from tremor.report.run_state import State
from tremor.training.sweep_folder import State as Noted
from tremor.training.sweep_folder import put_state

HOUR = 3600.0


def run_at(outputs: Path, name: str, *done: str, at: float = 0.0) -> Path:
    """A run's folder whose files were written an hour after each other."""
    run = outputs / name
    (run / "checkpoints").mkdir(parents=True)
    fill(run, experiment_name=name)
    (run / "config.yaml").write_text(f"seed: 1\nexperiment_name: {name.partition('/')[0]}\n")
    os.utime(run / "config.yaml", (at, at))
    for number, file in enumerate(done, 1):
        (run / file).write_text("{}")
        os.utime(run / file, (at + number * HOUR, at + number * HOUR))
    return run


def test_states_are_told_by_what_is_there(tmp_path: Path) -> None:
    def state(*done: str, resumed: float | None = None, now: float = 10 * HOUR) -> str:
        run = run_at(tmp_path, f"{len(list(tmp_path.iterdir()))}", *done)
        if resumed is not None:
            (run / "resumed.json").write_text(json.dumps([{"time": resumed * HOUR}]))
            os.utime(run / "resumed.json", (resumed * HOUR, resumed * HOUR))
        it = State.of(run, now)
        return f"{it.name} {it.words}".strip()

    assert state("summary.json") == "done"
    assert state("traceback.txt") == "failed"
    assert state("traceback.txt", "summary.json") == "done resumed"
    assert state("summary.json", "traceback.txt") == "failed"
    assert state("metrics.csv", "pruned.json") == "pruned"
    assert state("metrics.csv", now=HOUR + 60) == "running last sign 1 min ago"
    assert state("metrics.csv", now=72 * HOUR) == "stopped last sign 2 days ago"
    assert state("traceback.txt", resumed=2, now=2 * HOUR) == "running resumed, last sign 0 s ago"
    assert state("summary.json", resumed=2) == "stopped resumed, last sign 8 h ago"


def test_a_job_of_a_sweep_runs_as_long_as_its_process_does(tmp_path: Path) -> None:
    run = run_at(tmp_path, "job", "metrics.csv")
    put_state(run, Noted.running())
    assert State.of(run, 72 * HOUR).name == "running"
    put_state(run, replace(Noted.running(), born="before the machine was started anew"))
    assert State.of(run, HOUR + 60).name == "stopped"
    (run / "resumed.json").write_text(json.dumps([{"time": time.time() + 9}]))
    assert State.of(run).name == "running"


def test_every_run_is_in_a_line_with_its_score_and_first_sentence(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    swept = outputs / "tones" / "2026-01-02__03_04_05"
    run = run_at(outputs, "tones/2026-01-02__03_04_05/0", "summary.json")
    (run / "report.html").write_text("")
    run_at(outputs, "other/2026-01-03__00_00_00", "traceback.txt")
    run_at(outputs, "other/.hidden", "summary.json")
    study_of(run)
    (swept / "folds").mkdir()
    (swept / "folds" / "folds.html").write_text("<title>All &lt;folds&gt; · Tremor</title>")
    (tmp_path / "comparisons" / "one").mkdir(parents=True)
    (tmp_path / "comparisons" / "one" / "comparison.html").write_text("")
    page, it = write_index(outputs)
    assert write_index(outputs)[1] == it  # the page is no page of several runs
    failed, done = it.runs
    assert (failed.state.name, done.state.name) == ("failed", "done")
    assert [link.name for link in failed.pages] == ["traceback"]
    assert (done.experiment, done.when) == ("tones", "2026-01-02 03:04:05")
    assert done.run.path == "tones/2026-01-02__03_04_05/0/report.html"
    assert failed.run.path == ""
    assert (done.score, done.value, done.chance) == ("Balanced accuracy", 0.721, "0.500")
    assert (done.verdict, done.good) == ("The model does not beat the level.", False)
    assert [link.name for link in done.pages] == ["study demo"]
    assert [link.name for link in it.pages] == ["All <folds>", "../comparisons/one/comparison.html"]
    links = [link for link in Page(page).values("href") if link.startswith("./")]
    assert len(links) == 5
    assert all((outputs / link).exists() for link in links)


def test_a_broken_file_spoils_no_other_line(tmp_path: Path) -> None:
    for name, file in (("a", "evaluation/metrics.json"), ("b", "resumed.json")):
        (run_at(tmp_path, name) / file).write_text("{")
    run_at(tmp_path, "c", "summary.json")
    (run_at(tmp_path, "d", "summary.json") / "evaluation" / "metrics.json").write_text("[]")
    faults = {run.experiment: run.fault for run in found(tmp_path).runs}
    assert faults["c"] == ""
    assert all("cannot be read" in faults[name] for name in "abd")


def test_the_page_is_safe_and_its_one_script_is_allowed_by_its_content(tmp_path: Path) -> None:
    run = run_at(tmp_path, "run", "summary.json")
    (run / "config.yaml").write_text(f"experiment_name: '{HOSTILE}'\n")
    told = json.loads((run / "evaluation" / "metrics.json").read_text())
    (run / "evaluation" / "metrics.json").write_text(json.dumps(told | {"verdict": [HOSTILE]}))
    page = Page(write_index(tmp_path)[0])
    assert page.words.count(HOSTILE) == 2
    assert [tag for tag, _ in page.tags].count("script") == 1
    script = re.findall(r"<script>(.*?)</script>", page.source, re.DOTALL)[-1]
    known = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{known}'" in page.source
    assert not re.search(r"https?:|@import|//www", page.source)


def test_a_folder_without_runs_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Refused, match="no run in this folder"):
        write_index(tmp_path)
    assert load_script("report_index").main([str(tmp_path / "none")]) == 2
    assert "there is no such folder" in capsys.readouterr().err
