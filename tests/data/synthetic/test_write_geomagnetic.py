"""The geomagnetic world in files: what is read from them is what was made."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tremor.data.geomagnetic.file_archive import FileArchive
from tremor.data.synthetic.geomagnetic import GeomagneticWorld
from tremor.data.synthetic.geomagnetic_iaga import MINUTES, iaga2002
from tremor.data.synthetic.write_geomagnetic import write_geomagnetic
from tremor.errors import Refused

WORLD = GeomagneticWorld(n_events=2, n_days=3, sites=["LWA"], seed=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("magnetometers")
    write_geomagnetic(WORLD, out, packed=True)
    return out


def test_files_read_as_the_world_made_them(folder: Path) -> None:
    archive = FileArchive(str(folder))
    assert archive.notes() == []
    assert archive.days() == WORLD.days()
    name, day = WORLD.days()[1]
    made, read = WORLD.day(name, day), archive.day(name, day)
    assert read.notes == ()
    np.testing.assert_array_equal(np.isnan(read.signal), np.isnan(made.signal))
    np.testing.assert_allclose(read.signal[[0, 2]], made.signal[[0, 2]], atol=1e-9)
    np.testing.assert_allclose(read.signal[1], made.signal[1], atol=1e-3)
    for table in ("stations", "earthquakes", "indices"):
        pd.testing.assert_frame_equal(
            getattr(archive, table)(), getattr(WORLD, table)(), check_dtype=False
        )


def test_a_line_is_as_the_standard_has_it() -> None:
    rng = np.random.default_rng(0)
    signal = rng.uniform(-1, 1, (3, 86400)) * [[9000], [3000], [30000]] + [[38000], [0], [-2e4]]
    signal[:, 7] = np.nan
    signal[1:, 8] = -0.00001, -0.001
    text = iaga2002("ABC", (1.5, 99.25), date(2020, 12, 31), signal).decode()
    head, lines = text.split("\n")[:14], text.split("\n")[14:]
    assert all(len(line) == 70 and line[-1] == "|" for line in head)
    assert head[-1].split() == ["DATE", "TIME", "DOY", "ABCH", "ABCD", "ABCZ", "ABCF", "|"]
    assert lines.pop() == ""
    assert len(lines) == 86400
    assert lines[0].startswith("2020-12-31 00:00:00.000 366    ")
    assert lines[7].endswith("  99999.00  99999.00  99999.00  88888.00")
    for number in (0, 1, 8, 3599, 3600, 36000, 45296, 86399):
        h, east, z = signal[:, number]
        stamp = pd.Timestamp("2020-12-31") + pd.Timedelta(seconds=number)
        angle = np.arctan2(east, h) * MINUTES
        values = f" {h:9.2f} {angle:9.4f} {z:9.2f} {88888:9.2f}".replace("-0.00", " 0.00")
        assert lines[number][:23] == f"{stamp:%Y-%m-%d %H:%M:%S}.000"
        assert lines[number][30:] == values


@pytest.mark.parametrize("value", [0.0, 0.004, -0.004, 0.01, -0.01, 9.99, -123.456, -99999.0])
def test_numbers_are_written_as_python_writes_them(value: float) -> None:
    signal = np.tile([[38000.0], [0.0], [value]], 86400)
    line = iaga2002("ABC", (0.0, 0.0), date(2020, 1, 1), signal).split(b"\n")[14].decode()
    assert line[50:60] == f" {value:9.2f}".replace("-0.00", " 0.00")


def test_a_number_that_has_no_room_is_an_error() -> None:
    signal = np.full((3, 86400), 1.0)
    signal[2, 5] = 1e7
    with pytest.raises(ValueError, match="too large"):
        iaga2002("ABC", (0.0, 0.0), date(2020, 1, 1), signal)


def test_files_that_are_there_stay_and_what_lacks_is_added(folder: Path) -> None:
    files = sorted(folder.glob("LWA/*.gz"))
    assert len(files) == 3
    whole, gone = files[0].read_bytes(), files[1]
    stamps = files[0].stat().st_mtime_ns
    kept = gone.read_bytes()
    gone.unlink()
    told: list[tuple[int, int]] = []
    write_geomagnetic(WORLD, folder, packed=True, tell=lambda *counts: told.append(counts))
    assert gone.read_bytes() == kept
    assert files[0].read_bytes() == whole
    assert files[0].stat().st_mtime_ns == stamps
    assert told == [(1, 3), (2, 3), (3, 3)]
    write_geomagnetic(WORLD, folder, packed=False)
    assert not list(folder.glob("LWA/*.sec"))


def test_worlds_are_not_mixed(tmp_path: Path) -> None:
    near = {"packed": False, "days_around": 0}
    first = write_geomagnetic(WORLD, tmp_path, **near)
    other = replace(WORLD, effect_size=0.0)
    with pytest.raises(Refused, match="another synthetic world") as refused:
        write_geomagnetic(other, tmp_path, **near)
    assert "--overwrite" in refused.value.remedy
    before = first[-1].read_bytes()
    write_geomagnetic(other, tmp_path, **near, overwrite=True)
    assert first[-1].read_bytes() != before


def test_files_of_somebody_else_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "catalogue.csv").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(Refused, match="no synthetic world wrote"):
            write_geomagnetic(WORLD, tmp_path, overwrite=overwrite)
    assert [path.name for path in tmp_path.iterdir()] == ["catalogue.csv"]


def test_days_far_from_earthquakes_can_be_left_out(tmp_path: Path) -> None:
    world = GeomagneticWorld(n_events=2, n_days=60, sites=1, precursor_hours=1.0)
    files = write_geomagnetic(world, tmp_path, packed=True, days_around=0)
    days = {path.name[3:11] for path in files if path.name.endswith(".gz")}
    assert days == {f"{time:%Y%m%d}" for time in world.earthquakes()["time"]}
    assert gzip.decompress(files[-1].read_bytes()).startswith(b" Format                 IAGA-2002")


def test_other_rates_and_days_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="sampling_rate"):
        write_geomagnetic(replace(WORLD, sampling_rate=0.5), tmp_path)
    with pytest.raises(Refused, match="days_around"):
        write_geomagnetic(WORLD, tmp_path, days_around=-1)
    assert not list(tmp_path.iterdir())
