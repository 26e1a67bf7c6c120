"""Players in seconds, hertz and octaves."""

from __future__ import annotations

import pytest
import torch

from tremor.errors import Refused
from tremor.explain.arrange import bands, cells, components, tiles
from tremor.explain.explanation import Axis

PARTS = Axis("component", ("Z", "N", "E"))
HERTZ = Axis("frequency", tuple(1.5625 * k for k in range(33)), "Hz")
TIME = Axis("time", tuple(0.32 + 0.13 * k for k in range(96)), "s")
PICTURE = (PARTS, HERTZ, TIME)
SIGNAL = (PARTS, Axis("time", tuple(k / 100 for k in range(1300)), "s"))
OCTAVES = (Axis("band", ("0–5 Hz", "5–10 Hz")), *SIGNAL)


def test_every_cell_is_a_player() -> None:
    assert cells(PICTURE).count == 3 * 33 * 96


def test_tiles_have_the_size_that_was_asked_for() -> None:
    found = tiles(PICTURE, seconds=1.3, hertz=6.25)
    assert found.grid == (3, 9, 10)
    assert found.sizes.max() == 4 * 10
    assert tiles(PICTURE, seconds=1.3, hertz=6.25, apart=False).grid == (1, 9, 10)
    assert tiles(PICTURE, seconds=None, hertz=6.25).grid == (3, 9, 1)
    assert tiles(SIGNAL, seconds=1.0, hertz=6.25).grid == (3, 13)
    assert tiles(OCTAVES, seconds=6.5, hertz=None).grid == (2, 3, 2)


def test_bands_are_octaves_over_all_times() -> None:
    found = bands(PICTURE, apart=False)
    rows = found.labels[0, :, 0]
    assert torch.equal(found.labels[0, :, 0], found.labels[2, :, 95])
    edges = [HERTZ.values[i] for i in range(1, 33) if rows[i] != rows[i - 1]]
    assert edges == [1.5625, 3.125, 6.25, 12.5, 25.0]
    assert bands(OCTAVES, apart=False).grid == (2, 1, 1)
    with pytest.raises(Refused, match="octaves"):
        bands(SIGNAL)


def test_components_are_whole() -> None:
    assert components(PICTURE).grid == (3, 1, 1)
    assert components(SIGNAL).grid == (3, 1)


def test_players_of_no_width_are_refused() -> None:
    with pytest.raises(Refused, match="players of 0"):
        tiles(PICTURE, seconds=0.0, hertz=None)
