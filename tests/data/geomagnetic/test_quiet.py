"""Quiet times: like the window they are drawn for, away from earthquakes, never shared."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tremor.data.geomagnetic.clock import Clock
from tremor.data.geomagnetic.quiet import ANOTHER_YEAR, NEIGHBOURS, QuietRule, Station, shares

CLOCK = Clock(1 / 60)
SIX = CLOCK.of_hours(6)
FIRST = CLOCK.number(date(2018, 1, 1))


def station(days: int = 730, origins: tuple[float, ...] = (), **changed: Any) -> Station:
    """A station with some days from 1 January 2018 on, earthquakes at days after that."""
    rule: dict[str, Any] = {"days_away": 3.0, "match_month": True, "match_hour": True}
    rule |= {"relax": False, "seed": 0, "ahead_hours": 6.0, "first": 0, "last": 10**9} | changed
    times = np.asarray([round((FIRST + day) * CLOCK.a_day) for day in origins], dtype=np.int64)
    return Station(
        "SBG",
        QuietRule(clock=CLOCK, samples=SIX, **rule),
        np.arange(FIRST, FIRST + days),
        times,
        lambda at, samples: True,
    )


def drawn(one: Station, at: int, most: int = 1000) -> list[int]:
    """All that a station gives for one window."""
    found: list[int] = []
    while (start := one.draw(at)) is not None and len(found) < most:
        found.append(start)
    return found


AT = FIRST * CLOCK.a_day + 40 * CLOCK.a_day + 617  # 10 February, 10:17


def test_the_same_time_of_day_and_month_of_the_same_year_then_of_any() -> None:
    for at, years in ((AT, [2018, 2019]), (AT + 365 * CLOCK.a_day, [2019, 2018])):
        one = station()
        starts = drawn(one, at)
        times = [CLOCK.time(start) for start in starts]
        assert {(time.month, time.hour, time.minute) for time in times} == {(2, 10, 17)}
        assert [time.year for time in times] == [years[0]] * 28 + [years[1]] * 28
        assert one.strays == dict.fromkeys(starts[28:], ANOTHER_YEAR)


def test_any_month_of_any_year_where_months_do_not_matter() -> None:
    one = station(match_month=False)
    assert {CLOCK.time(start).year for start in drawn(one, AT, 40)} == {2018, 2019}
    assert not one.strays


def test_far_from_earthquakes_on_either_side() -> None:
    """One on 15 February at noon, with 3 days: nothing ends or begins nearer."""
    days = {CLOCK.time(start).day for start in drawn(station(days=365, origins=(45.5,)), AT)}
    assert days == {*range(1, 12), *range(19, 29)}


def test_before_an_earthquake_further_off_than_its_own_windows() -> None:
    """Windows that begin 7 days ahead of it: none ends nearer; behind it 3 days are enough."""
    one = station(days=365, origins=(45.5,), ahead_hours=168.0)
    days = {CLOCK.time(start).day for start in drawn(one, AT)}
    assert days == {*range(1, 8), *range(19, 29)}


def test_only_where_earthquakes_are_known() -> None:
    """From 10 to 20 February, with 3 days ahead and behind; of 365 days all others are counted."""
    first, last = ((FIRST + day) * CLOCK.a_day for day in (40, 50))
    one = station(days=365, first=first, last=last)
    assert {CLOCK.time(start).day for start in drawn(one, AT)} == {13, 14, 15, 16}
    assert one.unknown() == 365 - 4


def test_what_is_taken_is_not_given_again() -> None:
    one = station(days=365, match_hour=False)
    one.taken = [AT]
    starts = sorted([*drawn(one, AT), AT])
    assert np.diff(starts).min() >= SIX
    assert len(starts) > 80


def test_windows_lie_within_days_with_data() -> None:
    late = AT - 617 + CLOCK.of_hours(20)  # until 2 h after midnight
    one = station(days=365)
    one.days = one.days[::2]
    assert drawn(one, late) == []
    assert len(drawn(one, AT)) == 14


def test_storms_are_left_out() -> None:
    one = station(days=365)
    one.calm = lambda at, samples: CLOCK.time(at).day <= 5
    assert {CLOCK.time(start).day for start in drawn(one, AT)} == {1, 2, 3, 4, 5}


def test_neighbouring_hours_then_months_only_when_allowed() -> None:
    assert len(drawn(station(days=59), AT)) == 28
    one = station(days=365, relax=True)
    first = [CLOCK.time(start) for start in drawn(one, AT, 28)]
    rest = [CLOCK.time(start) for start in drawn(one, AT)]
    assert {time.hour for time in first} == {10}
    assert not one.strays.keys() & set(CLOCK.at(first).tolist())
    assert {time.month for time in rest} == {1, 3}
    near = station(days=365, relax=True, origins=())
    near.taken = [AT - SIX + 60 + CLOCK.a_day * (day - 9) for day in range(28)]
    moved = near.draw(AT)
    assert moved is not None
    assert CLOCK.time(moved).hour == 11
    assert near.strays == {moved: NEIGHBOURS}


def test_the_seed_decides() -> None:
    firsts = {seed: drawn(station(seed=seed), AT, 5) for seed in range(4)}
    assert drawn(station(seed=2), AT, 5) == firsts[2]
    assert len({tuple(first) for first in firsts.values()}) > 1


@given(st.integers(0, 200), st.floats(0, 4))
def test_shares_are_even(count: int, per_window: float) -> None:
    each = shares(count, per_window)
    assert len(each) == count
    assert sum(each) == pytest.approx(count * per_window, abs=0.51)
    assert max(each, default=0) - min(each, default=0) <= 1
