"""Classes by codes: aliases, none, unknown; what a split, a control and a batch make of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import Chords

from tremor.data.audit import audit
from tremor.data.cache import open_records
from tremor.data.controls import dealt_anew
from tremor.data.labels import NONE, Labelled
from tremor.data.module import DataModule
from tremor.data.multilabel import by_code, lacking, meant_too, refuse_untaught
from tremor.data.splits import kfold, leave_event_out, stratified
from tremor.errors import Refused

WANTED: dict[str, list[int | str]] = {"low": [11, "12"], "high": [21]}
SPLIT: dict[str, Any] = {"train_frac": None, "val_ratio": 0.2, "test_ratio": 0.2, "fold": None}
SPLIT |= {"n_folds": 5, "purge_hours": 0.0, "seed": 0}


def told(*codes: Any) -> Labelled:
    """Records of these codes, one patient each."""
    names = [f"r{i}" for i in range(len(codes))]
    table = pd.DataFrame({"record_id": names, "group": names, "label": 0, "dx": codes})
    return by_code(table.assign(signal_hash=names), ["x"], WANTED)


def test_a_record_has_a_class_by_any_of_its_codes() -> None:
    made = told("11", "12|99", "21|11|7", "99", "", "112", "21")
    assert made.table["label_low"].tolist() == [1, 1, 1, 0, -1, 0, 0]
    assert made.table["label_high"].tolist() == [0, 0, 1, 0, -1, 0, 1]
    assert made.table["label"].tolist() == [0, 0, 0, 2, -1, 2, 1]  # of two the first
    assert (made.classes, made.multi, made.heads) == (("low", "high"), True, {})
    assert made.columns == ("label_low", "label_high")
    assert made.strata == ("low", "high", NONE)


def test_numbers_and_gaps_in_a_table_are_codes_and_none() -> None:
    assert told(11, 21, 99).table["label"].tolist() == [0, 1, 2]
    assert told("11", None, "21").table["label"].tolist() == [0, -1, 1]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({}, "no class at all"),
        ({"low": [11], "high": [21, 11]}, "the code 11 is of low and of high"),
        ({"low": [11], "high": []}, "high has no code"),
        ({"low": [11], "true": [21]}, "cannot be called true"),
        ({"low": [1], "high": [2]}, r"no record has low or high; .* are 11 \(2\), 21 \(1\)"),
    ],
)
def test_classes_that_cannot_be_are_refused(wanted: dict[str, list[int | str]], said: str) -> None:
    table = pd.DataFrame({"dx": ["11|21", "11"]})
    with pytest.raises(Refused, match=said):
        by_code(table, [], wanted)


def test_records_without_codes_are_refused() -> None:
    with pytest.raises(Refused, match="tell no codes"):
        by_code(pd.DataFrame({"label": [0]}), ["x"], WANTED)


def test_a_class_without_a_training_record_is_refused_with_what_to_leave_out() -> None:
    made = told("11", "21", "99")
    parts = pd.Series(["train", "test", "val"])
    assert list(lacking(made, parts, "train")) == ["high"]
    assert list(lacking(made, parts, "val")) == ["low", "high"]
    with pytest.raises(Refused, match="no training record has high") as refused:
        refuse_untaught(made, parts)
    assert "'~dataset.classes.high' dataset.num_classes=1" in refused.value.remedy


def test_the_rarest_class_of_a_patient_is_what_a_split_shares_out() -> None:
    """Every record has `low`; of the twenty patients six have `high` too, in their first record."""
    codes = [c for i in range(20) for c in ("11|21" if i < 6 else "11", "11")]
    names = [f"r{i}" for i in range(40)]
    table = pd.DataFrame({"record_id": names, "group": [f"p{i // 2:02}" for i in range(40)]})
    made = by_code(table.assign(dx=codes), [], WANTED)
    assert set(made.table["label"]) == {0}
    assert made.table["stratum"].tolist() == [1] * 12 + [0] * 28
    for seed in range(5):
        parts = stratified(made.table, **SPLIT | {"seed": seed, "test_ratio": 0.3})
        high = made.table["label_high"] == 1
        assert parts[high].value_counts().to_dict() == {"train": 3, "test": 2, "val": 1}
    dealt = dealt_anew(made, 1).table
    assert (dealt.groupby("group")["stratum"].nunique() == 1).all()
    assert ((dealt["stratum"] == 1) == dealt.groupby("group")["label_high"].transform("max")).all()


@pytest.mark.parametrize("split", [kfold, leave_event_out])
def test_a_stratum_of_few_patients_does_not_keep_folds_from_being_made(split: Any) -> None:
    """One patient has no class, three have `high`: every patient tests once nevertheless."""
    table = told(*["11"] * 30, *["21"] * 3, "99").table
    tested = [split(table, **SPLIT | {"fold": fold}) == "test" for fold in range(5)]
    assert (sum(part.astype(int) for part in tested) == 1).all()


@settings(max_examples=40)
@given(st.lists(st.sampled_from(["11", "12|21", "21", "99", ""]), min_size=3, max_size=40))
def test_whole_rows_of_labels_are_dealt_anew(codes: list[str]) -> None:
    if not {*codes} & {"11", "12|21", "21"}:
        codes = [*codes, "21"]
    true = told(*codes)
    dealt = dealt_anew(true, 3)
    columns = ["label", *true.columns]
    before, after = (of.table[columns].value_counts().to_dict() for of in (true, dealt))
    assert before == after
    assert dealt.multi
    assert (dealt.table["label"] < 0).equals(true.table["label"] < 0)


def test_the_balance_counts_each_class_and_none() -> None:
    made = told("11", "12|21", "99", "21", "12", "")
    parts = pd.Series(["train", "train", "train", "val", "test", "unused"])
    rows = audit(made.table, parts, made.classes, multi=True)["balance"]
    found = {(row["split"], row["class"]): row["records"] for row in rows}
    assert [found["train", name] for name in made.strata] == [2, 1, 1]
    assert [found["val", name] for name in made.strata] == [0, 1, 0]
    assert [found["test", name] for name in made.strata] == [1, 0, 0]


def test_batches_have_a_column_for_each_class(tmp_path: Path) -> None:
    records, _ = open_records(Chords(), str(tmp_path))
    assert set(records.table["dx"]) == {"11", "12", "21", "11|21", "12|21", "99", ""}
    made = by_code(records.table, records.classes, WANTED)
    records.table[list(made.table)] = made.table
    used = made.table[made.table["label"] >= 0]
    parts = stratified(used, **SPLIT).reindex(made.table.index, fill_value="unused")
    module = DataModule(records, parts, columns=made.columns)
    batch = next(iter(module.loader("all")))
    assert batch.y.shape == (32, 2)
    assert torch.equal(batch.y.unique(), torch.tensor([0, 1]))
    assert made.table.groupby("group")["label"].nunique().eq(1).all()


def test_a_code_that_means_a_class_and_is_not_asked_is_said() -> None:
    table = pd.DataFrame({"dx": ["713427006", "59118001|164889003", "713427006|59118001", ""]})
    (said,) = meant_too(table, {"RBBB": [59118001], "AF": [164889003]})
    assert said.startswith("2 records have 713427006, which means RBBB too")
    assert not list(meant_too(table, {"RBBB": [59118001, 713427006]}))
    assert not list(meant_too(table, {"RBBB": [59118001], "CRBBB": [713427006]}))
