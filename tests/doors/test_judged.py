"""What a run leaves for its reader: sets, mistakes, papers; and its mistakes can be explained."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from opened import Door

from tremor.evaluation.judge import judge_file


def test_a_verdict_follows_from_the_files_beside_it(trained_once: Path) -> None:
    place = trained_once / "evaluation"
    kept = json.loads((place / "metrics.json").read_text())
    again = judge_file(place / "predictions.csv", draws=50, permutations=20)
    for part in ("metrics", "calibration", "selective", "sets", "per_class"):
        assert json.loads(json.dumps(again[part])) == kept[part], part
    said = pd.read_csv(place / "predictions.csv", dtype=str, keep_default_na=False)
    taught = pd.read_csv(place / "validation.csv", dtype=str)
    assert set(said["set"].str.split("|").explode()) <= {*kept["classes"], ""}
    assert not set(said["record_id"]) & set(taught["record_id"])
    assert len(taught) == kept["sets"]["validation"]["records"]
    assert "**not reported**" in (place / "checklist.md").read_text()
    assert f"{kept['records']} test records" in (place / "methods.md").read_text()
    page = (trained_once / "report.html").read_text()
    assert all(f'id="{part}"' in page for part in ("sets", "probabilities", "paper"))


def test_records_are_explained_by_name(door: Door, trained: Path) -> None:
    names = pd.read_csv(trained / "evaluation" / "predictions.csv")["record_id"].tolist()[:2]
    asked = f"records=[{','.join(names)}]"
    how = ("explainer=occlusion", "explainer.space=signal", "audit=false", "figures=false")
    end = door("explain.py", f"checkpoint={trained}", asked, "max_per_class=1", *how)
    assert end.code == 0, end.err
    (place,) = (trained / "explanations").glob("*/records.csv")
    assert sorted(pd.read_csv(place)["record_id"]) == sorted(names)
    strange = door("explain.py", f"checkpoint={trained}", "records=[nobody]", *how)
    assert strange.code == 2
    assert "test has no 'nobody'" in strange.err


def test_a_coverage_of_all_is_refused(door: Door, trained: Path) -> None:
    end = door("evaluate.py", f"checkpoint={trained}", "evaluation.coverage=1.0")
    assert end.code == 2
    assert "evaluation.coverage" in end.err
