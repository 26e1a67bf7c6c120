"""What a search looks for: ranges and choices in Hydra's own grammar, as Optuna takes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.distributions import FloatDistribution as Floats
from optuna.distributions import IntDistribution as Ints

from tremor.errors import Refused
from tremor.evaluation.swept import REPEATS

EXAMPLE = "'optimizer.lr=tag(log,interval(1e-4,1e-2))'"


@dataclass(frozen=True)
class SearchSpace:
    """The keys that are searched with what Optuna draws for each, and the overrides that stay."""

    drawn: dict[str, BaseDistribution]
    marks: dict[str, str]
    fixed: list[str]

    def overrides(self, values: dict[str, str]) -> list[str]:
        """The overrides of one trial."""
        return [*self.fixed, *(f"{self.marks[key]}={text}" for key, text in values.items())]

    def ends(self) -> list[dict[str, str]]:
        """The two trials with the first and with the last value of every key."""
        pairs = {key: _ends(one) for key, one in self.drawn.items()}
        return [{key: str(pair[end]) for key, pair in pairs.items()} for end in (0, 1)]


def space_of(
    params: Iterable[str], arguments: Sequence[str], parser: OverridesParser
) -> SearchSpace:
    """The space that a file and the command line give together; the command line wins."""
    known: dict[str, Override] = {}
    for override in parser.parse_overrides([*params, *arguments]):
        known[override.key_or_group] = override
    swept = {key: one for key, one in known.items() if one.is_sweep_override()}
    if not swept:
        remedy = f"hydra/search=<system>, or a range such as {EXAMPLE}"
        raise Refused("there is nothing to search", "the command line", remedy)
    for key in REPEATS:
        if key in swept:
            said = "no value of it is better than another: the luckiest would be chosen"
            raise Refused(
                said, key, "search with one value, then sweep over it with the best found"
            )
    return SearchSpace(
        {key: _drawn(one) for key, one in swept.items()},
        {key: one.get_key_element() for key, one in swept.items()},
        [str(one.input_line) for key, one in known.items() if key not in swept],
    )


def _drawn(override: Override) -> BaseDistribution:
    """What Optuna draws: a number between two ends, one on a grid, or one of some texts."""
    value: Any = override.value()
    if isinstance(value, IntervalSweep):
        kind = Ints if isinstance(value.start, int) and isinstance(value.end, int) else Floats
        return kind(value.start, value.end, log="log" in value.tags)
    if isinstance(value, RangeSweep) and value.stop is not None:
        whole = all(isinstance(n, int) for n in (value.start, value.stop, value.step))
        steps = [float(text) for text in override.sweep_string_iterator()]
        low, high = min(steps), max(steps)
        if whole:
            return Ints(int(low), int(high), step=abs(int(value.step)))
        return Floats(low, high, step=abs(value.step))
    return CategoricalDistribution(list(override.sweep_string_iterator()))


def _ends(drawn: Any) -> tuple[Any, Any]:
    if isinstance(drawn, CategoricalDistribution):
        return drawn.choices[0], drawn.choices[-1]
    return drawn.low, drawn.high
