"""Two heads together: what cannot be published by accident, and what is complete and stable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score
from two_heads import HEADS, MAGNITUDES, QUICK, always, other, predictions, published, world

from tremor.errors import Refused
from tremor.evaluation.judge import judge as judge_one
from tremor.evaluation.multitask import judge


def verdict(said: pd.DataFrame, table: pd.DataFrame | None = None, **more: Any) -> dict[str, Any]:
    train = None if table is None else other(table)
    settings = QUICK | {"table": table, "train_table": train} | more
    return judge(said, classes=MAGNITUDES, heads=HEADS, **settings)


def test_the_published_result_is_refused() -> None:
    """Two rules reach what was published: 97.6 % of magnitudes, 71.3 % of azimuths."""
    table = published()
    quiet = table["label"] == 0
    said = always(table, np.where(quiet, 0, 2), np.where(quiet, 0, 1))
    found = verdict(said, table, train_table=other(published(1)))
    magnitude, azimuth = (found["heads"][h]["metrics"] for h in HEADS)
    assert magnitude["accuracy"]["value"] == pytest.approx(0.97635, abs=1e-5)
    assert magnitude["balanced_accuracy"]["value"] == 0.5
    assert magnitude["mcc"]["value"] == pytest.approx(0.9545, abs=1e-4)
    assert azimuth["accuracy"]["value"] == pytest.approx(0.71284, abs=1e-5)
    assert azimuth["balanced_accuracy"]["value"] == pytest.approx(2 / 9)
    first, second, *rest = found["verdict"]
    assert first == (
        "NOT better than every leak alarm: magnitude (two rules, level, metadata); "
        "azimuth (two rules, majority, level, metadata)."
    )
    assert second == (
        "magnitude: NOT better than two rules that are told which records are Normal and say "
        "Medium of all others: accuracy and balanced accuracy 0.976, 0.500, theirs 0.976, 0.500."
    )
    assert any(s.startswith("magnitude: NOT better than the metadata: station alone") for s in rest)
    assert any(s.startswith("azimuth: NOT better than the level baseline") for s in rest)
    alone = "azimuth: class NE has a single event: no interval can be given for scores that average"
    assert any(s.startswith(alone) for s in rest)
    assert any(s.startswith("azimuth: NOT shown to be better than the majority") for s in rest)
    assert "magnitude: NOT one record is told right of: Moderate (3), Large (4)." in rest
    assert any(s.startswith("azimuth: NOT above chance within precursors") for s in rest)
    assert any(s.startswith("azimuth: directions are NOT nearer than at random") for s in rest)


def test_a_good_model_has_no_worry() -> None:
    table = world(groups=240)
    found = verdict(predictions(table, skill=6.0), table)
    assert not [s for s in found["verdict"] if "NOT" in s]
    praise = "it beats what is reached by: two rules, majority, level, metadata."
    assert f"azimuth: {praise}" in found["verdict"]
    assert found["verdict"][-1] == (
        "n = 480 records of 120 events and 120 quiet station-days (test): 240 precursors, "
        "240 Normal."
    )
    json.dumps(found, allow_nan=False)


def test_false_alarms_of_sampled_windows_are_said_to_be_extrapolated() -> None:
    table = world()
    (said,) = [s for s in verdict(predictions(table), table)["verdict"] if "false alarms" in s]
    assert "station-month if all time were like these 120 sampled quiet windows (extrap" in said
    bare = verdict(predictions(table), table.drop(columns="hours"))["verdict"]
    assert not any("extrapolated" in s for s in bare)


def test_a_direction_of_a_single_event_leaves_the_head_without_an_interval() -> None:
    """So it is with the published one: a single record is from the north-east."""
    table = published()
    found = verdict(predictions(table, skill=2.0), table)
    said = "azimuth: class NE has a single event: no interval can be given for scores that average"
    assert any(s.startswith(said) for s in found["verdict"])
    for name in ("balanced_accuracy", "macro_f1", "within_balanced_accuracy"):
        assert found["metrics"][f"azimuth/{name}"]["lo"] is None
    assert found["within"]["azimuth"]["told_balanced_accuracy"]["lo"] is None
    assert found["metrics"]["azimuth/accuracy"]["lo"] is not None
    assert found["metrics"]["magnitude/balanced_accuracy"]["lo"] is not None


def test_ten_quiet_days_are_no_ten_events() -> None:
    """Nine precursors: none of the heads' averages, nor of what is asked of precursors alone."""
    table = world()
    loud = sorted(table.loc[table["label"] > 0, "group"].unique())
    few = table[(table["label"] == 0) | table["group"].isin(loud[:9])]
    said = few.assign(label_azimuth=few["label_azimuth"].clip(upper=1))
    found = verdict(predictions(said), said)
    for name in ("balanced_accuracy", "macro_f1", "within_accuracy"):
        assert found["metrics"][f"azimuth/{name}"]["lo"] is None
    assert found["metrics"]["azimuth/accuracy"]["lo"] is not None
    assert found["metrics"]["detection_auroc"]["lo"] is None
    why = "azimuth: fewer than 10 events that are not Normal: no interval"
    assert any(s.startswith(why) for s in found["verdict"])


