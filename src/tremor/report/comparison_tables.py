"""Tables of a comparison: for a paper, a program, the terminal."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd
from rich.table import Table

from tremor.evaluation.compared import Comparison, Configuration, sign
from tremor.evaluation.paired import Score
from tremor.report import tables
from tremor.report.style import (
    literal,
)


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


SPECIAL = {c: f"\\{c}" for c in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def latex(comparison: Comparison) -> str:
    """The table for a paper: needs the booktabs package."""
    heads = ["Configuration", "Runs", label(comparison.metric), "SD"]
    heads += [rf"{100 * comparison.level:g}\,\% interval", "Chance"]
    rows = [" & ".join(_latex_cells(c)) + r" \\" for c in comparison.configurations]
    lines = [r"\begin{tabular}{lrrrrr}", r"\toprule", " & ".join(heads) + r" \\", r"\midrule"]
    return "\n".join([*lines, *rows, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _latex_cells(c: Configuration) -> list[str]:
    name = "".join(SPECIAL.get(letter, letter) for letter in c.name)
    cells = [_fixed(c.mean.value), "--" if c.sd is None else _fixed(c.sd)]
    ends = "--" if c.mean.lo is None else f"{_fixed(c.mean.lo)} to {_fixed(c.mean.hi)}"
    return [name, str(len(c.runs)), *cells, ends, _fixed(c.chance)]


def _fixed(value: float | None) -> str:
    return f"${value:.3f}$"


def markdown(comparison: Comparison) -> str:
    """The table for a page such as a README."""
    heads = ["configuration", "runs", label(comparison.metric).lower(), "sd"]
    heads += [f"{comparison.level:.0%} interval", "chance"]
    others = beside(comparison)
    heads += [label(metric).lower() for metric in others]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    for c in comparison.configurations:
        name = c.name.replace("|", "\\|").replace("`", "'")
        more = [_spanned(c.beside[metric]) for metric in others]
        lines.append([f"`{name}`", str(len(c.runs)), *_numbers(c), *more])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _spanned(score: Score) -> str:
    ends = tables.interval(asdict(score))
    return tables.number(score.value) + (f" ({ends})" if ends else "")


def _numbers(c: Configuration) -> tuple[str, str, str, str]:
    ends = tables.interval(asdict(c.mean)) or "–"
    return tables.number(c.mean.value), tables.number(c.sd), ends, tables.number(c.chance)


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
