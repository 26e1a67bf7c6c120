"""Loaders: every record once, in an order that the seed and the epoch decide."""

from __future__ import annotations

import itertools
import os
import pickle
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from tremor.data.batch import Batch
from tremor.data.module import DataModule, EpochSampler, Part, _unless_unread
from tremor.data.records import RecordSet
from tremor.errors import Refused

Make = Callable[..., RecordSet]


def module(records: RecordSet, **settings: object) -> DataModule:
    parts = pd.Series(["train", "train", "train", "val", "test"] * (len(records) // 5))
    return DataModule(records, parts, batch_size=7, **settings)  # type: ignore[arg-type]


def test_a_pass_over_a_part_gives_each_record_once_in_order(numbers: Make) -> None:
    records = numbers()
    made = module(records)
    batches = list(made.loader("test"))
    index = torch.cat([batch.index for batch in batches]).tolist()
    assert index == list(range(4, 40, 5))
    assert [len(batch) for batch in batches] == [7, 1]
    for batch in batches:
        np.testing.assert_array_equal(batch.x.numpy(), records.gather(batch.index.numpy(), 300))
        assert batch.y.tolist() == records.table["label"].iloc[batch.index.numpy()].tolist()
    assert sum(map(len, made.loader("all"))) == 40


def test_trim_cuts_to_the_shortest_and_pad_says_what_is_signal(numbers: Make) -> None:
    records = numbers(lengths=(300, 260))
    trimmed = next(iter(module(records, align="trim").loader("all")))
    padded = next(iter(module(records, align="pad").loader("all")))
    assert trimmed.x.shape[-1] == 260
    assert set(trimmed.length.tolist()) == {260}
    assert padded.x.shape[-1] == 300
    assert padded.length.tolist() == [300, 260] * 3 + [300]


def test_training_order_depends_on_seed_and_epoch_only(numbers: Make) -> None:
    first, same, other = EpochSampler(50, 1), EpochSampler(50, 1), EpochSampler(50, 2)
    assert list(first) == list(same) == list(first)
    assert list(first) != list(other)
    same.set_epoch(1)
    assert list(first) != list(same)
    assert sorted(same) == list(range(50))


@pytest.mark.parametrize(("drop", "sizes"), [(True, [7, 7, 7]), (False, [7, 7, 7, 3])])
def test_the_last_small_training_batch_can_be_left_out(
    numbers: Make, drop: bool, sizes: list[int]
) -> None:
    loader = module(numbers(), drop_last=drop).train_dataloader()
    assert [len(batch) for batch in loader] == sizes


def test_few_records_are_never_all_left_out(numbers: Make) -> None:
    loader = module(numbers(count=10), drop_last=True).train_dataloader()
    assert [len(batch) for batch in loader] == [6]


def test_workers_give_what_the_main_process_gives(numbers: Make) -> None:
    records = numbers()
    alone, helped = module(records), module(records, num_workers=2)
    pairs = zip(alone.train_dataloader(), helped.train_dataloader(), strict=True)
    assert all(torch.equal(a.x, b.x) for a, b in pairs)


def test_processes_share_the_training_records_without_overlap() -> None:
    shares = [list(EpochSampler(51, 1, None, rank, 4)) for rank in range(4)]
    assert {len(share) for share in shares} == {12}
    assert len(set(itertools.chain(*shares))) == 48
    whole = list(EpochSampler(51, 1))
    assert sorted(itertools.chain(*shares)) == sorted(whole[:48])


def test_weights_say_how_often_a_record_is_drawn() -> None:
    weights = np.array([1.0] * 50 + [3.0] * 50)
    sampler = EpochSampler(100, 0, weights)
    heavy = 0
    for epoch in range(40):
        sampler.set_epoch(epoch)
        heavy += sum(item >= 50 for item in sampler)
    assert heavy / 4000 == pytest.approx(0.75, abs=0.03)


def test_noise_windows_end_before_p(numbers: Make) -> None:
    records = numbers()
    table = records.table.assign(p_time_s=np.where(np.arange(40) % 2, 2.0, 2.4))
    made = module(replace(records, table=table), keep="noise", align="pad")
    batch = next(iter(made.loader("all")))
    assert batch.length.tolist() == [190, 150] * 3 + [190]
    assert not batch.x[1, :, 150:].any()
    assert batch.x[0, :, :190].all()


def test_noise_windows_need_the_arrival_and_a_second_before_it(numbers: Make) -> None:
    records = numbers()
    with pytest.raises(Refused, match="arrival of P"):
        module(records, keep="noise")
    late = replace(records, table=records.table.assign(p_time_s=1.4))
    with pytest.raises(Refused, match="no noise"):
        module(late, keep="noise", align="pad")


def test_records_without_noise_are_in_no_part_and_shorten_nothing(numbers: Make) -> None:
    records = numbers()
    p_time = np.full(40, 2.4)
    p_time[[0, 9]] = np.nan, 0.7
    made = module(replace(records, table=records.table.assign(p_time_s=p_time)), keep="noise")
    assert made.length == 190
    assert made.parts[made.parts == "no noise"].index.tolist() == [0, 9]
    assert [len(made.part(name)) for name in ("train", "test", "all")] == [23, 7, 38]


class Watched(Part):
    """Hands out which files a worker had open before and after its first batch, and its process."""

    def __getitems__(self, items: list[int]) -> Batch:
        before = "_samples" in vars(self.records)
        batch = super().__getitems__(items)
        told = torch.tensor([before, vars(self.records)["_samples"]._handle, os.getpid()])
        return replace(batch, length=told)


def test_each_worker_opens_the_samples_for_itself(numbers: Make) -> None:
    """The main process has read before it forks; no worker goes on with what it had opened."""
    made = module(numbers(), num_workers=2)
    part = made.part("all")
    watched = Watched(part.records, part.positions, part.length, part.ends)
    mine = watched.__getitems__([0, 1])
    batches = list(made._loader(watched))
    own = {int(batch.length[2]): bool(batch.length[0]) for batch in reversed(batches)}
    assert len(own) == 2
    assert os.getpid() not in own
    assert not any(own.values())
    torch.testing.assert_close(batches[0].x[:2], mine.x)


def test_a_part_travels_without_the_table(numbers: Make) -> None:
    part = module(numbers()).part("train")
    sent = pickle.loads(pickle.dumps(part))
    assert not sent.records.table.columns.size
    assert torch.equal(sent.__getitems__([3, 1]).x, part.__getitems__([3, 1]).x)


def test_a_worker_whose_run_has_ended_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    _unless_unread(BrokenPipeError())
    assert not capsys.readouterr().err
    _unless_unread(TypeError("cannot be sent"))
    assert "cannot be sent" in capsys.readouterr().err
