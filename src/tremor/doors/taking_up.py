"""Where a resumed run goes on: at an epoch, or within one, behind the batches that it had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tremor.config.build import Plain
from tremor.data.module import DataModule
from tremor.data.order import Place
from tremor.doors.dry_run import Plan
from tremor.doors.echo import say
from tremor.errors import Refused

UNORDERED = ("loader.num_workers", "loader.pin_memory")
"""Keys of the loader that change no batch."""


def place_of(content: dict[str, Any]) -> Place | None:
    """How far a checkpoint is within an epoch; None where that has ended, or has not begun."""
    place = Place(**content.get("DataModule", {}))
    ended = content["loops"]["fit_loop"]["epoch_progress"]["current"]["processed"] > place.epoch
    return place if place.batches and not ended else None


def refuse_other_order(content: dict[str, Any], path: Path, processes: int) -> None:
    """Refuse another number of processes within an epoch: other records would be left of it."""
    place = place_of(content)
    if place is None or place.world in (0, processes):
        return
    fault = (
        f"the run stopped within epoch {place.epoch}, of which {place.world} "
        f"process{'es' * (place.world > 1)} had {place.batches} batches each: {processes} would "
        "not take the rest of its records"
    )
    strategy = " trainer.strategy=ddp" if place.world > 1 else ""
    remedy = f"trainer.devices={place.world}{strategy}, and others once that epoch has ended"
    raise Refused(fault, str(path), remedy)


def tell_place(content: dict[str, Any], path: Path, trainer: Plain, module: DataModule) -> None:
    """Say which checkpoint a run goes on from, where that is, and what is not done again."""
    place = place_of(content)
    if place is None:
        say(f"resume   {path}")
        return
    say(f"resume   {path}, epoch {place.epoch} behind its first {place.batches} batches")
    if content["loops"]["fit_loop"]["epoch_loop.batch_progress"]["is_last_batch"]:
        say("WARNING  these were all: that epoch is not validated, and can no more be the best")
        return
    say(f"note     train/… of epoch {place.epoch} are means over what is left of it")
    if _validated(place, trainer, Plan.of(trainer, module).train_batches):
        said = "a validation was due behind them: it is not made up for"
        say(f"note     {said}, unless metrics.csv has it already")


def _validated(place: Place, trainer: Plain, batches: int) -> bool:
    """Whether Lightning validates behind the batches that an epoch had."""
    interval, epochs = trainer["val_check_interval"], trainer["check_val_every_n_epoch"]
    if not isinstance(interval, int | float):
        return False  # by time
    if epochs is None:
        return (place.epoch * batches + place.batches) % int(interval) == 0
    each = interval if isinstance(interval, int) else int(batches * interval)
    return (place.epoch + 1) % epochs == 0 and place.batches % max(1, each) == 0
