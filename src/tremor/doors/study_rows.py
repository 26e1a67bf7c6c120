"""Rows of a study's tables: each record judged once, and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tremor.data.ecg.writing import write_record
from tremor.doors.echo import say
from tremor.doors.study_class import Maps, OfClass
from tremor.doors.study_selection import samples_of
from tremor.explain.compat import CIRCULAR as TRIED
from tremor.explain.heart.claims_file import earlier_claims
from tremor.explain.heart.ecg_xai import BLEND, CIRCULAR, EarlierScores
from tremor.explain.heart.ecg_xai_stability import earlier_stability
from tremor.explain.heart.extra_beat import ExtraBeat
from tremor.explain.heart.judge import Cells, Judge
from tremor.explain.heart.stability import prediction
from tremor.explain.methods import record_seed
from tremor.files import digest, write_json
from tremor.report.files import read_json

EARLIER = {"ecg_xai": BLEND, "ecg_xai without priors": 0.0}
"""How much of the earlier scores is the answer key."""
NO_BEAT = "no beat that can be copied"
GAIN, LIMIT = 1000.0, 32767.0  # units a mV of what is in mV, and the most that 16 bits hold
Row = dict[str, Any]


@dataclass(frozen=True)
class Rows:
    """Judges the maps of a class; what is kept in `folder` is of this judge alone.

    Records with a beat more are written where they are to be `augmented`.
    """

    of: OfClass
    judge: Judge
    folder: Path
    augmented: bool

    def evaluation(self, maps: Maps) -> list[Row]:
        """A row for each record, method and scoring."""
        found = []
        if self._stamp and self._theirs is None:
            say(f"note     the earlier work has no scores for {self.of.name}")
        for place, row in enumerate(self.of.named()):
            told = self._kept("evaluation", place, partial(self._judged, place, maps))
            found += [self._named(row, cells) for cells in told]
        return found

    def stability(self, maps: Maps, again: Maps) -> list[Row]:
        """A row for each record and method; one that says why where there is no copy."""
        found, copied = [], list(self.of.copies)
        for place, row in enumerate(self.of.named()):
            if place in copied:
                make = partial(self._stable, place, maps, again, copied)
                told = self._kept("stability", place, make)
            else:
                none: Cells = {"scoring": "tremor", "stamp": self._stamp, "error": NO_BEAT}
                told = [{"method": m, **none} for m in maps]
            found += [self._named(row, cells) for cells in told]
        return found

    def _kept(self, what: str, place: int, make: Callable[[], list[Cells]]) -> list[Cells]:
        """What is made, or what was made by an earlier call."""
        path = self.folder / what / f"{digest(self.of.names[place])}.json"
        if path.exists():
            kept: list[Cells] = read_json(path, "python explain.py again")["rows"]
            return kept
        made = make()
        write_json(path, {"rows": made})
        return made

    def _named(self, row: Mapping[str, Any], cells: Cells) -> Row:
        """Cells with what the record and the class are called."""
        return {
            "meta_code": str(self.of.codes[0]),
            "class_name": self.of.name,
            "sel_idx": row["sel_idx"],
            "record_id": row["record_id"],
            "group": row["group"],
            "mat_path": samples_of(self.of.run.config["dataset"], str(row["filename"])),
            **cells,
        }

    def _judged(self, place: int, maps: Maps) -> list[Cells]:
        """A record's rows; of the earlier methods by their own scores as well."""
        seen, score = self.of.seen[place], self.of.score(self.of.cases.steps[place])
        values = {name: each[place].values.numpy() for name, each in maps.items()}
        key, seed = self._key, record_seed(self.of.seed, self.of.cases.names[place])
        others = _others(maps, self._after(place, range(len(self.of.rows))))
        known = None if self.of.known is None else self.of.known[place]
        found = self.judge.judged(values, seen, key, score, others, known, seed)
        own: Cells = {"scoring": "tremor", "stamp": self._stamp}
        rows: list[Cells] = [{"method": n, **own, **cells} for n, cells in found.items()]

        def chance(x: Tensor) -> Tensor:
            return score(x).sigmoid()

        for stamp, earlier, theirs in self._earlier:
            for name, each in values.items():
                cells = earlier.row(each, seen, theirs, chance, seen.signal.shape[1])
                rows.append({"method": name, **stamp, **cells})
        return rows

    def _stable(self, place: int, maps: Maps, again: Maps, copied: Sequence[int]) -> list[Cells]:
        """A record's rows, from its map and that of its copy."""
        of, extra, at = self.of, self.of.copies[place], copied.index(place)
        original = {name: each[place].values.numpy() for name, each in maps.items()}
        copy = {name: each[at].values.numpy() for name, each in again.items()}
        inputs = of.cases.inputs[place], of.of_copies.inputs[at]
        steps = of.cases.steps[place], extra.steps
        scores = [float(of.score(n)(x[None])[0]) for n, x in zip(steps, inputs, strict=True)]
        before, after = torch.tensor(scores, dtype=torch.float64).sigmoid().tolist()
        other = self._after(place, copied)
        others = _others(again, None if other is None else copied.index(other))
        seen = of.seen[place]
        stays = prediction(before, after, self.of.threshold)
        found = self.judge.stable(original, copy, seen, self._key, extra, stays, others)
        file = self._written(place, extra) if self.augmented else ""
        own: Cells = {"scoring": "tremor", "stamp": self._stamp, "augmented_file": file}
        rows: list[Cells] = [{"method": n, **own, **cells} for n, cells in found.items()]
        for stamp, earlier, key in self._earlier:
            for name, values in original.items():
                cells = earlier_stability(earlier, values, copy[name], seen, extra, key)
                rows.append({"method": name, **stamp, **cells})
        return rows

    @property
    def _earlier(self) -> Iterator[tuple[Cells, EarlierScores, str]]:
        """The earlier scores of the earlier methods' maps, with what they are called; or none."""
        if self._stamp and self._theirs is not None:
            for scoring, blend in EARLIER.items():
                said = CIRCULAR if blend else self._stamp
                stamp: Cells = {"scoring": scoring, "stamp": said}
                yield stamp, EarlierScores(earlier_claims(), blend), self._theirs

    @property
    def _key(self) -> str:
        """The class as the claims know it: by its codes, or else by its name."""
        return self.judge.claims.key(self.of.name, self.of.codes) or self.of.name

    @property
    def _theirs(self) -> str | None:
        """The class as the earlier work knows it; None where it has no scores for it."""
        return earlier_claims().key(self.of.name, self.of.codes)

    @property
    def _stamp(self) -> str:
        """What must be said of every row of the earlier methods' maps."""
        return TRIED if self.of.earlier else ""

    def _after(self, place: int, places: Sequence[int]) -> int | None:
        """Of some places the next after one with a record of another patient; None without any."""
        groups, at = list(self.of.rows["group"]), list(places).index(place)
        turn = [*places[at + 1 :], *places[:at]]
        return next((each for each in turn if groups[each] != groups[place]), None)

    def _written(self, place: int, extra: ExtraBeat) -> str:
        """Write the record with a beat more; returns the file's name."""
        of, name = self.of, self.of.cases.names[place]
        known = of.run.data.records.table.iloc[of.positions[place]]
        gain = of.counts_a_mv(place) if of.counted else GAIN
        signal = extra.signal[:, : extra.steps] * (1.0 if of.counted else GAIN)
        comments = {"Age": known["age"], "Sex": known["sex"], "Dx": known["dx"].replace("|", ",")}
        stem = f"{name}_extra_seed{extra.seed}_beat{extra.beat}"
        written = write_record(
            self.folder.parent / "augmented",
            stem,
            np.round(np.clip(signal, -LIMIT, LIMIT)).astype(np.int16),
            of.rate,
            of.run.data.records.channels,
            {key: str(value) for key, value in comments.items()},
            gain=gain,
        )
        return written.with_suffix(".mat").name


def _others(maps: Maps, after: int | None) -> dict[str, Any]:
    """Each method's explanation of another patient's record; none where there is none."""
    if after is None:
        return {}
    return {name: each[after].values.numpy() for name, each in maps.items()}
