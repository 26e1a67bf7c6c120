"""The same numbers as the shap library's."""

from __future__ import annotations

import numpy as np
import pytest
import shap
import torch
from games import field
from torch import Tensor, nn

from tremor.explain.estimators.partition_shap import PartitionShap
from tremor.explain.fills import Mean
from tremor.explain.game import masked
from tremor.explain.targets import OneClass


@pytest.mark.parametrize("budget", [50, 200, 500])
def test_values_are_those_of_shap(budget: int) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.GELU(), nn.Flatten(), nn.Linear(6 * 9 * 10, 2)
    )
    network = network.double().eval()
    record, fill = torch.rand(3, 9, 10, dtype=torch.float64), 0.25
    game = masked(network, record, field(3, 9, 10), Mean(torch.tensor(fill)), OneClass(0))
    ours = PartitionShap(budget)(game).values.view(3, 9, 10).permute(1, 2, 0)

    def theirs(x: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            found: Tensor = network(torch.from_numpy(x).permute(0, 3, 1, 2))
        return found.numpy()

    image = record.permute(1, 2, 0).numpy()
    masker = shap.maskers.Image(np.full(image.shape, fill))
    explained = shap.Explainer(theirs, masker)(image[None], max_evals=budget, outputs=[0])
    np.testing.assert_allclose(ours.numpy(), explained.values[0, ..., 0], atol=1e-6)
