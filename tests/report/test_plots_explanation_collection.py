"""Figures of a collection: means by station and class, and single records, from what it holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure

from tremor.explain.explanation import Axis, Explanation
from tremor.explain.explanations import Explanations
from tremor.report.plots_explanation_collection import about, mean_maps, overview, single

COMPONENT = Axis("component", ("Z", "N", "E"))
FREQUENCY = Axis("frequency", (0.0, 10.0, 20.0, 30.0), "Hz")
TIME = Axis("time", tuple(np.arange(6) / 2), "s")


def collection(*axes: Axis, **columns: Any) -> Explanations:
    """Eight records of four events at two stations, every two cells along time told apart."""
    cells = tuple(len(axis.values) for axis in axes)
    rng = np.random.default_rng(0)
    number = np.arange(int(np.prod(cells))).reshape(cells) // 2
    table = pd.DataFrame(
        {
            "record_id": [f"r{place}" for place in range(8)],
            "group": [f"e{place // 2}" for place in range(8)],
            "label": [0, 0, 0, 0, 1, 1, 1, 1],
            "predicted": [0, 0, 1, 0, 1, 1, 1, 1],
            "station": ["A", "B"] * 4,
            "p_time_s": [1.0, 1.2, 1.4, np.nan] * 2,
        }
    )
    made = [
        Explanation(
            values=torch.from_numpy(rng.normal(size=cells)),
            errors=torch.full(cells, 0.1),
            leaf=torch.from_numpy(number),
            freedom=3.0,
            base_value=0.0,
            output=1.5,
            completeness_error=0.0,
            evaluations=500,
            axes=axes,
            method="Owen",
            settings={},
            note="Said first." if place == 2 else "",
        )
        for place in range(8)
    ]
    meta = {
        "method": "Owen",
        "explainer": "owen",
        "target": "predicted",
        "fill": {"_target_": "tremor.explain.fills.Blur"},
    }
    inputs = rng.normal(size=(8, *cells)).astype(np.float32)
    classes = ("foreshock", "aftershock")
    return Explanations.gather(made, inputs, table.assign(**columns), classes, meta)


def words(figure: Figure) -> str:
    found = [text.get_text() for text in figure.texts]
    found += [text.get_text() for ax in figure.axes for text in ax.texts]
    return " ".join(found).replace("\n", " ").replace("\xa0", " ")


def test_means_are_of_each_station_and_class() -> None:
    found = collection(COMPONENT, FREQUENCY, TIME)
    made = {(one.station, one.label): one for one in mean_maps(found)}
    assert list(made) == [(s, c) for s in "AB" for c in ("foreshock", "aftershock")]
    one = made["B", "foreshock"]
    np.testing.assert_allclose(one.values, found.values[[1, 3]].mean(0), rtol=1e-6)
    assert (one.records, one.events, one.p_time) == (2, 2, 1.2)


def test_without_stations_there_is_a_mean_of_each_class() -> None:
    found = collection(FREQUENCY, TIME, station=None, p_time_s=np.nan)
    assert [(one.station, one.records, one.events, one.p_time) for one in mean_maps(found)] == [
        ("all records", 4, 2, None)
    ] * 2


def test_what_is_said_comes_from_the_collection() -> None:
    said = about(collection(COMPONENT, FREQUENCY, TIME)).sentence().replace("\xa0", " ")
    assert said == (
        "owen · logit of the predicted class · fill: Blur · 500 evaluations a record · "
        "resolved: 10 Hz × 1 s"
    )


@pytest.mark.parametrize(
    "axes", [(COMPONENT, FREQUENCY, TIME), (COMPONENT, TIME), (FREQUENCY, TIME), (TIME,)]
)
def test_any_axes_can_be_drawn(axes: tuple[Axis, ...]) -> None:
    found = collection(*axes)
    overview(found, "Weak in its audit: noise.").draw_without_rendering()
    figure = single(found, 2, "Weak in its audit: noise.")
    figure.draw_without_rendering()
    said = words(figure)
    assert "r2 · true: foreshock · predicted: aftershock (wrong) · logit 1.50" in said
    assert "Weak in its audit: noise. Said first." in said


def test_a_label_that_is_none_is_unknown() -> None:
    found = collection(COMPONENT, TIME, label=-1)
    assert "true: unknown" in words(single(found, 0))


SLOW = (COMPONENT, Axis("frequency", (20.0, 30.0, 40.0), "mHz"), Axis("time", (1.0, 3.0), "min"))


def test_slow_records_are_told_in_millihertz_and_minutes() -> None:
    found = collection(*SLOW, p_time_s=90.0)
    said = about(found).sentence().replace("\xa0", " ")
    assert "resolved: 10 mHz × 4 min" in said
    assert {one.p_time for one in mean_maps(found)} == {1.5}
    figure = overview(found)
    figure.draw_without_rendering()
    assert {ax.get_xlabel() for ax in figure.axes} >= {"time (min)"}
    assert "logit per mHz·min" in figure.axes[-1].get_ylabel()


def test_a_waveform_in_seconds_lies_over_minutes() -> None:
    found = collection(*SLOW)
    wave, seconds = np.zeros((3, 240)), np.arange(240.0)
    traces = single(found, 0, waveform=wave, seconds=seconds).axes[0]
    assert traces.lines[0].get_xdata()[-1] == pytest.approx(239 / 60)
    assert traces.get_xlim() == (0.0, 4.0)


def test_the_question_of_a_head_is_told_in_words() -> None:
    found = collection(COMPONENT, FREQUENCY, TIME)
    of_head = replace(found, meta=found.meta | {"target": "azimuth:predicted"})
    assert "logit of the predicted class of azimuth" in about(of_head).sentence()
    one = replace(found, meta=found.meta | {"target": "azimuth:NE"})
    assert "logit of azimuth:NE" in about(one).sentence()


def test_many_classes_take_several_rows_in_their_own_order() -> None:
    names = ("quiet", *"ABCDEFG")
    found = replace(
        collection(COMPONENT, FREQUENCY, TIME, label=[3, 1, 2, 0, 7, 6, 5, 4]), classes=names
    )
    lone = overview(replace(found, table=found.table.assign(station="")))
    shown = [ax for ax in lone.axes if ax.get_visible() and ax.images]
    assert len({round(ax.get_position().y0, 3) for ax in shown}) > 1
    by_station = overview(found)
    rows = [ax.get_ylabel().split()[0] for ax in by_station.axes if ax.get_ylabel()]
    assert rows[:8] == list(names)
    assert "8 classes · 2 stations" in words(by_station)
