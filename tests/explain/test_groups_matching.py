"""Matching: two groups that differ in magnitude are made alike, event by event."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tremor.errors import Refused
from tremor.explain.groups.matching import matched


def table(seed: int = 0, events: int = 120, apart: float = 0.8) -> pd.DataFrame:
    """Events of 1 to 3 records; foreshocks (label 0) are smaller and nearer."""
    rng = np.random.default_rng(seed)
    label = np.arange(events) % 2
    rows = pd.DataFrame(
        {
            "group": [f"e{n}" for n in range(events)],
            "label": label,
            "magnitude": rng.normal(2 + apart * label, 1),
            "distance_km": rng.normal(30 + 5 * label, 5),
        }
    )
    rows = rows.loc[np.repeat(np.arange(events), rng.integers(1, 4, events))].reset_index(drop=True)
    return rows.assign(snr_db=rng.normal(10, 2, len(rows)))


def events_of(rows: pd.DataFrame, keep: np.ndarray) -> tuple[set[str], set[str]]:
    kept = rows[keep]
    return set(kept["group"][kept["label"] == 0]), set(kept["group"][kept["label"] == 1])


def test_matching_balances_what_differed() -> None:
    rows = table()
    found = matched(rows, rows["label"] == 0, ("magnitude", "distance_km"))
    before, after = (found.balance[f"difference_{when}"].abs() for when in ("before", "after"))
    assert before.min() > 0.5
    assert after.max() < 0.15
    a, b = events_of(rows, found.keep)
    assert len(a) == len(b) == found.pairs >= 15
    assert found.events == (60, 60)
    assert found.unknown == 0


def test_an_event_is_kept_with_all_its_records_or_not_at_all() -> None:
    rows = table()
    found = matched(rows, rows["label"] == 0, caliper=0.5)
    assert rows.assign(keep=found.keep).groupby("group")["keep"].nunique().max() == 1


def test_known_pairs() -> None:
    rows = pd.DataFrame(
        {
            "group": list("abcdwxyz"),
            "magnitude": [1.0, 2.0, 3.0, 9.0, 1.1, 1.02, 3.05, -5.0],
            "label": [0, 0, 0, 0, 1, 1, 1, 1],
        }
    )
    found = matched(rows, rows["label"] == 0, ("magnitude",), caliper=0.1)
    assert "".join(rows["group"][found.keep]) == "acxy"
    assert found.pairs == 2


def test_no_pair_is_farther_apart_than_the_caliper() -> None:
    rows = table(3).drop_duplicates("group")
    side = rows["label"] == 0
    for caliper in (0.1, 0.25, 1.0):
        found = matched(rows, side, ("magnitude",), caliper)
        spread = np.sqrt(rows.groupby("label")["magnitude"].var().mean())
        kept = rows[found.keep]
        one, other = (np.sort(kept["magnitude"][kept["label"] == n]) for n in (0, 1))
        assert np.abs(one - other).max() <= caliper * spread * (1 + 1e-9)


def test_groups_that_are_alike_lose_little() -> None:
    rows = table(1, apart=0.0)
    assert matched(rows, rows["label"] == 0, ("magnitude",)).pairs >= 45


def test_order_changes_nothing_and_the_seed_breaks_ties() -> None:
    rows = table(2)
    rows["magnitude"] = rows["magnitude"].round()
    on = ("magnitude",)
    found = matched(rows, rows["label"] == 0, on, seed=1)
    turned = rows.sample(frac=1, random_state=0)
    again = matched(turned, turned["label"] == 0, on, seed=1)
    assert events_of(rows, found.keep) == events_of(turned, again.keep)
    others = [matched(rows, rows["label"] == 0, on, seed=s).keep for s in range(2, 6)]
    assert any((other != found.keep).any() for other in others)


def test_events_without_a_covariate_are_left_out_and_counted() -> None:
    rows = table()
    gone = rows["group"].isin(["e0", "e1", "e2"])
    rows.loc[gone, "magnitude"] = np.nan
    found = matched(rows, rows["label"] == 0, caliper=0.5)
    assert found.unknown == 3
    assert not found.keep[gone].any()


def test_a_record_without_snr_does_not_lose_its_event() -> None:
    rows = table()
    many = rows["group"].map(rows["group"].value_counts()) > 1
    rows.loc[many & ~rows["group"].duplicated(), "snr_db"] = np.nan
    assert matched(rows, rows["label"] == 0, ("snr_db",)).unknown == 0


def test_a_covariate_that_never_changes_is_no_obstacle() -> None:
    rows = table().assign(depth_km=8.0)
    side = rows["label"] == 0
    found = matched(rows, side, ("magnitude", "depth_km"))
    np.testing.assert_array_equal(found.keep, matched(rows, side, ("magnitude",)).keep)


def test_refusals() -> None:
    rows = table()
    side = rows["label"] == 0
    with pytest.raises(Refused, match="no depth_km, stress") as refused:
        matched(rows, side, ("magnitude", "depth_km", "stress"))
    assert "magnitude, distance_km, snr_db" in refused.value.remedy
    with pytest.raises(Refused, match="on both sides"):
        matched(rows, np.arange(len(rows)) % 2 == 0)
    with pytest.raises(Refused, match="no event of one side"):
        matched(rows.assign(magnitude=rows["label"] * 100.0 + rows["snr_db"] * 1e-3), side)
    with pytest.raises(Refused, match="no event of one side"):
        matched(rows.assign(snr_db=np.nan), side)
    with pytest.raises(Refused, match="sides of shape"):
        matched(rows, side[1:])
