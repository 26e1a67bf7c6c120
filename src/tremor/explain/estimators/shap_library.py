"""The shap library, where it is installed, and how it is kept from touching anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tremor.errors import Refused
from tremor.explain.game import Game


def shap() -> Any:
    """The library itself, imported when asked for: it takes seconds."""
    try:
        return import_module("shap")
    except ImportError as error:
        fault = f"the shap library cannot be imported: {error}"
        raise Refused(fault, "explainer", "pip install 'tremor[shap]'") from error


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """shap draws from NumPy's global generator: seeded inside, as it was afterwards."""
    before = np.random.get_state()
    np.random.seed(seed % 2**32)
    try:
        yield
    finally:
        np.random.set_state(before)


def worth(game: Game) -> Callable[[NDArray[Any]], NDArray[np.float64]]:
    """A game as a function of `(coalition, player)`, 0 or 1; its ends, known, cost nothing."""

    def of(rows: NDArray[Any]) -> NDArray[np.float64]:
        masks = torch.from_numpy(np.asarray(rows) > 0.5)
        found = torch.full((len(masks),), game.empty, dtype=torch.float64)
        found[masks.all(1)] = game.full
        inner = masks.any(1) & ~masks.all(1)
        found[inner] = game(masks[inner])
        return found.numpy()

    return of
