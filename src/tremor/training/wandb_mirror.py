"""A run on Weights & Biases: at once where the user is logged in, after `wandb sync` elsewhere."""

from __future__ import annotations

import json
import netrc
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
from lightning.pytorch.utilities import rank_zero_only
from PIL import Image

from tremor.config.build import Plain
from tremor.errors import Refused
from tremor.files import write_json
from tremor.training.mirrors import About, Findings, Mirror, config_of, picture

KEYS = ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE")
CLOUD = "api.wandb.ai"
AXES = {"loss": "step", "lr": "step", "train/*": "epoch", "val/*": "epoch"}
"""What each number is drawn against."""


class WandbMirror(Mirror):
    """A W&B run that keeps its id in the run folder, so that a resumed run goes on with it.

    `asked` are arguments of `wandb.init`; `patience` is how long the end waits for the upload (s).
    """

    label = "wandb"

    def __init__(self, about: About, asked: Plain, *, log_model: bool, patience: float):
        super().__init__(about)
        self.asked, self.log_model, self.patience = asked, log_model, patience
        self._run: Any = None
        self._attach: str | None = None
        self._settings()

    def __getstate__(self) -> dict[str, Any]:
        """For processes that are spawned: they attach themselves to this one's run."""
        attach = getattr(self._run, "_attach_id", self._attach)
        return self.__dict__ | {"_run": None, "_attach": attach}

    @property
    def experiment(self) -> Any:
        """The W&B run, or None before it has begun."""
        if self._run is None and self._attach:
            import wandb

            self._run = getattr(wandb, "_attach")(self._attach)  # noqa: B009  (not in its stubs)
        return self._run

    @property
    def _kept(self) -> Path:
        return self.about.folder / "wandb" / "run.json"

    @rank_zero_only
    def begin(self) -> None:
        import wandb

        try:
            run = wandb.init(**self.asked | self._identity(), settings=self._settings())
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0][:300]
            remedy = "logger.wandb.offline=true keeps the run here, for `wandb sync`"
            raise Refused(f"W&B cannot begin the run ({reason})", "logger.wandb", remedy) from error
        self._run = run
        for axis in ("step", "epoch"):
            run.define_metric(axis, hidden=True)
        for name, axis in AXES.items():
            run.define_metric(name, step_metric=axis)
        self.about.say(f"wandb    {self._later() if run.offline else run.url}")

    def _identity(self) -> Plain:
        """Who the run is: new, or the one that this folder has kept, or an agent's."""
        kept: Plain = json.loads(self._kept.read_text()) if self._kept.exists() else {}
        ours = {"id": secrets.token_hex(4), "name": self.about.name, "group": self.about.sweep}
        asked = {key: value for key, value in self.asked.items() if value is not None}
        found: Plain = {key: kept.get(key, asked.get(key, own)) for key, own in ours.items()}
        found["id"] = os.environ.get("WANDB_RUN_ID", found["id"])
        write_json(self._kept, found)
        notes = self.about.provenance.get("command")
        config = config_of(self.about.config) | {"choices": dict(self.about.choices)}
        return found | {
            "dir": str(self.about.folder),
            "resume": "allow",
            "job_type": "train",
            "notes": notes,
            "config": config | {"provenance": self.about.provenance},
        }

    def _settings(self) -> Any:
        """W&B's settings; those that it refuses are refused."""
        try:
            import wandb
        except ImportError as error:
            fault = f"logger=wandb needs the package wandb ({error})"
            raise Refused(fault, "logger", "pip install 'tremor[wandb]', or logger=csv") from error
        fixed: Plain = {"finish_timeout": self.patience, "finish_timeout_raises": True}
        names = {"project": "project", "entity": "entity", "tags": "run_tags"}
        try:
            wandb.Settings(**{to: self.asked[key] for key, to in names.items()})
            return wandb.Settings(silent=True, **fixed)
        except Exception as error:
            reason = " ".join(str(error).split())[:300]
            raise Refused(f"W&B refuses its settings: {reason}", "logger.wandb") from error

    def _later(self) -> str:
        return f"offline; to see it there: wandb sync {self.about.folder}/wandb/offline-run-*"

    def take(self, metrics: Mapping[str, float], step: int) -> None:
        self.experiment.log({**metrics, "step": step})

    def take_findings(self, findings: Findings) -> None:
        numbers = self.reached(findings) | {"step": findings.steps}
        self.experiment.log(numbers)
        self.experiment.summary.update(findings.details)
        figures, tables = findings.figures.items(), findings.tables
        drawn = {f"{findings.under}figures/{name}": one for name, one in figures}
        self._try("figures", lambda: self.show({n: picture(one) for n, one in drawn.items()}))
        self._try("tables", lambda: self._tabulate(f"{findings.under}tables", tables))
        if self.log_model and not self.about.judged:
            self._try("checkpoints", lambda: self._keep_model(findings))

    def show(self, pictures: Mapping[str, Image.Image]) -> None:
        """Pictures as media."""
        import wandb

        self.experiment.log({name: wandb.Image(one) for name, one in pictures.items()})

    def _tabulate(self, under: str, tables: Mapping[str, pd.DataFrame]) -> None:
        """Tables, empty cells as such."""
        import wandb

        with staged(self.about.folder):
            for name, table in tables.items():
                cells = table.astype(object).where(table.notna(), None)
                made = wandb.Table(dataframe=cells, allow_mixed_types=True)
                self.experiment.log({f"{under}/{name}": made})

    def _keep_model(self, findings: Findings) -> None:
        """The checkpoints as one artifact: once downloaded, `checkpoint=<its folder>` opens it."""
        import wandb

        artifact = wandb.Artifact(f"model-{self.experiment.id}", "model", metadata=findings.numbers)
        for path in sorted((findings.folder / "checkpoints").glob("*.ckpt")):
            artifact.add_file(str(path), policy="immutable")  # no second copy of the weights
        self.experiment.log_artifact(artifact, aliases=["latest"])

    def close(self, code: int) -> None:
        if self._run is None:
            return
        try:
            self._run.finish(exit_code=code)
        except TimeoutError as error:
            rest = f"wandb sync {self.about.folder}/wandb/run-*"
            fault = f"not all was uploaded within {self.patience:g} s; {rest} sends the rest"
            raise TimeoutError(fault) from error


