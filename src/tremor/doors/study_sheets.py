"""ECG paper of each record of a study: what the network saw, and what its map says of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tremor.doors.study_class import Maps, OfClass
from tremor.explain.explanation import Explanation
from tremor.report.plots_ecg import ecg_sheet, spans
from tremor.report.svg import save_pdf, save_png, save_svg

Sheet = dict[str, str]


def _unit(one: Explanation) -> str:
    """What numbers on the sheet are."""
    if one.method.startswith("Earlier"):
        return "the earlier work's weights"
    parts = one.settings.get("of", {}).values()
    links = {str(each.get("link", "Logit")) for each in (*parts, one.settings)}
    return f"parts of the {'probability' if 'Probability' in links else 'logit'}"


def draw(of: OfClass, maps: Maps, folder: Path) -> list[Sheet]:
    """A sheet for each record, by the last method (what is fused of two), as PNG, PDF and SVG."""
    method, found = list(maps.items())[-1]
    drawn = []
    for place, row in enumerate(of.named()):
        one, steps = found[place], of.cases.steps[place]
        signal = of.signal(place)[:, :steps].astype(np.float64) / of.counts_a_mv(place)
        values = one.values.numpy()[:, :steps]
        errors = None if one.errors is None else one.errors.numpy()[:, :steps]
        title = f"{row['record_id']}: {of.name}, p = {row['prob_meta']:.3f}"
        caption = f"{method}: {_unit(one)}; warm speaks for {of.name}, cool against it"
        caption += f". {one.note}" if one.note else ""
        marked = spans(values, errors, of.rate)
        figure = ecg_sheet(signal, of.rate, of.run.data.records.channels, marked, title, caption)
        name = folder / f"{of.name}-{row['record_id']}"
        for save, kind in ((save_png, "png"), (save_pdf, "pdf"), (save_svg, "svg")):
            save(figure, name.with_name(f"{name.name}.{kind}"))
        drawn.append({"title": title, "caption": caption, "file": f"{name.name}.png"})
    return drawn
