"""The ladder of splits: a planted leak has its size, none has none, folds are judged together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from evaluation.test_compare import answers, fabricate

from tremor.errors import Refused
from tremor.evaluation.found_runs import find
from tremor.evaluation.ladder import Ladder, ladder
from tremor.evaluation.ladder_words import sentences
from tremor.report import ladder as report

QUICK: dict[str, Any] = {"draws": 100}


def climbed(folder: Path, skills: dict[str, float], seeds: tuple[int, ...] = (1, 2, 3)) -> Path:
    """Runs of a ladder by their skill on each rung; those in folds have two of them."""
    for method, skill in skills.items():
        folds = (0, 1) if method.startswith("leave") else (None,)
        for seed in seeds:
            for fold in folds:
                said = answers(skill, seed, events=60)
                if fold is not None:
                    said = said[said["group"].str[1:].astype(int) % 4 // 2 == fold]
                keys = {"dataset__event_split_method": method, "dataset__fold": fold, "seed": seed}
                keys |= {"dataset__n_folds": 2, "dataset__allow_leak": method == "by_record"}
                place = folder / method / f"{seed}_{fold}"
                fabricate(place, said.reset_index(drop=True), **keys)
                rows = said.assign(split="test")
                train = rows.assign(group="t" + rows["group"], split="train")
                pd.concat([rows, train]).to_csv(place / "split.csv", index=False)
    return folder


def made(folder: Path, **settings: Any) -> Ladder:
    return ladder(find([folder]), **(QUICK | settings))


def test_the_leak_has_its_size_with_an_interval(tmp_path: Path) -> None:
    skills = {"by_record": 1.0, "random": 0.72, "time_forward": 0.72, "leave_event_out": 0.72}
    found = made(climbed(tmp_path, skills))
    assert [step.rung.method for step in found.steps] == list(skills)
    leak = found.steps[0]
    means = [step.reached.mean.value for step in found.steps]
    assert leak.above is not None
    assert leak.above.value == pytest.approx(means[0] - means[1])
    assert 0.05 < leak.above.lo < leak.above.value < leak.above.hi  # type: ignore[operator]
    assert found.steps[1].above is None
    first, second, *others = sentences(found)
    assert first.startswith("THE LEAK: records of one event on both sides are worth +0.1")
    assert second.startswith("On events that never trained: balanced accuracy 0.8")
    assert [s.split(":")[0] for s in others] == [
        "Against whole events",
        "Against whole events",
    ]


def test_one_seed_cannot_tell_a_leak_from_luck(tmp_path: Path) -> None:
    made = climbed(tmp_path, {"by_record": 0.95, "random": 0.6}, seeds=(1,))
    first, second, *_ = sentences(ladder(find([made]), draws=200))
    assert first.startswith("ONE SEED on a rung")
    assert second.endswith("one seed cannot tell a leak from luck.")


def test_where_nothing_leaks_none_is_claimed(tmp_path: Path) -> None:
    found = made(climbed(tmp_path, {"by_record": 0.7, "random": 0.7}))
    said = next(sentences(found))
    assert "THE LEAK" not in said
    assert said.endswith("if there is a leak, it lies within this interval.")
    lost = made(climbed(tmp_path / "c", {"random": 0.95, "time_forward": 0.6}))
    assert list(sentences(lost))[1].startswith("NOT as good as with whole events: later events")
    at_chance = made(climbed(tmp_path / "b", {"by_record": 0.9, "random": 0.5}))
    assert list(sentences(at_chance))[1].startswith("NOT better than chance on events")


def test_folds_are_judged_together_and_missing_ones_are_told(tmp_path: Path) -> None:
    climbed(tmp_path, {"random": 0.7, "leave_event_out": 0.7}, seeds=(1, 2))
    whole = made(tmp_path)
    step = whole.step("leave_event_out")
    assert step is not None
    assert (step.records, step.reached.events, len(step.reached.runs)) == (120, 60, 2)
    assert step.reached.values == whole.steps[0].reached.values  # the same answers, pooled
    assert (whole.steps[0].trained, step.trained) == (60, 30)
    gone = tmp_path / "leave_event_out" / "2_1" / "evaluation" / "metrics.json"
    gone.unlink()
    partial = made(tmp_path)
    assert len(partial.step("leave_event_out").reached.runs) == 1  # type: ignore[union-attr]
    assert "Left out, every event once of seed 2: folds 1 are missing." in partial.notes


def test_one_ladder_is_of_one_configuration(tmp_path: Path) -> None:
    climbed(tmp_path, {"random": 0.7}, seeds=(1,))
    fabricate(tmp_path / "x", answers(0.7, events=60), model__hidden_size=8, dataset__fold=None)
    with pytest.raises(Refused, match="none of 1 runs is a rung"):
        made(tmp_path / "x")
    keys = {"dataset__event_split_method": "by_record", "model__hidden_size": 8}
    fabricate(tmp_path / "y", answers(0.7, events=60), **keys)
    with pytest.raises(Refused, match=r"more than their split: model\.hidden_size"):
        made(tmp_path)


def test_the_folder_has_table_figure_and_page(tmp_path: Path) -> None:
    skills = {"by_record": 1.0, "random": 0.6, "leave_event_out": 0.55}
    found = made(climbed(tmp_path / "runs", skills), notes=["Not offered: <b>"])
    names = [path.name for path in report.write(found, tmp_path / "out")]
    assert names == [f"ladder.{kind}" for kind in ("csv", "html", "json", "png", "tex")]
    table = pd.read_csv(tmp_path / "out" / "ladder.csv")
    assert table["method"].tolist() == list(skills)
    assert table["above_whole_events"].notna().tolist() == [True, False, True]
    assert (table["above_whole_events_lo"] < table["above_whole_events"])[0]
    page = (tmp_path / "out" / "ladder.html").read_text()
    assert "&lt;b&gt;" in page
    assert page.count("<svg") == 1
    assert json.loads((tmp_path / "out" / "ladder.json").read_text())["rungs"][0]["seeds"]
    assert report.latex(found).count(r" \\") == 4
    report.write(found, tmp_path / "out")  # takes the place of its like
    (tmp_path / "mine").mkdir()
    with pytest.raises(Refused, match="is no ladder"):
        report.write(found, tmp_path / "mine")