@contextmanager
def staged(folder: Path) -> Iterator[None]:
    """What W&B sets aside to upload lies in the run folder, unless the user names a place."""
    named = os.environ.get("WANDB_DATA_DIR")
    os.environ["WANDB_DATA_DIR"] = named or str(folder / "wandb")
    try:
        yield
    finally:
        if named is None:
            os.environ.pop("WANDB_DATA_DIR")


def mode(offline: bool | None) -> str | None:
    """W&B's mode; None leaves it to W&B's own settings, which `wandb offline` changes."""
    if offline is None:
        return None if logged_in() or "WANDB_MODE" in os.environ else "offline"
    if not offline and not logged_in():
        fault = "logger.wandb.offline=false needs a W&B key, and there is none"
        raise Refused(fault, "logger.wandb.offline", "wandb login, or logger.wandb.offline=null")
    return "offline" if offline else "online"


def logged_in() -> bool:
    """Is there a W&B key for this user, in the environment or kept by `wandb login`?"""
    if any(os.environ.get(key) for key in KEYS):
        return True
    import wandb

    servers = {urlsplit(wandb.setup().settings.base_url).netloc, CLOUD}
    places = [os.environ["NETRC"]] if "NETRC" in os.environ else ["~/.netrc", "~/_netrc"]
    for place in places:
        try:
            kept = netrc.netrc(Path(place).expanduser())
        except (OSError, netrc.NetrcParseError):
            continue
        if any(kept.authenticators(server) for server in servers):
            return True
    return False
