"""A run in TensorBoard: scalars, figures, and hyperparameters beside what they reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from tremor.errors import Refused
from tremor.training.mirrors import About, Findings, Mirror, config_of, picture, scalars


class TensorBoardMirror(Mirror):
    """Events under `tensorboard/` of the run folder; a resumed run replaces what it repeats."""

    label = "tensorboard"

    def __init__(self, about: About):
        super().__init__(about)
        self._writer: Any = None
        self._reached: dict[str, float] = {}
        try:
            import torch.utils.tensorboard  # noqa: F401
        except ImportError as error:
            fault = f"logger=tensorboard needs the package tensorboard ({error})"
            remedy = "pip install 'tremor[tensorboard]', or logger=csv"
            raise Refused(fault, "logger", remedy) from error

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_writer": None}

    @property
    def experiment(self) -> Any:
        """The writer, or None before the first number."""
        return self._writer

    def _open(self, step: int | None) -> Any:
        """The writer; after a resume, events from this step on are TensorBoard's no more."""
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            purged = step if self.about.resumed else None
            folder = str(self.about.folder / "tensorboard")
            self._writer = SummaryWriter(folder, purge_step=purged)
        return self._writer

    def take(self, metrics: Mapping[str, float], step: int) -> None:
        writer = self._open(step)
        for name, value in metrics.items():
            writer.add_scalar(name, float(value), step)

    def take_findings(self, findings: Findings) -> None:
        writer = self._open(findings.steps)
        figures, under, step = findings.figures.items(), findings.under, findings.steps
        self.show({f"{under}figures/{name}": picture(one) for name, one in figures}, step)
        self._reached = self.reached(findings)
        self.take(self._reached, step)
        said = "\n\n".join(findings.verdict["verdict"])
        writer.add_text(f"{under}verdict", said, step)

    def show(self, pictures: Mapping[str, Image.Image], step: int | None = None) -> None:
        writer = self._open(step)
        for name, one in pictures.items():
            writer.add_image(name, np.asarray(one), step, dataformats="HWC")

    def close(self, code: int) -> None:
        """Hyperparameters come last, with what the run reached, or with its failure."""
        writer = self._open(None).file_writer
        if self.about.judged:
            self._writer.close()
            return
        from torch.utils.tensorboard.summary import hparams

        config = {k: v for k, v in config_of(self.about.config).items() if k != "trainer"}
        values = scalars(config | {"choices": dict(self.about.choices)})
        *said, end = hparams(values, self._reached)
        for summary in (*said, ended(end, code)):
            writer.add_summary(summary)
        self._writer.close()


def ended(summary: Any, code: int) -> Any:
    """The end of a session, with its true state."""
    from tensorboard.plugins.hparams.api_pb2 import Status
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    content = summary.value[0].metadata.plugin_data
    told = HParamsPluginData.FromString(content.content)
    word = "STATUS_FAILURE" if code else "STATUS_SUCCESS"
    told.session_end_info.status = Status.Value(word)
    content.content = told.SerializeToString()
    return summary
