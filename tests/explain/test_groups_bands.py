"""Mean maps: bands cover what they promise when records share events, and say when they cannot."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tremor.errors import Refused
from tremor.explain.explanation import Axis
from tremor.explain.groups.bands import marginal, mean_map

AXES = (
    Axis("component", ("Z", "N", "E")),
    Axis("frequency", (0.0, 2.0), "Hz"),
    Axis("time", (0.0, 1.0, 2.0, 3.0), "s"),
)


def drawn(seed: int, events: int = 20, each: int = 10, cells: int = 16) -> np.ndarray:
    """Maps `(event, record, cell)` with mean 1 and a correlation of 0.5 within events."""
    rng = np.random.default_rng(seed)
    return 1 + rng.normal(size=(events, 1, cells)) + rng.normal(size=(events, each, cells))


def test_bands_over_events_cover_and_bands_over_records_do_not() -> None:
    covered: dict[str, list[float]] = {"event": [], "record": []}
    for trial in range(100):
        maps = drawn(trial).reshape(200, -1)
        for unit, names in (("event", np.arange(200) // 10), ("record", np.arange(200))):
            band = mean_map(maps, names, draws=200, seed=trial)
            covered[unit].append(((band.low <= 1) & (band.high >= 1)).mean())
    assert 0.90 <= np.mean(covered["event"]) <= 0.98
    assert np.mean(covered["record"]) < 0.8


def test_one_record_an_event_gives_the_interval_of_a_t_test() -> None:
    maps = drawn(0, events=400, each=1)[:, 0]
    band = mean_map(maps, np.arange(400), draws=4000)
    reach = 1.966 * maps.std(0, ddof=1) / 20
    np.testing.assert_allclose(band.mean, maps.mean(0))
    np.testing.assert_allclose((band.high - band.low) / 2, reach, rtol=0.08)


def test_every_record_weighs_the_same_or_every_event() -> None:
    maps = np.array([[0.0], [0.0], [0.0], [8.0]])
    events = ["long", "long", "long", "short"]
    assert mean_map(maps, events).mean == 2
    assert mean_map(maps, events, each_event=True).mean == 4


def test_copies_of_records_change_nothing() -> None:
    maps, events = drawn(1).reshape(200, -1), np.arange(200) // 10
    once, thrice = mean_map(maps, events), mean_map(np.tile(maps, (3, 1)), np.tile(events, 3))
    np.testing.assert_allclose(once.low, thrice.low, rtol=1e-10)
    np.testing.assert_allclose(once.high, thrice.high, rtol=1e-10)
    assert (once.records, thrice.records, thrice.events) == (200, 600, 20)


def test_order_of_records_changes_nothing_and_the_seed_tells_the_draws() -> None:
    maps, events = drawn(2).reshape(200, 4, 4), np.arange(200) // 10
    order = np.random.default_rng(0).permutation(200)
    first, again = mean_map(maps, events, seed=3), mean_map(maps[order], events[order], seed=3)
    np.testing.assert_allclose(first.low, again.low, rtol=1e-12)
    assert (mean_map(maps, events, seed=4).low != first.low).any()


def test_cells_taken_in_parts_are_cells_taken_together(monkeypatch: pytest.MonkeyPatch) -> None:
    maps, events = drawn(2).reshape(200, 4, 4), np.arange(200) // 10
    whole = mean_map(maps, events)
    monkeypatch.setattr("tremor.explain.groups.bands.BLOCK", 3000)
    np.testing.assert_allclose(mean_map(maps, events).high, whole.high, rtol=1e-12)


def test_torch_and_numpy_alike() -> None:
    maps, events = drawn(2).reshape(200, 4, 4).astype(np.float32), np.arange(200) // 10
    told = mean_map(torch.from_numpy(maps), events.astype(str))
    np.testing.assert_array_equal(told.mean, mean_map(maps, events.astype(str)).mean)


def test_fewer_than_ten_events_give_a_mean_without_a_band() -> None:
    band = mean_map(drawn(0, events=9).reshape(90, -1), np.arange(90) // 10)
    assert np.isfinite(band.mean).all()
    assert np.isnan(band.low).all()
    assert np.isnan(band.high).all()


def test_marginals_add_up() -> None:
    maps = np.arange(48, dtype=np.float32).reshape(2, 3, 2, 4)
    np.testing.assert_array_equal(marginal(maps, AXES, "frequency"), maps.sum((1, 3)))
    np.testing.assert_array_equal(marginal(maps, AXES, "time"), maps.sum((1, 2)))
    with pytest.raises(Refused, match="no axis lead"):
        marginal(maps, AXES, "lead")


@pytest.mark.parametrize(
    ("maps", "events", "told"),
    [
        (np.zeros((3, 2)), ["a", "b"], "3 records"),
        (np.zeros((2, 2)), ["a", None], "1 of 2 records belong to no event"),
        (np.array([[0.0, np.nan], [0.0, 0.0]]), ["a", "b"], r"not finite \(first: a\)"),
        (np.zeros((0, 2)), [], "no records"),
    ],
)
def test_refusals(maps: np.ndarray, events: list[str], told: str) -> None:
    with pytest.raises(Refused, match=told):
        mean_map(maps, events)
