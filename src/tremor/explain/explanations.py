"""Explanations of many records: one object, one HDF5 file, coordinates and trust figures in it."""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from tremor.errors import Refused
from tremor.explain.explanation import Axis, Explanation, told_cells
from tremor.explain.explanations_file import FORMAT, cells, packed, unpacked
from tremor.files import readable, write_whole
from tremor.heaps import refuse_broken_heaps

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TRUST = "trust_"  # before the names of trust figures in the table
Floats = NDArray[np.float32]
NUMBERS = ("base_value", "output", "completeness_error", "evaluations", "freedom")
AGAIN = "explain the run again"


@dataclass(frozen=True, repr=False)
class Explanations:
    """Attributions `(record, …cells)` in units of the score, with all that they rest on.

    `inputs` are the records as explained; cells of one `leaf` of a record were not told apart;
    `table` has a row a record; `meta` says how, of what network, and from which data.
    """

    values: Floats
    errors: Floats | None
    leaf: NDArray[np.int32]
    inputs: Floats
    axes: tuple[Axis, ...]
    table: pd.DataFrame
    classes: tuple[str, ...]
    meta: dict[str, Any]

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        """A line, not its millions of numbers."""
        by = self.meta.get("method", "")
        return f"<{len(self)} explanations by {by}: {told_cells(self.axes)}>"

    @classmethod
    def gather(
        cls,
        found: Sequence[Explanation],
        inputs: Floats,
        table: pd.DataFrame,
        classes: Sequence[str],
        meta: dict[str, Any],
    ) -> Explanations:
        """Explanations of single records, in the order of the rows of `table`."""
        if not found:
            raise Refused("there is nothing to explain: no record was chosen", "select")
        known = [e.errors for e in found if e.errors is not None]
        told = {name: [getattr(e, name) for e in found] for name in (*NUMBERS, "note")}
        figures = dict.fromkeys(name for e in found for name in e.trust)
        told |= {f"{TRUST}{n}": [e.trust.get(n, np.nan) for e in found] for n in figures}
        gaps = [np.nan if gap is None else gap for gap in told["completeness_error"]]
        return cls(
            values=torch.stack([e.values for e in found]).numpy().astype(np.float32),
            errors=torch.stack(known).numpy().astype(np.float32) if known else None,
            leaf=torch.stack([e.leaf for e in found]).numpy().astype(np.int32),
            inputs=np.asarray(inputs, np.float32),
            axes=found[0].axes,
            table=table.reset_index(drop=True).assign(**told | {"completeness_error": gaps}),
            classes=tuple(classes),
            meta=meta
            | {
                "method": found[0].method,
                "settings": {k: v for k, v in found[0].settings.items() if k != "seed"},
            },
        )

    @classmethod
    def joined(cls, parts: Sequence[Explanations]) -> Explanations:
        """Several collections as one: of the same cells, classes and question, each record once."""
        first = parts[0]
        for other in parts[1:]:
            for what in ("axes", "classes"):
                _same(what, getattr(first, what), getattr(other, what))
            for what in ("explainer", "target", "space", "fill", "budget"):
                _same(what, first.meta.get(what), other.meta.get(what))
        table = pd.concat([part.table for part in parts], ignore_index=True)
        twice = table["record_id"][table["record_id"].duplicated()]
        if len(twice):
            fault = f"{len(twice)} records are there twice, such as {twice.iloc[0]}"
            raise Refused(fault, "explanations", "one collection for each station")
        arrays: dict[str, Any] = {"errors": None}
        arrays |= {n: np.concatenate([cells(part)[n] for part in parts]) for n in cells(first)}
        return cls(
            **arrays,
            axes=first.axes,
            table=table,
            classes=first.classes,
            meta=first.meta | {"checkpoint": [part.meta.get("checkpoint") for part in parts]},
        )

    def one(self, row: int) -> Explanation:
        """The explanation of one record."""
        told = self.table.iloc[row]
        gap = told["completeness_error"]
        return Explanation(
            values=torch.from_numpy(self.values[row]).double(),
            errors=None if self.errors is None else torch.from_numpy(self.errors[row]).double(),
            leaf=torch.from_numpy(self.leaf[row]).long(),
            freedom=float(told["freedom"]),
            base_value=float(told["base_value"]),
            output=float(told["output"]),
            completeness_error=None if pd.isna(gap) else float(gap),
            evaluations=int(told["evaluations"]),
            axes=self.axes,
            method=str(self.meta["method"]),
            settings=self.meta.get("settings", {}),
            note=str(told["note"]),
            trust=_trust(told),
        )

    def where(self, rows: NDArray[Any]) -> Explanations:
        """Some records of them: a mask, or positions."""
        errors = None if self.errors is None else self.errors[rows]
        parts = {name: getattr(self, name)[rows] for name in ("values", "leaf", "inputs")}
        return replace(self, errors=errors, table=self.table.iloc[rows], **parts)

    def mean(self, by: str | None = None) -> dict[Hashable, Floats]:
        """The mean map `(…cells)` of each value of a column of the table; of all under `None`."""
        if by is None:
            return {None: self.values.mean(0)}
        if by not in self.table:
            known = ", ".join(map(str, self.table.columns))
            raise Refused(f"there is no column {by!r}", "mean(by=…)", f"one of {known}")
        rows = self.table.reset_index(drop=True).groupby(by).indices
        return {key: self.values[places].mean(0) for key, places in rows.items()}

    def resolution(self) -> dict[str, float]:
        """The median extent of what was told apart along each axis, in the axis' unit."""
        return self._resolution

    @cached_property
    def _resolution(self) -> dict[str, float]:
        each = pd.DataFrame([self.one(row).resolution() for row in range(len(self))])
        return {str(name): float(value) for name, value in each.median().items()}

    def save(self, path: str | Path) -> Path:
        """Write one HDF5 file, whole or not at all; xarray and h5netcdf can open it."""
        return write_whole(Path(path), packed(self))

    @classmethod
    def open(cls, path: str | Path) -> Explanations:
        """Read a file that `save` wrote."""
        try:
            refuse_broken_heaps(Path(path))
            file = h5py.File(path, "r")
        except (OSError, ValueError) as error:
            raise Refused(f"cannot read it ({error})", str(path), "an explanation.h5") from error
        with file, readable(Path(path), AGAIN, Refused):
            if file.attrs.get("tremor_explanations") != FORMAT:
                raise Refused("not a file of explanations of this version", str(path))
            found = cls(**unpacked(file))
            found._refuse_misfits()
            return found

    def _refuse_misfits(self) -> None:
        """Cells, coordinates and rows have to be of the same records."""
        shape = (len(self.table), *(len(axis.values) for axis in self.axes))
        for name, array in cells(self).items():
            if array.shape != shape or array.dtype.kind not in "iuf":
                raise ValueError(f"{name} of {array.dtype} {array.shape}, not numbers {shape}")
        for axis in self.axes:
            kinds = {isinstance(value, str) for value in axis.values}
            if len(kinds) != 1 or not isinstance(axis.name, str) or not isinstance(axis.unit, str):
                raise TypeError(f"coordinates of {axis.name} that are neither numbers nor names")
            _ = axis.step
        numbers = self.table[[*NUMBERS, *(c for c in self.table if str(c).startswith(TRUST))]]
        known = np.isfinite(numbers.to_numpy(np.float64)[:, NUMBERS.index("evaluations")]).all()
        if not known or not {"note", "record_id"} <= {*self.table} or "method" not in self.meta:
            raise ValueError("it lacks what every explanation tells")

    def to_xarray(self) -> Any:
        """An `xarray.Dataset` with the coordinates and the table's columns."""
        try:
            import xarray
        except ImportError as error:
            raise Refused("xarray is not installed", remedy="pip install xarray") from error
        dims = ("record", *(axis.name for axis in self.axes))
        arrays = {name: (dims, array) for name, array in cells(self).items()}
        axes = {a.name: (a.name, list(a.values), {"units": a.unit}) for a in self.axes}
        names = [c for c in self.table.columns if c not in axes]
        rows = {str(c): ("record", self.table[c].to_numpy()) for c in names}
        attrs = {"meta": json.dumps(self.meta), "classes": list(self.classes)}
        return xarray.Dataset(arrays, coords=axes | rows, attrs=attrs)

    def plot(self, record: int | str | None = None) -> Figure:
        """The mean map of each class, or one record by its place or its `record_id`."""
        from tremor.report.plots_explanation_collection import overview, single

        if record is None:
            return overview(self)
        if isinstance(record, str):
            names = self.table["record_id"].tolist()
            if record not in names:
                raise Refused(f"no record {record!r} was explained", "plot(record=…)")
            record = names.index(record)
        return single(self, record)


def _trust(told: pd.Series[Any]) -> dict[str, float]:
    """The trust figures in a row of the table, by name."""
    known = {str(name): value for name, value in told.items() if str(name).startswith(TRUST)}
    return {n.removeprefix(TRUST): float(v) for n, v in known.items() if not pd.isna(v)}


def _same(what: str, one: Any, other: Any) -> None:
    if one != other:
        fault = f"they differ in {what}: {str(one)[:60]}, {str(other)[:60]}"
        raise Refused(fault, "explanations", "explain all of them in the same way")
