"""One class of a study: its records, their copies with a beat more, and the maps of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tremor.config.build import Plain
from tremor.doors.echo import say
from tremor.doors.evidence import evidence_of
from tremor.doors.explaining import Cases, begun, explained
from tremor.doors.opened import OpenedRun
from tremor.doors.subject import Subject
from tremor.errors import Refused
from tremor.explain.compat.methods import Earlier
from tremor.explain.explanation import Explanation
from tremor.explain.fusion import Fused
from tremor.explain.game import logits
from tremor.explain.heart.extra_beat import ExtraBeat, beat_seed, with_extra_beat
from tremor.explain.heart.tokens import Seen
from tremor.explain.methods import Method
from tremor.explain.targets import OneClass
from tremor.files import write_json, write_whole
from tremor.network.fold import folded

Maps = dict[str, list[Explanation]]


def maps_of(method: Method) -> list[str]:
    """The folders of maps of a class: one for each method, and one for what is fused of two."""
    return ["maps-0", "maps-1", "maps-fused"] if isinstance(method, Fused) else ["maps-0"]


@dataclass(frozen=True)
class OfClass:
    """Records `rows` that are explained for the class `name`."""

    name: str
    rows: pd.DataFrame
    run: OpenedRun
    subject: Subject
    method: Method
    beat_seed: int
    seed: int
    references: Tensor
    folder: Path
    plan: Plain

    @cached_property
    def cases(self) -> Cases:
        """The records in the explainer's space."""
        inputs, steps = self.subject.inputs(self.positions)
        return Cases(
            subject=self.subject,
            target=OneClass(self.place),
            seed=self.seed,
            batch=self.run.config["loader"]["batch_size"],
            names=self.names,
            labels=(self.place,) * len(self.rows),
            inputs=inputs,
            steps=tuple(steps),
            references=self.references,
            asked=self.name,
        )

    @cached_property
    def positions(self) -> NDArray[np.int64]:
        """Where the records are in the table of all."""
        known = pd.Index(self.run.data.records.table["record_id"])
        return np.asarray(known.get_indexer(self.rows["record_id"]), np.int64)

    @property
    def names(self) -> tuple[str, ...]:
        """The records."""
        return tuple(self.rows["record_id"])

    @property
    def codes(self) -> list[object]:
        """What the class stands for, as SNOMED codes."""
        found: list[object] = self.run.config["dataset"]["classes"][self.name]
        return found

    def named(self) -> list[dict[str, Any]]:
        """The rows of the choice, each as a mapping."""
        return [{str(k): v for k, v in row.items()} for row in self.rows.to_dict("records")]

    @property
    def place(self) -> int:
        return self.run.data.labelled.classes.index(self.name)

    @property
    def methods(self) -> tuple[Method, ...]:
        """What records are explained by: the one method, or both that are fused."""
        return self.method.parts() if isinstance(self.method, Fused) else (self.method,)

    def maps(self, cases: Cases, what: str) -> Maps:
        """Explanations of all cases by each method; of two that are fused, both and the third."""
        found = {}
        for number, method in enumerate(self.methods):
            folder = self.folder / f"{what}-{number}"
            pace = self.folder / f"maps-{number}" / "pace.json"
            if pace.exists() and not (folder / "pace.json").exists():
                write_whole(folder / "pace.json", pace.read_text())  # the same masks for copies
            say(f"explain  {self.name}: {type(method).__name__}" + " of copies" * (what != "maps"))
            done = explained(method, cases, begun(folder, self.plan), folder, self.plan)
            found[done[0].method] = done
        if isinstance(self.method, Fused):
            fused = self._fused(self.method, cases, list(found.values()), f"{what}-fused")
            found[fused[0].method] = fused
        return found

    def _fused(
        self, method: Fused, cases: Cases, both: list[list[Explanation]], what: str
    ) -> list[Explanation]:
        """Explanations by two methods as one, kept like theirs."""
        folder, (first, second) = self.folder / what, both
        parts = begun(folder, self.plan)
        write_json(folder / "plan.json", self.plan)
        for place, name in enumerate(cases.names):
            if not parts.has(name):
                parts.put(name, method.of(first[place], second[place], cases.case(place)))
        return [parts.get(name, cases.subject.axes) for name in cases.names]

    @property
    def earlier(self) -> bool:
        """Whether it is the earlier work's algorithm that explains, priors included."""
        return any(isinstance(method, Earlier) for method in self.methods)

    @cached_property
    def seen(self) -> tuple[Seen, ...]:
        """What the network sees of each record."""
        leads = self.run.data.records.channels
        each = zip(self.cases.inputs.cpu().numpy(), self.cases.steps, strict=True)
        return tuple(Seen.of(signal, self.rate, leads, steps) for signal, steps in each)

    @property
    def threshold(self) -> float:
        """The probability from which on the network says that a record has the class."""
        return float(self.run.task.thresholds[self.place])

    @property
    def rate(self) -> float:
        return self.run.data.records.sampling_rate

    @property
    def counted(self) -> bool:
        """Whether records are in numbers of the converter, not in mV."""
        return bool(self.run.config["dataset"].get("units", "adc") == "adc")

    def counts_a_mv(self, place: int) -> float:
        """What of the source's units is a millivolt: in lead II, where leads differ."""
        known = self.run.data.records.table
        if not self.counted:
            return 1.0
        if "gain" not in known:
            return 1000.0
        return float(known["gain"].to_numpy()[self.positions[place]])

    def signal(self, place: int) -> NDArray[np.float32]:
        """The record itself `(lead, time)`, in the units of its source."""
        data = self.run.data
        row = self.positions[place : place + 1]
        return np.asarray(data.records.gather(row, data.module.length)[0])

    @cached_property
    def _folded(self) -> dict[int, nn.Module]:
        """The network for records of so many valid steps, made for many evaluations."""
        return {}

    def score(self, steps: int) -> Callable[[Tensor], Tensor]:
        """The class's logits `(batch,)` of inputs of so many valid steps."""
        if steps not in self._folded:
            self._folded[steps] = folded(self.subject.predict(steps), self.cases.inputs[:1])
        predict = self._folded[steps]

        def scored(inputs: Tensor) -> Tensor:
            with torch.inference_mode():
                return logits(predict, inputs.to(self.subject.device))[:, self.place].cpu()

        return scored

    @cached_property
    def copies(self) -> dict[int, ExtraBeat]:
        """Records with a beat more, in the units of their source, by their places.

        Those without a beat that can be copied have none.
        """
        found = {}
        for place, path in enumerate(self.rows["filename"]):
            raw = replace(self.seen[place], signal=self.signal(place))
            seed = beat_seed(str(path), self.beat_seed)
            try:
                found[place] = with_extra_beat(raw, seed)
            except Refused as reason:
                say(f"beat     {self.cases.names[place]}: {reason.problem}")
        return found

    @cached_property
    def of_copies(self) -> Cases:
        """The copies in the explainer's space, explained by the seeds of their originals."""
        places = list(self.copies)
        each = self.copies.values()
        signals = torch.from_numpy(np.stack([one.signal for one in each]).astype(np.float32))
        steps = tuple(one.steps for one in each)
        return replace(
            self.cases,
            inputs=self.subject.of_signals(signals, steps),
            steps=steps,
            names=tuple(self.cases.names[place] for place in places),
            labels=(self.place,) * len(places),
        )

    @cached_property
    def known(self) -> NDArray[np.bool_] | None:
        """Where evidence was planted `(record, lead, time)`; None where nobody knows it.

        It is where a class shows at least half as strongly as it does anywhere in the record: a
        trace of it is in every lead.
        """
        run, asked = self.run, [self.name] * len(self.rows)
        axes = self.subject.axes
        found = evidence_of(run.config, run.data.records, self.names, axes, asked)
        if found is None:
            return None
        most = found.max(axis=(1, 2), keepdims=True)
        return np.asarray((found >= most / 2) & (most > 0))
