"""Explaining from Python: any function from arrays to logits, one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.explain import targets
from tremor.explain.arrange import cells
from tremor.explain.calls import asked
from tremor.explain.estimators.owen import Owen
from tremor.explain.explanation import Axis
from tremor.explain.explanations import Explanations
from tremor.explain.fills import Blur, Fill, Mean
from tremor.explain.game import Predict, logits, of_arrays
from tremor.explain.methods import ByGradient, ByLayer, ByPlayers, Case, Method, record_seed
from tremor.explain.players import Players

KINDS = {"game": ByPlayers, "slope": ByGradient, "network": ByLayer}
"""How an estimator is called, by the name of its first argument."""


def explain(
    predict: nn.Module | Callable[[Any], Any],
    inputs: ArrayLike | Tensor,
    method: Any = None,
    *,
    target: int | str = "predicted",
    fill: Fill | None = None,
    players: Callable[[Sequence[Axis]], Players] = cells,
    references: ArrayLike | Tensor | None = None,
    axes: Sequence[Axis] | None = None,
    classes: Sequence[str] | None = None,
    table: pd.DataFrame | None = None,
    seed: int = 0,
    batch: int = 64,
) -> Explanations:
    """Attributions of records `(record, …cells)` to the logits `(batch, class)` of `predict`.

    `predict` is a torch module (any method), or a function of NumPy arrays (those that need no
    gradients). `method` is an estimator such as `Owen(budget=2000)`, the default. Absent cells take
    the mean of `references (record, …cells)`, or without these the record's own blur. `table` may
    have `record_id`, `group` (event), `label` and whatever maps are to be compared by; without
    labels, the predicted classes stand in the collection's table.
    """
    x = torch.as_tensor(np.asarray(inputs) if not isinstance(inputs, Tensor) else inputs).float()
    known = x[:0] if references is None else torch.as_tensor(references).float().to(x.device)
    network = predict.eval() if isinstance(predict, nn.Module) else of_arrays(predict)
    chosen = method_of(method or Owen(), filled(fill, known), players)
    named = tuple(axes or (Axis(f"axis {n}", tuple(map(float, range(s)))) for n, s in _sizes(x)))
    rows = _rows(network, x, table, batch)
    names = tuple(classes or map(str, range(int(rows.attrs["classes"]))))
    asked_for = targets.read(target, names)
    found = []
    for place, told in enumerate(rows.to_dict("records")):
        label = int(told["label"]) if table is not None and "label" in table else None
        case = Case(network, x[place], named, asked_for, known, label)
        found.append(chosen(replace(case, seed=record_seed(seed, told["record_id"]), batch=batch)))
    meta = {
        "explainer": found[0].method,
        "target": str(target),
        "space": "input",
        "fill": type(fill).__name__ if fill else "mean" if len(known) else "blur",
        "seed": seed,
    }
    return Explanations.gather(found, x.cpu().numpy(), rows, names, meta)


def method_of(estimator: Any, fill: Fill, players: Callable[..., Players]) -> Method:
    """An estimator in the hands of what knows how to call it; a method is one already."""
    if Method in type(estimator).__mro__:
        return estimator  # type: ignore[no-any-return]
    if not hasattr(type(estimator), "__dataclass_fields__"):
        fault = f"{estimator!r} is no estimator"
        raise Refused(fault, "method", "method=Owen(budget=2000), from tremor.explain.estimators")
    first = next(iter(asked(estimator)), "")
    made = partial(_again, estimator)
    if KINDS.get(first) is ByPlayers:
        return ByPlayers(players=players, fill=lambda: fill, estimator=made)
    if KINDS.get(first) is ByGradient:
        needs = "backgrounds" in asked(estimator)
        return ByGradient(estimator=made, fill=(lambda: fill) if needs else None)
    layered = ByLayer(estimator=lambda layer: replace(estimator, layer=layer))
    layered.layer = estimator.layer
    return layered


def _again(estimator: Any, seed: int = 0) -> Any:
    """The estimator with the seed of a record, where it draws anything."""
    drawn = any(field.name == "seed" for field in fields(estimator))
    return replace(estimator, seed=seed) if drawn else estimator


def filled(fill: Fill | None, known: Tensor) -> Fill:
    """The fill that was given, or the mean of known records `(record, …)`, or the own blur."""
    if fill is not None:
        return fill
    return Mean(known.mean(0)) if len(known) else Blur()


def _sizes(x: Tensor) -> list[tuple[int, int]]:
    return list(enumerate(x.shape[1:], 1))


@torch.inference_mode()
def _rows(network: Predict, x: Tensor, table: pd.DataFrame | None, batch: int) -> pd.DataFrame:
    """The table, with what a collection needs: names, events, labels, predicted classes."""
    said = torch.cat([logits(network, part) for part in x.split(batch)])
    if table is not None and len(table) != len(x):
        raise Refused(f"{len(table)} rows for {len(x)} records", "table", "a row for each record")
    rows = pd.DataFrame(index=range(len(x))) if table is None else table.reset_index(drop=True)
    given = {
        "record_id": [str(n) for n in range(len(x))],
        "group": rows.get("record_id", [str(n) for n in range(len(x))]),
        "label": said.argmax(1).tolist(),
    }
    rows = rows.assign(**{name: value for name, value in given.items() if name not in rows})
    rows = rows.assign(predicted=said.argmax(1).tolist())
    rows.attrs["classes"] = said.shape[1]
    return rows
