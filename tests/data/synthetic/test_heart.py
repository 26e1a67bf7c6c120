"""The synthetic heart: laws of the leads, what each class changes, and that nothing else does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import hearts
import numpy as np
import pandas as pd
import pytest
from hearts import having, leads, measured
from scipy.stats import mannwhitneyu
from sklearn.metrics import roc_auc_score

from tremor.data.ecg.leads import LEADS
from tremor.data.synthetic import heart_catalogue
from tremor.data.synthetic.heart import HeartWorld
from tremor.data.synthetic.heart_beat import Sampling
from tremor.data.synthetic.heart_course import Course
from tremor.data.synthetic.heart_leads import counted
from tremor.data.synthetic.heart_noise import HOSPITALS
from tremor.data.synthetic.heart_settings import LIMITS
from tremor.errors import Refused

SMALL = HeartWorld(patients=6, records_per_patient=2, seed=1)


def test_the_laws_of_the_limb_leads_hold_to_the_count() -> None:
    signal = SMALL.record(0).astype(int)
    one, two, three, right, left, foot = signal[leads("I", "II", "III", "aVR", "aVL", "aVF")]
    np.testing.assert_array_equal(one + three, two)
    np.testing.assert_array_equal(2 * right, -(one + two))
    np.testing.assert_array_equal(2 * left, one - three)
    np.testing.assert_array_equal(2 * foot, two + three)


def test_counts_are_a_thousand_a_millivolt() -> None:
    assert counted(np.full((8, 1), 1.5))[:, 0].tolist() == [
        *(1500, 1500, 0, -1500, 750, 750),
        *(1500,) * 6,
    ]


def test_a_record_is_the_same_whenever_it_is_made() -> None:
    again = replace(SMALL)
    late, early = again.waveforms(np.array([7, 2])), SMALL.waveforms(slice(0, 8))
    np.testing.assert_array_equal(late, early[[7, 2]])
    assert late.dtype == np.float32
    pd.testing.assert_frame_equal(again.catalogue(), SMALL.catalogue())
    other = replace(SMALL, seed=2)
    assert (other.record(0)[:, :1000] != SMALL.record(0)[:, :1000]).any()


def test_waveforms_are_records_cut_or_padded() -> None:
    world = replace(SMALL, longer=0.5, duration=2.0, maxlen=1500)
    made, seconds = world.waveforms(slice(None)), world.catalogue()["duration_s"].to_numpy()
    assert made.shape == (12, 12, 1500)
    assert seconds.min() == 2.0
    assert 2.0 < seconds.max() <= 4.0
    for number, of in enumerate(made):
        record = world.record(number)
        assert record.shape[1] == round(seconds[number] * 500)
        size = min(record.shape[1], 1500)
        np.testing.assert_array_equal(of[:, :size], record[:, :size])
        assert not of[:, size:].any()


def test_sizes_are_those_of_real_records() -> None:
    spans = np.median([np.ptp(SMALL.record(n), axis=1) for n in range(12)], axis=0)
    assert 800 < spans[LEADS.index("II")] < 2500
    assert 1000 < spans[LEADS.index("V2")] < 4000
    noise = np.abs(np.diff(SMALL.record(0)[leads("II", "V5")].astype(float), n=4))
    assert 1 < np.median(noise) / np.sqrt(70) < 30


@pytest.fixture(scope="module")
def full() -> HeartWorld:
    return HeartWorld(patients=60, records_per_patient=1)


def test_each_class_shows_as_it_does_in_the_clinic(full: HeartWorld) -> None:
    has, found = having(full), measured(full)
    blocked, sinus = has["RBBB"] | has["LBBB"], has["SNR"]

    def area(of: str, name: str, among: Any = slice(None), sign: int = 1) -> float:
        return float(roc_auc_score(has[of][among], sign * found[name][among]))

    assert area("AF", "irregularity", ~blocked) > 0.95
    assert area("SNR", "p_size") > 0.85
    assert area("IAVB", "p_to_r", sinus) > 0.95
    assert roc_auc_score(blocked, found["width"]) > 0.97
    assert area("RBBB", "late_v1") > 0.97
    assert area("LBBB", "late_v1", sign=-1) > 0.97
    assert area("LBBB", "late_v6") > 0.97
    assert np.median(found["p_to_r"][sinus & ~has["IAVB"]]) < 0.18
    assert np.median(found["p_to_r"][has["IAVB"]]) > 0.22
    assert np.median(found["width"][~blocked]) < 0.10
    assert found["width"][blocked].min() > 0.11


def test_without_an_effect_no_class_shows(full: HeartWorld) -> None:
    none = replace(full, effect_size=0.0)
    pd.testing.assert_frame_equal(none.catalogue(), full.catalogue())
    found = measured(none)
    assert set(found) == set(measured(replace(none, patients=2)))
    for name, has in having(none).items():
        for what, numbers in found.items():
            chance = mannwhitneyu(numbers[has], numbers[~has]).pvalue
            assert chance > 0.002, (name, what)
    assert np.median(found["width"]) < 0.10
    assert np.median(found["irregularity"]) < 0.06


@pytest.mark.parametrize("names", [("AF",), ("SNR", "IAVB"), ("AF", "RBBB"), ("SNR", "LBBB")])
def test_without_an_effect_a_record_is_what_it_is_whatever_its_codes(
    names: tuple[str, ...],
) -> None:
    patient, _ = SMALL.course(0)
    made = []
    for of in (("SNR",), names):
        course = Course.of(patient, of, 0.0, np.random.default_rng(3), 4.0)
        made.append(course.measured(patient, np.random.default_rng(4), Sampling(500.0, 2000)))
    np.testing.assert_array_equal(*made)


def test_patients_keep_their_blocks_and_may_change_their_rhythm() -> None:
    table = HeartWorld(patients=300, records_per_patient=3).catalogue()
    names = table["dx"].map(heart_catalogue.names_of)
    blocks = names.map(lambda of: {"RBBB", "LBBB"} & set(of)).map(sorted).map(tuple)
    rhythms = names.map(lambda of: of[0])
    assert set(rhythms) == {"AF", "SNR"}
    assert (blocks.groupby(table["group"]).nunique() == 1).all()
    assert 0.05 < (rhythms.groupby(table["group"]).nunique() == 2).mean() < 0.3
    assert not names.map(lambda of: "AF" in of and "IAVB" in of).any()
    assert names.map(lambda of: {"IAVB", "RBBB"} <= set(of)).any()
    shares = {name: names.map(lambda of, n=name: n in of).mean() for name in heart_catalogue.CODES}
    assert min(shares.values()) > 0.1
    assert (table["label"].map(list(heart_catalogue.CODES).__getitem__) == rhythms).all()


def test_hospitals_know_of_no_class_unless_told_to() -> None:
    def tied(bias: float) -> float:
        world = HeartWorld(patients=400, records_per_patient=1, hospital_bias=bias)
        af = having(world)["AF"]
        at = world.catalogue()["hospital"].to_numpy()
        return float((at[af] == 0).mean() - (at[~af] == 0).mean())

    assert abs(tied(0.0)) < 0.15
    assert 0.3 < tied(0.5) < 0.7
    assert tied(1.0) == 1.0
    gains = [hospital.gain for hospital in HOSPITALS]
    assert len(set(gains)) == len(gains)


def test_noise_is_what_the_level_adds() -> None:
    quiet, usual, loud = (replace(SMALL, noise_level=level).record(3) for level in (0, 1, 3))
    small, large = (np.std(one.astype(float) - quiet) for one in (usual, loud))
    assert 2.8 < large / small < 3.2
    assert 3 < small < 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"patients": 1},
        {"records_per_patient": 0},
        {"effect_size": 1.5},
        {"effect_size": float("nan")},
        {"longer": -0.1},
        {"duration": 0.0},
        {"sampling_rate": 10.0},
        {"maxlen": 0},
        {"hospital_bias": 2.0},
        {"seed": -1},
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=next(iter(wrong))):
        HeartWorld(**wrong)


def test_every_setting_has_its_limits() -> None:
    assert set(LIMITS) == set(vars(HeartWorld()))
    assert HeartWorld().sampling_rate == hearts.RATE
