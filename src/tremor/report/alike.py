"""What pages beside a run's report share with it: templates, look, figures as markup."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Template
from markupsafe import Markup
from matplotlib.figure import Figure

from tremor.report import page
from tremor.report.svg import inline_svg


def template(name: str) -> Template:
    """A template beside this file, with the filters of a run's report."""
    return page.environment().get_template(name)


def style() -> Markup:
    """The style sheet of a run's report."""
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


def drawings(drawn: Mapping[str, Figure], spoken: Callable[[str], str]) -> dict[str, page.Drawing]:
    """Figures of one page, numbered; `spoken` is what a screen reader says of one by its name."""
    return {
        name: page.Drawing(
            Markup(inline_svg(figure, f"figure{place}", spoken(name))),
            round(72 * figure.get_size_inches()[0]),
        )
        for place, (name, figure) in enumerate(drawn.items(), start=1)
    }
