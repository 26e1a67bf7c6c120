"""Weights that a part brings from outside: taken once, by new runs alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from torch import nn

from tremor.errors import Refused
from tremor.tasks.base import Task
from tremor.training.misfits import refuse_other_settings
from tremor.training.pretrained import refuse_misfits, take_published

NODE: dict[str, Any] = {
    "_target_": "tremor.network.models.timm_model.TimmModel",
    "name": "test_resnet",
    "weights": None,
    "drop_rate": 0.0,
}


class Parts(nn.Module):
    """What is read of a task: its network's encoder and model."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.network = nn.ModuleDict({"encoder": nn.Identity(), "model": model})
        self.network.encoder, self.network.model = self.network["encoder"], model


def test_a_part_takes_its_weights_and_says_so(tmp_path: Path) -> None:
    from tremor.network.models.timm_model import TimmModel

    whole = timm.create_model("test_resnet")
    torch.save(whole.state_dict(), tmp_path / "weights.pth")
    model = TimmModel((3, 33, 96), "test_resnet", weights=str(tmp_path / "weights.pth"))
    task: Task = Parts(model)  # type: ignore[assignment]
    assert take_published(task) == [f"model: test_resnet from {tmp_path / 'weights.pth'}"]
    assert torch.equal(model.net.conv1[0].weight, whole.conv1[0].weight)
    plain: Task = Parts(TimmModel((3, 33, 96), "test_resnet"))  # type: ignore[assignment]
    assert take_published(plain) == []


def test_where_first_weights_came_from_does_not_make_another_network() -> None:
    changed = {"weights": "gone.pth", "hub_weights": True, "drop_rate": 0.5, "drop_path_rate": 0.1}
    refuse_other_settings(NODE, NODE | changed, "model", "here")
    with pytest.raises(Refused, match=r"model\.name was test_vit"):
        refuse_other_settings(NODE, NODE | {"name": "test_vit"}, "model", "here")


def test_two_origins_of_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "best.ckpt").touch()
    model = NODE | {"pretrained": str(tmp_path), "weights": "weights.pth"}
    with pytest.raises(Refused, match="both given"):
        refuse_misfits({"encoder": {"pretrained": None}, "model": model})
