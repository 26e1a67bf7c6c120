"""Whether the network's features tell where a record was made: its station, hospital or device."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tremor.evaluation import metrics
from tremor.evaluation.bootstrap import FEWEST, Evidence, Judged
from tremor.evaluation.chance import p_value, permuted_labels
from tremor.evaluation.measured import part
from tremor.evaluation.metrics import Floats, Index
from tremor.evaluation.scoring import Draws, Plain

PLACES = ("station", "hospital", "device", "site")
"""Columns that say where, or with what, a record was made."""
LEAST, MOST_PLACES, MOST_RECORDS = 10, 20, 1000
"""Records that a place needs, places and records that are looked at."""
FOLDS, RIDGE, REFITS = 5, 0.1, 200
NAME = "balanced_accuracy"


def probes(
    draws: Draws, groups: Index, features: Floats, rows: pd.DataFrame, permutations: int
) -> Plain:
    """How well each column of `PLACES` is told from features `(record, feature)` alone.

    A linear probe, ridge regression on the places, learns from four fifths of the groups and is
    asked about the others. Keys of each: `value, lo, hi` (mean recall of the places), `chance` and
    `p` of probes refitted on places exchanged: within groups and class where groups have records
    of several places, else between groups of one class, so that the class alone tells none;
    `exchanged` says which; `places, records, groups`; `apart` `{value, p}`: how far classes go with
    places (Cramér's V, 0 to 1). `groups` is the group of each record in the draws.
    """
    found = dict(_found(draws, groups, features, rows, permutations))
    return {"probe": found} if found else {}


def _found(
    draws: Draws, groups: Index, features: Floats, rows: pd.DataFrame, permutations: int
) -> Iterator[tuple[str, Plain]]:
    for name in (name for name in PLACES if name in rows):
        inside, places = _places(rows[name], draws.seed)
        kinds = int(places.max(initial=-1)) + 1
        sizes = [len(np.unique(groups[inside][places == k])) for k in range(kinds)]
        if kinds > 1 and min(sizes) > 1 and len(np.unique(groups[inside])) >= FEWEST:
            labels = rows["label"].to_numpy(np.int64)[inside]
            probe = Probe(draws, groups[inside], features[inside], places, labels)
            yield name, probe.told(min(permutations, REFITS))


def _places(column: pd.Series[str], seed: int) -> tuple[Index, Index]:
    """Which records are looked at, and the place of each by number; the commonest places."""
    names = column.astype(str)
    counts = names[names.ne("") & column.notna()].value_counts()
    kept = counts[counts >= LEAST].index[:MOST_PLACES]
    inside = np.flatnonzero(names.isin(kept))
    dealt = np.random.default_rng((seed, 7)).permutation(inside)[:MOST_RECORDS]
    chosen = np.sort(dealt)
    codes, _ = pd.factorize(names.iloc[chosen], sort=True)
    return chosen.astype(np.int64), codes.astype(np.int64)


class Probe:
    """A linear map from features to places, fitted in each fold once for all labellings."""

    def __init__(self, draws: Draws, groups: Index, features: Floats, places: Index, labels: Index):
        self.draws, self.groups, self.places, self.labels = draws, groups, places, labels
        self.kinds = int(places.max()) + 1
        dealt = np.random.default_rng((draws.seed, 8)).permutation(draws.groups) % FOLDS
        fold = dealt[groups]
        self.folds = [(fold != k, fold == k) for k in np.unique(fold)]
        self.maps = [_ridge(features[own], features[other]) for own, other in self.folds]

    def told(self, refits: int) -> Plain:
        """The score with its interval, chance and p."""
        said = self.said(self.places[None])[0]
        sizes = (self.kinds, self.draws.groups)
        each = metrics.confusion(self.places, said, self.groups, *sizes)
        drawn = metrics.from_confusion(np.tensordot(self.draws.counts, each, axes=1))[NAME]
        value = float(metrics.from_confusion(each.sum(0))[NAME])
        mixed = self._mixed
        null = self._scores(self._within(refits) if mixed else self._between(refits, self.labels))
        evidence = Evidence.averaged((each.sum(-1) > 0).sum(0))
        return self.draws.known(value, drawn, evidence) | {
            "chance": float(null.mean()),
            "p": p_value(value, null),
            "refits": refits,
            "exchanged": "within" if mixed else "between",
            "places": self.kinds,
            "records": len(self.places),
            "groups": len(np.unique(self.groups)),
            "apart": self._apart(refits),
        }

    def said(self, places: Index) -> Index:
        """The likeliest place of each record if all were as common, `(labelling, record)`."""
        found = np.empty_like(places)
        truth = (places[..., None] == np.arange(self.kinds)).astype(float)
        for (own, other), ridge in zip(self.folds, self.maps, strict=True):
            shares = truth[:, own].mean(1)[:, None]
            lead = np.einsum("ij,ljk->lik", ridge, truth[:, own] - shares, optimize=True)
            known = np.where(shares > 0, shares, 1.0)
            found[:, other] = np.where(shares > 0, lead / known, -np.inf).argmax(-1)
        return found

    def _scores(self, places: Index) -> Floats:
        """Mean recall of each labelling by its own refit, `(labelling,)`."""
        said = self.said(places)
        cells = places * self.kinds + said
        counts = [np.bincount(row, minlength=self.kinds**2) for row in cells]
        matrices = np.stack(counts).reshape(-1, self.kinds, self.kinds).astype(float)
        return metrics.from_confusion(matrices)[NAME]

    @property
    def _mixed(self) -> bool:
        """Whether there are groups enough with records of several places."""
        each = metrics.confusion(
            self.places, self.places, self.groups, self.kinds, self.draws.groups
        )
        return int(((each.sum(-1) > 0).sum(-1) > 1).sum()) >= FEWEST

    def _within(self, refits: int) -> Index:
        """Places exchanged between records of one group and class, `(labelling, record)`."""
        cells = np.unique(np.stack([self.groups, self.labels]), axis=1, return_inverse=True)[1]
        rng = np.random.default_rng((self.draws.seed, 9))
        made = np.empty((refits, len(cells)), np.int64)
        for row in made:
            row[np.argsort(cells, kind="stable")] = self.places[
                np.lexsort((rng.random(len(cells)), cells))
            ]
        return made

    def _between(self, refits: int, inside: Index) -> Index:
        """Places exchanged between groups, among the records of each value of `inside`."""
        zeros = np.zeros((len(self.places), self.kinds))
        names = np.arange(self.draws.groups).astype(object)
        judged = Judged(self.places, self.places, zeros, self.groups, names)
        made = np.empty((refits, len(self.places)), np.int64)
        for value in np.unique(inside):
            own = inside == value
            made[:, own] = permuted_labels(part(judged, own), refits, self.draws.seed)
        return made

    def _apart(self, refits: int) -> Plain:
        """How far classes go with places, and p of places exchanged between all groups."""
        value = float(_cramer(self.labels, self.places[None])[0])
        null = _cramer(self.labels, self._between(refits, np.zeros_like(self.labels)))
        return {"value": value, "p": p_value(value, null)}


def _ridge(own: Floats, other: Floats) -> Floats:
    """What each record that was learned from adds to what is said of others `(other, own)`."""
    centre, spread = own.mean(0), own.std(0)
    scale = np.where(spread > 1e-12, spread, 1.0)
    ours, theirs = (own - centre) / scale, (other - centre) / scale
    square = ours @ ours.T
    square.flat[:: len(ours) + 1] += RIDGE * len(ours)
    return np.asarray(np.linalg.solve(square, ours @ theirs.T).T, np.float64)


def _cramer(labels: Index, places: Index) -> Floats:
    """Cramér's V of classes with each labelling of places, `(labelling,)`."""
    classes, kinds = int(labels.max()) + 1, int(places.max()) + 1
    cells = labels * kinds + places
    counts = [np.bincount(row, minlength=classes * kinds) for row in cells]
    table = np.stack(counts).reshape(-1, classes, kinds).astype(float)
    expected = table.sum(2, keepdims=True) * table.sum(1, keepdims=True) / len(labels)
    parts = np.divide(
        (table - expected) ** 2, expected, out=np.zeros_like(table), where=expected > 0
    )
    least = min(len(np.unique(labels)), kinds) - 1
    return np.asarray(np.sqrt(parts.sum((1, 2)) / len(labels) / max(least, 1)), np.float64)
