"""The figures of a verdict: which are drawn, and that they show the verdict's own numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection, LineCollection
from matplotlib.colors import to_hex
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from tremor.report.plots_calibration import reliability
from tremor.report.plots_pretraining import pretraining_curves
from tremor.report.plots_selective import coverage_in_time, risk_coverage
from tremor.report.plots_sequence import GREY, class_colours, ordinal_times, timeline
from tremor.report.plots_strata import strata
from tremor.report.verdict_figures import figures_of

MAIN = "2016-10-30T06:40:17.32Z"
LIMITS = [
    {"class": "FEQ1", "first": "2016-08-24T00:00:00Z", "last": "2016-10-25T00:00:00Z"},
    {"class": "Visso", "first": "2016-10-26T19:00:00Z", "last": "2016-10-30T06:00:00Z"},
    {"class": "AEQ1", "first": "2016-10-30T07:00:00Z", "last": "2016-12-01T00:00:00Z"},
]
STARTS = ["2016-09-01T00:00:00Z", "2016-10-28T00:00:00Z", "2016-11-02T12:00:00.500Z"]
CALIBRATION = {
    "bins": [
        {"confidence": 0.45, "accuracy": 0.40, "lo": 0.30, "hi": 0.50, "band": [0.3, 0.6]},
        {"confidence": 0.80, "accuracy": 0.70, "lo": None, "hi": None, "band": [0.7, 0.9]},
    ],
    "sharpness": {"edges": [0, 0.5, 1], "counts": [20, 19], "right": [8, 13]},
}
AFTER = {"bins": [{"confidence": 0.60, "accuracy": 0.65}]}
SELECTIVE = {
    "points": [
        {"kept": 0.5, "risk": 0.1, "lo": 0.0, "hi": 0.2},
        {"kept": 1.0, "risk": 0.3, "lo": None, "hi": None},
    ],
    "area": {"chance": 0.3},
}
TIMES = {
    "true_days": [-40.0, -2.0, 0.5, 30.0],
    "predicted_class": [0, 2, 2, 2],
    "class_days": {"FEQ1": -30.0, "Visso": None, "AEQ1": 20.0},
    "class_limits": {"FEQ1": [-60.0, -10.0], "Visso": [None, None], "AEQ1": [0.1, 60.0]},
}


def score(value: float, chance: float) -> dict[str, float]:
    return {"value": value, "lo": value - 0.1, "hi": value + 0.2, "chance": chance}


def a_bin(low: float, value: float) -> dict[str, Any]:
    scores = {"accuracy": score(value, 0.4), "balanced_accuracy": score(value - 0.05, 0.5)}
    return {"low": low, "high": low + 1, "groups": 7, **scores}


STRATA = {"magnitude": [a_bin(1.0, 0.5), a_bin(2.0, 0.7)], "snr_db": [a_bin(10.0, 0.6)]}


def dots(ax: Axes, marker: str = "o") -> list[np.ndarray]:
    return [np.asarray(line.get_xydata()) for line in ax.lines if line.get_marker() == marker]


def words(ax: Axes) -> list[str]:
    return [text.get_text().strip() for text in ax.texts]


def key(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_only_what_the_verdict_has_is_drawn() -> None:
    assert figures_of({"metrics": {}}) == {}
    found = figures_of({"calibration": CALIBRATION, "times": TIMES, "strata": STRATA})
    assert sorted(found) == ["ordinal_times", "reliability", "strata"]


def test_the_confusion_is_drawn_under_the_names_of_the_classes() -> None:
    verdict = {"confusion": [[3, 1], [0, 4]], "classes": ["before", "after"]}
    (figure,) = figures_of(verdict).values()
    labels = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert [label.split()[0] for label in labels] == ["before", "after"]


def test_the_timeline_puts_each_event_at_its_date_in_its_class() -> None:
    figure = timeline(
        STARTS, [2.0, 3.0, 2.5], [0, -1, 2], [r["class"] for r in LIMITS], LIMITS, MAIN
    )
    (ax,) = figure.axes
    shown = [points for points in dots(ax) if len(points)]
    expected = [date2num(pd.Timestamp(s).tz_localize(None)) for s in STARTS]
    assert [p[0, 0] for p in shown] == pytest.approx([expected[1], expected[0], expected[2]])
    assert [p[0, 1] for p in shown] == [3.0, 2.0, 2.5]
    assert words(ax) == ["Visso", "main shock"]
    assert key(figure) == ["FEQ1", "Visso", "AEQ1", "no class"]


def test_the_timeline_marks_the_main_shock_where_it_was() -> None:
    figure = timeline(
        STARTS, [2.0, 3.0, 2.5], [0, 1, 2], [r["class"] for r in LIMITS], LIMITS, MAIN
    )
    upright = [line for line in figure.axes[0].lines if line.get_linestyle() == "--"]
    (place,) = {float(line.get_xdata()[0]) for line in upright}
    assert place == pytest.approx(date2num(pd.Timestamp(MAIN).tz_localize(None)))
    assert "no class" not in key(figure)


def test_the_timeline_names_visso_where_it_is_no_class() -> None:
    figure = timeline(STARTS, [2.0, 3.0, 2.5], [0, -1, 1], ["FEQ1", "AEQ1"], LIMITS[::2], MAIN)
    assert words(figure.axes[0]) == ["main shock"]
    rows = [*LIMITS[::2], LIMITS[1]]
    figure = timeline(STARTS, [2.0, 3.0, 2.5], [0, -1, 1], ["FEQ1", "AEQ1"], rows, MAIN)
    assert words(figure.axes[0]) == ["Visso", "main shock"]
    assert key(figure) == ["FEQ1", "AEQ1", "no class"]
    colours = [to_hex(patch.get_facecolor()) for patch in figure.axes[0].patches]
    assert colours == [*class_colours(2), GREY]


def test_the_timeline_without_magnitudes_is_a_flat_row() -> None:
    (ax,) = timeline(STARTS, None, [0, 1, 2], [r["class"] for r in LIMITS], LIMITS, MAIN).axes
    assert {height for points in dots(ax) for height in points[:, 1]} == {0.0}
    assert ax.get_ylabel() == ""
    assert len(ax.get_yticks()) == 0


def test_classes_have_different_colours_from_violet_to_red() -> None:
    nine = class_colours(9)
    assert len(set(nine)) == 9
    assert class_colours(2) == [nine[0], nine[-1]]


def test_each_record_stands_at_its_true_time_in_the_row_that_was_predicted() -> None:
    (ax,) = ordinal_times(TIMES).axes
    records = next(points for points in dots(ax) if len(points) == 4)
    assert list(records[:, 0]) == TIMES["true_days"]
    assert list(np.round(records[:, 1])) == TIMES["predicted_class"]
    (medians,) = dots(ax, "|")
    assert medians.tolist() == [[-40.0, 0], [0.5, 2]]


def test_a_class_without_training_events_has_a_row_and_no_box() -> None:
    (ax,) = ordinal_times(TIMES).axes
    boxes = [c for c in ax.collections if isinstance(c, FillBetweenPolyCollection)]
    spans = [(b.get_datalim(ax.transData).x0, b.get_datalim(ax.transData).x1) for b in boxes]
    assert spans == [(-60.0, -10.0), (0.1, 60.0)]
    rows = [tick.get_text() for tick in ax.get_yticklabels()]
    assert rows == ["FEQ1\n−30 d", "Visso", "AEQ1\n+20 d"]


def test_the_time_axis_reaches_all_records_on_both_sides() -> None:
    (ax,) = ordinal_times(TIMES | {"true_days": [-400.0, -0.02, 0.03, 90.0]}).axes
    low, high = ax.get_xlim()
    assert low < -400
    assert high > 90
    assert 0.0 in ax.get_xticks()


def test_pretraining_has_a_panel_for_each_quantity_that_was_logged() -> None:
    metrics = pd.DataFrame(
        {
            "epoch": [0, 0, 1, 1],
            "train/loss": [5.0, 4.0, 3.0, 2.0],
            "val/loss": [np.nan, 4.2, np.nan, 2.4],
            "val/perplexity": [np.nan, 50.0, np.nan, 90.0],
            "val/accuracy": np.nan,
        }
    )
    loss, codes = pretraining_curves(metrics).axes
    assert [ax.get_ylabel() for ax in (loss, codes)] == ["loss", "codes in effect"]
    drawn = {line.get_label(): list(line.get_ydata()) for line in loss.lines}
    assert drawn == {"train": [4.5, 2.5], "val": [4.2, 2.4]}
    assert list(codes.lines[0].get_ydata()) == [50.0, 90.0]
    assert codes.get_xlabel() == "epoch"


def test_pretraining_stopped_before_its_first_number_is_an_empty_panel() -> None:
    (ax,) = pretraining_curves(pd.DataFrame({"epoch": [0.0], "lr": [0.1]})).axes
    assert not ax.lines


def test_strata_stand_over_their_bins_with_whiskers_and_chance() -> None:
    magnitude, snr = strata(STRATA).axes
    assert dots(magnitude, "o")[0][:, 1] == pytest.approx([0.5, 0.7])
    assert dots(magnitude, "s")[0][:, 1] == pytest.approx([0.45, 0.65])
    assert dots(snr, "o")[0][:, 1] == pytest.approx([0.6])
    heights = [
        s[:, 1]
        for c in magnitude.collections
        if isinstance(c, LineCollection)
        for s in c.get_segments()
    ]
    assert any(h == pytest.approx([0.4, 0.7]) for h in heights)
    assert sum(h == pytest.approx([0.4, 0.4]) for h in heights) == 2
    assert [t.get_text() for t in magnitude.get_xticklabels()] == ["1–2\nn = 7", "2–3\nn = 7"]
    assert snr.get_xlabel() == "SNR (dB)"


def test_strata_without_intervals_have_points_and_no_whiskers() -> None:
    alone = a_bin(1.0, 0.5)
    for name in ("accuracy", "balanced_accuracy"):
        alone[name] |= {"lo": None, "hi": None}
    (ax,) = strata({"magnitude": [alone]}).axes
    assert dots(ax, "o")[0][:, 1] == pytest.approx([0.5])
    reach = [np.ptp(s[:, 1]) for c in ax.collections for s in c.get_segments()]
    assert reach == [0.0] * len(reach)


def test_reliability_shows_right_against_confidence_and_counts_below() -> None:
    upper, lower = reliability(CALIBRATION).axes
    (marks,) = dots(upper)
    assert marks.tolist() == [[0.45, 0.40], [0.80, 0.70]]
    whiskers = [s for c in upper.collections for s in c.get_segments()]
    assert whiskers[0][:, 1] == pytest.approx([0.30, 0.50])
    assert np.ptp(whiskers[1][:, 1]) == 0
    bars = [(b.get_height(), b.get_y()) for b in lower.patches]
    assert bars == [(8, 0), (13, 0), (12, 8), (6, 13)]
    assert lower.get_title("left") == "39 records, 18 of them answered wrongly (red)"
    bands = [(b.get_y(), b.get_y() + b.get_height()) for b in upper.patches]
    assert bands == [pytest.approx((0.3, 0.6)), pytest.approx((0.7, 0.9))]
    assert upper.get_xlim()[0] == pytest.approx(0.4)


def test_the_line_of_a_true_model_is_the_diagonal() -> None:
    upper, _ = reliability(CALIBRATION).axes
    (line,) = [x for x in upper.lines if x.get_label() == "as it should be"]
    assert np.asarray(line.get_xydata()).tolist() == [[0, 0], [1, 1]]
    assert to_hex(line.get_color()) != to_hex(upper.lines[-1].get_color())


def test_what_is_after_scaling_stands_beside_what_was_before() -> None:
    upper, _ = reliability(CALIBRATION | {"after": AFTER}).axes
    (line,) = [x for x in upper.lines if x.get_label() == "after scaling"]
    assert np.asarray(line.get_xydata()).tolist() == [[0.60, 0.65]]


def test_risk_is_drawn_over_what_is_answered_with_the_error_of_all() -> None:
    (ax,) = risk_coverage(SELECTIVE).axes
    flat, curve = ax.lines
    assert np.asarray(curve.get_xydata()).tolist() == [[0.5, 0.1], [1.0, 0.3]]
    assert list(flat.get_ydata()) == [0.3, 0.3]
    assert ax.get_ylim()[1] > 0.3


def test_coverage_in_time_has_a_mark_for_each_time() -> None:
    rows = [
        {"name": "2016-08-01 to 2016-09-01", "coverage": {"value": 0.9, "lo": 0.8, "hi": 0.95}},
        {"name": "2016-09-02", "coverage": {"value": 0.7, "lo": None, "hi": None}},
    ]
    (ax,) = coverage_in_time(rows, 0.9).axes
    assert dots(ax)[0][:, 1].tolist() == [0.9, 0.7]
    assert next(t.get_text() for t in ax.get_xticklabels()) == "2016-08-01\nto 2016-09-01"
