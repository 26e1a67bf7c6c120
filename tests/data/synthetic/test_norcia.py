"""The synthetic world: laws recovered, evidence where it is said to be, none at effect size 0."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.signal import spectrogram, welch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tremor.data.synthetic import source_model as model
from tremor.data.synthetic.norcia import NorciaWorld
from tremor.data.synthetic.station import BANDS, NUMBERS, octaves

SMALL = NorciaWorld(n_events=40, duration=12.0)
FREQUENCY, TIME = np.linspace(1, 45, 30), np.linspace(0, 24, 49)


def spectra(world: NorciaWorld) -> np.ndarray:
    waves = world.waveforms(slice(None))
    waves = (waves - waves.mean(-1, keepdims=True)) / waves.std(-1, keepdims=True)
    return np.log10(welch(waves, 100.0, nperseg=256)[1] + 1e-9).reshape(len(waves), -1)


def test_magnitudes_follow_gutenberg_and_richter() -> None:
    magnitude = NorciaWorld(n_events=20_000).catalogue()["magnitude"]
    slope = 1 / (np.log(10) * (magnitude.mean() - 1.5 + 0.005))
    assert slope == pytest.approx(1.0, abs=0.05)
    assert magnitude.between(1.5, 4.5).all()


def test_times_follow_omori_on_both_sides_of_the_main_shock() -> None:
    world = NorciaWorld(n_events=20_000)
    table = world.catalogue()
    since = pd.to_datetime(table["start_time"], utc=True) - pd.Timestamp(world.main_shock, tz="UTC")
    days = since.dt.total_seconds() / 86400
    assert ((days > -1e-3) == (table["label"] == 1)).mean() > 0.99
    after = days[table["label"] == 1]
    decades = [((after > low) & (after < 10 * low)).sum() for low in (0.1, 1.0)]
    assert decades[0] == pytest.approx(decades[1], rel=0.15)
    assert after.max() < 51.1


def test_everything_but_the_evidence_has_one_distribution() -> None:
    table = NorciaWorld(n_events=4000).catalogue()
    for column in ("magnitude", "distance_km", "depth_km", "p_time_s", "s_time_s"):
        means = table.groupby("label")[column].mean()
        assert abs(means[0] - means[1]) < 0.15 * table[column].std()


def test_corner_frequencies_fall_across_the_main_shock() -> None:
    table = NorciaWorld(n_events=2000).catalogue()
    assert table.groupby("label")["corner_hz"].median().is_monotonic_decreasing
    assert table.groupby("label")["coda_q"].median().is_monotonic_increasing
    none = NorciaWorld(n_events=2000, effect_size=0.0).catalogue()
    medians = none.groupby("label")["corner_hz"].median()
    assert medians[0] == pytest.approx(medians[1], rel=0.1)


def test_s_follows_p_by_distance() -> None:
    table = SMALL.catalogue()
    lag = table["distance_km"] * (1 / model.S_SPEED - 1 / model.P_SPEED)
    np.testing.assert_allclose(table["s_time_s"] - table["p_time_s"], lag)
    wave = replace(SMALL, noise_level=0.0).waveforms(slice(None))
    p = (table["p_time_s"] * 100).astype(int)
    for record, onset in zip(wave, p, strict=True):
        assert np.abs(record[:, : onset - 5]).max() < 1e-3 * np.abs(record).max()


def test_spectra_follow_brune() -> None:
    """The source spectrum doubles with frequency below its corner and halves above."""
    f = np.array([0.5, 1.0, 40.0, 80.0])
    one, far = np.ones(1), np.array([1e-9])
    shape = model.spectrum(f, 2 * one, np.array([6.0]), 0 * one, far)[0]
    shape = shape / np.exp(-np.pi * f * model.KAPPA)
    assert shape[1] / shape[0] == pytest.approx(2.0, rel=0.05)
    assert shape[3] / shape[2] == pytest.approx(0.5, rel=0.05)
    assert model.moment(0.0) == pytest.approx(10**9.1)


def test_octaves_share_out_every_frequency() -> None:
    f = np.fft.rfftfreq(2500, 0.01)
    np.testing.assert_allclose(np.sum(octaves(f), axis=0), 1.0)
    assert len(octaves(f)) == len(BANDS)


def test_records_are_the_same_in_any_order_and_by_seed() -> None:
    whole = SMALL.waveforms(slice(None))
    assert whole.shape == (40, 3, 1200)
    assert whole.dtype == np.float32
    np.testing.assert_array_equal(SMALL.waveforms(np.array([7, 3, 7])), whole[[7, 3, 7]])
    assert not np.allclose(replace(SMALL, seed=1).waveforms(slice(0, 1)), whole[:1])


def test_windows_of_one_event_share_its_group_and_little_else() -> None:
    world = replace(SMALL, windows=3)
    table = world.catalogue()
    assert len(table) == 120
    assert (table.groupby("group").size() == 3).all()
    assert table["record_id"].is_unique
    first = table.iloc[:3]
    assert first["magnitude"].nunique() == 1
    assert first["p_time_s"].nunique() == 3
    waves = world.waveforms(slice(0, 2))
    assert abs(np.corrcoef(waves[0, 0, :200], waves[1, 0, :200])[0, 1]) < 0.5


def test_windows_of_one_event_see_the_same_earthquake() -> None:
    """Without noise they are one wave that starts at other times; other events are others."""
    world = replace(SMALL, windows=3, noise_level=0.0)
    waves, s = world.waveforms(slice(0, 4)), world.catalogue()["s_time_s"][:4]
    after = [wave[1, round(t * 100) :][:400] for wave, t in zip(waves, s, strict=True)]
    alike = np.corrcoef(after)
    assert alike[0, 1:3].min() > 0.95
    assert abs(alike[0, 3]) < 0.3
    np.testing.assert_array_equal(waves[0], replace(world, windows=1).waveforms(slice(0, 1))[0])


class Exchanged(NorciaWorld):
    """The same world with every label exchanged."""

    def _labels(self) -> np.ndarray:
        return 1 - super()._labels()


@pytest.mark.parametrize("effect", [0.0, 1.0])
def test_labels_reach_the_samples_only_through_the_effect_size(effect: float) -> None:
    settings = {"n_events": 20, "duration": 12.0, "effect_size": effect}
    world, other = NorciaWorld(**settings), Exchanged(**settings)
    assert (world.catalogue()["label"] + other.catalogue()["label"] == 1).all()
    same = np.array_equal(world.waveforms(slice(None)), other.waveforms(slice(None)))
    assert same == (effect == 0)
    row = world.catalogue().iloc[0]
    assert world.evidence(row, TIME, FREQUENCY).any() == (effect > 0)


@pytest.mark.parametrize(("effect", "low", "high"), [(1.0, 0.85, 1.0), (0.0, 0.38, 0.62)])
def test_a_simple_classifier_finds_the_evidence_and_no_other(
    effect: float, low: float, high: float
) -> None:
    world = NorciaWorld(n_events=300, effect_size=effect, duration=16.0)
    x, y = spectra(world), world.catalogue()["label"].to_numpy()
    train = np.arange(300) % 5 < 3
    fit = make_pipeline(StandardScaler(), LogisticRegression(C=0.02, max_iter=500))
    assert low <= fit.fit(x[train], y[train]).score(x[~train], y[~train]) <= high


def test_evidence_lies_after_p_and_above_the_corner() -> None:
    world = NorciaWorld(n_events=40)
    table = world.catalogue()
    row = table.iloc[0]
    map_ = world.evidence(row, TIME, FREQUENCY)
    assert map_.shape == (3, 30, 49)
    assert not map_[:, :, row["p_time_s"] > TIME].any()
    around_s = (row["s_time_s"] < TIME) & (row["s_time_s"] + 2 > TIME)
    assert (
        map_[1, FREQUENCY > 8][:, around_s].mean() > 5 * map_[1, FREQUENCY < 2][:, around_s].mean()
    )
    loud = replace(world, noise_level=1e6).evidence(row, TIME, FREQUENCY)
    assert loud.max() < 1e-3 * map_.max()


def test_evidence_speaks_of_the_power_that_the_waveforms_have() -> None:
    """The average of many noise realisations of one record, against the analytic power."""
    world = replace(NorciaWorld(n_events=2), noise_level=0.0)
    row = world.catalogue().iloc[0]  # of low coda Q, where a wrong decay shows most
    white = np.random.default_rng(0).standard_normal((200, 2, 3, 1251, 2), dtype=np.float32)
    waves = world._earthquakes(pd.DataFrame([row] * 200), white.view(np.complex64)[..., 0])
    f, at, power = spectrogram(waves[:, 1], 100.0, nperseg=128, noverlap=96)
    column = {name: np.array([row[name]], dtype=float) for name in NUMBERS}
    late = np.flatnonzero((row["s_time_s"] + 1 < at) & (row["s_time_s"] + 12 > at))
    heard = np.flatnonzero((f > 2) & (f < 40))
    want = world._power(column, at[late], f[heard])[1]
    off = np.log10(power.mean(axis=0)[np.ix_(heard, late)] / want)
    assert np.std(off) < 0.08


def test_corner_frequencies_can_be_measured_from_the_waves() -> None:
    """Brune's corner, fitted to noise-free S waves with the path taken off."""
    world = NorciaWorld(n_events=120, min_magnitude=2.0, max_magnitude=3.0, noise_level=0.0)
    table, waves = world.catalogue(), world.waveforms(slice(None))
    table["fitted"] = [
        fitted_corner(wave[1:], row)
        for wave, row in zip(waves, table.to_dict("records"), strict=True)
    ]
    ratio = np.log(table["fitted"] / table["corner_hz"])
    assert abs(ratio.median()) < 0.2
    assert np.corrcoef(np.log(table["fitted"]), np.log(table["corner_hz"]))[0, 1] > 0.85


