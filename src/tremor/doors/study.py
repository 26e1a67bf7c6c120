"""A study of ECG maps: records of each class are chosen, explained, and held to account.

What is done is kept record by record: a second call does nothing twice, a killed one goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tremor.config.build import build
from tremor.config.roots import ExplainRoot
from tremor.doors.checking import command
from tremor.doors.echo import near, say
from tremor.doors.judging import predictions
from tremor.doors.opened import OpenedRun
from tremor.doors.plan import choice, plan_of
from tremor.doors.study_class import OfClass
from tremor.doors.study_rows import Rows
from tremor.doors.study_sheets import draw
from tremor.doors.study_tables import Tables
from tremor.doors.subject import Subject
from tremor.errors import Refused
from tremor.explain.fills import Blur, Fill, Noise, Zero
from tremor.explain.heart.claims import LEADS, Claims
from tremor.explain.heart.claims_file import read_claims
from tremor.explain.heart.deletion import Faithfulness
from tremor.explain.heart.judge import Judge
from tremor.explain.methods import Method
from tremor.explain.selection import Selection
from tremor.files import digest, write_whole
from tremor.training import checkpoints
from tremor.training.assemble import device_of

FILLS: Mapping[str, Fill] = {"blur": Blur(along=(1,)), "noise": Noise(draws=1), "zero": Zero()}
"""What is deleted is filled with, none of which needs other records."""


@dataclass(frozen=True)
class Settings:
    """Which records of which classes, and by what their maps are judged."""

    k_per_class: int
    min_prob: float
    max_duration_sec: float
    classes: list[str] | None
    claims: str | None
    faithful: bool
    stability: bool
    augmented: bool
    beat_seed: int
    figures: bool

    def judge(self, claims: Claims, fill: str) -> Judge:
        """Holds maps against claims; deletes with two fills that are not the explainer's."""
        two = [(name, one) for name, one in FILLS.items() if name != fill][:2]
        return Judge(claims, Faithfulness(dict(two)) if self.faithful else None)

    def select(self, seed: int) -> Selection:
        """The rule by which records are chosen."""
        return Selection(self.k_per_class, self.min_prob, self.max_duration_sec, seed)

    def asked(self, known: tuple[str, ...], claims: Claims) -> list[str]:
        """The classes of the study: those named, or all of which something is claimed."""
        strangers = [name for name in self.classes or [] if name not in known]
        if strangers:
            fault = f"{', '.join(strangers)}: the network tells {', '.join(known)}"
            raise Refused(fault, "run_mode.classes", f"run_mode.classes=[{known[0]}]")
        if self.classes is not None:
            return self.classes
        said = [name for name in known if name in claims.diagnoses]
        if not said:
            fault = f"nothing is claimed about {', '.join(known)}"
            raise Refused(fault, "run_mode.claims", "run_mode.claims=<a YAML with those classes>")
        return said


def study(wanted: ExplainRoot, run: OpenedRun, method: Method) -> None:
    """Choose, explain, judge; tables, figures and a page in a folder beside other explanations."""
    settings: Settings = build(wanted.run_mode)
    _refuse_other_runs(wanted, run)
    claims = read_claims(settings.claims)
    home = _home(run)
    chosen = _chosen(wanted, run, settings, settings.asked(run.data.labelled.classes, claims))
    _keep(home / "selection.csv", chosen)
    subject: Subject = build(
        wanted.explainer["subject"],
        task=run.task,
        data=run.data,
        device=device_of(run.config["trainer"]["accelerator"]),
    )
    subject.settle()
    folder, references = home / _choice(), subject.references(wanted.seed)
    told = (settings.beat_seed, settings.faithful, settings.augmented, claims)
    kept = f"judged-{digest(*map(repr, told))[:8]}"
    judge = settings.judge(claims, wanted.explainer.get("fill", ""))
    tables = Tables(home, folder, settings.stability)
    for name, rows in chosen.groupby("group_class", sort=False):
        of_class = OfClass(
            name=str(name),
            rows=rows.reset_index(drop=True),
            run=run,
            subject=subject,
            method=method,
            beat_seed=settings.beat_seed,
            seed=wanted.seed,
            references=references,
            folder=folder / str(name),
            plan=plan_of(wanted, run, str(name)),
        )
        maps = of_class.maps(of_class.cases, "maps")
        rows_of = Rows(of_class, judge, folder / str(name) / kept, settings.augmented)
        tables.evaluation += rows_of.evaluation(maps)
        if settings.stability and of_class.copies:
            again = of_class.maps(of_class.of_copies, f"copies-{settings.beat_seed}")
            tables.stability += rows_of.stability(maps, again)
        if settings.figures:
            tables.sheets += draw(of_class, maps, folder / "sheets")
    tables.write()
    for line in tables.told():
        say(line)
    say(f"\nwritten  {near(folder)}")
    say(f"page     {near(home / 'study.html')}")


def _refuse_other_runs(wanted: ExplainRoot, run: OpenedRun) -> None:
    """A study is of a network that tells several classes at once of 12 leads, by their samples."""
    if not run.data.labelled.multi or tuple(run.data.records.channels) != LEADS:
        fault = "a study is of 12-lead ECGs of several classes"
        raise Refused(fault, "run_mode", "run_mode=none, or the checkpoint of such a run")
    if wanted.explainer["space"] != "signal":
        fault = f"a study is of the signal, not of the {wanted.explainer['space']}"
        raise Refused(fault, "explainer.space", "explainer.space=signal")


def _home(run: OpenedRun) -> Path:
    """Where all studies of this mode lie: `explanations/<mode>` of the run."""
    home = checkpoints.run_of(run.checkpoint)
    base = home / "explanations" if home else run.checkpoint.with_suffix(".explanations")
    return base / command().choices["run_mode"]


def _choice() -> str:
    """The explainer, and what was changed of it, as a folder's name."""
    deciding = ("explainer.", "seed=", "split=")
    own = sorted(o for o in command().overrides if o.lstrip("+~").startswith(deciding))
    return f"{choice()}-{digest(*own)[:8]}" if own else choice()


def _chosen(
    wanted: ExplainRoot, run: OpenedRun, settings: Settings, names: list[str]
) -> pd.DataFrame:
    """The records of each class, and how many there were to choose from."""
    said = predictions(run.task, run.data, wanted.split, run.config)
    known = run.data.records.table[["record_id", "duration_s", "path"]]
    said = said.merge(known, on="record_id", validate="one_to_one")
    select = settings.select(wanted.seed)
    chosen = select(said, names)
    for name in names:
        there = select.candidates(said, name)
        count = int((chosen["group_class"] == name).sum())
        have = int((said[f"label_{name}"] == 1).sum())
        say(f"select   {name}: {count} of {len(there)} that fit, of {have} that have it")
    return chosen


def _keep(place: Path, chosen: pd.DataFrame) -> None:
    """Write the choice; one that stands and is another is refused, as tables rest on it."""
    text = chosen.to_csv(index=False)
    if place.exists() and place.read_text() != text:
        fault = "other records were chosen for the study that is there"
        old = near(place.parent)
        raise Refused(fault, str(place), f"move it away: mv {old} {old}.old")
    write_whole(place, text)
