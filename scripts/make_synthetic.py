"""Write a synthetic world in a format that people have: `make_synthetic.py waveform_pickle OUT`."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from tremor.data.sources.norcia_files import NAMES, FileSet
from tremor.data.sources.norcia_writing import refuse_existing
from tremor.data.synthetic.geomagnetic import GeomagneticWorld
from tremor.data.synthetic.heart import HeartWorld
from tremor.data.synthetic.network import NAMES as STATIONS
from tremor.data.synthetic.network import NorciaNetwork
from tremor.data.synthetic.norcia import NorciaWorld
from tremor.data.synthetic.sequence import NorciaSequence
from tremor.data.synthetic.traces import TraceWorld
from tremor.data.synthetic.write_geomagnetic import write_geomagnetic
from tremor.data.synthetic.write_heart import PATIENTS, write_heart
from tremor.data.synthetic.write_norcia import write_norcia
from tremor.data.synthetic.write_pickle import write_pickle
from tremor.data.synthetic.write_seisbench import write_seisbench
from tremor.data.synthetic.write_stations import write_stations
from tremor.errors import Refused, TremorError

MEANING = {
    "n_events": "earthquakes",
    "n_pre": "earthquakes before Visso",
    "n_visso": "earthquakes from Visso to the main shock",
    "n_post": "earthquakes after the main shock",
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
    "n_days": "days of the world",
    "start": "first day [UTC]",
    "fingerprint": "strength of lines that name an earthquake or a quiet day, and no class",
    "precursor_hours": "how long before an earthquake its precursor is there [h]",
    "reach_km": "how far from a station an earthquake has one [km]",
    "n_traces": "traces of all chunks together",
    "stations": "traces of each earthquake",
}
MAGNETIC = {
    "effect_size": "strength of the precursors; 0: there are none",
    "noise_level": "station noise between 22 and 100 mHz [nT]",
}
"""What settings mean in the geomagnetic world where they mean something else than in others."""
CARDIAC = {
    "patients": "people",
    "records_per_patient": "records of each of them",
    "effect_size": "strength of the class evidence, 0 to 1; 0: classes are not to be told apart",
    "longer": "share of records that last longer, up to twice as long",
    "noise_level": "noise, relative to that of real recordings",
    "hospital_bias": "share of records made where the rhythm's are, with gain and noise of there",
}
"""What settings mean in the synthetic heart."""
REAL = {"n_pre": 4595, "n_visso": 886, "n_post": 3628}  # events of the real set at NRCA
FIXED = ("duration", "sampling_rate")  # of the Norcia files


def parser() -> argparse.ArgumentParser:
    """One subcommand a format; options are the world's own settings."""
    made = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    formats = made.add_subparsers(dest="format", required=True)
    pickled = formats.add_parser("waveform_pickle", help="pickled (events, labels)")
    pickled.add_argument("out", type=Path, help="file to write, for example events.pkl")
    _add_settings(pickled, settings(NorciaWorld))
    pickled.add_argument("--length-jitter", type=float, default=0.0, help="largest cut [s]")
    pickled.add_argument("--missing", type=float, default=0.0, help="share with missing samples")
    pickled.set_defaults(write=events)
    norcia = formats.add_parser("norcia", help="the Norcia files, by default as many as the real")
    norcia.add_argument("out", type=Path, help="folder to write to, for example data/synthetic")
    norcia.add_argument("--kind", choices=NAMES, default="pickle", help="form (default pickle)")
    _add_settings(norcia, norcia_settings())
    norcia.set_defaults(write=sequence)
    stations = formats.add_parser("stations", help="a folder a station, two HDF5 files in each")
    stations.add_argument("out", type=Path, help="folder to write to, for example data/stations")
    three = ",".join(STATIONS[:3])
    said = f"names, with commas between them (default {three})"
    stations.add_argument("--stations", default=three, help=said)
    _add_settings(stations, network_settings())
    stations.set_defaults(write=network)
    magnetic = formats.add_parser("geomagnetic", help="IAGA-2002 day files of magnetometers")
    magnetic.add_argument("out", type=Path, help="folder to write to, for example data/geomagnetic")
    _add_settings(magnetic, geomagnetic_settings(), MEANING | MAGNETIC)
    magnetic.add_argument("--sites", default="4", help="how many stations, or names (default 4)")
    band = "frequencies of the precursor [mHz] (default 22,40)"
    magnetic.add_argument("--band-mhz", default="22,40", help=band)
    near = "only days so near to an earthquake of any station [days] (default: all days)"
    magnetic.add_argument("--days-around", type=int, default=None, help=near)
    zipped = "day files as .gz (default yes; a day has 6 MB without)"
    magnetic.add_argument(
        "--gzip", action=argparse.BooleanOptionalAction, default=True, help=zipped
    )
    magnetic.set_defaults(write=geomagnetic)
    hearts = formats.add_parser("ecg", help="12-lead records, .hea and .mat")
    hearts.add_argument("out", type=Path, help="folder to write to, for example data/ecg")
    _add_settings(hearts, heart_settings(), MEANING | CARDIAC)
    hearts.set_defaults(write=heart)
    folders = formats.add_parser("seisbench", help="a folder in SeisBench's format, in chunks")
    folders.add_argument("out", type=Path, help="folder to write to, for example data/many")
    _add_settings(folders, settings(TraceWorld))
    chunk = "traces of a pair of files; what is there stays (default 50000)"
    folders.add_argument("--chunk", type=int, default=50_000, help=chunk)
    folders.set_defaults(write=traces)
    for each in (pickled, norcia, stations, magnetic, hearts, folders):
        each.add_argument("--overwrite", action="store_true", help="replace existing files")
    return made


