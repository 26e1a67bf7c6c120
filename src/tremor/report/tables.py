"""Numbers of a verdict in words: what the page's tables and headlines show."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

LABELS = {
    "macro_auroc": "Macro AUROC",
    "macro_auprc": "Macro AUPRC",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_f1": "Macro F1",
    "micro_f1": "Micro F1",
    "exact_match": "All classes right",
    "challenge": "Challenge score",
    "mcc": "MCC",
    "auroc": "AUROC",
    "explained": "Variance explained",
    "loss": "Loss (less is better)",
    "within_accuracy": "Accuracy among precursors",
    "within_balanced_accuracy": "Balanced, among precursors",
    "within_45": "At most 45° off, of those found",
    "joint_accuracy": "All heads right",
    "detection_rate": "Precursors found",
    "detection_auroc": "AUROC of detection",
}
TOGETHER = "all heads"
DETAILS = {
    "ece": "Calibration error (ECE)",
    "brier": "Brier score",
    "gap": "Mean confidence minus accuracy",
    "distance": "Mean distance in classes",
    "within_one": "Share at most one class off",
    "kappa": "Kappa, quadratic weights",
    "magnitude": "Magnitude",
    "snr_db": "SNR (dB)",
    "day": "Date",
    "hour": "Hour (UTC)",
    "distance_km": "Distance (km)",
    "depth_km": "Depth (km)",
    "level": "Level (log10 RMS)",
    "age": "Age (years)",
    "station": "Station",
    "hospital": "Hospital",
}
FROM_MINUS_ONE = {"mcc", "explained", "challenge"}
WITHOUT_CEILING = {"loss"}
UNBEATEN = re.compile(
    r"\b(not|no|cannot|fewer|fails?|unavailable|collapsed|(over|under)-confident|off by)\b",
    re.IGNORECASE,
)
Score = Mapping[str, Any]


@dataclass(frozen=True)
class Headline:
    """One metric for the first screen; `at` places its numbers on a track, in percent."""

    label: str
    value: str
    interval: str
    chance: str
    p: str
    at: dict[str, float]


def headlines(verdict: Score) -> list[Headline]:
    """The verdict's metrics, the known ones first."""
    metrics = verdict["metrics"]
    order = [name for name in LABELS if name in metrics]
    return [_headline(name, metrics[name]) for name in [*order, *(metrics.keys() - LABELS.keys())]]


def headlines_by_head(verdict: Score) -> dict[str, list[Headline]]:
    """The same under each head's name; without heads all are under an empty one."""
    heads = by_head(verdict["metrics"])
    return {head: headlines({"metrics": metrics}) for head, metrics in heads.items()}


def by_head(metrics: Score) -> dict[str, dict[str, Score]]:
    """Metrics by the head that they are of; without heads all are under an empty name."""
    several = any("/" in name for name in metrics)
    found: dict[str, dict[str, Score]] = {}
    for name, score in metrics.items():
        head, _, metric = name.rpartition("/")
        found.setdefault(head or TOGETHER * several, {})[metric] = score
    return found


def _headline(name: str, score: Score) -> Headline:
    numbers = {key: score.get(key) for key in ("value", "lo", "hi", "chance")}
    known = {key: value for key, value in numbers.items() if value is not None}
    floor = -1.0 if name in FROM_MINUS_ONE else 0.0
    ceiling = 1.2 * max(known.values(), default=1.0) if name in WITHOUT_CEILING else 1.0
    places = {key: _place(value, floor, ceiling) for key, value in known.items()}
    return Headline(
        label=LABELS.get(name, name.replace("_", " ")),
        value=number(score.get("value")),
        interval=interval(score),
        chance=number(score.get("chance")),
        p=probability(score.get("p")),
        at=places,
    )


def _place(value: float, floor: float, ceiling: float) -> float:
    """Where a value stands between `floor` and `ceiling`, in percent."""
    return round(100 * min(max((value - floor) / (ceiling - floor), 0), 1), 2)


def spelt(name: str) -> str:
    """What a number of the verdict's details is called on the page."""
    return DETAILS.get(name, name.replace("_", " "))


def between(low: float, high: float) -> str:
    """The ends of a bin in two digits, or the one value that it holds."""
    ends = [f"{end:.2g}".replace("-", "−") for end in (low, high)]
    return ends[0] if ends[0] == ends[1] else "–".join(ends)


def number(value: float | None) -> str:
    """Three decimals, a true minus, a dash for what is not known."""
    return "–" if value is None else f"{round(value, 3) + 0.0:.3f}".replace("-", "−")


def interval(score: Score | None) -> str:
    """The ends of an interval, or nothing."""
    if not score or score.get("lo") is None or score.get("hi") is None:
        return ""
    return f"{number(score['lo'])} to {number(score['hi'])}"


def probability(value: float | None) -> str:
    """A p value: never rounded to nought."""
    if value is None:
        return ""
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def unbeaten(sentence: str) -> bool:
    """Whether a sentence of the verdict tells of something missed, so that it must stand out."""
    return UNBEATEN.search(sentence) is not None


def counted(count: int, thing: str) -> str:
    """`1 event`, `1,200 events`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def size(count: int) -> str:
    """Bytes for people: `999 B`, `1.2 kB`, `3.4 GB`."""
    power = min(max(len(str(count)) - 1, 0) // 3, 3)
    return f"{count} B" if power == 0 else f"{count / 1000**power:.1f} {' kMG'[power]}B"


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Nested values as lines `("git.commit", "1a2b…")`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        yield path, ", ".join(str(item) for item in value)
    else:
        yield path, "–" if value is None else str(value)


def breakable(name: str) -> Markup:
    """A name that may go on in the next line after `_` and `/`, where words of it end."""
    return Markup(str(escape(name)).replace("_", "_<wbr>").replace("/", "/<wbr>"))


def command_line(command: Any) -> str:
    """A command as one line for a shell, whether kept as text or as a list of words."""
    return shlex.join(map(str, command)) if isinstance(command, list) else str(command or "")
