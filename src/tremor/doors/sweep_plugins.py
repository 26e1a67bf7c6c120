"""Launchers and sweepers that come with an extra: refused with the way to get them.

Nothing here loads any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from tremor.config.check import nearest
from tremor.config.overrides import OVERRIDE
from tremor.errors import Refused


@dataclass(frozen=True)
class Plugin:
    """What a choice needs: the modules, and the extra that brings them."""

    modules: tuple[str, ...]
    extra: str


SLURM = Plugin(("submitit", "hydra_plugins.hydra_submitit_launcher"), "slurm")
OPTUNA = Plugin(("optuna",), "sweep")
CHOICES = {
    "hydra/launcher": {
        "joblib": Plugin(("joblib", "hydra_plugins.hydra_joblib_launcher"), "sweep"),
        "submitit_local": SLURM,
        "submitit_slurm": SLURM,
        "ray": Plugin(("ray", "hydra_plugins.hydra_ray_launcher"), "ray"),
    },
    "hydra/sweeper": {"optuna": OPTUNA},
}
SEARCH = "hydra/search"
OF_SWEEPS = ("hydra/launcher", "hydra/sweeper", SEARCH, "hydra.launcher.", "hydra.sweeper.")
BUILT_IN = {"hydra/launcher": ("basic",), "hydra/sweeper": ("grid", "basic")}


def refuse_absent(arguments: Sequence[str], sweeping: bool) -> None:
    """Refuse a launcher or sweeper that is not installed, with the command that installs it.

    One run has none of them, and a search is Optuna's.
    """
    typed = {match["key"]: match for match in map(OVERRIDE.fullmatch, arguments) if match}
    ours = [match[0] for key, match in typed.items() if key.startswith(OF_SWEEPS)]
    if ours and not sweeping:
        raise Refused(f"{ours[0]} is for a sweep", "the command line", "put -m before it")
    if SEARCH in typed and "hydra/sweeper" not in typed:
        raise Refused(f"{typed[SEARCH][0]} is for Optuna", SEARCH, "hydra/sweeper=optuna")
    for group in CHOICES.keys() & typed.keys():
        name = typed[group]["value"]
        plugin = CHOICES[group].get(name)
        if plugin is None:
            _refuse_mistyped(group, name)
        elif not all(map(_there, plugin.modules)):
            said = f"{group}={name} is not installed"
            raise Refused(said, "the command line", f"pip install 'tremor[{plugin.extra}]'")


def _refuse_mistyped(group: str, name: str) -> None:
    """A name close to one of ours is a slip; any other may be a plugin of the user's own."""
    known = [*CHOICES[group], *BUILT_IN[group]]
    guess = nearest(name, known)
    if name not in known and guess:
        said = f"there is no {group}={name}; choices: {', '.join(known)}"
        raise Refused(said, "the command line", f"{group}={guess}")


def _there(module: str) -> bool:
    """Whether a module could be imported, without importing it."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
