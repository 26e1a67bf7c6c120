"""Features beside answers: records unlike all of training are named, places that show are told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import several_classes as several
import two_heads
from scipy.spatial.distance import cdist

from tremor.evaluation import multitask
from tremor.evaluation.probe import Probe, probes
from tremor.evaluation.promises import broken
from tremor.evaluation.scoring import Draws
from tremor.evaluation.unusual import NEAREST, Usual, unusual


def said(groups: np.ndarray, far: np.ndarray) -> pd.DataFrame:
    names = [f"r{i}" for i in range(len(groups))]
    return pd.DataFrame({"record_id": names, "group": groups.astype(str), "distance": far})


def told(test: pd.DataFrame, validation: pd.DataFrame, rows: Any = None) -> dict[str, Any]:
    groups, names = pd.factorize(test["group"], sort=True)
    draws = Draws(np.zeros(len(names), np.int64), 100, 0.95, 0)
    return unusual(draws, groups, test, validation, rows)


def test_distances_are_those_of_all_pairs() -> None:
    rng = np.random.default_rng(0)
    train, test = rng.normal(2, 3, (60, 5)), rng.normal(2, 3, (7, 5))
    scaled = cdist((test - train.mean(0)) / train.std(0), (train - train.mean(0)) / train.std(0))
    usual = Usual.of(train)
    assert usual.distance(test) == pytest.approx(np.sort(scaled, 1)[:, :NEAREST].mean(1))
    flat = np.column_stack([train, np.ones(60)])
    odd = np.column_stack([test, [1.0] * 6 + [2.0]])
    apart = Usual.of(flat).distance(odd)
    assert apart[:6] == pytest.approx(usual.distance(test)[:6], rel=1e-3)
    assert apart[6] > 100


@pytest.mark.parametrize(("groups", "luck"), [(200, 0.01), (30, 1 / 31)])
def test_as_many_are_called_unusual_as_luck_allows(groups: int, luck: float) -> None:
    """Over many worlds in which test is like validation, two records an event."""
    shares, worries = [], 0
    for seed in range(80):
        rng = np.random.default_rng(seed)
        test, validation = (
            said(np.arange(2 * n) // 2, (rng.random(n).repeat(2) + 0.1 * rng.random(2 * n)))
            for n in (100, groups)
        )
        it = told(test, validation)
        assert it["share"]["chance"] == pytest.approx(luck)
        shares.append(it["share"]["value"])
        worries += bool(list(broken({"unusual": it})))
    assert np.mean(shares) <= luck + 0.006
    assert np.mean(shares) >= luck / 3
    assert worries <= 4


def test_strange_records_are_named_the_farthest_first_and_said() -> None:
    rng = np.random.default_rng(0)
    far = rng.random(60)
    far[[7, 40, 3, 12, 20, 33]] = [9.0, 7.0, 5.0, 4.0, 3.0, 2.0]
    test, validation = said(np.arange(60), far), said(np.arange(120), rng.random(120))
    it = told(test, validation, test.assign(station="NRCA", magnitude=np.nan))
    assert [r["record_id"] for r in it["records"][:4]] == ["r7", "r40", "r3", "r12"]
    assert it["count"] == len(it["records"]) == (far > it["limit"]).sum()
    assert it["records"][0]["times"] == pytest.approx(9.0 / it["limit"])
    assert (it["records"][0]["station"], it["records"][0]["magnitude"]) == ("NRCA", None)
    (line,) = broken({"unusual": it})
    assert line.startswith(f"NOT all like the training records: {it['count']} ")


def test_nine_groups_do_not_tell_what_is_usual() -> None:
    test = said(np.arange(20), np.arange(20.0))
    it = told(test, said(np.arange(18) // 2, np.arange(18.0)))
    assert it == {"unavailable": "fewer than 10 groups of validation to say what is usual"}


def world(seed: int, shift: float, events: int = 60) -> tuple[np.ndarray, pd.DataFrame, np.ndarray]:
    """Each event at three stations; a station adds `shift` to a feature of its own."""
    rng = np.random.default_rng(seed)
    groups, station = np.arange(events).repeat(3), np.tile(np.arange(3), events)
    label = rng.integers(0, 2, events).repeat(3)
    features = rng.normal(0, 1, (3 * events, 6)) + rng.normal(0, 1, (events, 6)).repeat(3, 0)
    features[:, 0] += 3 * label
    features[np.arange(3 * events), 1 + station] += shift
    rows = pd.DataFrame({"station": np.array(list("ABC"))[station], "label": label})
    return features, rows, groups


def probed(features: np.ndarray, rows: pd.DataFrame, groups: np.ndarray) -> dict[str, Any]:
    draws = Draws(np.zeros(groups.max() + 1, np.int64), 200, 0.95, 0)
    return probes(draws, groups, features, rows, 60)


def test_a_station_that_features_show_is_told_and_one_that_they_do_not_is_not() -> None:
    it = probed(*world(0, 3.0))["probe"]["station"]
    assert it["lo"] > 0.6 > it["chance"]
    assert (it["p"], it["exchanged"]) == (pytest.approx(1 / 61), "within")
    assert (it["places"], it["records"], it["groups"]) == (3, 180, 60)
    assert it["apart"]["p"] > 0.05
    blind = [probed(*world(seed, 0.0))["probe"]["station"] for seed in range(25)]
    p = [found["p"] for found in blind]
    assert np.mean(np.array(p) <= 0.1) <= 0.28
    assert np.mean(p) > 0.3


def test_a_place_that_the_class_alone_tells_is_no_finding() -> None:
    """Every event of a class at one station: exchanged within the class nothing changes."""
    features, rows, groups = world(1, 0.0)
    it = probed(features, rows.assign(station=np.where(rows["label"], "A", "B")), groups)
    found = it["probe"]["station"]
    assert found["value"] > 0.8
    assert (found["p"], found["exchanged"]) == (1.0, "between")
    assert found["apart"] == {"value": pytest.approx(1.0), "p": pytest.approx(1 / 61)}


def test_a_place_that_shows_is_said_where_classes_differ_by_it() -> None:
    features, rows, groups = world(0, 3.0)
    it = probed(features, rows, groups)["probe"]["station"]
    assert not list(broken({"probe": {"station": it}}))
    apart = it | {"p": 0.005, "apart": {"value": 0.4, "p": 0.005}}
    (line,) = broken({"probe": {"station": apart}})
    assert line.startswith("NOT free of the station: the network's features tell it")
    assert not list(broken({"probe": {"station": apart | {"p": 0.2}}}))


def test_every_judge_takes_features_of_all_its_records() -> None:
    """Of one class, of several at once and of heads: what is unusual and where, under each."""
    one = several.world(patients=60).assign(station=np.tile(["A", "B"], 60))
    one = one.drop(columns=["age", "sex", "source_rate", "level_I", "level_II"])
    other = several.world(patients=40, seed=5).assign(
        record_id=lambda t: "v" + t["record_id"], group=lambda t: "v" + t["group"]
    )
    heads = two_heads.world(groups=60).assign(station=np.tile(["A", "B"], 60))
    rng = np.random.default_rng(0)
    made: list[tuple[Any, ...]] = [
        (several.judge, several.predictions(one), one, {"classes": several.CLASSES}),
        (
            multitask.judge,
            two_heads.predictions(heads),
            heads,
            {"classes": two_heads.MAGNITUDES, "heads": two_heads.HEADS, "ordinal": None},
        ),
    ]
    for judge, answers, table, settings in made:
        far = rng.random(len(answers))
        far[5] = 9.0
        taught = None
        if judge is several.judge:
            taught = several.predictions(other).assign(distance=rng.random(len(other)))
        features = rng.normal(0, 1, (len(answers), 4))
        features[:, 0] += 4 * (table["station"] == "A")
        it = judge(
            answers.assign(distance=far),
            table=table,
            validation=taught,
            features=features,
            **{"draws": 50, "permutations": 20} | settings,
        )
        assert it["probe"]["station"]["p"] == pytest.approx(1 / 21)
        if taught is not None:
            assert it["unusual"]["records"][0]["record_id"] == answers["record_id"][5]


def test_a_probe_is_ridge_regression_on_the_places() -> None:
    """By scikit-learn in each fold, for a true and an exchanged labelling at once."""
    from sklearn.linear_model import Ridge

    features, rows, groups = world(2, 1.0, events=20)
    places = pd.factorize(rows["station"])[0]
    draws = Draws(np.zeros(20, np.int64), 10, 0.95, 0)
    probe = Probe(draws, groups, features, places, rows["label"].to_numpy())
    both = np.stack([places, np.roll(places, 1)])
    answers = probe.said(both)
    for labels, ours in zip(both, answers, strict=True):
        for own, other in probe.folds:
            centre, spread = features[own].mean(0), features[own].std(0)
            truth = np.eye(3)[labels[own]]
            model = Ridge(alpha=0.1 * own.sum())
            model.fit((features[own] - centre) / spread, truth - truth.mean(0))
            lead = model.predict((features[other] - centre) / spread) / truth.mean(0)
            assert (ours[other] == lead.argmax(1)).all()


def test_one_place_or_few_groups_have_no_probe() -> None:
    features, rows, groups = world(0, 1.0)
    assert probed(features, rows.assign(station="A"), groups) == {}
    assert probed(features, rows.drop(columns="station"), groups) == {}
    assert probed(features[:24], rows[:24], groups[:24]) == {}
