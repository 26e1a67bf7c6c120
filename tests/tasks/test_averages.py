"""Means over an epoch: weighted by batch, begun anew, taken up from a checkpoint."""

from __future__ import annotations

import torch

from tremor.tasks.averages import Averages


def test_means_are_weighted_by_the_size_of_each_batch() -> None:
    means = Averages()
    means.add({"loss": torch.tensor(1.0), "rate": 0.5}, 3)
    again = Averages(**means.state())
    for one in (means, again):
        one.add({"loss": torch.tensor(5.0, dtype=torch.bfloat16), "rate": 0.1}, 1)
        found, count = one.taken()
        assert count == 4
        assert (float(found["loss"]), float(found["rate"])) == (2.0, 0.4)
        assert one.taken() == ({}, 0)
