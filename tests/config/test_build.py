"""Building nodes: only from the allowlist, nested first, run-time facts as arguments."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tremor.config.build import build, locate
from tremor.errors import Refused


def test_a_node_becomes_the_object_it_names() -> None:
    layer = build({"_target_": "torch.nn.Linear", "out_features": 2}, in_features=3)
    assert isinstance(layer, nn.Linear)
    assert layer.weight.shape == (2, 3)


def test_nested_nodes_are_built_first() -> None:
    node = {"_target_": "torch.nn.Sequential", "args": None}
    inner = {"_target_": "torch.nn.ModuleList", "modules": [{"_target_": "torch.nn.ReLU"}]}
    assert isinstance(build(inner)[0], nn.ReLU)
    with pytest.raises(TypeError):
        build(node)


def test_partial_waits_for_its_call() -> None:
    make = build({"_target_": "torch.optim.AdamW", "_partial_": True, "lr": 0.5})
    assert make([torch.zeros(1, requires_grad=True)]).param_groups[0]["lr"] == 0.5


@pytest.mark.parametrize(
    "target",
    ["os.system", "builtins.eval", "subprocess.run", "torchx.nn.Linear", "tremorous.x", "eval"],
)
def test_targets_outside_the_allowlist_are_refused(target: str) -> None:
    with pytest.raises(Refused, match="outside the allowlist"):
        locate(target)


@pytest.mark.parametrize(
    "target",
    [
        "torch.hub.load",
        "torch.load",
        "torch.utils.cpp_extension.load_inline",
        "torch.nn.modules.module.torch.load",
        "lightning.pytorch.core.saving.load_from_checkpoint",
        "lightning.fabric.utilities.cloud_io._load",
        "timm.create_model",
        "tremor.files.write_whole",
        "tremor.doors.shell.job",
        "tremor.training.run_folder._git",
    ],
)
def test_what_could_run_or_write_anything_is_refused(target: str) -> None:
    with pytest.raises(Refused):
        locate(target)


def test_what_the_tree_builds_of_libraries_is_allowed() -> None:
    for target in (
        "lightning.Trainer",
        "lightning.pytorch.callbacks.EarlyStopping",
        "lightning.pytorch.strategies.DDPStrategy",
        "torch.optim.lr_scheduler.OneCycleLR",
        "torch.nn.GELU",
    ):
        assert callable(locate(target))


@pytest.mark.parametrize("target", ["torch.os.system", "torch.sys.exit", "tremor.files.os.system"])
def test_modules_that_an_allowed_package_imports_are_no_back_door(target: str) -> None:
    with pytest.raises(Refused):
        locate(target)


@pytest.mark.parametrize("target", ["tremor.files.shutil", "torch.nn", "torch.pi"])
def test_what_an_allowed_package_does_not_define_cannot_be_called(target: str) -> None:
    with pytest.raises(Refused):
        locate(target)


def test_a_users_package_is_allowed_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match="TREMOR_ALLOW"):
        locate("collections.OrderedDict")
    monkeypatch.setenv("TREMOR_ALLOW", "mine, collections")
    assert build({"_target_": "collections.OrderedDict"}) == {}


def test_a_package_that_is_not_found_is_told_how_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREMOR_ALLOW", "nowhere_at_all")
    with pytest.raises(Refused) as refusal:
        locate("nowhere_at_all.Model")
    assert "pip install -e <the project of nowhere_at_all>, or PYTHONPATH=" in refusal.value.remedy


def test_a_missing_name_lists_what_there_is() -> None:
    with pytest.raises(Refused, match=r"it has .*kfold, leave_event_out"):
        locate("tremor.data.splits.stratfied")


def test_a_fact_of_the_data_cannot_be_configured() -> None:
    with pytest.raises(Refused, match="come from the data"):
        build({"_target_": "torch.nn.Linear", "in_features": 2, "out_features": 2}, in_features=3)
