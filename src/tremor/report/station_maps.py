"""Explanations of several runs, one a station, beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tremor.errors import Refused
from tremor.explain.compared import Difference, differences
from tremor.explain.explanations import Explanations
from tremor.files import whole_folder
from tremor.report.explained import mean_figures
from tremor.report.explained_words import told_difference
from tremor.report.files import read_json
from tremor.report.svg import save_pdf, save_png

__all__ = ["differences", "gathered", "sentences", "write"]

FILE = "explanation.h5"


def gathered(places: Sequence[Path], explainer: str | None) -> tuple[Explanations, str]:
    """All explanations below some folders, of one way to explain, and what their audits say."""
    found = sorted({path for place in places for path in place.glob(f"**/explanations/*/{FILE}")})
    kinds = sorted({path.parent.name for path in found})
    wanted = [path for path in found if explainer in (None, path.parent.name)]
    if not wanted:
        known = f"; there are {', '.join(kinds)}" if kinds else ""
        fault = f"no {explainer or ''} explanations below {', '.join(map(str, places))}{known}"
        raise Refused(fault, "the runs", "python explain.py checkpoint=<run> first")
    if len({path.parent.name for path in wanted}) > 1:
        choices = ", ".join(kinds)
        raise Refused(
            f"several kinds are there: {choices}", "--explainer", f"--explainer {kinds[0]}"
        )
    remedy = "python explain.py again"
    told = [read_json(path.with_name("summary.json"), remedy)["caption"] for path in wanted]
    warned = " ".join(dict.fromkeys(str(caption) for caption in told if caption))
    return Explanations.joined([Explanations.open(path) for path in wanted]), warned


def sentences(found: Explanations, tested: Sequence[Difference]) -> list[str]:
    """What the maps are, and where classes differ."""
    stations = found.table["station"].nunique() if "station" in found.table else 1
    said = [
        f"{len(found)} records of {found.table['group'].nunique()} events at {stations} stations, "
        f"{found.meta['explainer']}, target={found.meta['target']}.",
    ]
    networks = found.meta["checkpoint"]
    if isinstance(networks, list) and len(set(networks)) > 1:
        said.append("Each station has a network of its own: sizes are in that network's logits.")
    for one in tested:
        what = f"{found.classes[one.a]} − {found.classes[one.b]} at {one.station}"
        if one.found is None:
            said.append(f"{what}: not tested, {one.reason}.")
        else:
            cells, smallest = int(one.found.significant.sum()), one.found.p.min()
            said.append(
                f"{what}: {cells} cells significant (family-wise, smallest p {smallest:.3f})."
            )
    return said


def write(
    found: Explanations, tested: Sequence[Difference], caption: str, folder: Path, replace: bool
) -> list[Path]:
    """The figures, the joined file and what was tested, in one folder that appears whole."""
    with whole_folder(folder, replace=replace) as scratch:
        found.save(scratch / FILE)
        for name, _, figure in mean_figures(found, tested, caption):
            save_png(figure, scratch / f"{name}.png")
            save_pdf(figure, scratch / f"{name}.pdf")
        rows = pd.DataFrame([told_difference(found, one) for one in tested])
        (scratch / "maps.csv").write_text(rows.to_csv(index=False))
    return sorted(folder.iterdir())
