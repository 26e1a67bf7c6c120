"""Mean maps: one scale, one unit, tested contours, and nothing that runs over its place."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any
from zlib import crc32

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter

from tremor.errors import TremorError
from tremor.explain.explanation import Axis
from tremor.report import plots_explanation as plots
from tremor.report.plots_explanation import MeanMap
from tremor.report.plots_explanation_map import edges, outline, short
from tremor.report.plots_explanation_scale import SIGNED, Scale, density, shortened, unit
from tremor.report.plots_explanation_sheet import About

AXES = (
    Axis("component", ("Z", "N", "E"), ""),
    Axis("frequency", tuple(np.linspace(0.0, 50.0, 33)), "Hz"),
    Axis("time", tuple(np.linspace(0.32, 12.67, 96)), "s"),
)
ABOUT = About(
    method="owen",
    score="logit of the predicted class",
    fill="blur",
    evaluations=2000,
    resolution={"frequency": 6.25, "time": 1.69},
    units={"frequency": "Hz", "time": "s"},
)
FAILED = "NOT TRUSTED: another seed gives another map (rank correlation 0.32, 0.9 is asked for)"
NINE = ("FDMO", "MC2", "MMO1", "NRCA", "T1212", "T1213", "T1214", "T1216", "T1244")
THIRTY = tuple(f"IV.A_STATION_WITH_A_LONG_NAME_{place:02d}" for place in range(30))


def mean(station: str = "T1213", label: str = "foreshock", **changed: Any) -> MeanMap:
    """A smooth map, as averages of explanations are."""
    draw = np.random.default_rng(crc32(f"{station} {label}".encode())).normal(size=(3, 33, 96))
    values = gaussian_filter(draw, (0, 3, 8)) * 1e-3
    made = MeanMap(values.astype(np.float32), station, label, records=1234, events=567)
    return replace(made, **changed)


def grid(stations: tuple[str, ...], *classes: str) -> list[MeanMap]:
    return [mean(station, label) for station, label in product(stations, classes)]


def maps(figure: Figure) -> list[Axes]:
    return [ax for ax in figure.axes if ax.images]


def words(figure: Figure) -> str:
    """Every word of a figure, lines joined."""
    found = [text.get_text() for text in figure.texts]
    found += [text.get_text() for key in figure.legends for text in key.get_texts()]
    for ax in figure.axes:
        found += [ax.get_title("left"), ax.get_xlabel(), ax.get_ylabel()]
        found += [text.get_text() for text in ax.texts]
    return " ".join(found).replace("\n", " ").replace("\xa0", " ")


def contours(ax: Axes) -> list[LineCollection]:
    return [found for found in ax.collections if isinstance(found, LineCollection)]


def test_a_density_is_the_same_at_any_size_of_cell() -> None:
    fine = (Axis("frequency", (0.0, 1.0, 2.0, 3.0), "Hz"), Axis("time", (0.0, 0.5), "s"))
    coarse = (Axis("frequency", (0.5, 2.5), "Hz"), Axis("time", (0.0, 0.5), "s"))
    values = np.arange(8.0).reshape(4, 2)
    merged = values.reshape(2, 2, 2).sum(axis=1)
    whole = density(values, fine).reshape(2, 2, 2).mean(axis=1)
    np.testing.assert_allclose(density(merged, coarse), whole)
    assert unit(fine) == "logit per Hz·s"


def test_names_and_single_cells_have_no_extent() -> None:
    axes = (Axis("component", ("Z", "N")), Axis("time", (0.0, 0.1, 0.2), "s"))
    np.testing.assert_allclose(density(np.ones((2, 3)), axes), 10.0)
    assert unit(axes) == "logit per s"
    assert unit((Axis("pixel", (0.0, 1.0)),)) == "logit per cell"


def test_the_colours_are_symmetric_white_at_zero_and_never_red_on_green() -> None:
    one = mean()
    (ax,) = maps(plots.one_station_one_class(one, AXES, ABOUT))
    low, high = ax.images[0].get_clim()
    assert low == -high
    assert SIGNED(0.5) == (1.0, 1.0, 1.0, 1.0)
    for colour in SIGNED(np.linspace(0, 1, 33)):
        light = 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]
        assert 0.02 < light <= 1.0
    against, favour = SIGNED(0.1), SIGNED(0.9)
    assert against[2] > against[0] + 0.3
    assert favour[0] > favour[2] + 0.3


def test_lightness_falls_from_zero_to_both_ends() -> None:
    light = SIGNED(np.linspace(0, 1, 65))[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(light[:33]) > 0).all()
    assert (np.diff(light[32:]) < 0).all()


def test_a_few_cells_far_out_do_not_wash_out_the_rest() -> None:
    image = np.linspace(-1, 1, 10_000)
    assert Scale.over([image]) == Scale(1.0)
    image[0] = 50.0
    scale = Scale.over([image])
    assert scale.limit == pytest.approx(1.0, rel=0.01)
    assert scale.clipped


def test_all_panels_share_one_scale_and_one_bar() -> None:
    found = [mean(values=np.full((3, 33, 96), size), station=str(size)) for size in (1e-3, 4e-3)]
    figure = plots.stations_one_class(found, AXES, ABOUT)
    limits = {ax.images[0].get_clim() for ax in maps(figure)}
    assert len(limits) == 1
    cell = (50 / 32) * (12.35 / 95)
    assert limits.pop()[1] == pytest.approx(3 * 4e-3 / cell)
    assert len(figure.axes) == len(found) + 1


def test_a_panel_is_the_sum_over_components_on_axes_in_hertz_and_seconds() -> None:
    one = mean()
    (ax,) = maps(plots.one_station_one_class(one, AXES, ABOUT))
    cell = (50 / 32) * (12.35 / 95)
    shown = np.asarray(ax.images[0].get_array())
    whole = one.values.sum(axis=0, dtype=np.float64)
    np.testing.assert_allclose(shown, whole / cell, rtol=1e-9)
    assert ax.get_xlim() == pytest.approx((0.32 - 0.065, 12.67 + 0.065))
    assert ax.get_ylim() == pytest.approx((-0.78125, 50.78125))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "frequency (Hz)")
    assert ax.images[0].origin == "lower"


def test_components_can_have_rows_of_their_own() -> None:
    one = mean()
    panels = maps(plots.one_station_one_class(one, AXES, ABOUT, components=True))
    for ax, values, name in zip(panels, one.values, "ZNE", strict=True):
        shown = np.asarray(ax.images[0].get_array())
        np.testing.assert_allclose(np.corrcoef(shown.ravel(), values.ravel())[0, 1], 1.0)
        assert ax.get_ylabel().startswith(name)


def test_a_waveform_has_its_components_as_rows_from_the_top() -> None:
    axes = (AXES[0], AXES[2])
    one = mean(values=np.ones((3, 96)))
    (ax,) = maps(plots.one_station_one_class(one, axes, ABOUT))
    assert ax.get_ylim() == (2.5, -0.5)
    assert [name.get_text() for name in ax.get_yticklabels()] == ["Z", "N", "E"]


def test_a_contour_runs_along_the_borders_of_its_cells() -> None:
    axes = (Axis("frequency", (0.0, 1.0, 2.0), "Hz"), Axis("time", (0.0, 1.0, 2.0), "s"))
    mask = np.zeros((3, 3), bool)
    mask[1, 1:] = True
    ax = Figure().subplots()
    outline(ax, mask, axes)
    lines = {tuple(map(tuple, line)) for line in contours(ax)[-1].get_segments()}
    assert lines == {
        ((0.5, 0.5), (1.5, 0.5)),
        ((1.5, 0.5), (2.5, 0.5)),
        ((0.5, 1.5), (1.5, 1.5)),
        ((1.5, 1.5), (2.5, 1.5)),
        ((0.5, 0.5), (0.5, 1.5)),
        ((2.5, 0.5), (2.5, 1.5)),
    }


def test_what_was_tested_is_said() -> None:
    mask = np.zeros((33, 96), bool)
    figure = plots.one_station_one_class(mean(), AXES, ABOUT)
    assert "no test is drawn" in words(figure)
    figure = plots.one_station_one_class(mean(significant=mask), AXES, ABOUT)
    assert "no cell is significant (family-wise 5 %)" in words(figure)
    some = mask.copy()
    some[3, 4] = True
    pair = [mean(), mean(label="aftershock")]
    figure = plots.one_station_classes(pair, AXES, ABOUT, mean(label="a − b", significant=some))
    assert "significant, family-wise 5 %" in words(figure)
    assert "1 of 3 panels tested" in words(figure)
    assert [len(contours(ax)) > 0 for ax in maps(figure)] == [False, False, True]


def test_a_test_of_something_else_is_refused() -> None:
    wrong = mean(significant=np.ones((3, 33, 96), bool))
    with pytest.raises(TremorError, match="test of shape"):
        plots.one_station_one_class(wrong, AXES, ABOUT)


def test_every_figure_says_how_far_it_can_be_trusted() -> None:
    about = replace(ABOUT, failed=FAILED)
    found = grid(NINE[:2], "foreshock", "aftershock")
    for figure in (
        plots.one_station_one_class(found[0], AXES, about),
        plots.one_station_classes(found[:2], AXES, about),
        plots.stations_one_class(found[::2], AXES, about),
        plots.stations_classes(found, AXES, about),
    ):
        said = words(figure)
        for part in ("owen", "fill: blur", "2,000 evaluations", "resolved: 6.2 Hz × 1.7 s"):
            assert part in said
        assert "NOT TRUSTED" in said
        assert "1,234" in said
        assert "567" in said


def test_rows_are_classes_columns_are_stations_and_gaps_stay_empty() -> None:
    found = [one for one in grid(NINE[:3], "a", "b") if (one.station, one.label) != ("MC2", "b")]
    figure = plots.stations_classes(found, AXES, ABOUT)
    panels = np.array(figure.axes[:6]).reshape(2, 3)
    assert [ax.texts[0].get_text() for ax in panels[0]] == list(NINE[:3])
    assert [ax.get_ylabel().split("\n")[0] for ax in panels[:, 0]] == ["a", "b"]
    assert panels[1, 1].texts[-1].get_text() == "no records"
    assert panels[1, 1].get_xlim() == panels[1, 0].get_xlim()


def test_two_maps_for_one_place_are_refused() -> None:
    with pytest.raises(TremorError, match="two maps"):
        plots.stations_classes([mean(), mean()], AXES, ABOUT)


def test_the_p_arrival_is_marked_where_it_is_known() -> None:
    figure = plots.one_station_one_class(mean(p_time=5.0), AXES, ABOUT)
    assert maps(figure)[0].lines[0].get_xdata() == pytest.approx([5.0, 5.0])
    assert "median P arrival" in words(figure)
    assert "P arrival" not in words(plots.one_station_one_class(mean(), AXES, ABOUT))
    beyond = plots.one_station_one_class(mean(p_time=99.0), AXES, ABOUT)
    assert not maps(beyond)[0].lines


def test_a_box_shows_the_true_resolution() -> None:
    (ax,) = maps(plots.one_station_one_class(mean(), AXES, ABOUT))
    (box,) = [patch for patch in ax.patches if patch.get_gid() == "resolution"]
    assert (box.get_width(), box.get_height()) == (1.69, 6.25)  # type: ignore[attr-defined]
    coarse = replace(ABOUT, resolution={"frequency": 50.0, "time": 12.0})
    (ax,) = maps(plots.one_station_one_class(mean(), AXES, coarse))
    assert not ax.patches


@pytest.mark.parametrize(
    ("rectified", "said"), [(True, "the class is contradicted"), (False, "nothing is attributed")]
)
def test_a_map_of_zeros_says_so(rectified: bool, said: str) -> None:
    empty = mean(values=np.zeros((3, 33, 96)))
    figure = plots.one_station_one_class(empty, AXES, replace(ABOUT, rectified=rectified))
    assert said in words(figure)
    bar = figure.axes[-1]
    assert [tick.get_text() for tick in bar.get_yticklabels()] == ["0"]


def test_what_is_no_number_is_refused() -> None:
    values = mean().values.copy()
    values[0, 1, 2] = np.nan
    with pytest.raises(TremorError, match="1 of 9504 cells are not numbers"):
        plots.one_station_one_class(mean(values=values), AXES, ABOUT)
    with pytest.raises(TremorError, match="no map to draw"):
        plots.stations_one_class([], AXES, ABOUT)


def drawn(name: str) -> Figure:
    about = replace(ABOUT, failed=FAILED)
    mask = np.zeros((33, 96), bool)
    mask[5:9, 40:60] = True
    tested = mean(significant=mask, p_time=5.0)
    cases = {
        "one": lambda: plots.one_station_one_class(tested, AXES, about),
        "three": lambda: plots.one_station_classes(grid(NINE[:1], "a", "b", "c"), AXES, about),
        "nine": lambda: plots.stations_classes(grid(NINE, "foreshock", "aftershock"), AXES, about),
        "many": lambda: plots.stations_one_class(grid(THIRTY, "foreshock"), AXES, about),
    }
    return cases[name]()


@pytest.mark.parametrize(
    "name", ["one", "three", "nine", pytest.param("many", marks=pytest.mark.slow)]
)
def test_nothing_runs_over_the_page_or_over_its_neighbour(name: str) -> None:
    figure = drawn(name)
    figure.draw_without_rendering()
    page = figure.bbox
    for text in figure.texts:
        box = text.get_window_extent()
        assert page.x0 <= box.x0
        assert box.x1 <= page.x1
        assert page.y0 <= box.y0
        assert box.y1 <= page.y1
    panels = [ax for ax in figure.axes if ax.get_visible()]
    boxes = [ax.get_tightbbox() for ax in panels]
    for place, one in enumerate(boxes):
        for other in boxes[place + 1 :]:
            assert one is not None
            assert other is not None
            wide = min(one.x1, other.x1) - max(one.x0, other.x0)
            high = min(one.y1, other.y1) - max(one.y0, other.y0)
            assert min(wide, high) < 2.0
    foot = max(key.get_window_extent().y1 for key in figure.legends)
    assert min(box.y0 for box in boxes if box is not None) > foot
    assert figure.get_figwidth() in (3.5, 7.1)
    assert figure.get_figheight() < 9.7


def test_long_names_keep_their_ends() -> None:
    assert short("IV.STATION_07", 9) == "IV.S…N_07"
    assert short("T1213", 9) == "T1213"
    assert len(short("x" * 50, 8)) == 8


def test_numbers_are_short() -> None:
    tens, ticks = shortened(4e-4)
    assert (tens, ticks(-2e-4)) == ("10⁻⁴ ", "−2")
    assert shortened(0.03)[0] == ""


def test_names_are_drawn_as_they_are_written() -> None:
    found = [mean(name, "$x$\x00") for name in (r"$\frac{", "<b>")]
    figure = plots.stations_classes(found, AXES, replace(ABOUT, method="$m$"))
    figure.draw_without_rendering()


def test_edges_lie_between_the_middles() -> None:
    np.testing.assert_allclose(edges(Axis("time", (1.0, 2.0, 3.0), "s")), [0.5, 1.5, 2.5, 3.5])
    np.testing.assert_allclose(edges(Axis("component", ("Z", "N"))), [-0.5, 0.5, 1.5])


def test_settings_of_matplotlib_are_left_alone() -> None:
    before = dict(matplotlib.rcParams.items())
    drawn("one")
    assert dict(matplotlib.rcParams.items()) == before


def test_what_is_said_comes_from_the_summary() -> None:
    summary = {
        "explainer": "owen",
        "target": "predicted",
        "fill": "blur",
        "resolution": {"frequency": 6.25, "time": 1.69},
        "units": {"frequency": "Hz", "time": "s"},
        "evaluations": {"per_record": 2000, "total": 4000},
        "caption": "",
    }
    assert About.of(summary) == ABOUT
    bare = About.of({"explainer": "gradcam", "target": "contrast(a, b)"})
    said = bare.sentence().replace("\xa0", " ")
    assert said == "gradcam · contrast(a, b) · resolution not known"
    assert About.of({"explainer": "x", "target": "Visso"}).score == "logit of Visso"
