"""The templates of all pages, and what they may call."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from tremor.report import tables

FILTERS = (
    tables.number,
    tables.interval,
    tables.probability,
    tables.unbeaten,
    tables.counted,
    tables.size,
    tables.spelt,
    tables.breakable,
    quote,
)


def template(name: str) -> Template:
    """A template beside this file, with what templates may call."""
    return environment().get_template(name)


@cache
def environment() -> Environment:
    """Templates beside this file, read once; whatever they show is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({function.__name__: function for function in FILTERS})
    environment.tests["unbeaten"] = tables.unbeaten
    environment.globals["between"] = tables.between
    return environment
