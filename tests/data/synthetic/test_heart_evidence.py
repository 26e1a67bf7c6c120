"""The truth of the synthetic heart: it lies where the waves are that the class changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hearts import leads

from tremor.data.ecg.leads import LEADS
from tremor.data.synthetic.heart import HeartWorld
from tremor.data.synthetic.heart_beat import P, Sampling
from tremor.data.synthetic.heart_catalogue import CODES, names_of
from tremor.data.synthetic.heart_course import Course
from tremor.data.synthetic.heart_leads import twelve
from tremor.errors import Refused

WORLD = HeartWorld(patients=40, records_per_patient=1, longer=0.0, seed=5)
TIME = np.arange(5000) / 500
TABLE = WORLD.catalogue()


def row_of(*names: str) -> pd.Series:
    """The first record of just these classes."""
    return next(row for _, row in TABLE.iterrows() if names_of(row["dx"]) == names)


def clean(row: pd.Series, names: tuple[str, ...]) -> np.ndarray:
    """The record's leads in mV, without noise, as if it had other classes."""
    number = int(row.name)
    patient, _ = WORLD.course(number)
    course = Course.of(patient, names, 1.0, np.random.default_rng((5, 2, number)), 10.0)
    rng = np.random.default_rng((5, 3, number))
    return twelve(course.measured(patient, rng, Sampling(500.0, 5000)))


@pytest.mark.parametrize("names", [("SNR", "RBBB"), ("SNR", "LBBB")])
def test_a_block_shows_where_the_record_differs_from_one_without(names: tuple[str, ...]) -> None:
    row = row_of(*names)
    change = np.abs(clean(row, names) - clean(row, ("SNR",)))
    truth = WORLD.evidence_of_class(row, names[1], TIME)
    assert truth.shape == (12, 5000)
    assert truth.max() == pytest.approx(1.0)
    assert change[truth > 0.7].mean() > 20 * change[:, (truth == 0).all(0)].mean()
    quiet, late = truth.max(0) == 0, WORLD.spans(row, names[1])
    assert change[:, quiet].mean() < 0.3 * change[:, ~quiet].mean()
    assert set(late["part"]) == {"late QRS", "T"}
    strongest = late[late["part"] == "late QRS"].groupby("lead")["strength"].mean()
    assert {"V1", "V6", "I"} & set(strongest.nlargest(6).index)


def test_an_av_block_shows_between_p_and_qrs() -> None:
    row = row_of("SNR", "IAVB")
    spans = WORLD.spans(row, "IAVB")
    whole = spans[(spans["begin_s"] > 0) & (spans["end_s"] < 10)]
    long = whole["end_s"] - whole["begin_s"]
    assert long.between(0.2, 0.34).all()
    strength = spans.groupby("lead")["strength"].first()
    assert strength["II"] > 0.5
    assert strength["II"] > strength["aVL"]


def test_sinus_rhythm_shows_in_p_and_a_little_in_every_qrs() -> None:
    row = row_of("SNR")
    without = WORLD.course(int(row.name))
    patient, course = without[0], replace(without[1], p=P.scaled(0.0))
    rng = np.random.default_rng((5, 3, int(row.name)))
    bare = twelve(course.measured(patient, rng, Sampling(500.0, 5000)))
    waves = np.abs(clean(row, ("SNR",)) - bare)[1]
    truth = WORLD.evidence_of_class(row, "SNR", TIME)[1]
    assert waves[truth > 0.5].min() < waves.max()
    assert waves[truth > 0.5].sum() > 0.95 * waves.sum()
    spans = WORLD.spans(row, "SNR")
    ours = spans[spans["lead"] == "II"]
    assert ours.loc[ours["part"] == "rhythm", "strength"].max() <= 0.3 + 1e-9
    assert len(ours[ours["part"] == "P"]) == pytest.approx(len(ours[ours["part"] == "rhythm"]), 1)


