"""Write a synthetic world in a format that people have: `make_synthetic.py waveform_pickle OUT`."""

from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import fields
from pathlib import Path

from tremor.data.synthetic.norcia import NorciaWorld
from tremor.data.synthetic.write_pickle import write_pickle
from tremor.errors import Refused, TremorError

MEANING = {
    "n_events": "earthquakes",
    "effect_size": "strength of the class evidence; 0: nothing distinguishes the classes",
    "seed": "decides everything",
    "windows": "records of each event",
    "duration": "length of a record [s]",
    "sampling_rate": "samples a second [Hz]",
    "min_magnitude": "smallest magnitude",
    "max_magnitude": "largest magnitude",
    "noise_level": "station noise [counts]",
    "days_before": "earliest foreshock before the main shock [days]",
    "days_after": "latest aftershock after the main shock [days]",
    "main_shock": "time of the main shock [UTC]",
}


def parser() -> argparse.ArgumentParser:
    """One subcommand a format; options are the world's own settings."""
    made = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    formats = made.add_subparsers(dest="format", required=True)
    pickled = formats.add_parser("waveform_pickle", help="pickled (events, labels)")
    pickled.add_argument("out", type=Path, help="file to write, for example events.pkl")
    for field in fields(NorciaWorld):
        kind = type(field.default)
        said = f"{MEANING[field.name]} (default {field.default})"
        pickled.add_argument(f"--{field.name.replace('_', '-')}", type=kind, help=said)
    pickled.add_argument("--length-jitter", type=float, default=0.0, help="largest cut [s]")
    pickled.add_argument("--missing", type=float, default=0.0, help="share with missing samples")
    pickled.add_argument("--overwrite", action="store_true", help="replace an existing file")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Write the file; returns the exit code."""
    asked = parser().parse_args(arguments)
    try:
        if asked.out.exists() and not asked.overwrite:
            raise Refused("the file exists already", str(asked.out), "--overwrite, or another name")
        given = {f.name: getattr(asked, f.name) for f in fields(NorciaWorld)}
        world = NorciaWorld(**{name: v for name, v in given.items() if v is not None})
        write_pickle(world, asked.out, length_jitter=asked.length_jitter, missing=asked.missing)
    except TremorError as error:
        print(error, file=sys.stderr)
        return error.code
    size = asked.out.stat().st_size / 1e6
    print(f"written: {asked.out} ({world.n_events} events, {size:.0f} MB). Next:")
    paths = shlex.quote(f"dataset.paths=[{asked.out}]")
    print(f"  python simple_train.py experiment=seismic_lstm/lstm {paths}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
