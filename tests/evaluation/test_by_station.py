"""Runs taken apart by station, put together over seeds, and crossed: known answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evaluation.test_compare import answers, fabricate

from tremor.errors import Refused
from tremor.evaluation.across import Judged, across, refuse_mixed, seen_by
from tremor.evaluation.by_station import Row, Stations, corrected, stations
from tremor.evaluation.found_runs import find
from tremor.evaluation.judge import judge_file
from tremor.evaluation.runs import Run

DRAWS = {"draws": 200}


def station_run(
    folder: Path, station: str | tuple[str, ...], skill: float = 0.8, seed: int = 1, **keys: Any
) -> Path:
    """A finished run: its test records at one station, or in turn at several; 40 events."""
    names = (station,) if isinstance(station, str) else station
    said = answers(skill, seed)
    keys |= {"dataset__station": names[0] if len(names) == 1 else None, "seed": seed}
    keys |= {"dataset__data_dir": f"data/{'_'.join(names)}"}
    fabricate(folder, said, **keys)
    tested = said[["record_id", "group", "label"]].assign(
        station=np.resize(names, len(said)), split="test"
    )
    trained = pd.DataFrame(
        {"record_id": [f"t{n}" for n in names], "group": [f"seen-{n}" for n in names]}
    ).assign(label=0, station=names, split="train")
    pd.concat([tested, trained]).to_csv(folder / "split.csv", index=False)
    return folder


def table(tmp_path: Path) -> Stations:
    return stations(find([tmp_path]), **DRAWS)


def by_name(found: Stations) -> dict[str, Row]:
    return {row.station: row for row in found.rows}


def test_a_run_of_one_station_keeps_its_own_verdict(tmp_path: Path) -> None:
    folder = station_run(tmp_path / "a", "NRCA")
    station_run(tmp_path / "b", "T1212", skill=0.6)
    rows = by_name(table(tmp_path))
    own = Run.read(folder).verdict["metrics"]["balanced_accuracy"]
    its = rows["NRCA"].tested
    assert (its.main.value, its.main.lo, its.main.hi) == (own["value"], own["lo"], own["hi"])
    assert (its.chance, its.p, its.records, its.events) == (0.5, own["p"], 80, 40)
    assert rows["NRCA"].configuration == "", "stations and folders make no configuration"


def test_a_run_over_many_stations_is_taken_apart(tmp_path: Path) -> None:
    folder = station_run(tmp_path / "run", ("NRCA", "T1212"))
    rows = by_name(table(tmp_path))
    assert sorted(rows) == ["NRCA", "T1212"]
    assert [row.tested.records for row in rows.values()] == [40, 40]
    said = pd.read_csv(folder / "evaluation" / "predictions.csv")
    mine = said.iloc[::2]  # the stations take turns
    recall = (mine["predicted"] == mine["label"]).groupby(mine["label"]).mean()
    assert rows["NRCA"].tested.main.value == pytest.approx(recall.mean())
    part = tmp_path / "part.csv"
    mine.to_csv(part, index=False)
    alone = judge_file(part)["metrics"]["balanced_accuracy"]
    assert rows["NRCA"].tested.main.lo == pytest.approx(alone["lo"])


def test_seeds_of_a_station_are_one_row_and_other_settings_are_not(tmp_path: Path) -> None:
    for seed in (1, 2, 3):
        station_run(tmp_path / f"a{seed}", "NRCA", seed=seed)
    station_run(tmp_path / "wide", "NRCA", model__hidden_size=128)
    station_run(tmp_path / "all", ("NRCA", "T1212"))
    found = table(tmp_path)
    told = {(row.station, row.configuration): row.tested for row in found.rows}
    assert len(told) == 4
    ((_, three),) = [(k, its) for k, its in told.items() if len(its.runs) == 3]
    values = [run.verdict["metrics"]["balanced_accuracy"]["value"] for run in three.runs]
    assert three.main.value == pytest.approx(np.mean(values))
    assert any("trained on=2 stations" in name for _, name in told)


def test_p_of_several_runs_is_twice_their_median_and_corrected_over_rows(tmp_path: Path) -> None:
    for seed, skill in ((1, 0.95), (2, 0.55), (3, 0.55)):
        station_run(tmp_path / f"a{seed}", "NRCA", skill, seed)
    station_run(tmp_path / "b", "T1212", skill=0.95)
    rows = by_name(table(tmp_path))
    own = [run.verdict["metrics"]["balanced_accuracy"]["p"] for run in rows["NRCA"].tested.runs]
    assert rows["NRCA"].tested.p == pytest.approx(min(1, 2 * np.median(own)))
    best = rows["T1212"]
    assert best.p_holm == pytest.approx(2 * best.tested.p)
    assert not best.clear, "19 permutations cannot be clear"
    assert replace(best, p_holm=0.01).clear
    assert not replace(rows["NRCA"], p_holm=0.01).clear, "its interval holds chance"


def test_p_without_a_value_stays_without(tmp_path: Path) -> None:
    station_run(tmp_path / "a", "NRCA")
    (row,) = table(tmp_path).rows
    unknown = Row("X", "", replace(row.tested, p=None))
    first, second = corrected([unknown, row])
    assert first.p_holm is None
    assert second.p_holm == row.tested.p


def test_the_mean_over_stations_is_theirs_and_wider_than_by_events_alone(tmp_path: Path) -> None:
    for place, skill in enumerate((0.5, 0.7, 0.95)):
        station_run(tmp_path / f"{place}", f"S{place}", skill)
    found = table(tmp_path)
    (mean,) = found.means
    values = [row.tested.main.value for row in found.rows]
    score = mean.scores["balanced_accuracy"]
    assert (mean.stations, score.value) == (3, pytest.approx(np.mean(values)))
    assert score.lo is not None
    assert score.lo < min(values) < max(values) < 1.001
    station_run(tmp_path / "few", "S9")
    few = tmp_path / "few" / "evaluation" / "metrics.json"
    few.write_text(few.read_text().replace('"lo": 0.', '"lo": null, "was": 0.'))
    assert table(tmp_path).means[0].stations == 3, "one without an interval is no part of it"


def test_a_run_that_does_not_tell_its_stations_is_refused(tmp_path: Path) -> None:
    folder = station_run(tmp_path / "a", "NRCA")
    split = pd.read_csv(folder / "split.csv")
    split.drop(columns="station").to_csv(folder / "split.csv", index=False)
    with pytest.raises(Refused, match="nothing tells the stations"):
        table(tmp_path)
    (folder / "split.csv").unlink()
    with pytest.raises(Refused, match="nothing tells the stations"):
        table(tmp_path)
    split.iloc[3:].to_csv(folder / "split.csv", index=False)
    with pytest.raises(Refused, match="record r0000 was judged and is not in the split"):
        table(tmp_path)


def test_a_leaky_split_is_said(tmp_path: Path) -> None:
    folder = station_run(tmp_path / "a", "NRCA")
    path = folder / "evaluation" / "metrics.json"
    path.write_text(
        path.read_text().replace('"verdict": [', '"verdict": ["THE SPLIT LEAKS: x",', 1)
    )
    assert table(tmp_path).notes == ["THE SPLIT LEAKS: x"]


def test_what_a_run_has_seen_are_the_events_it_trained_and_validated_on(tmp_path: Path) -> None:
    folder = station_run(tmp_path / "a", "NRCA")
    path = folder / "split.csv"
    split = pd.read_csv(path)
    split.loc[0, "split"], split.loc[2, "split"] = "val", "unused"
    split.to_csv(path, index=False)
    assert seen_by(Run.read(folder)) == {"e000", "seen-NRCA"}


def test_a_matrix_has_a_row_for_each_place_of_training(tmp_path: Path) -> None:
    runs = [
        Run.read(station_run(tmp_path / f"{name}{seed}", name, skill, seed))
        for name, skill in (("NRCA", 0.95), ("T1212", 0.7))
        for seed in (1, 2)
    ]
    both = Run.read(station_run(tmp_path / "both", ("NRCA", "T1212")))
    judged = [Judged(run, name, 7, run.verdict) for run in runs for name in ("NRCA", "T1212")]
    judged += [Judged(both, "T1213", 3, why="1 class"), Judged(both, "NRCA", 0, both.verdict)]
    found = across(judged, **DRAWS)
    assert found.trained == [("NRCA",), ("T1212",), ("NRCA", "T1212")]
    assert found.stations == ["NRCA", "T1212", "T1213"]
    cell = found.cell(("NRCA",), "T1212")
    assert cell.tested is not None
    assert (len(cell.tested.runs), cell.own, cell.left_out) == (2, False, 7)
    assert found.cell(("NRCA",), "NRCA").own
    empty = found.cell(("NRCA", "T1212"), "T1213")
    assert (empty.tested, empty.why) == (None, "1 class")
    assert found.cell(("NRCA", "T1212"), "T1212").why == "not asked"


def test_a_matrix_of_two_configurations_is_refused(tmp_path: Path) -> None:
    first = Run.read(station_run(tmp_path / "a", "NRCA"))
    refuse_mixed([first, Run.read(station_run(tmp_path / "b", ("T1212", "T1213"), seed=2))])
    other = Run.read(station_run(tmp_path / "c", "T1212", model__hidden_size=32))
    with pytest.raises(Refused, match=r"model\.hidden_size=64; model\.hidden_size=32"):
        refuse_mixed([first, other])
