"""Headers whose gain the samples cannot bear: found, said, mended or left, as is asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ecg_records import beats, changed, write

from tremor.data.ecg.gain import Choice, Gains, kind_of, per_mv
from tremor.data.ecg.recording import header_of
from tremor.data.sources.cells import Unusable


def gains(paths: list[Path], choice: Choice = "checked") -> Gains:
    return Gains.of(paths, choice)


def test_copies_of_ptb_xl_are_found(shared_data: Path) -> None:
    """32 records HR say 200 a mV, of which lead II would span 5 mV; the others say 1000."""
    paths = sorted((shared_data / "ecg" / "records").glob("*.hea"))
    checked = gains(paths)
    believed = {checked.believed(path, header_of(path))[1] for path in paths}
    assert believed == {1000.0}
    (note,) = checked.notes()
    assert "32 records HR*: lead II spans 5 mV (median of 32) by the headers' 200 a mV" in note
    assert "1 mV by 1000 a mV; the gain that fits is taken" in note
    header = gains(paths, "header")
    said = [header.believed(path, header_of(path))[1] for path in paths]
    assert sorted(set(said)) == [200.0, 1000.0]
    assert "the headers are believed" in next(header.notes())


def test_a_number_is_for_all_and_nothing_is_looked_at(tmp_path: Path) -> None:
    path = write(tmp_path, gain=200.0)
    mine = gains([path, tmp_path / "is_not_there.hea"], 400)
    assert mine.believed(path, header_of(path)).tolist() == [400.0] * 12
    assert list(mine.notes()) == []


def test_a_gain_that_fits_is_believed_whatever_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, signal=beats(5000) // 5, gain=200.0)
    checked = gains([path])
    assert set(checked.believed(path, header_of(path))) == {200.0}
    assert list(checked.notes()) == []


def test_leads_keep_their_gains_relative_to_each_other(tmp_path: Path) -> None:
    path = changed(write(tmp_path, gain=200.0), "200/mV 16 0", "100/mV 16 0", 1)
    assert gains([path]).believed(path, header_of(path)).tolist() == [500.0] + [1000.0] * 11


def test_the_usual_gain_may_not_do_either(tmp_path: Path) -> None:
    path = write(tmp_path, signal=np.minimum(beats(5000).astype(int) * 20, 32767), gain=1000.0)
    checked = gains([path])
    assert set(checked.believed(path, header_of(path))) == {1000.0}
    assert "which is not within 0.1 to 3 mV" in next(checked.notes())


def test_one_strong_heart_among_others_does_not_change_their_gain(tmp_path: Path) -> None:
    strong = write(tmp_path, "B0", signal=beats(5000) * 4)
    others = [write(tmp_path, f"B{seed}", seed=seed) for seed in range(1, 4)]
    paths = [strong, *others]
    assert list(gains(paths).notes()) == []
    assert list(gains([strong]).notes()) != []


def test_kinds_are_letters_and_gain_and_units_count(tmp_path: Path) -> None:
    path = write(tmp_path, "HR00123", gain=0.2)
    assert kind_of(path, header_of(path)) == ("HR", 0.2)
    changed(path, "0.2/mV", "0.2/uV")
    assert kind_of(path, header_of(path)) == ("HR", 200.0)
    changed(path, "0.2/uV", "0.2/mmHg")
    with pytest.raises(Unusable, match="lead I is in mmHg"):
        per_mv(header_of(path).leads[0])
    assert gains([path]).verdicts == {}
