"""Does an explanation stay when one heartbeat is added? On the beats that are in both records.

Beats are matched by where the insertion moved them, never by their times. Always beside unrelated
explanations: the tokens of the original shuffled, and the explanation of another record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from tremor.explain.heart.extra_beat import ExtraBeat
from tremor.explain.heart.plausibility import Row, densities, members
from tremor.explain.heart.tokens import Floats, Tokens

MEASURES = ("spearman", "jaccard", "wjacc", "rbo", "spearman_signed")
DEPTH = 200  # ranks that rank-biased overlap looks at; 0.9**200 is 7e-10
PERSISTENCE = 0.9
NULLS = ("shuffled", "other")


@dataclass(frozen=True)
class Matched:
    """The same tokens in a record and in its copy with an extra beat, span by span."""

    original: Tokens
    copy: Tokens


def matched(tokens: Tokens, extra: ExtraBeat) -> Matched:
    """Tokens that are whole in both: none that the insertion cuts, none that left at the end."""
    first, last = extra.moved(tokens.start), extra.moved(tokens.stop - 1)
    whole = (last - first == tokens.stop - 1 - tokens.start) & (last < extra.steps)
    kept = tokens.kept(np.asarray(whole))
    moved = replace(kept, start=extra.moved(kept.start), stop=extra.moved(kept.stop - 1) + 1)
    return Matched(kept, moved)


@dataclass(frozen=True)
class Stability:
    """Compares explanations of a record and of its copy; `draws` shuffles make a null.

    `k` highest tokens are compared: a tenth of all, from `fewest` to `most`, never above all.
    """

    fewest: int = 10
    most: int = 20
    draws: int = 20

    def row(
        self,
        original: NDArray[Any],
        copy: NDArray[Any],
        tokens: Tokens,
        extra: ExtraBeat,
        other: NDArray[Any] | None = None,
    ) -> Row:
        """Columns `extra_<measure>` and, for each null, `extra_<measure>_<null>`.

        `original`, `copy` and `other` (another record's explanation, in the place of the copy's)
        are `(lead, time)`.
        """
        pair = matched(tokens, extra)
        n = pair.original.count
        k = self.effective(n)
        found: Row = {"extra_k_eff": float(k), "extra_n_tokens": float(n)}
        if not n:
            return found | self._columns({})
        first, second = (_both(v, t) for v, t in ((original, pair.original), (copy, pair.copy)))
        rng = np.random.default_rng(extra.seed)
        shuffles = [rng.permutation(n) for _ in range(self.draws)]
        mixed = [alike(first, (second[0][o], second[1][o]), k) for o in shuffles]
        rows = {"": alike(first, second, k), "shuffled": _mean(mixed)}
        if other is not None:
            rows["other"] = alike(first, _both(other, pair.copy), k)
        return found | self._columns(rows)

    def effective(self, n: int) -> int:
        """The number of highest tokens among `n`."""
        return min(n, max(self.fewest, min(self.most, round(0.1 * n))))

    def _columns(self, rows: Mapping[str, Mapping[str, float | None]]) -> Row:
        return {
            f"extra_{measure}" + (f"_{null}" if null else ""): rows.get(null, {}).get(measure)
            for null in ("", *NULLS)
            for measure in MEASURES
        }


def prediction(before: float, after: float, threshold: float) -> Row:
    """Whether the prediction stays, from the class's probabilities: 1 where the decision does."""
    stays = (before >= threshold) == (after >= threshold)
    return {
        "extra_p_original": before,
        "extra_p_copy": after,
        "extra_p_change": after - before,
        "extra_prediction_stays": float(stays),
    }


def alike(
    first: tuple[Floats, Floats], second: tuple[Floats, Floats], k: int
) -> dict[str, float | None]:
    """Of two explanations, each its evidence of either sign and its signed evidence `(token,)`."""
    (a, signed_a), (b, signed_b) = first, second
    known = bool(a.max() > 0 and b.max() > 0)
    return {
        "spearman": spearman(a, b),
        "jaccard": jaccard(a, b, k) if known else None,
        "wjacc": weighted_jaccard(a, b) if known else None,
        "rbo": overlap(a, b) if known else None,
        "spearman_signed": spearman(signed_a, signed_b),
    }


def spearman(a: Floats, b: Floats) -> float | None:
    """Rank correlation of `(token,)` with ties averaged; None where either is constant."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.corrcoef(stats.rankdata(a), stats.rankdata(b))[0, 1])


def jaccard(a: Floats, b: Floats, k: int) -> float:
    """Of the `k` highest of both `(token,)`; those tied at the edge are members in part."""
    mine, yours = members(a, k), members(b, k)
    return float(np.minimum(mine, yours).sum() / np.maximum(mine, yours).sum())


def weighted_jaccard(a: Floats, b: Floats) -> float:
    """What two lists `(token,)` from 0 up have in common, each in units of its largest."""
    mine, yours = a / a.max(), b / b.max()
    return float(np.minimum(mine, yours).sum() / np.maximum(mine, yours).sum())


def overlap(a: Floats, b: Floats, persistence: float = PERSISTENCE) -> float:
    """Rank-biased overlap of two `(token,)`, extrapolated from its depth: 1 for equal rankings.

    At each depth the tokens tied at the edge are members in part, so that the order in which they
    are listed does not matter.
    """
    deep = min(len(a), DEPTH)
    depth = np.arange(1, deep + 1)
    agreement = np.minimum(_membership(a, depth), _membership(b, depth)).sum(1) / depth
    weights = (1 - persistence) * persistence ** (depth - 1)
    return float(weights @ agreement + persistence**deep * agreement[-1])


def _membership(scores: Floats, depth: NDArray[np.int64]) -> Floats:
    """Membership `(depth, token)` in the highest 1, 2, …; shared by those of equal scores."""
    ranks = stats.rankdata(-scores, method="min") - 1
    tied = stats.rankdata(-scores, method="max") - ranks
    return np.asarray(np.clip((depth[:, None] - ranks) / tied, 0, 1))


def _both(values: NDArray[Any], tokens: Tokens) -> tuple[Floats, Floats]:
    """Evidence per second of tokens `(token,)`: of either sign, and signed."""
    return densities(values, tokens, np.abs).ravel(), densities(values, tokens, _same).ravel()


def _same(values: Floats) -> Floats:
    return values


def _mean(rows: list[dict[str, float | None]]) -> dict[str, float | None]:
    known = {m: [v for row in rows if (v := row[m]) is not None] for m in MEASURES}
    return {m: float(np.mean(found)) if found else None for m, found in known.items()}
