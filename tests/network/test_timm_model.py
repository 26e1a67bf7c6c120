"""timm's models as the model of a network: shapes, known features, weights, what is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
import yaml
from opened import ROOT
from safetensors.torch import save_file

from tremor.errors import Refused
from tremor.network.decoders.pooled import PooledLinear
from tremor.network.encoders.spectrogram import Spectrogram
from tremor.network.models.timm_model import TimmModel

SHAPE = (3, 33, 96)
LENGTH = torch.tensor([96, 96])


@pytest.mark.parametrize(
    ("settings", "features"),
    [
        ({}, 1280),
        ({"name": "convnext_atto", "drop_path_rate": 0.1}, 320),
        ({"name": "vit_tiny_patch16_224", "resize": (32, 96)}, 192),
        ({"name": "test_vit", "resize": (48, 96)}, 64),
        ({"name": "test_resnet.r160_in1k"}, 96),
    ],
)
def test_features_go_through_the_network_and_every_parameter_learns(
    settings: dict[str, Any], features: int
) -> None:
    encoder = Spectrogram(3, 1300, 100.0, noverlap_ratio=0.8)
    model = TimmModel(encoder.out_shape, **settings)
    assert model.out_shape == (features, 1)
    head = PooledLinear(model.out_shape, 2)
    out, length = model(*encoder(torch.randn(2, 3, 1300), torch.tensor([1300, 1300])))
    assert out.shape == (2, features, 1)
    assert length.tolist() == [1, 1]
    head(out, length).square().sum().backward()
    assert all(p.grad is not None for p in model.parameters())


@pytest.mark.parametrize(
    ("name", "whole", "classifier"),
    [("timm", 5_288_548, 1_281_000), ("convnext", 28_589_128, 769_000)],
)
def test_models_are_of_the_published_sizes(name: str, whole: int, classifier: int) -> None:
    """EfficientNet-B0 and ConvNeXt-T as published, without their classifiers of 1000 classes."""
    made = yaml.safe_load((ROOT / "configs" / "model" / f"{name}.yaml").read_text())["name"]
    parameters = TimmModel(SHAPE, made).parameters()
    assert sum(p.numel() for p in parameters) == whole - classifier


@pytest.mark.parametrize("name", ["convnext_atto", "test_efficientnet", "test_vit"])
def test_a_linear_decoder_makes_it_timms_own_classifier(name: str) -> None:
    """ConvNeXt's norm after pooling stays: with timm's last layer, the logits are timm's."""
    size = {"img_size": (160, 160)} if name == "test_vit" else {}
    whole = timm.create_model(name, num_classes=5, **size).eval()
    model = TimmModel((3, 160, 160), name, (160, 160)).eval()
    left = model.net.load_state_dict(whole.state_dict(), strict=False)
    assert not left.missing_keys
    x = torch.randn(2, 3, 160, 160)
    features, _ = model(x, LENGTH)
    torch.testing.assert_close(whole.get_classifier()(features[..., 0]), whole(x))


def test_pictures_are_resized_for_the_model_and_not_touched_without() -> None:
    """A plane stays a plane when it is made larger, away from its edges."""
    seen: list[torch.Tensor] = []
    for resize in (None, (66, 192)):
        model = TimmModel((1, 33, 96), "test_resnet", resize).eval()
        model.net.conv1.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        rows = torch.arange(33.0)[:, None].expand(33, 96)
        model(rows[None, None], LENGTH[:1])
    assert torch.equal(seen[0][0, 0], rows)
    wanted = (torch.arange(66.0) + 0.5) / 2 - 0.5
    torch.testing.assert_close(seen[1][0, 0, 1:-1, 0], wanted[1:-1])


def test_pictures_of_another_precision_are_resized_in_float32() -> None:
    """Under bf16-mixed an encoder may give bfloat16, which CPUs cannot resize."""
    model = TimmModel((3, 33, 96), "test_resnet", (64, 64)).eval()
    x = torch.randn(2, 3, 33, 96).bfloat16()
    torch.testing.assert_close(model(x, LENGTH)[0], model(x.float(), LENGTH)[0])
    with torch.autocast("cpu", torch.bfloat16):
        assert model(x, LENGTH)[0].isfinite().all()


def test_any_number_of_channels_and_the_same_seed_the_same_weights() -> None:
    def made() -> TimmModel:
        torch.manual_seed(1)
        return TimmModel((5, 33, 96), "test_convnext", drop_rate=0.5).eval()

    x = torch.randn(2, 5, 33, 96)
    assert torch.equal(made()(x, LENGTH)[0], made()(x, LENGTH)[0])
    model = made()
    assert model.training is False
    model.train()
    assert (model(x, LENGTH)[0] == 0).float().mean() == pytest.approx(0.5, abs=0.2)


