"""What was measured of the earlier LIME on real records: its masks hide a lead from it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor, nn

from tremor.data.ecg.leads import LEADS
from tremor.data.ecg.recording import read_recording
from tremor.explain.compat.methods import EarlierLime
from tremor.explain.explanation import Axis
from tremor.explain.methods import Case
from tremor.explain.targets import OneClass
from tremor.network.models.ecg_resnet import ECGResNet
from tremor.training.keras_file import read_keras
from tremor.training.keras_network import recognise

AXES = (
    Axis("component", tuple(LEADS)),
    Axis("time", tuple(k / 500 for k in range(5000)), "s"),
)
PLACE = {"AF": 1, "SNR": 21}  # among the 27 classes
WINDOWS = {"AF": 0.5, "SNR": 0.25}
PRIORS = {
    "AF": {"II": 1.0, "V1": 0.9, "III": 0.7, "aVF": 0.6, "V2": 0.5},
    "SNR": {"II": 1.0, "V1": 1.0, "I": 0.8, "aVF": 0.8, "V2": 0.8},
}


EXACT = {
    "A2978": (22, 88, -7, 56, -8, 16, 505, 42, 34, 48, 57, 124),
    "HR01921": (34, 59, 48, 92, 23, 18, 60, -3, 20, 27, 38, 13),
}
"""Shapley values [1/1000] of leads in the foremost window, logit, all 4,096 coalitions."""
RANKS = {"A2978": (0.03, 0.94), "HR01921": (-0.01, 0.96)}
"""Spearman of the original LIME with these, with and without its priors."""


class Reference(nn.Module):
    """The reference network on raw integers."""

    def __init__(self, folder: Path):
        super().__init__()
        known = recognise(read_keras(folder / "resnet_final_weights.h5")).weights()
        self.model, self.decoder = ECGResNet((12, 5000)), nn.Module()
        self.decoder.linear = nn.Linear(128, 27)
        self.load_state_dict(known, strict=False)

    def forward(self, x: Tensor) -> Tensor:
        features, _ = self.model(x, torch.full((len(x),), x.shape[-1]))
        found: Tensor = self.decoder.linear(features.mean(-1))
        return found


@pytest.mark.slow
def test_priors_hide_leads_and_spoil_ranks_as_was_measured(shared_data: Path) -> None:
    """V1 was among the five leads of none of 50 records of sinus rhythm: it is never masked."""
    network, folder = Reference(shared_data / "ecg").eval(), shared_data / "ecg" / "records"
    method = EarlierLime(WINDOWS, PRIORS)
    for name, asked in (("A2978", "AF"), ("HR01921", "SNR")):
        raw = torch.tensor(read_recording(folder / f"{name}.hea").signal[:, :5000].astype("f4"))
        target = OneClass(PLACE[asked])
        case = Case(network, raw, AXES, target, raw[None][:0], batch=32, asked=asked)
        levels = method.levels(case)
        found = method.weights(levels, case)
        assert levels.game.evaluations == 600 + 2 + 5
        assert levels.game.full > 1.7  # selected at a probability of 0.85 or more
        assert (float(found.scores()[LEADS.index("V1")]) < 1e-9) == (asked == "SNR")
        assert len(found.top_leads(5)) == 5
        plain = EarlierLime(WINDOWS, {}).weights(levels, case)
        ranks = [spearmanr(each.leads[0], EXACT[name])[0] for each in (found, plain)]
        assert ranks == pytest.approx(RANKS[name], abs=0.006)
        assert len(found.windows) == 10 / WINDOWS[asked]
