"""Networks that have forgotten what they learned: an explanation of them must look different.

Every parameter is drawn anew, whatever module owns it (layer scales, norms, gates, embeddings
too: what `reset_parameters` skips). Entries of a tensor change places, which keeps their sizes, so
that activations stay in range. Those of matrices and kernels that have both signs get new ones as
well: training leaves means in them that would shut every unit behind them, or open it for good. A
tensor of equal entries has none to exchange: it is multiplied by log-normal numbers (signs, and
scales above zero, stay), and zeros become normal numbers of the usual initial spread. Running means
and variances of norms were learned as well and go the same way; other buffers (windows, the input's
normalisation) are preprocessing and stay.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

RUNNING = ("running_mean", "running_var")
SPREAD = 0.02  # of what was zero: the common initial spread; more would drown the input


def randomised(network: nn.Module, seed: int) -> nn.Module:
    """A copy in evaluation mode with every parameter drawn anew; the same on every device."""
    made = copy.deepcopy(network).eval()
    for number, tensor in enumerate(_learned(made).values()):
        _redraw(tensor, seed, number)
    return made


def cascade(network: nn.Module, seed: int) -> Iterator[tuple[str, nn.Module]]:
    """Copies with more and more forgotten, from the last module registered to the first.

    Each comes with the name of the module that was added; the last copy is `randomised`.
    """
    made = copy.deepcopy(network).eval()
    numbers = {name: number for number, name in enumerate(_learned(made))}
    for name in reversed(list(dict.fromkeys(map(_owner, numbers)))):
        tensors = _learned(made)
        for key in (key for key in numbers if _owner(key) == name):
            _redraw(tensors[key], seed, numbers[key])
        yield name, made
        made = copy.deepcopy(made)


def _learned(network: nn.Module) -> dict[str, Tensor]:
    """Parameters, and running statistics of norms, by name."""
    found: dict[str, Tensor] = dict(network.named_parameters())
    running = {k: x for k, x in network.named_buffers() if k.rpartition(".")[2] in RUNNING}
    return found | running


def _owner(name: str) -> str:
    return name.rpartition(".")[0]


@torch.no_grad()
def _redraw(tensor: Tensor, seed: int, number: int) -> None:
    """In place; drawn on the CPU in float64 from the seed and the tensor's number."""
    old = tensor.detach().cpu().double().numpy().ravel()
    rng = np.random.default_rng([seed, number])
    new = _drawn(old, rng)
    if tensor.ndim > 1 and old.min() < 0 < old.max():
        new = new * rng.choice([-1.0, 1.0], len(new))
    tensor.copy_(torch.from_numpy(new).view(tensor.shape))


def _drawn(old: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Never what it was."""
    if not len(old):
        return old
    if old.min() == old.max():
        noise = rng.standard_normal(len(old))
        return old * np.exp(noise) if old[0] else SPREAD * noise
    while np.array_equal(new := rng.permutation(old), old):
        pass
    return new
