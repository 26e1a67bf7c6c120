"""The verdict: recomputable from its file, honest about what is not beaten, alarms that ring."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tremor.errors import Refused
from tremor.evaluation.judge import judge, judge_file

LATE, EARLY = "2016-11-02T01:00:00Z", "2016-09-02T01:00:00Z"
CLASSES = ("foreshock", "aftershock")
QUICK: dict[str, Any] = {"draws": 300, "permutations": 99}


def world(groups: int = 60, skill: float = 2.0, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions of two records an event, and a table that tells nothing."""
    rng = np.random.default_rng(seed)
    label = np.repeat(np.arange(groups) % 2, 2)
    score = rng.standard_normal(len(label)) + skill * (label - 0.5)
    p = 1 / (1 + np.exp(-score))
    ids = [f"r{i}" for i in range(len(label))]
    group = np.repeat([f"e{g}" for g in range(groups)], 2)
    predictions = pd.DataFrame({"record_id": ids, "group": group, "label": label})
    predictions["predicted"] = (p > 0.5).astype(int)
    predictions = predictions.assign(p_foreshock=1 - p, p_aftershock=p)
    table = predictions[["record_id", "group", "label"]].assign(
        level_Z=rng.standard_normal(len(label)), station="", start_time="", magnitude=np.nan
    )
    return predictions, table


def verdict(predictions: pd.DataFrame, table: pd.DataFrame, **more: Any) -> dict[str, Any]:
    train = pd.concat([table] * 3, ignore_index=True)
    settings = QUICK | {"table": table, "train_table": train} | more
    return judge(predictions, classes=CLASSES, **settings)


def test_a_good_model_beats_its_alarms_and_the_unit_is_told() -> None:
    found = verdict(*world())
    main = found["metrics"]["balanced_accuracy"]
    assert main["lo"] < main["value"] < main["hi"]
    assert main["p"] == 0.01
    assert found["verdict"][-1] == "n = 120 records of 60 events (test)."
    assert not any("NOT" in sentence for sentence in found["verdict"])
    assert sum(map(sum, found["confusion"])) == 120
    json.dumps(found, allow_nan=False)


def test_everything_follows_from_predictions_csv(tmp_path: Path) -> None:
    predictions, table = world()
    predictions.to_csv(tmp_path / "p.csv", index=False)
    again, found = judge_file(tmp_path / "p.csv", **QUICK), verdict(predictions, table)
    for part in ("metrics", "per_class", "confusion", "interval", "null"):
        assert again[part] == found[part]


def test_the_seed_decides() -> None:
    predictions, table = world()
    assert verdict(predictions, table) == verdict(predictions, table)
    other = verdict(predictions, table, seed=1)["metrics"]
    assert other != verdict(predictions, table)["metrics"]


def test_a_constant_answer_is_found_out() -> None:
    predictions, table = world()
    predictions = predictions.assign(predicted=1, p_foreshock=0.4, p_aftershock=0.6)
    found = verdict(predictions, table)
    assert found["metrics"]["balanced_accuracy"]["value"] == 0.5
    assert found["verdict"][0].startswith("NOT above chance")
    assert any("NOT better than the majority" in s for s in found["verdict"])
    assert found["per_class"]["foreshock"]["precision"]["value"] is None


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("level_Z", lambda y: y * 3.0, "NOT better than the level baseline"),
        ("station", lambda y: np.where(y, "AAA", "BBB"), "station alone gives"),
        (
            "start_time",
            lambda y: np.where(y, LATE, EARLY),
            "month",
        ),
        ("magnitude", lambda y: y + 1.0, "magnitude alone gives"),
    ],
)
def test_planted_leaks_ring(column: str, values: Any, said: str) -> None:
    predictions, table = world()
    table[column] = values(table["label"].to_numpy())
    sentences = verdict(predictions, table)["verdict"]
    assert any("NOT better" in s and said in s for s in sentences)
    if column != "level_Z":
        assert any("The network does not see it" in s for s in sentences)


def test_month_and_day_are_no_leak_where_time_defines_the_classes() -> None:
    predictions, table = world()
    table["start_time"] = np.where(table["label"], LATE, EARLY)
    found = verdict(predictions, table, ordered=True)
    assert not any("month" in said or "day" in said for said in found["verdict"])
    assert not {"month", "day"} & {*found["baselines"]["metadata"].get("columns", [])}


def test_metadata_that_is_not_known_is_said_to_be_missing() -> None:
    found = verdict(*world())["baselines"]
    assert "unavailable" in found["metadata"]
    predictions, table = world()
    assert (
        "unavailable" in verdict(predictions, table.drop(columns="level_Z"))["baselines"]["level"]
    )


