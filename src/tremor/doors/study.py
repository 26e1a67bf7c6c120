"""A study of ECG maps: records of each class are chosen, explained, and held to account.

What is done is kept record by record: a second call does nothing twice, a killed one goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from tremor.config.build import build
from tremor.config.roots import ExplainRoot
from tremor.doors.checking import command
from tremor.doors.echo import say
from tremor.doors.explained import report_anew
from tremor.doors.opened import OpenedRun
from tremor.doors.plan import choice, explanations_of, plan_of
from tremor.doors.study_class import OfClass, maps_of
from tremor.doors.study_kept import Left
from tremor.doors.study_rows import Rows
from tremor.doors.study_selection import chosen_of, judged_records, kept, taken
from tremor.doors.study_sheets import draw
from tremor.doors.study_tables import Tables
from tremor.doors.subject import Subject
from tremor.errors import Refused
from tremor.explain.fills import Blur, Fill, Noise, Zero, two_others
from tremor.explain.heart.claims import LEADS, Claims
from tremor.explain.heart.claims_file import read_claims
from tremor.explain.heart.deletion import Faithfulness
from tremor.explain.heart.judge import Judge
from tremor.explain.methods import Method
from tremor.explain.selection import Selection
from tremor.files import digest, near
from tremor.training.assemble import device_of

FILLS: Mapping[str, Fill] = {"blur": Blur(along=(1,)), "noise": Noise(draws=1), "zero": Zero()}
"""What is deleted is filled with, none of which needs other records."""
IDLE = (
    "target=",
    "select=",
    "models=",
    "records=",
    "max_per_class=",
    "audit=",
    "match=",
    "figures=",
)
"""Keys of the door that a study has others for, or none."""


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
    selection: str | None

    def judge(self, claims: Claims, fill: str) -> Judge:
        """Holds maps against claims; deletes with two fills that are not the explainer's."""
        return Judge(claims, Faithfulness(two_others(FILLS, fill)) if self.faithful else None)

    def select(self, seed: int) -> Selection:
        """The rule by which records are chosen."""
        return Selection(self.k_per_class, self.min_prob, self.max_duration_sec, seed)

    def asked(self, known: Mapping[str, Sequence[object]], claims: Claims) -> list[str]:
        """The classes of the study: those named, or all of which something is claimed.

        `known` are the classes of the network with their codes.
        """
        strangers = [name for name in self.classes or [] if name not in known]
        if strangers:
            fault = f"{', '.join(strangers)}: the network tells {', '.join(known)}"
            raise Refused(fault, "run_mode.classes", f"run_mode.classes=[{next(iter(known))}]")
        wanted = list(known) if self.classes is None else self.classes
        unclaimed = [name for name in wanted if claims.key(name, known[name]) is None]
        said = [name for name in wanted if name not in unclaimed]
        if not said or (unclaimed and self.classes is not None):
            fault = f"nothing is claimed about {', '.join(unclaimed)}"
            raise Refused(fault, "run_mode.claims", "run_mode.claims=<a YAML with those classes>")
        if unclaimed:
            say(f"note     nothing is claimed about {', '.join(unclaimed)}: left out")
        return said


def study(wanted: ExplainRoot, run: OpenedRun, method: Method) -> None:
    """Choose, explain, judge; tables, figures and a page in a folder beside other explanations."""
    settings: Settings = build(wanted.run_mode)
    _refuse_other_runs(wanted, run)
    claims = read_claims(settings.claims)
    home = _home(run)
    chosen = _chosen(wanted, run, settings, claims, home)
    folder = home / _choice()
    judge = settings.judge(claims, wanted.explainer.get("fill", ""))
    left = Left(home, folder, _made_of(wanted, run, settings, judge, chosen))
    if left.stands(chosen, maps_of(method), settings.stability, settings.figures):
        for line in left.told(chosen):
            say(line)
        return
    tables = Tables(home, folder, settings.stability, made_by(judge), left.made_of)
    for of_class in _classes(wanted, run, method, settings.beat_seed, chosen, folder):
        maps = of_class.maps(of_class.cases, "maps")
        rows_of = Rows(of_class, judge, _kept(of_class, judge, settings), settings.augmented)
        tables.evaluation += rows_of.evaluation(maps)
        if settings.stability:
            there = f"copies-{settings.beat_seed}"
            again = of_class.maps(of_class.of_copies, there) if of_class.copies else {}
            tables.stability += rows_of.stability(maps, again)
        if settings.figures:
            tables.sheets += draw(of_class, maps, folder / "sheets")
    for line in tables.write():
        say(line)
    say(f"\nwritten  {near(folder)}")
    say(f"page     {near(home / 'study.html')}")
    report_anew(run)


