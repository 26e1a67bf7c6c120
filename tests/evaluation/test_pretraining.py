"""Pretraining: shares over hidden steps, chance as it is, skill told from guessing."""

from __future__ import annotations

import inspect
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tremor.errors import Refused
from tremor.evaluation import pretraining
from tremor.evaluation.judge import judge as judge_classes


def contrastive(share: float, groups: int = 60, negatives: int = 9, seed: int = 0) -> pd.DataFrame:
    """Two records an event; a step is right with probability `share`."""
    rng = np.random.default_rng(seed)
    masked = rng.integers(20, 60, 2 * groups)
    table = pd.DataFrame({"record_id": [f"r{i}" for i in range(2 * groups)], "masked": masked})
    table["group"] = np.repeat([f"e{g}" for g in range(groups)], 2)
    table["accuracy"] = rng.binomial(masked, share) / masked
    table["loss"] = np.log(negatives + 1) + rng.normal(0, 0.1, len(table)) - 3 * (share - 0.1)
    return table.assign(chance=1 / (negatives + 1))


def reconstruction(explained: float, groups: int = 60, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = contrastive(0.1, groups)[["record_id", "group", "masked"]]
    table["variance"] = rng.uniform(0.8, 1.2, len(table))
    table["loss"] = table["variance"] * (1 - explained + rng.normal(0, 0.1, len(table)))
    return table


def verdict(table: pd.DataFrame, **more: Any) -> dict[str, Any]:
    return pretraining.judge(
        table, classes=("unlabelled",), **{"draws": 300, "permutations": 199} | more
    )


def test_accuracy_and_loss_weigh_records_by_their_hidden_steps() -> None:
    table = contrastive(0.5)
    found = verdict(table)["metrics"]
    for name in ("accuracy", "loss"):
        expected = np.average(table[name], weights=table["masked"])
        assert found[name]["value"] == pytest.approx(expected)
        assert found[name]["lo"] < found[name]["value"] < found[name]["hi"]
        assert found[name]["p"] == 1 / 200
    assert found["accuracy"]["chance"] == pytest.approx(0.1)
    assert found["loss"]["chance"] == pytest.approx(np.log(10))


def test_chance_may_differ_between_records() -> None:
    table = contrastive(0.5)
    table["chance"] = np.where(table.index % 2, 0.5, 0.1)
    found = verdict(table)["metrics"]
    assert found["accuracy"]["chance"] == pytest.approx(
        np.average(table["chance"], weights=table["masked"])
    )


def test_explained_is_over_all_hidden_samples() -> None:
    table = reconstruction(0.6)
    found = verdict(table)["metrics"]
    assert list(found) == ["explained"]
    error, whole = ((table[c] * table["masked"]).sum() for c in ("loss", "variance"))
    assert found["explained"]["value"] == pytest.approx(1 - error / whole)
    assert found["explained"]["chance"] == 0.0
    assert found["explained"]["p"] == 1 / 200


@pytest.mark.parametrize("table", [contrastive(0.1, seed=2), reconstruction(0.0)])
def test_guessing_is_found_out(table: pd.DataFrame) -> None:
    found = verdict(table)
    assert found["verdict"][0].startswith("NOT above chance")
    assert next(iter(found["metrics"].values()))["p"] > 0.02


def test_p_is_even_where_there_is_no_skill() -> None:
    ps = [
        verdict(contrastive(0.1, seed=s), draws=20)["metrics"]["accuracy"]["p"] for s in range(60)
    ]
    assert 0.35 < np.mean(ps) < 0.65
    assert np.mean(np.array(ps) <= 0.1) < 0.25


def test_the_frame_is_that_of_every_verdict() -> None:
    found = verdict(contrastive(0.5), split="val")
    assert (found["split"], found["records"], found["groups"]) == ("val", 120, 60)
    assert found["verdict"][-1] == "n = 120 records of 60 events (val)."
    assert not {"per_class", "confusion", "baselines", "calibration"} & found.keys()
    assert "flips of the sign" in found["null"]["method"]
    assert "class" not in found["interval"]["method"]
    json.dumps(found, allow_nan=False)


def test_every_judge_is_called_alike() -> None:
    names = [list(inspect.signature(j).parameters) for j in (judge_classes, pretraining.judge)]
    assert names[0][: len(names[1])] == names[1]


def test_few_events_have_no_interval() -> None:
    found = verdict(contrastive(0.5, groups=8))
    assert found["metrics"]["accuracy"]["lo"] is None
    assert found["verdict"][0].startswith("Fewer than 10 events")


def test_records_without_a_hidden_step_do_not_count() -> None:
    table = contrastive(0.5)
    table.loc[0, ["masked", "loss", "accuracy"]] = [0, np.nan, np.nan]
    assert verdict(table)["records"] == 119
    with pytest.raises(Refused, match="nothing was hidden"):
        verdict(table.assign(masked=0))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999))
def test_neither_order_nor_names_of_events_matter(seed: int) -> None:
    table = contrastive(0.3, seed=seed)
    shuffled = table.sample(frac=1, random_state=seed)
    one, other = verdict(table)["metrics"], verdict(shuffled)["metrics"]
    for name in one:
        assert other[name] == pytest.approx(one[name])


@pytest.mark.parametrize(
    ("smallest", "used", "collapsed"),
    [(60.0, 400, False), (1.2, 400, True), (60.0, 12, True), (1.5, 13, False)],
)
def test_a_collapsed_codebook_is_said(smallest: float, used: int, collapsed: bool) -> None:
    """Of a group that is dead, though the codes in effect of both together are many."""
    book = {"perplexity": 120.0, "smallest": smallest, "used": used, "size": 640, "groups": 2}
    said = pretraining.collapse(book)
    assert said.startswith("COLLAPSED: ") is collapsed
    assert bool(said) is collapsed
