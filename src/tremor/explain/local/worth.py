"""The worth of coalitions, piece by piece: nothing that a mask leaves alone is run again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tremor.explain.local.body import Ends
from tremor.explain.local.pieces import Pieces
from tremor.explain.local.stretches import Layout, Stretch, stretches

AT_ONCE = 2**15  # samples of all pieces that are run together on a CPU: they stay in its cache
Kept = NDArray[np.bool_]  # (coalition, player)
Sums = dict[bytes, float]  # by the mask of the players that a stretch sees


@dataclass(frozen=True)
class Job:
    """Coalitions `kept (coalition, player)` that a stretch is asked about."""

    stretch: Stretch
    kept: Kept


class LocalWorth:
    """Scores of masks `(coalition, player)` as the whole network gives them, to rounding.

    `whole` are the record and its backgrounds `(background, …)`, one after the other, as the
    network sees them; `batch` such inputs at most are run together. What was found out about a
    stretch of the record is remembered.
    """

    def __init__(self, pieces: Pieces, whole: list[Ends], base: float, layout: Layout, batch: int):
        self.pieces, self.layout, self.base = pieces, layout, base
        self.record, self.backgrounds = whole[0].record, torch.stack([e.record for e in whole[1:]])
        self.samples, self.batch = 0, batch
        credits = torch.stack([pieces.credits(each.features[None])[0] for each in whole])
        self._ends = torch.nn.functional.pad(credits.cumsum(-1), (1, 0)).cpu().numpy()
        self._known: dict[tuple[int, int], Sums] = {}

    @property
    def computed(self) -> float:
        """What was run beyond the record and its backgrounds, in whole records."""
        return self.samples / self.pieces.trunk.samples

    def __call__(self, masks: Tensor) -> Tensor:
        """Worth `(coalition,)` in float64 on the CPU."""
        kept = masks.cpu().numpy().astype(bool)
        jobs = [Job(part, kept) for part in stretches(self.layout, kept, self.known)]
        return torch.from_numpy(self.base + sum(self.sums(jobs)))

    def sums(self, jobs: Sequence[Job]) -> list[NDArray[np.float64]]:
        """What the outputs of each job's stretch add to the score, for its coalitions."""
        self._run(self._new(jobs))
        found = []
        for job in jobs:
            known, keys = self.known(job.stretch.start, job.stretch.stop), job.stretch.keys
            found.append(np.array([known[key] for key in keys])[job.stretch.which])
        return found

    def known(self, start: int, stop: int) -> Sums:
        """Sums of a stretch of outputs; to begin with, those of everybody and of nobody."""
        if (start, stop) not in self._known:
            everybody, nobody = self.layout.ends(start, stop)
            own = self._ends[:, stop] - self._ends[:, start]
            self._known[start, stop] = {nobody: float(own[1:].mean()), everybody: float(own[0])}
        return self._known[start, stop]

    def _new(self, jobs: Iterable[Job]) -> Iterator[Job]:
        """The same without coalitions that are known, or that look alike from there."""
        for job in jobs:
            part, known = job.stretch, self.known(job.stretch.start, job.stretch.stop)
            new = [row for key, row in zip(part.keys, part.rows, strict=True) if key not in known]
            if new:
                yield Job(part, job.kept[new])

    @torch.inference_mode()
    def _run(self, jobs: Iterable[Job]) -> None:
        """All jobs whose stretches see equally many samples together."""
        alike: dict[int, list[Job]] = defaultdict(list)
        for job in jobs:
            alike[job.stretch.samples].append(job)
        for samples, same in alike.items():
            for together in _packed(same, self._at_once(samples)):
                self._batch(together)

    def _batch(self, jobs: list[Job]) -> None:
        inputs = torch.cat([self._inputs(job) for job in jobs])
        self.samples += len(inputs) * inputs.shape[-1]
        given = self.pieces.trunk.features(inputs)
        many = [len(job.kept) * len(self.backgrounds) for job in jobs]
        for job, own in zip(jobs, given.split(many), strict=True):
            part = job.stretch
            skip = part.start - part.first // self.pieces.trunk.step
            features = own[..., skip : skip + part.stop - part.start]
            credits = self.pieces.credits(features, part.start)
            sums = credits.sum(1).view(-1, len(self.backgrounds)).mean(1).tolist()
            keys = self.layout.keys(job.kept, part.start, part.stop)
            self.known(part.start, part.stop).update(zip(keys, sums, strict=True))

    def _inputs(self, job: Job) -> Tensor:
        """Pieces `(coalition * background, …, sample)` of the record as masks leave it."""
        own = slice(job.stretch.first, job.stretch.last)
        kept = torch.from_numpy(job.kept).to(self.record.device)[:, self._labels[..., own]]
        pieces = torch.where(kept[:, None], self.record[..., own], self.backgrounds[..., own])
        return pieces.flatten(0, 1)

    @cached_property
    def _labels(self) -> Tensor:
        return self.layout.labels.to(self.record.device)

    def _at_once(self, samples: int) -> int:
        """Coalitions of pieces of so many samples."""
        most = self.batch * self.pieces.trunk.samples
        if self.record.device.type == "cpu":
            most = min(most, AT_ONCE)
        return max(1, most // (samples * len(self.backgrounds)))


def _packed(jobs: list[Job], most: int) -> Iterator[list[Job]]:
    """The jobs cut up and put together to so many coalitions at a time."""
    pack: list[Job] = []
    room = most
    for job in jobs:
        kept = job.kept
        while len(kept):
            pack.append(Job(job.stretch, kept[:room]))
            kept, room = kept[room:], room - len(pack[-1].kept)
            if not room:
                yield pack
                pack, room = [], most
    if pack:
        yield pack