def _chosen(
    wanted: ExplainRoot, run: OpenedRun, settings: Settings, claims: Claims, home: Path
) -> pd.DataFrame:
    """The records of the study: by its rule or from its file, and kept in `selection.csv`."""
    codes = {name: run.config["dataset"]["classes"][name] for name in run.data.labelled.classes}
    names = settings.asked(codes, claims)
    said = judged_records(wanted, run, home)
    if settings.selection is None:
        made = chosen_of(said, names, settings.select(wanted.seed))
    else:
        made = taken(Path(settings.selection), said, {name: codes[name] for name in names})
    return kept(home / "selection.csv", made)


def _classes(
    wanted: ExplainRoot,
    run: OpenedRun,
    method: Method,
    beat_seed: int,
    chosen: pd.DataFrame,
    folder: Path,
) -> Iterator[OfClass]:
    """The classes of the study one by one, each with its chosen records."""
    subject: Subject = build(
        wanted.explainer["subject"],
        task=run.task,
        data=run.data,
        device=device_of(run.config["trainer"]["accelerator"]),
    )
    subject.settle()
    references = subject.references(wanted.seed)
    for name, rows in chosen.groupby("group_class", sort=False):
        yield OfClass(
            name=str(name),
            rows=rows.reset_index(drop=True),
            run=run,
            subject=subject,
            method=method,
            beat_seed=beat_seed,
            seed=wanted.seed,
            references=references,
            folder=folder / str(name),
            plan=plan_of(wanted, run, str(name)),
        )


def _made_of(
    wanted: ExplainRoot, run: OpenedRun, settings: Settings, judge: Judge, chosen: pd.DataFrame
) -> str:
    """The digest of all that decides what a study says: weights, data, settings, claims, choice."""
    plain = replace(settings, figures=False, selection=None)
    told = (plan_of(wanted, run, ""), judge, plain, run.config["dataset"]["classes"])
    return digest(*map(repr, told), chosen.to_csv(index=False))


def _kept(of: OfClass, judge: Judge, settings: Settings) -> Path:
    """Where rows of these very maps by this very judge are kept."""
    told = (judge, of.plan, of.codes, of.names, settings.beat_seed, settings.augmented)
    return of.folder / f"judged-{digest(*map(repr, told))[:8]}"


def made_by(judge: Judge) -> str:
    """What decided the numbers beside the maps themselves, in a line: what else was typed too."""
    fills = judge.faithfulness.fills if judge.faithfulness else ()
    said = [f"claims of {Path(judge.claims.source).name} ({digest(repr(judge.claims))[:6]})"]
    said += [f"deleted with {' and '.join(fills)}"] if fills else []
    return "; ".join([" ".join(_own()) or "as it comes", *said])


def _refuse_other_runs(wanted: ExplainRoot, run: OpenedRun) -> None:
    """A study is of a network that tells several classes at once of 12 leads, by their samples."""
    if not run.data.labelled.multi or tuple(run.data.records.channels) != LEADS:
        fault = "a study is of 12-lead ECGs of several classes"
        raise Refused(fault, "run_mode", "run_mode=none, or the checkpoint of such a run")
    idle = [o for o in command().overrides if o.lstrip("+~").startswith(IDLE)]
    if idle:
        fault = f"{', '.join(idle)}: a study does not heed it"
        remedy = "run_mode.classes=[AF], run_mode.k_per_class=3, run_mode.figures=true"
        raise Refused(fault, "run_mode", remedy)
    if wanted.explainer["space"] != "signal":
        fault = f"a study is of the signal, not of the {wanted.explainer['space']}"
        raise Refused(fault, "explainer.space", "explainer.space=signal")


def _home(run: OpenedRun) -> Path:
    """Where all studies of this mode lie: `explanations/<mode>` of the run."""
    return explanations_of(run) / command().choices["run_mode"]


def _choice() -> str:
    """The explainer, and what was changed of it, as a folder's name."""
    own = _own()
    return f"{choice()}-{digest(*own)[:8]}" if own else choice()


def _own() -> list[str]:
    """What was typed that decides the maps, but for which explainer it is."""
    deciding = ("explainer.", "seed=", "split=")
    return sorted(o for o in command().overrides if o.lstrip("+~").startswith(deciding))