def test_classes_that_are_no_compass_are_refused() -> None:
    table = world()
    said = predictions(table)
    names = dict(zip(HEADS["azimuth"], ["Normal", *"abcdefgh"], strict=True))
    renamed = said.rename(columns={f"p_azimuth_{c}": f"p_azimuth_{n}" for c, n in names.items()})
    heads = HEADS | {"azimuth": list(names.values())}
    with pytest.raises(Refused, match="points of the compass") as fault:
        judge(renamed, classes=MAGNITUDES, heads=heads, **QUICK)
    assert (fault.value.where, fault.value.remedy) == (
        "dataset.heads.azimuth",
        "evaluation.circular=null",
    )
    assert "circular" not in judge(renamed, classes=MAGNITUDES, heads=heads, circular=None, **QUICK)


def test_without_skill_every_head_is_at_chance() -> None:
    table = world(groups=200)
    found = verdict(predictions(table, skill=0.0), table)
    for head in HEADS:
        main = found["metrics"][f"{head}/balanced_accuracy"]
        assert main["lo"] <= main["chance"] <= main["hi"]
        assert any(s.startswith(f"{head}: NOT above chance: ") for s in found["verdict"])
    assert any(s.startswith("Precursors are NOT told from Normal") for s in found["verdict"])


def test_each_head_is_judged_as_if_alone() -> None:
    table = world()
    said = predictions(table)
    found = verdict(said)
    for head, classes in HEADS.items():
        own = said[["record_id", "group"]].assign(
            label=said[f"label_{head}"],
            predicted=said[f"predicted_{head}"],
            **{f"p_{c}": said[f"p_{head}_{c}"] for c in classes},
        )
        alone = judge_one(own, classes=classes, **QUICK)
        del alone["verdict"]
        assert {k: found["heads"][head][k] for k in alone} == alone
        expected = balanced_accuracy_score(own["label"], own["predicted"])
        assert found["metrics"][f"{head}/balanced_accuracy"]["value"] == pytest.approx(expected)
    assert "ordinal" in found["heads"]["magnitude"]
    assert "ordinal" not in found["heads"]["azimuth"]
    assert found["circular"]["head"] == "azimuth"


def test_metrics_are_flat_and_between_minus_one_and_one() -> None:
    found = verdict(predictions(world()))["metrics"]
    assert {"magnitude/macro_f1", "azimuth/within_accuracy", "azimuth/within_45"} <= set(found)
    assert {"joint_accuracy", "detection_rate", "detection_auroc"} <= set(found)
    for score in found.values():
        assert set(score) == {"value", "lo", "hi", "chance", "p"}
        assert -1 <= score["value"] <= 1


def test_the_order_of_records_and_the_names_of_groups_do_not_matter() -> None:
    said = predictions(world())
    mixed = said.sample(frac=1, random_state=0).reset_index(drop=True)
    renamed = said.assign(group="x" + said["group"])
    one = verdict(said)
    for again in (verdict(mixed), verdict(renamed)):
        assert again["verdict"][-1] == one["verdict"][-1]
        for name, score in one["metrics"].items():
            assert again["metrics"][name]["value"] == pytest.approx(score["value"])
            assert again["metrics"][name]["lo"] == pytest.approx(score["lo"])
    assert verdict(said) == one


