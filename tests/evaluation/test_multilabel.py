"""Several classes a record: what cannot be said by accident, and what is complete and stable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from several_classes import CLASSES, judged, other, predictions, verdict, world
from sklearn import metrics as sk

from tremor.errors import Refused
from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.chance import p_value
from tremor.evaluation.measured import Asked
from tremor.evaluation.multilabel import judge
from tremor.evaluation.multilabel_answers import Answers
from tremor.evaluation.multilabel_scores import Scores


def arrays(said: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    kinds = ([f"{kind}_{c}" for c in CLASSES] for kind in ("label", "predicted", "p"))
    y, called, p = (said[names].to_numpy() for names in kinds)
    return y, called, p


def test_scores_equal_scikit_learns() -> None:
    said = predictions(world())
    found = judged(said)
    y, called, p = arrays(said)
    expected = {
        "macro_auroc": sk.roc_auc_score(y, p, average="macro"),
        "macro_auprc": sk.average_precision_score(y, p, average="macro"),
        "macro_f1": sk.f1_score(y, called, average="macro"),
        "micro_f1": sk.f1_score(y, called, average="micro"),
        "exact_match": sk.accuracy_score(y, called),
    }
    assert list(found["metrics"]) == list(expected)
    for name, value in expected.items():
        assert found["metrics"][name]["value"] == pytest.approx(value, abs=1e-9), name
    for k, c in enumerate(CLASSES):
        row, mine = found["per_class"][c], (y[:, k], called[:, k])
        assert row["auroc"]["value"] == pytest.approx(sk.roc_auc_score(y[:, k], p[:, k]))
        assert row["auprc"]["chance"] == pytest.approx(y[:, k].mean())
        assert row["precision"]["value"] == pytest.approx(sk.precision_score(*mine))
        assert row["recall"]["value"] == pytest.approx(sk.recall_score(*mine))
        assert row["specificity"]["value"] == pytest.approx(sk.recall_score(*mine, pos_label=0))
        brier = row["calibration"]["brier"]["value"]
        assert brier == pytest.approx(sk.brier_score_loss(y[:, k], p[:, k]))


def test_unknown_labels_are_left_out_of_their_class_alone() -> None:
    said = predictions(world())
    said.loc[::3, "label_SNR"] = -1
    found, known = judged(said), said[said["label_SNR"] >= 0]
    snr, vpb = (found["per_class"][c] for c in ("SNR", "VPB"))
    area = sk.roc_auc_score(known["label_SNR"], known["p_SNR"])
    assert snr["auroc"]["value"] == pytest.approx(area)
    assert (snr["known"], vpb["known"]) == (len(known), len(said))
    whole = arrays(known)
    exact = sk.accuracy_score(whole[0], whole[1])
    assert found["metrics"]["exact_match"]["value"] == pytest.approx(exact)


def test_a_class_that_nobody_has_is_not_judged_and_said_so() -> None:
    table = world().assign(label_VPB=0)
    found = judged(predictions(table), table)
    empty = found["per_class"]["VPB"]
    assert empty["auroc"] == {"value": None, "lo": None, "hi": None, "chance": 0.5, "p": None}
    assert not {"curve", "calibration"} & empty.keys()
    y, _, p = arrays(predictions(table))
    area = sk.roc_auc_score(y[:, :2], p[:, :2], average="macro")
    assert found["metrics"]["macro_auroc"]["value"] == pytest.approx(area)
    assert found["metrics"]["macro_auroc"]["lo"] is not None
    assert "NOT judged, for all records have it, or none: VPB." in found["verdict"]
    json.dumps(found, allow_nan=False)
    unknown = predictions(table).assign(label_VPB=-1)
    found = judged(unknown)
    assert found["per_class"]["VPB"]["known"] == 0
    json.dumps(found, allow_nan=False)


def test_a_class_of_few_patients_has_no_interval_and_is_said_so() -> None:
    table = world()
    rare = table["group"].isin(sorted(table["group"].unique())[:3])
    found = judged(predictions(table.assign(label_VPB=rare.astype(int))))
    row = found["per_class"]["VPB"]
    assert (row["groups"], row["fewest"]) == (3, 3)
    assert all(row[name]["lo"] is None for name in ("auroc", "auprc", "f1", "specificity"))
    assert found["metrics"]["macro_auroc"]["lo"] is not None
    said = "Fewer than 5 patients with, or without: VPB (3); no interval for these."
    assert said in found["verdict"]
    alone = table["group"] == "p000"
    found = judged(predictions(table.assign(label_VPB=alone.astype(int))))
    assert found["metrics"]["macro_auroc"]["lo"] is None
    assert any("nor for the mean over classes" in said for said in found["verdict"])


def test_few_patients_are_listed() -> None:
    found = verdict(patients=6)
    assert found["verdict"][0].startswith("Fewer than 10 patients")
    assert len(found["group_list"]) == 6
    assert all(score["lo"] is None for score in found["metrics"].values())
    json.dumps(found, allow_nan=False)


def test_a_good_model_has_no_worry() -> None:
    table = world(patients=200)
    found = judged(predictions(table, skill=3.5), table, train_table=other(world(seed=4)))
    assert not [s for s in found["verdict"] if "NOT" in s or "off by" in s]
    assert "It beats what is reached by: constant, level, metadata." in found["verdict"]
    assert found["verdict"][-1].startswith("n = 400 records of 200 patients (test); ")
    assert found["interval"]["undefined_draws"] == 0


def test_without_skill_everything_is_at_chance() -> None:
    table = world()
    found = judged(predictions(table, skill=0.0), table, train_table=other(world(seed=4)))
    first = "NOT above chance: the interval of the macro AUROC contains chance level."
    assert found["verdict"][0] == first
    main = found["metrics"]["macro_auroc"]
    assert main["lo"] <= main["chance"] <= main["hi"]
    assert any("NOT better than that of calling every class" in s for s in found["verdict"])


@pytest.mark.parametrize("where", ["source_rate", "level_I"])
def test_a_planted_confounder_raises_the_alarm(where: str) -> None:
    """One hospital has all that is AF: its rate, or its gain, tells the class."""
    table, train = (
        (it := world(seed=seed)).assign(**{where: np.where(it["label_AF"] == 1, 3.0, 1.0)})
        for seed in (0, 4)
    )
    found = judged(predictions(table), table, train_table=other(train))
    name = "level" if where == "level_I" else "metadata"
    its = found["baselines"][name]["per_class"]["AF"]
    assert its["auroc"] > 0.99
    assert its["lead"]["hi"] < 0
    (said,) = [s for s in found["verdict"] if s.startswith(f"NOT clearly better than the {name}")]
    assert "for: AF (" in said
    table = table.assign(label_SNR=table["label_AF"], label_VPB=table["label_AF"])
    whole = judged(predictions(table), table)["verdict"][0]
    assert whole.startswith(f"NOT better than the {name}: macro AUROC")


def test_the_hospital_is_told_by_the_names_of_records() -> None:
    """As in collections: one hospital has most that is AF, and its records are called A."""
    table, train = (
        (it := world(seed=seed)).assign(
            record_id=np.where(it["label_AF"] == 1, "A", "HR") + it["record_id"].str[1:]
        )
        for seed in (0, 4)
    )
    train["record_id"] = "somewhere/g1/" + train["record_id"]  # in folders, where names come twice
    found = judged(predictions(table), table, train_table=train)["baselines"]["metadata"]
    assert found["columns"] == ["collection"]
    assert found["per_class"]["AF"]["auroc"] == 1.0
    assert "letters" in found["sees"]
    known = judged(
        predictions(table), table.assign(hospital=1), train_table=train.assign(hospital=1)
    )
    assert "collection" not in known["baselines"]["metadata"]["each_column"]


def test_where_no_record_trained_alarms_learn_from_other_patients() -> None:
    """As with a network from elsewhere: the confounder is found among the judged records."""
    table = world().assign(source_rate=lambda it: 250.0 + it["label_AF"])
    found = judged(predictions(table), table, train_table=None)
    its = found["baselines"]["metadata"]["per_class"]
    assert its["AF"]["auroc"] > 0.99
    assert abs(its["VPB"]["auroc"] - 0.5) < 0.2  # a patient's own records do not tell
    assert any("learned each class from the other patients" in said for said in found["verdict"])
    alone = table[table["group"] == "p000"]
    few = judged(predictions(alone), alone, train_table=None)["baselines"]
    assert few["metadata"] == {"unavailable": "the source tells nothing that differs by record"}


def test_classes_without_two_sides_are_told_and_nothing_else() -> None:
    table = world().assign(**{f"label_{c}": 1 for c in CLASSES}, label=0)
    found = judged(predictions(table), table, train_table=other(world(seed=4)))
    assert found["verdict"][0].startswith("NOT judged, for all records have them, or none: AF")
    assert len(found["verdict"]) == 3
    json.dumps(found, allow_nan=False)


def test_p_is_uniform_where_there_is_no_skill() -> None:
    ps = []
    for seed in range(150):
        answers = Answers.of(predictions(world(40, seed=seed), 0.0, seed), CLASSES)
        scores = Scores(answers, Asked(1, 39, 0.95, seed))
        ps.append(p_value(float(scores.macro["macro_auroc"][0]), scores.null["macro_auroc"]))
    even = np.array(ps) - np.random.default_rng(0).uniform(0, 1 / 40, len(ps))
    assert stats.kstest(even, "uniform").pvalue > 0.01


def test_permuted_rows_stay_whole_and_of_their_patient() -> None:
    answers = Answers.of(predictions(world(30)), CLASSES)
    asked = Asked(1, 5, 0.95, 0)
    rows = answers.coded[2][asked.permuted(answers.rows_of_labels)]
    assert rows.shape == (5, 60, 3)
    for made in rows:
        assert (made[::2] == made[1::2]).all()
        assert sorted(map(tuple, made)) == sorted(map(tuple, answers.labels))


def test_every_interval_comes_from_the_same_draws() -> None:
    answers = Answers.of(predictions(world()), CLASSES)
    scores = Scores(answers, Asked(50, 1, 0.95, 0))
    for scorer in scores.of_class:
        assert (
            np.shares_memory(scorer.counts, scores.shared.counts)
            or (scorer.counts == scores.shared.counts).all()
        )
    one: Judged = scores.of_class[0].judged
    weights = scores.shared.counts[:, one.rows][7]
    area = sk.roc_auc_score(one.labels, one.chances[:, 1], sample_weight=weights)
    assert scores.areas["auroc"][1][7, 0] == pytest.approx(area)


def test_records_of_one_patient_are_no_more_evidence() -> None:
    said = predictions(world(each=1))
    twice = pd.concat([said, said.assign(record_id="x" + said["record_id"])])
    one, two = (judged(table)["metrics"]["macro_auroc"] for table in (said, twice))
    assert {k: two[k] for k in ("value", "lo", "hi")} == pytest.approx(
        {k: one[k] for k in ("value", "lo", "hi")}
    )


def test_the_order_of_records_and_classes_does_not_matter() -> None:
    table = world()
    said = predictions(table)
    one = judged(said, table)
    mixed = judged(said.sample(frac=1, random_state=0), table)
    for name, score in one["metrics"].items():
        assert mixed["metrics"][name]["value"] == pytest.approx(score["value"])
        assert mixed["metrics"][name]["hi"] == pytest.approx(score["hi"])
    turned = judge(said, classes=CLASSES[::-1], draws=20, permutations=9)
    assert turned["metrics"]["macro_auroc"]["value"] == pytest.approx(
        one["metrics"]["macro_auroc"]["value"]
    )
    assert judged(said, table) == one


def test_the_challenge_is_there_where_it_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "weights.csv"
    pd.DataFrame(np.eye(3), CLASSES, CLASSES).to_csv(path)
    said = predictions(world())
    codes: Any = {"AF": [164889003], "SNR": [426783006], "VPB": [17338001]}
    found = judged(said, codes=codes, challenge_weights=str(path))
    score = found["metrics"]["challenge"]
    assert 0 < score["lo"] < score["value"] < score["hi"] < 1
    assert any(s.startswith("Challenge score") for s in found["verdict"])
    right = said.assign(**{f"predicted_{c}": said[f"label_{c}"] for c in CLASSES})
    best = judged(right, codes=codes, challenge_weights=str(path))["metrics"]["challenge"]
    assert best["value"] == 1.0
    assert "challenge" not in judged(said)["metrics"]


def test_slices_are_of_what_is_known() -> None:
    table = world()
    said = predictions(table)
    found = judged(said, table)["slices"]
    assert [it["name"] for it in found["sex"]] == ["female", "male"]
    women = (table["sex"] == "female").to_numpy()
    y, _, p = (part[women] for part in arrays(said))
    assert found["sex"][0]["macro_auroc"]["value"] == pytest.approx(sk.roc_auc_score(y, p))
    assert sum(it["groups"] for it in found["age"]) == 120
    untold = judged(said, table.assign(sex="", age=np.nan))
    assert "slices" not in untold
    assert untold["baselines"]["metadata"]["columns"] == ["source_rate"]


def test_probabilities_that_are_too_high_are_said_to_be() -> None:
    said = predictions(world(patients=400))
    high = said.assign(p_AF=0.3 + 0.7 * said["p_AF"])
    (worry,) = [s for s in judged(high)["verdict"] if s.startswith("Probabilities are off")]
    assert "AF by 0.2" in worry
    assert "(too high by 0.2" in worry
    assert "SNR" not in worry


def test_a_control_says_so_first() -> None:
    table = world().assign(shuffled=True)
    dead, alive = (judged(predictions(table, skill), table)["verdict"][0] for skill in (0.0, 3.0))
    assert dead.endswith("At chance: macro AUROC.")
    assert alive.endswith("NOT at chance: macro AUROC.")


def test_what_is_no_answer_is_refused() -> None:
    said = predictions(world())
    with pytest.raises(Refused, match="have no p_VPB"):
        judged(said.drop(columns="p_VPB"))
    with pytest.raises(Refused, match="1, 0 or -1"):
        judged(said.assign(label_AF=2))
    with pytest.raises(Refused, match="no record of this part"):
        judged(said.assign(**{f"label_{c}": -1 for c in CLASSES}))


def test_everything_follows_from_predictions_csv(tmp_path: Path) -> None:
    said = predictions(world())
    said.to_csv(tmp_path / "p.csv", index=False)
    types: Any = {"record_id": str, "group": str}
    again = pd.read_csv(tmp_path / "p.csv", dtype=types, float_precision="round_trip")
    assert judged(again) == judged(said)