def settings(world: Any) -> dict[str, Any]:
    """The settings of a world, with their defaults."""
    return {field.name: field.default for field in fields(world)}


LEFT = ("stations", "station", "windows")
"""Settings of a network that its files do not leave open."""


def norcia_settings() -> dict[str, Any]:
    """The settings that the Norcia files leave open, with the size of the real set."""
    world = settings(NorciaSequence) | REAL
    return {name: value for name, value in world.items() if name not in FIXED}


def network_settings() -> dict[str, Any]:
    """The settings of a network of stations; its records last 13 s."""
    world = settings(NorciaNetwork) | {"duration": 13.0}
    return {name: value for name, value in world.items() if name not in LEFT}


def geomagnetic_settings() -> dict[str, Any]:
    """The settings of magnetometers, a sample a second; fewer days than in memory, as files."""
    world = settings(GeomagneticWorld) | {"n_events": 60, "n_days": 180}
    return {n: v for n, v in world.items() if n not in ("sampling_rate", "sites", "band_mhz")}


def heart_settings() -> dict[str, Any]:
    """The settings of the heart; files have all of each record."""
    return {name: value for name, value in settings(HeartWorld).items() if name != "maxlen"}


def _add_settings(
    to: argparse.ArgumentParser, defaults: Mapping[str, Any], meaning: Mapping[str, str] = MEANING
) -> None:
    for name, default in defaults.items():
        said = f"{meaning[name]} (default {default})"
        to.add_argument(
            f"--{name.replace('_', '-')}", type=type(default), default=default, help=said
        )


def main(arguments: list[str] | None = None) -> int:
    """Write the files; returns the exit code."""
    asked = parser().parse_args(arguments)
    try:
        asked.write(asked)
    except TremorError as error:
        print(error, file=sys.stderr)
        return error.code
    return 0


def events(asked: argparse.Namespace) -> None:
    """One file of pickled events."""
    if asked.out.exists() and not asked.overwrite:
        raise Refused("the file exists already", str(asked.out), "--overwrite, or another name")
    world = NorciaWorld(**_given(asked, settings(NorciaWorld)))
    write_pickle(world, asked.out, length_jitter=asked.length_jitter, missing=asked.missing)
    size = asked.out.stat().st_size / 1e6
    print(f"written: {asked.out} ({world.n_events} events, {size:.0f} MB). Next:")
    paths = shlex.quote(f"dataset.paths=[{asked.out}]")
    print(f"  python simple_train.py experiment=seismic_lstm/lstm {paths}")


