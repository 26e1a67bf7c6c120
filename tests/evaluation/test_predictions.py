"""Tables of predictions: what was written is read, what cannot be is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import several_classes
import two_heads
from evaluation.test_compare import answers, fabricate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from table_texts import DRESSES, ODD_NAMES, Dress, plain

from tremor.errors import Refused
from tremor.evaluation import multitask
from tremor.evaluation.judge import judge_file
from tremor.evaluation.predictions import read_predictions
from tremor.evaluation.runs import Run

IN_A_FOLDER = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
HEADER = ["record_id", "group", "label", "predicted", "p_a", "p_b"]
CHANCE = st.floats(0, 1)
ROW = st.tuples(ODD_NAMES, st.sampled_from("01"), st.sampled_from("01"), CHANCE, CHANCE)
TABLES = st.dictionaries(ODD_NAMES, ROW, min_size=1, max_size=6)
SOUND = [["r1", "NA", "0", "1", "0.25", "0.75"], ["r2", "g", "1", "1", "0.5", "0.5"]]


def put(folder: Path, content: bytes) -> Path:
    path = folder / "predictions.csv"
    path.write_bytes(content)
    return path


@given(said=TABLES, dress=DRESSES, turned=st.permutations(range(6)))
@IN_A_FOLDER
def test_what_is_written_is_read(
    tmp_path: Path, said: dict[str, Any], dress: Dress, turned: list[int]
) -> None:
    rows = [[name, g, y, p, plain(a), plain(b)] for name, (g, y, p, a, b) in said.items()]
    cells = [[row[k] for k in turned] for row in rows]
    table = read_predictions(put(tmp_path, dress.text([HEADER[k] for k in turned], cells)))
    assert table["record_id"].tolist() == [*said]
    assert table["group"].tolist() == [row[1] for row in rows]
    for place, name in enumerate(("label", "predicted"), 2):
        assert table[name].tolist() == [int(row[place]) for row in rows]
    assert table[["p_a", "p_b"]].to_numpy().tolist() == [[a, b] for *_, a, b in said.values()]


@given(
    row=st.integers(0, 1),
    column=st.integers(0, 5),
    cell=st.sampled_from(["", "x", "-1", "2", "nan", "inf", "1e400", "0,5", "9" * 30, "0x1", "½"]),
)
@IN_A_FOLDER
def test_one_broken_cell_is_refused_by_file_column_and_record(
    tmp_path: Path, row: int, column: int, cell: str
) -> None:
    if column < 2 and cell not in ("", "0,5"):
        return  # a name may be anything
    rows = [list(cells) for cells in SOUND]
    rows[row][column] = cell
    path = put(tmp_path, Dress().text(HEADER, rows))
    with pytest.raises(Refused) as told:
        read_predictions(path)
    assert told.value.where == str(path)
    assert told.value.remedy
    if column > 1 and cell != "0,5":
        assert f"{HEADER[column]} that is no" in told.value.problem
        assert f"(record {rows[row][0]})" in told.value.problem


@pytest.mark.parametrize("name", HEADER)
def test_a_column_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    at = HEADER.index(name)
    rows = [[*cells[:at], *cells[at + 1 :]] for cells in SOUND]
    path = put(tmp_path, Dress().text([n for n in HEADER if n != name], rows))
    with pytest.raises(Refused, match=f"no column {name}|no class {name[2:]}"):
        read_predictions(path, ["a", "b"])


def test_whole_numbers_may_be_written_with_a_point(tmp_path: Path) -> None:
    rows = [["r1", "g", "1.0", "0.0", "0.5", "0.5"], ["r2", "h", "0.0", "1.0", "0.5", "0.5"]]
    path = put(tmp_path, Dress().text(HEADER, rows))
    assert judge_file(path, draws=20, permutations=19)["confusion"] == [[0, 1], [1, 0]]


def test_answers_to_several_questions_are_not_judged_as_one(tmp_path: Path) -> None:
    heads = two_heads.predictions(two_heads.world(8))
    several = several_classes.predictions(several_classes.world(8))
    for said, names in ((heads, "magnitude, azimuth"), (several, "AF, SNR, VPB")):
        path = put(tmp_path, said.to_csv(index=False).encode())
        with pytest.raises(Refused, match=f"several questions: {names}"):
            judge_file(path)


def of_heads(folder: Path) -> Path:
    """A finished run of two heads."""
    table = two_heads.world(12)
    said = two_heads.predictions(table)
    asked: dict[str, Any] = {"classes": two_heads.MAGNITUDES, "heads": two_heads.HEADS}
    return _run(folder, said, multitask.judge(said, **asked, draws=20, permutations=19))


def of_several(folder: Path) -> Path:
    """A finished run of several classes a record."""
    said = several_classes.predictions(several_classes.world(12))
    return _run(folder, said, several_classes.judged(said, draws=20, permutations=19))


def _run(folder: Path, said: pd.DataFrame, verdict: dict[str, Any]) -> Path:
    fabricate(folder, answers(0.8, events=4))
    said.to_csv(folder / "evaluation" / "predictions.csv", index=False)
    (folder / "evaluation" / "metrics.json").write_text(json.dumps(verdict))
    return folder


@pytest.mark.parametrize(
    ("make", "column", "said"),
    [
        (of_heads, "label_azimuth", 9),
        (of_heads, "label_magnitude", "x"),
        (of_heads, "predicted_azimuth", -1),
        (of_heads, "p_magnitude_Large", 1.5),
        (of_heads, "p_azimuth_NE", np.nan),
        (of_several, "label_AF", 2),
        (of_several, "predicted_VPB", -1),
        (of_several, "p_SNR", "much"),
    ],
)
def test_a_broken_answer_to_one_of_several_questions_is_refused(
    tmp_path: Path, make: Any, column: str, said: Any
) -> None:
    run = make(tmp_path / "run")
    assert len(Run.read(run).predictions) == 24
    path = run / "evaluation" / "predictions.csv"
    table = pd.read_csv(path).astype({column: object})
    for changed in (
        table.drop(columns=column),
        table.assign(
            **{
                column: table[column].where(
                    table["record_id"] != "r1"
                    if make is of_heads
                    else table["record_id"] != "r0001",
                    said,
                )
            }
        ),
    ):
        changed.to_csv(path, index=False)
        with pytest.raises(Refused, match=column) as told:
            Run.read(run)
        assert told.value.where == str(path)


@pytest.mark.parametrize("said", [1, "x", {"value": 0.5, "chance": "x"}, {"value": [0.5]}, None])
def test_a_score_that_is_none_is_refused(tmp_path: Path, said: Any) -> None:
    run = of_heads(tmp_path / "run")
    path = run / "evaluation" / "metrics.json"
    verdict = json.loads(path.read_text())
    verdict["heads"]["azimuth"]["metrics"]["balanced_accuracy"] = said
    path.write_text(json.dumps(verdict))
    with pytest.raises(Refused, match="cannot be read") as told:
        Run.read(run)
    assert told.value.where == str(path)
