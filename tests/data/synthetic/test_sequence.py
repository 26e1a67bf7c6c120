"""The synthetic sequence: three phases whose evidence drifts, and nothing else that tells."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from tremor.data.synthetic.sequence import NorciaSequence

MAIN = pd.Timestamp("2016-10-30T06:40:17.32Z")


def test_phases_follow_each_other_around_the_main_shock() -> None:
    table = NorciaSequence(n_pre=30, n_visso=8, n_post=20).catalogue()
    start = pd.to_datetime(table["start_time"])
    assert table["phase"].tolist() == ["pre"] * 30 + ["visso"] * 8 + ["post"] * 20
    assert start.is_monotonic_increasing
    assert start[table["phase"] == "visso"].between("2016-10-26T18:00Z", MAIN).all()
    assert (start[table["phase"] == "post"] > MAIN - pd.Timedelta("10s")).all()


@pytest.mark.parametrize("effect", [0.0, 1.0])
def test_stress_and_coda_drift_within_a_phase_as_far_as_the_effect_goes(effect: float) -> None:
    table = NorciaSequence(n_pre=2000, n_visso=2, n_post=2000, effect_size=effect).catalogue()
    for phase, sign in (("pre", -1), ("post", 1)):
        part = table[table["phase"] == phase]
        order = np.arange(len(part))
        stress = spearmanr(order, part["stress_drop_mpa"]).statistic
        coda = spearmanr(order, part["coda_q"]).statistic
        assert (sign * stress > 0.6) == (-sign * coda > 0.6) == (effect > 0)
        assert abs(spearmanr(order, part["magnitude"]).statistic) < 0.06


def test_evidence_is_where_the_other_side_would_differ_and_nowhere_without_effect() -> None:
    time, frequency = np.arange(0, 25, 0.5), np.arange(1, 40, 1.0)
    for effect, found in ((1.0, True), (0.0, False)):
        world = NorciaSequence(n_pre=3, n_visso=3, n_post=3, effect_size=effect)
        for number in (0, 4, 8):
            evidence = world.evidence(world.catalogue().iloc[number], time, frequency)
            assert evidence.shape == (3, 39, 50)
            assert (evidence > 0.05).any() == found


def test_two_seeds_are_two_worlds_and_one_seed_is_one() -> None:
    one, two = (NorciaSequence(n_pre=4, n_visso=2, n_post=4, seed=seed) for seed in (1, 2))
    same = NorciaSequence(n_pre=4, n_visso=2, n_post=4, seed=1)
    np.testing.assert_array_equal(one.waveforms(slice(None)), same.waveforms(slice(None)))
    assert not np.array_equal(one.waveforms(slice(None)), two.waveforms(slice(None)))
