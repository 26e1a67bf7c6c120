"""A checkpoint appears whole or not at all."""

from __future__ import annotations

import errno
from pathlib import Path

import lightning
import pytest
import torch
from lightning.pytorch.plugins import TorchCheckpointIO

from tremor.errors import TremorError
from tremor.training.whole_checkpoints import WholeCheckpoints, keep_whole


def test_nothing_is_ever_written_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, keeper = tmp_path / "last.ckpt", WholeCheckpoints()
    keeper.save_checkpoint({"w": torch.ones(3)}, str(path))
    write = Path.write_bytes

    def full(self: Path, content: bytes) -> int:
        write(self, bytes(content)[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(TremorError, match="the disk is full"):
        keeper.save_checkpoint({"w": torch.zeros(3)}, str(path))
    assert torch.equal(keeper.load_checkpoint(path, weights_only=True)["w"], torch.ones(3))
    assert list(tmp_path.iterdir()) == [path]


def test_a_plugin_that_keeps_checkpoints_is_left_alone() -> None:
    class Own(TorchCheckpointIO):
        pass

    for plugins, kept in (([], WholeCheckpoints), ([Own()], Own)):
        quiet = {"logger": False, "enable_progress_bar": False, "accelerator": "cpu"}
        trainer = lightning.Trainer(plugins=plugins, **quiet)
        keep_whole(trainer)
        assert type(trainer.strategy.checkpoint_io) is kept
