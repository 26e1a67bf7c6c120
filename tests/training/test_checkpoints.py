"""Finding and opening checkpoints, and weights that fit or say why not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from tremor.errors import Refused
from tremor.training.checkpoints import CARD, FORMAT, find, load, part_weights, run_of, take_weights
from tremor.training.misfits import refuse_other_settings


def test_best_is_preferred_to_last(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    (folder / "last.ckpt").touch()
    assert find(str(tmp_path)) == folder / "last.ckpt"
    (folder / "best.ckpt").touch()
    for place in (tmp_path, folder, folder / "best.ckpt"):
        assert find(str(place)) == folder / "best.ckpt"
    assert run_of(find(str(tmp_path))) == tmp_path
    assert run_of(tmp_path / "some.ckpt") is None


def test_what_was_looked_for_is_said(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"no best\.ckpt or last\.ckpt in it"):
        find(str(tmp_path))
    with pytest.raises(Refused, match="no such file or folder"):
        find(str(tmp_path / "none"))


def test_a_folder_of_runs_names_its_latest(tmp_path: Path) -> None:
    kept = tmp_path / "quickstart" / "run" / "checkpoints"
    kept.mkdir(parents=True)
    (kept / "last.ckpt").touch()
    for folder in (tmp_path, tmp_path / "quickstart"):
        with pytest.raises(Refused) as refusal:
            find(str(folder))
        assert f"such as {kept.parent}, the latest" in refusal.value.remedy


@pytest.mark.parametrize("content", [{"state_dict": {}}, {"tremor": {"format": 0}}, [1, 2]])
def test_foreign_checkpoints_are_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "x.ckpt")
    with pytest.raises(Refused, match="not a checkpoint of this version"):
        load(tmp_path / "x.ckpt")


def test_a_checkpoint_of_ours_opens(tmp_path: Path) -> None:
    card = {"format": FORMAT} | {name: {} for name in CARD}
    content = {"tremor": card, "state_dict": {"network.model.w": torch.ones(2)}}
    torch.save(content, tmp_path / "x.ckpt")
    assert torch.equal(part_weights(load(tmp_path / "x.ckpt"), "model")["w"], torch.ones(2))


def test_a_checkpoint_with_one_other_bit_is_refused_where_torch_would_read_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.ckpt"
    torch.save({"state_dict": {"w": torch.arange(1000.0)}}, path)
    content = bytearray(path.read_bytes())
    place = content.index(torch.arange(1000.0).numpy().tobytes()) + 400
    content[place] ^= 1
    path.write_bytes(content)
    assert torch.load(path, weights_only=True)["state_dict"]["w"][100] != 100
    with pytest.raises(Refused, match=r"x/data/0 in it has changed since it was written"):
        load(path)


def test_weights_fit_key_by_key_or_every_fault_is_listed() -> None:
    module, other = nn.Linear(3, 2), nn.Linear(3, 2)
    take_weights(module, other.state_dict(), "here")
    assert torch.equal(module.weight, other.weight)
    wrong = {"weight": torch.zeros(2, 4), "bais": torch.zeros(2)}
    with pytest.raises(Refused) as refused:
        take_weights(module, wrong, "here")
    for fault in ("missing: bias", "left over: bais", "shape of weight: (2, 4)"):
        assert fault in refused.value.problem
    assert torch.equal(module.weight, other.weight)


def test_weights_of_nothing_in_particular_are_refused() -> None:
    with pytest.raises(Refused, match="does not say what its model was"):
        refuse_other_settings({"_target_": "torch.nn.Linear"}, {"x": 1}, "model", "a.ckpt")
