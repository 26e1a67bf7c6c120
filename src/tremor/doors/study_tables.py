"""The tables of a study, the one over all studies of the same records, and what they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from tremor.explain.audit.intervals import Average
from tremor.explain.fusion import Fused
from tremor.explain.heart.columns import EVALUATION, STABILITY
from tremor.explain.heart.rows import ablation, difference, in_order, stability_by_class
from tremor.files import write_json, write_whole
from tremor.report.files import read_json
from tremor.report.study import write_page
from tremor.report.tables import counted

Row = dict[str, Any]
WHO = ["class_name", "record_id", "method", "scoring"]
TEXTS = {"group": str, "record_id": str}
OURS = "tremor"
FUSED = (Fused.__name__, "EarlierFusion")
AGAIN = "python explain.py again"
HELD_OUT = {"faithfulness_gain": "first", "faithfulness_gain_second": "second"}
"""The faithfulness by which a fusion is compared with its inputs: by fills that none used."""


@dataclass
class Tables:
    """Rows of a study in `folder`, which lies in the `home` of all studies of these records."""

    home: Path
    folder: Path
    stable: bool
    made_by: str = ""
    made_of: str = ""
    evaluation: list[Row] = field(default_factory=list)
    stability: list[Row] = field(default_factory=list)
    sheets: list[Mapping[str, str]] = field(default_factory=list)

    def write(self) -> list[str]:
        """All tables of this study, then those over all that are there; returns what they say."""
        self._csv("evaluation_attauc_deletion", [in_order(r, EVALUATION) for r in self.evaluation])
        if self.stable:
            rows = [in_order(row, STABILITY) for row in self.stability]
            self._csv("evaluation_stability", rows)
            self._csv("stability_by_class", stability_by_class(rows))
        else:  # what an earlier call left may be of other maps; its rows are kept elsewhere
            for name in ("evaluation_stability", "stability_by_class"):
                (self.folder / f"{name}.csv").unlink(missing_ok=True)
        sheets = [{**sheet, "file": f"sheets/{sheet['file']}"} for sheet in self.sheets]
        findings = list(self.findings())
        words = [*self.told(), *findings]
        told: Row = {"made_by": self.made_by, "made_of": self.made_of, "words": words}
        told |= {"findings": findings, "sheets": sheets}
        write_json(self.folder / "study.json", told)
        lines = self.everything()
        write_whole(self.home / "ablation.csv", _frame(lines).to_csv(index=False))
        write_page(self.home, lines, list(_studies(self.home)))
        return words

    def _csv(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        write_whole(self.folder / f"{name}.csv", _frame(rows).to_csv(index=False))

    def everything(self) -> list[Row]:
        """A line for each study, method, scoring and class, of all studies of these records."""
        found = []
        for folder in sorted(p.parent for p in self.home.glob("*/evaluation_attauc_deletion.csv")):
            rows = _read(folder / "evaluation_attauc_deletion.csv")
            stable = folder / "evaluation_stability.csv"
            whole = _with_stability(rows, _read(stable) if stable.exists() else [])
            note = folder / "study.json"
            made = read_json(note, AGAIN).get("made_by", "") if note.exists() else ""
            facts = {"study": folder.name, "made_by": made}
            found += [{**facts, **line} for line in ablation(whole)]
        return found

    def told(self) -> Iterator[str]:
        """What a reader is told first: each class by method."""
        own = [row for row in self.evaluation if row["scoring"] == OURS]
        for line in ablation(_with_stability(own, self.stability)):
            yield _sentence(line)

    def findings(self) -> Iterator[str]:
        """Whether fusing was worth it, in each class."""
        own = [row for row in self.evaluation if row["scoring"] == OURS]
        methods = list(dict.fromkeys(row["method"] for row in own))
        for fused in (method for method in methods if method in FUSED):
            for name in dict.fromkeys(row["class_name"] for row in own):
                rows = [row for row in own if row["class_name"] == name]
                yield _worth(str(name), rows, fused, [m for m in methods if m != fused])


def _frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


def _studies(home: Path) -> Iterator[Row]:
    """What each study of these records left, by its folder."""
    for path in sorted(home.glob("*/study.json")):
        yield {"name": path.parent.name, **read_json(path, AGAIN)}


def _read(path: Path) -> list[Row]:
    """The rows of a table; not-a-number where nothing was measured."""
    table = pd.read_csv(path, dtype=TEXTS).fillna({"stamp": ""})
    return [{str(name): cell for name, cell in row.items()} for row in table.to_dict("records")]


def _with_stability(rows: Sequence[Row], stable: Sequence[Row]) -> list[Row]:
    """Rows with the stability of the same map by the same scores."""
    known = {tuple(row[key] for key in WHO): row for row in stable}
    extra = {
        who: {name: cell for name, cell in row.items() if name.startswith("extra_")}
        for who, row in known.items()
    }
    return [{**row, **extra.get(tuple(row[key] for key in WHO), {})} for row in rows]


def _sentence(line: Mapping[str, Any]) -> str:
    """One method in one class, in words."""
    records, patients = (counted(line[f"n_{what}s"], what) for what in ("record", "group"))
    patients = patients.replace("group", "patient")
    said = f"{line['class_name']:<6}{line['method']:<15} {records} of {patients}: "
    if line["n_pointed"] != line["n_records"]:
        said += f"beats were found in {line['n_pointed']} of them; "
    said += f"strict AttAUC {_number(line, 'strict_attauc')}"
    said += f", beyond a half beat's shift {_number(line, 'strict_attauc_beyond_shifted')}"
    if line.get("truth_attauc") is not None:
        said += f", planted {_number(line, 'truth_attauc')}"
    if line.get("faithfulness_gain") is not None:
        said += f"; deletion {_number(line, 'faithfulness_gain')} better than at random"
    if line.get("extra_spearman") is not None:
        said += f"; stability {_number(line, 'extra_spearman')}"
    return said


def _number(line: Mapping[str, Any], name: str) -> str:
    value, low, high = (line.get(name + end) for end in ("", "_low", "_high"))
    if value is None:
        return "undefined"
    return f"{value:.3f}" if low is None else f"{value:.3f} ({low:.3f} to {high:.3f})"


def _worth(name: str, rows: Sequence[Row], fused: str, inputs: Sequence[str]) -> str:
    """Whether what was fused is more faithful than both its inputs, by the fill that says least."""
    gains: dict[tuple[str, str], Average] = {
        (each, fill): difference(rows, fused, each, column)
        for each in inputs
        for column, fill in HELD_OUT.items()
    }
    known = {each: gain for each, gain in gains.items() if gain.value is not None}
    if not known:
        return f"{name}: whether fusing was worth it was not measured"
    least = min(known, key=lambda each: known[each].value or 0.0)
    (better, fill), gain = least, known[least]
    unknown = gain.interval is None and (gain.value or 0.0) > 0
    verdict = "is NOT shown to beat" if unknown else "does NOT beat"
    verdict = "is more faithful than" if gain.above(0) else verdict
    apart = {"apart": gain.value}
    if gain.interval is not None:
        apart |= {"apart_low": gain.interval[0], "apart_high": gain.interval[1]}
    few = "" if gain.interval is not None else ", without an interval below 6 patients"
    said = f"{name}: the fusion {verdict} {better}, the better of its inputs"
    return f"{said} (deletion gain with the {fill} fill {_number(apart, 'apart')} apart{few})"