def test_fibrillation_shows_between_t_and_qrs_where_p_is_missing_and_in_qrs() -> None:
    row = row_of("AF")
    spans = WORLD.spans(row, "AF")
    assert set(spans["part"]) == {"f-waves", "no P", "rhythm"}
    f_waves = spans[spans["part"] == "f-waves"].groupby("lead")["strength"].first()
    assert set(f_waves.nlargest(5).index) >= {"II", "V1"}
    truth = WORLD.evidence_of_class(row, "AF", TIME)
    _, course = WORLD.course(int(row.name))
    inside = course.at[(course.at > 0.5) & (course.at < 9)]
    t_top = np.rint((inside + 0.26 * np.sqrt(course.pace.mean())) * 500).astype(int)
    assert np.mean(truth[leads("II")[0], t_top]) < 0.2
    assert truth[leads("V1")[0]].mean() > 0.25


@pytest.mark.parametrize("name", CODES)
def test_spans_and_cells_are_one_truth(name: str) -> None:
    row = next(row for _, row in TABLE.iterrows() if name in names_of(row["dx"]))
    truth, spans = WORLD.evidence_of_class(row, name, TIME), WORLD.spans(row, name)
    assert spans["begin_s"].min() >= 0
    assert spans["end_s"].max() <= 10
    least, most = np.zeros_like(truth), np.zeros_like(truth)
    for span in spans.itertuples():
        lead = LEADS.index(span.lead)
        for made, edge in ((least, -0.002), (most, 0.002)):
            inside = (span.begin_s - edge <= TIME) & (span.end_s + edge >= TIME)
            made[lead, inside] = np.maximum(made[lead, inside], span.strength)
    assert (truth >= least - 1e-9).all()
    assert (truth <= most + 1e-9).all()
    coarse = WORLD.evidence_of_class(row, name, np.arange(0.125, 10, 0.25))
    np.testing.assert_allclose(coarse.mean(1), truth.mean(1), rtol=0.15, atol=0.02)


def test_of_what_a_record_lacks_there_is_no_evidence() -> None:
    row = row_of("SNR")
    assert not WORLD.evidence_of_class(row, "AF", TIME).any()
    assert WORLD.spans(row, "LBBB").empty
    with pytest.raises(Refused, match="no class VPB"):
        WORLD.evidence_of_class(row, "VPB", TIME)


def test_evidence_goes_with_the_effect() -> None:
    row = row_of("SNR", "IAVB")
    half, none = (replace(WORLD, effect_size=size) for size in (0.5, 0.0))
    assert half.evidence_of_class(row, "IAVB", TIME).max() == pytest.approx(0.5)
    assert not none.evidence_of_class(row, "IAVB", TIME).any()
    assert not none.evidence(row, TIME, np.arange(0, 250.0, 8)).any()


def test_beyond_what_is_seen_there_is_none() -> None:
    short = replace(WORLD, maxlen=2500)
    truth = short.evidence_of_class(row_of("SNR"), "SNR", TIME)
    assert truth[:, :2500].any()
    assert not truth[:, 2500:].any()


def test_summed_over_frequencies_it_is_the_same() -> None:
    row, seconds = row_of("SNR", "IAVB", "RBBB"), np.arange(0.01, 10, 0.02)
    frequencies = np.linspace(0, 250, 33)
    each = [WORLD.evidence_of_class(row, name, seconds) for name in ("SNR", "IAVB", "RBBB")]
    both = WORLD.evidence(row, seconds, frequencies)
    assert both.shape == (12, 33, 500)
    more = both.sum(1) - np.max(each, axis=0)  # where a cell is one class's first, then another's
    assert more.min() > -1e-12
    assert (more < 1e-12).mean() > 0.9
    asked = WORLD.evidence(row, seconds, frequencies, [270492004, "1"])
    np.testing.assert_allclose(asked.sum(1), each[1], atol=1e-12)
    assert not asked[:, frequencies > 20].any()
