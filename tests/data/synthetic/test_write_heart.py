"""The synthetic heart in files: what is read from them is what was made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tremor.data.cache import open_records
from tremor.data.sources.physionet import Physionet
from tremor.data.sources.synthetic import SyntheticRecords
from tremor.data.synthetic.heart import HeartWorld
from tremor.data.synthetic.write_heart import PATIENTS, write_heart
from tremor.errors import Refused

WORLD = HeartWorld(patients=3, records_per_patient=2, duration=5.5, longer=0.4, maxlen=3000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("hearts")
    write_heart(WORLD, out)
    return out


def test_files_read_as_the_world_made_them(folder: Path, tmp_path: Path) -> None:
    source = Physionet(str(folder), maxlen=3000, patients=str(folder / PATIENTS))
    read, _ = open_records(source, str(tmp_path))
    made, _ = open_records(SyntheticRecords(WORLD), str(tmp_path))
    assert read.channels == made.channels
    assert read.sampling_rate == made.sampling_rate
    assert not read.meta["set_aside"]
    order = list(range(len(made)))
    np.testing.assert_array_equal(read.gather(order, 3000), made.gather(order, 3000))
    shared = ["record_id", "group", "dx", "age", "sex", "duration_s", "path", "source_rate"]
    for name in shared:
        assert read.table[name].tolist() == made.table[name].tolist(), name
    assert read.classes == made.classes
    assert read.table["label"].tolist() == made.table["label"].tolist()


def test_files_that_are_there_stay_and_what_lacks_is_added(folder: Path) -> None:
    headers = sorted(folder.glob("*.hea"))
    assert len(headers) == 6
    kept, gone = headers[0].stat().st_mtime_ns, headers[1].read_text()
    headers[1].unlink()
    told: list[tuple[int, int]] = []
    write_heart(WORLD, folder, tell=lambda *counts: told.append(counts))
    assert headers[1].read_text() == gone
    assert headers[0].stat().st_mtime_ns == kept
    assert told == [(n, 6) for n in range(1, 7)]


def test_worlds_are_not_mixed(tmp_path: Path) -> None:
    small = replace(WORLD, patients=2, records_per_patient=1)
    first = write_heart(small, tmp_path)
    other = replace(small, effect_size=0.0)
    with pytest.raises(Refused, match="another synthetic world") as refused:
        write_heart(other, tmp_path)
    assert "--overwrite" in refused.value.remedy
    before = first[0].with_suffix(".mat").read_bytes()
    write_heart(other, tmp_path, overwrite=True)
    assert first[0].with_suffix(".mat").read_bytes() != before


def test_files_of_somebody_else_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "A0001.hea").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(Refused, match="no synthetic world wrote"):
            write_heart(WORLD, tmp_path, overwrite=overwrite)
    assert [path.name for path in tmp_path.iterdir()] == ["A0001.hea"]
