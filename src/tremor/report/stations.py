"""Tables over stations and the folders that hold them with their figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from matplotlib.figure import Figure
from rich.table import Table

from tremor.errors import Refused
from tremor.evaluation.across import Across, Cell
from tremor.evaluation.by_station import METRICS, Row, Stations
from tremor.evaluation.paired import Score
from tremor.files import whole_folder, write_json, write_whole
from tremor.report import plots_stations, tables
from tremor.report.comparison_tables import spanned
from tremor.report.style import literal
from tremor.report.svg import save_pdf, save_png

Plain = dict[str, Any]


def station_table(found: Stations) -> pd.DataFrame:
    """One row a station and configuration, then the means, as in stations.csv."""
    rows = [_station(row) for row in found.rows]
    for mean in found.means:
        numbers = _numbers(mean.scores, mean.chances)
        rows.append({"station": "mean", "configuration": mean.configuration} | numbers)
    return pd.DataFrame(rows).convert_dtypes()


def _station(row: Row) -> Plain:
    its = row.tested
    counts = {"runs": len(its.runs), "records": its.records, "events": its.events}
    tests = {"p": its.p, "p_holm": row.p_holm, "clear": row.clear}
    named = {"station": row.station, "configuration": row.configuration}
    return named | counts | _numbers(its.scores, its.chances) | tests


def _numbers(scores: Mapping[str, Score], chances: Mapping[str, float]) -> Plain:
    found: Plain = {}
    for metric in METRICS:
        score = scores[metric]
        found |= {metric: score.value, f"{metric}_lo": score.lo, f"{metric}_hi": score.hi}
        found |= {f"{metric}_chance": chances[metric]}
    return found


def across_table(found: Across) -> pd.DataFrame:
    """One row a cell of the matrix, as in across.csv."""
    return pd.DataFrame([_cell(cell) for cell in found.cells]).convert_dtypes()


def _cell(cell: Cell) -> Plain:
    named = {"trained": " ".join(cell.trained), "tested": cell.station, "own": cell.own}
    its = cell.tested
    if its is None:
        return named | {"seen_events_left_out": cell.left_out, "note": cell.why}
    counts = {"runs": len(its.runs), "records": its.records, "events": its.events}
    left = {"seen_events_left_out": cell.left_out}
    return named | counts | left | _numbers(its.scores, its.chances) | {"p": its.p, "note": ""}


def station_lines(found: Stations) -> tuple[list[str], list[list[str]]]:
    """Heads and cells of the table for people."""
    several = len({row.configuration for row in found.rows}) > 1
    heads = ["station", *["configuration"] * several, "runs", "records", "events"]
    heads += ["balanced accuracy", f"{found.level:.0%} interval", "chance", "p", "p (Holm)"]
    lines = []
    for row in found.rows:
        its = row.tested
        named = [row.station, *[row.configuration] * several]
        counts = [str(len(its.runs)), f"{its.records:,}", f"{its.events:,}"]
        tests = [_p(its.p), _p(row.p_holm)]
        lines.append([*named, *counts, *_score(its.main, its.chance), *tests])
    for mean in found.means:
        named = [f"mean of {mean.stations}", *[mean.configuration] * several, "", "", ""]
        score = _score(mean.scores[METRICS[0]], mean.chances[METRICS[0]])
        lines.append([*named, *score, "", ""])
    return heads, lines


def _score(score: Score, chance: float) -> list[str]:
    ends = tables.interval(asdict(score)) or "–"
    return [tables.number(score.value), ends, tables.number(chance)]


def across_lines(found: Across, intervals: bool = True) -> tuple[list[str], list[list[str]]]:
    """The matrix of balanced accuracies, a row for each set of stations trained at."""
    said = spanned if intervals else _bare
    lines = []
    for trained in found.trained:
        cells = [found.cell(trained, station) for station in found.stations]
        texts = ["–" if c.tested is None else said(c.tested.main) for c in cells]
        lines.append([plots_stations.trained_name(trained), *texts])
    return ["trained \\ tested", *found.stations], lines


def _p(value: float | None) -> str:
    return tables.probability(value).removeprefix("p ").removeprefix("= ") or "–"


def _bare(score: Score) -> str:
    return tables.number(score.value)


def sentences(found: Stations) -> list[str]:
    """What a reader must know first."""
    clear = sum(row.clear for row in found.rows)
    count = tables.counted(len(found.rows), "row")
    few = sum(not row.tested.enough for row in found.rows)
    said = f"Clearly above chance, by its {found.level:.0%} interval and by p corrected over the "
    said += f"table (Holm): {clear or 'NOT one'} of {count}."
    lacking = f"Too few events for an interval, and no part of a mean: {few} of {count}."
    left = len(found.found.unfinished)
    begun = f"Left out: {tables.counted(left, 'unfinished run')}."
    return [*found.notes, said, *[lacking] * bool(few), *[begun] * bool(left)]


def across_sentences(found: Across) -> list[str]:
    """What a reader must know first of a matrix."""
    single = [c for c in found.cells if len(c.trained) == 1]
    known = [(c.own, c.tested.main.value) for c in single if c.tested and c.tested.enough]
    parts = {own: [value for mine, value in known if mine == own] for own in (True, False)}
    empty = [c for c in found.cells if c.tested is None]
    said = [
        f"Trained at one station, tested at {'itself' if own else 'others'}: mean balanced "
        f"accuracy {sum(values) / len(values):.3f} ({tables.counted(len(values), 'cell')})."
        for own, values in parts.items()
        if values
    ]
    where = "; ".join(f"{plots_stations.trained_name(c.trained)} at {c.station}" for c in empty)
    left = f"Not judged, too few events that were not seen: {where}."
    return [*found.notes, *said, *[left] * bool(empty)]


def markdown(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table for a page such as a README."""
    ruled = [list(heads), ["---", *["---:"] * (len(heads) - 1)], *map(list, lines)]
    cells = ([cell.replace("|", "\\|") for cell in line] for line in ruled)
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def terminal(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> Table:
    """A table on the terminal."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for place, head in enumerate(heads):
        side: Literal["left", "right"] = "right" if place else "left"
        made.add_column(literal(head, 30), justify=side, no_wrap=True)
    for line in lines:
        made.add_row(*(literal(cell, 60) for cell in line))
    return made


def write_stations(found: Stations, folder: Path, *, replace: bool = False) -> list[Path]:
    """stations.csv, .md, .json, .png and .pdf in a new folder, whole or not at all."""
    plain = {"level": found.level, "sentences": sentences(found)}
    drawn = plots_stations.by_station(found)
    lines = markdown(*station_lines(found))
    return _write("stations", station_table(found), lines, plain, drawn, folder, replace)


def write_across(found: Across, folder: Path, *, replace: bool = False) -> list[Path]:
    """across.csv, .md, .json, .png and .pdf in a new folder, whole or not at all."""
    plain = {"level": found.level, "sentences": across_sentences(found)}
    drawn = plots_stations.matrix(found)
    lines = markdown(*across_lines(found))
    return _write("across", across_table(found), lines, plain, drawn, folder, replace)


def refuse_taken(name: str, folder: Path, replace: bool) -> None:
    """An earlier table of its kind may be replaced, nothing else."""
    earlier = (folder / f"{name}.csv").is_file()
    if folder.exists() and not (replace and earlier):
        raise Refused("the folder exists already", str(folder), "another --out, or --replace")


def _write(
    name: str,
    table: pd.DataFrame,
    lines: str,
    plain: Plain,
    drawn: Figure,
    folder: Path,
    replace: bool,
) -> list[Path]:
    refuse_taken(name, folder, replace)
    caption = plots_stations.CAPTIONS[name]
    rows = [{k: None if pd.isna(v) else v for k, v in row.items()} for row in _rows(table)]
    with whole_folder(folder, replace=replace) as scratch:
        table.to_csv(scratch / f"{name}.csv", index=False)
        page = "\n\n".join([lines.rstrip(), " ".join(plain["sentences"]), caption])
        write_whole(scratch / f"{name}.md", page + "\n")
        write_json(scratch / f"{name}.json", plain | {"caption": caption, "rows": rows})
        save_png(drawn, scratch / f"{name}.png")
        save_pdf(drawn, scratch / f"{name}.pdf")
    return sorted(folder.iterdir())


def _rows(table: pd.DataFrame) -> list[Plain]:
    return [{str(k): v for k, v in row.items()} for row in table.astype(object).to_dict("records")]
