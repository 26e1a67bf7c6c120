"""The house as its pages say it is: rooms, imports, links, short modules and functions."""

from __future__ import annotations

import ast
import configparser
import fnmatch
import functools
import re
import tomllib
from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from opened import ROOT

from tremor.config.overrides import loosen
from tremor.config.roots import TrainRoot
from tremor.doors.checking import CONFIGS, problems_of

SRC = ROOT / "src" / "tremor"
PLAN = (ROOT / "docs" / "architecture.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
SCREEN = 60  # lines of a function
LONG = 240  # lines of a module


def contracts() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    return parser


def layers() -> list[set[str]]:
    """The rooms from the top down; those in one layer do not know each other."""
    lines = contracts()["importlinter:contract:layers"]["layers"].split("\n")
    names = [line.replace("tremor.", "").split("|") for line in lines if line.strip()]
    return [{name.strip() for name in layer} for layer in names]


def test_the_picture_of_the_rooms_is_that_of_the_import_rules() -> None:
    drawn = set(re.findall(r"^    (\w+) --> (\w+)$", PLAN, re.M))
    allowed = {pair for above, below in pairwise(layers()) for pair in product(above, below)}
    assert drawn == allowed


def test_every_room_is_told_of() -> None:
    rooms = {path.parent.name for path in SRC.glob("*/__init__.py")}
    assert set(re.findall(r"^\| `(\w+)` \|", PLAN, re.M)) == rooms
    assert rooms == {"config"}.union(*layers())


def test_what_a_page_points_to_is_there() -> None:
    """Links and pictures of all pages, and the files that the plan and the science name."""
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text()):
            assert link.startswith("http") or (page.parent / link).exists(), (page.name, link)
    named = re.findall(r"`((?:src/tremor/)?[\w/]+\.py)`", PLAN)
    assert len(named) > 30
    places = (ROOT, SRC, ROOT / "src")
    lost = [name for name in named if not any((place / name).exists() for place in places)]
    assert not lost


def test_the_science_page_names_commands_that_pass_the_check() -> None:
    text = (ROOT / "docs" / "science.md").read_text()
    commands = re.findall(r"python simple_train\.py ([\w.=]+)`", text)
    assert len(commands) == 4
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        for command in commands:
            config = compose("train", overrides=loosen([command], []))
            assert problems_of(config, TrainRoot)[0] == [], command


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def functions(folder: str) -> Iterator[tuple[str, int]]:
    """Each function below a folder, and how many lines it has."""
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                yield f"{path.relative_to(ROOT)}: {node.name}", lines


@pytest.mark.parametrize("folder", ["src", "scripts", "benchmarks"])
def test_functions_fit_a_screen(folder: str) -> None:
    assert [(name, lines) for name, lines in functions(folder) if lines > SCREEN] == []


def test_the_median_function_has_ten_lines_or_fewer() -> None:
    counts = sorted(lines for _, lines in functions("src"))
    assert counts[len(counts) // 2] <= 10


def test_modules_are_short() -> None:
    counts = {p: len(p.read_text().splitlines()) for p in (ROOT / "src").rglob("*.py")}
    assert {str(path.relative_to(ROOT)): n for path, n in counts.items() if n > LONG} == {}


def test_every_module_says_what_it_is() -> None:
    bare = [p for p in SRC.rglob("*.py") if not ast.get_docstring(parsed(p))]
    assert bare == []


def public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """The functions and classes of a module that others may use."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node


def test_every_public_function_and_class_says_what_it_is() -> None:
    """But for the answers of the checklist, whose names are its questions."""
    bare = [
        f"{path.relative_to(SRC)}: {node.name}"
        for path in SRC.rglob("*.py")
        if path != SRC / "report" / "answers.py"
        for node in public(parsed(path))
        if not ast.get_docstring(node)
    ]
    assert bare == []


def test_all_files_beside_the_code_are_in_the_wheel() -> None:
    """Templates, tables and the mark of a typed package: what is not listed is not installed."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    patterns = told["package-data"]["tremor"]
    assert "py.typed" in patterns
    beside = [p for p in SRC.rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc")]
    left = [str(path.relative_to(SRC)) for path in beside]
    assert [p for p in left if not any(fnmatch.fnmatch(p, each) for each in patterns)] == []
