"""What is there without earthquakes: storms, the daily variation, pulsations, noise, gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.signal import welch

from tremor.data.synthetic.geomagnetic_fingerprint import LINES, Fingerprints, lines
from tremor.data.synthetic.geomagnetic_noise import PC3, SPIKES, StationNoise
from tremor.data.synthetic.geomagnetic_pulsations import KINDS, Pulsations
from tremor.data.synthetic.geomagnetic_sites import distances, sites_of
from tremor.data.synthetic.geomagnetic_weather import DAY, HOUR, SpaceWeather

SITES = sites_of(4)
RATE = 0.25  # Hz, for speed
WEATHER = SpaceWeather(0, 200)
NOISE = StationNoise(0, 0.08, RATE)
PULSATIONS = Pulsations(0, WEATHER)


def day(number: int) -> np.ndarray:
    return number * DAY + np.arange(round(DAY * RATE)) / RATE


def test_the_noise_has_the_spectrum_that_is_said() -> None:
    wave = np.hstack([NOISE.field(SITES[0], number) for number in range(40)])
    f, power = welch(wave, RATE, nperseg=4096)
    for low, high in ((0.002, 0.007), (0.007, 0.022), PC3):
        inside = (f >= low) & (f < high)
        ratio = power[:, inside] / NOISE.power(SITES[0], f[inside])
        np.testing.assert_allclose(ratio.mean(axis=1), 1.0, rtol=0.12)


def test_the_level_is_the_rms_in_the_pc3_band() -> None:
    """On average over stations: each has a level, and a fall, of its own."""
    f = np.linspace(*PC3, 2000)
    rms = [
        np.sqrt(np.trapezoid(StationNoise(seed, 0.08, 1.0).power(site, f)[0], f))
        for seed in range(40)
        for site in SITES
    ]
    assert np.exp(np.log(rms).mean()) == pytest.approx(0.08, rel=0.1)
    assert np.std(np.log(rms)) == pytest.approx(0.32, abs=0.08)


def test_the_noise_goes_on_across_midnight() -> None:
    step = [
        np.abs(NOISE.field(SITES[0], n)[:, 0] - NOISE.field(SITES[0], n - 1)[:, -1])
        for n in range(1, 30)
    ]
    usual = np.abs(np.diff(NOISE.field(SITES[0], 5))).mean(axis=1)
    np.testing.assert_array_less(np.mean(step, axis=0), 2 * usual)


def test_gaps_and_spikes_are_rare_and_the_same_again() -> None:
    gone = np.array([NOISE.missing(SITES[1], n).mean() for n in range(200)])
    assert 0 < np.median(gone[gone > 0]) < 0.02
    assert 0.0005 < gone.mean() < 0.03
    assert 0.2 < (gone > 0).mean() < 0.7
    counts = [len(NOISE.spikes(SITES[1], n)[0]) for n in range(200)]
    assert np.mean(counts) == pytest.approx(SPIKES, abs=0.3)
    for one, again in zip(NOISE.spikes(SITES[1], 7), NOISE.spikes(SITES[1], 7), strict=True):
        np.testing.assert_array_equal(one, again)


def test_kp_and_dst_tell_of_the_storms() -> None:
    table = WEATHER.indices(pd.Timestamp("2018-01-01"))
    assert len(table) == 200 * 24
    assert table["kp"].between(0, 9).all()
    assert np.allclose(table["kp"] * 3, (table["kp"] * 3).round())
    assert (table["kp"].to_numpy().reshape(-1, 3).std(axis=1) == 0).all()
    stormy = table["dst"] < -40
    assert 0.01 < stormy.mean() < 0.4
    assert table["kp"][stormy].mean() > table["kp"][~stormy].mean() + 1.5
    onset, depth = WEATHER.storms[np.argmax(WEATHER.storms[:, 1])]
    t = onset + np.arange(-60, 48 * 3600, 60.0)
    fall = WEATHER.ring_current(t)
    assert fall.min() < -0.4 * depth
    assert 2 * HOUR < t[fall.argmin()] - onset < 24 * HOUR


def test_a_storm_begins_with_a_rise_at_all_stations() -> None:
    onset = WEATHER.storms[(WEATHER.storms[:, 0] > DAY)][0, 0]
    t = onset + np.arange(-300, 600, 1.0)
    for site in SITES:
        h = WEATHER.field(site, t)[0]
        assert h[t > onset + 180].max() - h[0] > 5


def test_the_daily_variation_peaks_near_noon() -> None:
    """On the average of many days, at the local time of the station."""
    for site in SITES:
        mean = np.mean([WEATHER.field(site, day(n))[0] for n in range(60)], axis=0)
        local = (np.arange(len(mean)) / RATE / HOUR + site.longitude / 15) % 24
        assert 10 < local[mean.argmax()] < 13
        night = (local < 4) | (local > 22)
        assert mean.max() - mean[night].mean() > 15


def test_pulsations_are_the_same_everywhere_and_strongest_by_day() -> None:
    """One packet has one shape at all stations; noon has more power than midnight."""
    fields = [PULSATIONS.field(site, day(12)) for site in SITES[:2]]
    assert np.corrcoef(fields[0][0], fields[1][0])[0, 1] > 0.9
    power = np.mean([PULSATIONS.field(SITES[0], day(n))[0] ** 2 for n in range(40)], axis=0)
    local = (np.arange(len(power)) / RATE / HOUR + SITES[0].longitude / 15) % 24
    noon = (local > 10) & (local < 13)
    night = (local < 2) | (local > 23)
    assert power[noon].mean() > 3 * power[night].mean()


def test_pulsations_fill_their_bands_and_grow_with_activity() -> None:
    packets = [p for n in range(200) for p in PULSATIONS.packets(n)]
    frequency = np.array([p.frequency for p in packets])
    for kind in KINDS:
        count = ((frequency >= kind.low) & (frequency < kind.high)).sum() / 200
        assert count == pytest.approx(kind.a_day, rel=0.1)
    pc3 = [p for p in packets if p.frequency >= PC3[0]]
    active = WEATHER.activity(np.array([p.start for p in pc3]))
    size = np.array([abs(p.size[0]) for p in pc3])
    assert np.median(size[active > 4]) > 1.5 * np.median(size[active < 2])


def test_pulsations_go_on_across_midnight() -> None:
    whole = PULSATIONS.field(SITES[0], np.concatenate([day(3), day(4)]))
    parts = np.hstack([PULSATIONS.field(SITES[0], day(n)) for n in (3, 4)])
    np.testing.assert_allclose(whole, parts, atol=1e-9)


def test_fingerprints_are_lines_of_one_distribution_that_change_at_midnight() -> None:
    marks = Fingerprints(NOISE, {0: np.array([[5.0, 1.5 * DAY]])}, 18 * HOUR)
    quiet = Fingerprints(NOISE, {0: np.empty((0, 2))}, 18 * HOUR)
    t = day(1)
    with_event, without = (m.field(SITES[0], 1, t) for m in (marks, quiet))
    before = t < 1.5 * DAY
    np.testing.assert_array_equal(with_event[:, ~before], without[:, ~before])
    assert not np.allclose(with_event[:, before], without[:, before])
    drawn = np.stack([lines(np.random.default_rng(n)) for n in range(300)])
    assert drawn.shape == (300, LINES, 4)
    assert drawn[..., 0].min() >= PC3[0]
    assert drawn[..., 0].max() <= PC3[1]
    f, power = welch(without[0], RATE, nperseg=4096)
    strongest = f[power.argmax()]
    own = lines(np.random.default_rng((0, 40, 0, 1)))[:, 0]
    assert np.abs(own - strongest).min() < 2 * (f[1] - f[0])


def test_an_earthquake_has_one_fingerprint_at_all_stations() -> None:
    when = np.array([[5.0, 1.9 * DAY]])
    marks = Fingerprints(NOISE, {0: when, 1: when}, 18 * HOUR)
    t = day(1)[(day(1) > 1.2 * DAY) & (day(1) < 1.9 * DAY)]
    spectra = [
        np.log10(welch(marks.field(site, 1, t)[0], RATE, nperseg=2048)[1]) for site in SITES[:2]
    ]
    assert np.corrcoef(spectra)[0, 1] > 0.95
    other = Fingerprints(NOISE, {1: np.array([[6.0, 1.9 * DAY]])}, 18 * HOUR)
    third = np.log10(welch(other.field(SITES[1], 1, t)[0], RATE, nperseg=2048)[1])
    assert np.corrcoef(spectra[1], third)[0, 1] < 0.7


def test_the_stations_are_as_far_apart_as_on_the_map() -> None:
    away = distances(SITES, [s.latitude for s in SITES], [s.longitude for s in SITES])
    np.testing.assert_allclose(np.diag(away), 0.0, atol=1e-6)
    assert away[2, 1] == pytest.approx(428, abs=5)
