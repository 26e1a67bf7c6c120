"""An explanation: attributions with coordinates, and how far they can be trusted."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.estimate import Estimate
from tremor.explain.game import Game


@dataclass(frozen=True)
class Axis:
    """Evenly spaced coordinates of the cells along one axis, in `unit` ("" for names)."""

    name: str
    values: tuple[float, ...] | tuple[str, ...]
    unit: str = ""

    @property
    def step(self) -> float | None:
        """The width of a cell, in units; None for names and single cells."""
        first, *rest = self.values
        if isinstance(first, str) or not rest:
            return None
        return (float(self.values[-1]) - float(first)) / len(rest)


def told_cells(axes: tuple[Axis, ...]) -> str:
    """The cells of an explanation in words: `3 component x 33 frequency [Hz] x 77 time [s]`."""
    units = (f" [{axis.unit}]" if axis.unit else "" for axis in axes)
    named = zip(axes, units, strict=True)
    return " x ".join(f"{len(axis.values)} {axis.name}{unit}" for axis, unit in named)


@dataclass(frozen=True, repr=False)
class Explanation:
    """Of one record. `values`, `errors` and `leaf` have the shape of its input.

    `completeness_error` is what values sum to, less `output - base_value`: a check for bugs, None
    for methods that do not add up. `errors`, the standard errors (with `freedom` degrees of it),
    tell the accuracy. Cells of one `leaf` were not told apart. `note` is what must be said first,
    `trust` are further figures of how far to believe it, by name.
    """

    values: Tensor
    errors: Tensor | None
    leaf: Tensor
    freedom: float
    base_value: float
    output: float
    completeness_error: float | None
    evaluations: int
    axes: tuple[Axis, ...]
    method: str
    settings: dict[str, Any]
    note: str = ""
    trust: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lengths = tuple(len(axis.values) for axis in self.axes)
        if lengths != tuple(self.values.shape):
            fault = f"axes of lengths {lengths} for values of shape {tuple(self.values.shape)}"
            raise Refused(fault, "coordinates", "one coordinate for each cell")

    def __repr__(self) -> str:
        """A line, not its thousands of numbers."""
        score = f"score {self.output:.3g}"
        return f"<Explanation by {self.method}: {told_cells(self.axes)}, {score}>"

    @property
    def leaves(self) -> int:
        """How many parts were told apart."""
        return len(self.leaf.unique())

    def resolution(self) -> dict[str, float]:
        """The extent of a typical cell's leaf along each axis, in the axis' unit."""
        number = self.leaf.unique(return_inverse=True)[1]
        found = {}
        for dim, axis in enumerate(self.axes):
            if axis.step is not None:
                cells = _extent(number, dim).double().median()
                found[axis.name] = float(cells) * abs(axis.step)
        return found

    @property
    def relative_error(self) -> float | None:
        """The norm of the standard errors over that of the values; None where there are none."""
        size = float(self.values.norm())
        return float(self.errors.norm()) / size if self.errors is not None and size else None


def of_players(game: Game, estimate: Estimate, axes: tuple[Axis, ...], method: Any) -> Explanation:
    """A game's estimate, laid over the cells of its record; `method` is the estimator."""
    players, errors = game.players, estimate.errors
    cells = Estimate(
        players.paint(estimate.values),
        None if errors is None else players.paint(errors),
        estimate.leaf[players.labels],
        estimate.freedom,
        estimate.complete,
        trust=estimate.trust,
        note="; ".join(filter(None, (players.note, estimate.note))),
    )
    return of_cells(cells, (game.empty, game.full), game.evaluations, axes, method)


def of_cells(
    estimate: Estimate,
    ends: tuple[float, float],
    evaluations: int,
    axes: tuple[Axis, ...],
    method: Any,
) -> Explanation:
    """An estimate of cells; `ends` are the base value (NaN without a baseline) and the output."""
    base, output = ends
    total = float(estimate.values.sum())
    return Explanation(
        values=estimate.values,
        errors=estimate.errors,
        leaf=estimate.leaf,
        freedom=estimate.freedom,
        base_value=base,
        output=output,
        completeness_error=total - (output - base) if estimate.complete else None,
        evaluations=evaluations,
        axes=axes,
        method=type(method).__name__,
        settings=asdict(method),
        note=estimate.note,
        trust=estimate.trust,
    )


def _extent(number: Tensor, dim: int) -> Tensor:
    """For each cell, how many cells its leaf reaches along an axis `(…)`."""
    ahead = [1] * number.ndim
    ahead[dim] = -1
    place = torch.arange(number.shape[dim]).view(ahead).expand(number.shape).flatten()
    which = number.flatten()
    ends = [
        torch.zeros(int(which.max()) + 1, dtype=torch.int64).scatter_reduce(
            0, which, place, reduce, include_self=False
        )
        for reduce in ("amin", "amax")
    ]
    return (ends[1] - ends[0] + 1)[which].view(number.shape)
