"""Electrocardiograms: headers, samples of every format, whole records, arrays of earlier work."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import ecg_records
import numpy as np
from scipy.io import savemat

from fuzz.reader import Files, Reader
from fuzz.readers.sources import files_of, records_of
from tremor.data.ecg.dat import read_dat
from tremor.data.ecg.header import read_header
from tremor.data.ecg.npy import read_npy
from tremor.data.ecg.patients import patients_of
from tremor.data.ecg.precomputed import (
    Precomputed,
    read_precomputed,
    read_selection,
    write_precomputed,
)
from tremor.data.ecg.recording import matlab
from tremor.data.ecg.writing import header_text, mat4
from tremor.data.sources.cells import Unusable
from tremor.data.sources.physionet import Physionet

SAMPLES = np.arange(-6, 6, dtype=np.int16).reshape(2, 6)
TOLD = {"Age": "50", "Sex": "Male", "Dx": "1,2"}


def _header(folder: Path) -> tuple[object, ...]:
    found = read_header((folder / "x.hea").read_bytes().decode("latin-1"))
    return found.codes, found.age, found.sex, found.patient, found.told


def _saved(**settings: bool) -> bytes:
    file = io.BytesIO()
    savemat(file, {"val": SAMPLES}, **settings)
    return file.getvalue()


def _array(array: object) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(array), allow_pickle=True)
    return file.getvalue()


def _headers() -> dict[str, Files]:
    text = header_text("A", SAMPLES, 500.0, ["I", "II"], TOLD, 1000.0)
    return {"header": {"x.hea": text.encode()}}


@cache
def _matlab() -> dict[str, Files]:
    made = {
        "v4": mat4(SAMPLES),
        "v5": _saved(do_compression=False),
        "z5": _saved(do_compression=True),
    }
    return {name: {"x.mat": data} for name, data in made.items()}


@cache
def _arrays() -> dict[str, Files]:
    rows = np.array([("a", "A1", 2)], dtype=[("c", "O"), ("f", "O"), ("n", "i8")])
    made = {"texts": np.array(["A1", "A2"], object), "plain": np.eye(3), "rows": rows}
    return {name: {"x.npy": _array(array)} for name, array in made.items()}


@cache
def _precomputed() -> dict[str, Files]:
    told = Precomputed(
        filenames=("A1", "A2", "A3"),
        classes=("164889003", "426783006"),
        probabilities=np.array([[0.9, 0.1], [0.2, 0.7], [0, 1]], np.float32),
        truth=np.array([[1, 0], [0, 1], [0, 1]], np.int8),
        durations=np.array([10.0, np.nan, 17.5]),
    )
    return {"all": files_of(lambda root: write_precomputed(root, told))}


@cache
def _selections() -> dict[str, Files]:
    rows = np.array([("a", "A1", 2), ("b", "A2", 3)], dtype=object)
    table = np.rec.fromarrays(rows.T, names="group_class,filename,sel_idx")
    file = io.BytesIO()
    np.savez(file, data=np.asarray(table))
    return {"objects": {"x.npz": file.getvalue()}}


@cache
def _records() -> dict[str, Files]:
    """Two short records with their table of patients."""

    def write(root: Path) -> None:
        for number, name in enumerate(("A1", "A2")):
            ecg_records.write(root, name, samples=400, seed=number)
        (root / "patients.csv").write_text("record,patient\nA1,p\nA2,q\n")

    return {"two": files_of(write)}


def _source(folder: Path) -> int:
    source = Physionet(
        str(folder), maxlen=300, min_seconds=0.1, units="mV", patients=str(folder / "patients.csv")
    )
    return records_of(source, folder)


def _dat(folder: Path) -> list[object]:
    data = (folder / "x.dat").read_bytes()
    return [read_dat(data, kind, leads, 0, None) for kind, leads in ((212, 2), (16, 1))]


READERS = [
    Reader("ecg_header", _headers, _header, share=220, also=(Unusable,)),
    Reader(
        "ecg_mat",
        _matlab,
        lambda folder: matlab((folder / "x.mat").read_bytes()),
        share=220,
        also=(Unusable,),
    ),
    Reader("ecg_dat", lambda: {"dat": {"x.dat": mat4(SAMPLES)}}, _dat, share=80, also=(Unusable,)),
    Reader("ecg_npy", _arrays, lambda folder: read_npy(folder / "x.npy"), share=110),
    Reader("ecg_precomputed", _precomputed, read_precomputed, share=6),
    Reader("ecg_selection", _selections, lambda f: read_selection(f / "x.npz"), share=5),
    Reader(
        "ecg_patients",
        lambda: {"two": {"x.csv": b"record,patient\nA1,p\nA2,q\nA3,\n"}},
        lambda folder: patients_of(str(folder / "x.csv")),
        share=3,
    ),
    Reader("ecg_records", _records, _source, share=0.6),
]
