"""LIME, TimeSHAP and their fusion, ours and the earlier work's, as the config tree builds them."""

from __future__ import annotations

import pytest
import torch
from hydra import compose, initialize_config_dir
from torch import nn

from tremor.config.build import build
from tremor.config.resolve import plain
from tremor.doors.checking import CONFIGS
from tremor.explain.compat import CIRCULAR
from tremor.explain.explanation import Axis
from tremor.explain.methods import Case, Method
from tremor.explain.targets import OneClass

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
AXES = (Axis("component", LEADS), Axis("time", tuple(k / 100 for k in range(300)), "s"))


def method(*overrides: str) -> Method:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        tree, _ = plain(compose("explain", overrides=["checkpoint=a", *overrides]))
    made: Method = build(tree["explainer"]["method"])
    return made


def case() -> Case:
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv1d(12, 8, 5, padding=2), nn.ReLU(), nn.AdaptiveAvgPool1d(1))
    network = nn.Sequential(body, nn.Flatten(), nn.Linear(8, 2)).eval()
    record = torch.randn(12, 300)
    return Case(network, record, AXES, OneClass(0), record[None][:0], steps=300, asked="SNR")


@pytest.mark.parametrize("explainer", ["lime", "timeshap", "fused"])
@pytest.mark.parametrize("compat", ["none", "ecg_xai"])
def test_what_the_tree_builds_explains(explainer: str, compat: str) -> None:
    made = method(f"explainer={explainer}", f"explainer.compat={compat}")
    found = made(case(), None if made.budget is None else 600)
    assert found.values.shape == (12, 300)
    assert float(found.values.abs().max()) > 0
    assert (found.note == CIRCULAR) == (compat == "ecg_xai")
    assert found.resolution()["time"] == pytest.approx(0.25)  # windows of sinus rhythm


@pytest.mark.parametrize("players", ["beats", "families", "tiles"])
def test_players_are_chosen_by_name(players: str) -> None:
    made = method("explainer=timeshap", f"explainer.players={players}", "explainer.level=event")
    found = made(case(), 300)
    assert found.completeness_error == pytest.approx(0, abs=1e-9)
    assert ("beats dropped" in found.note) == (players != "tiles")
