"""ECG paper: true to scale, spans found as they were laid, the largest numbers written."""

from __future__ import annotations

import numpy as np
import pytest

from tremor.report.plots_ecg import INCH, SIDE, Span, ecg_sheet, spans

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")


def laid() -> tuple[np.ndarray, np.ndarray]:
    """Values and errors of two spans, one for and one against."""
    values, errors = np.zeros((12, 1000)), np.zeros((12, 1000))
    values[1, 100:200], errors[1, 100:200] = 0.02, 0.001
    values[6, 500:550], errors[6, 500:550] = -0.01, 0.002
    return values, errors


def test_spans_are_what_was_laid() -> None:
    values, errors = laid()
    found = spans(values, errors, 100.0)
    assert [(one.lead, one.start, one.end) for one in found] == [(1, 1.0, 2.0), (6, 5.0, 5.5)]
    assert [one.credit for one in found] == pytest.approx([2.0, -0.5])
    assert [one.error for one in found] == pytest.approx([0.1, 0.1])
    assert spans(values, None, 100.0)[0].error is None
    assert spans(np.zeros((12, 10)), None, 100.0) == []


def test_a_second_is_25_mm_and_a_millivolt_10() -> None:
    signal = np.zeros((12, 1000))
    figure = ecg_sheet(signal, 100.0, LEADS, spans(*laid(), 100.0), "P1: AF", "by LIME")
    wide, tall = figure.get_size_inches() * INCH
    ax = figure.axes[0]
    box = ax.get_position()
    assert wide == pytest.approx(10 * 25 + 2 * SIDE)
    assert box.width * wide == pytest.approx(250.0)
    assert box.height * tall == pytest.approx(10 * ax.get_ylim()[1])
    written = [text.get_text() for text in ax.texts]
    assert "+2\n± 0.1" in written
    assert "-0.5\n± 0.1" in written


def test_only_the_largest_are_written() -> None:
    many = [Span(n, 1.0, 2.0, float(n + 1), None) for n in range(12)]
    figure = ecg_sheet(np.zeros((12, 500)), 100.0, LEADS, many, "a", "b", written=3)
    said = [text.get_text() for text in figure.axes[0].texts if text.get_text() not in LEADS]
    assert said == ["+12", "+11", "+10"]


def test_a_map_of_single_samples_is_drawn_by_millimetres() -> None:
    values = np.random.default_rng(0).normal(size=(12, 1003))
    found = spans(values, np.ones_like(values), 100.0)
    assert len(found) == 12 * 251  # of 40 ms; the last is shorter
    assert found[0].credit == pytest.approx(values[0, :4].sum())
    assert sum(span.credit for span in found) == pytest.approx(values.sum())
    assert found[0].error is None
