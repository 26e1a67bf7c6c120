"""Parameter groups, made once: who decays, who is frozen, who learns at which rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

Groups = list[dict[str, Any]]


def set_frozen(module: nn.Module, frozen: bool) -> None:
    """Frozen means: no gradients and eval mode (batch-norm statistics and dropout too)."""
    module.requires_grad_(not frozen)
    module.train(not frozen)


def parameter_groups(
    parts: Mapping[str, nn.Module], frozen: tuple[str, ...], *, thaws: bool, thawed_scale: float
) -> Groups:
    """One group for each part and decay rule: no weight decay on biases, norms and other vectors.

    Nor on what a module names in `no_decay` (gates). Groups of frozen parts are there from the
    start when they will thaw (adding one later breaks the schedule), at `thawed_scale` times the
    rate; otherwise the optimiser never sees them.
    """
    groups: Groups = []
    for name, part in parts.items():
        if name in frozen and not thaws:
            continue
        scale = thawed_scale if name in frozen else 1.0
        spared = {id(p) for p in part.parameters() if p.ndim < 2} | _spared(part)
        for decays in (True, False):
            parameters = [p for p in part.parameters() if (id(p) not in spared) == decays]
            if parameters:
                groups.append(_group(name, parameters, decays, scale))
    return groups


def _spared(part: nn.Module) -> set[int]:
    """Parameters that modules name in `no_decay`."""
    named = ((m, name) for m in part.modules() for name in getattr(m, "no_decay", ()))
    return {id(module.get_parameter(name)) for module, name in named}


def _group(name: str, parameters: list[nn.Parameter], decays: bool, scale: float) -> dict[str, Any]:
    label = f"{name}/{'decay' if decays else 'no_decay'}"
    group: dict[str, Any] = {"params": parameters, "name": label, "scale": scale}
    return group if decays else group | {"weight_decay": 0.0}


def scaled(make: Callable[[Groups], Optimizer], groups: Groups) -> Optimizer:
    """The optimiser over the groups, each at its own multiple of the optimiser's rate."""
    optimizer = make(groups)
    for group in optimizer.param_groups:
        group["lr"] = group["lr"] * group["scale"]
    return optimizer


class Anchor(nn.Module):
    """Pretrained weights that training is pulled toward; they are not saved with the network."""

    def __init__(self, weights: Mapping[str, Tensor]):
        super().__init__()
        self.names = tuple(weights)
        for place, weight in enumerate(weights.values()):
            self.register_buffer(f"weight{place}", weight.clone(), persistent=False)

    def forward(self, network: nn.Module) -> Tensor:
        """Half the squared distance of the network's parameters from the pretrained ones."""
        own = dict(network.named_parameters())
        gaps = [own[name] - getattr(self, f"weight{n}") for n, name in enumerate(self.names)]
        return torch.stack([gap.square().sum() for gap in gaps]).sum() / 2
