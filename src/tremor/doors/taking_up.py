"""Where a resumed run goes on: at an epoch, or within one, behind the batches that it had."""

from __future__ import annotations

from typing import Any

from tremor.data.order import Place
from tremor.doors.echo import say


def tell_place(content: dict[str, Any], path: object) -> None:
    """Say which checkpoint a run goes on from, where that is, and what is not done again."""
    place = Place(**content.get("DataModule", {}))
    loop = content["loops"]["fit_loop"]
    ended = loop["epoch_progress"]["current"]["processed"] > place.epoch
    if ended or not place.batches:
        say(f"resume   {path}")
        return
    say(f"resume   {path}, epoch {place.epoch} behind its first {place.batches} batches")
    if loop["epoch_loop.batch_progress"]["is_last_batch"]:
        say("WARNING  these were all: that epoch is not validated, and can no more be the best")
    else:
        say(f"note     train/… of epoch {place.epoch} are means over what is left of it")
