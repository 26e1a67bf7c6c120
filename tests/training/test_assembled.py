"""Tasks from composed configs: what cannot work is refused before a run begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from torch import Tensor, nn

from tremor.config.build import Plain
from tremor.config.resolve import plain
from tremor.config.roots import TrainRoot
from tremor.doors.checking import CONFIGS, problems_of
from tremor.errors import Refused
from tremor.training.assemble import Facts, assemble, device_of, restore
from tremor.training.checkpoints import FORMAT
from tremor.training.pretrained import refuse_misfits
from tremor.training.trial import try_build, try_out

FACTS = Facts(channels=3, length=250, sampling_rate=100.0, classes=("a", "b"))
SMALL = ["encoder.d_model=8", "encoder.width=8", "model.d_model=8", "model.pool=[4]"]
TUNE = ["experiment=fore_aftershock/finetune_xlstm_unet_tiny", "dataset.num_classes=2", *SMALL]
CONTRAST = ["experiment=contrastive/xlstm_unet_tiny", *SMALL, "decoder.size=8"]
MASKED = [
    "experiment=contrastive/masked_reconstruction",
    "dataset=synthetic_sequence",
    "encoder=conv_patch_tiny",
    "model=xlstm_unet_tiny",
    *SMALL,
]
WAV = ["model.d_model=24", "model.n_layers=1", "model.num_heads=3", "model.position_groups=4"]
TRANSFORMER = [*TUNE[:4], "model=wav2vec2_like", *WAV, "model.feed_forward=8"]
CNN = [*TUNE[:4], "model=cnn1d", "model.widths=[8,8]"]


@pytest.fixture(autouse=True, scope="module")
def _hydra() -> Iterator[None]:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        yield


def composed(*overrides: str) -> Plain:
    return plain(compose("train", overrides=list(overrides)))[0]


@pytest.mark.parametrize("typed", [TUNE, CONTRAST, MASKED, TRANSFORMER, CNN, []], ids=str)
def test_what_works_passes_and_leaves_no_trace(typed: list[str]) -> None:
    config, state = composed(*typed), torch.get_rng_state()
    try_build(config)
    try_out(config, FACTS)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("base", "wrong", "where", "remedy"),
    [
        (MASKED, ["decoder=per_step"], "decoder", ["decoder=reconstruct"]),
        (CONTRAST[:-1], ["decoder=reconstruct"], "decoder", ["decoder=per_step"]),
        (CONTRAST, ["task.groups=3"], "task.groups", ["task.groups=2"]),
        (CONTRAST, ["task.negatives=0"], "task.negatives", ["task.negatives=1"]),
        (TUNE, ["model.num_heads=3"], "model.num_heads", ["model.num_heads=2"]),
        (TUNE, ["model.d_model=33"], "model.d_model", ["model.d_model=32"]),
        (TUNE, ["model.dropout=1.5"], "model.dropout", ["model.dropout=0.1"]),
        (TUNE, ["model.mix=0.1"], "model.mix", ["model.mix=0"]),
        (
            TUNE,
            ["model.mlstm_backend=triton", "trainer.accelerator=cpu"],
            "model.mlstm_backend",
            ["model.mlstm_backend=auto"],
        ),
        (TUNE[:2], ["encoder=spectrogram"], "encoder", ["encoder=conv_patch"]),
        (CNN, ["model.kernel=8"], "model.kernel", ["model.kernel=9"]),
        (MASKED[:4], ["encoder=fft"], "encoder", ["encoder=conv_patch"]),
        (CNN, ["trainer.sync_batchnorm=true"], "trainer.sync_batchnorm", ["trainer.sync_batch"]),
    ],
    ids=str,
)
def test_what_no_data_could_make_work_is_refused_before_any_are_read(
    base: list[str], wrong: list[str], where: str, remedy: list[str]
) -> None:
    with pytest.raises(Refused) as refused:
        try_build(composed(*base, *wrong))
    assert refused.value.where == where
    assert refused.value.remedy.startswith(remedy[0])
    try_build(composed(*base, *wrong, refused.value.remedy.split(" ")[0].rstrip(",")))


def test_patches_longer_than_the_records_are_known_once_there_are_records() -> None:
    config = composed("encoder=raw", "encoder.patch=300")
    try_build(config)
    with pytest.raises(Refused, match="the records have 250 samples"):
        try_out(config, FACTS)


class Reads12(nn.Module):
    """A model from elsewhere that wants twelve features, and finds out when it is called."""

    def __init__(self, in_shape: tuple[int, ...], at_once: bool = False):
        super().__init__()
        self.out_shape, self.linear = in_shape, nn.Linear(12, 12)
        if at_once and in_shape[0] != 12:
            raise ValueError("twelve leads are needed")

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        return self.linear(x.transpose(1, 2)).transpose(1, 2), length


@pytest.mark.parametrize(("at_once", "said"), [(False, "fails on a record"), (True, "twelve lea")])
def test_a_part_from_elsewhere_is_tried_on_the_data_it_gets(
    at_once: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TREMOR_ALLOW", __name__)
    config = composed("encoder=raw", "encoder.patch=1")
    model = {"_target_": f"{__name__}.Reads12", "at_once": at_once}
    config["model"] = model | {"pretrained": None, "freeze": False}
    try_build(config)
    try_out(config, Facts(12, 250, 500.0, ("a", "b")))
    with pytest.raises(Refused, match=said) as refused:
        try_out(config, FACTS)
    assert refused.value.where == "model"


@pytest.mark.parametrize("encoder", ["raw", "conv_patch", "fft"])
def test_masks_that_have_nothing_to_hide_are_refused_before_training(encoder: str) -> None:
    heads = ["dataset=geomagnetic", "task=multitask", "decoder=multitask", "evaluation=multitask"]
    base = [*heads, f"encoder={encoder}", "model=cnn1d", "model.widths=[8]", "decoder.hidden=null"]
    named = composed(*base)["dataset"]["heads"]
    facts = Facts(3, 1024, 1.0, (), {head: tuple(classes) for head, classes in named.items()})
    try_out(composed(*base), facts)
    masked = [*base, "task.masks.time_p=0.5"]
    with pytest.raises(Refused, match="hides times and frequencies") as refused:
        try_out(composed(*masked), facts)
    assert refused.value.where == "task.masks"
    config = compose("train", overrides=[*masked, refused.value.remedy])
    assert not problems_of(config, TrainRoot)[0]
    try_out(plain(config)[0], facts)


@pytest.fixture
def kept(tmp_path: Path) -> Callable[..., str]:
    """Saves the weights of a composed config as a checkpoint, and says where."""

    def saved(*overrides: str) -> str:
        config = composed(*overrides)
        card = {"format": FORMAT, "config": config, "facts": FACTS.plain()}
        card |= {"tree": {}, "provenance": {}}
        weights = assemble(config, FACTS).state_dict()
        torch.save({"tremor": card, "state_dict": weights}, tmp_path / "best.ckpt")
        return str(tmp_path / "best.ckpt")

    return saved


@pytest.mark.parametrize(
    ("base", "other", "said", "remedy"),
    [
        (TRANSFORMER, ["model.num_heads=4"], "num_heads was 3, is 4", "model.num_heads=3"),
        (CNN, ["model.stride=3"], "stride was 2, is 3", "model.stride=2"),
        (TUNE, ["model.num_heads=1"], "missing|shape", "config.yaml"),
        (TUNE, ["encoder.strides=[4,2]"], "missing|shape", "config.yaml"),
        ([], ["model.pretrained=null", "encoder.nperseg=32"], "nperseg was", "encoder.nperseg=64"),
    ],
    ids=str,
)
def test_weights_that_fit_but_mean_another_network_are_refused(
    kept: Callable[..., str], base: list[str], other: list[str], said: str, remedy: str
) -> None:
    path = kept(*base)
    given = [*base, f"model.pretrained={path}", f"encoder.pretrained={path}"]
    refuse_misfits(composed(*given))
    with pytest.raises(Refused, match=said) as refused:
        refuse_misfits(composed(*given, *other))
    assert remedy in refused.value.remedy
    if "was" in said:
        refuse_misfits(composed(*given, *other, *refused.value.remedy.split()))


def test_several_settings_are_told_at_once_as_a_user_types_them(kept: Callable[..., str]) -> None:
    path = kept(*CONTRAST, "encoder.strides=[2,2,4]")
    typed = [*CONTRAST, f"encoder.pretrained={path}", "encoder.strides=[2,2,4]"]
    content = torch.load(path, weights_only=True)
    content["tremor"]["config"]["encoder"] |= {"strides": [4, 2, 2], "norm": True}
    torch.save(content, path)
    with pytest.raises(Refused) as refused:
        refuse_misfits(composed(*typed))
    assert refused.value.remedy == "encoder.norm=true encoder.strides=[4,2,2]"
    assert "encoder.strides was [4, 2, 2], is [2, 2, 4]" in refused.value.problem


def test_settings_that_are_not_of_the_network_may_differ(kept: Callable[..., str]) -> None:
    path = kept(*TUNE)
    free = ["model.dropout=0.3", "model.gradient_checkpointing=true", "model.freeze=true"]
    free += ["model.mlstm_backend=recurrent", "model.compile=true"]
    refuse_misfits(composed(*TUNE, *free, f"model.pretrained={path}"))


def test_the_device_is_the_one_that_lightning_will_take(monkeypatch: pytest.MonkeyPatch) -> None:
    for there, auto in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
        assert device_of("auto") == device_of("gpu") == auto
    assert device_of("cpu") == "cpu"
    assert device_of("cuda") == "cuda"


def test_a_setting_newer_than_the_checkpoint_had_its_default(kept: Callable[..., str]) -> None:
    path = kept(*TUNE)
    content = torch.load(path, weights_only=True)
    del content["tremor"]["config"]["model"]["mix"]
    torch.save(content, path)
    refuse_misfits(composed(*TUNE, f"model.pretrained={path}"))


def test_a_trained_task_is_not_restored_as_another_network(kept: Callable[..., str]) -> None:
    content: Any = torch.load(kept(*TRANSFORMER), weights_only=True)
    assert restore(composed(*TRANSFORMER), content).card == content["tremor"]
    with pytest.raises(Refused, match="num_heads was 3, is 4"):
        restore(composed(*TRANSFORMER, "model.num_heads=4"), content)


def test_facts_of_several_classes_at_once_are_read_again_and_older_ones_too() -> None:
    facts = Facts(12, 5000, 500.0, ("AF", "SNR"), multi=True)
    assert Facts.read(facts.plain()) == facts
    assert facts.outputs == ("AF", "SNR")
    older = {key: value for key, value in facts.plain().items() if key != "multi"}
    assert not Facts.read(older).multi
