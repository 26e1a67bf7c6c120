"""What pages beside a run's report share with it: templates, look, figures as markup."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
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
    source = (Path(__file__).parent / "page.html.j2").read_text(encoding="utf-8")
    found = re.search(r"<style>\n(.*?)</style>", source, re.DOTALL)
    assert found is not None
    return Markup(found.group(1))


def drawings(drawn: Mapping[str, Figure], spoken: Callable[[str], str]) -> dict[str, page.Drawing]:
    """Figures of one page, numbered; `spoken` is what a screen reader says of one by its name."""
    return {
        name: page.Drawing(
            Markup(inline_svg(figure, f"figure{place}", spoken(name))),
            round(72 * figure.get_size_inches()[0]),
        )
        for place, (name, figure) in enumerate(drawn.items(), start=1)
    }
