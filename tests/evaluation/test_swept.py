"""The choice is made by validation, over repeats, among what can be compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tremor.evaluation.swept import best_epoch, summed_up
from tremor.evaluation.swept_words import sentences
from tremor.training.sweep_folder import Job, State, Sweep, put_state


def swept(folder: Path, jobs: list[tuple[dict[str, str], Any, float]]) -> Any:
    """A sweep of finished jobs: what each varied, its validation numbers, its test score."""
    made = []
    for number, (values, losses, test) in enumerate(jobs):
        place = folder / str(number)
        (place / "evaluation").mkdir(parents=True)
        lines = [f"{epoch},{loss}" for epoch, loss in enumerate(losses)]
        (place / "metrics.csv").write_text("\n".join(["epoch,val/loss", *lines]) + "\n")
        score = {"value": test, "lo": test - 0.1, "hi": test + 0.1}
        verdict = {"metrics": {"accuracy": score}}
        (place / "evaluation" / "metrics.json").write_text(json.dumps(verdict))
        put_state(place, State("done", seconds=2.0))
        typed = [f"{key}={value}" for key, value in values.items()]
        made.append(Job(number, typed, typed, values, "val/loss", "min"))
    keys = list(dict.fromkeys(key for values, *_ in jobs for key in values))
    return summed_up(Sweep(folder, [], [], [], keys, str(folder), made).write())


def test_the_mean_over_seeds_decides_and_the_test_score_does_not(tmp_path: Path) -> None:
    found = swept(
        tmp_path,
        [
            ({"a": "1", "seed": "1"}, [0.1], 0.5),
            ({"a": "1", "seed": "2"}, [0.9], 0.5),
            ({"a": "2", "seed": "1"}, [0.7, 0.3, 0.8], 0.6),
            ({"a": "2", "seed": "2"}, [0.4, "", "nan"], 0.7),
            ({"a": "3", "seed": "1"}, [0.05], 0.99),
        ],
    )
    assert found.best.values == {"a": "2"}
    assert found.best.score == pytest.approx(0.35)
    assert [row.epoch for row in found.best.rows] == [1, 0]
    said = " ".join(sentences(found))
    assert "Best by validation: a=2, val/loss 0.35 (mean of 2 jobs, the smallest)" in said
    assert "best of 2" in said
    assert "1 configuration has fewer finished jobs" in said
    assert (
        "Test of the chosen configuration: accuracy 0.65 ± 0.071 (mean and SD of 2 jobs)." in said
    )
    assert "deal the records anew" not in said
    assert Sweep.read(tmp_path).states()[0].seconds == 2.0


def test_the_choice_has_seen_test_records_that_another_job_validates_on(tmp_path: Path) -> None:
    jobs = [({"a": a, "seed": s}, [0.5], 0.6) for a in ("1", "2") for s in ("1", "2")]
    swept(tmp_path, jobs)
    for number in range(4):
        parts = ("test", "val") if number % 2 else ("val", "test")
        lines = [f"r{place},{part}" for place, part in enumerate(parts)]
        (tmp_path / f"{number}" / "split.csv").write_text("\n".join(["record_id,split", *lines]))
    said = " ".join(sentences(summed_up(Sweep.read(tmp_path))))
    assert "test records of one are validation records of another" in said
    assert "dataset.split.seed=1" in said


def test_one_job_is_told_with_its_test_interval(tmp_path: Path) -> None:
    said = sentences(swept(tmp_path, [({"a": "1"}, [0.1], 0.5), ({"a": "2"}, [0.2], 0.9)]))
    assert "Test of the chosen configuration: accuracy 0.5 (0.4 to 0.6)." in said


def test_repeats_of_one_configuration_leave_no_choice(tmp_path: Path) -> None:
    found = swept(tmp_path, [({"seed": "1"}, [0.1], 0.5), ({"seed": "2"}, [0.3], 0.5)])
    assert found.best is None
    assert "val/loss: 0.2 ± 0.14 (mean and SD of 2 jobs)." in list(sentences(found))


def test_jobs_of_other_data_are_warned_of(tmp_path: Path) -> None:
    found = swept(
        tmp_path,
        [({"dataset.n_events": "9"}, [0.1], 0.5), ({"dataset.n_events": "8"}, [0.2], 0.5)],
    )
    assert any("differ in their data" in sentence for sentence in sentences(found))


def test_the_best_epoch_is_the_largest_where_more_is_better(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    assert best_epoch(path, "m", "max") == (None, None)
    path.write_text("epoch,m\n0,0.2\n1,0.8\n2,inf\n3,0.5\n")
    assert best_epoch(path, "m", "max") == (0.8, 1)
    assert best_epoch(path, "m", "min") == (0.2, 0)
    assert best_epoch(path, "other", "min") == (None, None)
