"""Input that is refused: exit code 2, every problem, no traceback, nothing left behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from opened import ROOT, Door

TOGETHER = [
    [
        ("+typo=1", "typo: the tree has no such key"),
        ("trainer.max_epochs=ten", "max_epochs: expected a whole number or null, got 'ten'"),
        ("optimizer.lrr=1", "did you mean optimizer.lr?  ->  optimizer.lr=1"),
        ("model=lstmm", "there is no model=lstmm; choices: cnn1d, convnext, "),
        ("dataset.tset_ratio=0.2", "did you mean dataset.test_ratio?"),
        ("optimzer=adamw", "did you mean optimizer?"),
        ("decoder.num_classes=4", "decoder.num_classes: is 4, but dataset.num_classes is 2"),
        ("experiment=seismic_lstm/lsmt", "experiment=seismic_lstm/lstm"),
    ],
    [
        ("optimizer._target_=os.system", "outside the allowlist"),
        ("encoder.freez=true", "did you mean encoder.freeze?"),
        ("model.in_shape=[3,3]", "gets this from the data"),
        ("callbacks.best.monitr=x", "did you mean callbacks.best.monitor?"),
        ("trainer.use_distributed_sampler=true", "among processes a second time"),
        ("trainer.enable_progress_bar=false", "callbacks.progress=null"),
        ("trainer=gpu", "trainer.accelerator=gpu"),
        ("output_dir=", "output_dir: is empty"),
        ("experiment_name=../x", "lies outside of output_dir"),
    ],
    [
        ("dataset.batch_size=8", "loader.batch_size: is 16"),
        ("loader.batch_size=16", "loader.batch_size: is 16"),
        ("model.freeze=true", "no pretrained weights are given"),
        ("dataset.fold=1", "event_split_method=stratified has no folds"),
        ("train.unfreeze_at_epoch=9", "ends after 9 epochs"),
        ("trainer.max_epochs=9", "ends after 9 epochs"),
        ("optimizer.lr=-1", "optimizer.lr: is -1; it must be at least 0"),
        ("train.l2_to_pretrained=-0.1", "must be at least 0"),
        ("train.label_smoothing=1", "must be at least 0 and below 1"),
        ("scheduler.warmup_fraction=10", "scheduler.warmup_fraction: is 10; it must be at least 0"),
    ],
]
"""Commands with many faults, and what is said of each of them, at once."""
ALONE = [
    (["model.pretrained=nowhere"], "no checkpoint at nowhere: no such file or folder"),
    (["dataset.event_split_method=stratfied"], "by_folder, by_record, kfold, leave_event_out"),
    (["experiment=seismic_lstm/lstm"], "dataset.paths: must be given"),
    (["trainer.accelerator=gpux"], "invalid accelerator name"),
    (["train.unfrozen_lr_mult=0.1"], "train.unfrozen_lr_mult: is set, but nothing thaws"),
    (["experiment=contrastive/xlstm_unet_tiny", "train.label_smoothing=0.1"], "train has no such"),
    (["experiment=null"], "there is no experiment=null"),
    (["-m", "model=lstmm", "seed=1,2"], "model=lstm"),
]


@pytest.mark.parametrize("faults", TOGETHER, ids=("words", "keys", "values"))
def test_every_fault_of_a_command_is_told_with_its_remedy(
    door: Door, tmp_path: Path, faults: list[tuple[str, str]]
) -> None:
    outcome = door("simple_train.py", *(typed for typed, _ in faults))
    assert outcome.code == 2
    assert [said for _, said in faults if said not in outcome.err] == [], outcome.err
    count = len(dict.fromkeys(said for _, said in faults))
    assert f"({count} problems)" in outcome.err
    assert outcome.err.count("\n  ") == count
    assert "Traceback" not in outcome.err
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(("overrides", "said"), ALONE, ids=lambda v: str(v)[:40])
def test_each_is_refused_with_its_remedy(
    door: Door, tmp_path: Path, overrides: list[str], said: str
) -> None:
    outcome = door("simple_train.py", *overrides)
    assert outcome.code == 2
    assert said in outcome.err
    assert "Traceback" not in outcome.err
    assert not (tmp_path / "outputs").exists()


def test_a_typo_inside_a_yaml_file_is_refused(door: Door, tmp_path: Path) -> None:
    (tmp_path / "more" / "model").mkdir(parents=True)
    node = "_target_: tremor.network.models.lstm.LSTM\nhiden_size: 8\n"
    (tmp_path / "more" / "model" / "mine.yaml").write_text(node)
    outcome = door("simple_train.py", "--config-dir", str(tmp_path / "more"), "model=mine")
    assert outcome.code == 2
    assert "did you mean model.hidden_size?" in outcome.err


def test_an_output_folder_that_cannot_be_written_is_told(door: Door, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    outcome = door("simple_train.py", "dataset.n_events=40", "output_dir=file/x")
    assert outcome.code == 1
    assert "cannot write" in outcome.err
    assert "choose another output_dir" in outcome.err


@pytest.mark.parametrize(
    "flag", [["--help"], ["--cfg", "job"], ["--shell-completion", "query=bash"]]
)
def test_showing_things_does_not_import_torch(flag: list[str]) -> None:
    command = [sys.executable, "-X", "importtime", ROOT / "simple_train.py", *flag]
    shown = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert "hydra" in shown.stderr
    assert "| torch" not in shown.stderr
    assert "lightning" not in shown.stderr


def test_help_is_there_for_each_door(door: Door) -> None:
    shown = door("simple_train.py", "--help").out
    for words in (
        "model=       lstm (default), cnn1d",
        "seismic_lstm/ lstm, lstm_attention",
        "resume=",
    ):
        assert words in shown
    assert "python evaluate.py checkpoint=" in door("evaluate.py", "-h").out
