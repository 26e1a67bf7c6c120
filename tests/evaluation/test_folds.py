"""Folds collected: each record once, known answers, alarms that learn inside folds, refusals."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evaluation.fold_runs import HEADS, Windows, folds, labelled
from sklearn.metrics import balanced_accuracy_score, f1_score, matthews_corrcoef

from tremor.data.cache import open_records
from tremor.errors import Refused
from tremor.evaluation.baselines import FOLD
from tremor.evaluation.compare import compare
from tremor.evaluation.fold_sentences import sentences
from tremor.evaluation.fold_tables import tables
from tremor.evaluation.folds import CrossValidation, collect
from tremor.evaluation.found_runs import find


def only(place: Path, **options: bool) -> CrossValidation:
    (made,) = collect([place], **options).made  # type: ignore[arg-type]
    return made


@pytest.mark.parametrize("several", [False, True])
def test_every_record_is_pooled_once(tmp_path: Path, several: bool) -> None:
    folds(tmp_path / "runs", several=several)
    made = only(tmp_path / "runs")
    records, _ = open_records(Windows(), str(tmp_path / "cache"))
    assert sorted(made.predictions["record_id"]) == sorted(records.table["record_id"])
    assert (made.folds, made.missing, made.unalarmed) == ((0, 1, 2, 3), (), "")
    assert made.verdict["split"] == "test of 4 folds"
    assert sum(it["records"] for it in made.tested) == len(records.table)
    assert {len(it["stations"]) for it in made.tested} == {2}


def test_scores_of_folds_and_pooled_are_those_of_scikit_learn(tmp_path: Path) -> None:
    folds(tmp_path / "runs", skill=0.6, several=True)
    made = only(tmp_path / "runs")
    for head in HEADS:
        whole = made.predictions
        each = [whole[whole["fold"] == fold] for fold in made.folds]
        for metric, score in (
            ("balanced_accuracy", balanced_accuracy_score),
            ("mcc", matthews_corrcoef),
            ("macro_f1", lambda a, b: f1_score(a, b, average="macro")),
        ):
            line = made.line(head, metric)
            known = [score(part[f"label_{head}"], part[f"predicted_{head}"]) for part in each]
            np.testing.assert_allclose(line.folds, known)
            assert line.mean == pytest.approx(np.mean(known))
            assert line.sd == pytest.approx(np.std(known, ddof=1))
            pooled = score(whole[f"label_{head}"], whole[f"predicted_{head}"])
            assert line.pooled["value"] == pytest.approx(pooled)
            assert line.pooled["lo"] < line.pooled["value"] < line.pooled["hi"]
        inside = whole[whole[f"label_{head}"] > 0]
        right = inside[f"label_{head}"] == inside[f"predicted_{head}"]
        assert made.line(head, "within_accuracy").pooled["value"] == pytest.approx(right.mean())
        by_fold = right.groupby(inside["fold"]).mean()
        np.testing.assert_allclose(made.line(head, "within_accuracy").folds, by_fold)
    both = np.logical_and.reduce(
        [whole[f"label_{head}"] == whole[f"predicted_{head}"] for head in HEADS]
    )
    assert made.line("", "joint_accuracy").pooled["value"] == pytest.approx(both.mean())


def test_a_fold_without_a_class_has_no_recall_of_it_and_is_no_nought(tmp_path: Path) -> None:
    place = folds(tmp_path / "runs")
    tested = place[2] / "evaluation" / "predictions.csv"
    said = pd.read_csv(tested)
    said[said["label"] != 0].to_csv(tested, index=False)
    made = only(tmp_path / "runs")
    (name, *_) = made.verdict["classes"]
    line = made.line("", f"recall/{name}")
    assert [value is None for value in line.folds] == [False, False, True, False]
    assert line.mean == pytest.approx(np.mean([line.folds[k] for k in (0, 1, 3)]))  # type: ignore[misc]


def test_alarms_learn_from_what_each_fold_trained_on(tmp_path: Path) -> None:
    place = folds(tmp_path / "runs", several=True)
    made = only(tmp_path / "runs")
    found = tables(made.runs, made.predictions, None)
    assert not isinstance(found, str)
    judged, train = found
    assert judged["record_id"].tolist() == made.predictions["record_id"].tolist()
    assert judged[FOLD].tolist() == made.predictions["fold"].tolist()
    assert np.allclose(judged["hours"], 6)
    records, _ = open_records(Windows(), str(tmp_path / "cache"))
    truth = labelled(records, True)[0].set_index("record_id")
    for column in ("label", "label_magnitude", "label_azimuth"):
        for table in (judged, train):
            assert (table[column].to_numpy() == truth.loc[table["record_id"], column]).all()
    for fold, folder in enumerate(place):
        split = pd.read_csv(folder / "split.csv").set_index("record_id")["split"]
        ours = set(train.loc[train[FOLD] == fold, "record_id"])
        assert ours == set(split.index[split == "train"])
        tested = judged.loc[judged[FOLD] == fold]
        assert set(tested["record_id"]) == set(split.index[split == "test"])
        assert set(tested["group"]).isdisjoint(train.loc[train[FOLD] == fold, "group"])


def test_a_station_that_tells_the_class_is_not_beaten_and_said_first(tmp_path: Path) -> None:
    folds(tmp_path / "a", skill=0.4, source=Windows(told=True))
    first = next(sentences(only(tmp_path / "a")))
    assert first.startswith("NOT better than the metadata")
    folds(tmp_path / "b", skill=0.97)
    said = list(sentences(only(tmp_path / "b")))
    assert said[0].startswith("The folds together are better than chance and than every leak alarm")
    assert "metadata" in said[0]
    assert said[-1].startswith("balanced accuracy of single folds 0.9")


def test_several_heads_say_which_is_better(tmp_path: Path) -> None:
    folds(tmp_path / "runs", several=True, skill=0.97)
    said = list(sentences(only(tmp_path / "runs")))
    starts = [f"{head} is better than chance and than every leak alarm tried" for head in HEADS]
    assert [line.partition(":")[0] for line in said[:2]] == starts


def test_chance_is_said_not_to_be_beaten(tmp_path: Path) -> None:
    folds(tmp_path / "runs", skill=0.0, several=True)
    made = only(tmp_path / "runs")
    for head in HEADS:
        whole = made.line(head, "balanced_accuracy").pooled
        assert whole["lo"] <= whole["chance"]
    assert next(sentences(made)).startswith("NOT")


def test_without_the_cache_alarms_are_said_to_be_lacking(tmp_path: Path) -> None:
    folds(tmp_path / "runs")
    (tmp_path / "cache").rename(tmp_path / "moved")
    made = only(tmp_path / "runs")
    assert next(sentences(made)).startswith("NOT held against its leak alarms: their records are")
    assert made.verdict["baselines"] == {}
    (again,) = collect([tmp_path / "runs"], cache_dir=tmp_path / "moved").made
    assert again.unalarmed == ""
    assert set(again.verdict["baselines"]) == {"majority", "level", "metadata"}


def test_seeds_and_configurations_are_apart(tmp_path: Path) -> None:
    for seed in (1, 2):
        for width in (8, 16):
            folds(tmp_path / f"{width}", seed=seed, model__width=width)
    shutil.rmtree(tmp_path / "cache")  # quicker without alarms
    made = collect([tmp_path / "8", tmp_path / "16"]).made
    assert [(one.name, one.seed, len(one.runs)) for one in made] == [
        *(("model.width=16", seed, 4) for seed in (1, 2)),
        *(("model.width=8", seed, 4) for seed in (1, 2)),
    ]


def test_missing_folds_are_refused_by_name_or_said(tmp_path: Path) -> None:
    place = folds(tmp_path / "runs")
    for fold in (1, 3):
        shutil.rmtree(place[fold])
    with pytest.raises(Refused, match="of 4 folds 2 are missing: 1, 3") as refused:
        only(tmp_path / "runs")
    assert "--allow-missing" in refused.value.remedy
    made = only(tmp_path / "runs", allow_missing=True)
    assert (made.folds, made.missing) == ((0, 2), (1, 3))
    assert next(sentences(made)).startswith("NOT whole: folds 1, 3 are missing")


def test_folds_that_share_records_are_refused(tmp_path: Path) -> None:
    place = folds(tmp_path / "runs")
    tested = place[1] / "evaluation" / "predictions.csv"
    others = pd.read_csv(place[0] / "evaluation" / "predictions.csv")
    pd.concat([pd.read_csv(tested), others.iloc[:3]]).to_csv(tested, index=False)
    with pytest.raises(Refused, match="folds 0, 1 overlap: 3 records"):
        only(tmp_path / "runs")


def test_a_fold_that_was_run_twice_on_other_records_is_refused(tmp_path: Path) -> None:
    place = folds(tmp_path / "runs")
    shutil.copytree(place[0], tmp_path / "runs" / "again")
    assert len(only(tmp_path / "runs").runs) == 4  # a mere repeat: the last one counts
    tested = tmp_path / "runs" / "again" / "evaluation" / "predictions.csv"
    pd.read_csv(tested).iloc[1:].to_csv(tested, index=False)
    with pytest.raises(Refused, match="fold 0 was run twice"):
        only(tmp_path / "runs")


def test_folds_of_other_data_are_refused(tmp_path: Path) -> None:
    place = folds(tmp_path / "runs")
    (place[2] / "provenance.json").write_text(json.dumps({"data_fingerprint": "other"}))
    with pytest.raises(Refused, match="read other data"):
        only(tmp_path / "runs")


def test_a_control_is_said_to_be_one(tmp_path: Path) -> None:
    folds(tmp_path / "runs", skill=0.0, dataset__shuffle_labels=True)
    made = only(tmp_path / "runs")
    assert made.name == "control dataset.shuffle_labels=true study"
    assert next(sentences(made)).startswith("CONTROL: labels were dealt anew")


def test_runs_that_are_no_folds_are_left_out_or_refused(tmp_path: Path) -> None:
    place = folds(tmp_path / "runs")
    alone = tmp_path / "alone"
    shutil.copytree(place[0], alone)
    config = (alone / "config.yaml").read_text().replace("fold: 0", "fold: null")
    (alone / "config.yaml").write_text(config)
    with pytest.raises(Refused, match="none of 1 finished runs is a fold"):
        collect([alone])
    found = collect([tmp_path / "runs", alone])
    assert [run.folder for run in found.without] == [alone]
    assert len(found.made) == 1


def test_runs_of_several_heads_are_compared_by_head(tmp_path: Path) -> None:
    for seed in (1, 2):
        for width, skill in ((8, 0.4), (16, 0.95)):
            keys = {"seed": seed, "n_folds": 2, "model__width": width}
            folds(tmp_path / f"{width}", several=True, skill=skill, **keys)  # type: ignore[arg-type]
    places = [tmp_path / "8", tmp_path / "16"]
    with pytest.raises(Refused, match=r"several questions \(magnitude, azimuth\)"):
        find(places)
    for head, classes in HEADS.items():
        made = compare(find(places, lambda run, of=head: run.of_head(of)), draws=100)  # type: ignore[misc]
        assert [c.name for c in made.configurations] == ["model.width=16", "model.width=8"]
        assert made.configurations[0].classes == tuple(classes)
        assert len(made.configurations[0].runs) == 4
    with pytest.raises(Refused, match="no head depth"):
        find(places, lambda run: run.of_head("depth"))
