"""The sheet that figures of explanations are printed on, and the trust figures at its foot."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tremor.report.style import INK, VERMILLION, canvas, dress, literal

SINGLE, DOUBLE = 3.5, 7.1
"""Inches of one column of a journal, and of both."""

TEXT, SMALL, TINY = 8, 7, 6.5
"""Points: headings, labels, and what stands at the foot."""

LINE = 1.32 / 72
LETTER = 0.56 / 72
"""Inches that a line and a letter take for each point of their size."""

MOST = 1_000
"""Letters of a sentence from outside that are printed."""


@dataclass(frozen=True)
class About:
    """What each figure says of the explanations that it shows, and of how far they can be trusted.

    `resolution` is the extent of a typical leaf by the name of the axis, in `units`; `evaluations`
    are of one record. `failed` is what the audit says when the map failed it. `rectified` methods
    keep only what speaks for a class.
    """

    method: str
    score: str
    fill: str = ""
    evaluations: float | None = None
    resolution: Mapping[str, float | None] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    failed: str = ""
    rectified: bool = False

    @classmethod
    def of(cls, summary: Mapping[str, Any]) -> About:
        """From the `summary.json` of a folder of explanations."""
        return cls(
            method=str(summary["explainer"]),
            score=score(str(summary["target"])),
            fill=str(summary.get("fill") or ""),
            evaluations=(summary.get("evaluations") or {}).get("per_record"),
            resolution=summary.get("resolution") or {},
            units=summary.get("units") or {},
            failed=str(summary.get("caption") or ""),
            rectified=bool(summary.get("rectified", False)),
        )

    def resolved(self) -> str:
        """The true resolution in words: `resolved: 6.3 Hz × 1.7 s`."""
        known = {name: size for name, size in self.resolution.items() if size is not None}
        parts = [f"{size:.2g} {self.units.get(name) or name}" for name, size in known.items()]
        return f"resolved: {' × '.join(parts)}" if parts else "resolution not known"

    def sentence(self) -> str:
        """The method, what it explains, its fill, its cost and its resolution, in one line."""
        cost = _kept(f"{self.evaluations:,.0f} evaluations a record") if self.evaluations else ""
        fill = _kept(f"fill: {self.fill}") if self.fill else ""
        parts = (self.method, self.score, fill, cost, _kept(self.resolved()))
        return " · ".join(part for part in parts if part)


def score(target: str) -> str:
    """What is explained, in words, from a target as it is given to the door."""
    head, _, way = target.rpartition(":")
    if way in {"predicted", "true"}:
        return f"logit of the {way} class" + (f" of {head}" if head else "")
    return target if target.startswith("contrast(") else f"logit of {target}"


def sheet(
    width: float,
    body: float,
    about: About,
    *,
    title: str = "",
    keys: Sequence[Artist] = (),
    said: Iterable[str] = (),
) -> Figure:
    """A figure with `body` inches for panels, between its headings and its foot.

    Above: `title`, and in red what the audit says of a map that failed. Below: `keys`, then `said`
    and what there is to know about the method.
    """
    foot = _wrapped(" · ".join([about.sentence(), *map(_kept, said)]), width, TINY)
    warning = _wrapped(about.failed, width, 1.2 * SMALL) if about.failed else []
    heading = _wrapped(title, width, 1.2 * TEXT)
    columns = _key_columns(keys, width)
    rows = -(-len(keys) // columns)
    top = 0.04 + LINE * (TEXT * len(heading) + SMALL * len(warning))
    bottom = 0.05 + LINE * TINY * (len(foot) + 1.15 * rows)
    height = body + top + bottom
    figure = canvas(width, height)
    place = (0.0, bottom / height, 1.0, body / height)
    figure.set_layout_engine("constrained", rect=place, w_pad=0.03, h_pad=0.03)
    look: dict[str, Any] = {"va": "top", "linespacing": 1.2}
    if heading:
        lines = "\n".join(heading)
        figure.text(0.01, 1 - 0.03 / height, lines, **look, **_ink(TEXT, bold=True))
    if warning:
        at = 1 - (0.03 + LINE * TEXT * len(heading)) / height
        figure.text(0.01, at, "\n".join(warning), **look, **_ink(SMALL, VERMILLION, bold=True))
    under = LINE * TINY * len(foot) + 0.04
    figure.text(0.01, under / height, "\n".join(foot), **look, **_ink(TINY))
    if keys:
        _legend(figure, keys, columns, under / height)
    return figure


def label(ax: Axes, title: str = "", xlabel: str = "", ylabel: str = "") -> Axes:
    """Axes in the type of print, closed on all sides."""
    dress(ax)
    ax.set_title(title, loc="left", fontsize=SMALL, fontweight="bold", color=INK, pad=3)
    ax.set_xlabel(xlabel, fontsize=SMALL, color=INK)
    ax.set_ylabel(ylabel, fontsize=SMALL, color=INK)
    ax.tick_params(labelsize=TINY, width=0.5, length=2.2, pad=1.8)
    ax.spines[:].set(visible=True, color=INK, linewidth=0.5)
    return ax


def _ink(size: float, colour: str = INK, *, bold: bool = False) -> dict[str, Any]:
    return {"fontsize": size, "color": colour, "fontweight": "bold" if bold else "normal"}


def _kept(words: str) -> str:
    """Words that stay on one line."""
    return words.replace(" ", "\xa0") if len(words) < 60 else words


def _wrapped(text: str, width: float, size: float) -> list[str]:
    """Lines that fit into so many inches."""
    letters = int((width - 0.1) / (LETTER * size))
    shown = "".join(letter if letter.isprintable() or letter == "\xa0" else " " for letter in text)
    lines = textwrap.wrap(shown[:MOST], letters)
    return [literal(line.replace("\xa0", " "), MOST) for line in lines]


def _key_columns(keys: Sequence[Artist], width: float) -> int:
    """How many keys stand side by side."""
    each = [len(str(key.get_label())) * LETTER * TINY + 0.45 for key in keys]
    if sum(each) <= width:
        return max(1, len(keys))
    return max(1, int(width / max(each)))


def _legend(figure: Figure, keys: Sequence[Artist], columns: int, at: float) -> None:
    style: dict[str, Any] = {"frameon": False, "fontsize": TINY, "labelcolor": INK}
    style |= {"handlelength": 2.0, "columnspacing": 1.4, "borderpad": 0, "borderaxespad": 0}
    style |= {"labelspacing": 0.25}
    place = (0.01, at + 0.03 / figure.get_figheight())
    figure.legend(
        handles=list(keys), loc="lower left", bbox_to_anchor=place, ncols=columns, **style
    )
