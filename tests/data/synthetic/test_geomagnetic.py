"""The geomagnetic world: its days, its earthquakes, and a precursor that is where it is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp, linregress

from tremor.data.geomagnetic.archive import Archive, checked
from tremor.data.geomagnetic.sphere import azimuth_deg
from tremor.data.geomagnetic.windows import Reach
from tremor.data.synthetic.geomagnetic import GeomagneticWorld
from tremor.data.synthetic.geomagnetic_earthquakes import BESIDE
from tremor.data.synthetic.geomagnetic_precursor import GROWTH
from tremor.data.synthetic.geomagnetic_settings import LIMITS
from tremor.errors import Refused

RATE = 0.25  # Hz, for speed
WORLD = GeomagneticWorld(n_events=60, n_days=120, sampling_rate=RATE)
START = date(2018, 1, 1)
HOUR = 3600.0


def stretch(world: GeomagneticWorld, station: str, first: float, hours: float) -> np.ndarray:
    """Samples from `first` seconds after the world's start."""
    days = range(int(first // 86400), int((first + hours * HOUR - 1) // 86400) + 1)
    whole = np.hstack([world.day(station, START + timedelta(days=d)).signal for d in days])
    begin = round((first - days[0] * 86400) * RATE)
    return whole[:, begin : begin + round(hours * HOUR * RATE)]


def planted(world: GeomagneticWorld) -> list[tuple[pd.Series, str, np.ndarray]]:
    """Each earthquake, a station that it is heard at, and what the precursor alone adds there."""
    quakes, found = world.earthquakes(), []
    for number in range(0, len(quakes), 2):
        station = world.stations()["station"][int(world._quakes.near[number].argmax())]
        end = np.floor(world._quakes.table["seconds"][number] * RATE) / RATE
        both = [
            stretch(replace(world, effect_size=e), station, end - 12 * HOUR, 12) for e in (1, 0)
        ]
        found.append((quakes.iloc[number], station, np.nan_to_num(both[0] - both[1])))
    return found


PLANTED = planted(WORLD)


def powers(wave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies (mHz) and power of each component."""
    f = np.fft.rfftfreq(wave.shape[-1], 1 / RATE) * 1000
    return f, np.abs(np.fft.rfft(wave)) ** 2


def test_it_is_an_archive_without_files() -> None:
    archive: Archive = WORLD
    assert archive.files() == []
    assert archive.notes() == []
    assert len(archive.days()) == 4 * 120
    assert archive.days()[0] == ("LWA", START)
    day = checked(archive.day("SKB", START), archive)
    assert day.signal.shape == (3, 21600)
    known = day.signal[:, ~np.isnan(day.signal).any(axis=0)]
    np.testing.assert_allclose(known, np.round(known, 2), atol=1e-9)


def test_a_day_is_the_same_in_any_order_and_by_seed() -> None:
    first = WORLD.day("YOG", START + timedelta(days=3)).signal
    other = replace(WORLD)
    other.day("LWA", START)
    np.testing.assert_array_equal(other.day("YOG", START + timedelta(days=3)).signal, first)
    one = replace(WORLD, sites=["YOG", "LWA"], effect_size=0.0)
    none = replace(WORLD, effect_size=0.0).day("YOG", START + timedelta(days=3)).signal
    np.testing.assert_array_equal(one.day("YOG", START + timedelta(days=3)).signal, none)
    assert not np.allclose(replace(WORLD, seed=1).day("YOG", START).signal, first, equal_nan=True)


def test_earthquakes_are_in_order_of_time_of_all_sizes_and_towards_everywhere() -> None:
    world = replace(WORLD, n_events=120, n_days=365)
    quakes = world.earthquakes()
    assert list(quakes) == ["event", "time", "latitude", "longitude", "depth_km", "magnitude"]
    assert quakes["time"].is_monotonic_increasing
    assert quakes["event"].is_unique
    assert quakes["magnitude"].between(4, 7).all()
    counts = np.histogram(quakes["magnitude"], [4, 5, 6, 7.1])[0]
    assert counts.min() >= 24
    assert (np.diff(counts) < 0).all()
    stations = world.stations()
    sectors = [
        int((azimuth_deg(s.latitude, s.longitude, q.latitude, q.longitude) + 22.5) // 45) % 8
        for i, q in enumerate(quakes.itertuples())
        for j, s in enumerate(stations.itertuples())
        if world._quakes.near[i, j]
    ]
    assert np.bincount(sectors, minlength=8).min() >= 12
    heard = world._quakes.near.sum(axis=1)
    assert heard.min() >= 1
    assert (heard <= 2).mean() > 0.8


def test_no_station_hears_two_earthquakes_at_once() -> None:
    for site in WORLD._sites:
        when = np.sort(WORLD._quakes.seen_by(site)[:, 1])
        assert np.diff(when).min() >= 12 * HOUR + BESIDE


def test_reach_follows_the_magnitude_when_it_is_null() -> None:
    world = replace(WORLD, reach_km=None)
    heard = pd.Series(world._quakes.near.sum(axis=1))
    strong = world.earthquakes()["magnitude"] >= 6
    assert heard.min() >= 1
    assert heard[strong].mean() > heard[~strong].mean() + 0.5
    assert Reach(None)(4.0) == pytest.approx(52.5, abs=0.1)


@pytest.mark.parametrize("station", ["LWA", "SKB"])
def test_effect_size_changes_nothing_but_the_hours_before_earthquakes(station: str) -> None:
    """All other random draws are the same, in the hours of the precursor too."""
    days = range(20)
    on, off = (
        np.hstack([world.day(station, START + timedelta(days=d)).signal for d in days])
        for world in (WORLD, replace(WORLD, effect_size=0.0))
    )
    np.testing.assert_array_equal(np.isnan(on), np.isnan(off))
    t = np.arange(on.shape[1]) / RATE
    before = np.zeros(len(t), bool)
    for _, time in WORLD._quakes.seen_by(WORLD._site(station)):
        before |= (t >= time - 12 * HOUR) & (t < time)
    assert 0.01 < before.mean() < 0.5
    changed = np.nan_to_num(np.abs(on - off).max(axis=0))
    assert changed[before].max() > 0.05
    assert changed[~before].max() == 0


def test_the_precursor_lies_in_its_band() -> None:
    site = WORLD._sites[0]
    for event, time in WORLD._quakes.seen_by(site):
        wave = WORLD._quakes.precursor(site, int(event), 1.0).field(
            np.arange(np.ceil(time - 13 * HOUR), time + HOUR, 1 / RATE), RATE
        )
        f, power = powers(wave)
        inside = (f > 21.5) & (f < 40.5)
        assert power[:, inside].sum() > 0.99 * power.sum()


def test_its_size_grows_with_the_magnitude() -> None:
    magnitude = np.array([quake["magnitude"] for quake, _, _ in PLANTED])
    size = np.array([np.log10(np.sqrt((wave**2).sum(axis=0).mean())) for _, _, wave in PLANTED])
    fit = linregress(magnitude, size)
    assert fit.slope == pytest.approx(GROWTH, abs=0.06)
    assert fit.rvalue > 0.9
    classes = pd.Series(size).groupby(np.floor(magnitude).clip(4, 6)).mean()
    assert classes.is_monotonic_increasing


def test_its_direction_follows_from_band_powers() -> None:
    """North and south by H, east and west by D, in the lower and upper half of the band."""
    places = WORLD.stations().set_index("station")
    for quake, station, wave in PLANTED:
        f, power = powers(wave)
        low, high = (power[:, (f > a) & (f < b)].sum(1) for a, b in ((21, 31), (31, 41)))
        north, east = np.sqrt(low[:2]) - np.sqrt(high[:2])
        told = np.rad2deg(np.arctan2(east, north))
        here = places.loc[station]
        true = azimuth_deg(
            here["latitude"], here["longitude"], quake["latitude"], quake["longitude"]
        )
        assert abs((told - true + 180) % 360 - 180) < 12
        assert low[2] == pytest.approx(high[2], rel=0.5)


def test_without_effect_windows_before_earthquakes_are_like_quiet_ones() -> None:
    """Levels of both kinds come from one distribution, after Kolmogorov and Smirnov."""
    world = replace(WORLD, effect_size=0.0, noise_level=0.3)
    before, quiet = [], []
    for site in world._sites[:1]:
        when = world._quakes.seen_by(site)[:, 1]
        for time in when:
            start = np.floor((time - 6 * HOUR) * RATE) / RATE
            before.append(stretch(world, site.name, start, 6))
            later = start + 86400 * np.arange(1, 8)
            away = np.abs(later[:, None] - when).min(axis=1) > 1.1 * 86400
            later = later[away & (later + 86400 < 120 * 86400)]
            quiet += [stretch(world, site.name, one, 6) for one in later[:1]]
    levels = [
        [np.log10(np.nanmean(np.diff(wave[0]) ** 2)) for wave in kind] for kind in (before, quiet)
    ]
    assert min(map(len, levels)) > 10
    assert ks_2samp(*levels).pvalue > 0.05


def row_of(world: GeomagneticWorld, number: int) -> pd.Series:
    quake = world.earthquakes().iloc[number]
    station = world.stations()["station"][int(world._quakes.near[number].argmax())]
    start = quake["time"] - pd.Timedelta(hours=6)
    return pd.Series(
        {
            "group": quake["event"],
            "station": station,
            "start_time": f"{start.isoformat()}Z",
            "event_time": f"{quake['time'].isoformat()}Z",
        }
    )


QUIET = pd.Series(
    {
        "group": "LWA_20180301",
        "station": "LWA",
        "start_time": "2018-03-01T00:00:00Z",
        "event_time": np.nan,
    }
)
TIMES, FREQUENCIES = np.arange(64, 6 * HOUR, 128.0), np.arange(1, 32) * 0.00390625


def test_evidence_is_in_the_band_and_the_bursts_for_both_classes() -> None:
    inside = (FREQUENCIES > 0.022) & (FREQUENCIES < 0.040)
    for row in (row_of(WORLD, 3), QUIET):
        map_ = WORLD.evidence(row, TIMES, FREQUENCIES)
        assert map_.shape == (3, len(FREQUENCIES), len(TIMES))
        assert (map_ >= 0).all()
        assert not map_[:, ~inside].any()
        assert map_[2][inside].mean() > 0.1
        assert not replace(WORLD, effect_size=0.0).evidence(row, TIMES, FREQUENCIES).any()
    quiet = WORLD.evidence(QUIET, TIMES, FREQUENCIES)
    assert (quiet[:, inside].min(axis=2) > 0).all()
    bursts = WORLD.evidence(row_of(WORLD, 3), TIMES, FREQUENCIES)[2, inside].mean(axis=0)
    assert bursts.min() < 0.2 * bursts.max()


def test_evidence_speaks_of_the_power_that_is_planted() -> None:
    """Where the evidence says that the precursor is strong, the samples have it."""
    row, (_, station, wave) = row_of(WORLD, 0), PLANTED[0]
    assert row["station"] == station
    times = np.arange(60, 6 * HOUR, 120.0)
    told = WORLD.evidence(row, times, np.array([0.0265, 0.0355])).mean(axis=1)
    last = wave[:, -round(6 * HOUR * RATE) :]
    heard = (last.reshape(3, len(times), -1) ** 2).mean(axis=2)
    assert np.corrcoef(told[2], np.sqrt(heard[2]))[0, 1] > 0.7


def test_evidence_outside_the_reach_is_none() -> None:
    number = int(np.flatnonzero(WORLD._quakes.near.sum(axis=1) == 1)[0])
    far = WORLD.stations()["station"][int(WORLD._quakes.near[number].argmin())]
    row = row_of(WORLD, number)
    row["station"] = far
    assert not WORLD.evidence(row, TIMES, FREQUENCIES).any()


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_events": 1},
        {"n_days": 1},
        {"effect_size": -1.0},
        {"effect_size": float("nan")},
        {"fingerprint": -0.5},
        {"noise_level": 0.0},
        {"sampling_rate": 0.01},
        {"sampling_rate": 0.7001},
        {"precursor_hours": 0.0},
        {"reach_km": 0.0},
        {"min_magnitude": 7.5},
        {"band_mhz": [22.0]},
        {"band_mhz": [40.0, 22.0]},
        {"band_mhz": [22.0, 600.0]},
        {"band_mhz": [22.0, 23.0]},
        {"start": "soon"},
        {"start": "2018-01-01T05:00"},
        {"start": "NaT"},
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=next(iter(wrong))) as refused:
        GeomagneticWorld(**wrong)
    assert refused.value.remedy.startswith("give")


@pytest.mark.parametrize("sites", [0, 11, [], ["LWA", "LWA"], ["NOWHERE"]])
def test_stations_that_are_none_are_refused(sites: Any) -> None:
    with pytest.raises(Refused, match="stations"):
        GeomagneticWorld(sites=sites)


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(Refused, match="no station XYZ"):
        WORLD.day("XYZ", START)
    with pytest.raises(Refused, match="no day 2017-12-31"):
        WORLD.day("LWA", date(2017, 12, 31))
    with pytest.raises(Refused, match="no earthquake nobody"):
        WORLD.evidence(
            pd.concat([row_of(WORLD, 0).drop("group"), pd.Series({"group": "nobody"})]),
            TIMES,
            FREQUENCIES,
        )
    with pytest.raises(Refused, match="do not fit"):
        GeomagneticWorld(n_events=100, n_days=5).earthquakes()


def test_every_number_has_its_limits() -> None:
    others = {"sites", "start", "band_mhz"}
    assert set(LIMITS) == set(vars(GeomagneticWorld())) - others
