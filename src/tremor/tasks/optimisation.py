"""Parameter groups, made once: who decays, who is frozen, who learns at which rate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn
from torch.optim import Optimizer

Groups = list[dict[str, Any]]


def set_frozen(module: nn.Module, frozen: bool) -> None:
    """Frozen means: no gradients and eval mode (batch-norm statistics and dropout too)."""
    module.requires_grad_(not frozen)
    module.train(not frozen)


def parameter_groups(
    network: nn.Module, frozen: tuple[str, ...], *, thaws: bool, thawed_scale: float
) -> Groups:
    """One group for each part and decay rule: no weight decay on biases, norms and other vectors.

    Groups of frozen parts are there from the start when they will thaw (adding one later breaks
    the schedule), at `thawed_scale` times the rate; otherwise the optimiser never sees them.
    """
    groups: Groups = []
    for name, part in network.named_children():
        if name in frozen and not thaws:
            continue
        scale = thawed_scale if name in frozen else 1.0
        for decays in (True, False):
            parameters = [p for p in part.parameters() if (p.ndim > 1) == decays]
            if parameters:
                groups.append(_group(name, parameters, decays, scale))
    return groups


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
