"""Arrays of earlier work from a run and against it, as a user would ask for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from opened import load_script

from tremor.data.ecg.precomputed import read_precomputed, write_precomputed
from tremor.training import checkpoints

SCRIPT = load_script("ecg_arrays")
CLASSES = {"AF": [164889003], "SNR": [426783006]}


def run(home: Path, classes: object = CLASSES) -> Path:
    """A judged run of two records, as far as the script looks at it."""
    table = pd.DataFrame(
        {
            "record_id": ["A0001", "0002"],
            "label_AF": [1, -1],
            "label_SNR": [0, 1],
            "p_AF": [0.9, 0.25],
            "p_SNR": [0.125, 0.5],
        }
    )
    card = {"format": checkpoints.FORMAT} | {name: {} for name in checkpoints.CARD}
    card |= {"config": {"dataset": {"classes": classes}}}
    (home / "checkpoints").mkdir(parents=True)
    (home / "evaluation").mkdir()
    torch.save({"state_dict": {}, "tremor": card}, home / "checkpoints" / "best.ckpt")
    table.to_csv(home / "evaluation" / "predictions.csv", index=False)
    return home


def test_what_is_written_is_read_again_and_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place, arrays = run(tmp_path / "run"), tmp_path / "arrays"
    assert SCRIPT.main(["write", str(place), str(arrays)]) == 0
    found = read_precomputed(arrays)
    assert found.names == ("A0001", "0002")
    assert found.classes == ("164889003", "426783006")
    assert found.truth is not None
    assert found.truth.tolist() == [[1, 0], [0, 1]]
    assert SCRIPT.main(["compare", str(place), str(arrays)]) == 0
    assert "largest difference 0 over 2 records, 2 classes" in capsys.readouterr().out
    found.probabilities[0, 1] += np.float32(0.25)
    write_precomputed(arrays, found)
    assert SCRIPT.main(["compare", str(place), str(arrays)]) == 0
    assert "largest difference 0.25" in capsys.readouterr().out


def test_other_runs_and_other_arrays_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = run(tmp_path / "run")
    assert SCRIPT.main(["compare", str(place), str(tmp_path)]) == 2
    assert SCRIPT.main(["write", str(run(tmp_path / "one", None)), str(tmp_path)]) == 2
    assert "several classes" in capsys.readouterr().err
    (place / "evaluation" / "predictions.csv").unlink()
    assert SCRIPT.main(["write", str(place), str(tmp_path)]) == 2
    assert "python evaluate.py" in capsys.readouterr().err
