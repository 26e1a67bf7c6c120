"""Differences of maps: silent where nothing is, loud where something is, and only there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage, stats

from tremor.errors import Refused
from tremor.explain.groups.permutation import Comparison, against_zero, difference

Drawn = tuple[np.ndarray, np.ndarray, np.ndarray]


def smooth(rng: np.random.Generator, maps: int, cells: tuple[int, ...]) -> np.ndarray:
    """Maps `(map, *cells)` of unit spread whose neighbouring cells go together."""
    drawn = ndimage.gaussian_filter(rng.normal(size=(maps, *cells)), (0, 1, 1.5), mode="wrap")
    return np.asarray(drawn / drawn.std())


def records(
    rng: np.random.Generator, each: np.ndarray, cells: tuple[int, ...] = (8, 12)
) -> tuple[np.ndarray, np.ndarray]:
    """Maps of `each (event,)` records, half of them the event's own, and the events."""
    events = np.repeat(np.arange(len(each)), each)
    return smooth(rng, len(each), cells)[events] + smooth(rng, len(events), cells), events


def unpaired(seed: int, cells: tuple[int, ...] = (8, 12), a: int = 20, b: int = 20) -> Drawn:
    """Events of 1 to 3 records, the first `a` of them on one side."""
    rng = np.random.default_rng(seed)
    maps, events = records(rng, rng.integers(1, 4, a + b), cells)
    return maps, events, events < a


def paired(seed: int, cells: tuple[int, ...] = (8, 12)) -> Drawn:
    """20 events with one record on one side and two on the other."""
    maps, events = records(np.random.default_rng(seed), np.full(20, 3), cells)
    return maps, events, np.arange(60) % 3 == 0


def planted(drawn: Drawn, height: float = 2.0) -> Drawn:
    maps, events, side = drawn
    maps = maps.copy()
    maps[side, 2:5, 3:7] += height
    return maps, events, side


@pytest.mark.slow
@pytest.mark.parametrize("drawn", [unpaired, paired])
def test_family_wise_error_and_p_values_under_the_null(drawn: Callable[..., Drawn]) -> None:
    """1,000 trials: 0.05 ± 0.007, so 0.03 to 0.07 is within three standard errors."""
    smallest = [
        difference(*drawn(trial), permutations=199, seed=trial).p.min() for trial in range(1000)
    ]
    assert 0.03 <= np.mean(np.array(smallest) <= 0.05) <= 0.07
    assert stats.kstest(smallest, "uniform").pvalue > 0.01


@pytest.mark.slow
def test_family_wise_error_against_zero() -> None:
    tested = [
        against_zero(*paired(trial)[:2], permutations=199, seed=trial) for trial in range(1000)
    ]
    assert 0.03 <= np.mean([t.significant.any() for t in tested]) <= 0.07


@pytest.mark.slow
def test_family_wise_error_where_numbers_of_records_differ() -> None:
    """Events of 1 record against events of 15: not exchangeable, yet near the level (Welch)."""
    found = 0
    for trial in range(400):
        each = np.repeat([1, 15], [15, 30])
        maps, events = records(np.random.default_rng(trial), each)
        found += bool(difference(maps, events, events < 15, 199, seed=trial).significant.any())
    assert found / 400 <= 0.08


def test_pixelwise_tests_find_something_in_nothing() -> None:
    pixelwise, corrected = 0, 0
    for trial in range(40):
        maps, events, side = unpaired(trial, (16, 48))
        pixelwise += bool((stats.ttest_ind(maps[side], maps[~side]).pvalue < 0.05).any())
        corrected += bool(difference(maps, events, side, 99, seed=trial).significant.any())
    assert pixelwise >= 39
    assert corrected <= 6


@pytest.mark.parametrize("drawn", [unpaired, paired])
def test_a_planted_blob_is_found_and_nothing_far_from_it(drawn: Callable[..., Drawn]) -> None:
    tested = difference(*planted(drawn(5, (12, 16))))
    blob = np.zeros((12, 16), dtype=bool)
    blob[2:5, 3:7] = True
    assert tested.significant[blob].mean() > 0.9
    assert not tested.significant[~blob].any()
    np.testing.assert_allclose(tested.difference[blob].mean(), 2, atol=0.5)
    assert tested.d[blob].min() > 0.8
    assert (difference(*drawn(5, (12, 16))).p > 0.05).all()


def test_the_statistic_is_welchs_of_event_means() -> None:
    maps, events, side = unpaired(1, a=12, b=25)
    means = np.stack([maps[events == n].mean(0) for n in range(37)])
    tested = difference(maps, events, side)
    welch = stats.ttest_ind(means[:12], means[12:], equal_var=False).statistic
    np.testing.assert_allclose(tested.statistic, welch, rtol=1e-9)
    np.testing.assert_allclose(tested.difference, means[:12].mean(0) - means[12:].mean(0))
    assert (tested.events, tested.left_out) == ((12, 25), 0)
    assert tested.records == (int(side.sum()), int((~side).sum()))
    assert tested.exchanged == "labels between events"


def test_the_statistic_of_pairs_is_students() -> None:
    maps, events, side = paired(1)
    a, b = (np.stack([maps[(events == e) & s].mean(0) for e in range(20)]) for s in (side, ~side))
    tested = difference(maps, events, side)
    np.testing.assert_allclose(tested.statistic, stats.ttest_rel(a, b).statistic, rtol=1e-9)
    np.testing.assert_allclose(tested.d, (a - b).mean(0) / (a - b).std(0, ddof=1))
    assert tested.exchanged == "sides within events"
    alone = against_zero(a - b, np.arange(20))
    np.testing.assert_array_equal(alone.p, tested.p)


