"""Explain a trained run: `python explain.py checkpoint=<run, folder or file> explainer=owen`."""

from pathlib import Path

try:
    import hydra
    from omegaconf import DictConfig

    from tremor.doors.shell import job, open_door
except ModuleNotFoundError as lacking:
    told = f"error: there is no {lacking.name} for this python"
    raise SystemExit(f"{told}\nremedy: make install, then source .venv/bin/activate") from None


@hydra.main(version_base="1.3", config_path="configs", config_name="explain")
def main(config: DictConfig) -> int:
    from tremor.doors.explain import explain

    return job(lambda: explain(config))


if __name__ == "__main__":
    open_door(main, Path(__file__).parent / "configs" / "explain.yaml")
