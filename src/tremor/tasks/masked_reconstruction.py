"""Pretraining by filling in: say what the waveform was where it is hidden."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from tremor.data.batch import Batch
from tremor.errors import Refused
from tremor.network.network import Network
from tremor.signal.draws import Generators, own_generators
from tremor.signal.masks import valid
from tremor.signal.spans import spans
from tremor.tasks.base import Task, Transform
from tremor.tasks.hide import Hide, refuse_no_spans, refuse_other_steps
from tremor.tasks.optimisation import Groups


class MaskedReconstruction(Task):
    """Spans of the encoder's steps are hidden; the loss is the squared error of their samples.

    `skill` is the share of the hidden samples' power that is explained.
    """

    def __init__(
        self,
        network: Network,
        normalise: Transform,
        augment: nn.Module,
        optimizer: Callable[[Groups], Optimizer],
        scheduler: Callable[..., LRScheduler],
        mask_share: float = 0.75,
        mask_span: int = 10,
    ):
        super().__init__(network, normalise, augment, optimizer, scheduler)
        refuse_other_steps(network)
        if not isinstance(getattr(network.decoder, "samples", None), int):
            fault = "task=masked_reconstruction needs a decoder that gives waveforms"
            raise Refused(fault, "decoder", "decoder=reconstruct")
        refuse_no_spans(mask_share, mask_span)
        self.hide = Hide(network.encoder.out_shape[0])
        self.mask_share, self.mask_span = mask_share, mask_span

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        error, variance, masked = self._errors(batch, None)
        loss = error.sum() / masked.sum()
        skill = 1 - error.detach().sum() / variance.sum()
        self.log_step({"loss": loss.detach(), "skill": skill}, batch)
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        error, variance, masked = self._errors(batch, own_generators(batch.index))
        numbers = {
            "loss": error.sum() / masked.sum(),
            "skill": 1 - error.sum() / variance.sum(),
        }
        said = {f"val/{name}": value for name, value in numbers.items()}
        self.log_dict(said, prog_bar=True, batch_size=len(batch), sync_dist=True)

    def predict_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Mean squared error and mean square of each record's hidden samples, `(batch,)` each."""
        error, variance, masked = (
            part.double() for part in self._errors(batch, own_generators(batch.index))
        )
        told = {"index": batch.index, "loss": error / masked, "variance": variance / masked}
        return {name: values.cpu() for name, values in (told | {"masked": masked.long()}).items()}

    def _errors(self, batch: Batch, own: Generators) -> tuple[Tensor, Tensor, Tensor]:
        """Squared error, squared signal and number of hidden samples of each record `(batch,)`."""
        x, network = self.prepared(batch), self.network
        features, length = network.encoder(x, batch.length)
        hidden = spans(length, features.shape[-1], self.mask_share, self.mask_span, own)
        seen, length = network.model(self.hide(features, hidden), length)
        said = network.decoder(seen, length).float()
        x = x[..., : said.shape[-1]]  # the encoder may leave out a last part of a step
        said = said[..., : x.shape[-1]]
        where = hidden.repeat_interleave(network.decoder.samples, 1)[:, : x.shape[-1]]
        where = (where & valid(batch.length, x.shape[-1]))[:, None]
        error = ((said - x).square() * where).sum((1, 2))
        masked = where.sum((1, 2)) * x.shape[1]
        return error, (x.square() * where).sum((1, 2)), masked
