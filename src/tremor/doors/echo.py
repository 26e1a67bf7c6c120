"""What a door says on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lightning.pytorch.utilities import rank_zero_only
from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.segment import Segment
from rich.table import Table
from rich.text import Text
from torch import nn

from tremor.errors import visible
from tremor.report.tables import by_head


class Shown(Console):
    """A console that only its own colours steer, and nothing that is shown on it."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            own = segment.control is not None
            yield segment if own else Segment(visible(segment.text), segment.style)


console = Shown(highlight=False, soft_wrap=True)


def say(text: str | Text) -> None:
    """One line, as it is, or in colours; of several processes the first one speaks."""
    if not rank_zero_only.rank:
        console.print(text, markup=False)


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None]]:
    """How many of something there are so far, and since when, on a terminal; silence elsewhere."""
    count = (SpinnerColumn(), TextColumn(what), TextColumn("{task.completed}"), TimeElapsedColumn())
    hidden = not console.is_terminal or bool(rank_zero_only.rank)
    with Progress(*count, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task(what, total=None)
        yield lambda count: bar.update(task, completed=count)


def part_line(part: nn.Module, shape: tuple[int, ...]) -> str:
    """A part of the network and what it gives: `LSTM -> (64, 257), 50,944 parameters`."""
    return f"{type(part).__name__} -> ({', '.join(map(str, shape))}), {counted(part)}"


def counted(module: nn.Module) -> str:
    """How many parameters a module has, and how many of them are frozen."""
    sizes = [(p.numel(), p.requires_grad) for p in module.parameters()]
    frozen = sum(size for size, trains in sizes if not trains)
    said = f"{sum(size for size, _ in sizes):,} parameters"
    return f"{said}, {frozen:,} of them frozen" if frozen else said


def show_verdict(verdict: Mapping[str, Any]) -> None:
    """What the judge says: sentences first, then each metric with interval and chance, by head."""
    console.print()
    for sentence in verdict["verdict"]:
        console.print(f"• {sentence}", markup=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("metric", "value", "95 % interval", "chance", "p"):
        table.add_column(column, justify="left" if column == "metric" else "right")
    table.columns[2].header = f"{verdict['interval']['level']:.0%} interval"
    for head, metrics in by_head(verdict["metrics"]).items():
        if head:
            table.add_row(f"[bold]{escape(head)}[/bold]")
        for name, numbers in metrics.items():
            table.add_row("  " * bool(head) + escape(name), *_cells(numbers))
    console.print(table)


def _cells(numbers: Mapping[str, Any]) -> list[str]:
    lo, hi = numbers["lo"], numbers["hi"]
    interval = "–" if lo is None else f"{lo:.3f} to {hi:.3f}"
    return [_number(numbers["value"]), interval, _number(numbers["chance"]), _number(numbers["p"])]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
