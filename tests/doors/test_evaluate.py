"""The judging door: a checkpoint is enough, and it says what training said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import torch
from opened import TONES, Door, only_run

from tremor.evaluation.judge import judge_file


def test_it_repeats_trainings_own_numbers_exactly(door: Door, trained: Path) -> None:
    folder = trained / "evaluation"
    before = {name: (folder / name).read_bytes() for name in ("metrics.json", "predictions.csv")}
    shutil.rmtree(folder)
    (trained / "report.html").unlink()
    assert door("evaluate.py", f"checkpoint={trained}").code == 0
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert (trained / "report.html").exists()


def test_run_folder_checkpoints_folder_and_file_are_one(door: Door, trained: Path) -> None:
    for place in (trained, trained / "checkpoints", trained / "checkpoints" / "best.ckpt"):
        outcome = door("evaluate.py", f"checkpoint={place}")
        assert outcome.code == 0, outcome.err
        assert f"weights  {trained / 'checkpoints' / 'best.ckpt'}" in outcome.out


def test_metrics_follow_from_predictions_alone(trained: Path) -> None:
    said = json.loads((trained / "evaluation" / "metrics.json").read_text())
    path = trained / "evaluation" / "predictions.csv"
    again = judge_file(path, draws=50, permutations=20, seed=0, split="test")
    assert again["metrics"] == said["metrics"]
    assert again["per_class"] == said["per_class"]


@pytest.mark.parametrize(("split", "records"), [("val", 8), ("train", 48), ("all", 80)])
def test_any_part_can_be_judged_beside_the_test_part(
    door: Door, trained: Path, split: str, records: int
) -> None:
    before = (trained / "evaluation" / "metrics.json").read_bytes()
    assert door("evaluate.py", f"checkpoint={trained}", f"split={split}").code == 0
    assert len(pd.read_csv(trained / "evaluation" / split / "predictions.csv")) == records
    assert (trained / "evaluation" / "metrics.json").read_bytes() == before


def test_the_batch_size_does_not_change_the_verdict(door: Door, trained: Path) -> None:
    assert door("evaluate.py", f"checkpoint={trained}", "dataset.batch_size=3").code == 0
    (other,) = trained.glob("evaluation/test-*/predictions.csv")
    first = pd.read_csv(trained / "evaluation" / "predictions.csv")
    pd.testing.assert_frame_equal(pd.read_csv(other), first, rtol=1e-4)


def test_a_group_of_todays_tree_may_be_chosen(door: Door, trained: Path) -> None:
    assert door("evaluate.py", f"checkpoint={trained}", "augment=waveform").code == 0


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ([], "checkpoint: must be given"),
        (["checkpoint=/no/such"], "no checkpoint at /no/such"),
        (["checkpoint=x", "split=tset"], "split: is one of test, val, train, all"),
        (["chekpoint=x"], "did you mean checkpoint?"),
        (["checkpoint=RUN", "optimizer.lrr=1"], "did you mean optimizer.lr?"),
        (["checkpoint=RUN", "model.hidden_size=8"], "the weights do not fit"),
        (["checkpoint=RUN", "dataset.num_classes=3"], "the records have 2 classes"),
        (["checkpoint=RUN", "+typo=1"], "typo"),
    ],
    ids=str,
)
def test_wrong_calls_are_refused(
    door: Door, trained: Path, overrides: list[str], said: str
) -> None:
    outcome = door("evaluate.py", *(o.replace("RUN", str(trained)) for o in overrides))
    assert outcome.code == 2
    assert said in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 broken zip"])
def test_a_damaged_checkpoint_is_refused(door: Door, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.ckpt").write_bytes(content)
    outcome = door("evaluate.py", "checkpoint=x.ckpt")
    assert outcome.code == 2
    assert "cannot read the checkpoint" in outcome.err


def test_a_checkpoint_that_wants_to_run_code_is_refused(door: Door, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return exec, ("open('ran', 'w')",)

    torch.save({"tremor": Evil()}, tmp_path / "x.ckpt")
    assert door("evaluate.py", "checkpoint=x.ckpt").code == 2
    assert not (tmp_path / "ran").exists()


def test_other_data_is_judged_only_on_purpose(door: Door, trained: Path) -> None:
    outcome = door("evaluate.py", f"checkpoint={trained}", "dataset.records.seed=5")
    assert outcome.code == 0, outcome.err
    assert "NOT those of the run" in outcome.out


def test_pretrained_weights_are_taken_frozen_and_thawed(
    door: Door, trained: Path, tmp_path: Path
) -> None:
    """Frozen parameters do not move and have no optimiser state; thawed ones do, once due."""
    base = [*TONES, "trainer.max_epochs=3", f"model.pretrained={trained}"]
    source = torch.load(trained / "checkpoints" / "best.ckpt", weights_only=True)["state_dict"]
    runs = {
        "frozen": ["model.freeze=true"],
        "thawed": ["model.freeze=true", "train.unfreeze_at_epoch=2", "train.unfrozen_lr_mult=0.1"],
    }
    moved, states = {}, {}
    for name, extra in runs.items():
        outcome = door("simple_train.py", *base, *extra, f"output_dir={name}")
        assert outcome.code == 0, outcome.err
        last = only_run(tmp_path / name) / "checkpoints" / "last.ckpt"
        content = torch.load(last, weights_only=True)
        keys = [key for key in source if key.startswith("network.model.")]
        moved[name] = [not torch.equal(content["state_dict"][k], source[k]) for k in keys]
        (optimizer,) = content["optimizer_states"]
        states[name] = len(optimizer["state"]), [g["name"] for g in optimizer["param_groups"]]
    assert not any(moved["frozen"])
    assert all(moved["thawed"])
    assert states["frozen"] == (2, ["decoder/decay", "decoder/no_decay"])
    assert states["thawed"][0] == 10
    assert "model/decay" in states["thawed"][1]


def test_pretrained_weights_that_do_not_fit_list_their_keys(door: Door, trained: Path) -> None:
    outcome = door("simple_train.py", *TONES, f"model.pretrained={trained}", "model.hidden_size=8")
    assert outcome.code == 2
    assert "shape of lstm.weight_ih_l0" in outcome.err
