"""One call from Python: any network or function, any estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import tremor
from tremor.errors import Refused
from tremor.explain.estimators.cams import GradCAM
from tremor.explain.estimators.integrated_gradients import IntegratedGradients
from tremor.explain.estimators.leverage import Leverage
from tremor.explain.estimators.owen import Owen
from tremor.explain.explanation import Axis
from tremor.explain.fills import Zero

X = np.random.default_rng(0).normal(size=(3, 2, 4, 6)).astype(np.float32)


class Linear(nn.Module):
    """Logits of two classes; `weights` are those of the second one."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(48, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dense(x.flatten(1))  # type: ignore[no-any-return]


@pytest.fixture
def network() -> Linear:
    torch.manual_seed(0)
    return Linear()


@pytest.mark.parametrize(
    "method", [Owen(budget=300), IntegratedGradients(nodes=1)], ids=lambda m: type(m).__name__
)
def test_a_linear_network_is_explained_by_its_weights(network: Linear, method: Any) -> None:
    found = tremor.explain(network, X, method=method, target=1, fill=Zero())
    wanted = X * network.dense.weight[1].detach().numpy().reshape(2, 4, 6)
    np.testing.assert_allclose(found.values, wanted, atol=1e-4)
    assert found.table["completeness_error"].abs().max() < 1e-4


def test_a_function_of_arrays_will_do(network: Linear) -> None:
    def foreign(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return network(torch.from_numpy(x)).detach().numpy()  # type: ignore[no-any-return]

    one = tremor.explain(foreign, X, method=Owen(budget=100), references=X[1:])
    other = tremor.explain(network, X, method=Owen(budget=100), references=X[1:])
    np.testing.assert_allclose(one.values, other.values, atol=1e-5)
    assert one.meta["fill"] == "mean"
    with pytest.raises(Refused, match="no gradient"):
        tremor.explain(foreign, X, method=IntegratedGradients())
    with pytest.raises(Refused):
        tremor.explain(foreign, X, method=GradCAM())


def test_a_collection_comes_back_that_can_be_saved_averaged_and_drawn(
    network: Linear, tmp_path: Any
) -> None:
    table = pd.DataFrame(
        {"record_id": ["a", "b", "c"], "group": ["1", "1", "2"], "label": [0, 1, 1]}
    )
    axes = (
        Axis("component", ("Z", "N")),
        Axis("frequency", (0.0, 1.0, 2.0, 3.0), "Hz"),
        Axis("time", (0.0, 1.0, 2.0, 3.0, 4.0, 5.0), "s"),
    )
    found = tremor.explain(
        network, X, axes=axes, table=table.assign(station="NRCA"), classes=("fore", "after")
    )
    assert found.save(tmp_path / "e.h5").exists()
    assert found.mean(by="station")["NRCA"].shape == (2, 4, 6)
    assert found.plot() is not None
    assert found.plot("b") is not None
    with pytest.raises(Refused, match="no record 'z'"):
        found.plot("z")


def test_seeds_belong_to_records_not_to_their_order(network: Linear) -> None:
    table = pd.DataFrame({"record_id": ["a", "b", "c"]})
    method = Leverage(budget=150)
    bent = nn.Sequential(nn.Flatten(), nn.Linear(48, 8), nn.Tanh(), nn.Linear(8, 2))
    first = tremor.explain(bent, X, method=method, table=table)
    turned = tremor.explain(bent, X[::-1].copy(), method=method, table=table[::-1])
    np.testing.assert_allclose(turned.values[::-1], first.values, atol=1e-6)
    other = tremor.explain(bent, X, method=method, table=table, seed=1)
    assert not np.allclose(other.values, first.values, atol=1e-6)


def test_what_cannot_be_explained_is_refused(network: Linear) -> None:
    with pytest.raises(Refused, match="no estimator"):
        tremor.explain(network, X, method="owen")
    with pytest.raises(Refused, match="a row for each record"):
        tremor.explain(network, X, table=pd.DataFrame({"label": [0]}))
    with pytest.raises(Refused, match="is no class"):
        tremor.explain(network, X, target="aftershock")
