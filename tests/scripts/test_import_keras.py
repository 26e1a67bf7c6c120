"""Keras models as runs: the reference's probabilities, folders that doors open, classes by code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.io
import torch
import yaml
from keras_models import cnn, resnet, write_h5, write_keras
from numpy.typing import NDArray
from opened import load_script
from sklearn.metrics import roc_auc_score

from tremor.doors.importing import by_name, listed
from tremor.errors import Refused
from tremor.tasks.base import Task
from tremor.training import checkpoints
from tremor.training.assemble import restore

script = load_script("import_keras")
AF_SNR = "AF=164889003,426783006"


def run(*arguments: object) -> int:
    return int(script.main([str(a) for a in arguments]))


def opened(folder: Path) -> Task:
    content = checkpoints.load(checkpoints.find(str(folder)))
    return restore(content["tremor"]["config"], content).eval()


def probabilities(task: Task, x: NDArray[np.float32]) -> NDArray[np.float64]:
    with torch.inference_mode():
        logits = [
            task(batch, torch.full((len(batch),), x.shape[-1]))
            for batch in torch.from_numpy(x).split(8)
        ]
    found: NDArray[np.float64] = torch.cat(logits).double().sigmoid().numpy()
    return found


def raw(folder: Path, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The first real records, cut or padded to 5000 samples, and what the reference says."""
    said = np.load(folder / "ecg_model_probs.npy")[:count]
    made = np.zeros((len(said), 12, 5000), np.float32)
    for place, name in enumerate(np.load(folder / "ecg_filenames.npy")[:count]):
        stem = str(name).replace("\\", "/").rpartition("/")[2].removesuffix(".mat")
        signal = scipy.io.loadmat(folder / "records" / f"{stem}.mat")["val"][:, :5000]
        made[place, :, : signal.shape[1]] = signal
    return made, said


def test_the_reference_model_says_what_it_said(shared_data: Path, tmp_path: Path) -> None:
    ecg = shared_data / "ecg"
    weights, codes = ecg / "resnet_final_weights.h5", ecg / "snomed_classes.npy"
    assert run(weights, "--classes-file", codes, "--out", tmp_path / "run") == 0
    signals, said = raw(ecg, 60)
    assert len(said) == 60
    assert abs(probabilities(opened(tmp_path / "run"), signals) - said).max() < 1e-6


def test_the_other_model_of_the_earlier_work_is_known_too(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ecg = shared_data / "ecg"
    weights, codes = ecg / "cnn_1d_final.h5", ecg / "snomed_classes.npy"
    assert run(weights, "--classes-file", codes, "--out", tmp_path / "run") == 0
    assert "ecg_cnn: widths [64, 128, 128], kernels [7, 5, 3]" in capsys.readouterr().out
    signals, _ = raw(ecg, 60)
    found, truth = probabilities(opened(tmp_path / "run"), signals), np.load(ecg / "ecg_y_true.npy")
    areas = [roc_auc_score(truth[:, k], found[:, k]) for k in (1, 21)]
    assert areas[0] == 1.0  # fibrillation and sinus rhythm, as the earlier work has them
    assert areas[1] > 0.99


def test_a_run_says_what_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_keras(cnn(), tmp_path / "small.keras")
    places = ["--root", tmp_path / "my records", "--out", tmp_path / "run"]
    codes = ["--classes", f"{AF_SNR},unheard", "--set", "dataset.sampling_rate=100"]
    assert run(path, *codes, *places) == 0
    told = capsys.readouterr().out
    assert f"explain.py checkpoint={tmp_path / 'run'} target=AF" in told
    content = checkpoints.load(tmp_path / "run" / "checkpoints" / "best.ckpt")
    card = content["tremor"]
    assert card["facts"]["classes"] == ["AF", "SNR", "unheard"]
    assert (card["facts"]["length"], card["facts"]["sampling_rate"]) == (40, 100.0)
    assert card["provenance"]["imported"]["file"] == "small.keras"
    config = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    assert config == card["config"]
    assert config["dataset"]["data_dir"] == str(tmp_path / "my records")
    assert config["dataset"]["event_split_method"] == "all_test"
    assert config["dataset"]["classes"]["unheard"] == ["unheard"]


def test_a_run_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    path = write_h5(resnet(), tmp_path / "small.h5", config=False)
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    assert run(path, "--classes", AF_SNR, "--out", tmp_path / "run") == 0
    assert (tmp_path / "run_2" / "checkpoints" / "best.ckpt").is_file()
    assert not list((tmp_path / "run" / "checkpoints").iterdir())


def test_as_many_classes_are_named_as_the_network_tells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_h5(resnet(), tmp_path / "small.h5")
    assert run(path, "--classes", "164889003", "--out", tmp_path / "run") == 2
    assert "tells 2 classes, 1 are named" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_layer_that_is_not_known_is_told_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = resnet()
    model.add("LSTM")
    model.weigh(kernel=(4, 8), recurrent_kernel=(2, 8), bias=(8,))
    path = write_h5(model, tmp_path / "small.h5")
    assert run(path, "--classes", AF_SNR) == 2
    assert "layer lstm is not known: kernel (4, 8)" in capsys.readouterr().err


def test_classes_are_called_by_their_abbreviations(tmp_path: Path) -> None:
    text = tmp_path / "codes.txt"
    text.write_text("164889003\n426783006\n")
    np.save(tmp_path / "codes.npy", np.array(["164889003", "426783006"]))
    found = {"AF": [164889003], "SNR": [426783006]}
    for place in ("codes.txt", "codes.npy"):
        assert by_name(listed(tmp_path / place)) == found
    for codes, said in ([["1", "1"], "comes twice"], [["1", ""], "without a code"]):
        with pytest.raises(Refused, match=said):
            by_name(codes)
