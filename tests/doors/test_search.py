"""A search: its space is what was typed, its study outlives it, and what lies behind ends early."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from doors.test_sweep import SMALL, UNCHECKED, cut_off, only_sweep, rows
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from opened import Door
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from tremor.config.overrides import loosen
from tremor.config.roots import TrainRoot
from tremor.doors.checking import CONFIGS, problems_of
from tremor.doors.search_space import space_of
from tremor.doors.study_of_trials import Study
from tremor.errors import Refused
from tremor.training.pruning import Pruning

SYSTEMS = {
    "seismic_lstm": "quickstart",
    "fore_aftershock": "fore_aftershock/finetune_xlstm_unet_tiny",
    "stations": "stations/cnn",
    "geomagnetic": "geomagnetic/convnext",
    "ecg": "ecg/xlstm",
}
SEARCH = ["-m", "hydra/sweeper=optuna", UNCHECKED, "optimizer.lr=tag(log,interval(1e-4,1e-1))"]
EAGER = ["hydra.sweeper.prune_after_trials=1", "hydra.sweeper.prune_after_epochs=0"]


def space(*typed: str, **params: str) -> Any:
    texts = [f"{key}={value}" for key, value in params.items()]
    return space_of(texts, typed, OverridesParser.create())


def test_ranges_and_choices_are_drawn_as_they_are_typed() -> None:
    found = space(
        "++a=tag(log,interval(1e-4,1e-2))",
        "b=int(interval(1,5))",
        "c=range(2,9,3)",
        "d=x,y",
        "e=7",
        "++f=interval(0,1)",
        f="choice(1,2)",
        e="choice(1,2)",
    )
    assert found.drawn == {
        "a": FloatDistribution(1e-4, 1e-2, log=True),
        "b": IntDistribution(1, 5),
        "c": IntDistribution(2, 8, step=3),
        "d": CategoricalDistribution(["x", "y"]),
        "f": FloatDistribution(0.0, 1.0),
    }
    assert found.fixed == ["e=7"]
    assert found.overrides({"a": "0.001", "d": "y"}) == ["e=7", "++a=0.001", "d=y"]
    assert found.ends()[1] == {"a": "0.01", "b": "5", "c": "8", "d": "y", "f": "1.0"}
    with pytest.raises(Refused, match="luckiest"):
        space("dataset.fold=range(0,5)")


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_space_fits_its_system(system: str) -> None:
    file = CONFIGS / "hydra" / "search" / f"{system}.yaml"
    params = yaml.safe_load(file.read_text())
    found = space_of([f"{k}={v}" for k, v in params.items()], [], OverridesParser.create())
    for values in found.ends():
        typed = loosen([f"{key}={value}" for key, value in values.items()], [])
        with initialize_config_dir(str(CONFIGS), version_base="1.3"):
            config = compose("train", overrides=[f"experiment={SYSTEMS[system]}", *typed])
        assert problems_of(config, TrainRoot)[0] == []


@pytest.mark.slow
def test_a_search_goes_on_where_it_was_cut_off(door: Door, tmp_path: Path) -> None:
    outcome = door(SMALL, *SEARCH, *EAGER, "hydra.sweeper.n_trials=4")
    assert outcome.code == 0, outcome.err
    sweep = only_sweep(tmp_path)
    first = rows(sweep)
    rates = [float(row["optimizer.lr"]) for row in first]
    assert [row["state"] for row in first].count("pruned") >= 1
    assert first[rates.index(min(rates))]["state"] == "done"
    assert f"optimizer.lr={min(rates):.4g}" in outcome.out
    cut_off(sweep / "0")
    outcome = door(SMALL, f"sweep={sweep}", "retry=missing", "hydra.sweeper.n_trials=6")
    assert outcome.code == 0, outcome.err
    assert [row["optimizer.lr"] for row in rows(sweep)][:4] == [r["optimizer.lr"] for r in first]
    assert len({row["optimizer.lr"] for row in rows(sweep)}) == 6
    settings = SimpleNamespace(study_name="tremor", seed=1, random_trials=2)
    study = Study.open(settings, str(sweep / "optuna.log"), "min")
    assert study.asked() == 6
    assert not any(study.running(number) for number in range(len(study.study.trials)))


def test_failed_trials_are_repeated_and_not_counted_twice(tmp_path: Path) -> None:
    settings = SimpleNamespace(study_name="s", seed=1, random_trials=2)
    drawn = {"a": IntDistribution(1, 9), "b": CategoricalDistribution(["x", "y"])}
    study = Study.open(settings, str(tmp_path / "log"), "max")
    number, values = study.ask(drawn)
    study.tell(number, None)
    again = study.repeat(drawn, values)
    study.tell(again, 0.5)
    assert study.asked() == 1
    assert study.study.best_value == 0.5
    assert {k: str(v) for k, v in study.study.best_params.items()} == values
    reopened = Study.open(settings, str(tmp_path / "log"), "max")
    assert len(reopened.study.trials) == 2


class Behind:
    """A trial that is behind from its second epoch on."""

    def __init__(self) -> None:
        self.told: list[tuple[float, int]] = []

    def report(self, value: float, step: int) -> None:
        self.told.append((value, step))

    def should_prune(self) -> bool:
        return len(self.told) > 1


def trainer(epoch: int, value: float) -> Any:
    metrics = {"val/loss": value}
    facts = {"world_size": 1, "is_global_zero": True, "should_stop": False, "max_epochs": 9}
    return SimpleNamespace(current_epoch=epoch, callback_metrics=metrics, **facts)


def test_a_trial_that_is_behind_stops_with_a_note(tmp_path: Path) -> None:
    trial = Behind()
    callback = Pruning(trial, "val/loss", tmp_path)
    stopped = []
    for epoch, value in enumerate([1.0, float("nan"), 0.5]):
        at = trainer(epoch, value)
        callback.on_train_epoch_end(at, None)  # type: ignore[arg-type]
        stopped.append(at.should_stop)
    assert stopped == [False, False, True]
    assert trial.told == [(1.0, 0), (0.5, 2)]
    assert yaml.safe_load((tmp_path / "pruned.json").read_text())["epoch"] == 2
    last = trainer(8, 0.5)
    callback.on_train_epoch_end(last, None)  # type: ignore[arg-type]
    assert not last.should_stop
