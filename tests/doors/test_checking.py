"""Sweeps cannot lie, and a saved tree takes overrides as the tree of its day would have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode

from tremor.config.resolve import plain
from tremor.doors import checking
from tremor.doors.checking import CONFIGS, retuned
from tremor.errors import Refused


@pytest.fixture
def saved() -> Iterator[dict[str, Any]]:
    """A raw training tree, as a checkpoint carries it."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        yield plain(compose("train", overrides=["experiment=quickstart"]))[1]


@pytest.mark.parametrize(
    ("mode", "strategy", "devices", "refused"),
    [
        (RunMode.MULTIRUN, "ddp", 2, True),
        (RunMode.MULTIRUN, "fsdp", "auto", True),
        (RunMode.MULTIRUN, "auto", [0, 1], True),
        (RunMode.MULTIRUN, "ddp", 1, False),
        (RunMode.MULTIRUN, "auto", [1], False),
        (RunMode.MULTIRUN, "ddp_spawn", 2, False),
        (RunMode.MULTIRUN, "ddp_fork", 2, False),
        (RunMode.RUN, "ddp", 2, False),
    ],
)
def test_sweeps_over_processes_started_anew_are_refused(
    monkeypatch: pytest.MonkeyPatch, mode: RunMode, strategy: str, devices: Any, refused: bool
) -> None:
    monkeypatch.setattr(checking, "swept", lambda: mode == RunMode.MULTIRUN)
    trainer = {"strategy": strategy, "devices": devices, "num_nodes": 1}
    found = checking._sweep_problems({"trainer": trainer})
    assert ["trainer.strategy=ddp_spawn" in p.mend for p in found] == [True] * refused


def test_keys_that_follow_an_override_follow_it_in_a_saved_tree(saved: dict[str, Any]) -> None:
    resolved, raw, changed = retuned(saved, ["dataset.batch_size=7", "trainer.max_epochs=3"])
    assert resolved["loader"]["batch_size"] == 7
    assert raw["loader"]["batch_size"] == "${dataset.batch_size}"
    assert changed == ["dataset.batch_size", "trainer.max_epochs"]


def test_a_group_is_replaced_whole(saved: dict[str, Any]) -> None:
    resolved, _, changed = retuned(saved, ["encoder=fft"])
    assert resolved["encoder"]["_target_"].endswith(".FFT")
    assert "nperseg" not in resolved["encoder"]
    assert "encoder.fft_size" in changed


def test_nothing_typed_changes_nothing(saved: dict[str, Any]) -> None:
    assert retuned(saved, [])[1:] == (saved, [])


@pytest.mark.parametrize("override", ["encoder=ftt", "encoder.npersegg=1", "experiment=quickstart"])
def test_saved_trees_have_the_same_check(saved: dict[str, Any], override: str) -> None:
    with pytest.raises(Refused):
        retuned(saved, [override])
