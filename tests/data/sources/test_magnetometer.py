"""Windows before earthquakes and quiet ones, from an archive in memory with known answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tremor.data.cache import open_records
from tremor.data.geomagnetic.archive import Day, Note
from tremor.data.geomagnetic.file_archive import FileArchive
from tremor.data.geomagnetic.instrument import packed
from tremor.data.records import RecordSet
from tremor.data.sources.magnetometer import Magnetometer
from tremor.errors import Refused, TremorError

MINUTES = 1440
START = pd.Timestamp("2018-01-01")
Quake = tuple[float, float, float, float]


@dataclass(frozen=True)
class Memory:
    """Minutes of 60 days at stations on the equator; earthquakes as (day, lat, lon, magnitude).

    The catalogue is one of the days `span`, at whose ends it has earthquakes too small to matter.
    """

    quakes: tuple[Quake, ...]
    places: tuple[tuple[str, float], ...] = (("AAA", 100.0), ("BBB", 120.0))
    count: int = 60
    gaps: tuple[tuple[float, float], ...] = ()
    kp: tuple[float, ...] | None = None
    gain: float = 1.0
    sampling_rate: float = 1 / 60
    channels: tuple[str, ...] = ("H", "D", "Z")
    read: list[tuple[str, date]] = field(default_factory=list, compare=False)
    short: bool = False
    span: tuple[float, float] = (-60.0, 120.0)

    def files(self) -> list[Path]:
        return []

    def notes(self) -> list[Note]:
        return [("catalogue.csv row 9", "no time")]

    def stations(self) -> pd.DataFrame:
        names, longitudes = zip(*self.places, strict=True)
        return pd.DataFrame({"station": names, "latitude": 0.0, "longitude": longitudes})

    def earthquakes(self) -> pd.DataFrame:
        rows = [
            (f"q{n}", START + pd.Timedelta(days=day), lat, lon, 10.0, magnitude)
            for n, (day, lat, lon, magnitude) in enumerate(self.quakes)
        ]
        for day in self.span:
            rows.append((f"day {day:g}", START + pd.Timedelta(days=day), 0.0, 110.0, 10.0, 3.9))
        names = ["event", "time", "latitude", "longitude", "depth_km", "magnitude"]
        return pd.DataFrame(rows, columns=names).sort_values("time", ignore_index=True)

    def indices(self) -> pd.DataFrame | None:
        if self.kp is None:
            return None
        times = START + pd.to_timedelta(np.arange(len(self.kp)) * 3, unit="h")
        return pd.DataFrame({"time": times, "kp": self.kp})

    def days(self) -> list[tuple[str, date]]:
        numbers = pd.date_range(START, periods=self.count)
        return [(name, day.date()) for name, _ in self.places for day in numbers]

    def day(self, station: str, day: date) -> Day:
        """A field of 40,000 nT that has its own number of minutes since the start in it."""
        self.read.append((station, day))
        number = (pd.Timestamp(day) - START).days
        minutes = number * MINUTES + np.arange(MINUTES, dtype=np.float64)
        rng = np.random.default_rng([number, ord(station[0])])
        noise = rng.normal(scale=0.2 * self.gain, size=(3, MINUTES))
        signal = np.array([40_000.0, 50.0, -9_000.0])[:, None] + 0.001 * minutes + noise
        for first, last in self.gaps:
            signal[:, (minutes >= first * MINUTES) & (minutes < last * MINUTES)] = np.nan
        notes = (("a.sec", "the last line is cut"),) if self.gaps else ()
        return Day(signal[:, : MINUTES - self.short], notes)


NEAR = ((20.5, 0.0, 101.0, 6.2), (40.25, 1.0, 100.0, 5.0), (30.0, 0.0, 119.5, 4.4))


def opened(archive: Any, tmp_path: Path, **settings: Any) -> RecordSet:
    return open_records(Magnetometer(archive, **settings), str(tmp_path / "cache"))[0]


def aside(records: RecordSet) -> dict[str, str]:
    return {item["record_id"]: item["reason"] for item in records.meta["set_aside"]}


def labels(records: RecordSet) -> list[str]:
    return [records.classes[label] for label in records.table["label"]]


def test_windows_before_earthquakes_and_as_many_quiet_ones(tmp_path: Path) -> None:
    records = opened(Memory(NEAR), tmp_path)
    table = records.table.set_index("record_id")
    assert labels(records) == ["Large", "Medium", "Normal", "Normal", "Moderate", "Normal"]
    one = table.loc["AAA_20180121T060000"]
    assert one["start_time"] == "2018-01-21T06:00:00.000000Z"
    assert one["event_time"] == "2018-01-21T12:00:00.000000Z"
    assert (one["group"], one["label_magnitude"], one["label_azimuth"]) == ("q0", "Large", "E")
    assert one["distance_km"] == pytest.approx(111.195, abs=0.01)
    assert one["azimuth_deg"] == pytest.approx(90)
    assert (one["event_latitude"], one["event_longitude"]) == (0.0, 101.0)
    assert (one["event_magnitude"], one["event_depth_km"], one["lead_hours"]) == (6.2, 10.0, 0.0)
    assert (one["missing"], one["spikes"], one["station"]) == (0.0, 0, "AAA")
    assert np.isnan(one["kp"])
    assert table.loc["AAA_20180210T000000", "label_azimuth"] == "N"
    assert table.loc["BBB_20180130T180000", "label_azimuth"] == "W"
    assert set(records.lengths) == {360}
    assert records.sampling_rate == 1 / 60
    assert aside(records) == {"catalogue.csv row 9": "no time"}


def test_quiet_windows_are_like_the_others_in_all_but_the_earthquake(tmp_path: Path) -> None:
    table = opened(Memory(NEAR), tmp_path).table
    times = pd.to_datetime(table["start_time"], format="ISO8601")
    quiet = table["label_magnitude"] == "Normal"
    keys = [table["station"], times.dt.month, times.dt.strftime("%H%M%S")]
    both = [sorted(zip(*(key[rows] for key in keys), strict=True)) for rows in (quiet, ~quiet)]
    assert both[0] == both[1]
    assert (table.loc[quiet, "label_azimuth"] == "Normal").all()
    nothing = ["event_magnitude", "event_latitude", "distance_km", "azimuth_deg", "lead_hours"]
    assert table.loc[quiet, nothing].isna().all().all()
    named = table.loc[quiet, "station"] + "_" + times[quiet].dt.strftime("%Y%m%d")
    assert table.loc[quiet, "group"].tolist() == named.tolist()
    for quake, station in ((20.5, "AAA"), (40.25, "AAA"), (30.0, "BBB")):
        origin = (START + pd.Timedelta(days=quake)).tz_localize("UTC")
        rows = times[quiet & (table["station"] == station)]
        assert ((rows - origin).abs() > pd.Timedelta(days=3)).all()


def test_samples_are_those_of_the_window_about_its_median(tmp_path: Path) -> None:
    """The ramp of 0.001 nT a minute survives on 40,000 nT: float32 alone would round it away."""
    records = opened(Memory(NEAR, gain=0.0), tmp_path, spike_threshold=None)
    signal = records.record(0)
    np.testing.assert_allclose(np.diff(signal), 0.001, atol=1e-6)
    np.testing.assert_allclose(np.median(signal, axis=1), 0, atol=1e-6)


def test_the_noise_is_that_of_its_own_minutes(tmp_path: Path) -> None:
    """A window over midnight has the end of one day and the beginning of the next."""
    archive = Memory(((20.125, 0.0, 101.0, 6.2), *NEAR[1:]))
    signal = opened(archive, tmp_path, spike_threshold=None).record(0)
    days = [archive.day("AAA", date(2018, 1, number)).signal for number in (20, 21)]
    expected = np.concatenate([days[0][:, -180:], days[1][:, :180]], axis=1)
    expected -= np.median(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(signal, expected, atol=1e-6)


def test_lead_and_number_of_windows(tmp_path: Path) -> None:
    settings = {"windows": 3, "lead_hours": 1.5, "window_hours": 2.0, "quiet_per_window": 0.0}
    table = opened(Memory(NEAR[:1]), tmp_path, **settings).table
    assert table["lead_hours"].tolist() == [5.5, 3.5, 1.5]
    starts = [f"2018-01-21T{hour}:00.000000Z" for hour in ("04:30", "06:30", "08:30")]
    assert table["start_time"].tolist() == starts
    assert set(table["group"]) == {"q0"}


def test_of_overlapping_windows_the_larger_earthquake_keeps_it(tmp_path: Path) -> None:
    quakes = ((20.5, 0.0, 100.3, 4.5), (20.6, 0.0, 101.0, 6.2), (40.0, 0.0, 101.0, 6.0))
    records = opened(Memory(quakes), tmp_path)
    assert labels(records).count("Large") == 2
    assert aside(records)["AAA_20180121T060000 of q0"] == "its time belongs to q1 (M 6.2)"


def test_how_far_earthquakes_are_looked_for(tmp_path: Path) -> None:
    """M 4.4 is seen from 10^(0.43 * 4.4) = 78 km; one out of all ranges is named."""
    quakes = (*NEAR, (50.0, 0.0, 100.75, 4.4), (51.0, 40.0, 0.0, 7.0))
    records = opened(Memory(quakes), tmp_path)
    said = aside(records)
    assert (said["q3"], said["q4"]) == ("no station within range",) * 2
    wide = opened(Memory(quakes), tmp_path, max_distance_km=90.0)
    assert "q3" in set(wide.table["group"])
    assert aside(wide)["q0"] == "no station within range"
    few = opened(Memory(quakes), tmp_path, min_magnitude=5.0)
    assert "q3" not in {*few.table["group"], *aside(few)}


def test_one_earthquake_at_two_stations_is_one_group(tmp_path: Path) -> None:
    records = opened(Memory(((20.5, 0.0, 110.0, 7.9),)), tmp_path)
    strong = records.table[records.table["label_magnitude"] == "Large"]
    assert strong["station"].tolist() == ["AAA", "BBB"]
    assert strong["label_azimuth"].tolist() == ["E", "W"]
    assert strong["group"].tolist() == ["q0", "q0"]


def test_gaps_are_filled_counted_or_too_many(tmp_path: Path) -> None:
    """0.01 days of 0.25 are 4 %; 0.075 of 0.25 are 30 %."""
    gaps = ((20.3, 20.31), (40.1, 40.175))
    records = opened(Memory(NEAR, gaps=gaps), tmp_path)
    one = records.table.set_index("record_id").loc["AAA_20180121T060000"]
    assert one["missing"] == pytest.approx(0.04, abs=0.003)
    assert np.isfinite(records.view(360)[np.arange(len(records))]).all()
    assert aside(records)["AAA_20180210T000000"] == "30 % missing"
    assert aside(records)["a.sec"] == "the last line is cut"
    assert labels(records).count("Normal") == 2
    every = opened(Memory(NEAR, gaps=gaps), tmp_path, max_missing=0.31)
    assert "AAA_20180210T000000" in set(every.table["record_id"])


def test_a_quiet_window_with_gaps_is_drawn_again(tmp_path: Path) -> None:
    gaps = tuple((float(day), day + 1.0) for day in range(2, 15))
    records = opened(Memory(NEAR[:1], gaps=gaps), tmp_path)
    assert labels(records) == ["Large", "Normal"]
    lost = [name for name, why in aside(records).items() if why == "100 % missing"]
    again = opened(Memory(NEAR[:1], gaps=gaps), tmp_path / "b", quiet_seed=1)
    assert labels(again) == ["Large", "Normal"]
    assert len(lost) + sum(why == "100 % missing" for why in aside(again).values()) > 0


def test_days_without_data_are_named(tmp_path: Path) -> None:
    records = opened(Memory((*NEAR, (70.0, 0.0, 100.1, 5.0))), tmp_path)
    assert aside(records)["AAA_20180311T180000"] == "no day file"


def test_each_day_is_read_once(tmp_path: Path) -> None:
    archive = Memory(NEAR)
    opened(archive, tmp_path, windows=3)
    assert len(archive.read) == len(set(archive.read))


def test_quiet_windows_that_lack_are_counted(tmp_path: Path) -> None:
    records = opened(Memory(NEAR), tmp_path, quiet_days_away=19.0)
    said = aside(records)
    assert said["AAA"] == "1 of 2 quiet windows lacking"
    relaxed = opened(Memory(NEAR), tmp_path, quiet_days_away=19.0, quiet_relax=True)
    assert aside(relaxed)["AAA"] == "1 quiet windows of neighbouring hours or months"
    with pytest.raises(Refused, match="not one of 3 quiet windows was found"):
        opened(Memory(NEAR), tmp_path, quiet_days_away=60.0)


def test_storms_are_left_out_of_both_kinds(tmp_path: Path) -> None:
    """Kp 7 on day 20, above 4 on all but a few others."""
    kp = [2.0] * (60 * 8)
    kp[20 * 8 : 21 * 8] = [7.0] * 8
    for day in (*range(8), *range(24, 31)):
        kp[day * 8 : day * 8 + 8] = [5.0] * 8
    records = opened(Memory(NEAR, kp=tuple(kp)), tmp_path, max_kp=4.0)
    assert aside(records)["AAA_20180121T060000"] == "a storm, Kp up to 7"
    assert (records.table["kp"] == 2).all()
    free = opened(Memory(NEAR, kp=tuple(kp)), tmp_path)
    assert free.table["kp"].max() == 7
    unknown = opened(Memory(NEAR, kp=tuple(kp[: 35 * 8])), tmp_path, max_kp=7.0)
    assert aside(unknown)["AAA_20180210T000000"] == "Kp not known"
    for limit in ({"max_kp": 4.0}, {"min_dst": -50.0}):
        with pytest.raises(Refused, match="no table gives"):
            opened(Memory(NEAR), tmp_path, **limit)


def test_quiet_windows_of_the_same_year_first_and_others_counted(tmp_path: Path) -> None:
    """By day 425 there is a second February, which is only needed 19 days from earthquakes."""
    long = Memory(NEAR, count=425, span=(-60.0, 500.0))
    plain = opened(long, tmp_path)
    assert set(pd.to_datetime(plain.table["start_time"]).dt.year) == {2018}
    assert "AAA" not in aside(plain)
    far = opened(long, tmp_path, quiet_days_away=19.0)
    assert aside(far)["AAA"] == "1 quiet windows of the same month of another year"
    assert "AAA_20180101" in set(far.table["group"])


def quiet_days(records: RecordSet) -> list[float]:
    """When quiet windows of AAA begin, in days since the start."""
    quiet = records.table[["label_magnitude", "station"]] == ["Normal", "AAA"]
    times = pd.to_datetime(records.table.loc[quiet.all(axis=1), "start_time"])
    return ((times.dt.tz_localize(None) - START) / pd.Timedelta(days=1)).tolist()


def touching(days: list[float], first: float, last: float) -> list[float]:
    """Those windows of six hours that have something of the time between."""
    return [day for day in days if day + 0.25 > first and day < last]


def test_quiet_windows_end_further_from_an_earthquake_than_its_own_begin(tmp_path: Path) -> None:
    """Those of q0 begin 5 days and 12 h before it, further away than the 3 days."""
    settings = {"lead_hours": 120.0, "windows": 2, "quiet_per_window": 4.0}
    days = quiet_days(opened(Memory(NEAR[:1]), tmp_path, **settings))
    assert len(days) == 8
    assert not touching(days, 20.5 - 5.5, 20.5 + 3.0)


@pytest.mark.parametrize(
    ("other", "settings"),
    [
        ((10.0, 0.0, 100.4, 4.1), {"min_magnitude": 5.0}),  # too small to count
        ((10.0, 0.0, 103.0, 6.2), {"max_distance_km": 150.0}),  # at 334 of 463 km
        ((10.0, 0.0, 101.0, 4.1), {"max_distance_km": 150.0, "min_magnitude": 5.0}),  # both
    ],
)
def test_quiet_windows_stay_away_from_earthquakes_that_do_not_count(
    tmp_path: Path, other: Quake, settings: dict[str, Any]
) -> None:
    archive = Memory((NEAR[0], other))
    days = quiet_days(opened(archive, tmp_path, quiet_per_window=100.0, **settings))
    assert len(days) > 10
    assert not touching(days, 7.0, 13.0)
    farther = Memory((NEAR[0], (*other[:2], 106.0, 4.1)))
    settings = settings | {"min_magnitude": 5.0}
    near = quiet_days(opened(farther, tmp_path, quiet_per_window=100.0, **settings))
    assert touching(near, 7.0, 13.0)


def test_quiet_windows_only_within_the_time_of_the_catalogue(tmp_path: Path) -> None:
    """Known from day 8 to day 28, quiet from 3 days after to 3 days before; the rest is counted."""
    records = opened(Memory(NEAR[:1], span=(8.0, 28.0)), tmp_path, quiet_per_window=100.0)
    assert set(quiet_days(records)) == {*np.arange(11, 18) + 0.25, 24.25}
    told = [item["reason"] for item in records.meta["set_aside"] if item["record_id"] == "AAA"]
    assert told[0] == "46 of 60 days with data are beyond the catalogue: none is quiet"
    without = opened(Memory(NEAR[:1], span=(8.0, 28.0)), tmp_path, quiet_per_window=0.0)
    assert "AAA" not in aside(without)


def test_one_station_alone(tmp_path: Path) -> None:
    assert set(opened(Memory(NEAR), tmp_path, station="BBB").table["station"]) == {"BBB"}
    with pytest.raises(Refused, match="no station AAB") as refusal:
        opened(Memory(NEAR), tmp_path, station="AAB")
    assert refusal.value.remedy == "dataset.station=AAA"


def test_a_stations_scale_is_one_number_for_all_its_windows(tmp_path: Path) -> None:
    plain = opened(Memory(NEAR), tmp_path)
    scaled = opened(Memory(NEAR), tmp_path, station_scale=True)
    loud = opened(Memory(NEAR, gain=50.0), tmp_path, station_scale=True)
    assert scaled.table["record_id"].tolist() == plain.table["record_id"].tolist()
    ratios = [plain.record(n).std(axis=1) / scaled.record(n).std(axis=1) for n in range(len(plain))]
    np.testing.assert_allclose(ratios[0], ratios[3], rtol=1e-5)
    steps = [np.abs(np.diff(scaled.record(n), axis=1)).mean(axis=1) for n in range(4)]
    np.testing.assert_allclose(np.median(steps, axis=0), 1.0, rtol=1e-5)
    assert loud.record(0).std() == pytest.approx(scaled.record(0).std(), rel=0.3)


def test_the_seed_changes_quiet_windows_only(tmp_path: Path) -> None:
    sets = [opened(Memory(NEAR), tmp_path, quiet_seed=seed).table for seed in (0, 1)]
    quiet = [set(table.loc[table["label_magnitude"] == "Normal", "group"]) for table in sets]
    events = [set(table.loc[table["label_magnitude"] != "Normal", "record_id"]) for table in sets]
    assert quiet[0] != quiet[1]
    assert events[0] == events[1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"window_hours": 0.0},
        {"lead_hours": -1.0},
        {"windows": 0},
        {"max_distance_km": 0.0},
        {"min_magnitude": 3.0},
        {"quiet_per_window": -1.0},
        {"quiet_days_away": -1.0},
        {"max_missing": 1.0},
        {"spike_threshold": 0.0},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    (key,) = wrong
    with pytest.raises(Refused, match=f"{key} is") as refusal:
        Magnetometer(Memory(NEAR), **wrong)
    assert refusal.value.remedy.startswith(f"dataset.{key}=")


def test_archives_that_break_their_word_or_have_nothing(tmp_path: Path) -> None:
    with pytest.raises(TremorError, match=r"a day of shape \(3, 1439\), \(3, 1440\) promised"):
        opened(Memory(NEAR, short=True), tmp_path)
    with pytest.raises(Refused, match=r"no earthquake of M 7 or more, the strongest is 6\.2"):
        opened(Memory(NEAR), tmp_path, min_magnitude=7.0)
    with pytest.raises(Refused, match="less than two samples"):
        opened(Memory(NEAR), tmp_path, window_hours=0.01)
    with pytest.raises(Refused, match="no usable record"):
        opened(Memory(((70.0, 0.0, 100.1, 5.0),)), tmp_path)


def test_from_files_of_the_instrument(tmp_path: Path) -> None:
    """Three days of 1 Hz; one hour before the earthquake, one quiet; a cut file is named."""
    folder = tmp_path / "files"
    (folder / "SBG").mkdir(parents=True)
    (folder / "stations.csv").write_text("station,latitude,longitude\nSBG,5.0,95.0\n")
    head = "time,latitude,longitude,depth,magnitude\n"
    known = "2018-03-04T00:00:00Z,5,96,10,3.0\n2018-03-09T00:00:00Z,5,96,10,3.0\n"
    (folder / "catalogue.csv").write_text(head + "2018-03-05T10:00:00Z,5,96,10,6.1\n" + known)
    rng = np.random.default_rng(0)
    for day in (5, 6, 7):
        level = np.array([[40_000.0], [10.0], [-9_000.0]])
        raw = packed(level + rng.normal(size=(3, 86_400)))
        (folder / "SBG" / f"S18030{day}.SBG").write_bytes(raw[: -100 * (day == 7)] or raw)
    archive = FileArchive(str(folder))
    records = opened(archive, tmp_path, window_hours=1.0, quiet_days_away=0.5)
    assert records.table["record_id"].tolist()[0] == "SBG_20180305T090000"
    assert records.table["group"].tolist()[0] == "20180305T100000"
    assert labels(records) == ["Large", "Normal"]
    assert records.table["missing"].tolist() == [0, 0]


def real(folder: Path, files: list[Path], station: str, quake: str) -> str:
    """A folder of real day files, with one earthquake 50 km to the east of their station."""
    folder.mkdir()
    for path in files:
        (folder / path.name).symlink_to(path)
    (folder / "stations.csv").write_text(f"station,latitude,longitude\n{station}\n")
    known = "2001-01-01,0,0,10,3.0\n2025-01-01,0,0,10,3.0\n"
    head = "time,latitude,longitude,depth,magnitude\n"
    (folder / "catalogue.csv").write_text(f"{head}{quake}\n{known}")
    return str(folder)


def test_real_minutes_of_a_week(tmp_path: Path, shared_data: Path) -> None:
    """A window before a made-up earthquake at Boulder, and two at its hours of other days."""
    files = sorted((shared_data / "geomagnetic_usgs").glob("bou*.min"))
    quake = "2014-11-04T12:30:20Z,40.137,255.35,10,6.0"
    folder = real(tmp_path / "bou", files, "BOU,40.137,254.764", quake)
    archive = FileArchive(folder, sampling_rate=1 / 60)
    settings = {"quiet_days_away": 1.0, "quiet_per_window": 2.0}
    table = opened(archive, tmp_path, **settings).table
    times = pd.to_datetime(table["start_time"])
    assert set(times.dt.strftime("%H:%M:%S")) == {"06:30:00"}
    assert set(times.dt.day[1:]) <= {1, 2, 3, 6, 7}
    assert table["label_azimuth"].tolist() == ["E", "Normal", "Normal"]
    assert table["level_D"].between(0, 2).all()
    with pytest.raises(Refused, match=r"cadence 60 s, not 1 s"):
        opened(FileArchive(folder), tmp_path)
    wrong = FileArchive(folder, components=["X", "Y", "Z"], sampling_rate=1 / 60)
    with pytest.raises(Refused, match=r"has components H, D, Z, F, not X, Y, Z"):
        opened(wrong, tmp_path)


def test_a_real_day_of_seconds(tmp_path: Path, shared_data: Path) -> None:
    """A quiet July day at Conrad Observatory: no gaps, no spikes, pulsations below 1 nT."""
    files = [shared_data / "geomagnetic_conrad_1hz" / "wic_20230712_1hz.sec"]
    quake = "2023-07-12T12:00:00Z,47.928,16.5,10,5.0"
    folder = real(tmp_path / "wic", files, "WIC,47.928,15.866", quake)
    archive = FileArchive(folder, components=["H", "E", "Z"])
    records = opened(archive, tmp_path, quiet_per_window=0.0)
    assert records.channels == ("H", "E", "Z")
    assert records.table["record_id"].tolist() == ["WIC_20230712T060000"]
    assert records.table["missing"].tolist() == [0.0]
    assert records.table["spikes"].tolist() == [0]
    assert 0 < np.abs(np.diff(records.record(0))).max() < 1
