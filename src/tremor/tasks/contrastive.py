"""Contrastive pretraining: tell the hidden step's code from those of other hidden steps."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from tremor.data.batch import Batch
from tremor.errors import Refused
from tremor.network.demands import divides, not_below
from tremor.network.network import Network
from tremor.signal.draws import Generators, own_generators, uniform
from tremor.signal.spans import spans
from tremor.tasks.base import Task, Transform
from tremor.tasks.hide import Hide, refuse_no_spans, refuse_other_steps
from tremor.tasks.optimisation import Groups
from tremor.tasks.quantizer import GumbelQuantizer, perplexity

FEW_CODES = 1.5  # of a group in effect: fewer is a collapse


class Contrastive(Task):
    """Spans of the encoder's steps are hidden; the network says which code each hidden one has.

    The loss is that of telling the right code from `negatives` other hidden steps of the same
    record (cosine over `contrast_temperature`), and `diversity_weight` times the share of codes
    that go unused. Codes are drawn at a temperature that falls from the first to the second of
    `gumbel_temperature`.
    """

    def __init__(
        self,
        network: Network,
        normalise: Transform,
        augment: nn.Module,
        optimizer: Callable[[Groups], Optimizer],
        scheduler: Callable[..., LRScheduler],
        mask_share: float = 0.65,
        mask_span: int = 10,
        negatives: int = 100,
        contrast_temperature: float = 0.1,
        groups: int = 2,
        codes: int = 320,
        diversity_weight: float = 0.1,
        gumbel_temperature: tuple[float, float] = (2.0, 0.5),
    ):
        super().__init__(network, normalise, augment, optimizer, scheduler)
        refuse_other_steps(network)
        features, steps = network.encoder.out_shape
        size, said = getattr(network.decoder, "out_shape", (0, 0))
        if said != steps:
            fault = "task=contrastive needs a decoder that gives numbers for each step"
            raise Refused(fault, "decoder", "decoder=per_step")
        refuse_no_spans(mask_share, mask_span)
        not_below("task", negatives=negatives, codes=codes)
        divides("task.groups", groups, size, "decoder.size")
        self.hide = Hide(features)
        self.quantizer = GumbelQuantizer(features, groups, codes, size)
        self.target = nn.Linear(size, size)
        self.mask_share, self.mask_span = mask_share, mask_span
        self.negatives, self.contrast_temperature = negatives, contrast_temperature
        self.diversity_weight, self.gumbel_temperature = diversity_weight, gumbel_temperature
        self.used: Tensor
        self.register_buffer("used", torch.zeros(groups, codes), persistent=False)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        found = self._contrasted(batch, None)
        numbers = {name: value.detach().mean() for name, value in self._numbers(found).items()}
        self.log_step(numbers | {"temperature": self._temperature()}, batch)
        return self._numbers(found)["loss"]

    def on_validation_epoch_start(self) -> None:
        self.used.zero_()

    def on_predict_epoch_start(self) -> None:
        self.used.zero_()

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        found = self._contrasted(batch, own_generators(batch.index))
        self._count(found["codes"])
        numbers = {f"val/{n}": v for n, v in self._numbers(found).items() if n != "perplexity"}
        self.log_dict(numbers, batch_size=len(found["right"]), sync_dist=True)

    def on_validation_epoch_end(self) -> None:
        """How many codes are in use; too few mean that the codes tell nothing apart."""
        each, used = self._in_use()
        numbers = {"val/perplexity": each.sum(), "val/codes_used": used.sum().float()}
        self.log_dict(numbers, prog_bar=True, sync_dist=True)
        if self.current_epoch > 0 and bool((each < FEW_CODES).any()):
            warnings.warn(
                f"the codebook has collapsed: {each.min():.1f} codes of a group in effect; "
                "a larger task.diversity_weight or a smaller optimizer.lr may help",
                stacklevel=1,
            )

    def predict_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Loss, share of right answers, chance and hidden steps of each record, `(batch,)` each."""
        found = self._contrasted(batch, own_generators(batch.index))
        self._count(found["codes"])
        rows = torch.nn.functional.one_hot(found["row"], len(batch)).double()
        count = rows.sum(0)
        parts = {"loss": "each", "accuracy": "right", "chance": "chance"}
        means = {name: found[part].double() @ rows / count for name, part in parts.items()}
        told = {"index": batch.index, **means, "masked": count.long()}
        return {name: values.cpu() for name, values in told.items()}

    def counted(self) -> Tensor:
        return self.used.cpu()

    def recount(self, counted: Sequence[Tensor | None]) -> None:
        self.used.copy_(torch.stack([each for each in counted if each is not None]).sum(0))

    def findings(self) -> dict[str, Any]:
        """The codebook's use on the judged records, in all groups together and in the poorest."""
        each, used = self._in_use()
        numbers = {"perplexity": float(each.sum()), "used": int(used.sum())}
        numbers["smallest"] = float(each.min())
        groups, codes = self.used.shape
        return {"codebook": numbers | {"size": groups * codes, "groups": groups}}

    def _count(self, codes: Tensor) -> None:
        for group, own in enumerate(codes.unbind(-1)):
            self.used[group] += torch.bincount(own, minlength=self.used.shape[1])

    def _in_use(self) -> tuple[Tensor, Tensor]:
        """Of each group: codes in effect (perplexity), and codes that occur at all."""
        shares = self.used / self.used.sum(-1, keepdim=True).clamp(min=1)
        return perplexity(shares), (self.used > 0).sum(-1)

    def _temperature(self) -> float:
        """Half a cosine from the first temperature to the second over the run."""
        first, last = self.gumbel_temperature
        steps = max(1, int(self.trainer.estimated_stepping_batches))
        done = min(1.0, self.trainer.global_step / steps)
        return last + (first - last) * 0.5 * (1 + math.cos(math.pi * done))

    def _contrasted(self, batch: Batch, own: Generators) -> dict[str, Tensor]:
        """What each hidden step got; with generators, the same steps are hidden every time."""
        network = self.network
        features, length = network.encoder(self.prepared(batch), batch.length)
        hidden = spans(length, features.shape[-1], self.mask_share, self.mask_span, own)
        seen, length = network.model(self.hide(features, hidden), length)
        said = network.decoder(seen, length).transpose(1, 2)
        told = self.quantizer(
            features.transpose(1, 2)[hidden][None], self._temperature() if self.training else 1.0
        )
        target = torch.zeros_like(said).masked_scatter(
            hidden[..., None], self.target(told.vectors).to(said.dtype)
        )
        numbers = self.quantizer.numbered(told.codes)[0]
        codes = torch.zeros_like(hidden, dtype=numbers.dtype).masked_scatter(hidden, numbers)
        found = contrast(
            said,
            target,
            codes,
            hidden,
            self.negatives,
            self.contrast_temperature,
            own,
        )
        soft = told.soft[0].mean(0)
        return found | {"perplexity": perplexity(soft).sum(), "codes": told.codes[0]}

    def _numbers(self, found: dict[str, Tensor]) -> dict[str, Tensor]:
        """Loss and its parts; `skill` is 0 at chance and 1 when every answer is right."""
        total = self.quantizer.groups * self.quantizer.codes
        diversity = (total - found["perplexity"]) / total
        contrastive = found["each"].mean()
        right, chance = found["right"].mean(), found["chance"].mean()
        return {
            "loss": contrastive + self.diversity_weight * diversity,
            "contrastive": contrastive,
            "diversity": diversity,
            "accuracy": right,
            "skill": (right - chance) / (1 - chance).clamp(min=1e-6),
            "perplexity": found["perplexity"],
        }


