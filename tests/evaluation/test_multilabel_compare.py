"""Comparing runs whose records have several classes: known answers, honest pairs, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evaluation.test_compare import answers, fabricate
from scipy import stats
from several_classes import CLASSES, judged, predictions, world
from sklearn import metrics as sk

from tremor.errors import Refused
from tremor.evaluation.compare import compare
from tremor.evaluation.found_runs import find
from tremor.evaluation.multilabel_paired import DrawsOfSeveral
from tremor.evaluation.runs import Run
from tremor.report.comparison import sentences, write

QUICK: dict[str, Any] = {"draws": 200}


def run_of(folder: Path, said: pd.DataFrame, **keys: Any) -> Path:
    """A finished run of several classes a record."""
    fabricate(folder, answers(0.8), **keys)
    said.to_csv(folder / "evaluation" / "predictions.csv", index=False)
    (folder / "evaluation" / "metrics.json").write_text(json.dumps(judged(said)))
    return folder


def two(place: Path, skills: tuple[float, float], seeds: int = 2, patients: int = 60) -> Any:
    table = world(patients)
    for seed in range(seeds):
        for size, skill in zip((128, 64), skills, strict=True):
            said = predictions(table, skill, 10 * seed + size)
            run_of(place / f"{size}_{seed}", said, seed=seed, model__hidden_size=size)
    return compare(find([place]), **QUICK)


def test_the_better_of_two_is_clearly_better(tmp_path: Path) -> None:
    found = two(tmp_path / "runs", (3.0, 1.0))
    assert found.metric == "macro_auroc"
    best, other = found.configurations
    assert best.settings["model.hidden_size"] == 128
    for c in (best, other):
        for run, value in zip(c.runs, c.values, strict=True):
            y, p = (run.predictions[[f"{k}_{c}" for c in CLASSES]] for k in ("label", "p"))
            assert value == pytest.approx(sk.roc_auc_score(y, p))
    (pair,) = found.pairs
    assert pair.difference.value == pytest.approx(np.mean(best.values) - np.mean(other.values))
    assert pair.difference.lo > 0
    assert pair.p < 0.02
    files = {path.name for path in write(found, tmp_path / "out")}
    assert {"comparison.html", "comparison.csv", "configurations.png"} <= files
    assert "confusion.png" not in files
    assert "macro auroc" in " ".join(sentences(found))


def test_p_is_uniform_between_alike(tmp_path: Path) -> None:
    table, ps = world(30, each=1), []
    folder = run_of(tmp_path / "run", predictions(table))
    own = Run.read(folder)
    for seed in range(60):
        pair = [
            Run(folder, own.config, own.verdict, predictions(table, 1.0, 2 * seed + k))
            for k in (0, 1)
        ]
        ps.append(DrawsOfSeveral(pair, "macro_auroc", 2, 0.95, seed).swapped([[0]], [[1]], 99))
    even = np.array(ps) - np.random.default_rng(0).uniform(0, 0.01, len(ps))
    assert stats.kstest(even, "uniform").pvalue > 0.01


def test_a_run_that_is_surer_of_everything_is_no_other(tmp_path: Path) -> None:
    """The same order of records by other probabilities: no difference, whatever is swapped."""
    said = predictions(world(30))
    surer = said.assign(**{f"p_{c}": said[f"p_{c}"] ** 9 for c in CLASSES})
    runs = [Run.read(run_of(tmp_path / f"{n}", it)) for n, it in enumerate((said, surer))]
    family = DrawsOfSeveral(runs, "macro_auprc", 50, 0.95, 0)
    assert family.swapped([[0]], [[1]], 50) == 1.0
    assert family.difference([[0]], [[1]]).ends == [0.0, 0.0]


@pytest.mark.parametrize("metric", ["macro_auprc", "macro_f1", "micro_f1", "exact_match"])
def test_every_score_is_that_of_the_verdict(tmp_path: Path, metric: str) -> None:
    for n, skill in enumerate((2.0, 2.5)):
        said = predictions(world(40), skill)
        run_of(tmp_path / f"{n}", said, model__hidden_size=n)
    found = compare(find([tmp_path]), metric=metric, **QUICK)
    for c in found.configurations:
        score = c.runs[0].verdict["metrics"][metric]
        assert c.values[0] == pytest.approx(score["value"])
        assert c.chance == pytest.approx(score["chance"])
        assert c.mean.lo == pytest.approx(score["lo"], abs=0.05)


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    fabricate(tmp_path / "one" / "a", answers(0.8))
    with pytest.raises(Refused, match="macro_auroc is for runs whose records may have several"):
        compare(find([tmp_path / "one"]), metric="macro_auroc", **QUICK)
    run_of(tmp_path / "several" / "b", predictions(world(20)))
    with pytest.raises(Refused, match="kappa is for runs whose records have one class"):
        compare(find([tmp_path / "several"]), metric="kappa", **QUICK)
    with pytest.raises(Refused, match="may have several classes in some runs"):
        compare(find([tmp_path]), **QUICK)


def test_other_labels_are_other_records(tmp_path: Path) -> None:
    said = predictions(world(20))
    for n, table in enumerate((said, said.assign(label_VPB=1 - said["label_VPB"]))):
        run_of(tmp_path / f"{n}", table, model__hidden_size=n)
    with pytest.raises(Refused, match="other test records"):
        compare(find([tmp_path]), **QUICK)
