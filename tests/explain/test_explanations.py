"""Many explanations in one file, and one at a time on their way there."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from tremor.errors import Refused
from tremor.explain.arrange import cells
from tremor.explain.estimators.owen import Owen
from tremor.explain.explanation import Axis, Explanation, of_players
from tremor.explain.explanations import Explanations
from tremor.explain.fills import Zero
from tremor.explain.game import masked
from tremor.explain.parts import Parts
from tremor.explain.targets import OneClass

AXES = (
    Axis("component", ("Z", "N")),
    Axis("frequency", (0.0, 5.0, 10.0), "Hz"),
    Axis("time", (0.0, 0.5, 1.0, 1.5), "s"),
)


def some(count: int = 3) -> list[Explanation]:
    """Owen maps of a linear network."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(24, 2)).eval()
    found = []
    for _ in range(count):
        record = torch.randn(2, 3, 4)
        game = masked(network, record, cells(AXES), Zero(), OneClass(1))
        estimator = Owen(budget=100)
        found.append(of_players(game, estimator(game), AXES, estimator))
    return found


def gathered(found: list[Explanation]) -> Explanations:
    count = len(found)
    table = pd.DataFrame(
        {
            "record_id": [f"r{i}" for i in range(count)],
            "group": ["a", "a", "b"][:count],
            "label": [0, 1, 1][:count],
            "predicted": [0, 1, 0][:count],
            "station": ["NRCA", "T1212", "NRCA"][:count],
        }
    )
    meta = {"method": "Owen", "settings": {"orderings": 4}, "target": "1"}
    return Explanations.gather(found, np.zeros((count, 2, 3, 4)), table, ("f", "a"), meta)


def test_what_is_saved_is_what_is_opened(tmp_path: Path) -> None:
    kept = gathered(some())
    again = Explanations.open(kept.save(tmp_path / "explanation.h5"))
    np.testing.assert_array_equal(again.values, kept.values)
    np.testing.assert_array_equal(again.leaf, kept.leaf)
    assert again.errors is not None
    assert again.axes == kept.axes
    assert again.classes == kept.classes
    assert again.meta == kept.meta
    pd.testing.assert_frame_equal(again.table, kept.table, check_dtype=False)
    assert again.resolution() == kept.resolution()
    assert not list(tmp_path.glob(".*"))


def test_the_same_explanations_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (gathered(some()).save(tmp_path / name) for name in ("a.h5", "b.h5"))
    assert first.read_bytes() == second.read_bytes()


def test_any_reader_of_hdf5_finds_values_coordinates_and_units(tmp_path: Path) -> None:
    with h5py.File(gathered(some()).save(tmp_path / "e.h5")) as file:
        assert file["values"].dims[2].keys() == ["frequency"]
        assert file["frequency"].attrs["units"] == "Hz"
        assert file["component"].asstr()[:].tolist() == ["Z", "N"]
        assert json.loads(file.attrs["classes"]) == ["f", "a"]


def test_means_go_by_a_column() -> None:
    kept = gathered(some())
    means = kept.mean(by="station")
    np.testing.assert_allclose(means["NRCA"], kept.values[[0, 2]].mean(0), rtol=1e-6)
    np.testing.assert_allclose(kept.mean()[None], kept.values.mean(0), rtol=1e-6)
    with pytest.raises(Refused, match="no column 'statoin'"):
        kept.mean(by="statoin")


def test_one_record_comes_back_as_it_was() -> None:
    found = some()
    back = gathered(found).one(1)
    torch.testing.assert_close(back.values, found[1].values, atol=1e-6, rtol=1e-5)
    assert back.output == found[1].output
    assert back.evaluations == found[1].evaluations
    assert back.relative_error == pytest.approx(found[1].relative_error, rel=1e-5)


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "no.h5").write_bytes(b"not HDF5")
    with pytest.raises(Refused, match="cannot read it"):
        Explanations.open(tmp_path / "no.h5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["values"] = [1.0]
    with pytest.raises(Refused, match="not a file of explanations"):
        Explanations.open(tmp_path / "other.h5")
    with pytest.raises(Refused, match="nothing to explain"):
        Explanations.gather([], np.zeros(0), pd.DataFrame(), (), {})


def test_parts_come_back_whole_and_none_is_half_there(tmp_path: Path) -> None:
    parts, found = Parts(tmp_path / "parts"), some(1)[0]
    assert not parts.has("a/b")
    parts.put("a/b", found)
    assert parts.has("a/b")
    back = parts.get("a/b", AXES)
    torch.testing.assert_close(back.values, found.values, atol=0, rtol=0)
    assert (back.freedom, back.settings) == (found.freedom, found.settings)
    assert [p.suffix for p in (tmp_path / "parts").iterdir()] == [".npz"]
    parts.drop()
    assert not parts.has("a/b")


def test_xarray_has_the_coordinates() -> None:
    pytest.importorskip("xarray", reason="xarray is not installed")
    made = gathered(some()).to_xarray()
    assert made["values"].dims == ("record", "component", "frequency", "time")
    assert made["frequency"].attrs["units"] == "Hz"
