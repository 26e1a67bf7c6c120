"""Checkpoints that appear whole or not at all, on whatever disk they are kept."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.plugins import TorchCheckpointIO

from tremor.files import write_whole


class WholeCheckpoints(TorchCheckpointIO):
    """Writes beside the place, then renames.

    Lightning writes into the system's folder for temporary files and moves from there: where that
    is another disk, moving means copying, and a kill in its midst leaves half a checkpoint in
    place of the last whole one.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        write_whole(Path(path), buffer.getbuffer())


def keep_whole(trainer: lightning.Trainer) -> None:
    """Write this trainer's checkpoints so, unless a plugin of its own keeps them."""
    strategy = trainer.strategy
    if type(strategy.checkpoint_io) is TorchCheckpointIO:
        strategy.checkpoint_io = WholeCheckpoints()
