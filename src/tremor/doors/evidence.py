"""Where the evidence is: known for the records of synthetic worlds, and for no others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.config.build import Plain, build, locate
from tremor.data.records import RecordSet
from tremor.explain.explanation import Axis
from tremor.explain.units import based

BINS = 33  # frequencies that evidence is summed over for explanations of signals
WORLDS = ("world", "archive")  # what sources call the maker of their records

Floats = NDArray[np.float64]


def evidence_of(
    config: Plain,
    records: RecordSet,
    names: Sequence[str],
    axes: Sequence[Axis],
    classes: Sequence[str] | None = None,
) -> Floats | None:
    """Evidence `(record, …cells)` of 0 and more; None where nobody knows it.

    For signals it is summed over frequencies. Components that an encoder has made of others hold
    evidence where those do. Where records may have several of `dataset.classes`, `classes` names
    the one that each is asked for; without it the evidence is that of all that it has.
    """
    world = world_of(config["dataset"]["records"])
    if world is None or axes[0].name != "component" or any(not axis.unit for axis in axes[1:]):
        return None
    known = {axis.name: based(axis) for axis in axes[1:]}
    if "time" not in known:
        return None
    table = _table(world, records)
    frequencies = known.get("frequency", np.linspace(0, records.sampling_rate / 2, BINS))
    codes = [[]] * len(names) if classes is None else [[_codes(config, c)] for c in classes]
    each = (
        world.evidence(table.loc[name], known["time"], frequencies, *of)
        for name, of in zip(names, codes, strict=True)
    )
    maps = np.stack([one if "frequency" in known else one.sum(1) for one in each])
    made = len(axes[0].values) - maps.shape[1]
    return np.concatenate([maps, *[maps.mean(1, keepdims=True)] * made], 1)


def _codes(config: Plain, name: str) -> list[str]:
    """The codes that a class stands for."""
    return [str(code) for code in config["dataset"]["classes"][name]]


def world_of(source: Plain) -> Any:
    """The world that made the records, where it can tell what it put into them."""
    nodes = (source.get(name) for name in WORLDS)
    node = next((node for node in nodes if node is not None), None)
    if node is None or not hasattr(locate(node["_target_"]), "evidence"):
        return None
    return build(node)


def _table(world: Any, records: RecordSet) -> pd.DataFrame:
    """What evidence is told from, by the names of the records: the world's own table, or theirs.

    Stored records tell by no text at all what is not known of them.
    """
    known = world.catalogue() if hasattr(world, "catalogue") else records.table.replace("", np.nan)
    return known.set_index("record_id", drop=False)
