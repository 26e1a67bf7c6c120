"""Everything follows from predictions.csv and validation.csv, of every kind of task."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from two_heads import HEADS, MAGNITUDES, predictions, world
from worlds_of_chance import said

from tremor.errors import Refused
from tremor.evaluation import multilabel, multitask
from tremor.evaluation.columns import with_fitted
from tremor.evaluation.judge import judge, judge_file
from tremor.evaluation.temperature import tempered

QUICK: dict[str, Any] = {"draws": 40, "permutations": 19}
CLASSES = ["0", "1", "2"]


def test_a_verdict_is_made_anew_from_its_files(tmp_path: Path) -> None:
    test, validation = said(1, 200, power=2.0), said(2, 150, power=2.0)
    found = judge(test, classes=CLASSES, validation=validation, **QUICK)
    told = with_fitted(test, found)
    told.to_csv(tmp_path / "predictions.csv", index=False)
    validation.to_csv(tmp_path / "validation.csv", index=False)
    assert judge_file(tmp_path / "predictions.csv", **QUICK) == json.loads(json.dumps(found))
    chances = test[["p_0", "p_1", "p_2"]].to_numpy()
    heat = found["calibration"]["temperature"]["value"]
    columns = [f"calibrated_{name}" for name in CLASSES]
    assert told[columns].to_numpy() == pytest.approx(tempered(chances, heat))
    sets = told["set"].str.split("|")
    held = [str(label) in its for label, its in zip(told["label"], sets, strict=True)]
    assert np.mean(held) == pytest.approx(found["sets"]["coverage"]["value"])
    assert sets.str.len().mean() == pytest.approx(found["sets"]["size"]["value"])


@pytest.mark.parametrize("method", ["aps", "lac_class"])
def test_the_method_and_the_coverage_are_a_choice(method: str) -> None:
    test, validation = said(1, 200), said(2, 150)
    kept = {"classes": CLASSES, "validation": validation, **QUICK}
    plain, other = judge(test, **kept), judge(test, sets=method, coverage=0.6, **kept)
    assert other["sets"]["method"] == method
    assert other["sets"]["size"]["value"] < plain["sets"]["size"]["value"]
    sets = with_fitted(test, other)["set"].str.split("|")
    assert sets.str.len().mean() == pytest.approx(other["sets"]["size"]["value"])


def test_without_validation_nothing_is_fitted_and_no_column_added() -> None:
    test = said(1, 100)
    found = judge(test, classes=CLASSES, **QUICK)
    assert "sets" not in found
    assert "temperature" not in found["calibration"]
    assert list(with_fitted(test, found)) == list(test)


@pytest.mark.parametrize("coverage", [0.3, 1.0])
def test_a_coverage_that_no_set_can_have_is_refused(coverage: float) -> None:
    with pytest.raises(Refused, match="coverage"):
        judge(said(1, 50), classes=CLASSES, coverage=coverage, **QUICK)


def test_heads_have_columns_of_their_own() -> None:
    test, validation = (predictions(world(60, seed=s), 1.0, seed=s) for s in (1, 2))
    found = multitask.judge(test, classes=MAGNITUDES, heads=HEADS, validation=validation, **QUICK)
    told = with_fitted(test, found)
    for head, classes in HEADS.items():
        milder = told[[f"calibrated_{head}_{name}" for name in classes]]
        assert milder.sum(axis=1).to_numpy() == pytest.approx(1)
        assert set(told[f"set_{head}"].str.split("|").explode()) <= set(classes)
        assert found["heads"][head]["sets"]["coverage"]["value"] > 0.7


def several(seed: int, records: int = 240) -> pd.DataFrame:
    """Two classes that a record may have at once, the second one hard to tell."""
    rng = np.random.default_rng(seed)
    table: dict[str, Any] = {
        "record_id": [f"s{seed}_{i}" for i in range(records)],
        "group": np.arange(records).astype(str),
    }
    for name, skill in {"AF": 3.0, "SB": 1.0}.items():
        has = (rng.random(records) < 0.4).astype(int)
        p = 1 / (1 + np.exp(-(skill * (2 * has - 1) + 1.5 * rng.standard_normal(records))))
        table |= {f"label_{name}": has, f"predicted_{name}": (p > 0.5).astype(int), f"p_{name}": p}
    return pd.DataFrame(table)


def test_classes_that_a_record_may_have_at_once_have_sets_of_possible_ones() -> None:
    test, validation = several(1), several(2)
    found = multilabel.judge(test, classes=["AF", "SB"], validation=validation, **QUICK)
    told = with_fitted(test, found)
    for name in ("AF", "SB"):
        has = told[f"label_{name}"] == 1
        inside = told["set"].str.split("|").map(lambda its, n=name: n in its)
        row = found["sets"]["per_class"][name]
        assert inside[has].mean() == pytest.approx(row["value"])
        assert inside[~has].mean() == pytest.approx(row["in_others"])
        assert row["expected"][0] <= row["value"] <= 1
        assert f"calibrated_{name}" in told
    easy, hard = (found["sets"]["per_class"][name]["in_others"] for name in ("AF", "SB"))
    assert easy < hard
    json.dumps(found, allow_nan=False)
