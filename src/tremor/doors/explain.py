"""The explaining door: a checkpoint is all it needs."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
from omegaconf import DictConfig

from tremor.config.build import build
from tremor.config.roots import ExplainRoot
from tremor.doors.cases import KNOWN, cases_of, known_of, question_of, subject_of
from tremor.doors.checking import asked, command
from tremor.doors.chosen import SELECTIONS, chosen, refuse_selection
from tremor.doors.echo import say
from tremor.doors.evaluate import SPLITS
from tremor.doors.explained import Finished, conclude
from tremor.doors.explaining import Cases, begun, explained
from tremor.doors.opened import OpenedRun, open_run
from tremor.doors.plan import choice, explanations_of, plan_of
from tremor.doors.quiet import quieten
from tremor.doors.retold import mirrors_of, tell_maps
from tremor.doors.sharing import Share, deciding, refuse_shared, shared
from tremor.doors.study import study
from tremor.errors import Refused
from tremor.explain.explanations import Explanations
from tremor.explain.methods import Method
from tremor.explain.questions import Question
from tremor.files import digest, near
from tremor.training.allocator import keep_memory


def explain(composed: DictConfig) -> None:
    """Rebuild the run, choose records, explain them one by one, audit and draw the maps."""
    quieten()
    keep_memory()
    offered = {"split": SPLITS, "select": SELECTIONS}
    wanted, overrides = asked(composed, ExplainRoot, offered)
    refuse_selection(wanted)
    method: Method = build(wanted.explainer["method"])
    run = open_run(wanted.checkpoint, overrides)
    mirrors = mirrors_of(run, overrides)
    if wanted.run_mode:
        refuse_shared("run_mode", overrides)
        study(wanted, run, method)
        return
    question = question_of(run, wanted.target)
    folder = _folder(run, wanted, question)
    with shared(run.config["trainer"], overrides) as share:
        done = _explained(wanted, run, method, question, folder, share)
    if done is not None:
        conclude(done, wanted)
        tell_maps(mirrors, folder)


def _explained(
    wanted: ExplainRoot,
    run: OpenedRun,
    method: Method,
    question: Question,
    folder: Path,
    share: Share,
) -> Finished | None:
    """All records explained, in one file; None in a process that is not the first."""
    cases, table = _cases(wanted, run, question, share)
    plan = plan_of(wanted, run, question.text)
    parts = begun(folder, plan)
    place = folder / "explanation.h5"
    if place.exists():
        say(f"resume   all records are explained in {near(place)}")
        found = Explanations.open(place)
        if tuple(found.table["record_id"]) != cases.names:
            fault = "the explanations there are of other records than are chosen now"
            raise Refused(
                fault, near(folder), f"move them away: mv {near(folder)} {near(folder)}.old"
            )
    else:
        each = explained(method, cases, parts, folder, plan, share)
        if not share.first:
            return None
        meta = plan | {"sampling_rate": run.data.records.sampling_rate}
        found = Explanations.gather(each, cases.inputs.cpu().numpy(), table, question.classes, meta)
        found.save(place)
        parts.drop()
    return Finished(found, cases, method, run, folder) if share.first else None


def _cases(
    wanted: ExplainRoot, run: OpenedRun, question: Question, share: Share
) -> tuple[Cases, pd.DataFrame]:
    """The chosen records in the explainer's space, and what is known of them."""
    subject = subject_of(run, wanted.explainer["subject"])
    table = known_of(chosen(run, wanted, question, share), run.data.records.table)
    _refuse_match(wanted.match, table)
    cases = cases_of(run, subject, question, table, wanted.seed)
    return cases, table.drop(columns="row")


def _refuse_match(columns: list[str], table: pd.DataFrame) -> None:
    """Classes are matched on what is known of the records, or not at all."""
    known = [n for n in KNOWN if n in table and pd.api.types.is_numeric_dtype(table[n])]
    missing = [name for name in columns if name not in known]
    if missing:
        fault = f"the records do not tell {', '.join(missing)}; they tell {', '.join(known)}"
        raise Refused(fault, "match", f"match=[{','.join(known[:2])}]")


def _folder(run: OpenedRun, wanted: ExplainRoot, question: Question) -> Path:
    """A place of its own for each explainer, target, part and choice of settings."""
    plain = (
        "checkpoint=",
        "explainer=",
        "target=",
        "split=",
        "select=",
        "audit=",
        "figures=",
        "match=",
    )
    own = deciding(command().overrides)
    rest = sorted(o for o in own if not o.lstrip("+~").startswith(plain))
    words = [choice()]
    words += [question.short] if question.short else []
    words += [wanted.split] if wanted.split != "test" else []
    words += [wanted.select] if wanted.select != "all" else []
    words += [run.checkpoint.stem] if run.checkpoint.stem != "best" else []
    words += [digest(*rest)[:8]] if rest else []
    return explanations_of(run) / "-".join(
        re.sub(r"\W+", "_", str(word)).strip("_") for word in words
    )
