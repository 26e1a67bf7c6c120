"""A run begins, or goes on: its tree, its data and its folder, all found sound."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from lightning.pytorch.utilities.exceptions import MisconfigurationException
from omegaconf import DictConfig

from tremor.config.build import Plain, build
from tremor.data.multilabel import refuse_untaught
from tremor.data.parts import refuse_untrained
from tremor.doors import meeting, processes
from tremor.doors.checking import Command, checked, retuned
from tremor.doors.data import Data, open_data
from tremor.doors.differences import tell_differences
from tremor.doors.dry_run import KEY, taken
from tremor.doors.echo import say
from tremor.doors.mirrors import refuse_unsound
from tremor.doors.run import Run
from tremor.doors.sweep_again import forget
from tremor.doors.taking_up import UNORDERED, refuse_other_order, tell_place
from tremor.errors import Refused
from tremor.files import clear_scratch
from tremor.training import checkpoints, run_folder
from tremor.training.compiling import refuse_uncompilable
from tremor.training.pretrained import refuse_misfits
from tremor.training.trial import try_build, try_out

DATA_AND_MODEL = (
    *("dataset", "loader", "encoder", "model", "decoder", "task", "seed", "train", "optimizer"),
)
"""Beginnings of the keys that a run keeps when it goes on."""


def begun(composed: DictConfig, typed: Command) -> tuple[Run, Data]:
    """A new run: its folder is claimed once tree and data are sound."""
    config, raw = checked(composed)
    dry = taken(config, raw)
    forget(config, raw)
    tell_differences(composed, typed.choices)
    refuse_uncompilable(config)
    try_build(config)
    refuse_misfits(config)
    refuse_unsound(config, typed.choices)
    rehearse(config)
    folder = None if dry else processes.given_folder()
    data = open_data(config)
    refuse_untrained(data.parts)
    refuse_untaught(data.labelled, data.parts)
    try_out(config, data.facts)
    stamp = datetime.now().strftime("%Y-%m-%d__%H_%M_%S")
    wanted = Path(config["output_dir"]).expanduser() / config["experiment_name"] / stamp
    if dry:
        return Run(config, raw, typed.overrides, typed.choices, wanted, dry=True), data
    if folder is None:
        folder = run_folder.claim(typed.folder or wanted)
        meeting.tell(folder)
    return Run(config, raw, typed.overrides, typed.choices, folder), data


def resumed(place: str, typed: Command) -> tuple[Run, Data]:
    """A run that goes on in its own folder, from its latest checkpoint."""
    folder = Path(place).expanduser().resolve()
    clear_scratch(folder, "**/*")
    last = checkpoints.find(str(folder / "checkpoints" / "last.ckpt"))
    content = checkpoints.load(last)
    card = content["tremor"]
    ours = [o for o in typed.overrides if not o.startswith("resume=")]
    config, raw, changed = retuned(card["tree"], ours)
    dry = taken(config, raw)
    changed = [key for key in changed if key != KEY]
    for key in changed:
        say(f"changed  {key}")
    kept = [key for key in changed if key not in UNORDERED]
    refused = [key for key in kept if key.partition(".")[0] in DATA_AND_MODEL]
    if refused:
        fault = f"a resumed run keeps its data, model and optimiser; these would change: {refused}"
        raise Refused(fault, str(last), "start a new run, or leave these overrides out")
    if "ema" in content and not config["callbacks"].get("ema"):
        fault = "this run's weights are averaged, and would learn on from their average"
        raise Refused(fault, "callbacks.ema", "leave callbacks.ema as it was")
    processes.follow()
    refuse_other_order(content, last, rehearse(config))
    data = open_data(config)
    if data.records.fingerprint != card["provenance"]["data_fingerprint"]:
        raise Refused("the data have changed since this run began", str(folder), "start a new run")
    tell_place(content, last, config["trainer"], data.module)
    overrides = card["overrides"] + ours if changed else card["overrides"]
    return Run(config, raw, overrides, card["choices"], folder, last, bool(changed), dry=dry), data


def rehearse(config: Plain) -> int:
    """Build the Trainer once without a run, so that values it refuses are refused early.

    Returns how many processes it is for.
    """
    try:
        trainer = build(config["trainer"] | {"enable_checkpointing": False}, logger=False)
    except (ValueError, TypeError, RuntimeError, MisconfigurationException) as error:
        raise Refused(f"the trainer refuses its settings: {error}", "trainer.*") from error
    processes.refuse_other_count(trainer.num_devices, trainer.num_nodes)
    return int(trainer.world_size)