def contrast(
    said: Tensor,
    target: Tensor,
    codes: Tensor,
    hidden: Tensor,
    negatives: int,
    temperature: float,
    generator: Generators = None,
) -> dict[str, Tensor]:
    """InfoNCE of each hidden step against others of its record.

    `said` and `target` are `(batch, step, size)`, `codes` and `hidden` `(batch, step)`. Negatives
    of the same code as the positive do not count; `chance` is that of guessing among the rest.
    Gives `each`, `right`, `chance` and `row` for every hidden step.
    """
    alike = normalize(said, dim=-1) @ normalize(target, dim=-1).transpose(1, 2) / temperature
    row, step = hidden.nonzero(as_tuple=True)
    place = hidden.long().cumsum(1)[row, step] - 1
    others = (hidden.sum(1) - 1)[row][:, None]
    drawn = uniform(hidden.sum(1).tolist(), negatives, generator, row.device)
    pick = (drawn * others).long()
    pick = torch.where(pick >= place[:, None], pick + 1, pick).clamp(max=hidden.shape[1] - 1)
    listed = (~hidden).long().argsort(dim=1, stable=True)
    chosen = listed[row[:, None], pick]
    same = (codes[row[:, None], chosen] == codes[row, step][:, None]) | (others < 1)
    wrong = alike[row[:, None], step[:, None], chosen].masked_fill(same, -torch.inf)
    scores = torch.cat([alike[row, step, step][:, None], wrong], 1)
    each = cross_entropy(scores, torch.zeros_like(row), reduction="none")
    right = (scores[:, 0] > wrong.amax(1)).to(each.dtype)
    chance = 1 / (1 + (~same).sum(1).to(each.dtype))
    return {"each": each, "right": right, "chance": chance, "row": row}
