"""Error of segment credits at equal evaluations, against captum, shap and shapiq.

Needs outputs/benchmarks (see explain_subjects.py), captum and shapiq.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import mean

import numpy as np
import shap
import shapiq
import torch
from captum.attr import KernelShap
from explain_errors import game_of, keep_errors
from explain_subjects import SUBJECTS, Subject
from torch import Tensor

from tremor.explain.estimators.enumeration import Enumeration, coalitions
from tremor.explain.estimators.leverage import Leverage
from tremor.explain.game import Game, Worth
from tremor.explain.players import time_windows

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from games import Multilinear, line  # type: ignore[import-not-found]

Way = Callable[[Worth, int, int, int], Tensor]  # worth, players, budget, seed
SEEDS = 8
GOAL = "leverage <= 0.2 of captum's error, <= 0.8 of shap's (l1_reg=0), <= 0.25 of shapiq's"


def leverage(worth: Worth, n: int, budget: int, seed: int) -> Tensor:
    return Leverage(budget, seed)(Game.of(worth, line(n))).values


def captum(worth: Worth, n: int, budget: int, seed: int) -> Tensor:
    torch.manual_seed(seed)
    ends = torch.ones(1, n), torch.zeros(1, n)
    explainer = KernelShap(lambda z: worth(z > 0.5).float())
    found: Tensor = explainer.attribute(*ends, n_samples=budget, perturbations_per_eval=64)
    return found[0].double()


def kernel(worth: Worth, n: int, budget: int, seed: int) -> Tensor:
    np.random.seed(seed)
    explainer = shap.KernelExplainer(_of_arrays(worth), np.zeros((1, n)))
    found = explainer.shap_values(np.ones((1, n)), nsamples=budget, l1_reg=0, silent=True)
    return torch.from_numpy(found[0])


def default(worth: Worth, n: int, budget: int, seed: int) -> Tensor:
    empty = float(worth(torch.zeros(1, n, dtype=torch.bool)))
    explainer = shapiq.KernelSHAP(n=n, random_state=seed)
    found = explainer.approximate(budget, lambda z: _of_arrays(worth)(z) - empty)
    return torch.tensor([found[(player,)] for player in range(n)], dtype=torch.float64)


def _of_arrays(worth: Worth) -> Callable[[np.ndarray], np.ndarray]:
    return lambda z: worth(torch.from_numpy(np.atleast_2d(z)) > 0.5).double().numpy()


WAYS: dict[str, Way] = {
    "leverage": leverage,
    "captum KernelShap": captum,
    "shap KernelExplainer, l1_reg=0": kernel,
    "shapiq KernelSHAP": default,
}


def table(subject: Subject, record: int, windows: int) -> tuple[Worth, Tensor]:
    """The worth of every coalition of time windows, and their Shapley values."""
    game = game_of(subject, record, time_windows((3, 33, 96), 96 // windows))
    known = game.worth(coalitions(windows)).double()
    places = 2 ** torch.arange(windows)
    listed = Game.of(lambda masks: known[(masks * places).sum(1)], game.players)
    return listed.worth, Enumeration()(listed).values


def multilinear(n: int) -> tuple[Worth, Tensor]:
    """Interactions of up to four players, whose Shapley values are known at any size."""
    game = Multilinear.drawn(n, 200, 4, seed=0)
    return game, game.shapley


def measure(
    name: str, what: str, cases: list[tuple[Worth, Tensor]], budgets: tuple[int, ...]
) -> None:
    measures: dict[str, dict[str, float]] = {}
    for budget in budgets:
        found = {
            way: mean(
                _error(call(worth, len(truth), budget, seed), truth)
                for worth, truth in cases
                for seed in range(SEEDS)
            )
            for way, call in WAYS.items()
        }
        measures[f"error at {budget}"] = found
        measures[f"leverage's error at {budget} over"] = {
            way: found["leverage"] / error for way, error in found.items() if way != "leverage"
        }
    keep_errors(f"explain_segments_{name}", what, GOAL, **measures)


def _error(found: Tensor, truth: Tensor) -> float:
    return float((found - truth).norm() / truth.norm())


def main() -> None:
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    warnings.filterwarnings("ignore")
    measure("multilinear_40", "40 players, multilinear of order 4", [multilinear(40)], (200, 1000))
    for name, make in SUBJECTS.items():
        subject = make()
        cases = [table(subject, record, 12) for record in subject.right(2)]
        measure(f"{name}_12", f"{subject.name}, 12 time windows, 2 records", cases, (60, 200))


if __name__ == "__main__":
    main()
