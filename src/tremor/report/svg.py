"""Figures on the way out: inline SVG that follows the page's theme, PNG and PDF on white."""

from __future__ import annotations

import io
import re
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
from matplotlib.figure import Figure

from tremor.files import write_whole
from tremor.report.style import BLUE, INK

LOCAL = re.compile(r"url\(#")
LONG = re.compile(r"(\.\d\d)\d+")
THEMED = {INK: "currentColor", BLUE.lower(): f"var(--figure-blue, {BLUE.lower()})"}


def inline_svg(figure: Figure, name: str, title: str) -> str:
    """The figure as one `<svg>` element for a page: the same figure gives the same letters.

    Text and axes take `currentColor`, blue is the page's `--figure-blue`, every id starts with
    `name`, and `title` is what a screen reader says. Nothing in it points outside the page.
    """
    root = ElementTree.fromstring(_draw(figure))
    for parent in list(root.iter()):
        for child in list(parent):
            if _local(child.tag) in {"metadata", "style"}:
                parent.remove(child)
    for element in root.iter():
        element.tag = _local(element.tag)
        element.attrib = {_local(key): _own(key, value, name) for key, value in element.items()}
    return ElementTree.tostring(_framed(root, title), encoding="unicode").strip()


def save_png(figure: Figure, path: Path) -> Path:
    """Write the figure as a PNG on white, whole or not at all."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=160, facecolor="white", metadata={"Software": None})
    return write_whole(path, buffer.getvalue())


def save_pdf(figure: Figure, path: Path) -> Path:
    """Write the figure as vectors on white for print: letters as TrueType, no date, always alike.

    Maps are pictures of 600 dots an inch, so that cells stay sharp.
    """
    buffer = io.BytesIO()
    dateless = {"CreationDate": None, "Creator": None, "Producer": None}
    with matplotlib.rc_context({"pdf.fonttype": 42}):
        figure.savefig(buffer, format="pdf", dpi=600, facecolor="white", metadata=dateless)
    return write_whole(path, buffer.getvalue())


def save_svg(figure: Figure, path: Path) -> Path:
    """Write the figure as vectors with text as text, to be edited."""
    return write_whole(path, _draw(figure, "white"))


def _draw(figure: Figure, ground: str = "none") -> str:
    """Matplotlib's SVG: text as text, no date, ids that depend on the content alone."""
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "tremor"}):
        figure.savefig(buffer, format="svg", facecolor=ground, metadata={"Date": None})
    return buffer.getvalue()


def _local(name: str) -> str:
    """A name without its XML namespace: HTML knows SVG by itself."""
    return name.rpartition("}")[2]


def _own(key: str, value: str, name: str) -> str:
    """An attribute with this figure's ids, the page's ink, and no more digits than one can see."""
    if _local(key) == "id":
        return f"{name}-{value}"
    if _local(key) == "href":
        return value.replace("#", f"#{name}-")
    if key in {"d", "points"}:
        return LONG.sub(r"\1", value)
    value = LOCAL.sub(f"url(#{name}-", value)
    for drawn, themed in THEMED.items():
        value = value.replace(drawn, themed)
    return value


def _framed(root: ElementTree.Element, title: str) -> ElementTree.Element:
    """The root with its role and its title, as wide as its place."""
    spoken = ElementTree.Element("title")
    spoken.text = title
    root.insert(0, spoken)
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "role": "img",
        "stroke-linejoin": "round",
        "stroke-linecap": "butt",
    }
    return root
