"""Text in columns for a terminal of any width, and for a file."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable

import yaml

WIDEST = 44  # characters of a first column


def aligned(rows: Iterable[tuple[str, str]], short: bool = False) -> list[str]:
    """Two columns, the second one wrapped in its own, or cut to one line if `short`."""
    rows = list(rows)
    left = max((len(first) for first, _ in rows if len(first) <= WIDEST), default=0)
    room = max(30, width() - left - 4)
    lines = []
    for first, second in rows:
        told = textwrap.wrap(second, room, break_on_hyphens=False) or [""]
        if short:
            told = [textwrap.shorten(second, room, placeholder=" …")]
        if len(first) > left:
            lines.append(f"  {first}")
            first = ""
        lines += [f"  {first:<{left}}  {told[0]}".rstrip()]
        lines += [f"  {'':<{left}}  {line}" for line in told[1:]]
    return lines


def width() -> int:
    """Columns of the terminal, or 110 where there is none."""
    return min(140, shutil.get_terminal_size((110, 24)).columns)


def bold(text: str) -> str:
    """A headline, bold on a terminal that has colours."""
    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return text if plain else f"\033[1m{text}\033[0m"


def wrapped(first: str, text: str, left: int = 13) -> list[str]:
    """A short word, and a text beside it that may take several lines."""
    return textwrap.wrap(
        f"{'  ' * bool(left)}{first:<{left}}{text}",
        width(),
        subsequent_indent=" " * (left + 4),
        break_on_hyphens=False,
        break_long_words=False,
    )


def typed_as(value: object) -> str:
    """A value as one types it."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=1000)
    return text.removesuffix("\n").removesuffix("\n...").strip()