def sequence(asked: argparse.Namespace) -> None:
    """The Norcia files of all phases."""
    refuse_existing(FileSet(asked.kind, asked.out, "NRCA"), asked.overwrite)
    world = NorciaSequence(**_given(asked, norcia_settings()))
    files = write_norcia(world, asked.out, asked.kind)
    size = sum(file.stat().st_size for file in files) / 1e6
    count = world.n_pre + world.n_visso + world.n_post
    print(f"written: {len(files)} files in {asked.out} ({count} events, {size:.0f} MB). Next:")
    where = shlex.quote(f"dataset.data_dir={asked.out}")
    experiment = "experiment=fore_aftershock/finetune_xlstm_unet_2class"
    tiny = "encoder=conv_patch_tiny model=xlstm_unet_tiny"
    print(f"  python simple_train.py {experiment} {where} {tiny}")


def network(asked: argparse.Namespace) -> None:
    """The files of several stations."""
    names = tuple(name.strip() for name in asked.stations.split(","))
    world = NorciaNetwork(**_given(asked, network_settings()), stations=names)
    files = write_stations(world, asked.out, asked.overwrite)
    size = sum(file.stat().st_size for file in files) / 1e6
    print(
        f"written: {len(files)} files in {asked.out} ({len(names)} stations, {size:.0f} MB). Next:"
    )
    where = shlex.quote(f"dataset.data_dir={asked.out}")
    print(f"  python simple_train.py experiment=stations/cnn {where} dataset.station={names[0]}")


def geomagnetic(asked: argparse.Namespace) -> None:
    """Day files of magnetometers, and their tables."""
    names = tuple(name.strip() for name in asked.sites.split(","))
    sites = int(asked.sites) if asked.sites.strip().isdigit() else names
    band = _numbers("--band-mhz", asked.band_mhz)
    world = GeomagneticWorld(**_given(asked, geomagnetic_settings()), sites=sites, band_mhz=band)
    files = write_geomagnetic(
        world,
        asked.out,
        packed=asked.gzip,
        days_around=asked.days_around,
        overwrite=asked.overwrite,
        tell=partial(_progress, "day files"),
    )
    size = sum(file.stat().st_size for file in files) / 1e6
    print(f"written: {len(files)} files in {asked.out} ({size:.0f} MB). Next:")
    where = shlex.quote(f"dataset.data_dir={asked.out}")
    start = "python simple_train.py experiment=geomagnetic/loeo dataset.source=files"
    print(f"  {start} {where}")


def heart(asked: argparse.Namespace) -> None:
    """Records of 12 leads, and the table of their patients."""
    world = HeartWorld(**_given(asked, heart_settings()))
    tell = partial(_progress, "records")
    files = write_heart(world, asked.out, overwrite=asked.overwrite, tell=tell)
    size = sum(file.with_suffix(".mat").stat().st_size for file in files) / 1e6
    print(f"written: {len(files)} records in {asked.out} ({size:.0f} MB). Next:")
    where = shlex.quote(f"dataset.data_dir={asked.out}")
    whose = shlex.quote(f"dataset.patients={asked.out / PATIENTS}")
    print(f"  python simple_train.py experiment=ecg/resnet dataset=physionet {where} {whose}")


def traces(asked: argparse.Namespace) -> None:
    """Chunks of traces without labels."""
    world = TraceWorld(**_given(asked, settings(TraceWorld)))
    began, tell = time.monotonic(), partial(_progress, "traces")
    files = write_seisbench(
        world, asked.out, chunk=asked.chunk, overwrite=asked.overwrite, tell=tell
    )
    size = sum(file.stat().st_size for file in asked.out.iterdir()) / 1e9
    took = time.monotonic() - began
    said = f"{world.n_traces} traces in {len(files)} chunks, {size:.2f} GB, {took:.0f} s"
    print(f"written: {asked.out} ({said}). Next:")
    paths = shlex.quote(f"dataset.paths=[{asked.out}]")
    start = "python simple_train.py experiment=contrastive/xlstm_unet_tiny dataset=seisbench"
    print(f"  {start} {paths} dataset.duration={min(4.0, world.duration):g}")


def _numbers(option: str, text: str) -> tuple[float, ...]:
    """Numbers with commas between them."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        remedy = "numbers with a comma between them, such as 22,40"
        raise Refused(f"{option} is {text}", "the command", remedy) from error


def _progress(what: str, done: int, of: int) -> None:
    """Say now and then how many files are there."""
    if done == of or done % 50 == 0:
        print(f"{what}: {done} of {of}", file=sys.stderr)


def _given(asked: argparse.Namespace, wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(asked, name) for name in wanted}


if __name__ == "__main__":
    sys.exit(main())