@pytest.mark.parametrize(
    ("shape", "settings", "problem", "remedy"),
    [
        ((3, 40), {}, "3 x 40", "encoder=spectrogram"),
        (SHAPE, {"name": "efficentnet_b0"}, "no model", "model.name=efficientnet_b0"),
        (SHAPE, {"name": "hf-hub:timm/resnet18"}, "no model", "model.name="),
        (SHAPE, {"name": "test_vit.nix"}, "it knows test_vit.r160_in1k", "model.name=test_vit"),
        (SHAPE, {"name": "vit_tiny_patch16_224"}, "of one size", "model.resize=[224,224]"),
        (
            SHAPE,
            {"name": "vit_tiny_patch16_224", "resize": (33, 96)},
            "whole patches of 16 x 16",
            "model.resize=[32,96]",
        ),
        (SHAPE, {"resize": (0, 96)}, "0, 96.*at least 1", "model.resize=[33,96]"),
        (SHAPE, {"name": "vgg11", "drop_path_rate": 0.1}, "drop_path", "model.drop_path_rate=null"),
        (SHAPE, {"name": "inception_v3"}, "33 x 96", "model.resize=[299,299]"),
        (SHAPE, {"drop_rate": 1.5}, "from 0 to 1", "model.drop_rate=0.1"),
        (SHAPE, {"drop_path_rate": -1.0}, "from 0 to 1", "model.drop_path_rate=0.1"),
        (SHAPE, {"weights": "a", "hub_weights": True}, "asks for others", "hub_weights=false"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(
    shape: tuple[int, ...], settings: dict[str, Any], problem: str, remedy: str
) -> None:
    with pytest.raises(Refused, match=problem) as refused:
        TimmModel(shape, **settings)
    assert remedy in refused.value.remedy


def test_weights_come_from_a_file_of_another_size_and_other_channels(tmp_path: Path) -> None:
    """timm sums the colours of the first layer and stretches the places of a transformer."""
    torch.manual_seed(3)
    whole = timm.create_model("test_vit", img_size=(160, 160))
    save_file(whole.state_dict(), tmp_path / "vit.safetensors")
    torch.save({"state_dict": whole.state_dict()}, tmp_path / "vit.pth")
    for file in ("vit.safetensors", "vit.pth"):
        model = TimmModel((1, 33, 96), "test_vit", (32, 96), weights=str(tmp_path / file))
        before = model.net.blocks[0].attn.qkv.weight.clone()
        assert model.take_weights() == f"test_vit from {tmp_path / file}"
        after = model.net.blocks[0].attn.qkv.weight
        assert not torch.equal(before, after)
        assert torch.equal(after, whole.blocks[0].attn.qkv.weight)
        colours = whole.patch_embed.proj.weight.sum(1, keepdim=True)
        torch.testing.assert_close(model.net.patch_embed.proj.weight, colours)
        assert model.net.pos_embed.shape[1] == 1 + 2 * 6


def test_without_being_asked_no_weights_are_taken() -> None:
    assert TimmModel(SHAPE, "test_resnet").take_weights() is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "no such file"),
        (b"no weights at all", "cannot take the weights"),
        ("test_convnext", "tensors of test_resnet are not in the weights: conv1"),
    ],
)
def test_weights_that_do_not_fit_whole_are_refused(
    tmp_path: Path, content: bytes | str | None, problem: str
) -> None:
    file = tmp_path / "weights.pth"
    if isinstance(content, str):
        torch.save(timm.create_model(content).state_dict(), file)
    elif content:
        file.write_bytes(content)
    model = TimmModel(SHAPE, "test_resnet", weights=str(file))
    with pytest.raises(Refused, match=problem):
        model.take_weights()


def test_a_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "ran",))

    torch.save({"state_dict": Trap()}, tmp_path / "weights.pth")
    model = TimmModel(SHAPE, "test_resnet", weights=str(tmp_path / "weights.pth"))
    with pytest.raises(Refused, match="cannot take the weights"):
        model.take_weights()
    assert not (tmp_path / "ran").exists()


def test_without_a_network_the_hub_is_refused_in_one_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise OSError("cannot reach the hub\nand more")

    monkeypatch.setattr("timm.models._builder.load_state_dict_from_hf", unreachable)
    model = TimmModel(SHAPE, "test_resnet", hub_weights=True)
    with pytest.raises(Refused) as refused:
        model.take_weights()
    assert "test_resnet.r160_in1k from the hub: cannot reach the hub" in refused.value.problem
    assert "and more" not in refused.value.problem
    assert "model.weights=PATH" in refused.value.remedy


def test_building_never_fetches(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetched(*_: Any, **__: Any) -> None:
        raise AssertionError("fetched")

    for name in ("load_state_dict_from_hf", "load_state_dict_from_url", "download_cached_file"):
        monkeypatch.setattr(f"timm.models._builder.{name}", fetched)
    TimmModel(SHAPE, "test_resnet", hub_weights=True)


def test_timm_is_imported_when_a_model_of_it_is_built_and_not_before() -> None:
    code = (
        "import sys, tremor.network.models.timm_model as m;"
        "assert not {'timm', 'torchvision'} & sys.modules.keys();"
        "m.TimmModel((3, 33, 96), 'test_resnet'); assert 'timm' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
