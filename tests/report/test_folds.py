"""What collected folds leave behind: tables, figures of each head, one page whole in itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from evaluation.fold_runs import HEADS, folds
from pages import HOSTILE, Page

from tremor.errors import Refused
from tremor.evaluation.folds import Collected, collect
from tremor.report.folds import notes, write
from tremor.report.folds_figures import figures
from tremor.report.folds_tables import by_fold, label, pooled, terminal


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Collected:
    """Four folds of two heads, of an experiment with a hostile name."""
    place = tmp_path_factory.mktemp("folds")
    folds(place / "runs", several=True, skill=0.7, experiment_name=HOSTILE)
    return collect([place / "runs"])


def test_the_folder_is_whole(collected: Collected, tmp_path: Path) -> None:
    names = {path.name for path in write(collected, tmp_path / "out")}
    kinds = ("scores", "recall", "confusion")
    assert names == {f"{kind}_{head}.png" for kind in kinds for head in HEADS} | {
        *("folds.csv", "pooled.csv", "predictions.csv", "folds.json", "folds.html")
    }
    with pytest.raises(Refused, match="exists already"):
        write(collected, tmp_path / "out")
    (tmp_path / "out" / "old").touch()
    write(collected, tmp_path / "out", replace=True)
    assert not (tmp_path / "out" / "old").exists()
    (tmp_path / "mine").mkdir()
    with pytest.raises(Refused, match="exists already"):
        write(collected, tmp_path / "mine", replace=True)


def test_the_tables_have_a_row_for_each_fold_head_and_score(collected: Collected) -> None:
    (one,) = collected.made
    table = by_fold(collected.made)
    assert len(table) == len(one.lines) * 4
    assert not table.duplicated(["fold", "head", "metric"]).any()
    line = one.line("azimuth", "balanced_accuracy")
    rows = table[(table["head"] == "azimuth") & (table["metric"] == "balanced_accuracy")]
    assert rows["value"].tolist() == list(line.folds)
    whole = pooled(collected.made)
    assert len(whole) == len(one.lines)
    own = whole[(whole["head"] == "azimuth") & (whole["metric"] == "balanced_accuracy")].iloc[0]
    assert (own["mean"], own["sd"], own["folds"]) == (line.mean, line.sd, 4)
    assert (own["pooled"], own["lo"]) == (line.pooled["value"], line.pooled["lo"])
    assert terminal(one).row_count == 2 * 6 + 1


def test_the_json_can_be_read_again(collected: Collected, tmp_path: Path) -> None:
    write(collected, tmp_path / "out")
    (one,) = json.loads((tmp_path / "out" / "folds.json").read_text())
    assert [it["fold"] for it in one["tested"]] == [0, 1, 2, 3]
    assert one["verdict"]["heads"].keys() == HEADS.keys()
    said = pd.read_csv(tmp_path / "out" / "predictions.csv")
    assert len(said) == one["verdict"]["records"]


def test_the_page_is_whole_in_itself_and_says_the_verdict_first(
    collected: Collected, tmp_path: Path
) -> None:
    write(collected, tmp_path / "out")
    page = Page(tmp_path / "out" / "folds.html")
    assert HOSTILE not in page.source
    links = [link for link in page.values("href", "src") if not link.startswith(("#", "./"))]
    assert links in ([], ["data:,"])
    for words in ("Mean ± SD of folds", "Leak alarm", "two rules", "Fold 3", "All heads right"):
        assert words in page.words
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert page.source.count("<svg") == 6


def test_figures_show_every_fold_and_the_pooled_interval(collected: Collected) -> None:
    (one,) = collected.made
    drawn = figures(one)
    ax = drawn["recall_azimuth"].axes[0]
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == list(HEADS["azimuth"])
    rings = [line for line in ax.get_lines() if line.get_markerfacecolor() == "none"]
    shown = [value for line in rings for value in line.get_xdata()]
    known = [it.known for it in one.lines if it.head == "azimuth" and "recall/" in it.metric]
    assert shown == [value for values in known for value in values]


def test_what_was_left_out_is_said(collected: Collected, tmp_path: Path) -> None:
    assert list(notes(collected)) == []
    place = folds(tmp_path / "runs", n_folds=2)
    for name in ("split.csv", "evaluation/predictions.csv"):
        (place[1] / name).unlink()
    found = collect([tmp_path / "runs"], allow_missing=True)
    (said,) = notes(found)
    assert said.startswith("Left out: 1 runs are unfinished")


def test_scores_are_called_by_their_names() -> None:
    told: dict[str, Any] = {"mcc": "MCC", "recall/NE": "Recall of NE", "auroc": "AUROC"}
    assert {name: label(name) for name in told} == told
