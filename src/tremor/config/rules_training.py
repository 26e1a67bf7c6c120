"""Contradictions in what is trained, from which weights, and by which trainer."""

from __future__ import annotations

from collections.abc import Iterator

from tremor.config.build import Plain
from tremor.config.check import Problem
from tremor.config.resolve import select


def frozen(tree: Plain) -> Iterator[Problem]:
    """Freezing random weights trains nothing; thawing needs something frozen."""
    parts = ("encoder", "model")
    for part in parts:
        if select(tree, f"{part}.freeze") and not select(tree, f"{part}.pretrained"):
            fault = "would freeze random weights: no pretrained weights are given"
            yield Problem(f"{part}.freeze", fault, f"{part}.pretrained=<run folder or file>")
    thaw = select(tree, "train.unfreeze_at_epoch")
    if thaw is not None and not any(select(tree, f"{p}.freeze") for p in parts):
        fault = "thaws nothing: neither encoder.freeze nor model.freeze is true"
        yield Problem("train.unfreeze_at_epoch", fault, "model.freeze=true")
    slower = select(tree, "train.unfrozen_lr_mult")
    if thaw is None and slower not in (None, 1):
        fault = "is set, but nothing thaws"
        yield Problem("train.unfrozen_lr_mult", fault, "train.unfreeze_at_epoch=5")
    epochs = select(tree, "trainer.max_epochs")
    if isinstance(thaw, int) and isinstance(epochs, int) and 0 <= epochs <= thaw:
        fault = f"thaws nothing: the run ends after {epochs} epochs (trainer.max_epochs)"
        yield Problem("train.unfreeze_at_epoch", fault, f"trainer.max_epochs={thaw + 1}")


def pulled(tree: Plain) -> Iterator[Problem]:
    """A pull toward pretrained weights needs some, and some of them that learn."""
    key, pull = "train.l2_to_pretrained", select(tree, "train.l2_to_pretrained")
    if not isinstance(pull, int | float) or pull <= 0:
        return
    taken = [part for part in ("encoder", "model") if select(tree, f"{part}.pretrained")]
    stays = select(tree, "train.unfreeze_at_epoch") is None
    if not taken:
        fault = "pulls toward pretrained weights: none are given"
        yield Problem(key, fault, "model.pretrained=<run folder or file>")
    elif stays and all(select(tree, f"{part}.freeze") for part in taken):
        fault = "pulls nothing: what is pretrained is frozen, and does not thaw"
        yield Problem(key, fault, f"{key}=0.0")


def no_bar(tree: Plain) -> Iterator[Problem]:
    """The progress bar is a callback of ours: it is switched off there."""
    if select(tree, "trainer.enable_progress_bar") is False and select(tree, "callbacks.progress"):
        fault = "is false, but callbacks.progress draws a bar"
        yield Problem("trainer.enable_progress_bar", fault, "callbacks.progress=null")


def shared_twice(tree: Plain) -> Iterator[Problem]:
    """Tremor shares records among processes itself; Lightning doing it again would lose some."""
    if select(tree, "trainer.use_distributed_sampler") is True:
        fault = "would share the training records among processes a second time"
        key = "trainer.use_distributed_sampler"
        yield Problem(key, fault, f"{key}=false")
