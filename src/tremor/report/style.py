"""How every figure looks: palette, size of type, and text that is drawn as it is written."""

from __future__ import annotations

from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#010203"
"""Colour of text and axes; `svg.inline_svg` lets it follow the page's theme."""

BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#009E73"
"""The Okabe–Ito colours that keep 3:1 contrast on a light and on a dark page."""

WIDTH = 4.9
"""Inches that a phone shows without shrinking the type."""

DASHED: dict[str, Any] = {"color": INK, "linewidth": 0.9, "linestyle": (0, (4, 3)), "alpha": 0.8}

TEXT, SMALL = 10, 9.5

FEW = 4
"""Classes that fit beside each other at the usual size."""


def canvas(width: float = WIDTH, height: float = 3.0) -> Figure:
    """An empty figure of so many inches, on no ground."""
    return Figure(figsize=(width, height), layout="constrained", facecolor="none")


def dress(ax: Axes, title: str = "", xlabel: str = "", ylabel: str = "") -> Axes:
    """Give axes their labels, and leave them two spines and no ground."""
    ax.set_facecolor("none")
    ax.set_title(title, loc="left", fontsize=TEXT, fontweight="bold", color=INK)
    ax.set_xlabel(xlabel, fontsize=TEXT, color=INK)
    ax.set_ylabel(ylabel, fontsize=TEXT, color=INK)
    ax.tick_params(labelsize=SMALL, color=INK, labelcolor=INK, width=0.6, length=3)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set(color=INK, linewidth=0.6)
    return ax


def grid(ax: Axes, axis: Literal["x", "y"]) -> None:
    """Faint lines across one axis, behind the data."""
    ax.grid(axis=axis, color=INK, alpha=0.14, linewidth=0.6)
    ax.set_axisbelow(True)


def legend(ax: Axes, columns: int) -> None:
    """One line of keys above the axes, at the right."""
    ax.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=columns,
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
        handlelength=1.4,
        columnspacing=1.2,
        borderaxespad=0.1,
    )


def literal(text: str, limit: int = 40) -> str:
    """Text as its own letters: no formula, no control characters, cut after `limit` letters."""
    shown = "".join(letter if letter.isprintable() else "�" for letter in text)
    cut = shown if len(shown) <= limit else shown[: limit - 1] + "…"
    return cut.replace("$", r"\$")


def named_once(ax: Axes) -> None:
    """Leave each name of a line in the key once."""
    seen: set[str] = set()
    for line in ax.get_lines():
        name = str(line.get_label())
        if name in seen:
            line.set_label(f"_{name}")
        seen.add(name)
