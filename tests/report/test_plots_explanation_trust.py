"""Marginals, curves and pointing scores show the numbers that they were given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from tremor.errors import TremorError
from tremor.explain.explanation import Axis
from tremor.report.plots_explanation_marginals import Band, Marginal, marginals
from tremor.report.plots_explanation_sheet import About
from tremor.report.plots_explanation_trust import (
    Curve,
    Pointing,
    curves_of,
    deletion_insertion,
    pointing,
)

FREQUENCY = Axis("frequency", tuple(np.linspace(0.0, 50.0, 33)), "Hz")
TIME = Axis("time", tuple(np.linspace(0.32, 12.67, 96)), "s")
ABOUT = About("owen", "logit", resolution={"time": 1.7}, units={"time": "s"})


def band(label: str, cells: int) -> Band:
    mean = np.sin(np.arange(cells) / 5)
    return Band(label, mean, mean - 0.1, mean + 0.2, records=120, events=40)


def curve(order: str, fill: str) -> Curve:
    share = np.linspace(0, 1, 5)
    score, random = 2 * (1 - share) ** 2, 2 * (1 - share)
    return Curve(
        order=order,
        fill=fill,
        share=share,
        score=score,
        random=random,
        random_low=random - 0.2,
        random_high=random + 0.2,
        low=score - 0.1,
        high=score + 0.1,
    )


def words(figure: Figure) -> str:
    found = [text.get_text() for text in figure.texts]
    found += [text.get_text() for key in figure.legends for text in key.get_texts()]
    return " ".join(found).replace("\n", " ").replace("\xa0", " ")


def test_a_marginal_is_a_density_in_a_band() -> None:
    found = [
        Marginal(FREQUENCY, [band("a", 33), band("b", 33)]),
        Marginal(TIME, [band("a", 96)], 5.0),
    ]
    figure = marginals(found, ABOUT)
    left, right = figure.axes
    step = 50 / 32
    mean = left.lines[1]
    np.testing.assert_allclose(np.asarray(mean.get_xdata()), np.linspace(0, 50, 33))
    np.testing.assert_allclose(np.asarray(mean.get_ydata()), band("a", 33).mean / step)
    box = left.collections[0].get_paths()[0].get_extents()
    assert box.y1 == pytest.approx((band("a", 33).high / step).max())
    assert (left.get_xlabel(), left.get_ylabel()) == ("frequency (Hz)", "logit per Hz")
    assert right.get_ylabel() == "logit per s"
    assert right.lines[-1].get_xdata() == pytest.approx([5.0, 5.0])
    assert "a: 120 records, 40 events" in words(figure)
    assert "resolved: 1.7 s" in words(figure)


def test_classes_differ_in_colour_and_in_stroke() -> None:
    figure = marginals([Marginal(TIME, [band(name, 96) for name in "abc"])], ABOUT)
    lines = figure.axes[0].lines[1:]
    assert len({line.get_color() for line in lines}) == 3
    assert len({str(line.get_linestyle()) + str(line._dash_pattern) for line in lines}) == 3  # type: ignore[attr-defined]


def test_nothing_to_draw_and_what_is_no_number_are_refused() -> None:
    for draw in (marginals, deletion_insertion, pointing):
        with pytest.raises(TremorError, match="there is no"):
            draw([], ABOUT)  # type: ignore[operator]
    broken = replace(band("a", 96), mean=np.full(96, np.nan))
    with pytest.raises(TremorError, match="not numbers"):
        marginals([Marginal(TIME, [broken])], ABOUT)


def test_curves_are_laid_out_by_fill_and_order_over_their_random_band() -> None:
    orders, fills = ("deletion, highest first", "insertion, highest first"), ("mean", "noise")
    found = [curve(order, fill) for fill in fills for order in orders][:3]
    figure = deletion_insertion(found, ABOUT)
    panels = np.array(figure.axes).reshape(2, 2)
    assert [ax.get_title("left") for ax in panels[0]] == list(orders)
    assert [ax.get_ylabel().split("\n")[0] for ax in panels[:, 0]] == ["fill: mean", "fill: noise"]
    random, own = panels[0, 0].lines
    np.testing.assert_allclose(own.get_xdata(), 100 * found[0].share)
    np.testing.assert_allclose(own.get_ydata(), found[0].score)
    np.testing.assert_allclose(random.get_ydata(), found[0].random)
    assert not panels[1, 1].get_visible()
    assert "in random order" in words(figure)


def test_curves_come_from_an_audit_and_have_no_band_of_their_own() -> None:
    share = np.linspace(0, 1, 5)
    lines = {
        "fraction": share,
        "most_first": 2 * (1 - share) ** 2,
        "least_first": 2 * (1 - share**2),
        "insertion": 2 * share**0.5,
        "random": 2 * (1 - share),
        "random_low": 1.9 * (1 - share),
        "random_high": 2.1 * (1 - share),
    }
    found = curves_of({"mean": {name: line.tolist() for name, line in lines.items()}})
    assert [one.order.split(",")[0] for one in found] == ["deletion", "deletion", "insertion"]
    np.testing.assert_allclose(found[0].score, lines["most_first"])
    np.testing.assert_allclose(found[0].random, lines["random"])
    np.testing.assert_allclose(found[2].random, 2 * share)
    assert "95 % over events" not in words(deletion_insertion(found, ABOUT))


def test_few_events_have_a_mean_without_a_band() -> None:
    nan = np.full(96, np.nan)
    figure = marginals([Marginal(TIME, [replace(band("a", 96), low=nan, high=nan)])], ABOUT)
    assert not figure.axes[0].collections
    assert "too few events for a band: a" in words(figure)
    assert "95 % band" not in words(figure)


def test_pointing_stands_over_what_random_maps_reach() -> None:
    rows = [Pointing("a", 0.6, 0.5, 0.7, 0.1, 0.05, 0.2), Pointing("b", 0.2, 0.1, 0.3, 0.1, 0, 0.2)]
    (ax,) = pointing(rows, ABOUT).axes
    assert [bar.get_x() for bar in ax.patches] == [0.05, 0]  # type: ignore[attr-defined]
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([0.15, 0.2])  # type: ignore[attr-defined]
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [float(np.asarray(dot.get_xdata())[0]) for dot in dots] == [0.6, 0.2]
