"""The fan's numbers are numpy's, whatever the padding, the shift and the thinning."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tremor.report.fan import Fan, choose, fan

CLASSES, CHANNELS, RATE = ("a", "b"), ("Z", "N"), 100.0


def drawn(waveforms: np.ndarray, labels: np.ndarray, **settings: object) -> Fan:
    given_settings = {"channels": CHANNELS, "zscore": False} | settings
    return fan(waveforms, labels, CLASSES, RATE, **given_settings)  # type: ignore[arg-type]


def noise(records: int, length: int, seed: int = 0) -> np.ndarray:
    shape = (records, len(CHANNELS), length)
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_median_and_bands_equal_numpy() -> None:
    x, labels = noise(31, 50), np.arange(31) % 2
    made = drawn(x, labels)
    for label in (0, 1):
        own = x[labels == label]
        np.testing.assert_allclose(made.median[label], np.median(own, axis=0), atol=1e-6)
        expected = np.quantile(own, made.quantiles, axis=0)
        np.testing.assert_allclose(made.bands[:, label], expected, atol=1e-6)


def test_padding_is_not_looked_at() -> None:
    x, labels = noise(20, 40), np.zeros(20, dtype=int)
    lengths = np.random.default_rng(1).integers(5, 35, 20)
    holes = np.where(np.arange(40) < lengths[:, None, None], x, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        expected = np.nanquantile(holes, [0.1, 0.25, 0.75, 0.9], axis=0)
    made = drawn(x, labels, lengths=lengths)
    np.testing.assert_allclose(made.bands[:, 0], expected, atol=1e-6)
    assert np.isnan(made.median[0, :, lengths.max() :]).all()


def test_time_is_in_seconds_from_the_first_sample() -> None:
    assert drawn(noise(4, 50), np.arange(4) % 2).time == pytest.approx(np.arange(50) / RATE)


@pytest.mark.parametrize("shift", [-7, 0, 7])
def test_a_shift_moves_later_and_leaves_a_gap(shift: int) -> None:
    x = noise(1, 30)
    median = drawn(x, np.array([0]), align=np.array([shift])).median[0]
    moved = np.roll(x[0], shift, axis=1)
    gap = slice(0, shift) if shift >= 0 else slice(shift, None)
    assert np.isnan(median[:, gap]).sum() == len(CHANNELS) * abs(shift)
    np.testing.assert_array_equal(median[~np.isnan(median)], moved[~np.isnan(median)])


def test_aligned_pulses_stand_on_one_place() -> None:
    onsets = np.array([10, 20, 33, 41])
    x = np.zeros((4, 2, 60), dtype=np.float32)
    x[np.arange(4), :, onsets] = 1
    blurred = drawn(x, np.zeros(4, dtype=int))
    sharp = drawn(x, np.zeros(4, dtype=int), align=30 - onsets)
    assert np.nanmax(blurred.median[0]) < 1
    assert (sharp.median[0, :, 30] == 1).all()


def test_z_scores_see_the_record_and_not_its_padding() -> None:
    x = 1000 * noise(1, 64) + 5
    x[:, :, 50:] = 0
    median = drawn(x, np.array([0]), zscore=True, lengths=np.array([50])).median[0, :, :50]
    assert median.mean(axis=1) == pytest.approx(0, abs=1e-5)
    assert median.std(axis=1) == pytest.approx(1, abs=1e-5)


def test_a_flat_record_is_nought_and_not_infinite() -> None:
    flat = np.full((3, 2, 10), 7, dtype=np.float32)
    assert (drawn(flat, np.zeros(3, dtype=int), zscore=True).median[0] == 0).all()


def test_a_class_without_records_has_no_numbers() -> None:
    made = drawn(noise(5, 10), np.zeros(5, dtype=int))
    assert np.isnan(made.median[1]).all()
    assert (made.records, made.drawn) == ((5, 0), (5, 0))


@given(
    length=st.integers(1, 200),
    points=st.integers(1, 60),
    records=st.integers(1, 9),
    seed=st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_thinned_bands_hold_every_sample(length: int, points: int, records: int, seed: int) -> None:
    x, labels = noise(records, length, seed), np.zeros(records, dtype=int)
    whole, thin = drawn(x, labels, points=length), drawn(x, labels, points=points)
    assert thin.median.shape[2] == len(thin.time) <= points
    share = np.arange(length) // thin.step
    assert (thin.bands[0, 0][:, share] <= whole.bands[0, 0]).all()
    assert (thin.bands[-1, 0][:, share] >= whole.bands[-1, 0]).all()
    assert (np.diff(thin.bands[:, 0], axis=0) >= 0).all()
    assert (thin.bands[1, 0] <= thin.median[0]).all()
    assert (thin.median[0] <= thin.bands[2, 0]).all()


def test_few_enough_samples_are_not_thinned() -> None:
    assert drawn(noise(2, 600), np.array([0, 1])).step == 1
    assert drawn(noise(2, 601), np.array([0, 1])).step == 2


def test_the_seed_chooses_and_the_limit_holds() -> None:
    labels = np.repeat([0, 1], [100, 4])
    first, again = choose(labels, 2, 10, seed=3), choose(labels, 2, 10, seed=3)
    assert [len(picked) for picked in first] == [10, 4]
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert (labels[first[0]] == 0).all()
    assert (choose(labels, 2, 10, seed=4)[0] != first[0]).any()


def test_only_the_chosen_records_are_read() -> None:
    read: list[int] = []

    class Store:
        shape = (1000, 2, 30)

        def __getitem__(self, positions: np.ndarray) -> np.ndarray:
            read.extend(positions)
            return noise(len(positions), 30)

    made = fan(Store(), np.arange(1000) % 2, CLASSES, RATE, channels=CHANNELS, limit=6)
    assert len(read) == 12
    assert (made.records, made.drawn) == ((500, 500), (6, 6))


def test_classes_without_a_record_are_left_out() -> None:
    made = drawn(noise(4, 30), np.ones(4, dtype=int))
    kept = made.inhabited()
    assert (kept.classes, kept.records, kept.drawn) == (("b",), (4,), (4,))
    np.testing.assert_array_equal(kept.median, made.median[1:])
    np.testing.assert_array_equal(kept.bands, made.bands[:, 1:])
    assert kept.inhabited() is kept
