"""Tokens: the windows of beats, in every lead, that explanations are held against claims by."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tremor.errors import Refused
from tremor.explain.heart.claims import Claims, Diagnosis, Window
from tremor.signal.r_peaks import Peaks, r_peaks

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Index = NDArray[np.int64]

LEFT = 0.5  # share of a window that must be left of it, after others took theirs


@dataclass(frozen=True)
class Seen:
    """What the model sees of a record: `signal (lead, time)` at `rate` Hz, padded past `steps`."""

    signal: NDArray[Any]
    rate: float
    leads: tuple[str, ...]
    steps: int
    peaks: Peaks

    @classmethod
    def of(
        cls, signal: NDArray[Any], rate: float, leads: Sequence[str], steps: int | None = None
    ) -> Seen:
        """With its R peaks; `steps` samples are signal (all of them if not given)."""
        x = np.asarray(signal)
        stop = x.shape[-1] if steps is None else min(steps, x.shape[-1])
        return cls(x, rate, tuple(leads), stop, r_peaks(x[:, :stop], rate, leads))

    @property
    def heart_rate(self) -> float | None:
        """Beats a minute; None with fewer than two beats."""
        return self.peaks.rate(self.rate)


@dataclass(frozen=True)
class Tokens:
    """A grid of leads by spans: span s is samples `start[s]` to before `stop[s]`, in all leads.

    Span s is window `names[window[s]]` of beat `beat[s]` (a place in the record's peaks). `note`
    says why there are none, or what was left out.
    """

    leads: tuple[str, ...]
    names: tuple[str, ...]
    start: Index
    stop: Index
    beat: Index
    window: Index
    rate: float
    note: str = ""

    @property
    def count(self) -> int:
        return len(self.leads) * len(self.start)

    @property
    def seconds(self) -> Floats:
        """How long each span is `(span,)`."""
        return np.asarray((self.stop - self.start) / self.rate, np.float64)

    def sums(self, values: NDArray[Any]) -> Floats:
        """What cells `(lead, time)` add up to in each token `(lead, span)`; 0 beyond their end."""
        v = np.asarray(values, np.float64)
        if v.ndim != 2 or len(v) != len(self.leads) or not np.isfinite(v).all():
            fault = f"an explanation of shape {v.shape} for {len(self.leads)} leads"
            raise Refused(fault, "tokens", "finite numbers (lead, time)")
        total = np.concatenate([np.zeros((len(v), 1)), v.cumsum(1)], axis=1)
        start, stop = (np.minimum(place, v.shape[1]) for place in (self.start, self.stop))
        return np.asarray(total[:, stop] - total[:, start])

    def kept(self, spans: Bools) -> Tokens:
        """Those spans alone `(span,)`."""
        at = {name: getattr(self, name)[spans] for name in ("start", "stop", "beat", "window")}
        return replace(self, **at)


def tokens(seen: Seen, claims: Claims, diagnosis: Diagnosis) -> Tokens:
    """The windows of all beats, no sample in two of them: those of the class before all others.

    Windows of which less than half is left (by others, or at the record's ends) are left out.
    """
    names = tuple(dict.fromkeys((*diagnosis.windows, *claims.tokens)))
    empty = _none(seen, names)
    if empty is not None:
        return empty
    raw = _windows(seen, names, claims, diagnosis)
    order = sorted(range(len(raw.start)), key=lambda s: (raw.window[s], raw.beat[s]))
    found = _apart(raw, order, seen.steps)
    lost = len(raw.start) - len(found.start)
    return replace(found, note=f"{lost} windows cut short by others or by an end" if lost else "")


def overlapping(seen: Seen, claims: Claims, diagnosis: Diagnosis) -> Tokens:
    """A class's own windows alone, cut at the record's ends, as the toolkit before us has them."""
    empty = _none(seen, diagnosis.windows)
    if empty is not None:
        return empty
    raw = _windows(seen, diagnosis.windows, claims, diagnosis)
    cut = replace(
        raw, start=np.clip(raw.start, 0, seen.steps), stop=np.clip(raw.stop, 0, seen.steps)
    )
    return cut.kept(cut.stop > cut.start)


def labels(found: Tokens, seen: Seen, claims: Claims, diagnosis: Diagnosis) -> tuple[Bools, Bools]:
    """Tokens `(lead, span)` that a class claims: strictly, and leniently."""
    late = ~_early(seen, claims.early)[found.beat]
    strict, lenient = (np.zeros((len(found.leads), len(found.start)), bool) for _ in range(2))
    for claim in diagnosis.claims:
        wanted = [name in claim.windows for name in found.names]
        spans = np.array(wanted, bool)[found.window]
        spans = spans & ~late if claim.early else spans
        for label, leads in ((strict, claim.strict), (lenient, claim.lenient)):
            label |= np.array([name in leads for name in found.leads])[:, None] & spans
    return strict, lenient


def truth(found: Tokens, mask: NDArray[Any]) -> Bools:
    """Tokens `(lead, span)` of which at least half lies in a known mask `(lead, time)`."""
    share = found.sums(np.asarray(mask, bool)) / np.maximum(found.stop - found.start, 1)
    return np.asarray(share >= 0.5)


def _none(seen: Seen, names: tuple[str, ...]) -> Tokens | None:
    """No tokens, where peaks cannot be trusted; None where they can."""
    if seen.peaks.good:
        return None
    none = np.empty(0, np.int64)
    note = f"R peaks of quality {seen.peaks.quality:.2f} ({seen.peaks.reason}): no tokens"
    return Tokens(seen.leads, names, none, none, none, none, seen.rate, note)


def _windows(seen: Seen, names: Sequence[str], claims: Claims, diagnosis: Diagnosis) -> Tokens:
    """All windows of all beats, wherever they lie; those to a next beat end with the last."""
    fast = (seen.heart_rate or 0.0) >= claims.fast
    peaks = seen.peaks.samples
    rows = []
    for window, name in enumerate(names):
        bounds = claims.bounds(name, fast=fast, wide=diagnosis.wide)
        for beat, (start, stop) in enumerate(_samples(bounds, peaks, seen.rate)):
            if stop > start:
                rows.append((start, stop, beat, window))
    at, ends, beats, places = np.array(rows, np.int64).reshape(-1, 4).T.copy()
    return Tokens(seen.leads, tuple(names), at, ends, beats, places, seen.rate)


def _samples(window: Window, peaks: Index, rate: float) -> list[tuple[int, int]]:
    """First sample and end of a window of each beat."""
    ends = peaks[1:] if window.to_next else peaks
    start, stop = (round(offset * rate) for offset in (window.start, window.stop))
    return [(int(p) + start, int(e) + stop) for p, e in zip(peaks, ends, strict=False)]


def _apart(raw: Tokens, order: Sequence[int], steps: int) -> Tokens:
    """Spans that share no sample: each the longest run of what those before it left."""
    owner = np.full(steps, -1, np.int64)
    for span in order:
        part = owner[max(0, raw.start[span]) : max(0, raw.stop[span])]
        part[part < 0] = span
    edges = np.flatnonzero(np.diff(owner, prepend=-2, append=-2))
    start, stop = raw.start.copy(), raw.start.copy()
    for a, b in itertools.pairwise(edges):
        span = owner[a]
        if span >= 0 and b - a > stop[span] - start[span]:
            start[span], stop[span] = a, b
    left = (stop - start) >= LEFT * (raw.stop - raw.start)
    return replace(raw, start=start, stop=stop).kept(left & (stop > start))


def _early(seen: Seen, share: float) -> Bools:
    """Beats `(beat,)` that come early: after less than a share of the median RR interval."""
    gaps = np.diff(seen.peaks.samples)
    early = np.zeros(len(seen.peaks.samples), bool)
    if len(gaps):
        early[1:] = gaps < share * np.median(gaps)
    return early