def test_records_whose_answer_is_not_known_are_left_out_of_that_head() -> None:
    table = world()
    table.loc[table["group"].isin(["g1", "g3"]), "label_azimuth"] = -1
    found = verdict(predictions(table), table)
    assert found["records"] == 240
    assert found["heads"]["magnitude"]["records"] == 240
    assert found["heads"]["azimuth"]["records"] == found["joint"]["records"] == 236
    assert found["detection"]["precursors"]["records"] == 120


def test_a_head_without_any_known_answer_is_left_out() -> None:
    table = world().assign(label_azimuth=-1)
    found = verdict(predictions(table), table)
    assert list(found["heads"]) == ["magnitude"]
    assert not {"joint", "circular"} & found.keys()
    with pytest.raises(Refused, match="no record of this part"):
        verdict(predictions(table.assign(label_magnitude=-1)))


@pytest.mark.parametrize("kind", [0, 1])
def test_quiet_windows_alone_or_precursors_alone_are_judged_as_far_as_it_goes(kind: int) -> None:
    table = world()
    part = table[(table["label"] > 0) == bool(kind)]
    found = verdict(predictions(part), part, train_table=other(table))
    assert "detection" not in found
    assert ("circular" in found, bool(found["within"])) == (bool(kind), bool(kind))
    assert "there are no precursors, or nothing but them" in found["verdict"][-1]
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("groups", [2, 8])
def test_few_events_have_no_interval_and_are_listed(groups: int) -> None:
    table = world(groups=groups)
    found = verdict(predictions(table), table)
    assert found["verdict"][0].startswith("Fewer than 10 events")
    assert len(found["heads"]["azimuth"]["group_list"]) == groups
    assert all(score["lo"] is None for score in found["metrics"].values())
    json.dumps(found, allow_nan=False)


def test_one_station_and_one_class_of_precursor() -> None:
    table = world().assign(station="A")
    table["label_magnitude"] = table["label"] = table["label"].clip(upper=1)
    found = verdict(predictions(table), table)
    assert found["within"]["magnitude"]["class_records"] == {
        "Moderate": 120,
        "Medium": 0,
        "Large": 0,
    }
    assert not any(s.startswith("magnitude: NOT above chance within") for s in found["verdict"])
    assert "unavailable" in found["heads"]["magnitude"]["baselines"]["metadata"]


def test_without_precursors_in_training_two_rules_cannot_be_tried() -> None:
    table = world()
    train = other(table[table["label"] == 0])
    found = verdict(predictions(table), table, train_table=train)
    assert "unavailable" in found["heads"]["azimuth"]["baselines"]["two_rules"]


def test_a_model_that_never_calls_a_precursor_has_no_direction() -> None:
    table = world()
    found = verdict(always(table, 0, 0), table)
    assert "circular" not in found
    assert found["detection"]["rate"]["value"] == found["joint"]["within"]["accuracy"]["value"] == 0
    assert found["detection"]["rate"]["hi"] > 0
    assert found["within"]["azimuth"]["detected"] == 0.0


def test_a_control_says_so_first() -> None:
    table = world(groups=200).assign(shuffled=True)
    dead, alive = (verdict(predictions(table, skill), table)["verdict"][0] for skill in (0.0, 3.0))
    start = "CONTROL: labels were dealt anew among groups; anything above chance is a leak. "
    assert dead == f"{start}At chance: magnitude, azimuth."
    assert alive == f"{start}NOT at chance: magnitude, azimuth."
    plain = verdict(predictions(table), table.assign(shuffled=False))
    assert "control" not in plain
    assert not any("CONTROL" in s for s in plain["verdict"])


def test_heads_that_are_not_there_are_refused() -> None:
    said = predictions(world())
    with pytest.raises(Refused, match="no head size") as fault:
        verdict(said, ordinal="size")
    assert fault.value.remedy == "evaluation.ordinal=null"
    with pytest.raises(Refused, match="have no p_azimuth_NE"):
        verdict(said.drop(columns="p_azimuth_NE"))
    quiet = verdict(said, ordinal=None, circular=None)
    assert "circular" not in quiet
    assert "ordinal" not in quiet["heads"]["magnitude"]


def test_everything_follows_from_predictions_csv(tmp_path: Path) -> None:
    said = predictions(world())
    said.to_csv(tmp_path / "p.csv", index=False)
    types: Any = {"record_id": str, "group": str}
    again = pd.read_csv(tmp_path / "p.csv", dtype=types, float_precision="round_trip")
    assert verdict(again) == verdict(said)
