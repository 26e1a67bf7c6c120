"""Strata: events stay whole, skill that is only magnitude is found out."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from tremor.evaluation.judge import judge
from tremor.evaluation.slicing import equal_bins
from tremor.evaluation.strata import spearman


def world(groups: int = 200, depends: bool = False, seed: int = 0) -> tuple[Any, pd.DataFrame]:
    """Two records an event, right in 80 %, or more often the larger the event."""
    rng = np.random.default_rng(seed)
    label = np.arange(groups) % 2
    magnitude = np.round(rng.uniform(1, 4, groups), 1)
    skill = np.clip((magnitude - 1) / 3, 0, 1) if depends else np.full(groups, 0.8)
    said = np.where(rng.random(groups) < 0.5 + skill / 2, label, 1 - label)
    rows = {"label": label, "predicted": said, "magnitude": magnitude}
    table = pd.DataFrame(rows).assign(group=[f"e{g}" for g in range(groups)])
    table = pd.concat([table, table], ignore_index=True)
    table = table.assign(record_id=[f"r{i}" for i in range(len(table))])
    table = table.assign(p_a=1.0 - 0.9 * table["predicted"], p_b=0.9 * table["predicted"] + 0.05)
    return table.drop(columns="magnitude"), table[["record_id", "group", "label", "magnitude"]]


def verdict(predictions: pd.DataFrame, table: pd.DataFrame) -> dict[str, Any]:
    return judge(predictions, classes=("a", "b"), table=table, draws=300, permutations=99)


def test_each_event_is_in_one_bin_and_none_is_lost() -> None:
    predictions, table = world()
    table["magnitude"] += np.random.default_rng(0).normal(0, 0.2, len(table))
    bins = verdict(predictions, table)["strata"]["magnitude"]
    assert len(bins) == 5
    assert sum(b["groups"] for b in bins) == 200
    assert sum(b["records"] for b in bins) == 400
    for low, high in pairwise(bins):
        assert low["low"] <= low["high"] < high["low"]


def test_scores_of_a_bin_are_those_of_its_records() -> None:
    predictions, table = world()
    for it in verdict(predictions, table)["strata"]["magnitude"]:
        inside = table["magnitude"].between(it["low"], it["high"])
        own = predictions[inside]
        right = own["label"] == own["predicted"]
        assert it["accuracy"]["value"] == pytest.approx(right.mean())
        assert it["balanced_accuracy"]["value"] == pytest.approx(
            right.groupby(own["label"]).mean().mean()
        )
        assert it["accuracy"]["chance"] == pytest.approx(
            own["label"].value_counts().max() / len(own)
        )
        assert it["balanced_accuracy"]["chance"] == 0.5
        for score in ("accuracy", "balanced_accuracy"):
            assert it[score]["lo"] <= it[score]["value"] <= it[score]["hi"]


def test_skill_that_is_only_magnitude_is_said() -> None:
    even, uneven = verdict(*world()), verdict(*world(groups=600, depends=True))
    assert abs(even["strata_correlation"]["magnitude"]["value"]) < 0.2
    assert uneven["strata_correlation"]["magnitude"]["lo"] > 0.2
    assert any(s.startswith("NOT even") and "larger" in s for s in uneven["verdict"])
    assert not any("NOT even" in s for s in even["verdict"])


def test_clear_events_at_chance_are_said() -> None:
    predictions, table = world(groups=400)
    table["snr_db"] = np.tile(np.linspace(-5, 30, 400), 2)
    clear = (table["snr_db"] > 20).to_numpy()
    predictions.loc[clear, "predicted"] = np.random.default_rng(0).integers(0, 2, clear.sum())
    found = verdict(predictions, table)
    sentence = next(s for s in found["verdict"] if "highest signal-to-noise" in s)
    assert sentence.startswith("NOT above chance among")
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("values", [None, np.nan, 2.0])
def test_what_is_not_known_or_never_varies_has_no_strata(values: float | None) -> None:
    predictions, table = world()
    table = table.drop(columns="magnitude") if values is None else table.assign(magnitude=values)
    assert not {"strata", "strata_correlation"} & verdict(predictions, table).keys()


def test_few_events_have_fewer_bins_or_none() -> None:
    assert len(verdict(*world(groups=35))["strata"]["magnitude"]) == 3
    assert "strata" not in verdict(*world(groups=19))


def test_events_of_unknown_magnitude_are_left_out() -> None:
    predictions, table = world()
    table.loc[table["group"] == "e3", "magnitude"] = np.nan
    assert sum(b["groups"] for b in verdict(predictions, table)["strata"]["magnitude"]) == 199


@given(st.integers(0, 999), st.integers(5, 60))
def test_rank_correlation_equals_scipys_also_of_draws(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.integers(0, 6, size).astype(float), rng.integers(0, 3, size) / 2
    counts = rng.multinomial(size, np.full(size, 1 / size), size=3).astype(float)
    found = spearman(one, other, counts)
    for row, value in zip(counts.astype(int), found, strict=True):
        first, second = np.repeat(one, row), np.repeat(other, row)
        if np.ptp(first) and np.ptp(second):
            assert value == pytest.approx(spearmanr(first, second).statistic, abs=1e-9)
        else:
            assert np.isnan(value)


@given(st.lists(st.floats(-5, 30) | st.just(float("nan")), min_size=1, max_size=150))
def test_bins_rise_with_the_quantity(values: list[float]) -> None:
    given_values = np.array(values)
    place = equal_bins(given_values)
    known = np.isfinite(given_values)
    if known.sum() < 10:
        assert (place == -1).all()
        return
    assert (place[~known] == -1).all()
    assert set(place[known]) == set(range(place.max() + 1))
    assert (np.diff(place[known][np.argsort(given_values[known])]) >= 0).all()
