"""A door that trains nothing, so that a sweep of it costs no more than Hydra itself.

Seed 13 fails, seed 14 is stopped; a trial of a search tells three epochs, whose numbers follow
from its learning rate.
"""

from __future__ import annotations

import sys
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from tremor.doors.shell import job, open_door
from tremor.training.sweep_folder import PRUNED_NOTE


def run(config: DictConfig) -> None:
    """Write what a run would leave of its epochs."""
    if config.seed == 13:
        raise RuntimeError("unlucky")
    if config.seed == 14:
        raise KeyboardInterrupt
    sweeper = HydraConfig.get().sweeper
    folder = Path(HydraConfig.get().runtime.output_dir)
    lines = ["epoch,val/loss"]
    for epoch in range(3):
        loss = 10 * config.optimizer.lr + 1 / (1 + epoch)
        lines.append(f"{epoch},{loss}")
        if sweeper.get("trial") is not None and _behind(sweeper, loss, epoch):
            (folder / PRUNED_NOTE).write_text("{}")
            break
    (folder / "metrics.csv").write_text("\n".join(lines) + "\n")
    print("said by the job")


def _behind(sweeper: DictConfig, loss: float, epoch: int) -> bool:
    from tremor.doors.study_of_trials import Study

    trial = Study.joined(sweeper).trial(sweeper.trial)
    trial.report(loss, epoch)
    return bool(trial.should_prune())


@hydra.main(version_base="1.3", config_path="../configs", config_name="train")
def main(config: DictConfig) -> int:
    return job(lambda: run(config))


if __name__ == "__main__":
    open_door(main, Path(__file__).parents[1] / "configs" / "train.yaml")
