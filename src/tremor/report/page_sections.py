"""What a page of a run is made of: its sections in their order, and the titles of its figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tremor.report.mistakes import of_heads

TITLES = {
    "confusions": "Confusion matrix of each head: records by true and predicted class",
    "detection": "Share of precursors found against false alarms",
    "angles": "Records by how far off the predicted direction is",
    "learning_curves": "Loss and accuracy on train and val against the epoch",
    "confusion": "Confusion matrix: records by true and predicted class",
    "per_class": "Precision, recall and F1 of each class with intervals and chance",
    "class_balance": "Records and groups of each class in each part of the split",
    "fan_chart": "Median waveform of each class with quantile bands",
    "reliability": "Share of right answers against the probability that was given",
    "risk_coverage": "Share of wrong answers among the surest against the share that is answered",
    "coverage_in_time": "How often prediction sets of successive times hold the class",
    "ordinal_times": "Predicted class against true time to the main shock",
    "strata": "Accuracy among events of small and large magnitude and signal-to-noise ratio",
    "roc": "Share of each class that is found against false alarms",
    "precision_recall": "Share of calls that are right against the share that is found",
    "reliabilities": "Share that has each class against the probability that was given",
    "called": "Records by the classes that they have and are said to have",
    "timeline": "Every event at its date and magnitude (where known), in the colour of its class",
    "pretraining_curves": "Loss, skill, codes and temperature of pretraining against the epoch",
    "codebook": "How often each code of the codebook is used",
}
SECTIONS = {
    "verdict": "Verdict",
    "baselines": "Baselines",
    "together": "All heads",
    "detection": "Detection",
    "head": "",
    "classes": "Classes",
    "probabilities": "Probabilities",
    "sets": "When to trust an answer",
    "order": "Order in time",
    "strata": "Strata",
    "slices": "Slices",
    "features": "Features",
    "mistakes": "Mistakes",
    "explanations": "Explanations",
    "studies": "Study of maps",
    "signals": "Signals",
    "audit": "Leak audit",
    "learning": "Learning",
    "codebook": "Codebook",
    "ran": "What ran",
    "paper": "For a paper",
    "again": "To run it again",
    "files": "Files",
}
"""The sections in their order: what it is worth, where it errs, why, on what, made by what."""
OF_CLASSES = {"classes": "per_class", "baselines": "baselines"}
OPTIONAL = {
    "detection": ("detection",),
    "together": ("joint",),
    "codebook": ("codebook",),
    "probabilities": ("calibration", "reliability", "reliabilities"),
    "order": ("ordinal", "times", "ordinal_times", "timeline"),
    "strata": ("strata",),
    "slices": ("slices",),
    "sets": ("sets", "selective"),
    "features": ("unusual", "probe"),
    "paper": ("metrics",),
    "explanations": ("explanations",),
    "studies": ("studies",),
}


def titles(heads: Iterable[str]) -> dict[str, str]:
    """What each figure shows, by its name: those of one head end with it."""
    return TITLES | {f"{name}_{h}": f"{said} · {h}" for h in heads for name, said in TITLES.items()}


def sections(verdict: Mapping[str, Any] | None, parts: Iterable[str]) -> dict[str, str]:
    """The sections of a page and their headings: none that this kind of run cannot have.

    `parts` are the names of what there is beside the verdict: figures, and explanations.
    """
    there = {*(verdict or {}), *parts}
    gone = {s for s, needed in OPTIONAL.items() if there.isdisjoint(needed)}
    gone |= set() if any(of_heads(verdict or {})) else {"mistakes"}
    if verdict is not None:
        gone |= {s for s, needed in OF_CLASSES.items() if needed not in verdict}
    heads = [head[:1].upper() + head[1:] for head in (verdict or {}).get("heads", {})]
    found: dict[str, str] = {}
    for name, heading in SECTIONS.items():
        each = {f"head-{n}": title for n, title in enumerate(heads, 1)}
        found |= each if name == "head" else {} if name in gone else {name: heading}
    return found
