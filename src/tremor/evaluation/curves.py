"""The metric against a number of the config: which configurations make one line."""

from __future__ import annotations

from collections.abc import Sequence

from tremor.config.resolve import select
from tremor.errors import Refused
from tremor.evaluation.compared import Configuration, Line
from tremor.evaluation.naming import CLASS_COUNT, TRAIN_SHARE, names
from tremor.evaluation.runs import Plain, percent_of_labels


def curves(configurations: Sequence[Configuration], over: str | None) -> dict[str, list[Line]]:
    """The curves that can be drawn: over the key that was asked for, training share, classes.

    Controls are in none.
    """
    found = {key: _lines(configurations, key) for key in (TRAIN_SHARE, CLASS_COUNT)}
    drawn = {key: lines for key, lines in found.items() if _varies(lines)}
    if over is not None and over not in drawn:
        lines = _lines(configurations, over)
        if not _varies(lines):
            where, remedy = f"--over {over}", "name a numeric key that differs among the runs"
            raise Refused(f"{over} does not have two numeric values in these runs", where, remedy)
        drawn[over] = lines
    return drawn


def _varies(lines: Sequence[Line]) -> bool:
    return len({x for line in lines for x, _ in line.points}) > 1


def _lines(configurations: Sequence[Configuration], key: str) -> list[Line]:
    """One line for each configuration but for the key and what follows it."""
    models = {number: c for number, c in enumerate(configurations) if not c.control}
    following = _following(list(models.values()), key)
    kept: dict[str, list[tuple[float, int]]] = {}
    settings: dict[str, Plain] = {}
    for number, c in models.items():
        x = position(c, key)
        rest = {k: v for k, v in c.settings.items() if k not in following}
        if x is not None:
            text = repr(sorted(rest.items()))
            settings.setdefault(text, rest)
            kept.setdefault(text, []).append((x, number))
    told = dict(zip(settings, names(list(settings.values())), strict=True))
    return [Line(told[text], sorted(points)) for text, points in kept.items()]


def _following(configurations: Sequence[Configuration], key: str) -> set[str]:
    """The key, those that have its value everywhere, and what of the trainer it decides.

    Few labels may be trained on for longer.
    """
    placed = [c for c in configurations if position(c, key) is not None]
    same = {
        name
        for name in {name for c in placed for name in c.settings}
        if all(c.settings.get(name, ...) in (..., c.settings.get(key, ...)) for c in placed)
    }
    told: dict[tuple[str, float | None], set[str]] = {}
    for c in configurations:
        for name, value in c.settings.items():
            if name.startswith("trainer."):
                told.setdefault((name, position(c, key)), set()).add(repr(value))
    free = {name for (name, _), values in told.items() if len(values) > 1}
    return same | ({name for name, _ in told} - free)


def position(configuration: Configuration, key: str) -> float | None:
    """Where a configuration stands along a key; the training share is in % of the largest one."""
    config = configuration.runs[0].config
    if key == TRAIN_SHARE:
        return percent_of_labels(config)
    value = select(config, key)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number else None
