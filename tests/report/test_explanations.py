"""What the page says of explanations: verdict first, nothing hidden, nothing from outside."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure
from pages import HOSTILE, Page

from tremor.errors import TremorError
from tremor.report import explanations
from tremor.report.page import write_page
from tremor.report.svg import save_png


def summary(**changed: Any) -> dict[str, Any]:
    check = {"check": "another_seed", "verdict": "pass", "value": 0.934, "interval": [0.9, 0.96]}
    made = {
        "explainer": "owen",
        "space": "spectrogram",
        "target": "predicted",
        "split": "test",
        "records": 240,
        "events": 80,
        "select": "all",
        "resolution": {"frequency": 6.25, "time": 1.69},
        "units": {"frequency": "Hz", "time": "s"},
        "completeness_error": {"median": 1e-7, "max": 3.2e-6},
        "relative_standard_error": {"median": 0.081},
        "evaluations": {"per_record": 2000, "total": 480_000},
        "audit": [check | {"against": 0.5, "words": "The same map again."}],
        "overall": "pass",
        "caption": "",
        "methods": "Attributions are Owen values.",
        "notes": [],
        "figures": ["marginals"],
    }
    return made | changed


def put(run: Path, name: str = "owen", **changed: Any) -> Path:
    """A folder of explanations with a figure."""
    folder = run / "explanations" / name
    save_png(Figure(figsize=(7.1, 1)), folder / "marginals.png")
    (folder / "explanation.h5").write_bytes(b"")
    (folder / "summary.json").write_text(json.dumps(summary(**changed)))
    return folder


def page_of(run: Path) -> Page:
    return Page(write_page(run, {}))


def part(page: Page) -> str:
    """The words of the section."""
    start = page.words.index("What the network's answers rest on")
    return page.words[start : page.words.index("No waveforms were drawn")]


def test_a_run_without_explanations_has_no_section(tmp_path: Path) -> None:
    assert 'id="explanations"' not in page_of(tmp_path).source


def test_the_section_tells_verdict_trust_and_methods(tmp_path: Path) -> None:
    put(tmp_path)
    page = page_of(tmp_path)
    assert "#explanations" in page.values("href")
    for said in (
        "owen · in the spectrogram · target: predicted · test",
        "The audit found nothing against these maps.",
        "another seed",
        "✓ pass",
        "0.934",
        "0.900 to 0.960",
        "The same map again.",
        "240 records of 80 events, select: all",
        "6.2 Hz × 1.7 s",
        "median 0.081",
        "median 1e-07, largest 3.2e-06: a check for faults",
        "2,000 a record, 480,000 in all",
        "Attributions are Owen values.",
    ):
        assert said in part(page)
    assert "./explanations/owen/explanation.h5" in page.values("href")


def test_the_page_carries_the_pictures(tmp_path: Path) -> None:
    put(tmp_path)
    page = page_of(tmp_path)
    (source,) = page.values("src")
    assert source.startswith("data:image/png;base64,")
    assert page.values("alt") == [
        "Mean attribution along frequency and along time, with bands over events."
    ]
    assert "--points: 511" in page.source
    assert not re.search(r"https?:|@import|//www", page.source)


def test_what_fails_is_said_first_and_stands_out(tmp_path: Path) -> None:
    check = {"check": "c", "verdict": "fail", "value": None, "interval": None, "against": None}
    put(tmp_path, overall="fail", caption="NOT TRUSTED: noise.", audit=[check])
    page = page_of(tmp_path)
    assert '<li class="unbeaten">NOT TRUSTED: noise.</li>' in page.source
    assert '<span class="bad">✗ fail</span>' in page.source
    assert page.words.index("NOT TRUSTED: noise.") < page.words.index("✗ fail")


def test_without_an_audit_nothing_is_praised(tmp_path: Path) -> None:
    put(tmp_path, overall=None, audit=None, notes=["Mean zero by its making."])
    page = page_of(tmp_path)
    assert '<li class="unbeaten">Not audited' in page.source
    assert "Mean zero by its making." in page.words


def test_what_a_method_does_not_know_is_said(tmp_path: Path) -> None:
    put(tmp_path, completeness_error=None, relative_standard_error=None, resolution={})
    said = part(page_of(tmp_path))
    assert "none: this method does not add up to the score" in said
    assert "not known for this method" in said
    assert "None" not in said


def test_each_folder_has_its_place_in_order(tmp_path: Path) -> None:
    for name in ("owen", "gradcam", ".half"):
        put(tmp_path, name, explainer=name)
    (tmp_path / "explanations" / "unfinished").mkdir()
    names = [found.heading.split(" · ")[0] for found in explanations.explained(tmp_path)]
    assert names == ["gradcam", "owen"]
    ids = page_of(tmp_path).values("id")
    assert len(ids) == len(set(ids))


def test_pictures_that_are_missing_or_too_large_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, figures=["gone", {"name": "marginals", "caption": "My own words."}])
    words = part(page_of(tmp_path))
    assert "The picture gone.png is not there." in words
    assert "My own words." in words
    monkeypatch.setattr(explanations, "ALL", 10)
    page = page_of(tmp_path)
    assert "Too large for this page" in page.words
    assert page.values("src") == []
    assert "./explanations/owen/marginals.png" in page.values("href")


def test_what_only_claims_to_be_a_picture_is_not_carried(tmp_path: Path) -> None:
    folder = put(tmp_path)
    (folder / "marginals.png").write_text("<svg onload='alert(1)'/>")
    assert page_of(tmp_path).values("src") == []


@pytest.mark.parametrize("name", ["../../secret", "/etc/x", ""])
def test_a_figure_from_another_folder_is_refused(tmp_path: Path, name: str) -> None:
    put(tmp_path, figures=[name])
    with pytest.raises(TremorError, match="not as it should be"):
        page_of(tmp_path)


@pytest.mark.parametrize("content", ["{", "[1]", '{"overall": "perhaps"}', '{"audit": [{}]}'])
def test_a_damaged_summary_is_named_and_the_page_stays(tmp_path: Path, content: str) -> None:
    folder = put(tmp_path)
    before = write_page(tmp_path, {}).read_bytes()
    (folder / "summary.json").write_text(content)
    with pytest.raises(TremorError, match=r"cannot be read|not as it should be") as told:
        write_page(tmp_path, {})
    assert told.value.where == str(folder / "summary.json")
    assert (tmp_path / "report.html").read_bytes() == before


def test_hostile_words_come_out_inert(tmp_path: Path) -> None:
    check = {"check": HOSTILE, "verdict": HOSTILE, "value": HOSTILE, "words": HOSTILE}
    put(
        tmp_path,
        explainer=HOSTILE,
        methods=HOSTILE,
        notes=[HOSTILE],
        audit=[check],
        figures=[{"name": "marginals", "caption": '"><script>'}],
    )
    page = page_of(tmp_path)
    assert "script" not in {tag for tag, _ in page.tags}
    assert page.words.count(HOSTILE) >= 6
