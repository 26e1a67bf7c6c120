"""The tree's dataset node to loaders: what is left out is said, what is known is written down."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from seisbench_folders import TRACES, seisbench_folder

from tremor.config.resolve import plain
from tremor.doors import judging
from tremor.doors.checking import CONFIGS
from tremor.doors.data import Data, open_data
from tremor.doors.featured import Heard
from tremor.doors.judging import fan_figure, timeline_figure
from tremor.errors import Refused
from tremor.tasks.base import Task

NORCIA = ["dataset=norcia", "dataset.source=synthetic", "dataset.n_pre=80", "dataset.n_visso=20"]
NORCIA += ["dataset.n_post=80", "dataset.sources.synthetic.world.duration=8"]


def composed(*overrides: str) -> dict[str, Any]:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return plain(compose("train", overrides=list(overrides)))[0]


def norcia(*overrides: str) -> tuple[Data, dict[str, Any]]:
    config = composed(*NORCIA, *overrides)
    return open_data(config), config


def test_what_a_purge_takes_from_each_class_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    data, _ = norcia("dataset.purge_hours=2")
    taken = data.records.table[data.parts == "purged"]["label"].value_counts().sort_index()
    counted = ", ".join(f"{data.labelled.classes[label]} {n}" for label, n in taken.items())
    assert f"purged   {counted} events" in capsys.readouterr().out
    assert set(data.split_table()["split"]) == {"train", "val", "test", "purged"}


def test_a_purge_that_is_too_long_is_refused_with_the_longest() -> None:
    with pytest.raises(Refused, match="purge_hours=24") as refused:
        norcia("dataset.purge_hours=24")
    assert refused.value.where == "dataset.purge_hours"
    assert "dataset.purge_hours=5 is the most" in refused.value.remedy
    norcia("dataset.purge_hours=5")


def test_every_training_event_of_a_fold_is_used() -> None:
    data, _ = norcia("dataset.event_split_method=kfold", "dataset.fold=0")
    assert set(data.parts[data.records.table["label"] >= 0]) == {"train", "val", "test"}


def test_the_split_tells_the_time_to_the_main_shock_where_it_is_known() -> None:
    data, _ = norcia()
    assert data.split_table()["ttf_seconds"].equals(data.records.table["ttf_seconds"])
    plainer = open_data(composed("dataset.n_events=40"))
    assert "ttf_seconds" not in plainer.split_table()


def test_the_runs_seed_deals_shuffled_labels() -> None:
    first, second = (norcia("dataset.shuffle_labels=true", f"seed={n}")[0] for n in (1, 2))
    assert not first.labelled.table["label"].equals(second.labelled.table["label"])
    first, second = (norcia(f"seed={n}")[0] for n in (1, 2))
    assert first.labelled.table["label"].equals(second.labelled.table["label"])


@pytest.mark.parametrize("align", ["trim", "pad"])
def test_a_record_without_p_is_left_out_of_the_noise_control_and_said(
    align: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tremor.doors import data as door

    def spoiled(*given: Any) -> Any:
        records, made = opened(*given)
        p_time = records.table["p_time_s"].where(records.table.index != 3)
        return replace(records, table=records.table.assign(p_time_s=p_time)), made

    opened = door.open_records
    monkeypatch.setattr(door, "open_records", spoiled)
    data, config = norcia("dataset.keep=noise", f"dataset.align={align}")
    assert data.module.length > 300
    assert data.parts[3] == "no noise"
    assert "no noise" in capsys.readouterr().out
    np.testing.assert_array_equal(data.module.part("all").positions == 3, False)
    assert fan_figure(data, config).axes


@pytest.mark.parametrize("keep", ["all", "noise"])
def test_levels_are_no_alarm_where_only_the_noise_was_seen(
    keep: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    quick = ["dataset.num_classes=2", "evaluation.draws=20", "evaluation.permutations=9"]
    data, config = norcia(f"dataset.keep={keep}", *quick)
    rows = data.records.table[data.parts == "test"]
    said = pd.DataFrame({"predicted": 0, "p_foreshock": 0.6, "p_aftershock": 0.4}, rows.index)
    said = pd.concat([rows[["record_id", "group", "label"]], said], axis=1)
    answers = Heard(said.reset_index(drop=True))
    monkeypatch.setattr(judging, "heard", lambda *_, **__: answers)
    told = SimpleNamespace(findings=dict, counted=lambda: None, recount=lambda counted: None)
    task = cast(Task, told)
    verdict = judging.judge_part(task, data, "test", config, tmp_path)
    assert ("unavailable" in verdict["baselines"]["level"]) == (keep == "noise")


def test_the_timeline_needs_no_magnitudes() -> None:
    data, config = norcia("dataset.num_classes=4")
    (ax,) = timeline_figure(data, config).axes
    assert ax.get_ylabel() == "magnitude"
    assert "Visso" in [text.get_text() for text in ax.texts]
    for table in (
        data.labelled.table.drop(columns="magnitude"),
        data.labelled.table.assign(magnitude=np.nan),
    ):
        bare = replace(data, labelled=replace(data.labelled, table=table))
        (ax,) = timeline_figure(bare, config).axes
        assert ax.get_ylabel() == ""


def test_other_weights_take_the_records_from_the_cache(tmp_path: Path) -> None:
    paths = [seisbench_folder(tmp_path / name, TRACES + n) for n, name in enumerate("ab")]
    tree = ["dataset=seisbench", f"dataset.paths=[{paths[0]},{paths[1]}]", "dataset.val_ratio=0.2"]
    tree += ["dataset.test_ratio=0.2"]
    first = open_data(composed(*tree, "dataset.weights=[1,3]"))
    second = open_data(composed(*tree, "dataset.weights=[1,1]"))
    assert first.records.folder == second.records.folder
    assert first.records.table["weight"].unique().tolist() == [1, 3]
    assert second.records.table["weight"].unique().tolist() == [1]
