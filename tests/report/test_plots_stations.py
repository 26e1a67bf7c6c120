"""What tables and figures over stations show, for few and many, and any name."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tremor.errors import Refused
from tremor.evaluation.across import Across, Cell
from tremor.evaluation.by_station import Mean, Reached, Row, Stations
from tremor.evaluation.found_runs import Found
from tremor.evaluation.paired import Score
from tremor.report import plots_stations as plots
from tremor.report import stations as report

HOSTILE = "<b>$x_1|&</b>"


def reached(value: float, reach: float | None = 0.1, events: int = 40) -> Reached:
    score = Score(value) if reach is None else Score(value, value - reach, value + reach)
    names = ("balanced_accuracy", "accuracy")
    return Reached(
        (), 2 * events, events, dict.fromkeys(names, score), dict.fromkeys(names, 0.5), 0.01
    )


def table(*stations: str, configurations: tuple[str, ...] = ("",)) -> Stations:
    rows = [
        Row(name, which, reached(0.5 + 0.02 * place), 0.02)
        for which in configurations
        for place, name in enumerate(stations)
    ]
    scores = dict.fromkeys(("balanced_accuracy", "accuracy"), Score(0.6, 0.5, 0.7))
    chances = dict.fromkeys(scores, 0.5)
    means = [Mean(which, len(stations), scores, chances) for which in configurations]
    return Stations(rows, means, 0.95, Found([], [], [], []), ["THE SPLIT LEAKS: x"])


def crossed(*stations: str) -> Across:
    rows = [*((name,) for name in stations), tuple(stations)]
    cells = [
        Cell(row, name, reached(0.75 if name in row else 0.52), 7)
        for row in rows
        for name in stations
    ]
    cells[1] = Cell(cells[1].trained, cells[1].station, None, 9, "1 classes")
    return Across(rows, list(stations), cells, 0.95, [])


def texts(figure: Figure) -> list[str]:
    ax = figure.axes[0]
    ticks = (*ax.get_xticklabels(), *ax.get_yticklabels())
    return [text.get_text() for text in (*ax.texts, *ticks)]


def drawn(figure: Figure, what: str) -> list[Any]:
    """Lines with a marker (`points`), or without one."""
    lines = figure.axes[0].get_lines()
    return [
        line for line in lines if (line.get_marker() not in ("None", None)) == (what == "points")
    ]


def test_each_station_has_its_point_interval_count_and_chance() -> None:
    figure = plots.by_station(table("NRCA", "T1212"))
    points = drawn(figure, "points")
    assert [line.get_xdata()[0] for line in points] == pytest.approx([0.5, 0.52, 0.6])
    lines = [list(line.get_xdata()) for line in drawn(figure, "lines")]
    assert pytest.approx([0.4, 0.6]) in lines
    assert lines.count([0.5, 0.5]) == 3
    assert {"NRCA", "T1212", "mean", "40", "events"} <= set(texts(figure))


def test_a_station_without_an_interval_is_hollow() -> None:
    found = table("NRCA")
    bare = Stations([Row("NRCA", "", reached(0.7, None))], [], 0.95, found.found, [])
    (point,) = drawn(plots.by_station(bare), "points")
    assert point.get_markerfacecolor() == "none"
    (full,) = drawn(plots.by_station(Stations(found.rows, [], 0.95, found.found, [])), "points")
    assert full.get_markerfacecolor() == full.get_color()


def test_configurations_stand_beside_each_other_with_a_key() -> None:
    figure = plots.by_station(table("NRCA", "T1212", configurations=("a", HOSTILE)))
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["a", HOSTILE.replace("$", r"\$"), "chance"]
    heights = [float(line.get_ydata()[0]) for line in drawn(figure, "points")]
    assert len(set(heights)) == 6, "no point hides another"


def test_own_stations_are_framed_and_clear_numbers_are_bold() -> None:
    figure = plots.matrix(crossed("NRCA", "T1212", "T1213"))
    ax = figure.axes[0]
    frames = [
        patch for patch in ax.patches if patch.get_facecolor()[3] == 0 and patch.get_width() < 1
    ]
    assert len(frames) == 6
    weights = {text.get_text(): text.get_weight() for text in ax.texts}
    assert (weights["0.75"], weights["0.52"]) == ("bold", "normal")
    assert "–" in texts(figure)
    assert "3 stations" in texts(figure)
    assert "0.65–0.85" in texts(figure)


def test_colours_part_at_chance() -> None:
    scale = plots._scale(crossed("NRCA", "T1212").cells)
    assert scale(0.5) == pytest.approx(0.5)
    assert 0 <= scale(0.25) < scale(0.75) <= 1
    middle = np.array(plots.DIVERGING(0.5)[:3])
    assert middle == pytest.approx([1, 1, 1], abs=0.01)


@pytest.mark.parametrize("count", [1, 4, 12])
def test_texts_fit_whatever_the_number_of_stations(count: int) -> None:
    names = [HOSTILE, *(f"T12{place:02}" for place in range(count - 1))]
    for figure in (plots.by_station(table(*names)), plots.matrix(crossed(*names, "X"))):
        FigureCanvasAgg(figure).draw()
        boxes = [text.get_window_extent() for text in figure.axes[0].get_yticklabels()]
        assert all(box.x0 >= 0 for box in boxes)
        ordered = sorted(boxes, key=lambda box: box.y0)
        assert all(low.y1 <= high.y0 + 1 for low, high in pairwise(ordered))


def test_numbers_of_a_cell_fit_into_it() -> None:
    for count in (8, 9):
        figure = plots.matrix(crossed(*(f"S{place}" for place in range(count))))
        FigureCanvasAgg(figure).draw()
        ax = figure.axes[0]
        width = ax.transData.transform((1, 0))[0] - ax.transData.transform((0, 0))[0]
        assert all(text.get_window_extent().width < width for text in ax.texts)


def test_the_folder_is_whole_and_the_same_again(tmp_path: Path) -> None:
    for name in ("a", "b"):
        report.write_stations(table("NRCA", "T1212"), tmp_path / name)
        report.write_across(crossed("NRCA", "T1212"), tmp_path / f"{name}x")
    kinds = ("csv", "json", "md", "pdf", "png")
    for folder, kind in (("a", "stations"), ("ax", "across")):
        names = sorted(path.name for path in (tmp_path / folder).iterdir())
        assert names == [f"{kind}.{end}" for end in kinds]
        for name in names:
            again = tmp_path / folder.replace("a", "b", 1) / name
            assert (tmp_path / folder / name).read_bytes() == again.read_bytes()
    rows = pd.read_csv(tmp_path / "a" / "stations.csv")
    assert list(rows["station"]) == ["NRCA", "T1212", "mean"]
    assert rows.loc[1, "balanced_accuracy"] == pytest.approx(0.52)
    cells = json.loads((tmp_path / "ax" / "across.json").read_text())["rows"]
    assert cells[0]["seen_events_left_out"] == 7
    assert cells[1]["note"] == "1 classes"
    assert cells[1]["balanced_accuracy"] is None


def test_nothing_but_an_earlier_table_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for kind in ("a", "mine"):
        if kind == "a":
            report.write_stations(table("NRCA"), tmp_path / kind)
        with pytest.raises(Refused, match="exists already"):
            report.write_stations(table("NRCA"), tmp_path / kind)
    report.write_stations(table("T1212"), tmp_path / "a", replace=True)
    assert "T1212" in (tmp_path / "a" / "stations.md").read_text()
    with pytest.raises(Refused, match="exists already"):
        report.write_across(crossed("NRCA", "X"), tmp_path / "a", replace=True)


def test_sentences_say_what_is_missed_and_leaks_first() -> None:
    found = table("NRCA", "T1212")
    first, second, *_ = report.sentences(found)
    assert first.startswith("THE SPLIT LEAKS")
    assert "NOT one of 2 rows" in second
    good = Stations([Row("X", "", reached(0.9), 0.01)], [], 0.95, found.found, [])
    assert "1 of 1 row." in report.sentences(good)[0]
    said = " ".join(report.across_sentences(crossed("NRCA", "T1212")))
    assert "tested at itself: mean balanced accuracy 0.750 (2 cells)" in said
    assert "tested at others: mean balanced accuracy 0.520 (1 cell)" in said
    assert "NRCA at T1212" in said


def test_markdown_keeps_its_columns_whatever_the_names() -> None:
    lines = report.markdown(*report.station_lines(table(HOSTILE, "T1212"))).splitlines()
    assert len({line.replace(r"\|", "").count("|") for line in lines}) == 1
