"""Methods: what turns one record into an explanation, whatever kind of estimator does the work."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.budget import Budget
from tremor.explain.calls import asked, told
from tremor.explain.estimators.cams import note
from tremor.explain.estimators.head_cam import HeadCAM
from tremor.explain.estimators.layers import place
from tremor.explain.explanation import Axis, Explanation, of_cells, of_players
from tremor.explain.fills import Fill
from tremor.explain.game import Game, Predict, masked
from tremor.explain.players import Players
from tremor.explain.slope import slope
from tremor.explain.targets import Target

MISSED = 0.01  # of the gain
HEAD_PASSES = 9  # of a head CAM: the map, its ends, and what is tried on the head
Made = Callable[..., Any]  # what a config node with `_partial_: true` gives


@dataclass(frozen=True)
class Case:
    """A record `(…)` to explain, and what a method may ask of what surrounds it.

    `references (record, …)` are training records in the same space. Beyond `steps` of the last
    axis there is nothing: fills leave the record as it is there. `asked` is the name of the class
    that is asked about, for what differs by class; "" where none is named.
    """

    predict: Predict
    record: Tensor
    axes: tuple[Axis, ...]
    target: Target
    references: Tensor
    label: int | None = None
    steps: int | None = None
    seed: int = 0
    batch: int = 256
    asked: str = ""


def record_seed(seed: int, name: str) -> int:
    """The seed of a record: it depends on the seed and the record's name alone."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=6).digest())


class Method(Protocol):
    """Explains a case, within so many evaluations where it can be told, `least` of them."""

    budget: Budget | None

    def least(self, case: Case) -> int:
        """Two evaluations will do, where nothing else is said."""
        return 2

    def __call__(self, case: Case, evaluations: int | None = None) -> Explanation: ...


def players_of(make: Made, case: Case) -> Players:
    """The players of a case: they may depend on its axes, its record, and what is asked."""
    players: Players = told(
        make, axes=case.axes, record=case.record, steps=case.steps, asked=case.asked
    )
    return players


@dataclass(frozen=True)
class Filled:
    """A fill, told what it needs to know of the training records."""

    make: Made

    def __call__(self, case: Case) -> Fill:
        known = case.references[..., : case.steps]
        along = tuple(place for place, axis in enumerate(case.axes) if axis.unit)
        mean = known.mean(0) if len(known) else None
        fill: Fill = told(self.make, mean=mean, records=known, seed=case.seed, along=along or None)
        return lambda record: _kept(fill(record[..., : case.steps]), record)


def _kept(backgrounds: Tensor, record: Tensor) -> Tensor:
    """Backgrounds of the record's valid steps, and the record itself beyond."""
    steps = backgrounds.shape[-1]
    if steps == record.shape[-1]:
        return backgrounds
    beyond = record[..., steps:].expand(len(backgrounds), *record.shape[:-1], -1)
    return torch.cat([backgrounds, beyond], -1)


class ByPlayers(Method):
    """Credits of players in a game: what each is worth among the others."""

    def __init__(
        self,
        players: Made,
        fill: Made,
        estimator: Made,
        budget: int | str | None = None,
    ):
        self.players, self.fill = players, Filled(fill)
        self.estimator, self.budget = estimator, _budget(budget, estimator)

    def __call__(self, case: Case, evaluations: int | None = None) -> Explanation:
        game = self.game(case)
        coalitions = None if evaluations is None else max(2, evaluations // game.cost)
        estimator = told(self.estimator, budget=coalitions, seed=case.seed)
        return of_players(game, estimator(game), case.axes, estimator)

    def least(self, case: Case) -> int:
        """The fewest evaluations that tell the players of a case apart."""
        needs = getattr(getattr(self.estimator, "func", None), "least", None)
        if needs is None:
            return super().least(case)
        cost = len(self.fill(case)(case.record))
        return int(needs(players_of(self.players, case).count)) * cost

    def game(self, case: Case) -> Game:
        """The game of a case."""
        players = players_of(self.players, case)
        fill = self.fill(case)
        return masked(case.predict, case.record, players, fill, case.target, case.label, case.batch)


class ByGradient(Method):
    """Credits of single cells from gradients of the score, with or without backgrounds."""

    def __init__(
        self,
        estimator: Made,
        fill: Made | None = None,
        budget: int | str | None = None,
    ):
        self.fill = None if fill is None else Filled(fill)
        self.estimator, self.budget = estimator, _budget(budget, estimator)

    def __call__(self, case: Case, evaluations: int | None = None) -> Explanation:
        at = slope(case.predict, case.record, case.target, case.label, case.batch)
        estimator = told(self.estimator, budget=evaluations, seed=case.seed)
        if self.fill is None:
            base = torch.nan
            estimate = estimator(at, case.record)
        else:
            backgrounds = self.fill(case)(case.record)
            base = float(at.scores(backgrounds).mean())
            estimate = estimator(at, case.record, backgrounds)
        output = float(at.scores(case.record[None])[0])
        found = of_cells(estimate, (base, output), at.evaluations, case.axes, estimator)
        return replace(found, note=_missing(found))


def _missing(found: Explanation) -> str:
    """What is to be said where credits that should add up do not."""
    gap, gain = found.completeness_error, found.output - found.base_value
    known = found.errors is None and gap is not None and math.isfinite(gain)
    if not known or abs(gap or 0.0) <= MISSED * abs(gain):
        return ""
    return "credits miss more than a hundredth of what they share out"


class ByLayer(Method):
    """The map of one layer of the network; `layer` null takes the last one that has cells."""

    def __init__(self, estimator: Made, layer: str | None = None):
        self.estimator, self.layer = estimator, layer
        self.budget = None

    def __call__(self, case: Case, evaluations: int | None = None) -> Explanation:
        at = slope(case.predict, case.record, case.target, case.label, case.batch)
        named = place(case.predict, case.record, self.layer).layer.name
        estimator = self.estimator(layer=named)
        estimate = estimator(case.predict, case.record, at.weights)
        output = float(at.scores(case.record[None])[0])
        found = of_cells(estimate, (torch.nan, output), at.evaluations + 2, case.axes, estimator)
        return replace(found, note=note(estimate))


class ByHead(ByLayer):
    """The exact map of a head that is linear in the features of a layer."""

    def __call__(self, case: Case, evaluations: int | None = None) -> Explanation:
        at = slope(case.predict, case.record, case.target, case.label, case.batch)
        estimator: HeadCAM = self.estimator(layer=self.layer)
        found = estimator.measure(case.predict, case.record, at.weights)
        named = replace(estimator, layer=found.layer)
        spent = at.evaluations + HEAD_PASSES
        return of_cells(found.estimate, (found.base, found.output), spent, case.axes, named)


def _budget(text: int | str | None, estimator: Made) -> Budget | None:
    """What may be spent on a record, where the estimator can be told."""
    if text is None:
        return None
    if "budget" not in asked(estimator):
        raise Refused("this explainer takes no budget", "explainer.budget", "leave it out")
    return Budget.read(text)
