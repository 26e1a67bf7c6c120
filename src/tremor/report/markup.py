"""What every page carries within it: its style sheet, scripts, and figures as markup."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from matplotlib.figure import Figure

from tremor.report.svg import inline_svg


def style() -> Markup:
    """The style sheet of all pages."""
    return Markup((Path(__file__).parent / "page_style.css.j2").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Script:
    """A script of a page, and how the page's policy allows it and no other."""

    text: Markup
    allowed: str


def script(name: str) -> Script:
    """A script beside this file, allowed by its content."""
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    known = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Script(Markup(text), f"sha256-{known}")


@dataclass(frozen=True)
class Drawing:
    """A figure as markup that is safe to set into the page, and its natural width in points."""

    svg: Markup
    points: int

    @property
    def wide(self) -> bool:
        """Whether it takes the whole column, so that its caption goes below."""
        return self.points > 72 * 6


def drawings(drawn: Mapping[str, Figure], spoken: Callable[[str], str]) -> dict[str, Drawing]:
    """Figures of one page, numbered, so that no id comes twice.

    `spoken` is what a screen reader says of one by its name.
    """
    return {
        name: Drawing(
            Markup(inline_svg(figure, f"figure{place}", spoken(name))),
            round(72 * figure.get_size_inches()[0]),
        )
        for place, (name, figure) in enumerate(drawn.items(), start=1)
    }
