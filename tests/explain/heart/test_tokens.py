"""Tokens: no sample counts twice, labels vary over time, poor peaks make none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tremor.errors import Refused
from tremor.explain.heart.claims_file import earlier_claims, read_claims
from tremor.explain.heart.tokens import Seen, Tokens, labels, overlapping, tokens, truth

Make = Callable[..., Seen]
CLAIMS = read_claims()


def cut(seen: Seen, key: str) -> Tokens:
    return tokens(seen, CLAIMS, CLAIMS.of(key))


def spans(found: Tokens, name: str) -> list[tuple[int, int]]:
    here = found.window == found.names.index(name)
    return list(zip(found.start[here].tolist(), found.stop[here].tolist(), strict=True))


def test_windows_lie_where_the_file_says(seen_with: Make) -> None:
    found = cut(seen_with([1.0, 2.0, 3.0]), "SNR")
    assert spans(found, "pre") == [(78, 95), (178, 195), (278, 295)]
    assert spans(found, "qrs") == [(95, 108), (195, 208), (295, 308)]
    assert spans(found, "stt") == [(108, 120), (208, 220), (308, 320)]
    assert spans(found, "tlate") == [(120, 140), (220, 240), (320, 340)]
    assert spans(found, "between") == [(140, 178), (240, 278)]
    assert found.note == ""
    assert found.count == 12 * 14


def test_fast_and_broad_hearts_have_other_windows(seen_with: Make) -> None:
    fast = seen_with(np.arange(0.5, 9.5, 0.6))
    assert spans(cut(fast, "SNR"), "pre")[1] == (110 - 18, 110 - 4)
    slow = seen_with([1.0, 2.0, 3.0])
    assert spans(cut(slow, "LBBB"), "qrs_term")[0] == (108, 120)
    assert spans(cut(slow, "IRBBB"), "qrs_term")[0] == (104, 116)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    st.lists(st.floats(0.25, 1.6), min_size=2, max_size=30), st.sampled_from(["AF", "PVC", "LQT"])
)
def test_no_sample_lies_in_two_tokens(seen_with: Make, gaps: list[float], key: str) -> None:
    at = np.cumsum(gaps)
    seen = seen_with(at[at < 9.9])
    if len(seen.peaks.samples) < 2:
        return
    found = cut(seen, key)
    owned = np.zeros(seen.steps, int)
    for start, stop in zip(found.start, found.stop, strict=True):
        owned[start:stop] += 1
    assert owned.max() <= 1
    assert (found.start >= 0).all()
    assert (found.stop <= seen.steps).all()


def test_what_is_cut_short_is_left_out_and_said(seen_with: Make) -> None:
    found = cut(seen_with([0.1, 1.0, 9.95]), "SNR")
    assert (found.beat == 0).sum() == 4  # its P wave lies before the record
    assert found.note == "3 windows cut short by others or by an end"


def test_poor_peaks_make_no_tokens(seen_with: Make) -> None:
    found = cut(seen_with(quality=0.4), "AF")
    assert found.count == 0
    assert found.note == "R peaks of quality 0.40 (as made): no tokens"
    strict, lenient = labels(found, seen_with(quality=0.4), CLAIMS, CLAIMS.of("AF"))
    assert strict.shape == lenient.shape == (12, 0)


def test_labels_vary_over_time_and_over_leads(seen_with: Make) -> None:
    seen = seen_with()
    for key in CLAIMS.diagnoses:
        found = cut(seen, key)
        strict, lenient = labels(found, seen, CLAIMS, CLAIMS.of(key))
        assert (strict <= lenient).all()
        if not any(claim.early for claim in CLAIMS.of(key).claims):
            lead = lenient.any(1).argmax()
            assert 0 < lenient[lead].mean() < 1, key
    found = cut(seen, "SNR")
    strict, _ = labels(found, seen, CLAIMS, CLAIMS.of("SNR"))
    assert set(np.array(found.leads)[strict.any(1)]) == {"II", "V1"}
    assert {found.names[w] for w in found.window[strict.any(0)]} == {"pre"}


def test_early_beats_alone_where_a_claim_says_so(seen_with: Make) -> None:
    at = np.array([1.0, 2.0, 3.0, 3.6, 5.0, 6.0, 7.0])
    seen = seen_with(at)
    found = cut(seen, "PVC")
    strict, _ = labels(found, seen, CLAIMS, CLAIMS.of("PVC"))
    assert set(found.beat[strict.any(0)]) == {3}
    regular = seen_with(np.arange(1.0, 8.0))
    assert not labels(cut(regular, "PVC"), regular, CLAIMS, CLAIMS.of("PVC"))[1].any()


def test_the_earlier_tokens_overlap_and_have_one_label_a_lead(seen_with: Make) -> None:
    seen, theirs = seen_with(np.arange(0.2, 9.9, 0.5)), earlier_claims()
    found = overlapping(seen, theirs, theirs.of("AF"))
    assert len(found.start) == len(seen.peaks.samples)
    assert (found.stop[:-1] > found.start[1:]).all()
    strict, lenient = labels(found, seen, theirs, theirs.of("AF"))
    for level in (strict, lenient):
        assert (level.all(1) | ~level.any(1)).all()


def test_sums_and_planted_evidence(seen_with: Make) -> None:
    seen = seen_with()
    found = cut(seen, "SNR")
    values = np.random.default_rng(0).normal(size=seen.signal.shape)
    sums = found.sums(values)
    for span in (0, 5, len(found.start) - 1):
        start, stop = found.start[span], found.stop[span]
        assert sums[3, span] == pytest.approx(values[3, start:stop].sum())
    mask = np.zeros(seen.signal.shape, bool)
    mask[1, found.start[2] : found.stop[2]] = True
    mask[2, found.start[2] : found.start[2] + 2] = True
    told = truth(found, mask)
    assert told.sum() == 1
    assert told[1, 2]


def test_an_explanation_that_does_not_fit_is_refused(seen_with: Make) -> None:
    found = cut(seen_with(), "SNR")
    with pytest.raises(Refused):
        found.sums(np.zeros((8, 1000)))
    with pytest.raises(Refused):
        found.sums(np.full((12, 1000), np.nan))


def test_the_record_as_seen_finds_its_own_peaks(seen_with: Make) -> None:
    seen = seen_with(padded=5.0)
    assert seen.steps == 1000
    assert seen.signal.shape[1] == 1500
    again = Seen.of(seen.signal, seen.rate, seen.leads, seen.steps)
    assert not again.peaks.good  # it is noise
    assert replace(again, peaks=seen.peaks).heart_rate == pytest.approx(60 / 0.9)
