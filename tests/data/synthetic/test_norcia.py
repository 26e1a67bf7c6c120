"""The synthetic world: laws recovered, evidence where it is said to be, none at effect size 0."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.signal import welch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tremor.data.synthetic import source_model as model
from tremor.data.synthetic.norcia import BANDS, NorciaWorld, octaves

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


def test_at_effect_size_zero_the_label_does_nothing() -> None:
    """The same events with their labels exchanged give the same samples."""
    world = replace(SMALL, effect_size=0.0)
    table = world.catalogue()
    both = [world.evidence(table.iloc[i], TIME, FREQUENCY) for i in (0, 1)]
    assert not np.any(both)
    other = replace(world, effect_size=1e-12).waveforms(slice(None))
    np.testing.assert_allclose(world.waveforms(slice(None)), other, rtol=1e-4, atol=1e-2)


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
