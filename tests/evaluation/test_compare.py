"""Comparing runs: what is one configuration, known answers, honest pairs, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from tremor.config.resolve import put
from tremor.errors import Refused
from tremor.evaluation.compare import compare
from tremor.evaluation.found_runs import find
from tremor.evaluation.judge import judge_file
from tremor.evaluation.naming import names, tell_apart
from tremor.evaluation.paired import Draws, holm
from tremor.evaluation.runs import Run
from tremor.files import digest

CONFIG: dict[str, Any] = {
    "experiment_name": "study",
    "seed": 1,
    "output_dir": "outputs",
    "dataset": {
        "num_classes": 2,
        "event_split_method": "temporal",
        "train_frac": 0.7,
        "val_ratio": 0.1,
        "test_ratio": 0.2,
        "fold": None,
        "split": {"train_frac": 0.7, "fold": None, "seed": 1},
    },
    "model": {"_target_": "tremor.network.models.lstm.LSTM", "hidden_size": 64, "pretrained": None},
    "task": {"num_classes": 2},
    "trainer": {"max_epochs": 30, "enable_progress_bar": True},
    "logger": {"csv": {"_target_": "tremor.training.loggers.csv_log"}},
}
QUICK: dict[str, Any] = {"draws": 300}


def answers(
    skill: float, noise: int = 0, events: int = 40, classes: int = 2, labels: int = 0
) -> pd.DataFrame:
    """Predictions of two records an event: right with probability `skill`, both records alike.

    An event's own difficulty is the same for every `noise`, so that runs are paired by event.
    """
    rng, own = np.random.default_rng(labels), np.random.default_rng((7, noise))
    label = np.arange(events) % classes
    ease = 0.7 * rng.uniform(size=events) + 0.3 * own.uniform(size=events)
    said = np.where(ease < skill, label, (label + 1) % classes)
    table = pd.DataFrame({"group": [f"e{i:03}" for i in range(events)], "label": label})
    table["predicted"] = said
    table = table.loc[table.index.repeat(2)].reset_index(drop=True)
    table.insert(0, "record_id", [f"r{i:04}" for i in range(2 * events)])
    for k in range(classes):
        table[f"p_c{k}"] = np.where(table["predicted"] == k, 0.9, 0.1 / max(classes - 1, 1))
    return table


def fabricate(
    folder: Path,
    predictions: pd.DataFrame,
    epochs: int = 4,
    ordered: bool = False,
    **keys: Any,
) -> Path:
    """A finished run; `keys` are config values by dotted path, with `__` for the dot."""
    config = json.loads(json.dumps(CONFIG))
    for key, value in keys.items():
        put(config, key.replace("__", "."), value)
    put(config, "dataset.split.seed", config["seed"])
    put(config, "dataset.split.train_frac", config["dataset"]["train_frac"])
    put(config, "task.num_classes", config["dataset"]["num_classes"])
    (folder / "evaluation").mkdir(parents=True)
    (folder / "checkpoints").mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    table = folder / "evaluation" / "predictions.csv"
    predictions.to_csv(table, index=False)
    verdict = judge_file(table, draws=20, permutations=19, ordered=ordered)
    (folder / "evaluation" / "metrics.json").write_text(json.dumps(verdict))
    steps = np.arange(epochs)
    curves = {"epoch": steps, "val/loss": 0.7 / (1 + steps), "val/balanced_accuracy": 0.5}
    pd.DataFrame(curves).to_csv(folder / "metrics.csv", index=False)
    return folder


def two(tmp_path: Path, better: float, worse: float, seeds: int = 3) -> Any:
    """Two configurations of several seeds on the same records, compared."""
    for seed in range(seeds):
        for name, skill, size in (("big", better, 128), ("small", worse, 64)):
            said = answers(skill, 10 * seed + size)
            fabricate(tmp_path / f"{name}{seed}", said, seed=seed, model__hidden_size=size)
    return compare(find([tmp_path]), **QUICK)


def test_seed_place_fold_and_pretraining_run_do_not_make_another_configuration(
    tmp_path: Path,
) -> None:
    same: list[dict[str, Any]] = [
        {"seed": 1, "model__pretrained": "outputs/pre/2026-01-01__00_00_00/0"},
        {
            "seed": 2,
            "model__pretrained": "outputs/pre/2026-01-02__00_00_00/1/checkpoints/best.ckpt",
        },
        {"seed": 3, "model__pretrained": "outputs/pre/2026-01-03__00_00_00", "dataset__fold": 2},
        {"seed": 4, "model__pretrained": "outputs/pre", "trainer__enable_progress_bar": False},
        {
            "seed": 5,
            "model__pretrained": "outputs/pre/seed7",
            "output_dir": "x",
            "experiment_name": "other",
        },
    ]
    for place, keys in enumerate(same):
        fabricate(tmp_path / f"a{place}", answers(0.8), **keys)
    fabricate(tmp_path / "b", answers(0.8), seed=1, model__pretrained=None)
    found = compare(find([tmp_path]), **QUICK)
    assert {c.name: len(c.runs) for c in found.configurations} == {
        "model.pretrained=set": 5,
        "model.pretrained=null": 1,
    }
    assert found.configurations[0].experiments in (["study", "other"], ["study"])


def test_weights_of_other_pretraining_are_another_configuration(tmp_path: Path) -> None:
    for name in ("contrastive", "reconstruction"):
        path = f"outputs/{name}/2026-01-01__00_00_00/0"
        fabricate(tmp_path / name, answers(0.8), model__pretrained=path)
    told = {c.name for c in compare(find([tmp_path]), **QUICK).configurations}
    assert told == {"model.pretrained=contrastive", "model.pretrained=reconstruction"}


def test_names_take_the_fewest_plainest_keys() -> None:
    lstm = {"model._target_": "a.b.LSTM", "model.hidden": 1, "d.split.frac": 0.1, "d.frac": 0.1}
    cnn = {"model._target_": "a.b.CNN", "model.width": 5, "d.split.frac": 0.1, "d.frac": 0.1}
    tenth = lstm | {"d.split.frac": 0.5, "d.frac": 0.5}
    assert tell_apart([lstm, cnn, tenth]) == ["model._target_", "d.frac"]
    assert names([lstm, cnn, tenth])[2] == "model=LSTM d.frac=0.5"
    assert names([lstm]) == [""]
    assert names([{"x.on": True}, {"x.on": None}]) == ["x.on=true", "x.on=null"]
    assert names([{"a": 1, "b": [1, 2]}, {"a": 1}]) == ["b=[1,2]", "no b"]
    assert names([{"m._target_": "a.Net"}, {"m._target_": "b.Net"}]) == ["m=a.Net", "m=b.Net"]


def test_one_run_has_the_interval_of_its_own_verdict(tmp_path: Path) -> None:
    run = fabricate(tmp_path / "a", answers(0.8))
    verdict = judge_file(run / "evaluation" / "predictions.csv", draws=300, permutations=19)
    (one,) = compare(find([tmp_path]), **QUICK).configurations
    main = verdict["metrics"]["balanced_accuracy"]
    assert (one.mean.value, one.mean.lo, one.mean.hi) == pytest.approx(
        (main["value"], main["lo"], main["hi"])
    )
    assert (one.sd, one.spread, one.name) == (None, "events alone: one seed", "study")
    assert one.chance == 0.5


def test_mean_and_sd_are_over_the_runs(tmp_path: Path) -> None:
    first = two(tmp_path, 0.9, 0.6).configurations[0]
    assert first.mean.value == pytest.approx(np.mean(first.values))
    assert first.sd == pytest.approx(np.std(first.values, ddof=1))
    assert first.mean.lo < first.mean.value < first.mean.hi


def test_the_same_predictions_differ_by_nothing(tmp_path: Path) -> None:
    for size in (64, 128):
        for seed in (1, 2):
            said = answers(0.7, seed)
            fabricate(tmp_path / f"{size}_{seed}", said, seed=seed, model__hidden_size=size)
    said = answers(0.7)
    (pair,) = compare(find([tmp_path]), **QUICK).pairs
    assert pair.difference.value == 0
    assert pair.difference.lo <= 0 <= pair.difference.hi
    assert pair.p == pair.p_holm == 1
    for size in (64, 128):
        fabricate(tmp_path / "one" / f"{size}", said, model__hidden_size=size)
    (pair,) = compare(find([tmp_path / "one"]), **QUICK).pairs
    assert (pair.difference.lo, pair.difference.hi, pair.p) == (0, 0, 1)
    assert pair.note == "events alone: one seed each"


@pytest.mark.parametrize("metric", ["balanced_accuracy", "macro_f1", "mcc"])
def test_a_clearly_better_configuration_is_seen(tmp_path: Path, metric: str) -> None:
    two(tmp_path, 0.95, 0.55)
    found = compare(find([tmp_path]), metric=metric, **QUICK)
    (pair,) = found.pairs
    best, other = (found.configurations[i] for i in (pair.first, pair.second))
    assert best.name == "model.hidden_size=128"
    assert pair.difference.value == pytest.approx(best.mean.value - other.mean.value)
    assert pair.difference.lo > 0
    assert pair.p < 0.01


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1, 1]
    assert holm([]) == []


def test_intervals_of_simulated_seeds_and_events_cover(tmp_path: Path) -> None:
    """Seeds shift the skill and events are drawn anew: the truth lies inside nearly always."""
    hits, worlds = 0, 40
    for world in range(worlds):
        rng = np.random.default_rng(world)
        ease = rng.normal(size=60)
        runs = []
        for seed in range(4):
            score = ease + rng.normal(0.8, 0.3) + 0.5 * rng.normal(size=60)
            table = answers(1.0, events=60)
            wrong = np.repeat(score < 0, 2)
            table["predicted"] = np.where(wrong, 1 - table["label"], table["label"])
            runs.append(Run(tmp_path, CONFIG | {"seed": seed}, {"classes": ["a", "b"]}, table))
        score = Draws(runs, "balanced_accuracy", 300, 0.95, 0).mean(range(4))
        truth = 0.7552  # of a normal with mean 0.8 and variance 1 + 0.09 + 0.25, above 0
        hits += score.ends[0] <= truth <= score.ends[1]
    assert hits / worlds >= 0.9


def test_other_test_records_are_refused_by_name_and_number(tmp_path: Path) -> None:
    fabricate(tmp_path / "a", answers(0.8), model__hidden_size=64)
    moved = answers(0.8)
    moved.loc[:2, "record_id"] = ["x", "y", "z"]
    fabricate(tmp_path / "b", moved, model__hidden_size=128)
    with pytest.raises(Refused) as refused:
        compare(find([tmp_path]), **QUICK)
    assert f"{tmp_path}/a and {tmp_path}/b: 6 records differ" in refused.value.where
    assert "--allow-other-records" in refused.value.remedy
    found = compare(find([tmp_path]), allow_other_records=True, **QUICK)
    (pair,) = found.pairs
    assert (pair.difference, pair.p, pair.p_holm) == (None, None, None)
    assert "other test records" in pair.note
    assert any("not tested against each other: 1 pair" in note for note in found.notes)


def test_seeds_that_share_no_records_are_refused(tmp_path: Path) -> None:
    fabricate(tmp_path / "a", answers(0.8), seed=1, model__hidden_size=64)
    others = answers(0.8, events=30)
    fabricate(tmp_path / "b", others, seed=2, model__hidden_size=128)
    with pytest.raises(Refused, match="other test records"):
        compare(find([tmp_path]), **QUICK)


def test_each_seed_may_have_its_own_test_records(tmp_path: Path) -> None:
    for seed in (1, 2, 3):
        for size, skill in ((64, 0.55), (128, 0.95)):
            said = answers(skill, seed, labels=seed).iloc[8 * seed : 8 * seed + 50]
            fabricate(tmp_path / f"{size}_{seed}", said, seed=seed, model__hidden_size=size)
    fabricate(tmp_path / "more", answers(0.9).iloc[:50], seed=4, model__hidden_size=128)
    (pair,) = compare(find([tmp_path]), **QUICK).pairs
    assert (pair.runs, pair.note) == (6, "runs on other records left out: 1")
    assert pair.difference.value > 0
    assert pair.p < 0.01


def test_class_counts_are_families_of_their_own(tmp_path: Path) -> None:
    for count in (2, 4, 8):
        for size in (64, 128):
            said = answers(0.8, size, classes=count)
            keys = {"dataset__num_classes": count, "model__hidden_size": size}
            fabricate(tmp_path / f"{count}_{size}", said, **keys)
    found = compare(find([tmp_path]), **QUICK)
    assert [(p.first, p.second) for p in found.pairs] == [(0, 1), (2, 3), (4, 5)]
    assert [c.chance for c in found.configurations] == [0.5, 0.5, 0.25, 0.25, 0.125, 0.125]
    lines = found.curves["dataset.num_classes"]
    assert {line.name for line in lines} == {"model.hidden_size=64", "model.hidden_size=128"}
    assert [x for x, _ in lines[0].points] == [2, 4, 8]


def test_training_share_is_in_percent_of_what_validation_and_test_leave(tmp_path: Path) -> None:
    for place, share in enumerate((0.035, 0.35, None)):
        fabricate(tmp_path / str(place), answers(0.8, place), dataset__train_frac=share)
    found = compare(find([tmp_path]), **QUICK)
    (line,) = found.curves["dataset.train_frac"]
    assert [x for x, _ in line.points] == [5, 50, 100]
    assert sorted(c.name for c in found.configurations)[0] == "dataset.train_frac=0.035"


def test_epochs_that_follow_the_training_share_do_not_break_the_curve(tmp_path: Path) -> None:
    for place, (share, epochs) in enumerate(((0.07, 40), (0.7, 15))):
        for size in (64, 128):
            keys = {"dataset__train_frac": share, "trainer__max_epochs": epochs}
            folder = tmp_path / f"{place}_{size}"
            fabricate(folder, answers(0.8, place + size), model__hidden_size=size, **keys)
    lines = compare(find([tmp_path]), **QUICK).curves["dataset.train_frac"]
    assert [[x for x, _ in line.points] for line in lines] == [[10, 100]] * 2
    fabricate(tmp_path / "x", answers(0.8, 9), dataset__train_frac=0.7, trainer__max_epochs=99)
    lines = compare(find([tmp_path]), **QUICK).curves["dataset.train_frac"]
    assert all(len(line.points) == 1 for line in lines)


def test_over_takes_any_numeric_key_and_refuses_others(tmp_path: Path) -> None:
    two(tmp_path, 0.9, 0.6, seeds=1)
    found = compare(find([tmp_path]), over="model.hidden_size", **QUICK)
    assert [x for x, _ in found.curves["model.hidden_size"][0].points] == [64, 128]
    for key in ("model._target_", "trainer.max_epochs", "no.such"):
        with pytest.raises(Refused, match="two numeric values"):
            compare(find([tmp_path]), over=key, **QUICK)


def test_what_cannot_take_part_is_named(tmp_path: Path) -> None:
    fabricate(tmp_path / "a", answers(0.8))
    fabricate(tmp_path / "b_again", answers(0.8))
    (tmp_path / "broken" / "checkpoints").mkdir(parents=True)
    pre = fabricate(tmp_path / "pre", answers(0.8), model__hidden_size=9)
    (pre / "evaluation" / "metrics.json").write_text(json.dumps({"split": "test"}))
    found = compare(find([tmp_path, tmp_path / "a"]), **QUICK)
    assert [run.folder.name for run in found.found.runs] == ["b_again"]
    for words in ("broken", "pre)", f"{tmp_path}/a)"):
        assert any(words in note for note in found.notes)


def test_nothing_to_compare_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x" / "checkpoints").mkdir(parents=True)
    with pytest.raises(Refused, match="1 unfinished"):
        find([tmp_path])
    with pytest.raises(Refused, match="no such folder"):
        find([tmp_path / "absent"])
    run = fabricate(tmp_path / "y", answers(0.8))
    (run / "evaluation" / "metrics.json").write_text("{")
    with pytest.raises(Refused, match="cannot be read"):
        find([run])
    run = fabricate(tmp_path / "z", answers(0.8), dataset__train_frac="most")
    with pytest.raises(Refused, match="cannot be read"):
        find([run])


def test_a_verdict_on_other_predictions_is_refused(tmp_path: Path) -> None:
    run = fabricate(tmp_path / "a", answers(0.8))
    path, table = run / "evaluation" / "metrics.json", run / "evaluation" / "predictions.csv"
    verdict = json.loads(path.read_text())
    path.write_text(json.dumps(verdict | {"predictions": digest(table.read_text())}))
    assert find([run]).runs
    answers(0.7).to_csv(table, index=False)
    with pytest.raises(Refused, match="judges other predictions") as caught:
        find([run])
    assert caught.value.where == str(table)


def test_too_few_draws_are_refused(tmp_path: Path) -> None:
    fabricate(tmp_path / "a", answers(0.8))
    with pytest.raises(Refused, match="0 draws"):
        compare(find([tmp_path]), draws=0)


def test_a_class_of_a_single_event_has_no_interval_of_balanced_accuracy(tmp_path: Path) -> None:
    said = answers(0.8, 1, events=21)
    names = said["group"].unique()
    said["label"] = (said["group"] == names[0]).astype(int)
    fabricate(tmp_path / "a", said, model__hidden_size=64)
    found = compare(find([tmp_path]), **QUICK)
    (one,) = found.configurations
    assert one.mean.ends == []
    assert one.spread.endswith("or one alone of a class")


def test_few_events_have_no_interval(tmp_path: Path) -> None:
    for size in (64, 128):
        fabricate(tmp_path / str(size), answers(0.8, size, events=8), model__hidden_size=size)
    found = compare(find([tmp_path]), **QUICK)
    assert found.configurations[0].mean.ends == found.pairs[0].difference.ends == []
    assert found.configurations[0].spread.startswith("no interval: fewer than 10 events")


def test_what_names_leave_out_is_told(tmp_path: Path) -> None:
    fabricate(tmp_path / "a", answers(0.8), dataset__train_frac=0.1, trainer__max_epochs=60)
    fabricate(tmp_path / "b", answers(0.8), dataset__train_frac=0.7, trainer__max_epochs=30)
    found = compare(find([tmp_path]), **QUICK)
    assert any("others differ: trainer.max_epochs" in note for note in found.notes)
    json.dumps(found.plain(), allow_nan=False)