def test_levels_of_whole_records_are_no_alarm_where_the_network_has_the_noise_alone() -> None:
    predictions, table = world()
    table["level_Z"] = 3.0 * table["label"]
    found = verdict(predictions, table.assign(seen="noise"))
    assert found["baselines"]["level"] == {
        "unavailable": "not what this network sees: levels are of whole records, "
        "it has the noise before P"
    }
    assert not any("level baseline" in said for said in found["verdict"])
    rung = verdict(predictions, table.assign(seen="all"))["verdict"]
    assert any("NOT better than the level baseline" in said for said in rung)


def test_fewer_than_ten_events_are_listed_instead() -> None:
    found = verdict(*world(groups=8))
    assert found["metrics"]["accuracy"]["lo"] is None
    assert found["interval"]["method"] == "none: fewer than 10 groups"
    assert [g["group"] for g in found["group_list"]] == [f"e{i}" for i in range(8)]
    assert found["verdict"][0].startswith("Fewer than 10 events")


def several(sizes: list[int], skill: float = 2.0) -> pd.DataFrame:
    """Predictions of two records of each of so many events of classes a, b, c."""
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(3), sizes).repeat(2)
    score = rng.standard_normal((len(label), 3)) + skill * np.eye(3)[label]
    chances = np.exp(score) / np.exp(score).sum(1, keepdims=True)
    found = pd.DataFrame(chances, columns=["p_a", "p_b", "p_c"])
    found = found.assign(label=label, predicted=chances.argmax(1))
    groups = np.arange(sum(sizes)).repeat(2).astype(str)
    return found.assign(group=groups, record_id=np.arange(len(label)).astype(str))


def test_a_class_of_a_single_event_leaves_averages_without_an_interval() -> None:
    said = several([12, 12, 1]).assign(predicted=lambda t: t["label"].clip(upper=1))
    table = said[["record_id", "group", "label"]]
    found = judge(said, classes=("a", "b", "c"), table=table, train_table=table, **QUICK)
    for name in ("balanced_accuracy", "macro_f1"):
        assert (found["metrics"][name]["lo"], found["metrics"][name]["hi"]) == (None, None)
    assert found["metrics"]["accuracy"]["lo"] is not None
    assert found["baselines"]["majority"]["lead"]["lo"] is None
    assert found["per_class"]["c"]["recall"] == {"value": 0.0, "lo": None, "hi": None}
    assert found["per_class"]["b"]["recall"]["lo"] == pytest.approx(0.025 ** (1 / 12))
    assert found["verdict"][0] == (
        "Class c has a single event: no interval can be given for scores that average classes."
    )
    assert not any("beats" in s for s in found["verdict"])
    assert "group_list" not in found
    json.dumps(found, allow_nan=False)


def test_without_an_interval_p_speaks_and_no_alarm_is_beaten() -> None:
    said = several([12, 12, 1]).assign(predicted=0)
    table = said[["record_id", "group", "label"]]
    found = judge(said, classes=("a", "b", "c"), table=table, train_table=table, **QUICK)
    assert found["verdict"][1] == "NOT above chance: p = 1 for balanced accuracy."
    assert found["verdict"][2].startswith("NOT better than the majority baseline")


def test_groups_of_a_class_are_those_with_any_record_of_it() -> None:
    said = several([6, 6, 6])
    said.loc[said["group"] == "0", "label"] = [0, 2]  # an event that two stations see elsewhere
    found = judge(said, classes=("a", "b", "c"), **QUICK)
    assert found["class_groups"] == {"a": 6, "b": 6, "c": 7}
    assert found["per_class"]["c"]["groups"] == 7


def test_one_class_only_is_judged_as_far_as_it_goes() -> None:
    predictions, table = world()
    keep = predictions["label"] == 1
    found = verdict(predictions[keep], table[keep], train_table=table)
    assert found["metrics"]["auroc"]["value"] is None
    assert found["metrics"]["accuracy"]["value"] > 0.5
    json.dumps(found, allow_nan=False)


def test_three_classes() -> None:
    rng = np.random.default_rng(0)
    label = np.arange(90) % 3
    chances = rng.dirichlet(np.ones(3), 90) + 2 * np.eye(3)[label] * rng.random((90, 1))
    table = pd.DataFrame(chances, columns=["p_a", "p_b", "p_c"])
    table = table.assign(record_id=label.astype(str), group=np.arange(90).astype(str))
    table = table.assign(label=label, predicted=chances.argmax(1))
    found = judge(table, classes=("a", "b", "c"), **QUICK)
    assert found["metrics"]["balanced_accuracy"]["chance"] == pytest.approx(1 / 3)
    assert np.array(found["confusion"]).shape == (3, 3)


def test_a_file_without_predictions_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("record_id,group,label\n")
    with pytest.raises(Refused, match="no predictions"):
        judge_file(tmp_path / "p.csv")
