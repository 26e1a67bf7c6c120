"""The pickled form of a world: what is read back is what was made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tremor.data.sources.safe_pickle import read_pickle
from tremor.data.synthetic.norcia import NorciaWorld
from tremor.data.synthetic.write_pickle import write_pickle
from tremor.errors import Refused

WORLD = NorciaWorld(n_events=12, duration=6.0)


def test_events_come_back_sample_by_sample(tmp_path: Path) -> None:
    events, labels = read_pickle(write_pickle(WORLD, tmp_path / "w.pkl"))
    waves = np.stack([event.to_numpy().T for event in events])
    np.testing.assert_array_equal(waves, WORLD.waveforms(slice(None)))
    assert list(labels) == ["foreshock", "aftershock"] * 6
    assert list(tmp_path.iterdir()) == [tmp_path / "w.pkl"]


def test_lengths_and_gaps_as_real_files_have_them(tmp_path: Path) -> None:
    file = write_pickle(WORLD, tmp_path / "w.pkl", length_jitter=2.0, missing=1.0)
    events, _ = read_pickle(file)
    lengths = [len(event) for event in events]
    assert 400 <= min(lengths) < max(lengths) <= 600
    assert all(event.isna().any(axis=None) for event in events)


@pytest.mark.parametrize(
    "wrong", [{"missing": 2.0}, {"length_jitter": -1.0}, {"length_jitter": 6.0}]
)
def test_impossible_damage_is_refused_and_leaves_no_file(
    tmp_path: Path, wrong: dict[str, float]
) -> None:
    with pytest.raises(Refused, match=next(iter(wrong))):
        write_pickle(WORLD, tmp_path / "w.pkl", **wrong)
    assert not list(tmp_path.iterdir())