def fitted_corner(wave: np.ndarray, row: dict[str, float]) -> float:
    """The corner whose spectrum is nearest to that of the two seconds after S.

    Path and coda are taken off: in two seconds the highest frequencies have decayed already.
    """
    start = round(row["s_time_s"] * 100)
    f, power = welch(wave[:, start : start + 200], 100.0, nperseg=128)
    use, trial = (f > 1) & (f < 40), np.geomspace(1, 60, 80)
    same = np.ones(len(trial))
    travel = same * row["distance_km"] / model.S_SPEED
    shapes = np.log(model.spectrum(f[use], 2 * same, trial, travel, same))
    quality = np.array([row["coda_q"]])
    bands = [model.coda(np.arange(200) / 100, np.zeros(1), hertz, quality)[0] for hertz in BANDS]
    left = np.square(np.stack(octaves(f[use])).T @ np.stack(bands)).mean(axis=1)
    off = np.log(power.mean(axis=0)[use] / left) / 2 - shapes
    return float(trial[off.var(axis=1).argmin()])


def test_memory_and_catalogue_do_not_grow_with_the_asking() -> None:
    world = NorciaWorld(n_events=50, duration=8.0)
    table = world.catalogue()
    table["corner_hz"] = 0.0
    assert (world.catalogue()["corner_hz"] > 0).all()
    np.testing.assert_array_equal(
        world.waveforms(slice(None)), np.concatenate([world.waveforms([i]) for i in range(50)])
    )
