"""Pointing: attributions that are the evidence score 1, its opposite 0, anything else 0.5."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from sklearn.metrics import roc_auc_score

from tremor.errors import Refused
from tremor.explain.groups.pointing import Score, pointing

EVENTS = np.repeat(np.arange(20), 3)


def masks(seed: int = 0) -> np.ndarray:
    """A rectangle of evidence in each record `(60, 2, 8, 16)`, at a place of its own."""
    rng = np.random.default_rng(seed)
    found = np.zeros((60, 2, 8, 16), dtype=bool)
    for one, row, column in zip(
        found, rng.integers(0, 5, 60), rng.integers(0, 11, 60), strict=True
    ):
        one[:, row : row + 3, column : column + 5] = True
    return found


def noise(seed: int, smoothing: float = 0.0) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=(60, 2, 8, 16))
    return np.asarray(ndimage.gaussian_filter(drawn, (0, 0, smoothing, smoothing), mode="wrap"))


def within(score: Score, value: float) -> bool:
    return score.low <= value <= score.high


def test_the_evidence_itself_scores_one_and_its_opposite_nothing() -> None:
    mask = masks()
    for maps, score, lift in ((mask, 1.0, 1 / mask.mean()), (~mask, 0.0, 0.0)):
        found = pointing(maps.astype(float), mask, EVENTS)
        for aim in (found.absolute, found.signed):
            ends = (aim.score.value, aim.score.low, aim.score.high)
            assert ends == pytest.approx((score, score, score), abs=1e-12)
            assert aim.lift.value == pytest.approx(lift)
    assert found.area == pytest.approx(mask.mean())


def test_signs_matter_only_to_the_signed_score() -> None:
    found = pointing(-masks().astype(float), masks(), EVENTS)
    assert found.absolute.score.value == 1
    assert found.signed.score.value == 0


@pytest.mark.parametrize("smoothing", [0.0, 1.5])
def test_random_attributions_score_a_half_and_beat_no_null(smoothing: float) -> None:
    """Over 60 draws of maps and evidence, intervals hold what they should about as often."""
    held = []
    for seed in range(60):
        aim = pointing(noise(seed, smoothing), masks(100 + seed), EVENTS, draws=300).signed
        assert aim.score.value == pytest.approx(0.5, abs=0.07)
        assert aim.template.value == pytest.approx(0.5, abs=0.03)
        chance = within(aim.rolled, aim.score.value)
        held.append((within(aim.score, 0.5), within(aim.beyond, 0), within(aim.lift, 1), chance))
    assert (np.mean(held, axis=0) >= 0.87).all()


def test_attributions_that_are_the_same_everywhere_point_nowhere() -> None:
    aim = pointing(np.zeros((60, 2, 8, 16)), masks(), EVENTS).signed
    assert (aim.score.value, aim.template.value, aim.lift.value) == (0.5, 0.5, 1)


def test_the_score_is_the_area_under_the_curve_ties_included() -> None:
    maps, mask = noise(2).round(), masks()
    theirs = [roc_auc_score(m.ravel(), v.ravel()) for v, m in zip(maps, mask, strict=True)]
    assert pointing(maps, mask, EVENTS).signed.score.value == pytest.approx(np.mean(theirs))


def test_the_template_is_the_mean_over_pairs_of_different_events() -> None:
    maps, mask = noise(3, 1.0) + masks(), masks()
    theirs = [
        np.mean([(v[m][:, None] > v[~m]).mean() for v in maps[event != EVENTS]])
        for event, m in zip(EVENTS, mask, strict=True)
    ]
    assert pointing(maps, mask, EVENTS).signed.template.value == pytest.approx(np.mean(theirs))


def test_a_map_that_ignores_its_record_is_not_beyond_the_template() -> None:
    mask = masks()
    mask[:, :, :4] |= True
    same = np.broadcast_to(mask.mean(0), mask.shape)
    aim = pointing(same, mask, EVENTS).absolute
    assert aim.score.value > 0.8
    assert aim.beyond.value == pytest.approx(0, abs=1e-12)
    assert pointing(noise(0) + 3 * mask, mask, EVENTS).signed.beyond.low > 0


def test_chance_reaches_as_far_as_shuffles_and_moves_do() -> None:
    """Draws of the nulls, records moved singly, against their exact spread."""
    rng, maps, mask = np.random.default_rng(0), noise(4, 1.5), masks()
    singly = np.arange(60)
    aim = pointing(maps, mask, singly, draws=10).signed
    shuffled, rolled = [], []
    for _ in range(60):
        cells = rng.permuted(maps.reshape(60, -1), axis=1).reshape(maps.shape)
        shuffled.append(pointing(cells, mask, singly, draws=10).signed.score.value)
        moves = zip(maps, rng.integers(0, (2, 8, 16), (60, 3)), strict=True)
        moved = np.stack([np.roll(one, by, (0, 1, 2)) for one, by in moves])
        rolled.append(pointing(moved, mask, singly, draws=10).signed.score.value)
    for drawn, exact in ((shuffled, aim.shuffled), (rolled, aim.rolled)):
        assert np.mean(drawn) == pytest.approx(0.5, abs=0.01)
        assert (exact.high - exact.low) / 3.92 == pytest.approx(np.std(drawn), rel=0.3)
    assert aim.rolled.high > 0.5 + 2 * (aim.shuffled.high - 0.5)


def test_strongest_evidence_holds_its_share_with_ties() -> None:
    evidence = np.zeros((20, 1, 10))
    evidence[:, 0, :4] = (5, 3, 1, 1)
    maps = np.zeros((20, 1, 10))
    for mass, cells in ((0.1, 1), (0.5, 1), (0.6, 2), (0.85, 4), (1.0, 4)):
        assert pointing(maps, evidence, np.arange(20), mass=mass).area == cells / 10
    flat = pointing(maps, np.sign(evidence), np.arange(20), mass=0.1)
    assert flat.area == 0.4


def test_records_without_evidence_are_counted_and_left_out() -> None:
    mask = masks()
    mask[:5] = False
    mask[5] = True
    found = pointing(mask.astype(float), mask, EVENTS)
    assert (found.records, found.events, found.without) == (54, 18, 6)
    assert found.absolute.score.value == 1


def test_seed_and_order() -> None:
    maps, mask = noise(5), masks()
    order = np.random.default_rng(0).permutation(60)
    one = pointing(maps, mask, EVENTS, seed=2)
    assert one == pointing(maps, mask, EVENTS, seed=2)
    other = pointing(maps[order], mask[order], EVENTS[order], seed=2)
    assert one.signed.score.low == pytest.approx(other.signed.score.low)
    assert one.signed.score.low != pointing(maps, mask, EVENTS, seed=3).signed.score.low


def test_refusals() -> None:
    mask = masks()
    with pytest.raises(Refused, match="shape"):
        pointing(noise(0), mask[0], EVENTS)
    with pytest.raises(Refused, match="below zero"):
        pointing(noise(0), noise(1), EVENTS)
    with pytest.raises(Refused, match="0 of 60 records have evidence"):
        pointing(noise(0), np.zeros_like(noise(0)), EVENTS)
    with pytest.raises(Refused, match="not finite"):
        pointing(noise(0) * np.nan, mask, EVENTS)
