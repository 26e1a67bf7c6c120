"""The tree read from its files alone: the same keys and choices that Hydra composes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from tremor.config import catalogue
from tremor.config.overrides import groups_of
from tremor.config.resolve import leaves
from tremor.doors.checking import CONFIGS

ROOT = CONFIGS / "train.yaml"
GROUPS = groups_of(CONFIGS)
LISTED = [(group, choice) for group in GROUPS if "/" not in group for choice in GROUPS[group]]


@pytest.mark.parametrize("experiment", ["geomagnetic/loeo", "contrastive/xlstm_unet_tiny"])
def test_keys_and_choices_are_those_that_hydra_composes(experiment: str) -> None:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = compose("train", [f"experiment={experiment}"], return_hydra_config=True)
    chosen = config.hydra.runtime.choices
    raw: dict[str, Any] = OmegaConf.to_container(config)  # type: ignore[assignment]
    del raw["hydra"]
    found = catalogue.keys(ROOT, {"experiment": experiment})
    composed = {key: value for key, value in leaves(raw) if not key.endswith(catalogue.WIRING)}
    assert found.keys() == composed.keys()
    assert {key: entry.value for key, entry in found.items()} == composed
    ours = catalogue.choices(ROOT, {"experiment": experiment})
    assert {group: chosen[group] for group in ours} == ours


def test_every_choice_says_in_a_line_what_it_is() -> None:
    for group, choice in LISTED:
        if group != "hydra":
            line = catalogue.line_of(CONFIGS / group / f"{choice}.yaml")
            assert 12 < len(line) <= 130, (group, choice, line)


def test_every_experiment_has_a_heading_right_below_its_directive() -> None:
    for experiment in GROUPS["experiment"]:
        directive, line, *_ = (CONFIGS / f"experiment/{experiment}.yaml").read_text().splitlines()
        assert directive == "# @package _global_"
        assert line.startswith("# "), experiment


def test_systems_are_those_whose_experiments_choose_a_model() -> None:
    users = catalogue.systems(ROOT, "model", GROUPS["experiment"])
    assert users["ecg_resnet"] == ["ecg"]
    assert users["lstm"] == ["quickstart", "seismic_lstm"]


def test_a_heading_of_several_sentences_is_cut_at_the_end_of_one(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("# @package _global_\n# One sentence. A second one that goes on for\n# long.\n")
    assert catalogue.line_of(file) == "One sentence. A second one that goes on for long."
    file.write_text(f"# First thing. {'Longer ' * 20}\n# end.\n")
    assert catalogue.line_of(file) == "First thing."
