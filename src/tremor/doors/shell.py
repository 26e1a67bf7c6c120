"""Between the shell and a door: argument rewriting before Hydra, clear errors and exit codes after.

Nothing here imports torch, so that `--help`, `--cfg job` and TAB completion answer at once.
"""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from tremor.config import catalogue
from tremor.config.check import refuse
from tremor.config.outside import choices_with, own_folder, without_folder
from tremor.config.overrides import MULTIRUN, groups_of, loosen, sweeping, swept, wrong_choices
from tremor.doors import sweep_job
from tremor.doors.completion_setup import asked_to_complete, tell
from tremor.doors.config_fault import config_fault
from tremor.doors.dry_sweep import kept_apart
from tremor.doors.exhausted import exhausted
from tremor.doors.globs import expanded
from tremor.doors.help import asked_for_help, help_text
from tremor.doors.misspelt import spelt
from tremor.doors.stoppable import stoppable
from tremor.doors.sweep_again import again
from tremor.doors.sweep_plugins import refuse_absent
from tremor.errors import FAULT, REFUSED, STOPPED, TremorError

FAILURES: list[TremorError] = []
warnings.filterwarnings("ignore", "The version_base parameter is deprecated")  # 1.3 warns without


def open_door(main: Callable[[], Any], root: Path) -> None:
    """Run a `hydra.main` function; end with exit code 0, 1 (fault) or 2 (input refused)."""
    traced = os.environ.get("HYDRA_FULL_ERROR") == "1"
    os.environ["TREMOR_TRACEBACK"] = str(int(traced))
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then hands errors on instead of printing them
    try:
        if asked_to_complete(sys.argv[1:]):
            tell(sys.argv[1:], root)
            return
        if asked_for_help(sys.argv[1:]):
            print(help_text(sys.argv[1:], root))
            return
        words = spelt(sys.argv[1:], root)
        with kept_apart(prepared(words, root), root) as arguments, stoppable():
            sys.argv[1:] = arguments
            main()
    except KeyboardInterrupt:
        _tell(TremorError("stopped", code=STOPPED), False)
    except Exception as error:
        _tell(error, traced)
    if FAILURES:
        sys.exit(FAILURES[-1].code)


def job(run: Callable[[], None]) -> int:
    """Run one job of a door and tell its error, so that a sweep's other jobs still run.

    Returns its exit code, which reaches the sweep from whatever process this is.
    """
    place = sweep_job.place()
    told = sweep_job.kept(place, lambda: _tried(run)) if place else _tried(run)
    if told and told.code == STOPPED and swept():
        raise KeyboardInterrupt
    return told.code if told else 0


def _tried(run: Callable[[], None]) -> TremorError | None:
    """Run, and tell the error that ends it, if one does."""
    try:
        run()
    except (KeyboardInterrupt, SystemExit) as stop:  # the second is Lightning's answer to the first
        told = TremorError("stopped", code=STOPPED)
        _tell(told.with_traceback(stop.__traceback__), False)
        return told
    except Exception as error:
        return _tell(error, os.environ.get("TREMOR_TRACEBACK") == "1")
    return None


def _tell(error: Exception, traced: bool) -> TremorError:
    if traced:
        traceback.print_exception(error)
    told = translated(error)
    FAILURES.append(told if told is error else told.with_traceback(error.__traceback__))
    print(told, file=sys.stderr)
    return told


def prepared(arguments: list[str], root: Path) -> list[str]:
    """The arguments for Hydra: keys loosened, globs of stations spelt out, wrong choices refused.

    Calls that only show something (`--cfg`, `--help`, completion) are left as they are.
    """
    arguments = again(arguments, root)
    refuse_absent(arguments, sweeping(arguments))
    folder, words = own_folder(arguments), without_folder(arguments)
    overrides = [a for a in words if not a.startswith("-")]
    flags = [a for a in words if a.startswith("-") and a not in MULTIRUN]
    if flags:
        return arguments
    groups, every = own_groups(root), choices_with(root.parent, folder)
    sound, problems = wrong_choices(overrides, every)
    if problems and not folder and not sweeping(arguments):
        from tremor.doors.checking import refuse_with_the_rest

        refuse_with_the_rest(problems, loosen(sound, groups, every), root)
    refuse(problems)
    several = [a for a in arguments if a in MULTIRUN]
    loosened = loosen(overrides, groups, every)
    return several + folder + expanded(overrides, loosened, root, bool(several))


def own_groups(root: Path) -> dict[str, list[str]]:
    """The groups that this root composes, with their choices."""
    names, every = catalogue.defaults(root), groups_of(root.parent)
    return {g: c for g, c in every.items() if g.split("/")[0] in names and g != "hydra"}


def translated(error: Exception) -> TremorError:
    """Any error as one that a user can read."""
    if isinstance(error, TremorError):
        return error
    if isinstance(error, HydraException | OmegaConfBaseException):
        said = str(error) or str(error.__cause__)
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        advice = [line for line in lines if not line.startswith(("To append", "See https:"))]
        remedy = "--help lists groups and keys; --cfg job shows the composed tree"
        return TremorError(
            " ".join(advice[:8]).replace("++", ""), "the command line", remedy, code=REFUSED
        )
    if told := exhausted(error) or config_fault(error):
        return told
    where = traceback.extract_tb(error.__traceback__)[-1]
    remedy = "HYDRA_FULL_ERROR=1 shows the whole traceback"
    said = f"{type(error).__name__}: {str(error).strip()[:500]}"
    return TremorError(said, f"{where.filename}:{where.lineno}", remedy, code=FAULT)
