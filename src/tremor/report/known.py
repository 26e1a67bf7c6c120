"""What a run's files tell of how it was made, in words: for a checklist and a methods paragraph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from tremor.report.files import RunFiles
from tremor.report.tables import LABELS, counted, interval, number, probability

Plain = Mapping[str, Any]
PARTS = {"train": "training", "val": "validation", "test": "test"}


@dataclass(frozen=True)
class Known:
    """A run's config, provenance, audit and verdict; what is not there is empty."""

    config: Plain
    provenance: Plain
    audit: Plain
    verdict: Plain

    @classmethod
    def of(cls, files: RunFiles) -> Known:
        """What the files of a run tell."""
        config = yaml.safe_load(files.config) or {}
        return cls(config, files.provenance, files.audit or {}, files.verdict or {})

    def at(self, path: str) -> Any:
        """A value of the config by its dotted path; None where there is none."""
        found: Any = self.config
        for key in path.split("."):
            found = found.get(key) if isinstance(found, Mapping) else None
        return found

    def kind(self, path: str) -> str:
        """What a node of the config builds, by its last name."""
        return str(self.at(f"{path}._target_") or "").rpartition(".")[2]

    @property
    def unit(self) -> str:
        """What a group is."""
        return str(self.verdict.get("unit", "event"))

    @cached_property
    def mains(self) -> dict[str, Plain]:
        """The verdict's own scores: one of each head, by its name in words."""
        metrics = self.verdict.get("metrics", {})
        wanted = [
            n for n in metrics if n.rpartition("/")[2] in ("balanced_accuracy", "macro_auroc")
        ]
        found = {}
        for name in wanted or list(metrics)[:1]:
            head, _, metric = name.rpartition("/")
            words = LABELS.get(metric, metric.replace("_", " ")).lower().replace("auroc", "AUROC")
            found[f"{words} of {head}" if head else words] = metrics[name]
        return found

    def parts(self) -> Iterator[str]:
        """Each part of the split with its records and groups."""
        for part, words in PARTS.items():
            rows = [r for r in self.audit.get("balance", []) if r["split"] == part]
            if rows:
                classes = ", ".join(
                    f"{r['class']} {r['records']:,} of {counted(r['groups'], self.unit)}"
                    for r in rows
                )
                yield f"{words}: {classes}"

    @property
    def judged(self) -> list[Plain]:
        """The verdict itself, or that of each head."""
        return list(self.verdict.get("heads", {}).values()) or [self.verdict]


def scored(score: Plain) -> str:
    """A score with its interval, chance and p."""
    said = [number(score["value"])]
    if reach := interval(score):
        said.append(f"interval {reach}")
    if score.get("chance") is not None:
        said.append(f"chance {number(score['chance'])}")
    if score.get("p") is not None:
        said.append(probability(score["p"]))
    return f"{said[0]} ({', '.join(said[1:])})" if said[1:] else said[0]
