"""Directions: errors by hand, nothing depends on where north is, guessing is at chance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import circmean

from tremor.errors import Refused
from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.circular import directions, refuse_no_compass, wrap
from tremor.evaluation.measured import Asked

ASKED = Asked(draws=200, permutations=99, level=0.95, seed=0)


def judged(label: Any, predicted: Any, chances: Any = None, group: Any = None) -> Judged:
    """Eight directions after the background."""
    said = np.eye(9)[np.asarray(predicted)] if chances is None else np.asarray(chances)
    rows = {f"p_{k}": said[:, k] for k in range(9)}
    names = np.arange(len(said)) if group is None else group
    table = pd.DataFrame({"label": label, "predicted": predicted, "group": names} | rows)
    return Judged.of(table, tuple(map(str, range(9))))


def found(one: Judged, asked: Asked = ASKED) -> dict[str, Any]:
    it = directions(one, asked)
    assert it is not None
    return it


@pytest.mark.parametrize(
    ("names", "fit"),
    [
        ("N E S W", True),
        ("N NE E SE S SW W NW", True),
        ("N NNE NE ENE E ESE SE SSE S SSW SW WSW W WNW NW NNW", True),
        ("N W S E", False),
        ("NE SE SW NW", False),
        ("N E S", False),
        ("N NE E SE S SW W", False),
        ("", False),
    ],
)
def test_only_the_compass_clockwise_from_north_is_a_circle(names: str, fit: bool) -> None:
    classes = ["Normal", *names.split()]
    if fit:
        refuse_no_compass("azimuth", classes)
        return
    with pytest.raises(Refused, match="points of the compass"):
        refuse_no_compass("azimuth", classes)


def test_errors_by_hand() -> None:
    """N for NW is 45 degrees clockwise, S for N half round; what is quiet on a side is left out."""
    it = found(judged([8, 1, 1, 3, 0, 5], [1, 5, 1, 2, 4, 0]))
    assert (it["records"], it["groups"], it["step"]) == (4, 4, 45.0)
    assert it["angular_error"]["value"] == pytest.approx((45 + 180 + 0 + 45) / 4)
    assert it["mean_angular_error"]["value"] == pytest.approx((45 + 180 + 0 + 45) / 4)
    assert it["within_45"]["value"] == 0.75
    counts = {row["degrees"]: row["records"] for row in it["errors"]}
    assert counts == {-135: 0, -90: 0, -45: 1, 0: 1, 45: 1, 90: 0, 135: 0, 180: 1}
    assert it["guessing"] == {"angular_error": 90.0, "within_45": 3 / 8}
    assert it["angular_error"]["lo"] is None


def test_the_mean_direction_lies_between_likely_neighbours() -> None:
    chances = np.zeros((2, 9))
    chances[0, [1, 2]] = 0.5  # between N and NE
    chances[1, [1, 5]] = 0.5  # N or S: nowhere, as far off as guessing
    it = found(judged([1, 1], [1, 1], chances))
    assert it["mean_angular_error"]["value"] == pytest.approx((22.5 + 90) / 2)


def test_the_bias_is_the_circular_mean_of_scipy() -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(1, 9, 200)
    said = (label - 1 + rng.choice([0, 1, 1, 2], 200)) % 8 + 1
    it = found(judged(label, said))
    errors = np.deg2rad(wrap((said - label) * 45.0))
    expected = np.rad2deg(circmean(errors, high=np.pi, low=-np.pi))
    assert it["bias"]["value"] == pytest.approx(expected)
    assert it["bias"]["lo"] < expected < it["bias"]["hi"]
    assert it["resultant"]["value"] == pytest.approx(np.abs(np.exp(1j * errors).mean()))
    assert it["resultant"]["p"] == 0.01


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), turn=st.integers(1, 7))
def test_nothing_depends_on_where_north_is(seed: int, turn: int) -> None:
    rng = np.random.default_rng(seed)
    label, chances = rng.integers(1, 9, 40), rng.dirichlet(np.ones(9), 40)
    chances[:, 0] = 0
    order = np.r_[0, 1 + (np.arange(8) + turn) % 8]
    turned = np.empty_like(chances)
    turned[:, order] = chances
    one = found(judged(label, chances.argmax(1), chances))
    other = found(judged(order[label], turned.argmax(1), turned))
    for key in ("angular_error", "mean_angular_error", "within_45", "bias", "resultant"):
        assert other[key]["value"] == pytest.approx(one[key]["value"], abs=1e-9)
    for key in ("angular_error", "within_45"):
        assert other[key]["chance"] == pytest.approx(one[key]["chance"], abs=6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999))
def test_the_other_way_round_only_the_bias_turns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    label, said = rng.integers(1, 9, 30), rng.integers(1, 9, 30)
    mirror = np.r_[0, 1, np.arange(8, 1, -1)]
    one, other = found(judged(label, said)), found(judged(mirror[label], mirror[said]))
    assert other["angular_error"]["value"] == pytest.approx(one["angular_error"]["value"])
    if one["resultant"]["value"] > 1e-6:
        assert wrap(np.array(other["bias"]["value"] + one["bias"]["value"])) == pytest.approx(
            0, abs=1e-6
        ) or abs(one["bias"]["value"]) == pytest.approx(180)


def test_guessing_is_at_chance_and_its_interval_covers() -> None:
    """Events of three records that share a direction and a guess; 90 degrees is the truth."""
    covered, ps = 0, []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        label, said = (rng.integers(1, 9, 40).repeat(3) for _ in range(2))
        it = found(judged(label, said, group=np.arange(40).repeat(3)), Asked(150, 39, 0.95, seed))
        covered += it["angular_error"]["lo"] <= 90 <= it["angular_error"]["hi"]
        ps.append(it["angular_error"]["p"])
    assert covered >= 53
    assert 0.3 < np.mean(ps) < 0.7


def test_chance_is_what_the_shares_of_directions_allow() -> None:
    """Always north, where nearly all come from north, is near and is no skill."""
    label = np.array([1] * 90 + [5] * 10)
    it = found(judged(label, np.ones(100, int)))
    assert it["angular_error"]["value"] == pytest.approx(18)
    assert it["angular_error"]["chance"] == pytest.approx(18)
    assert it["angular_error"]["p"] == 1.0


def test_without_a_precursor_that_is_found_there_is_no_direction() -> None:
    assert directions(judged([0, 0, 3], [1, 0, 0]), ASKED) is None


def test_a_circle_has_one_half_turn() -> None:
    degrees = np.array([-540, -180, 180, 190, -190, 0, 360.0])
    np.testing.assert_allclose(wrap(degrees), [180, 180, 180, -170, 170, 0, 0])
