"""Tables of a comparison: for a paper, a program, the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd
from rich.table import Table

from tremor.evaluation.compared import Comparison, Configuration, sign
from tremor.evaluation.paired import Score
from tremor.report import tables
from tremor.report.latex import ends, escaped, fixed, tabular
from tremor.report.style import literal

MOST_COLUMNS = 4
"""Keys that a table for a paper gives a column each."""


def label(metric: str) -> str:
    """A metric's name as a reader knows it."""
    name = tables.LABELS.get(metric) or tables.spelt(metric)
    return name if sign(metric) > 0 else f"{name} (less is better)"


def beside(comparison: Comparison) -> list[str]:
    """Metrics of ordered classes that every configuration has beside the one compared."""
    each = [list(c.beside) for c in comparison.configurations]
    return [metric for metric in each[0] if all(metric in others for others in each)]


def summary(comparison: Comparison) -> pd.DataFrame:
    """One row a configuration, as in comparison.csv."""
    return pd.DataFrame(
        {
            "configuration": c.name,
            "runs": len(c.runs),
            "seeds": " ".join(str(run.seed) for run in c.runs),
            "metric": comparison.metric,
            "mean": c.mean.value,
            "sd": c.sd,
            "lo": c.mean.lo,
            "hi": c.mean.hi,
            "interval_over": c.spread,
            "chance": c.chance,
            "chance_source": comparison.chance_source,
            "classes": len(c.classes),
            "events": c.events,
            "experiments": " ".join(c.experiments),
        }
        for c in comparison.configurations
    )


def pair_table(comparison: Comparison) -> pd.DataFrame:
    """One row a pair, as in pairs.csv: the first configuration's metric minus the second's."""
    rows = []
    for pair in comparison.pairs:
        first, second = (comparison.configurations[i].name for i in (pair.first, pair.second))
        score = asdict(pair.difference) if pair.difference else {"value": None}
        numbers = {"difference": score["value"], "lo": score.get("lo"), "hi": score.get("hi")}
        tested = {"p": pair.p, "p_holm": pair.p_holm, "runs": pair.runs, "note": pair.note}
        rows.append({"first": first, "second": second} | numbers | tested)
    columns = ["first", "second", "difference", "lo", "hi", "p", "p_holm", "runs", "note"]
    return pd.DataFrame(rows, columns=columns)


def latex(comparison: Comparison) -> str:
    """The table for a paper; keys that tell the configurations apart have a column each."""
    shown = comparison.configurations
    named = _named([c.name for c in shown])
    heads = [*named, "Runs", "Events", label(comparison.metric), "SD"]
    heads += [rf"{100 * comparison.level:g}\,\% interval", "Chance"]
    rows = [
        [*cells, str(len(c.runs)), str(c.events), *_latex_numbers(c)]
        for c, *cells in zip(shown, *named.values(), strict=True)
    ]
    return tabular(heads, rows, words=len(named))


def _latex_numbers(c: Configuration) -> list[str]:
    return [fixed(c.mean.value), fixed(c.sd), ends(c.mean.lo, c.mean.hi), fixed(c.chance)]


def latex_pairs(comparison: Comparison) -> str:
    """The tests of all pairs for a paper."""
    heads = ["First", "Second", "Difference", rf"{100 * comparison.level:g}\,\% interval"]
    rows = []
    for pair in comparison.pairs:
        names = [comparison.configurations[i].name for i in (pair.first, pair.second)]
        it = pair.difference
        numbers = (
            [fixed(it.value, True), ends(it.lo, it.hi, True)] if it is not None else ["--", "--"]
        )
        rows.append([*map(escaped, names), *numbers, _tiny(pair.p), _tiny(pair.p_holm)])
    return tabular([*heads, "$p$", "$p$ (Holm)"], rows, words=2)


def _tiny(p: float | None) -> str:
    """A p value for a paper: never rounded to nought."""
    return "--" if p is None else "$<0.001$" if p < 0.001 else fixed(p)


def _named(names: Sequence[str]) -> dict[str, list[str]]:
    """A column for each key of names like `a.b=1 c=2`; the names as they are where they are others.

    Headings are the keys' last words.
    """
    split = [[word.partition("=") for word in name.split(" ")] for name in names]
    keys = list(dict.fromkeys(key for words in split for key, _, _ in words))
    plain = all(equal for words in split for _, equal, _ in words)
    heads = {key: key.rpartition(".")[2] for key in keys}
    if not plain or len(set(heads.values())) < len(keys) or len(keys) > MOST_COLUMNS:
        return {"Configuration": [escaped(name) for name in names]}
    told = [{key: value for key, _, value in words} for words in split]
    return {
        escaped(heads[key].replace("_", " ")): [escaped(each.get(key, "--")) for each in told]
        for key in keys
    }


def markdown(comparison: Comparison) -> str:
    """The table for a page such as a README."""
    heads = ["configuration", "runs", label(comparison.metric).lower(), "sd"]
    heads += [f"{comparison.level:.0%} interval", "chance"]
    others = beside(comparison)
    heads += [label(metric).lower() for metric in others]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    for c in comparison.configurations:
        name = c.name.replace("|", "\\|").replace("`", "'")
        more = [spanned(c.beside[metric]) for metric in others]
        lines.append([f"`{name}`", str(len(c.runs)), *_numbers(c), *more])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def spanned(score: Score) -> str:
    """A value with its interval, if it has one."""
    reach = tables.interval(asdict(score))
    return tables.number(score.value) + (f" ({reach})" if reach else "")


def _numbers(c: Configuration) -> tuple[str, str, str, str]:
    reach = tables.interval(asdict(c.mean)) or "–"
    return tables.number(c.mean.value), tables.number(c.sd), reach, tables.number(c.chance)


def terminal(comparison: Comparison) -> Table:
    """The table on the terminal."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    made.add_column("configuration", overflow="fold")
    heads = ("runs", comparison.metric, "sd", f"{comparison.level:.0%} interval", "chance")
    for head in heads:
        made.add_column(head, justify="right", no_wrap=True)
    for c in comparison.configurations:
        made.add_row(literal(c.name, 200), str(len(c.runs)), *_numbers(c))
    return made
