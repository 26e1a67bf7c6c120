"""What an explanation is of: records in a space, ragged ones among them."""

from __future__ import annotations

import torch

from tremor.doors.subject import _lengthened


def test_short_references_go_on_with_the_mean_of_those_that_last() -> None:
    records = torch.tensor([[[1.0, 2.0, 0.0, 0.0]], [[3.0, 4.0, 5.0, 0.0]], [[2.0, 0.0, 0.0, 0.0]]])
    found = _lengthened(records, [2, 3, 1])
    assert found[0, 0].tolist() == [1, 2, 5, 5]
    assert found[1, 0].tolist() == [3, 4, 5, 5]
    assert found[2, 0].tolist() == [2, 3, 5, 5]
    assert torch.equal(found.mean(0)[0], torch.tensor([2.0, 3.0, 5.0, 5.0]))


def test_whole_references_stay() -> None:
    records = torch.randn(4, 2, 6)
    assert _lengthened(records, [6] * 4) is records
