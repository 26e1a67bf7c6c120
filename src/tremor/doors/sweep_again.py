"""`sweep=<folder> retry=failed`: the command of a sweep again, for the jobs that it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tremor.config.build import Plain
from tremor.config.overrides import key_of, parse, quoted
from tremor.errors import Refused
from tremor.files import clear_scratch
from tremor.training.sweep_folder import WANTED, Sweep

OURS = ("sweep", "retry")
GIVEN = ("hydra.mode", "hydra.sweep.dir", "hydra.sweeper.retry")
"""What the sweep's own record must not bring back."""
LAUNCHER = "hydra/launcher"


def again(arguments: Sequence[str], root: Path) -> list[str]:
    """The arguments as they are, or those of the sweep that they name."""
    keys = {key_of(text): text for text in arguments}
    if not set(OURS) & keys.keys():
        return list(arguments)
    if root.stem != "train":
        raise Refused("only simple_train.py takes a sweep up again", "the command line")
    if "sweep" not in keys:
        raise Refused("retry= needs the sweep's folder", "retry", "sweep=<folder> retry=failed")
    values = parse([keys[key] for key in OURS if key in keys])
    retry = str(values.get("retry") or "failed")
    if retry not in WANTED:
        raise Refused(f"retry is one of {', '.join(WANTED)}", "retry", "retry=failed")
    own = [text for key, text in keys.items() if key not in OURS and not text.startswith("-")]
    _refuse_changes(own)
    sweep = Sweep.read(Path(str(values["sweep"])).expanduser().resolve())
    _refuse_elsewhere(sweep)
    clear_scratch(sweep.folder, "**/*")
    place = f"hydra.sweep.dir={quoted(str(sweep.folder))}"
    words = [*sweep.arguments, *_kept(sweep.hydra, own), *own]
    return ["-m", *sweep.outside, *words, place, f"hydra.sweeper.retry={retry}"]


def forget(*trees: Plain) -> None:
    """Take our keys out of a run's tree: they are no part of it."""
    for tree in trees:
        for key in OURS:
            tree.pop(key, None)


def _refuse_changes(own: Sequence[str]) -> None:
    """Jobs keep their config; only how they are launched may be another."""
    changes = [text for text in own if not key_of(text).startswith(("hydra.", "hydra/"))]
    if changes:
        said = f"the jobs of a sweep keep their config; {', '.join(changes)} would change it"
        raise Refused(said, "the command line", "leave it out, or start a new sweep")


def _refuse_elsewhere(sweep: Sweep) -> None:
    """Paths of the jobs are as they were typed: from the folder where the sweep began."""
    home = Path(sweep.home)
    if home.is_dir() and home != Path.cwd():
        raise Refused("this sweep was begun in another folder", str(home), f"cd {home}")


def _kept(recorded: Sequence[str], own: Sequence[str]) -> list[str]:
    """Hydra's overrides of the sweep, but for those that are given anew."""
    anew = {key_of(text) for text in own} | set(GIVEN)
    kept = [text for text in recorded if key_of(text) not in anew]
    if LAUNCHER in anew:
        kept = [text for text in kept if not key_of(text).startswith("hydra.launcher.")]
    return kept
