"""Names that would be markup: of runs, folders, classes and stations, on every page and table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from evaluation.test_compare import two
from evaluation.test_ladder import climbed, made
from evaluation.test_swept import swept
from pages import Page
from report.study_folders import study_of
from report.test_explanations import put
from report.test_page import fill

from tremor.evaluation.swept import summed_up
from tremor.report import comparison, ladder, sweep
from tremor.report.index import write_index
from tremor.report.latex import escaped, tabular
from tremor.report.page import write_page
from tremor.training.sweep_folder import Sweep

NAME = "\"'><img src=x onerror=alert(1)><svg onload=y>{{ 7*7 }}<script>"
"""As a folder may be called: all that a slash is not needed for."""
SPECIAL = r"a&b%c$d#e_f{g}h~i^j\k"


def page_in(paths: Iterable[Path]) -> Path:
    return next(path for path in paths if path.suffix == ".html")


def of_run(folder: Path, name: str) -> Path:
    run = folder / name / name
    run.mkdir(parents=True)
    fill(run, name, "b", verdict=[name], unit=name)
    put(run, caption=name, explainer=name, target=name, notes=[name])
    study_of(run)
    return write_page(run, {})


def of_index(folder: Path, name: str) -> Path:
    of_run(folder / "outputs", name)
    (folder / "outputs" / name / name / "checkpoints").mkdir()
    (folder / "outputs" / f"{name}.html").write_text(f"<title>{name}</title>")
    return write_index(folder / "outputs")[0]


def of_sweep(folder: Path, name: str) -> Path:
    home = folder / name / name
    swept(home, [({name: "1", "b": name}, [0.5], 0.7), ({name: "2", "b": name}, [0.4], 0.8)])
    return sweep.write(summed_up(Sweep.read(home)))


def of_comparison(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return page_in(comparison.write(two(folder / name, 0.9, 0.6, seeds=1), folder / "out"))


def of_ladder(folder: Path, name: str) -> Path:
    skills = {"by_record": 1.0, "random": 0.6}
    found = made(climbed(folder / name, skills, seeds=(1, 2)), notes=[name])
    return page_in(ladder.write(found, folder / "out"))


PAGES: dict[str, Callable[[Path, str], Path]] = {
    "run": of_run,
    "index": of_index,
    "sweep": of_sweep,
    "comparison": of_comparison,
    "ladder": of_ladder,
}


@pytest.mark.parametrize("kind", PAGES)
def test_a_name_is_never_markup(kind: str, tmp_path: Path) -> None:
    page = Page(PAGES[kind](tmp_path, NAME))
    assert "{{ 7*7 }}" in page.source
    tags = [tag for tag, _ in page.tags]
    assert tags.count("script") <= 1  # our own, by its fingerprint
    assert not any(key.startswith("on") for _, attrs in page.tags for key in attrs)
    assert not [attrs for tag, attrs in page.tags if tag == "img" and attrs.get("src") == "x"]
    assert "javascript:" not in " ".join(page.values("href", "src"))


def test_a_cell_of_latex_is_its_own_letters() -> None:
    text = tabular([escaped(SPECIAL)], [[escaped(SPECIAL)]])
    body = text.splitlines()[2]
    bare = re.sub(
        r"\\(textbackslash|textasciitilde|textasciicircum)\{\}|\\[&%$#_{}]|\\\\", "", body
    )
    assert not set(bare) & set("&%$#_{}~^\\")
    assert body.count("textbackslash") == 1
