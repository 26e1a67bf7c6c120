"""Pages in a real browser: nothing to complain of, nothing asked of the network."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from opened import load_script
from report.study_folders import study_of
from report.test_page import fill

from tremor.report.page import write_page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--no-first-run", "--enable-logging=stderr", "--v=0", "--virtual-time-budget=3000"),
    "--host-resolver-rules=MAP * ~NOTFOUND",
]
CANARY = '<img src="https://outside.invalid/a.png"><script>console.error("canary")</script>'


def complaints(pages: list[Path], folder: Path) -> str:
    """What a browser says on its console about pages, opened together in one window."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"no browser is installed: {', '.join(BROWSERS)}")
    whole = folder / "whole.html"
    whole.write_text("".join(f'<iframe src="{page.as_uri()}"></iframe>' for page in pages))
    words = [browser, *FLAGS, f"--user-data-dir={folder / 'profile'}", "--dump-dom", whole.as_uri()]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    lines = done.stderr.splitlines()
    return "\n".join(line for line in lines if "CONSOLE" in line or "ERR_" in line)


def test_no_page_complains_or_asks_for_anything(trained: Path, tmp_path: Path) -> None:
    outputs = trained.parents[1]
    odd = outputs / "odd"
    odd.mkdir()
    fill(odd, "<script>alert(1)</script>", '"><img src=x onerror=alert(2)>')
    study_of(trained)
    assert load_script("report_index").main([str(outputs)]) == 0
    assert load_script("compare").main([str(trained), "--draws", "100", "--out", "compared"]) == 0
    pages = [write_page(odd, {}), *outputs.rglob("*.html"), Path("compared/comparison.html")]
    assert {page.name for page in pages} == {
        *("report.html", "index.html", "study.html", "comparison.html")
    }
    canary = tmp_path / "canary.html"
    canary.write_text(CANARY)
    said = complaints([*map(Path.absolute, pages), canary], tmp_path)
    assert "canary" in said  # it is listening
    assert [line for line in said.splitlines() if "canary" not in line] == []
