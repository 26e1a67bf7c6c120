"""Between the shell and a door: argument rewriting before Hydra, clear errors and exit codes after.

Nothing here imports torch, so that `--help`, `--cfg job` and TAB completion answer at once.
"""

from __future__ import annotations

import itertools
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from tremor.config.check import refuse
from tremor.config.overrides import groups_of, loosen, wrong_choices
from tremor.doors.globs import expanded
from tremor.errors import FAULT, REFUSED, STOPPED, TremorError

SWEEP = ("-m", "--multirun")


FAILURES: list[TremorError] = []


def open_door(main: Callable[[], Any], root: Path) -> None:
    """Run a `hydra.main` function; end with exit code 0, 1 (fault) or 2 (input refused)."""
    traced = os.environ.get("HYDRA_FULL_ERROR") == "1"
    os.environ["TREMOR_TRACEBACK"] = str(int(traced))
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then hands errors on instead of printing them
    try:
        if {"--help", "-h"} & set(sys.argv[1:]):
            print(help_text(root))
            return
        sys.argv[1:] = prepared(sys.argv[1:], root)
        main()
    except Exception as error:
        _tell(error, traced)
    if FAILURES:
        sys.exit(FAILURES[0].code)


def job(run: Callable[[], None]) -> None:
    """Run one job of a door; its error is told here, so that a sweep's other jobs still run."""
    try:
        run()
    except KeyboardInterrupt:
        FAILURES.append(TremorError("stopped", code=STOPPED))
        print(FAILURES[-1], file=sys.stderr)
    except Exception as error:
        _tell(error, os.environ.get("TREMOR_TRACEBACK") == "1")


def _tell(error: Exception, traced: bool) -> None:
    if traced:
        traceback.print_exception(error)
    FAILURES.append(translated(error))
    print(FAILURES[-1], file=sys.stderr)


def prepared(arguments: list[str], root: Path) -> list[str]:
    """The arguments for Hydra: keys loosened, globs of stations spelt out, wrong choices refused.

    Calls that only show something (`--cfg`, `--help`, completion) are left as they are.
    """
    overrides = [a for a in arguments if not a.startswith("-")]
    flags = [a for a in arguments if a.startswith("-") and a not in SWEEP]
    if flags:
        return arguments
    groups, every = own_groups(root), groups_of(root.parent)
    sound, problems = wrong_choices(overrides, every)
    if problems and not set(arguments) & set(SWEEP):
        from tremor.doors.checking import refuse_with_the_rest

        refuse_with_the_rest(problems, loosen(sound, groups, every), root)
    refuse(problems)
    sweeping = [a for a in arguments if a in SWEEP]
    loosened = loosen(overrides, groups, every)
    return sweeping + expanded(overrides, loosened, root, bool(sweeping))


def help_text(root: Path) -> str:
    """The heading of the root's file, and every group with its choices and what they are."""
    lines = [*_heading(root), "", "Groups and their choices:"]
    for group, choices in groups_of(root.parent).items():
        if group == "hydra" or group.startswith("experiment/"):
            continue
        files = {choice: root.parent / group / f"{choice}.yaml" for choice in choices}
        said = {choice: " ".join(_heading(file)[:1]) for choice, file in files.items()}
        lines += ["", f"{group}="]
        lines += [f"  {choice:<28} {text}".rstrip() for choice, text in said.items()]
    return "\n".join(lines)


def _heading(file: Path) -> list[str]:
    """The comment lines at the top of a config file, after Hydra's own directive."""
    lines = [line for line in file.read_text().splitlines() if not line.startswith("# @package")]
    return [line[2:] for line in itertools.takewhile(lambda line: line.startswith("#"), lines)]


def own_groups(root: Path) -> dict[str, list[str]]:
    """The groups that this root composes, with their choices."""
    defaults = yaml.safe_load(root.read_text())["defaults"]
    names = {name for entry in defaults if isinstance(entry, dict) for name in entry}
    every = groups_of(root.parent)
    return {g: c for g, c in every.items() if g.split("/")[0] in names and g != "hydra"}


def translated(error: Exception) -> TremorError:
    """Any error as one that a user can read."""
    if isinstance(error, TremorError):
        return error
    if isinstance(error, HydraException | OmegaConfBaseException):
        said = str(error) or str(error.__cause__)
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        advice = [line for line in lines if not line.startswith("To append")]
        remedy = "--help lists groups and keys; --cfg job shows the composed tree"
        return TremorError(" ".join(advice[:8]), "the command line", remedy, code=REFUSED)
    where = traceback.extract_tb(error.__traceback__)[-1]
    remedy = "HYDRA_FULL_ERROR=1 shows the whole traceback"
    said = f"{type(error).__name__}: {str(error).strip()[:500]}"
    return TremorError(said, f"{where.filename}:{where.lineno}", remedy, code=FAULT)
