"""A run's folder as other doors read it: to judge anew, compare, list, and write its page."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from evaluation.test_compare import answers, fabricate
from report.study_folders import study_of
from report.test_page import fill

from fuzz.reader import Files, Reader
from fuzz.readers import several
from fuzz.readers.several import KINDS
from fuzz.readers.sources import files_of
from tremor.evaluation.compare import compare
from tremor.evaluation.found_runs import find
from tremor.evaluation.judge import judge_file
from tremor.report.comparison_tables import markdown
from tremor.report.index import write_index
from tremor.report.page import write_page

EMPTY = "checkpoints/none"
"""A file, so that the folder is there."""


@cache
def _judged() -> dict[str, Files]:
    with tempfile.TemporaryDirectory() as name:
        home = fabricate(Path(name) / "run", answers(0.8, events=8))
        table = (home / "evaluation" / "predictions.csv").read_bytes()
    return {"one": {"predictions.csv": table}, "both": dict.fromkeys(_BOTH, table)}


_BOTH = ("predictions.csv", "validation.csv")


@cache
def _compared() -> dict[str, Files]:
    """Two seeds of two configurations."""

    def write(root: Path) -> None:
        for seed in range(2):
            for name, skill, size in (("big", 0.9, 128), ("small", 0.6, 64)):
                said = answers(skill, 10 * seed + size, events=8)
                home = fabricate(root / f"{name}{seed}", said, seed=seed, model__hidden_size=size)
                (home / EMPTY).touch()

    return {"four": files_of(write)} | {kind: several.compared(kind) for kind in KINDS}


@cache
def _listed() -> dict[str, Files]:
    """A finished run with a study of its maps, and a page beside it."""

    def write(root: Path) -> None:
        run = root / "tones" / "2026-01-02__03_04_05"
        (run / "checkpoints").mkdir(parents=True)
        (run / EMPTY).touch()
        fill(run, experiment_name="tones")
        (run / "summary.json").write_text("{}")
        (run / "resumed.json").write_text('[{"time": 1.0}]')
        (run / "report.html").write_text("<title>x</title>")
        study_of(run)

    return {"one": files_of(write)} | {kind: several.listed(kind) for kind in KINDS}


@cache
def _paged() -> dict[str, Files]:
    """The same run by itself."""
    files = _listed()["one"]
    names = {name.split("/", 2)[2]: content for name, content in files.items()}
    one = {"one": {name: content for name, content in names.items() if "/sheets/" not in name}}
    return one | {kind: several.paged(kind) for kind in KINDS}


def _compare(folder: Path) -> object:
    """All runs, each by its one question, or by its magnitude where it was asked several."""
    runs = find([folder], lambda run: run.of_head("magnitude") if run.heads else run)
    return markdown(compare(runs, draws=300))


def _judge(folder: Path) -> object:
    return judge_file(folder / "predictions.csv", draws=20, permutations=19)


READERS = [
    Reader("judge_file", _judged, _judge, share=0.8),
    Reader("compare", _compared, _compare, share=0.5),
    Reader("report_index", _listed, lambda folder: write_index(folder)[1], share=1.5),
    Reader("report_page", _paged, lambda folder: write_page(folder, {}), share=0.8),
]
