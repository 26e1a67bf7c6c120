"""Single layers of a Keras file: their sizes, how many there are, and their weights for torch."""

from __future__ import annotations

import torch
from torch import Tensor

from tremor.training.keras_file import Layer

NORM = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}
"""What a batch norm's weights are called in torch and in Keras."""


class Unlike(Exception):
    """Where a file's layers stop being those of a network."""


def at_least_one(convs: list[Layer]) -> list[Layer]:
    """The convolutions themselves, of which there must be some."""
    if not convs:
        raise Unlike("it has no convolution over time")
    return convs


def the_one(dense: list[Layer]) -> Layer:
    """The dense layer, of which there must be one."""
    if len(dense) != 1:
        said = ", ".join(map(str, dense)) or "none"
        raise Unlike(f"one dense layer is needed, it has {len(dense)}: {said}")
    return dense[0]


def refuse_other_count(norms: list[Layer], wanted: int) -> None:
    """There must be so many norms."""
    if len(norms) != wanted:
        said = ", ".join(map(str, norms)) or "none"
        raise Unlike(f"{wanted} batch norms are needed, it has {len(norms)}: {said}")


def sizes(conv: Layer) -> tuple[int, int, int]:
    """Kernel, features in, features out of a convolution."""
    kernel, before, after = conv.arrays["kernel"].shape
    return kernel, before, after


def width_of(norm: Layer) -> int:
    """Features of a norm."""
    return len(norm.arrays["gamma"])


def tensors_of(name: str, layer: Layer) -> dict[str, Tensor]:
    """A layer's arrays as torch has them, under the name of our part."""
    arrays = {role: torch.from_numpy(array.copy()) for role, array in layer.arrays.items()}
    if layer.kind == "norm":
        found = {ours: arrays[theirs] for ours, theirs in NORM.items()}
        found["num_batches_tracked"] = torch.tensor(0)
    else:
        turned = arrays["kernel"].movedim(-1, 0).transpose(1, -1)  # (step, in, out) to ours
        found = {"weight": turned.contiguous(), "bias": arrays["bias"]}
    return {f"{name}.{key}": tensor for key, tensor in found.items()}
