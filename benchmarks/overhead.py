"""What the framework itself costs: from the command to the first batch, and a step of training.

`python benchmarks/overhead.py start 7` starts the quickstart seven times, in turn with bare
imports; `python benchmarks/overhead.py steps 15` trains in turn with a bare PyTorch loop. Both at
one thread; ratios are of processor seconds, which a busy machine leaves alone.
"""

from __future__ import annotations

import itertools
import json
import os
import runpy
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from side_by_side import RESULTS, keep, machine

ROOT = Path(__file__).parents[1]
LIBRARIES = "import torch, lightning, pandas, sklearn.linear_model, matplotlib.figure"
SIZES = {
    "small_step": ["model.hidden_size=8", "dataset.batch_size=4", "dataset.n_events=300"],
    "large_step": ["dataset.n_events=1200"],
}
"""Overrides of the quickstart for a step of some milliseconds, and for one of more than 20."""
OURS, BARE = "tremor", "bare PyTorch loop"
WHOLE = "tremor, whole epoch with validation and checkpoints"
UNITS = ("wall_s", "cpu_s")
IMPORTS = "bare imports"
GOAL = ">= 0.95 at >= 20 ms"
Clock = tuple[float, float]


def start(rounds: int) -> None:
    """Seconds of each phase of a start, wall and processor; medians over fresh processes."""
    found: dict[str, list[Clock]] = {}
    with tempfile.TemporaryDirectory() as place:
        for number in range(rounds + 1):  # the first one writes the records into the cache
            phases = _child(["--started", place]) | {IMPORTS: _imports()}
            for name, clock in phases.items() if number else ():
                found.setdefault(name, []).append(clock)
    totals = [map(sum, zip(*each, strict=True)) for each in zip(*_ours_of(found), strict=True)]
    found["total"] = [(wall, cpu) for wall, cpu in totals]
    result = {
        "what": "quickstart from the shell to its first training batch, records cached",
        "goal": "",
        "rival": "",
        "times_faster_than_rival": {},
        **{
            unit: {name: round(median(c[k] for c in clocks), 3) for name, clocks in found.items()}
            for k, unit in enumerate(UNITS)
        },
        "load_of_the_machine": {"last minute": round(os.getloadavg()[0], 1)},
        "seconds": {n: [[round(v, 4) for v in clock] for clock in c] for n, c in found.items()},
        "machine": machine(),
    }
    (RESULTS / "overhead_start.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({k: v for k, v in result.items() if k != "seconds"}, indent=1))


def _ours_of(found: dict[str, list[Clock]]) -> list[list[Clock]]:
    """The phases of our own start."""
    return [clocks for name, clocks in found.items() if name != IMPORTS]


def _child(words: list[str]) -> dict[str, Clock]:
    """The phases that a fresh process tells."""
    command = [sys.executable, __file__, *words, repr(time.time())]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {name: (wall, cpu) for name, (wall, cpu) in json.loads(said.splitlines()[-1]).items()}


def _imports() -> Clock:
    """Only the libraries that a run cannot do without."""
    code = f"import time; {LIBRARIES}; print(time.process_time())"
    began = time.time()
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return time.time() - began, float(said.stdout)


def started(place: str, began: float) -> None:
    """The quickstart through its own door, left at the first training batch."""
    marks: list[tuple[str, Clock]] = [("", (began, 0.0))]

    def mark(name: str) -> None:
        marks.append((name, (time.time(), time.process_time())))

    def after(module: Any, function: str, name: str) -> None:
        inner = getattr(module, function)

        def timed(*given: Any, **named: Any) -> Any:
            result = inner(*given, **named)
            mark(name)
            return result

        setattr(module, function, timed)

    class Watch:
        """Tells when Python first looks for the training door."""

        def find_spec(self, name: str, *_: Any) -> None:
            if name == "tremor.doors.train":
                mark("python, Hydra, composition")

    def job(run: Callable[[], None]) -> None:
        from tremor.doors import beginning, train
        from tremor.tasks.classification import Classification

        mark("imports")
        after(beginning, "checked", "check")
        after(beginning, "rehearse", "trial build")
        after(beginning, "open_data", "data")
        after(train, "describe", "build and describe")
        Classification.training_step = lambda *_: end()  # type: ignore
        run()

    def end() -> None:
        mark("first batch")
        pairs = itertools.pairwise(marks)
        spent = {name: (b[0] - a[0], b[1] - a[1]) for (_, a), (name, b) in pairs}
        print(json.dumps(spent), flush=True)
        os._exit(0)

    from tremor.doors import shell

    shell.job = job  # type: ignore
    sys.meta_path.insert(0, Watch())  # type: ignore
    os.environ["TREMOR_CACHE_DIR"] = f"{place}/cache"
    sys.argv = [str(ROOT / "simple_train.py"), f"output_dir={place}/outputs"]
    runpy.run_path(sys.argv[0], run_name="__main__")


def steps(rounds: int) -> None:
    """Steps a second of our loop over those of the bare one, at two sizes of a step."""
    for name, overrides in SIZES.items():
        with tempfile.TemporaryDirectory() as place:
            count, clocks = _trained(place, overrides, rounds)
        note = f"quickstart with {' '.join(overrides)}: {count} steps (records: steps)"
        seconds = {loop: [cpu for _, cpu in each] for loop, each in clocks.items()}
        wall = {
            loop: median(b / w for (b, _), (w, _) in zip(clocks[BARE], each, strict=True))
            for loop, each in clocks.items()
        }
        step = {loop: 1e3 * median(each) / count for loop, each in seconds.items()}
        more = {"ms_a_step": step, "wall_times_faster_than_rival": wall}
        more |= {"load_of_the_machine": {"last minute": os.getloadavg()[0]}}
        keep(f"overhead_{name}", seconds, count, BARE, note, GOAL, **more)  # type: ignore[arg-type]


def _trained(place: str, overrides: list[str], rounds: int) -> tuple[int, dict[str, list[Clock]]]:
    """Steps of an epoch, and the clocks of each epoch by each loop in turn."""
    from hydra import compose, initialize_config_dir

    from tremor.doors.checking import CONFIGS, checked
    from tremor.doors.data import open_data
    from tremor.training.assemble import assemble

    small = [*overrides, f"cache_dir={place}/cache", "trainer.max_epochs=1"]
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config, _ = checked(compose("train", overrides=small))
    data = open_data(config)
    clocks: dict[str, list[Clock]] = {OURS: [], BARE: [], WHOLE: []}
    for number in range(rounds + 1):
        training, whole = _ours(config, data, assemble(config, data.facts), f"{place}/{number}")
        bare, count = _bare(config, data, assemble(config, data.facts))
        if number:
            for name, value in ((OURS, training), (BARE, bare), (WHOLE, whole)):
                clocks[name].append(value)
    return count, clocks


def _ours(config: Any, data: Any, task: Any, folder: str) -> tuple[Clock, Clock]:
    """The clocks of an epoch's steps and of the whole fit; callbacks and logger as users have."""
    from lightning.pytorch.callbacks import Callback

    from tremor.config.build import build
    from tremor.training.loggers import csv_log

    class Stopwatch(Callback):
        began = ended = (0.0, 0.0)

        def on_train_epoch_start(self, *_: Any) -> None:
            self.began = now()

        def on_train_batch_end(self, *_: Any) -> None:
            self.ended = now()

    watch = Stopwatch()
    kept = {"best": {"dirpath": folder}, "last": {"dirpath": folder}}
    nodes = config["callbacks"].items()
    callbacks = [build(node, **kept.get(name, {})) for name, node in nodes if node]
    Path(folder).mkdir()
    trainer = build(config["trainer"], callbacks=[watch, *callbacks], logger=[csv_log(folder)])
    began = now()
    trainer.fit(task, data.module)
    return since(watch.began, watch.ended), since(began, now())


def _bare(config: Any, data: Any, task: Any) -> tuple[Clock, int]:
    """The same steps on the same batches, written by hand."""
    from torch.nn.functional import cross_entropy

    from tremor.tasks.optimisation import parameter_groups, scaled

    data.module.trainer = None
    loader = data.module.train_dataloader()
    network, count = task.network.train(), len(loader)
    groups = parameter_groups(task.parts(), (), thaws=False, thawed_scale=1.0)
    optimizer = scaled(task.make_optimizer, groups)
    scheduler = task.make_scheduler(optimizer=optimizer, total_steps=count)
    began = now()
    for batch in loader:
        logits = network(task.normalise(batch.x, batch.length), batch.length)
        loss = cross_entropy(logits, batch.y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
    return since(began, now()), count


def now() -> Clock:
    """Wall and processor seconds."""
    return time.perf_counter(), time.process_time()


def since(before: Clock, after: Clock) -> Clock:
    return after[0] - before[0], after[1] - before[1]


def main() -> None:
    what, *rest = sys.argv[1:]
    if what == "--started":
        started(rest[0], float(rest[1]))
        return
    machine()
    import lightning.pytorch  # noqa: F401  (it sets its loggers' levels, which are lowered next)

    from tremor.doors.quiet import quieten
    from tremor.training.allocator import keep_memory

    keep_memory()
    quieten()
    {"start": start, "steps": steps}[what](int(rest[0]))


if __name__ == "__main__":
    main()
