"""The page of a run: whole in itself, safe, and complete."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from pages import HOSTILE, Page

from tremor.report import plots_verdict
from tremor.report.page import write_page


def score(value: float, **more: float) -> dict[str, float]:
    return {"value": value, "lo": round(value - 0.041, 3), "hi": round(value + 0.037, 3)} | more


def verdict(*classes: str) -> dict[str, Any]:
    three = {"precision": score(0.812), "recall": score(0.823), "f1": score(0.834)}
    names = ("accuracy", "balanced_accuracy", "macro_f1", "mcc", "auroc")
    found = {name: score(0.711 + 0.01 * i, chance=0.5, p=0.004) for i, name in enumerate(names)}
    return {
        "split": "test",
        "records": 812,
        "groups": 37,
        "classes": list(classes),
        "metrics": found,
        "per_class": {name: three | {"records": 406, "groups": 19} for name in classes},
        "confusion": [[371, 35], [46, 360]],
        "interval": {"method": "bootstrap over groups", "level": 0.95, "draws": 2000, "seed": 0},
        "null": {"permutations": 1000, "seed": 0, "unit": "group"},
        "baselines": {
            "majority": {"balanced_accuracy": score(0.501), "accuracy": score(0.502), "sees": "n"},
            "metadata": {"unavailable": "no station is known"},
        },
        "verdict": ["The model does not beat the level.", "It beats the majority class."],
    }


def fill(run: Path, *classes: str, **changed: Any) -> dict[str, Any]:
    """A finished run in a folder; returns its verdict."""
    told = verdict(*(classes or ("foreshock", "aftershock"))) | changed
    balance = [{"split": "test", "class": c, "records": 406, "groups": 19} for c in told["classes"]]
    check = {"check": "no event on two sides", "passed": False, "count": 2, "detail": "r17, r18"}
    provenance = {"command": "python simple_train.py a=1", "git": {"commit": "3f2a9c"}, "seed": 7}
    (run / "evaluation").mkdir()
    (run / "evaluation" / "metrics.json").write_text(json.dumps(told))
    (run / "audit.json").write_text(json.dumps({"checks": [check], "balance": balance}))
    (run / "provenance.json").write_text(json.dumps(provenance))
    (run / "config.yaml").write_text(yaml.safe_dump({"experiment_name": "seismic_lstm/lstm"}))
    (run / "overrides.yaml").write_text(yaml.safe_dump(["trainer.max_epochs=20"]))
    return told


def page_of(run: Path, told: dict[str, Any] | None = None) -> Page:
    figures = {}
    if told:
        figures["confusion"] = plots_verdict.confusion(told["confusion"], told["classes"])
        figures["per_class"] = plots_verdict.per_class(told)
    return Page(write_page(run, figures))


def test_everything_the_verdict_says_is_on_the_page(tmp_path: Path) -> None:
    told = fill(tmp_path)
    words = page_of(tmp_path).words
    scores = [*told["metrics"].values(), told["baselines"]["majority"]["accuracy"]]
    scores += [it for name, it in told["per_class"]["foreshock"].items() if isinstance(it, dict)]
    for it in scores:
        assert f"{it['value']:.3f}" in words
        assert f"{it['lo']:.3f} to {it['hi']:.3f}" in words
    for row in told["confusion"]:
        assert all(str(count) in words for count in row)
    for said in ("812 records of 37 events", "chance 0.500", "p = 0.004", "2,000 draws", "1,000"):
        assert said in words
    assert "not available: no station is known" in words


def test_the_verdict_comes_first_and_what_is_not_beaten_stands_out(tmp_path: Path) -> None:
    fill(tmp_path)
    page = page_of(tmp_path)
    assert page.words.index("does not beat") < page.words.index("Accuracy")
    marked = re.findall(r'<li class="unbeaten">(.*?)</li>', page.source)
    assert marked == ["The model does not beat the level."]


def test_a_long_verdict_is_folded_and_its_alarms_are_counted(tmp_path: Path) -> None:
    said = [f"It is NOT better than rule {n}." for n in range(10)] + ["n = 7 records."]
    fill(tmp_path, verdict=said)
    page = page_of(tmp_path)
    shown, _, folded = page.source.partition('<details class="rest">')
    assert shown.count('class="unbeaten"') == 8
    assert folded.partition("</details>")[0].count("<li") == 3
    assert "3 more sentences, 2 of them alarms" in page.words
    assert page.words.count("It is NOT better") == 10


def test_what_the_same_numbers_need_is_beside_the_command(tmp_path: Path) -> None:
    fill(tmp_path)
    told = {"command": "python a.py", "git": {"commit": "3f2a9c", "dirty": True}, "device": "cpu"}
    (tmp_path / "provenance.json").write_text(json.dumps(told))
    words = page_of(tmp_path).words
    again = words[words.rindex("To run it again") :]
    for said in ("python a.py", "3f2a9c, with changes that no commit has", "cpu"):
        assert said in again


def test_what_ran_is_told(tmp_path: Path) -> None:
    fill(tmp_path)
    words = page_of(tmp_path).words
    for said in ("seismic_lstm/lstm", "trainer.max_epochs=20", "python simple_train.py a=1"):
        assert said in words
    for said in ("git.commit", "3f2a9c", "✗ broken", "r17, r18", "evaluation/metrics.json"):
        assert said in words


def test_the_page_loads_nothing(tmp_path: Path) -> None:
    (tmp_path / "odd name:1#.csv").write_text("")
    page = page_of(tmp_path, fill(tmp_path))
    assert not re.search(r"https?:|@import|//www", page.source)
    links = page.values("href")
    assert "./odd%20name%3A1%23.csv" in links
    assert all(link.startswith(("#", "./", "data:,")) for link in links)
    assert page.values("src", "srcset", "action", "poster", "background") == []
    for target in re.findall(r"url\(([^)]*)\)", page.source):
        assert target.startswith("#")
    assert "default-src 'none'" in page.source
    assert not {"script", "iframe", "object", "base", "form"} & {tag for tag, _ in page.tags}


def test_hostile_names_come_out_inert(tmp_path: Path) -> None:
    told = fill(tmp_path, HOSTILE, '"><img src=x onerror=y>')
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"experiment_name": HOSTILE}))
    (tmp_path / "overrides.yaml").write_text(yaml.safe_dump([HOSTILE, "a='\"><svg onload=z>"]))
    (tmp_path / "provenance.json").write_text(json.dumps({"command": HOSTILE, HOSTILE: HOSTILE}))
    page = page_of(tmp_path, told)
    assert {"script", "img"}.isdisjoint(tag for tag, _ in page.tags)
    assert not any(key.startswith("on") for _, attrs in page.tags for key in attrs)
    assert page.words.count(HOSTILE) >= 5


def test_an_unknown_figure_is_shown_under_its_own_name(tmp_path: Path) -> None:
    told = fill(tmp_path)
    figure = plots_verdict.confusion(told["confusion"], told["classes"])
    page = Page(write_page(tmp_path, {HOSTILE: figure, "a.b": figure}))
    assert "script" not in {tag for tag, _ in page.tags}
    assert HOSTILE in page.words


def test_no_id_comes_twice_and_every_anchor_arrives(tmp_path: Path) -> None:
    page = page_of(tmp_path, fill(tmp_path))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in page.values("href") if link.startswith("#")} <= set(ids)
    assert set(page.values("aria-labelledby")) <= set(ids)


def test_headings_go_down_one_step_at_a_time(tmp_path: Path) -> None:
    page = page_of(tmp_path, fill(tmp_path))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_figures_speak_and_boxes_take_the_keyboard(tmp_path: Path) -> None:
    page = page_of(tmp_path, fill(tmp_path))
    drawn = [attrs for tag, attrs in page.tags if tag == "svg"]
    assert [attrs["role"] for attrs in drawn] == ["img", "img"]
    boxes = [attrs for _, attrs in page.tags if "scroll" in attrs.get("class", "").split()]
    assert boxes
    assert all(box["tabindex"] == "0" and box["aria-label"] for box in boxes)


@pytest.mark.parametrize("missing", ["evaluation/metrics.json", "audit.json", "provenance.json"])
def test_a_part_that_is_missing_is_said_to_be(tmp_path: Path, missing: str) -> None:
    fill(tmp_path)
    (tmp_path / missing).unlink()
    sentence = {
        "evaluation/metrics.json": "has not been evaluated yet",
        "audit.json": "No audit of the split was kept",
        "provenance.json": "The command was not recorded",
    }
    assert sentence[missing] in page_of(tmp_path).words


def test_an_empty_folder_gives_a_page(tmp_path: Path) -> None:
    words = page_of(tmp_path).words
    assert tmp_path.name in words
    assert "No learning curves" in words


def test_few_groups_are_listed_and_nothing_is_invented(tmp_path: Path) -> None:
    bare = {"value": 0.7, "lo": None, "hi": None, "chance": 0.5, "p": None}
    one = {"group": "ev7", "label": "foreshock", "records": 12, "accuracy": 0.917}
    none = {"method": "none: fewer than 10 groups", "level": 0.95}
    fill(tmp_path, metrics={"accuracy": bare}, group_list=[one], interval=none)
    words = page_of(tmp_path).words
    for said in ("no interval", "none: fewer than 10 groups", "ev7", "0.917"):
        assert said in words
    assert not re.search(r"\b(None|nan)\b", words)


def test_a_group_has_its_own_name(tmp_path: Path) -> None:
    fill(tmp_path)
    words = Page(write_page(tmp_path, {}, unit="patient")).words
    assert "812 records of 37 patients" in words
    assert "Patients" in words


def test_the_page_is_written_whole_and_over_the_last_one(tmp_path: Path) -> None:
    told = fill(tmp_path)
    before = {path.name for path in tmp_path.iterdir()}
    first, second = page_of(tmp_path, told).source, page_of(tmp_path, told).source
    assert first == second
    assert {path.name for path in tmp_path.iterdir()} == before | {"report.html"}
