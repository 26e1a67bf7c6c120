"""Train one run: `python simple_train.py experiment=… key=value`; `--help` lists everything."""

from pathlib import Path

try:
    import hydra
    from omegaconf import DictConfig

    from tremor.doors.shell import job, open_door
except ModuleNotFoundError as lacking:
    told = f"error: there is no {lacking.name} for this python"
    raise SystemExit(f"{told}\nremedy: make install, then source .venv/bin/activate") from None


@hydra.main(version_base="1.3", config_path="configs", config_name="train")
def main(config: DictConfig) -> int:
    from tremor.doors.train import train

    return job(lambda: train(config))


if __name__ == "__main__":
    open_door(main, Path(__file__).parent / "configs" / "train.yaml")
