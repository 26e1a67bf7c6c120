"""Players cover an input, and their boxes halve down to single players."""

from __future__ import annotations

import pytest
import torch
from games import field, line
from hypothesis import given, settings
from hypothesis import strategies as st

from tremor.errors import Refused
from tremor.explain.players import (
    Box,
    Players,
    components,
    every,
    octaves,
    partition,
    rectangles,
    tiles,
    time_windows,
)


@st.composite
def partitions(draw: st.DrawFn) -> Players:
    """Any cuts of an input of up to three axes."""
    shape = draw(st.lists(st.integers(1, 7), min_size=1, max_size=3))
    places = [st.lists(st.sampled_from(range(1, n)), unique=True) for n in shape if n > 1]
    cuts = [sorted(draw(p)) for p in places]
    return partition(shape, [cuts.pop(0) if n > 1 else [] for n in shape])


@settings(max_examples=60, deadline=None)
@given(partitions())
def test_every_cell_has_one_player_and_every_player_a_cell(players: Players) -> None:
    assert players.labels.unique().tolist() == list(range(players.count))
    assert int(players.sizes.sum()) == players.labels.numel()
    assert bool((players.sizes > 0).all())


@settings(max_examples=60, deadline=None)
@given(partitions())
def test_halves_end_at_every_player_once(players: Players) -> None:
    ends, boxes = [], [players.whole]
    while boxes:
        box = boxes.pop()
        halves = players.halves(box)
        if halves is None:
            ends += players.ids(box).tolist()
        else:
            boxes += halves
            apart = players.masks([(half,) for half in halves]).long().sum(0)
            assert torch.equal(apart, players.masks([(box,)])[0].long())
    assert sorted(ends) == list(range(players.count))


@settings(max_examples=30, deadline=None)
@given(partitions())
def test_painting_keeps_sums(players: Players) -> None:
    credit = torch.arange(players.count, dtype=torch.float64) - 1.5
    painted = players.paint(credit)
    assert painted.shape == players.labels.shape
    summed = torch.zeros_like(credit).index_add_(0, players.labels.flatten(), painted.flatten())
    torch.testing.assert_close(summed, credit)


def test_windows_run_over_all_components_or_each_by_itself() -> None:
    joint, apart = time_windows((2, 5), 2), time_windows((2, 5), 2, joint=False)
    assert joint.labels.tolist() == [[0, 0, 1, 1, 2], [0, 0, 1, 1, 2]]
    assert apart.labels.tolist() == [[0, 0, 1, 1, 2], [3, 3, 4, 4, 5]]
    assert components((2, 3)).labels.tolist() == [[0, 0, 0], [1, 1, 1]]


def test_rectangles_and_tiles_lie_where_they_say() -> None:
    blocks = rectangles((2, 4, 5), 2, 3, joint=False)
    assert blocks.labels[1].tolist() == [[4, 4, 4, 5, 5]] * 2 + [[6, 6, 6, 7, 7]] * 2
    uneven = tiles((2, 4, 5), [1], [1, 4])
    assert uneven.labels[1].tolist() == [[0, 1, 1, 1, 2]] + [[3, 4, 4, 4, 5]] * 3


def test_time_and_frequency_are_halved_before_components() -> None:
    players, box = field(2, 2, 3), field(2, 2, 3).whole
    shapes = []
    while box is not None and (halves := players.halves(box)):
        box = halves[0]
        shapes.append(tuple(b - a for a, b in zip(box.start, box.stop, strict=True)))
    assert shapes == [(2, 2, 2), (2, 1, 2), (2, 1, 1), (1, 1, 1)]


def test_masks_are_the_players_of_the_boxes() -> None:
    players = rectangles((1, 2, 3))
    mask = players.masks([(Box((0, 0, 0), (1, 1, 2)), Box((0, 1, 2), (1, 2, 3))), ()])
    assert mask.tolist() == [[True, True, False, False, False, True], [False] * 6]


def test_octaves_halve_from_the_top() -> None:
    cuts = octaves(torch.arange(17) * 2.0)  # 0, 2, … 32 Hz
    assert cuts == [1, 2, 4, 8]


def test_cuts_out_of_order_are_refused() -> None:
    for cuts in ([3, 2], [0], [6], [2, 2]):
        with pytest.raises(Refused, match="do not rise"):
            partition((6,), [cuts])
    with pytest.raises(Refused):
        every(0, 4)
    with pytest.raises(Refused, match="shape"):
        tiles((2, 8), [], [4])


def test_a_line_is_what_it_says() -> None:
    assert line(4).labels.tolist() == [[0, 1, 2, 3]]
