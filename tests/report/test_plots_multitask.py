"""The figures of several heads show the verdict's own numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from judged_heads import verdict
from matplotlib.axes import Axes

from tremor.report.plots_multitask import angles, confusions, detection
from tremor.report.verdict_figures import figures_of


def written(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_each_head_has_its_matrix_of_counts() -> None:
    heads = verdict()["heads"]
    panels = confusions(heads).axes
    assert [ax.get_title("left") for ax in panels] == ["magnitude", "azimuth"]
    for ax, head in zip(panels, heads.values(), strict=True):
        assert written(ax) == [str(count) for row in head["confusion"] for count in row]
        rows = [tick.get_text() for tick in ax.get_yticklabels()]
        assert rows == head["classes"]


def test_cells_are_shaded_by_their_share_of_the_true_class() -> None:
    one = {"classes": ["quiet", "N", "S"], "confusion": [[8, 2, 0], [0, 0, 0], [5, 0, 5]]}
    (mesh,) = confusions({"azimuth": one}).axes[0].collections
    shares = np.asarray(mesh.get_array()).reshape(3, 3)
    assert shares.tolist() == [[0.8, 0.2, 0], [0, 0, 0], [0.5, 0, 0.5]]


def test_the_detection_curve_is_that_of_the_verdict() -> None:
    found = verdict()["detection"]
    (ax,) = detection(found).axes
    lines = {line.get_label(): np.asarray(line.get_xydata()) for line in ax.lines}
    expected = [[row["false_alarms"]["value"], row["rate"]["value"]] for row in found["curve"]]
    assert lines["any threshold"].tolist() == expected
    own = [found["false_alarms"]["value"], found["rate"]["value"]]
    assert lines["likeliest class"].tolist() == [own]
    assert lines["guessing"][-1].tolist() == pytest.approx([max(expected)[0], 1.0])
    assert ax.get_xlabel() == "false alarms per station-month"
    assert ax.get_xticks()[0] == 0


@pytest.mark.parametrize("unit", ["quiet window", "station-month"])
def test_detection_without_intervals_or_alarms_is_drawn(unit: str) -> None:
    bare = {"value": 0.5, "lo": None, "hi": None}
    none = bare | {"value": 0.0}
    found: dict[str, Any] = {
        "curve": [
            {"threshold": 0.2, "rate": bare | {"value": 1.0}, "false_alarms": none},
            {"threshold": 0.7, "rate": bare, "false_alarms": none},
        ],
        "exposure": {"windows": 4, "hours": None, "stations": None, "unit": unit},
        "rate": bare,
        "false_alarms": none,
    }
    figure = detection(found)
    figure.draw_without_rendering()
    assert not [c for c in figure.axes[0].collections if c.get_alpha() == 0.2]


def test_errors_of_direction_stand_at_their_degrees() -> None:
    found = verdict()["circular"]
    (ax,) = angles(found).axes
    bars = sorted((p.get_x() + p.get_width() / 2, p.get_height()) for p in ax.patches)
    records = [row["records"] for row in found["errors"]]
    assert [at for at, _ in bars] == pytest.approx([row["degrees"] for row in found["errors"]])
    assert [height for _, height in bars] == pytest.approx(np.array(records) / sum(records))
    (guessing,) = [line for line in ax.lines if line.get_label() == "guessing"]
    assert set(np.asarray(guessing.get_ydata())) == {1 / 8}
    near = [p for p in ax.patches if abs(p.get_x() + p.get_width() / 2) <= 45]
    assert len({p.get_facecolor() for p in near}) == 1
    assert len({p.get_facecolor() for p in ax.patches}) == 2


def test_the_figures_of_a_verdict_have_the_heads_in_their_names() -> None:
    told = verdict()
    assert sorted(figures_of(told)) == [
        "angles",
        "confusions",
        "detection",
        *(f"per_class_{head}" for head in sorted(told["heads"])),
        *(f"reliability_{head}" for head in sorted(told["heads"])),
        *(f"risk_coverage_{head}" for head in sorted(told["heads"])),
    ]
    without = {key: told[key] for key in told if key not in ("detection", "circular")}
    assert not {"detection", "angles"} & figures_of(without).keys()
