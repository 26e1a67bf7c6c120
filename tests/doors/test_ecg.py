"""Several classes at once as users meet them: trained, judged, gone on with, explained, refused."""

from __future__ import annotations

import json
import re
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from opened import TONES, Door, only_run
from sklearn.metrics import f1_score

from tremor.explain.explanations import Explanations

SEVERAL = ["task=multilabel", "evaluation=multilabel", "trainer.accelerator=cpu"]
QUICK = ["evaluation.draws=50", "evaluation.permutations=20", "trainer.max_epochs=2"]
HEART = [
    *("dataset=synthetic_ecg", "dataset.patients=24", "dataset.sampling_rate=100"),
    *("dataset.maxlen=200", "dataset.records.world.duration=2", "report.fan.points=20"),
    *(f"~dataset.classes.{name}" for name in ("SNR", "IAVB", "RBBB")),  # panels take seconds
    *("dataset.num_classes=2", *SEVERAL, *QUICK),
]
CLASSES = ["AF", "LBBB"]
CHORDS = [
    *(word.replace("Tones", "Chords") for word in TONES),
    *SEVERAL,
    "dataset.classes={low:[11,12],high:[21]}",
    "dataset.labels._target_=tremor.data.multilabel.by_code",
    "+dataset.labels.wanted=${dataset.classes}",
    "optimizer.lr=0.01",
]


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def thresholds(path: Path) -> list[float]:
    content = torch.load(path, weights_only=True, map_location="cpu")
    return content["state_dict"]["thresholds"].tolist()  # type: ignore[no-any-return]


def test_a_heart_is_learned_judged_and_gone_on_with(door: Door, tmp_path: Path) -> None:
    outcome = door("simple_train.py", *HEART)
    assert outcome.code == 0, outcome.err
    run = only_run(tmp_path / "outputs")
    said = pd.read_csv(run / "evaluation" / "predictions.csv")
    kinds = ("label", "predicted", "p", "calibrated")
    each = [[f"{kind}_{c}" for c in CLASSES] for kind in kinds]
    assert list(said)[:3] == ["record_id", "group", "label"]
    assert {*chain(*each)} < {*said}
    chances, labels = said[each[2]].to_numpy(), said[each[0]].to_numpy()
    kept = thresholds(run / "checkpoints" / "best.ckpt")
    assert np.array_equal(said[each[1]], chances >= kept)
    first = np.where(labels.any(1), labels.argmax(1), len(CLASSES))
    assert np.array_equal(said["label"], first)
    verdict = read(run / "evaluation" / "metrics.json")
    assert verdict["thresholds"] == dict(zip(CLASSES, kept, strict=True))
    assert {"val/loss", "val/macro_auroc", "val/macro_f1"} <= set(pd.read_csv(run / "metrics.csv"))
    split = pd.read_csv(run / "split.csv")
    assert split.groupby("group")["split"].nunique().max() == 1
    assert set(each[0]) <= set(split)

    again = door("evaluate.py", f"checkpoint={run}", "split=val")
    assert again.code == 0, again.err
    assert read(run / "evaluation" / "val" / "metrics.json")["classes"] == CLASSES
    on = door("simple_train.py", f"resume={run}", "trainer.max_epochs=3")
    assert on.code == 0, on.err
    assert pd.read_csv(run / "metrics.csv")["epoch"].max() == 2


def test_one_class_is_explained_by_its_name(door: Door, tmp_path: Path) -> None:
    outcome = door("simple_train.py", *CHORDS)
    assert outcome.code == 0, outcome.err
    of = r"\d+ of \d+ patients"
    assert re.search(f"train +low {of}, high {of}, none of these {of}", outcome.out)
    assert "unknown  4 records without any code: in no part" in outcome.out
    run = only_run(tmp_path / "outputs")
    assert f"explain.py checkpoint={run.relative_to(tmp_path)} target=low" in outcome.out
    _refuse_no_single_class(door, run)
    asked = [f"checkpoint={run}", "explainer=integrated_gradients", "audit=false"]
    outcome = door("explain.py", *asked, "target=high", "max_per_class=2", "figures=false")
    assert outcome.code == 0, outcome.err
    assert "not high 2, high 2" in outcome.out
    (place,) = (run / "explanations").glob("*/explanation.h5")
    table = pd.read_csv(place.with_name("records.csv"), dtype={"record_id": str})
    said = pd.read_csv(run / "evaluation" / "predictions.csv").set_index("record_id")
    own = said.loc[table["record_id"]]
    assert table["label"].tolist() == own["label_high"].tolist()
    assert table["predicted"].tolist() == own["predicted_high"].tolist()
    logit = np.log(own["p_high"] / (1 - own["p_high"]))
    assert table["output"].to_numpy() == pytest.approx(logit.to_numpy(), abs=1e-4)
    assert Explanations.open(place).classes == ("not high", "high")


def _refuse_no_single_class(door: Door, run: Path) -> None:
    for target in ("predicted", "true", "contrast(low,high)"):
        outcome = door("explain.py", f"checkpoint={run}", f"target={target}")
        assert outcome.code == 2
        assert "target=low or target=high" in outcome.err


def test_shuffled_labels_are_a_control_and_averaged_weights_have_thresholds(
    door: Door, tmp_path: Path
) -> None:
    more = ["dataset.shuffle_labels=true", "callbacks=ema", "task.positive_weights=balanced"]
    outcome = door("simple_train.py", *CHORDS, *more, "task.focal_gamma=2.0")
    assert outcome.code == 0, outcome.err
    run = only_run(tmp_path / "outputs")
    assert read(run / "evaluation" / "metrics.json")["control"] == "shuffled labels"
    assert door("evaluate.py", f"checkpoint={run}", "split=val").code == 0
    said = pd.read_csv(run / "evaluation" / "val" / "predictions.csv")
    each = zip(("low", "high"), thresholds(run / "checkpoints" / "best.ckpt"), strict=True)
    for name, kept in each:  # at the epoch that was kept no cut is better
        p, has = said[f"p_{name}"].to_numpy(), said[f"label_{name}"].to_numpy() == 1
        reached, *others = (f1_score(has, p >= cut) for cut in (kept, *p))
        assert reached == pytest.approx(max(others))


def test_a_class_that_no_record_has_is_refused_for_training(door: Door) -> None:
    typed = [word.replace("high:[21]", "high:[21],odd:[7]") for word in CHORDS]
    outcome = door("simple_train.py", *typed, "dataset.num_classes=3")
    assert outcome.code == 2
    assert "no training record has odd" in outcome.err
    assert "'~dataset.classes.odd' dataset.num_classes=2" in outcome.err


def test_a_count_of_classes_that_is_another_one_is_refused(door: Door) -> None:
    outcome = door("simple_train.py", *CHORDS, "dataset.num_classes=5")
    assert outcome.code == 2
    assert "dataset.classes names 2 (low, high)" in outcome.err
