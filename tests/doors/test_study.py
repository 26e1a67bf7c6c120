"""A study of ECG maps from the shell: chosen, explained, judged, kept, gone on with, refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from opened import Door, only_run

from tremor.data.ecg.recording import read_recording
from tremor.explain.heart.columns import EVALUATION, STABILITY

HEART = [
    *("dataset=synthetic_ecg", "dataset.patients=24", "dataset.sampling_rate=100"),
    *("dataset.maxlen=600", "dataset.records.world.duration=6", "report.fan.points=20"),
    *(f"~dataset.classes.{name}" for name in ("IAVB", "RBBB", "LBBB")),
    *("dataset.num_classes=2", "task=multilabel", "evaluation=multilabel", "encoder=raw"),
    *("model=ecg_resnet", "model.widths=[4,4,4]", "decoder=pooled", "trainer.accelerator=cpu"),
    *("evaluation.draws=20", "evaluation.permutations=9", "trainer.max_epochs=1"),
]
STUDY = ["run_mode=eval", "run_mode.min_prob=0.0", "run_mode.k_per_class=2", "split=all"]
FEW = ["explainer.budget=400", "explainer.fusions.none.permutations=99"]


@pytest.fixture
def run(door: Door, tmp_path: Path) -> Path:
    assert door("simple_train.py", *HEART).code == 0
    return only_run(tmp_path / "outputs")


def test_a_study_holds_all_methods_to_account_and_does_nothing_twice(door: Door, run: Path) -> None:
    words = [f"checkpoint={run}", *STUDY, *FEW]
    outcome = door("explain.py", *words, "explainer=fused", "run_mode.figures=true")
    assert outcome.code == 0, outcome.err
    home = run / "explanations" / "eval"
    chosen = pd.read_csv(home / "selection.csv")
    assert chosen["group_class"].tolist() == ["AF", "AF", "SNR", "SNR"]
    (folder,) = (path.parent for path in home.glob("*/study.json"))
    judged = pd.read_csv(folder / "evaluation_attauc_deletion.csv")
    assert list(judged) == list(EVALUATION)
    assert set(judged["method"]) == {"WindowLime", "TimeShap", "Fused"}
    assert len(judged) == 3 * len(chosen)
    assert judged["truth_attauc"].notna().all()  # planted, so known
    assert judged["strict_attauc_shifted"].notna().all()
    stable = pd.read_csv(folder / "evaluation_stability.csv")
    assert list(stable) == list(STABILITY)
    assert len(stable) == 3 * len(chosen)
    assert len(pd.read_csv(folder / "stability_by_class.csv")) == 6
    copies = sorted(folder.glob("*/augmented/*.hea"))
    assert len(copies) == stable["augmented_file"].nunique()
    assert len(read_recording(copies[0]).header.leads) == 12
    assert len(list((folder / "sheets").glob("*.pdf"))) == len(chosen)
    page = (home / "study.html").read_text()
    assert "the fusion" in page
    assert "CIRCULAR" not in page

    before = (folder / "evaluation_attauc_deletion.csv").read_bytes()
    shutil.rmtree(next(iter(folder.glob("SNR/maps-0/parts"))))  # as if it had been killed there
    again = door("explain.py", *words, "explainer=fused", "run_mode.figures=true")
    assert again.code == 0, again.err
    assert again.out.count("done  ") == 1
    assert (folder / "evaluation_attauc_deletion.csv").read_bytes() == before

    other = door("explain.py", *words, "explainer=fused", "run_mode.k_per_class=1")
    assert other.code == 2
    assert "other records were chosen" in other.err

    light = ["run_mode.stability=false", "run_mode.faithful=false"]
    earlier = door("explain.py", *words, *light, "explainer=lime", "explainer.compat=ecg_xai")
    assert earlier.code == 0, earlier.err
    lines = pd.read_csv(home / "ablation.csv")
    assert lines["study"].nunique() == 2
    mine = lines["study"] == folder.name
    assert not (mine & lines["stamp"].notna()).any()
    assert set(lines["scoring"][~mine]) == {"tremor", "ecg_xai", "ecg_xai without priors"}
    assert "CIRCULAR" in (home / "study.html").read_text()


def test_what_no_study_can_be_made_of_is_refused(door: Door, run: Path) -> None:
    words = [f"checkpoint={run}", *STUDY]
    for more, said in (
        ("run_mode.classes=[VPB]", "the network tells AF, SNR"),
        ("run_mode.min_prob=0.9999", "no record of AF, SNR"),
        ("explainer.space=spectrogram", "a study is of the signal"),
    ):
        outcome = door("explain.py", *words, "explainer=lime", more)
        assert outcome.code == 2, outcome.out
        assert said in outcome.err
