"""Checklist, methods and mistakes: what is known is filled in, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from judged_heads import verdict as of_heads
from worlds_of_chance import said

from tremor.evaluation.judge import judge
from tremor.report.checklist import checklist, markdown
from tremor.report.known import Known
from tremor.report.methods import paragraph
from tremor.report.mistakes import mistakes, write_mistakes
from tremor.report.papers import write_papers

CONFIG = {
    "seed": 3,
    "dataset": {
        "records": {"_target_": "tremor.data.sources.waveform_pickle.WaveformPickle"},
        "split": {"_target_": "tremor.data.splits.forward_in_time"},
    },
    "encoder": {"_target_": "tremor.network.encoders.raw.Raw", "pretrained": None},
    "model": {"_target_": "tremor.network.models.lstm.LSTM", "pretrained": "outputs/before"},
    "decoder": {"_target_": "tremor.network.decoders.pooled.PooledLinear"},
    "optimizer": {"_target_": "torch.optim.AdamW", "lr": 0.001},
    "trainer": {"max_epochs": 8},
    "train": {"monitor": "val/loss", "mode": "min"},
}
BALANCE = [{"split": "test", "class": "a", "records": 2000, "groups": 7}]
AUDIT = {"checks": [{"check": "no event on two sides", "passed": False}], "balance": BALANCE}


@pytest.fixture(scope="module")
def verdict() -> dict[str, Any]:
    test, validation = said(1, 120, power=2.0), said(2, 100, power=2.0)
    return judge(test, classes=["0", "1", "2"], validation=validation, draws=40, permutations=19)


def test_nothing_is_pretended_of_a_run_that_tells_nothing() -> None:
    items = checklist(Known({}, {}, {}, {}))
    assert not any(item.known for item in items)
    assert markdown(items).count("**not reported**") == len(items) > 30
    assert paragraph(Known({}, {}, {}, {})) == ""


def test_what_a_run_knows_is_filled_in(verdict: dict[str, Any]) -> None:
    items = {i.asked: i for i in checklist(Known(CONFIG, {"seed": 3}, AUDIT, verdict))}
    assert items["Whether test data leak into training"].answer == "no event on two sides: BROKEN"
    assert items["Where its weights begin"].answer == "model from outputs/before"
    assert not items["Whether pretraining has seen test records"].known
    assert not items["Limits of the study"].known
    ece = verdict["calibration"]["ece"]["value"]
    assert f"ECE {ece:.3f}" in items["Whether probabilities mean what they say"].answer


def test_the_paragraph_has_the_numbers_of_the_verdict(verdict: dict[str, Any]) -> None:
    text = paragraph(Known(CONFIG, {"seed": 3, "versions": {"tremor": "1"}}, AUDIT, verdict))
    sets, heat = verdict["sets"], verdict["calibration"]["temperature"]
    for value in (sets["coverage"]["value"], sets["size"]["value"], heat["value"]):
        assert f"{value:.3f}" in text
    assert f"balanced accuracy {verdict['metrics']['balanced_accuracy']['value']:.3f}" in text
    assert "a 2,000 of 7 events" in text
    later = verdict | {"exchangeable": {"warnings": ["test groups are later"]}}
    assert "no guarantee here, for test groups are later." in paragraph(Known({}, {}, {}, later))


def test_heads_are_told_by_their_names() -> None:
    text = paragraph(Known(CONFIG, {}, {}, of_heads()))
    assert "balanced accuracy of azimuth" in text
    assert "The calibration error (ECE) of magnitude" in text


def run_of(folder: Path, verdict: dict[str, Any]) -> Path:
    (folder / "evaluation").mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    (folder / "evaluation" / "metrics.json").write_text(json.dumps(verdict))
    return folder


def test_both_are_files_of_a_run_and_of_nothing_else(
    tmp_path: Path, verdict: dict[str, Any]
) -> None:
    run = run_of(tmp_path / "run", verdict)
    write_papers(run / "evaluation")
    assert "not reported" in (run / "evaluation" / "checklist.md").read_text()
    assert "Conformal" in (run / "evaluation" / "methods.md").read_text()
    write_papers(run / "evaluation" / "val")
    assert not (run / "evaluation" / "val").exists()


def test_mistakes_are_in_a_table_with_their_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verdict: dict[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    run = run_of(tmp_path / "run", verdict)
    write_mistakes(run / "evaluation", verdict)
    table = pd.read_csv(run / "evaluation" / "mistakes.csv")
    first = verdict["mistakes"][0]["record_id"]
    assert table["explain"][0] == f"""python explain.py checkpoint=run 'records=["{first}"]'"""
    assert len(table) == len(verdict["mistakes"])


def test_a_mistake_that_is_explained_is_linked(tmp_path: Path, verdict: dict[str, Any]) -> None:
    run = run_of(tmp_path / "run", verdict)
    names = [row["record_id"] for row in verdict["mistakes"][:3]]
    place = run / "explanations" / "owen"
    place.mkdir(parents=True)
    pd.DataFrame({"record_id": names[:2]}).to_csv(place / "records.csv")
    drawn = {"name": "record_1", "caption": f"Record {names[0]}, wrongly taken for b."}
    (place / "summary.json").write_text(json.dumps({"figures": [drawn]}))
    (it,) = mistakes(run, verdict)
    assert it.links == {
        names[0]: "explanations/owen/record_1.png",
        names[1]: "explanations/owen/records.csv",
    }


def test_mistakes_of_heads_ask_for_their_head(tmp_path: Path) -> None:
    told = mistakes(tmp_path, of_heads())
    assert [it.head for it in told] == ["magnitude", "azimuth"]
    assert told[1].command.endswith("target=azimuth")
