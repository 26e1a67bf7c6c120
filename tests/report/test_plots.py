"""Each figure shows the numbers that it was given, under the right names."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from tremor.report import plots, plots_verdict
from tremor.report.fan import fan

NINE = [f"class {place}" for place in range(9)]


def metrics() -> pd.DataFrame:
    """Two steps and one validation an epoch; val/loss is best at epoch 2, accuracy at epoch 3."""
    rows: list[dict[str, Any]] = []
    for epoch, (loss, accuracy) in enumerate([(0.7, 0.5), (0.5, 0.6), (0.3, 0.8), (0.4, 0.9)]):
        rows += [{"epoch": epoch, "train/loss": loss - d, "train/accuracy": 0.5} for d in (0, 0.2)]
        rows += [{"epoch": epoch, "val/loss": loss, "val/accuracy": accuracy}]
    return pd.DataFrame([*rows, {"epoch": None, "val/loss": -9.0}])


def line(ax: Axes, label: str) -> np.ndarray:
    (found,) = [line for line in ax.lines if line.get_label() == label]
    return np.asarray(found.get_xydata())


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def score(value: float, reach: float | None = 0.1) -> dict[str, float | None]:
    if reach is None:
        return {"value": value, "lo": None, "hi": None}
    return {"value": value, "lo": value - reach, "hi": value + reach}


def verdict(reach: float | None = 0.1) -> dict[str, Any]:
    names = {"a": 0.5, "b": 0.7}
    three = ("precision", "recall", "f1")
    return {
        "per_class": {name: {m: score(v, reach) for m in three} for name, v in names.items()},
        "metrics": {"balanced_accuracy": score(0.6) | {"chance": 0.5}},
    }


def test_curves_are_means_of_each_epoch() -> None:
    loss, accuracy = plots.learning_curves(metrics()).axes
    assert line(loss, "train")[:, 1] == pytest.approx([0.6, 0.4, 0.2, 0.3])
    assert line(loss, "val")[:, 1] == pytest.approx([0.7, 0.5, 0.3, 0.4])
    assert line(accuracy, "val")[:, 1] == pytest.approx([0.5, 0.6, 0.8, 0.9])
    assert (loss.get_ylabel(), accuracy.get_ylabel()) == ("loss", "accuracy")
    assert accuracy.get_xlabel() == "epoch"


@pytest.mark.parametrize(
    ("monitor", "mode", "best"), [("val/loss", "min", 2), ("val/accuracy", "max", 3)]
)
def test_the_best_epoch_is_marked_in_both_panels(monitor: str, mode: str, best: int) -> None:
    axes = plots.learning_curves(metrics(), monitor, mode).axes
    for ax in axes:
        assert [best, best] in [list(found.get_xdata()) for found in ax.lines]
    assert axes[0].get_title("left").startswith(f"best epoch {best}: {monitor}")


def test_a_run_without_validation_has_curves_and_no_mark() -> None:
    (loss,) = plots.learning_curves(metrics()[["epoch", "train/loss"]]).axes
    assert len(line(loss, "train")) == 4
    assert loss.get_title("left") == ""


def test_a_run_stopped_before_its_first_number_has_an_empty_panel() -> None:
    (loss,) = plots.learning_curves(pd.DataFrame({"epoch": [0.0], "lr": [0.1]})).axes
    assert len(line(loss, "train")) == 0


def test_confusion_says_counts_and_shares_of_rows() -> None:
    left, right = plots_verdict.confusion([[30, 10], [5, 15]], ["a", "b"]).axes
    assert texts(left) == ["30", "10", "5", "15"]
    assert texts(right) == ["75 %", "25 %", "25 %", "75 %"]
    assert (left.get_ylabel(), left.get_xlabel()) == ("true class", "predicted class")
    assert [name.get_text() for name in left.get_yticklabels()] == ["a", "b"]


def test_the_first_class_is_at_the_top_left() -> None:
    left = plots_verdict.confusion([[1, 2], [3, 4]], ["a", "b"]).axes[0]
    assert left.texts[0].get_position() == (0.5, 0.5)
    assert left.get_ylim() == (2, 0)


def test_a_class_without_records_has_no_share() -> None:
    right = plots_verdict.confusion([[0, 0], [5, 15]], ["a", "b"]).axes[1]
    assert texts(right)[:2] == ["–", "–"]


@pytest.mark.parametrize("count", [2, 5, 9])
def test_texts_of_a_confusion_matrix_fit_their_cells(count: int) -> None:
    figure = plots_verdict.confusion(np.full((count, count), 9999), NINE[:count])
    figure.draw_without_rendering()
    for ax in figure.axes:
        cell = ax.get_window_extent().width / count
        assert max(text.get_window_extent().width for text in ax.texts) < cell


def test_fan_chart_has_a_row_a_channel_and_a_column_a_class() -> None:
    x = np.random.default_rng(0).normal(size=(20, 3, 50)).astype(np.float32)
    made = fan(x, np.arange(20) % 2, ["a", "b"], 100.0, channels=["Z", "N", "E"])
    axes = np.array(plots.fan_chart(made).axes).reshape(3, 2)
    for (channel, label), ax in np.ndenumerate(axes):
        median = line(ax, "median")
        np.testing.assert_allclose(median[:, 0], made.time)
        np.testing.assert_allclose(median[:, 1], made.median[label, channel], atol=1e-6)
        assert len(ax.collections) == 2
    assert [ax.get_ylabel() for ax in axes[:, 0]] == ["Z (z-score)", "N (z-score)", "E (z-score)"]
    assert [ax.get_xlabel() for ax in axes[2]] == ["time (s)"] * 2
    assert axes[0, 0].get_title("left") == "a\n10 of 10 records"
    assert axes[0, 0].get_ylim() == axes[0, 1].get_ylim()


def test_fan_chart_says_which_bands_and_how_it_was_thinned() -> None:
    x = np.random.default_rng(0).normal(size=(6, 1, 50)).astype(np.float32)
    made = fan(x, np.arange(6) % 2, ["a", "b"], 100.0, channels=["Z"], points=10)
    (key,) = plots.fan_chart(made).legends
    assert [text.get_text() for text in key.get_texts()] == ["10–90 %", "25–75 %", "median"]
    assert key.get_title().get_text() == "each point drawn: 5 samples"


def test_class_balance_writes_each_count() -> None:
    rows = [
        {"split": "train", "class": "a", "records": 30, "groups": 3},
        {"split": "train", "class": "b", "records": 20, "groups": 2},
        {"split": "test", "class": "a", "records": 10, "groups": 1},
    ]
    records, groups = plots.class_balance(rows, unit="patient").axes
    assert texts(records) == ["30", "20", "10", "0"]
    assert texts(groups) == ["3", "2", "1", "0"]
    assert groups.get_title("left") == "Patients"


def test_per_class_marks_values_whiskers_and_chance() -> None:
    (ax,) = plots_verdict.per_class(verdict()).axes
    assert line(ax, "recall")[:, 0] == pytest.approx([0.5, 0.7])
    assert line(ax, "chance")[:, 0] == pytest.approx([0.5, 0.5])
    whisker = ax.collections[0].get_segments()[0]
    assert whisker[:, 0] == pytest.approx([0.4, 0.6])
    assert [name.get_text() for name in ax.get_yticklabels()] == ["a", "b"]


def test_per_class_without_intervals_still_marks_values() -> None:
    (ax,) = plots_verdict.per_class(verdict(reach=None)).axes
    assert line(ax, "F1")[:, 0] == pytest.approx([0.5, 0.7])


@pytest.mark.parametrize("name", ["$x$", r"$\frac{", "_hidden", "a\x00b", "<script>", "x" * 300])
def test_any_class_name_can_be_drawn(name: str) -> None:
    figure = plots_verdict.confusion([[1, 0], [0, 1]], [name, "b"])
    figure.draw_without_rendering()
    assert figure.get_size_inches()[0] < 10


def test_pyplot_and_its_settings_are_left_alone() -> None:
    before = dict(matplotlib.rcParams.items())
    assert isinstance(plots_verdict.per_class(verdict()), Figure)
    assert dict(matplotlib.rcParams.items()) == before


def test_train_and_val_differ_in_colour() -> None:
    loss = plots.learning_curves(metrics()).axes[0]
    assert len({to_hex(found.get_color()) for found in loss.lines}) == 3
