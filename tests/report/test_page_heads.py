"""The page of a run of several heads: each by itself, then all of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from judged_heads import verdict
from pages import HOSTILE, Page

from tremor.doors.echo import console, show_verdict
from tremor.report import tables
from tremor.report.page import write_page
from tremor.report.page_sections import sections
from tremor.report.verdict_figures import figures_of


def page_of(run: Path, told: dict[str, Any]) -> Page:
    (run / "evaluation").mkdir()
    (run / "evaluation" / "metrics.json").write_text(json.dumps(told))
    return Page(write_page(run, figures_of(told)))


def test_sections_are_of_each_head_and_of_all(tmp_path: Path) -> None:
    told = verdict()
    found = sections(told, figures_of(told))
    assert list(found.items())[1:4] == [
        ("together", "All heads"),
        ("detection", "Detection"),
        ("head-1", "Magnitude"),
    ]
    assert list(found).index("head-2") < list(found).index("audit") < list(found).index("ran")
    assert not {"classes", "probabilities", "baselines", "order"} & found.keys()
    page = page_of(tmp_path, told)
    ids = [attrs["id"] for tag, attrs in page.tags if tag == "section"]
    assert ids == list(found)


def test_the_first_sentence_of_the_verdict_comes_first(tmp_path: Path) -> None:
    told = verdict(skill=0.0)
    page = page_of(tmp_path, told)
    first = page.words.index(told["verdict"][0])
    assert page.words.index("Verdict\n") < first
    assert all(first <= page.words.index(said) for said in told["verdict"])
    assert first < page.words.index("Accuracy")


def test_every_number_of_every_head_is_on_the_page(tmp_path: Path) -> None:
    told = verdict()
    words = page_of(tmp_path, told).words
    scores = [*told["metrics"].values(), told["joint"]["accuracy"], told["detection"]["auroc"]]
    scores += [told["detection"]["false_alarms"], told["circular"]["angular_error"]]
    for head in told["heads"].values():
        scores += [head["calibration"]["ece"]]
        scores += [row["recall"] for row in head["per_class"].values()]
        scores += [it["accuracy"] for it in head["baselines"].values() if "accuracy" in it]
    scores += [it["told_balanced_accuracy"] for it in told["within"].values()]
    for it in scores:
        assert tables.number(it["value"]) in words
        assert tables.interval(it) in words
    for said in ("two rules", "and says", "At most 45° off, of those found", "per station-month"):
        assert said in words
    assert not re.search(r"\b(None(?!\.)|nan|undefined)\b", words)


def test_quiet_days_are_no_events_and_false_alarms_are_extrapolated(tmp_path: Path) -> None:
    words = " ".join(page_of(tmp_path, verdict()).words.split())
    assert "judged on test: 240 records of 60 events and 60 quiet station-days" in words
    assert "240 records of 60 events and 60 quiet station-days with a known answer" in words
    sampled = "as if all time were like these 120 sampled quiet windows"
    assert f"{sampled}: this is no continuous monitoring." in words


def test_a_figure_of_a_head_stands_in_its_section_once(tmp_path: Path) -> None:
    source = page_of(tmp_path, verdict()).source
    for title in (
        "Precision, recall and F1 of each class with intervals and chance · azimuth",
        "Share of right answers against the probability that was given · magnitude",
        "Records by how far off the predicted direction is",
        "Confusion matrix of each head: records by true and predicted class",
    ):
        assert source.count(f"<title>{title}</title>") == 1
    signals = source[source.index('id="signals"') :]
    assert "<svg" not in signals


def test_few_groups_and_missing_parts_leave_a_page(tmp_path: Path) -> None:
    told = verdict(groups=6)
    assert told["heads"]["magnitude"]["group_list"]
    kept = {key: told[key] for key in told if key not in ("circular", "detection", "joint")}
    page = page_of(tmp_path, kept)
    assert "no interval" in page.words
    assert "Too few events for an interval" in page.words
    ids = [attrs["id"] for tag, attrs in page.tags if tag == "section"]
    assert not {"together", "detection"} & set(ids)


def test_a_hostile_head_comes_out_inert(tmp_path: Path) -> None:
    told = verdict()
    own = dict(told["heads"]["magnitude"])
    renamed = told | {"heads": {HOSTILE: own}, "within": {HOSTILE: told["within"]["magnitude"]}}
    renamed["metrics"] = {f"{HOSTILE}/accuracy": own["metrics"]["accuracy"]}
    page = page_of(tmp_path, renamed)
    assert "script" not in {tag for tag, _ in page.tags}


def test_metrics_are_grouped_by_head_with_what_is_of_all_last() -> None:
    groups = tables.headlines_by_head(verdict())
    assert list(groups) == ["magnitude", "azimuth", "all heads"]
    assert groups["all heads"][0].label == "All heads right"
    assert list(tables.by_head({"accuracy": {}, "mcc": {}})) == [""]


def test_the_terminal_tells_each_head_in_a_hundred_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "_width", 100)
    show_verdict(verdict())
    lines = capsys.readouterr().out.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("metric"))
    assert max(map(len, lines[start:])) <= 100
    heads = [line.strip() for line in lines[start + 1 :] if not line.startswith(" ")]
    assert heads == ["magnitude", "azimuth", "all heads"]
    (row,) = [line for line in lines if "joint_accuracy" in line]
    assert f"{verdict()['joint']['accuracy']['value']:.3f}" in row


@pytest.mark.parametrize(
    ("sentence", "stands_out"),
    [
        ("azimuth of precursors found: 34 (25 to 42) degrees off on average.", False),
        ("Probabilities are off by 0.200 on average.", True),
    ],
)
def test_an_angle_is_no_alarm(sentence: str, stands_out: bool) -> None:
    assert tables.unbeaten(sentence) is stands_out
