"""Folds of runs whose records have several classes are pooled and judged as one test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from evaluation.test_multilabel_compare import run_of
from several_classes import CLASSES, predictions, world
from sklearn import metrics as sk

from tremor.evaluation.fold_sentences import sentences
from tremor.evaluation.folds import collect
from tremor.report.folds import write


def test_folds_are_pooled_and_each_is_scored(tmp_path: Path) -> None:
    said = predictions(world(60))
    judge: dict[str, Any] = {"_target_": "tremor.evaluation.multilabel.judge", "_partial_": True}
    for fold in range(3):
        part = said[said["group"].str[-1].astype(int) % 3 == fold]
        keys = {"dataset__fold": fold, "dataset__n_folds": 3}
        folder = run_of(tmp_path / "runs" / f"{fold}", part, **keys)
        config = yaml.safe_load((folder / "config.yaml").read_text())
        config |= {"evaluation": judge | {"draws": 50, "permutations": 9}, "cache_dir": "none"}
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
    collected = collect([tmp_path / "runs"])
    (made,) = collected.made
    line = made.line("", "macro_auroc")
    y, p = (said[[f"{kind}_{c}" for c in CLASSES]] for kind in ("label", "p"))
    assert line.pooled["value"] == pytest.approx(sk.roc_auc_score(y, p))
    first = made.predictions[made.predictions["fold"] == 0]
    y, p = (first[[f"{kind}_{c}" for c in CLASSES]] for kind in ("label", "p"))
    assert line.folds[0] == pytest.approx(sk.roc_auc_score(y, p))
    assert made.line("", "recall/AF").pooled["lo"] is not None
    assert any(s.startswith("macro AUROC of single folds") for s in sentences(made))
    names = {path.name for path in write(collected, tmp_path / "out")}
    assert {"folds.html", "scores.png", "recall.png", "pooled.csv"} <= names
    assert "confusion.png" not in names
