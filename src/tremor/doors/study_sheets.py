"""ECG paper of each record of a study: what the network saw, and what its map says of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from tremor.doors.study_class import Maps, OfClass
from tremor.doors.study_kept import AGAIN
from tremor.explain.explanation import Explanation
from tremor.files import digest, safe, write_json
from tremor.report.files import read_json
from tremor.report.plots_ecg import ecg_sheet, spans
from tremor.report.svg import save_pdf, save_png, save_svg

Sheet = dict[str, str]
SAVED = {"png": save_png, "pdf": save_pdf, "svg": save_svg}


def _unit(one: Explanation, earlier: bool) -> str:
    """What numbers on the sheet are."""
    if earlier:
        return "the earlier work's weights"
    parts = one.settings.get("of", {}).values()
    links = {str(each.get("link", "Logit")) for each in (*parts, one.settings)}
    return f"parts of the {'probability' if 'Probability' in links else 'logit'}"


def draw(of: OfClass, maps: Maps, folder: Path) -> list[Sheet]:
    """A sheet for each record, by the last method (what is fused of two), as PNG, PDF and SVG.

    A sheet of the same map, with the same words, is not drawn again.
    """
    method, found = list(maps.items())[-1]
    drawn = []
    for place, row in enumerate(of.named()):
        one, steps = found[place], of.cases.steps[place]
        title = f"{row['record_id']}: {of.name}, p = {row['prob_meta']:.3f}"
        caption = f"{method}: {_unit(one, of.earlier)}; warm speaks for {of.name}, cool against it"
        caption += f". {one.note}" if one.note else ""
        name = folder / safe(f"{of.name}-{row['record_id']}")
        files = {kind: name.with_name(f"{name.name}.{kind}") for kind in SAVED}
        note, made_of = name.with_name(f".{name.name}.json"), _digest(one, title, caption)
        if read_json(note, AGAIN) != made_of or not all(map(Path.exists, files.values())):
            figure = _sheet(of, place, one, title, caption, steps)
            for kind, save in SAVED.items():
                save(figure, files[kind])
            write_json(note, made_of)
        drawn.append({"title": title, "caption": caption, "file": files["png"].name})
    return drawn


def _digest(one: Explanation, *words: str) -> str:
    """What a sheet is made of."""
    arrays = (one.values, one.errors)
    return digest(*(repr(None if a is None else a.numpy().tobytes()) for a in arrays), *words)


def _sheet(
    of: OfClass, place: int, one: Explanation, title: str, caption: str, steps: int
) -> Figure:
    """A record on ECG paper, in mV, with the spans of its map."""
    signal = of.signal(place)[:, :steps].astype(np.float64) / of.counts_a_mv(place)
    values = one.values.numpy()[:, :steps]
    errors = None if one.errors is None else one.errors.numpy()[:, :steps]
    marked = spans(values, errors, of.rate)
    return ecg_sheet(signal, of.rate, of.run.data.records.channels, marked, title, caption)
