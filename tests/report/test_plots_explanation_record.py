"""One record: three views of the same seconds, and errors that are shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from tremor.errors import TremorError
from tremor.explain.explanation import Axis
from tremor.report.plots_explanation_record import (
    Record,
    record_spectrogram,
    record_waveform,
    uncertain,
)
from tremor.report.plots_explanation_sheet import About

AXES = (
    Axis("component", ("Z", "N", "E"), ""),
    Axis("frequency", tuple(np.linspace(0.0, 50.0, 33)), "Hz"),
    Axis("time", tuple(np.linspace(0.32, 12.67, 96)), "s"),
)
WAVE = (AXES[0], Axis("time", tuple(np.arange(400) / 100), "s"))
ABOUT = About("owen", "logit", resolution={"frequency": 6.2, "time": 1.7})


def record(**changed: Any) -> Record:
    rng = np.random.default_rng(0)
    made = Record(
        name="T1213__a-b",
        label="foreshock",
        predicted="aftershock",
        logit=-2.314,
        probability=0.913,
        values=rng.normal(size=(3, 33, 96)),
        errors=np.full((3, 33, 96), 0.4),
        inputs=rng.uniform(size=(3, 33, 96)),
        waveform=rng.normal(size=(3, 1300)),
        seconds=np.arange(1300) / 100,
        p_time=5.0,
    )
    return replace(made, **changed)


def wave(**changed: Any) -> Record:
    rng = np.random.default_rng(0)
    values, inputs = rng.normal(size=(2, 3, 400))
    more = {"values": values, "inputs": inputs, "errors": np.full((3, 400), 0.5)}
    return record(**(more | {"waveform": None, "seconds": None, "p_time": 2.0} | changed))


def words(figure: Figure) -> str:
    found = [text.get_text() for text in figure.texts]
    found += [text.get_text() for key in figure.legends for text in key.get_texts()]
    found += [text.get_text() for ax in figure.axes for text in ax.texts]
    return " ".join(found).replace("\n", " ").replace("\xa0", " ")


def test_the_heading_tells_truth_and_answer() -> None:
    said = words(record_spectrogram(record(), AXES, ABOUT))
    assert "T1213__a-b · true: foreshock · predicted: aftershock (wrong)" in said
    assert "logit −2.31, probability 0.913" in said
    assert "(right)" in record(predicted="foreshock").heading()
    assert "probability" not in record(probability=None).heading()


def test_waveform_spectrogram_and_attribution_share_their_seconds() -> None:
    figure = record_spectrogram(record(), AXES, ABOUT)
    figure.draw_without_rendering()
    panels = figure.axes[:3]
    assert len({ax.get_xlim() for ax in panels}) == 1
    assert (
        len({(round(b.x0, 6), round(b.x1, 6)) for b in (ax.get_position() for ax in panels)}) == 1
    )
    assert [ax.get_xlabel() for ax in panels] == ["", "", "time (s)"]
    assert all(ax.lines[-1].get_xdata() == pytest.approx([5.0, 5.0]) for ax in panels)
    assert "resolved: 6.2 frequency × 1.7 time" in words(figure)


def test_without_a_waveform_there_are_two_panels() -> None:
    figure = record_spectrogram(record(waveform=None, seconds=None), AXES, ABOUT)
    assert sum(bool(ax.images) for ax in figure.axes) == 2
    assert len(figure.axes) == 4


def test_cells_within_two_standard_errors_are_hatched_and_counted() -> None:
    values = np.zeros((3, 33, 96))
    values[0, :, :48] = 5.0
    figure = record_spectrogram(record(values=values), AXES, ABOUT)
    hatched = [p for ax in figure.axes for p in ax.patches if p.get_gid() == "uncertain"]
    assert len(hatched) == 1
    box = hatched[0].get_path().get_extents()  # type: ignore[attr-defined]
    middle = 0.32 + 12.35 / 95 * 47.5
    assert (box.x0, box.x1) == pytest.approx((middle, 12.67 + 12.35 / 190))
    assert "hatched: 50 % of cells" in words(figure)
    assert "|value| < 2 standard errors" in words(figure)


def test_errors_that_are_not_known_are_said_to_be() -> None:
    figure = record_spectrogram(record(errors=None), AXES, ABOUT)
    assert "standard errors: not known for this method" in words(figure)
    assert uncertain(record(errors=None)) is None


def test_errors_of_one_leaf_go_together_and_others_add_as_squares() -> None:
    values, errors = np.full((3, 1, 1), 0.9), np.array([3.0, 4.0, 12.0]).reshape(3, 1, 1) / 10
    apart = np.arange(3).reshape(3, 1, 1)
    base = record(values=values, errors=errors)
    assert not np.asarray(uncertain(replace(base, leaf=apart)))
    assert np.asarray(uncertain(replace(base, leaf=np.zeros_like(apart))))
    assert np.asarray(uncertain(base))
    edge = replace(base, values=np.full((3, 1, 1), 2.6 / 3), leaf=apart)
    assert np.asarray(uncertain(replace(edge, values=edge.values - 1e-6)))
    assert not np.asarray(uncertain(replace(edge, values=edge.values + 1e-6)))


def test_a_waveform_has_a_strip_below_each_trace() -> None:
    made = wave()
    figure = record_waveform(made, WAVE, ABOUT)
    panels = figure.axes[:6]
    for row, (trace, strip) in enumerate(zip(panels[::2], panels[1::2], strict=True)):
        np.testing.assert_allclose(np.asarray(trace.lines[0].get_ydata()), made.inputs[row])
        np.testing.assert_allclose(
            np.asarray(strip.images[0].get_array())[0], 100 * made.values[row]
        )
    assert len({strip.images[0].get_clim() for strip in panels[1::2]}) == 1
    assert [ax.get_ylabel() for ax in panels[::2]] == ["Z", "N", "E"]
    assert len({ax.get_xlim() for ax in panels}) == 1


def test_a_map_of_zeros_says_so() -> None:
    assert "nothing is attributed" in words(
        record_spectrogram(record(values=np.zeros((3, 33, 96))), AXES, ABOUT)
    )
    assert "nothing is attributed" in words(
        record_waveform(wave(values=np.zeros((3, 400))), WAVE, ABOUT)
    )


def test_bad_input_is_refused() -> None:
    with pytest.raises(TremorError, match="not numbers"):
        record_spectrogram(record(values=np.full((3, 33, 96), np.inf)), AXES, ABOUT)
    with pytest.raises(TremorError, match="3 axes"):
        record_waveform(record(), AXES, ABOUT)


@pytest.mark.parametrize("name", ["x" * 200, "$x$", "a\nb"])
def test_any_name_can_be_drawn(name: str) -> None:
    figure = record_spectrogram(record(name=name, label=name), AXES, ABOUT)
    figure.draw_without_rendering()
    assert all(text.get_window_extent().x1 <= figure.bbox.x1 for text in figure.texts)
