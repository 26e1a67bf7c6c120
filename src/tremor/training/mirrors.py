"""Mirrors of a run: its numbers and figures elsewhere, for dashboards; metrics.csv is the truth."""

from __future__ import annotations

import io
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only
from matplotlib.figure import Figure
from PIL import Image

from tremor.config.build import RESERVED, Plain
from tremor.config.resolve import leaves

SPENT = ("logger", "callbacks", "report", "cache_dir", "output_dir", "resume")
"""Parts of the tree that say nothing of what was learned."""
ROWS = 10_000
"""Predictions that a table of a dashboard holds."""


@dataclass(frozen=True)
class About:
    """What a mirror is told of the run; `sweep` names the sweep that it is a job of, if any.

    `judged`: the run has ended before, and is only judged or explained now.
    """

    folder: Path
    config: Plain
    choices: Mapping[str, str]
    say: Callable[[str], None]
    provenance: Plain = field(default_factory=dict)
    sweep: str | None = None
    resumed: bool = False
    judged: bool = False

    @property
    def name(self) -> str:
        """What to call the run: `<experiment>/<time>`, or `<time>/<number>` in a sweep."""
        return "/".join(self.folder.parts[-2:])


@dataclass(frozen=True)
class Findings:
    """What is known once the run has been judged; `aside` names a verdict that is not its own."""

    steps: int
    verdict: Plain
    figures: Mapping[str, Figure]
    folder: Path
    aside: str = ""

    @property
    def under(self) -> str:
        """What the names of figures and tables begin with: `evaluation/val/` of another verdict."""
        return f"evaluation/{self.aside}/" if self.aside else ""

    @property
    def part(self) -> str:
        """What the names of numbers begin with: `test/`, or `evaluation/val/`."""
        return self.under or f"{self.verdict['split']}/"

    @property
    def numbers(self) -> dict[str, float]:
        """The metrics that have a value, by part and name: `test/accuracy`."""
        known = self.verdict["metrics"].items()
        return {f"{self.part}{n}": m["value"] for n, m in known if m["value"] is not None}

    @property
    def details(self) -> dict[str, Any]:
        """Interval, chance and p of each metric (`test/accuracy_lo`), and the verdict in words."""
        part, metrics = self.part, self.verdict["metrics"]
        found = {
            f"{part}{name}_{key}": score[key]
            for name, score in metrics.items()
            for key in ("lo", "hi", "chance", "p")
            if score.get(key) is not None
        }
        sizes = {f"{part}{key}": self.verdict[key] for key in ("records", "groups")}
        return found | sizes | {f"{self.under}verdict": "\n".join(self.verdict["verdict"])}

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Metrics, classes and baselines (of each head), and the first predictions."""
        found = {"metrics": rows_of("metric", self.verdict["metrics"])}
        for head, verdict in {"": self.verdict, **self.verdict.get("heads", {})}.items():
            for section, first in (("per_class", "class"), ("baselines", "baseline")):
                if verdict.get(section):
                    found[f"{section}_{head}".rstrip("_")] = rows_of(first, verdict[section])
        place = self.folder / "evaluation" / self.aside / "predictions.csv"
        return found | {"predictions": pd.read_csv(place, nrows=ROWS)}


def best(folder: Path, watched: Plain) -> dict[str, float]:
    """What the watched metric reached on the validation part, as `best/val/loss`."""
    if not (folder / "metrics.csv").exists():
        return {}
    metrics = pd.read_csv(folder / "metrics.csv")
    name = watched["monitor"]
    known = metrics[name].dropna() if name in metrics else pd.Series(dtype=float)
    return {} if known.empty else {f"best/{name}": float(getattr(known, watched["mode"])())}


class Mirror(Logger):
    """A copy of the run elsewhere. Where it fails, that is said once and the run goes on."""

    label = "mirror"

    def __init__(self, about: About):
        super().__init__()
        self.about = about
        self.failed: set[str] = set()

    @property
    def name(self) -> str:
        return self.label

    @property
    def version(self) -> str:
        return ""

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Nothing: the mirror has the run's config."""

    def begin(self) -> None:
        """Begin before the first step; what cannot begin is refused."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        self._try("numbers", lambda: self.take(metrics, int(step or 0)))

    @rank_zero_only
    def conclude(self, findings: Findings) -> None:
        """Take what the judge found."""
        self._try("findings", lambda: self.take_findings(findings))

    @rank_zero_only
    def end(self, code: int) -> None:
        """End with the exit code of the run."""
        self._try("end", lambda: self.close(code))

    def reached(self, findings: Findings) -> dict[str, float]:
        """The final numbers: of the judge, and the best on the validation part."""
        if self.about.judged:
            return findings.numbers
        return findings.numbers | best(self.about.folder, self.about.config["train"])

    @rank_zero_only
    def illustrate(self, pictures: Mapping[str, Path]) -> None:
        """Take pictures that are kept as files, by name."""
        images = {name: Image.open(path) for name, path in pictures.items()}
        self._try("pictures", lambda: self.show(images))

    @abstractmethod
    def take(self, metrics: Mapping[str, float], step: int) -> None:
        """Numbers of a step."""

    @abstractmethod
    def take_findings(self, findings: Findings) -> None:
        """Figures, tables and final numbers."""

    @abstractmethod
    def show(self, pictures: Mapping[str, Image.Image]) -> None:
        """Pictures by name."""

    @abstractmethod
    def close(self, code: int) -> None:
        """Close in the run's true state."""

    def _try(self, what: str, call: Callable[[], None]) -> None:
        """Do it, unless the same failed before."""
        if what in self.failed:
            return
        try:
            call()
        except Exception as error:
            self.failed.add(what)
            reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            self.about.say(f"{self.label:<8} lost the {what} ({reason}); the run's folder has them")


def config_of(config: Plain) -> Plain:
    """The tree to filter runs by: plain values by group, without the names of code."""
    kept = {key: value for key, value in config.items() if key not in SPENT}
    return {key: _without_code(value) for key, value in kept.items()}


def _without_code(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_code(v) for k, v in value.items() if k not in RESERVED}
    return value


def scalars(config: Plain) -> dict[str, bool | int | float | str]:
    """The values of a tree that are one number or word, by dotted path."""
    return {k: v for k, v in leaves(config) if isinstance(v, bool | int | float | str)}


def rows_of(first: str, section: Mapping[str, Any]) -> pd.DataFrame:
    """A section of a verdict as a table: a row for each entry, named in the column `first`."""
    return pd.DataFrame([{first: name} | dict(_cells(entry)) for name, entry in section.items()])


def _cells(entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """One number or word a column: `f1`, `f1_lo`, `f1_hi`."""
    for path, value in leaves(entry):
        if value is None or isinstance(value, int | float | str):
            yield path.removesuffix(".value").replace(".", "_"), value


def picture(figure: Figure) -> Image.Image:
    """The figure as pixels on white."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120, facecolor="white")
    return Image.open(buffer)
