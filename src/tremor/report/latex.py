"""Tables as LaTeX, for a paper; they need the booktabs package."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

SPECIAL = {c: f"\\{c}" for c in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def tabular(heads: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """A table; the first `words` columns are text, the others numbers, which stand at the right."""
    shape = "l" * words + "r" * (len(heads) - words)
    lines = [rf"\begin{{tabular}}{{{shape}}}", r"\toprule", " & ".join(heads) + r" \\", r"\midrule"]
    lines += [" & ".join(row) + r" \\" for row in rows]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def escaped(text: str) -> str:
    """Text as its own letters."""
    return "".join(SPECIAL.get(letter, letter) for letter in text)


def fixed(value: float | None, signed: bool = False) -> str:
    """A number of three decimals, in math mode for its minus; a dash where there is none."""
    return "--" if value is None else f"${value:{'+' if signed else ''}.3f}$"


def ends(low: float | None, high: float | None, signed: bool = False) -> str:
    """An interval, or a dash."""
    if low is None or high is None:
        return "--"
    return f"{fixed(low, signed)} to {fixed(high, signed)}"
