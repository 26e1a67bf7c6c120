"""Figures of a collection: means by station and class, and single records, from what it holds."""

from __future__ import annotations

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
