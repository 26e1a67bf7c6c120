"""Judge a trained run: `python evaluate.py checkpoint=<run, folder or file> split=test`."""

from pathlib import Path

import hydra
from omegaconf import DictConfig

from tremor.doors.shell import job, open_door


@hydra.main(version_base="1.3", config_path="configs", config_name="evaluate")
def main(config: DictConfig) -> int:
    from tremor.doors.evaluate import evaluate

    return job(lambda: evaluate(config))


if __name__ == "__main__":
    open_door(main, Path(__file__).parent / "configs" / "evaluate.yaml")
