"""Settings that make no world are refused by name, with a remedy."""

from __future__ import annotations

from typing import Any

import pytest

from tremor.data.synthetic.norcia import NorciaWorld
from tremor.data.synthetic.sequence import NorciaSequence
from tremor.data.synthetic.settings import LIMITS, within
from tremor.errors import Refused


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_events": 1},
        {"n_events": -3},
        {"effect_size": float("nan")},
        {"effect_size": -1.0},
        {"seed": -1},
        {"windows": 0},
        {"windows": 6},
        {"duration": 0.0},
        {"sampling_rate": 0.0},
        {"noise_level": -1.0},
        {"noise_level": float("inf")},
        {"days_before": -5.0},
        {"min_magnitude": 5.0},
        {"main_shock": "yesterday or so"},
        {"main_shock": "NaT"},
        {"main_shock": "2016-10-30T06:40:17+02:00"},
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=next(iter(wrong))) as refused:
        NorciaWorld(**wrong)
    assert refused.value.remedy.startswith("give")


def test_every_number_has_its_limits_and_the_defaults_keep_them() -> None:
    world = vars(NorciaWorld()) | vars(NorciaSequence())
    assert set(LIMITS) == set(world) - {"main_shock"}
    for name, (low, high) in LIMITS.items():
        within(name, world[name], low, high)