def test_one_cell_agrees_with_scipys_permutation_test() -> None:
    maps, events, side = planted(unpaired(3), 0.6)
    cell = maps[:, 3, 4]
    means = np.array([cell[events == n].mean() for n in range(40)])

    def welch(x: np.ndarray, y: np.ndarray, axis: int) -> np.ndarray:
        found = stats.ttest_ind(x, y, axis=axis, equal_var=False)
        return np.asarray(np.abs(found.statistic))

    theirs = stats.permutation_test(
        (means[:20], means[20:]), welch, n_resamples=9999, alternative="greater", rng=0
    ).pvalue
    ours = float(difference(cell, events, side, 9999).p)
    assert ours == pytest.approx(theirs, abs=4 * np.sqrt(2 * theirs * (1 - theirs) / 1e4))


def test_threshold_and_p_say_the_same() -> None:
    for tested in (difference(*planted(unpaired(2), 1.0), permutations=n) for n in (19, 99, 1000)):
        np.testing.assert_array_equal(
            tested.significant, np.abs(tested.statistic) > tested.threshold
        )
        np.testing.assert_array_equal(tested.significant, tested.p <= 0.05 + 1e-9)
        assert tested.p.min() >= 1 / (1 + tested.permutations)


def same(one: Comparison, other: Comparison) -> None:
    np.testing.assert_allclose(one.statistic, other.statistic, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(one.p, other.p)


@pytest.mark.parametrize("drawn", [unpaired, paired])
def test_order_copies_and_units_change_nothing(drawn: Callable[..., Drawn]) -> None:
    maps, events, side = planted(drawn(4), 0.7)
    tested = difference(maps, events, side, seed=7)
    order = np.random.default_rng(0).permutation(len(maps))
    same(tested, difference(maps[order], events[order], side[order], seed=7))
    copied = np.concatenate([np.arange(len(maps))] * 3)
    same(tested, difference(maps[copied], events[copied], side[copied], seed=7))
    same(tested, difference(1e-6 * maps, events, side, seed=7))
    assert (difference(maps, events, side, seed=8).p != tested.p).any()


def test_turning_the_sides_turns_the_sign() -> None:
    maps, events, side = planted(paired(4))
    np.testing.assert_allclose(
        difference(maps, events, side).statistic, -difference(maps, events, ~side).statistic
    )


def test_cells_that_never_change_are_never_significant() -> None:
    maps, events, side = planted(unpaired(0))
    maps[:, 0, 0], maps[:, 0, 1] = 0, 0.1
    tested = difference(maps.astype(np.float32), events, side)
    assert (tested.p[0, :2] == 1).all()
    assert (tested.statistic[0, :2] == 0).all()
    assert (tested.d[0, :2] == 0).all()
    assert tested.significant.any()
    flat = difference(np.ones((40, 3)), np.arange(40), np.arange(40) < 20)
    assert (flat.p == 1).all()
    assert (against_zero(np.ones((40, 3)), np.arange(40)).p == 1).all()


def test_rounding_is_no_difference() -> None:
    """Means of 1 to 40 records of the same number, between events and within them."""
    events = np.repeat(np.arange(40), np.arange(1, 41))
    for side in (events < 20, np.diff(events, prepend=-1) > 0):
        tested = difference(np.full((820, 3), 0.1), events, side)
        assert (tested.p == 1).all()
        assert (tested.d == 0).all()


def test_sides_that_differ_without_any_spread_are_found() -> None:
    side = np.arange(40) < 20
    tested = difference(np.where(side, 1.0, 0.0)[:, None], np.arange(40), side)
    assert tested.significant.all()
    assert (tested.d == np.inf).all()


def test_permutations_in_parts_are_permutations_together(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = difference(*unpaired(0)), difference(*paired(0))
    monkeypatch.setattr("tremor.explain.groups.permutation.BLOCK", 1000)
    same(whole[0], difference(*unpaired(0)))
    same(whole[1], difference(*paired(0)))


def test_few_shared_events_are_left_out_and_many_are_paired() -> None:
    rng = np.random.default_rng(0)
    for shared, told in ((3, "labels between events"), (12, "sides within events")):
        events = np.concatenate([np.arange(20), np.arange(20 - shared, 40)])
        side = np.arange(len(events)) < 20
        tested = difference(smooth(rng, len(events), (4, 4)), events, side)
        assert tested.exchanged == told
        kept = (20 - shared, 20) if shared < 10 else (shared, shared)
        assert tested.events == kept
        assert tested.left_out == (shared if shared < 10 else 40 - shared)


def test_refusals() -> None:
    maps, events, side = unpaired(0, a=9, b=30)
    with pytest.raises(Refused, match="10 events a side, and there are 9 and 30") as refused:
        difference(maps, events, side)
    assert "more events" in refused.value.remedy
    with pytest.raises(Refused, match="there are 0 and 39"):
        difference(maps, events, np.zeros(len(maps), dtype=bool))
    long = int(np.flatnonzero(np.bincount(events)[9:] > 1)[0]) + 9
    first = np.arange(len(maps)) == np.flatnonzero(events == long)[0]
    with pytest.raises(Refused, match=r"9 and 29 \(and 1 with records on both sides"):
        difference(maps, events, side | first)
    with pytest.raises(Refused, match="there are 9"):
        against_zero(maps[side], events[side])
    with pytest.raises(Refused, match="18 permutations") as refused:
        difference(*unpaired(0), permutations=18)
    assert refused.value.remedy == "19 permutations or more"
    with pytest.raises(Refused, match="sides of shape"):
        difference(maps, events, side[1:])
