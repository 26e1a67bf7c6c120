"""A folder of day files: which file is of which day, and several of one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tremor.data.geomagnetic.delimited import DelimitedDay
from tremor.data.geomagnetic.file_archive import FileArchive
from tremor.data.geomagnetic.instrument import packed
from tremor.data.geomagnetic.merging import merged
from tremor.errors import Refused

DAY = date(2018, 3, 5)
STATIONS = "station,latitude,longitude\nSBG,5.0,95.0\nTRT,2.0,99.0\n"
CATALOGUE = "time,latitude,longitude,depth,magnitude\n2018-03-05T10:00:00Z,5,96,10,5.1\n"


def table(minutes: range, base: float = 40_000.0) -> str:
    """Minutes of a field that grows by 1 nT each."""
    rows = [f"{60 * n},{base + n},{n},{-n}" for n in minutes]
    return "time,H,D,Z\n" + "\n".join(rows) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "SBG").mkdir()
    (tmp_path / ".trash").mkdir()
    (tmp_path / "stations.csv").write_text(STATIONS)
    (tmp_path / "catalogue.csv").write_text(CATALOGUE)
    (tmp_path / "SBG" / "SBG_20180305.csv").write_text(table(range(1000)))
    (tmp_path / ".trash" / "SBG_20180307.csv").write_text("x")
    return tmp_path


def archive(folder: Path) -> FileArchive:
    return FileArchive(str(folder), sampling_rate=1 / 60)


def test_days_tables_and_files_are_found(folder: Path) -> None:
    (folder / "sbg20180306vmin.min").write_text("x")
    (folder / "XYZ_20180301.csv.gz").write_text("x")
    (folder / "notes.txt").write_text("x")
    found = archive(folder)
    assert found.channels == ("H", "D", "Z")
    assert found.days() == [("SBG", DAY), ("SBG", date(2018, 3, 6)), ("XYZ", date(2018, 3, 1))]
    names = [path.name for path in found.files()]
    assert names[:2] == ["catalogue.csv", "stations.csv"]
    assert sorted(names[2:]) == ["SBG_20180305.csv", "XYZ_20180301.csv.gz", "sbg20180306vmin.min"]
    assert found.stations()["station"].tolist() == ["SBG", "TRT"]
    assert found.earthquakes()["magnitude"].tolist() == [5.1]
    assert found.indices() is None
    (folder / "indices.csv").write_text("time,kp\n2018-03-05,1\n")
    assert archive(folder).indices() is not None
    assert "indices.csv" in [path.name for path in archive(folder).files()]
    assert found.notes() == [
        ("XYZ", "day files, but no place in stations.csv"),
        ("TRT", "a station without day files"),
        ("notes.txt", "not the name of a day file"),
    ]


def test_a_day_has_its_samples_in_their_places(folder: Path) -> None:
    day = archive(folder).day("SBG", DAY)
    assert day.signal.shape == (3, 1440)
    np.testing.assert_array_equal(day.signal[0, :1000], 40_000.0 + np.arange(1000))
    assert np.isnan(day.signal[:, 1000:]).all()
    assert day.notes == ()


def test_overlapping_files_of_a_day_are_merged(folder: Path) -> None:
    """Gaps come from the next file; a stray contradiction is counted, the first is kept."""
    text = table(range(900, 1400)).replace("54000,40900,", "54000,40905,")
    (folder / "SBG_20180305.csv").write_text(text)
    day = archive(folder).day("SBG", DAY)
    known = ~np.isnan(day.signal[0])
    assert known.sum() == 1400
    np.testing.assert_array_equal(day.signal[0, 900:1400], 40_900.0 + np.arange(500))


def nans(*values: float) -> NDArray[np.float64]:
    return np.array([values])


def test_contradictions_are_counted_and_another_base_line_is_not_used() -> None:
    nan = np.nan
    first, other = np.arange(300.0)[None].copy(), np.arange(300.0)[None].copy()
    first[0, 200:], other[0, 7] = nan, 9.0
    signal, notes = merged([("a", first), ("b", other)])
    np.testing.assert_array_equal(signal[0], np.arange(300.0))
    assert notes == [("b", "contradicts a in 1 samples: the first is kept")]
    signal, notes = merged([("a", first), ("b", other + 5)])
    assert np.isnan(signal[0, 200:]).all()
    assert notes == [("b", "contradicts a in 200 samples: not used")]
    signal, notes = merged([("a", nans(1, nan, nan)), ("b", nans(nan, 2, nan))])
    np.testing.assert_array_equal(signal, nans(1, 2, nan))
    assert notes == []


def test_a_file_that_cannot_be_used_is_a_note_and_its_day_is_missing(folder: Path) -> None:
    (folder / "SBG" / "SBG_20180306.csv").write_text(table(range(0, 1440, 2)))
    (folder / "S180307.SBG").write_bytes(b"\0" * 20)
    found = archive(folder)
    day = found.day("SBG", date(2018, 3, 6))
    assert np.isnan(day.signal).all()
    assert day.notes == (("SBG_20180306.csv", "cadence 120 s, not 60 s"),)
    day = found.day("SBG", date(2018, 3, 7))
    assert day.notes == (("S180307.SBG", "20 bytes, too few for one record"),)
    assert day.signal.shape == (3, 1440)


def test_a_file_of_another_station_by_its_header_is_not_used(
    folder: Path, shared_data: Path
) -> None:
    real = shared_data / "geomagnetic_usgs" / "bou20141101vmin.min"
    for station in ("bou", "sbg"):
        (folder / f"{station}20141101vmin.min").write_bytes(real.read_bytes())
    day = archive(folder).day("SBG", date(2014, 11, 1))
    assert day.notes == (("sbg20141101vmin.min", "a file of station BOU by its header"),)
    assert np.isfinite(archive(folder).day("BOU", date(2014, 11, 1)).signal).all()


def test_the_instruments_state_may_be_asked_for(folder: Path) -> None:
    (folder / "S180308.SBG").write_bytes(packed(np.zeros((3, 86_400)), voltage=11.5))
    found = FileArchive(str(folder), components=["Voltage", "H"])
    np.testing.assert_allclose(found.day("SBG", date(2018, 3, 8)).signal[:, 0], [11.5, 0])


def test_another_choice_of_formats(folder: Path) -> None:
    formats = [DelimitedDay(columns={"X": "H"})]
    found = FileArchive(str(folder), components=["X"], sampling_rate=1 / 60, formats=formats)
    assert found.day("SBG", DAY).signal[0, 0] == 40_000.0


def test_what_is_missing_is_refused(tmp_path: Path, folder: Path) -> None:
    for given, said in (("", "no folder"), (str(tmp_path / "none"), "not there")):
        with pytest.raises(Refused, match=said):
            FileArchive(given).files()
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(Refused, match=r"lacks catalogue.csv, stations.csv, day files \(named like"):
        FileArchive(str(empty)).files()
    (folder / "catalogue.csv").unlink()
    with pytest.raises(Refused, match=r"lacks catalogue.csv$|lacks catalogue.csv\n"):
        archive(folder).files()
    with pytest.raises(Refused, match="components"):
        FileArchive(str(folder), components=["H", "H"])
    with pytest.raises(Refused, match="sampling_rate"):
        FileArchive(str(folder), sampling_rate=0)
