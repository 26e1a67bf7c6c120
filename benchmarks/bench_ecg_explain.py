"""Explaining a 12-lead ECG: only what a mask changes run again, against whole records every time.

The network is the residual CNN of 12-lead ECGs; its weights are random, on which speed does not
depend. LIME and TimeSHAP draw as many masks as the work before ours (600 and 473 a record, leads by
fair coins), and that is what whole records are run for, 32 at once; its own times, in Keras on two
cores, stand beside (processor seconds a record). Stability explains the record and a copy with one
beat more; we do not explain the record again.

`python benchmarks/bench_ecg_explain.py [threads] [rounds]`
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from side_by_side import keep

import torch  # isort: skip
from torch import Tensor, nn  # isort: skip

from tremor.explain.compat.methods import Earlier, EarlierLime, EarlierTimeShap
from tremor.explain.explanation import Axis
from tremor.explain.fills import Zero
from tremor.explain.game import masked
from tremor.explain.methods import Case
from tremor.explain.players import time_windows
from tremor.explain.predict import Predict
from tremor.explain.targets import OneClass
from tremor.network.decoders.pooled import PooledLinear
from tremor.network.encoders.raw import Raw
from tremor.network.models.ecg_resnet import ECGResNet
from tremor.network.network import Network
from tremor.network.views import OfSignal
from tremor.training.allocator import keep_memory

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
RATE, STEPS, WINDOW, CLASSES = 500.0, 5000, 0.5, 27
OURS, WHOLE = "tremor", "whole records, torch"
BEFORE = {"lime": 26.0, "timeshap": 20.0, "lime_and_timeshap": 46.0, "evaluation": 0.95}
BEFORE["stability"] = 91.0  # processor seconds a record of the work before ours
GOALS = {"lime_and_timeshap": ">= 5", "stability": ">= 10"}
AT_ONCE, DELETED = 32, 9  # inputs, and records with a part deleted that an evaluation looks at


@dataclass
class Times:
    """Seconds of one candidate by stage: of the processor, and of the clock."""

    processor: dict[str, list[float]] = field(default_factory=dict)
    clock: dict[str, list[float]] = field(default_factory=dict)

    def measure(self, stage: str, call: Callable[[], object]) -> None:
        processor, clock = time.process_time(), time.perf_counter()
        call()
        self.processor.setdefault(stage, []).append(time.process_time() - processor)
        self.clock.setdefault(stage, []).append(time.perf_counter() - clock)

    def add_up(self, copies: int) -> None:
        """Stages that consist of others; stability explains so many copies of a record."""
        for seconds in (self.processor, self.clock):
            pairs = zip(seconds["lime"], seconds["timeshap"], strict=True)
            seconds["lime_and_timeshap"] = [a + b for a, b in pairs]
            seconds["stability"] = [copies * both for both in seconds["lime_and_timeshap"]]


def network() -> nn.Module:
    torch.manual_seed(0)
    encoder = Raw(len(LEADS), STEPS, RATE, 1)
    model = ECGResNet(encoder.out_shape)
    body = Network(encoder, model, PooledLinear(model.out_shape, CLASSES))
    return OfSignal(body.eval().requires_grad_(False), STEPS).eval()


def record(seed: int) -> Tensor:
    """Raw integers, as the network is given them."""
    drawn = torch.randn(len(LEADS), STEPS, generator=torch.Generator().manual_seed(seed))
    return (drawn.cumsum(-1) * 20).round()


def case(predict: Predict, number: int) -> Case:
    times = tuple(step / RATE for step in range(STEPS))
    axes = Axis("lead", LEADS), Axis("time", times, "s")
    x = record(number)
    return Case(predict, x, axes, OneClass(1), x[:0][None], batch=AT_ONCE, seed=number)


def methods() -> dict[str, Earlier]:
    return {"lime": EarlierLime({}, {}), "timeshap": EarlierTimeShap({}, {})}


def deleted(of: Case) -> None:
    """The record with more and more of its windows away, as an evaluation looks at it."""
    players = time_windows(of.record.shape, round(WINDOW * RATE), joint=False)
    masks = torch.arange(players.count) >= 3 * torch.arange(1, DELETED + 1)[:, None]
    masked(of.predict, of.record, players, Zero(), of.target, batch=1)(masks)


def explain(times: Times, of: Case) -> None:
    for stage, method in methods().items():
        times.measure(stage, lambda method=method: method(of))  # type: ignore[misc]
    times.measure("evaluation", lambda: deleted(of))


def compare(threads: int, rounds: int) -> dict[str, Times]:
    """Both candidates in turn, each on records that it has not seen."""
    torch.set_num_threads(threads)
    view = network()
    found = {OURS: Times(), WHOLE: Times()}
    found[OURS].measure("probing", lambda: methods()["lime"].levels(case(view, 0)))
    explain(Times(), case(view, 0))
    for number in range(1, rounds + 1):
        explain(found[OURS], case(view, number))
        explain(found[WHOLE], case(lambda x: view(x), number))
    found[OURS].add_up(copies=1)
    found[WHOLE].add_up(copies=2)
    return found


def tell(found: Mapping[str, Times], threads: int) -> None:
    at = f"{threads} thread{'s' * (threads > 1)}"
    for stage, before in BEFORE.items():
        seconds = {name: times.processor[stage] for name, times in found.items()}
        clock = {name: times.clock[stage][-1] for name, times in found.items()}
        least = {name: min(each) for name, each in seconds.items()}
        keep(
            f"ecg_explain_{stage}_{at.replace(' ', '_')}",
            seconds,
            1,
            WHOLE,
            f"{stage.replace('_', ' ')} of one record at {at}, processor seconds",
            GOALS.get(stage, ""),
            threads,
            clock_s=clock,
            once_a_network_s={OURS: found[OURS].processor["probing"][0]},
            times_faster_than_keras={name: before / each for name, each in least.items()},
        )


def main() -> None:
    words = [int(word) for word in sys.argv[1:]]
    threads, rounds = (*words, *(1, 1)[len(words) :])
    print("allocator:", keep_memory())
    tell(compare(threads, rounds), threads)


if __name__ == "__main__":
    main()
