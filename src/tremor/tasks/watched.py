"""A task that tells, beside its answers, the features that it answers from."""

from __future__ import annotations

from typing import Any

import lightning
from torch import Tensor, nn

from tremor.data.batch import Batch
from tremor.network.network import Network
from tremor.tasks.base import Task


class Watched(lightning.LightningModule):
    """Answers as the task within does, with `features` `(batch, feature)` where it has any.

    They are what the last linear map is given, of all heads what the first one is: one vector a
    record, pooled over its steps. A network without such a map has none.
    """

    def __init__(self, task: Task):
        super().__init__()
        self.task = task
        self.place = answering(task.network)

    def predict_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        seen: list[Tensor] = []

        def hook(layer: nn.Module, given: tuple[Any, ...]) -> None:
            seen.append(given[0].detach())

        layers = [] if self.place is None else [self.place]
        hooks = [layer.register_forward_pre_hook(hook) for layer in layers]
        try:
            said: dict[str, Tensor] = self.task.predict_step(batch, batch_idx)
        finally:
            for one in hooks:
                one.remove()
        vectors = [x for x in seen if x.ndim == 2 and len(x) == len(batch)]
        return said | {"features": vectors[0].float().cpu()} if len(vectors) == 1 else said


def answering(network: Network) -> nn.Linear | None:
    """The linear map that ends a network: of its decoder, else the last one of its model.

    Of a decoder with hidden layers or several heads it is the first that is given one vector a
    record; what comes after it belongs to one question alone.
    """
    heads = getattr(network.decoder, "heads", None)
    own = [m for m in (heads or network.decoder).modules() if isinstance(m, nn.Linear)]
    if own:
        return own[0] if heads is not None else own[-1]
    before = [m for m in network.model.modules() if isinstance(m, nn.Linear)]
    return before[-1] if before else None
