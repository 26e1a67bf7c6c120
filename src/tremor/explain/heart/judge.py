"""One record and one class: all explanations of it judged by one measure, with one set of nulls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from tremor.explain.audit.cut import Score
from tremor.explain.heart.claims import Claims
from tremor.explain.heart.deletion import Faithfulness
from tremor.explain.heart.extra_beat import ExtraBeat
from tremor.explain.heart.plausibility import Plausibility
from tremor.explain.heart.stability import Stability
from tremor.explain.heart.tokens import Bools, Seen, Tokens, labels, tokens, truth

Cells = dict[str, float | str | None]
NONE: Mapping[str, NDArray[Any]] = {}


@dataclass(frozen=True)
class Judge:
    """Holds explanations against `claims`; deletes nothing where `faithfulness` is None.

    `k` highest tokens are counted; `randoms` explanations that say nothing make a null.
    """

    claims: Claims
    faithfulness: Faithfulness | None = None
    stability: Stability = field(default_factory=Stability)
    k: int = 20
    randoms: int = 20

    def judged(
        self,
        maps: Mapping[str, NDArray[Any]],
        seen: Seen,
        key: str,
        predict: Score,
        others: Mapping[str, NDArray[Any]] = NONE,
        known: NDArray[Any] | None = None,
        seed: int = 0,
    ) -> dict[str, Cells]:
        """A row of `EVALUATION` for each method of `maps`, explanations `(lead, time)` by method.

        `key` is the name or a code of the class, `predict` gives its logits `(batch,)` of inputs
        `(batch, lead, time)`, `others` are each method's explanation of another record, `known
        (lead, time)` is where the evidence was planted, if it was. `seed` is the record's own.
        """
        found = self._tokens(seen, key)
        levels = self._levels(found, seen, key, known)
        aims = Plausibility(seen, found, levels, self.k, self.randoms, seed)
        facts: Cells = {
            "n_tokens": float(found.count),
            "precision_k": float(min(self.k, found.count)),
            "r_peaks_quality": seen.peaks.quality,
            "note": found.note,
        }
        rows: dict[str, Cells] = {
            name: {**facts, **aims.row(values, others.get(name))} for name, values in maps.items()
        }
        if self.faithfulness is None:
            return rows
        judge, each = self.faithfulness, list(maps.values())
        deleted = judge.rows(each, seen, found, predict, seed)
        return {name: {**rows[name], **more} for name, more in zip(maps, deleted, strict=True)}

    def stable(
        self,
        original: Mapping[str, NDArray[Any]],
        copy: Mapping[str, NDArray[Any]],
        seen: Seen,
        key: str,
        extra: ExtraBeat,
        stays: Mapping[str, float | None],
        others: Mapping[str, NDArray[Any]] = NONE,
    ) -> dict[str, Cells]:
        """A row of `STABILITY` for each method, of maps `(lead, time)` of a record and of its copy.

        `stays` is what became of the prediction. The copy's explanation must have been made
        as the original's was: same settings, same seed.
        """
        found = self._tokens(seen, key)
        facts = {"seed": float(extra.seed), "augment_beat_index": float(extra.beat)}
        return {
            name: {
                **facts,
                **self.stability.row(original[name], copy[name], found, extra, others.get(name)),
                **stays,
            }
            for name in original
        }

    def _tokens(self, seen: Seen, key: str) -> Tokens:
        return tokens(seen, self.claims, self.claims.of(key))

    def _levels(
        self, found: Tokens, seen: Seen, key: str, known: NDArray[Any] | None
    ) -> dict[str, Bools]:
        """Tokens `(lead, span)` claimed at each level."""
        strict, lenient = labels(found, seen, self.claims, self.claims.of(key))
        levels = {"strict": strict, "lenient": lenient}
        return levels if known is None else levels | {"truth": truth(found, known)}
