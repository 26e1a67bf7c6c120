"""A comparison on the way out: its folder, its page, its sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from matplotlib.figure import Figure

from tremor.errors import Refused
from tremor.evaluation.compared import Comparison, Configuration
from tremor.evaluation.controls import said
from tremor.evaluation.naming import differing
from tremor.files import near, whole_folder, write_json, write_whole
from tremor.report import markup, tables
from tremor.report.comparison_figures import captions, figures
from tremor.report.comparison_tables import (
    beside,
    label,
    latex,
    latex_pairs,
    markdown,
    pair_table,
    summary,
)
from tremor.report.svg import save_png
from tremor.report.templates import template


def write(comparison: Comparison, folder: Path, *, replace: bool = False) -> list[Path]:
    """Write tables, figures and page into a new folder, whole or not at all; return the files.

    With `replace`, an earlier comparison gives way to it, and nothing else does.
    """
    earlier = (folder / "comparison.json").is_file()
    if folder.exists() and not (replace and earlier):
        raise Refused("the folder exists already", str(folder), "give another --out")
    drawn = figures(comparison)
    with whole_folder(folder, replace=replace) as scratch:
        summary(comparison).to_csv(scratch / "comparison.csv", index=False)
        pair_table(comparison).to_csv(scratch / "pairs.csv", index=False)
        write_whole(scratch / "comparison.tex", latex(comparison))
        write_whole(scratch / "pairs.tex", latex_pairs(comparison))
        write_whole(scratch / "comparison.md", markdown(comparison))
        write_json(scratch / "comparison.json", comparison.plain())
        for name, figure in drawn.items():
            save_png(figure, scratch / f"{name}.png")
        listed = sorted(path.name for path in scratch.iterdir())
        write_whole(scratch / "comparison.html", html(comparison, drawn, listed))
    return sorted(folder.iterdir())


def sentences(comparison: Comparison) -> Iterator[str]:
    """What a reader must know first: the best of each set of classes, and whom it beats."""
    models = [c for c in comparison.configurations if not c.control]
    for classes in dict.fromkeys(c.classes for c in models):
        family = [c for c in models if c.classes == classes]
        best = family[0]
        ends = tables.interval(asdict(best.mean))
        if _at_chance(best, comparison.sign):
            side = "above" if comparison.sign > 0 else "below"
            yield f"NOT {side} chance: with {len(classes)} classes not even the best, {best.name}."
        yield (
            f"With {len(classes)} classes the best is {best.name}: "
            f"{label(comparison.metric).lower()} {tables.number(best.mean.value)}"
            f"{f' ({ends})' if ends else ''}; chance is "
            f"{tables.number(best.chance)} ({comparison.chance_source})."
        )
        if len(family) > 1 and not comparison.ablation:
            place = comparison.configurations.index(best)
            beaten = sum(p.clear for p in comparison.pairs if p.first == place)
            yield f"It is {_praise(beaten, len(family) - 1)}."
    if comparison.ablation:
        yield _against(comparison)
    yield from said(comparison.controls, comparison.configurations)


def _against(comparison: Comparison) -> str:
    """How many configurations are clearly better or worse than the one they are held against."""
    held = comparison.held_against
    signs = [comparison.sign * score.value * stands for _, score, stands in held]
    better, worse = sum(s > 0 for s in signs), sum(s < 0 for s in signs)
    return (
        f"Against {comparison.configurations[comparison.reference].name}: {better} clearly better, "
        f"{worse} clearly worse, {len(held) - better - worse} NOT clearly either."
    )


def _at_chance(c: Configuration, sign: int) -> bool:
    """Whether the interval's worse end is no better than chance."""
    worse = c.mean.lo if sign > 0 else c.mean.hi
    return worse is not None and sign * worse <= sign * c.chance


def _praise(beaten: int, others: int) -> str:
    """How many others are clearly beaten, in words."""
    said = "clearly better than" if beaten else "NOT clearly better than"
    if others == 1:
        return f"{said} the other"
    return f"{said} {beaten or 'any'} of the {others} others"


def html(comparison: Comparison, drawn: Mapping[str, Figure], files: Sequence[str]) -> str:
    """comparison.html: whole in itself, in the look of a run's report."""
    return template("comparison.html.j2").render(
        it=comparison,
        style=markup.style(),
        figures=markup.drawings(drawn, _spoken),
        captions=captions(comparison),
        sentences=list(sentences(comparison)),
        metric=label(comparison.metric),
        beside={name: label(name) for name in beside(comparison)},
        pairs=[(pair, pair.clear) for pair in comparison.pairs],
        settings=differing([c.settings for c in comparison.configurations]),
        near=near,
        files=files,
    )


def _spoken(name: str) -> str:
    """What a screen reader says of a figure."""
    known = {
        "configurations": "Each configuration's mean with its interval and chance",
        "differences": "Each configuration's difference to the one that all are held against",
        "confusion": "Mean confusion matrix of each configuration",
        "learning": "Validation loss and balanced accuracy against the epoch",
    }
    return known.get(name, f"The metric {name.replace('_', ' ')}")
