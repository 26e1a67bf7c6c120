"""Nothing in a pickle is ever run, and no file, however made, crashes, hangs or fills memory."""

from __future__ import annotations

import contextlib
import functools
import operator
import os
import pickle
import random
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pickles import FIXTURES, called, short, written

from tremor.data.sources.safe_pickle import KNOWN, read_pickle
from tremor.errors import REFUSED, Refused

SIZE = 2_000_000


class Runs:
    """Pickles into a call."""

    def __init__(self, *call: Any):
        self.call = call

    def __reduce__(self) -> Any:
        function, *arguments = self.call
        return function, tuple(arguments)


def state_of_the_world() -> list[Any]:
    """What a poisoned class would change."""
    watched = (pd.DataFrame, pd.Series, pd.Index, pd.RangeIndex, np.ndarray, np.dtype, dict, object)
    return [dict(vars(kind)) for kind in watched]


@pytest.fixture(autouse=True)
def nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """After each test here, no canary and no changed class."""
    monkeypatch.chdir(tmp_path)
    before = state_of_the_world()
    yield
    assert not (tmp_path / "canary").exists()
    assert state_of_the_world() == before


OPENS = "open('canary', 'w').close()"
ATTACKS = {
    f"{os.name}.system": Runs(os.system, "touch canary"),
    "subprocess.Popen": Runs(subprocess.Popen, ["touch", "canary"]),
    "subprocess.check_output": Runs(subprocess.check_output, ["touch", "canary"]),
    "builtins.eval": Runs(eval, OPENS),
    "builtins.exec": Runs(exec, OPENS),
    "builtins.__import__": Runs(__import__, "os"),
    "builtins.open": Runs(open, "canary", "w"),
    "_operator.attrgetter": Runs(operator.attrgetter, "system"),
    "_operator.methodcaller": Runs(operator.methodcaller, "to_pickle", "canary"),
    "functools.partial": Runs(functools.partial, os.system, "touch canary"),
    "numpy.load": Runs(np.load, "canary"),
    "numpy.save": Runs(np.save, "canary", 1),
    "numpy.fromfile": Runs(np.fromfile, "canary"),
    "pandas.io.pickle.read_pickle": Runs(pd.read_pickle, "canary"),
    "pandas.core.computation.eval.eval": Runs(pd.eval, "1 + 1"),
    "pickle.loads": Runs(pickle.loads, b"cos\nsystem\n(S'touch canary'\ntR."),
}


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_whatever_it_asks_to_run_is_named_and_not_run(
    tmp_path: Path, name: str, protocol: int
) -> None:
    attack = pickle.dumps(([ATTACKS[name]], np.zeros(1)), protocol=protocol)
    with pytest.raises(Refused) as refused:
        read_pickle(written(tmp_path, attack))
    assert f".{name.rpartition('.')[2]}; nothing was run" in refused.value.problem
    assert refused.value.where == str(tmp_path / "x.pkl")
    assert "save it again" in refused.value.remedy
    assert refused.value.code == REFUSED


FOREIGN = (
    *("os.system", "posix.system", "builtins.getattr", "builtins.setattr", "builtins.compile"),
    *("__builtin__.eval", "__builtin__.execfile", "copyreg.__newobj__", "copyreg.add_extension"),
    *(
        "importlib.import_module",
        "runpy.run_path",
        "shutil.rmtree",
        "ctypes.CDLL",
        "types.CodeType",
    ),
    *("marshal.loads", "timeit.timeit", "webbrowser.open", "sys.exit", "code.interact"),
    *("numpy.memmap", "numpy.matrix", "numpy.testing._private.utils.runstring"),
    *("numpy.core._internal._ctypes", "numpy.f2py.compile", "numpy.lib.npyio.load"),
    *("numpy.core.multiarray.fromfile", "numpy.core.multiarray.empty", "numpy.core.numeric.ones"),
    *("pandas.read_pickle", "pandas.eval", "pandas.read_csv", "pandas.core.frame.DataFrame.eval"),
    *("pandas.compat.pickle_compat.load", "pandas.io.common.get_handle", "pandas.ExcelWriter"),
    *("pyarrow.lib.memory_map", "torch.load", "joblib.load", "antigravity.fly"),
    *("tremor.data.sources.safe_pickle.read_pickle", "collections.defaultdict", "datetime.tzinfo"),
)


@pytest.mark.parametrize("how", ["global", "old", "stack"])
@pytest.mark.parametrize("path", FOREIGN)
def test_foreign_names_are_refused_before_they_are_imported(
    tmp_path: Path, path: str, how: str
) -> None:
    loaded = set(sys.modules)
    data = called(path, short("touch canary"), how=how) + b"."
    with pytest.raises(Refused) as refused:
        read_pickle(written(tmp_path, data))
    assert path in refused.value.problem
    assert set(sys.modules) == loaded


@pytest.mark.parametrize("path", sorted(KNOWN))
def test_known_names_are_not_looked_up_either(tmp_path: Path, path: str) -> None:
    """With a dotted rest, a wrong argument or an attribute of theirs."""
    module, _, name = path.rpartition(".")
    dotted = short(module) + short(f"{name}.__init__.__globals__") + b"\x93."
    with pytest.raises(Refused, match="__globals__; nothing was run"):
        read_pickle(written(tmp_path, dotted))


def test_names_split_in_another_place_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="nothing was run"):
        read_pickle(written(tmp_path, short("numpy") + short("core.multiarray.scalar") + b"\x93."))


def test_a_refused_name_cannot_flood_or_paint_the_terminal(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        read_pickle(written(tmp_path, b"cos\n\x1b[31m" + b"x" * 100_000 + b"\n."))
    assert len(refused.value.problem) < 250
    assert refused.value.problem.isprintable()


BUILT = {
    "a class": b"cpandas\nDataFrame\n",
    "a class of numpy": b"cnumpy\nndarray\n",
    "an array's maker": b"cnumpy.core.multiarray\n_reconstruct\n",
    "a list": b"]",
    "a dict": b"}",
    "a text": short("a"),
}


@pytest.mark.parametrize("name", BUILT)
def test_a_state_is_set_on_nothing_but_what_the_file_made(tmp_path: Path, name: str) -> None:
    evil = b"}" + short("__reduce__") + short("evil") + b"s"
    with pytest.raises(Refused, match="changes something that it did not make"):
        read_pickle(written(tmp_path, BUILT[name] + evil + b"b."))


def test_a_state_with_attributes_poisons_nothing(tmp_path: Path) -> None:
    evil = b"}" + short("eval") + short("evil") + b"s"
    with pytest.raises(Refused):
        read_pickle(written(tmp_path, b"cpandas\nDataFrame\n)\x81(N" + evil + b"tb."))


def doubled(first: bytes, join: bytes, times: int) -> bytes:
    """Each thing holds the one before twice: 2 ** times parts in a few bytes."""
    data = b"\x80\x04" + first + b"\x94"
    for number in range(times):
        get = b"h" + bytes([number])
        data += b"0" + join.replace(b"?", get) + b"\x94"
    return data


KIND = b"cnumpy\ndtype\n" + short("f8") + b"\x85R"
BIG = b"B" + SIZE.to_bytes(4, "little") + bytes(SIZE)
SAME_ARRAY = b"cnumpy.core.numeric\n_frombuffer\n(h\x00" + KIND
SAME_ARRAY += b"J" + (SIZE // 8).to_bytes(4, "little") + b"\x85" + short("C") + b"tR"
SAME_TEXT = b"c_codecs\nencode\nh\x00" + short("latin1") + b"\x86R"
CALLED_AGAIN = b"q\x010h\x00h\x01\x85R"
SAME_BYTES = b"cbuiltins\nbytearray\nh\x00\x85R"

BOMBS: dict[str, Callable[[], bytes]] = {
    "lists that laugh": lambda: doubled(b"]", b"](??e", 60) + b".",
    "tuples that laugh": lambda: doubled(b")", b"??\x86", 60) + b".",
    "dicts that laugh": lambda: doubled(b"}", b"}(K\x00?K\x01?u", 60) + b".",
    "a key that laughs": lambda: doubled(b")", b"??\x86", 60) + b"}h\x3cK\x00s.",
    "a list in itself": lambda: b"]q\x00h\x00a.",
    "a dict in itself": lambda: b"}q\x00K\x00h\x00s.",
    "a call in itself": lambda: b"cpandas\nDataFrame\n)\x81q\x00}" + short("_mgr") + b"h\x00sb.",
    "lists in lists": lambda: b"]" * 100_000 + b"a" * 99_999 + b".",
    "tuples in tuples": lambda: b")" + b"\x85" * 100_000 + b".",
    "calls in calls": lambda: b"cbuiltins\nbytes\nq\x00)R" + CALLED_AGAIN * 1000 + b".",
    "marks in marks": lambda: b"(" * 1_000_000 + b".",
    "a huge memo": lambda: b"\x80\x02]r\xff\xff\xff\x7f0](r\xff\xff\xff\xffa.",
    "a huge bytes": lambda: b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f.",
    "a huge bytearray": lambda: b"\x80\x05\x96" + b"\xff" * 4 + bytes(4) + b".",
    "a huge text": lambda: b"\x80\x04\x8d" + b"\xff" * 4 + bytes(4) + b".",
    "a huge number": lambda: b"\x80\x02\x8b\xff\xff\xff\x7f.",
    "a huge frame": lambda: b"\x80\x04\x95" + b"\xff" * 8 + b"]a.",
    "a number of many digits": lambda: b"I" + b"9" * SIZE + b"\n.",
    "a long of many digits": lambda: b"L" + b"9" * SIZE + b"L\n.",
    "numbers that hash alike": lambda: b"}(" + b"".join(
        b"\x8a\x0a" + (n * (2**61 - 1)).to_bytes(10, "little") + b"N" for n in range(1, 20_000)
    ) + b"u.",
    "one buffer in many arrays": lambda: BIG + b"q\x00(" + SAME_ARRAY * 1000 + b"l.",
    "one text in many bytes": lambda: b"X" + BIG[1:] + b"q\x00(" + SAME_TEXT * 1000 + b"l.",
    "one bytes in many bytearrays": lambda: BIG + b"q\x00(" + SAME_BYTES * 1000 + b"l.",
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_in_little_time_and_memory(tmp_path: Path, name: str) -> None:
    data = BOMBS[name]()
    path = written(tmp_path, data)
    tracemalloc.start()
    start = time.perf_counter()
    try:
        with pytest.raises(Refused, match="cannot read it as a pickle of data"):
            read_pickle(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.perf_counter() - start < 10
    assert peak < 100 * len(data) + 20_000_000


BROKEN = {
    "an empty file": (b"", "empty"),
    "text": (b"Z,N,E\n1,2,3\n", "not one"),
    "zeros": (bytes(1000), "not one"),
    "half a pickle": (pickle.dumps(list(range(1000)))[:-50], "ends in the middle"),
    "half an old pickle": (pickle.dumps(list(range(1000)), 0)[:-50], "cannot read"),
    "more than a pickle": (pickle.dumps([1, 2]) + b"junk", "more after its end"),
    "two pickles": (pickle.dumps([1]) + pickle.dumps([2]), "more after its end"),
    "a pickle of tomorrow": (b"\x80\x63].", "cannot read"),
    "a pickle of nothing": (b".", "cannot read"),
    "an unknown memo": (b"h\x07.", "cannot read"),
    "a call of a number": (b"K\x01)R.", "not a name"),
    "a call with a list": (b"cnumpy\ndtype\n]R.", "not a name"),
    "a call with keywords": (
        b"\x80\x04cnumpy\ndtype\n)}" + short("align") + b"\x88s\x92.",
        "keywords",
    ),
    "a key without a value": (b"(K\x01d.", "cannot read"),
    "items of a list": (b"]K\x00K\x01s.", "sets items"),
    "a list as a key": (b"}]K\x01s.", "used as a key"),
    "a set": (pickle.dumps({1, 2}, 4), "sets"),
    "an extension": (b"\x80\x02\x82\x01.", "copyreg"),
    "a persistent name": (b"Pname\n.", "outside references"),
    "a persistent thing": (b"\x80\x02K\x01Q.", "outside references"),
    "a buffer elsewhere": (b"\x80\x05\x97.", "buffers"),
    "a Git LFS pointer": (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
    "a gzip file": (b"\x1f\x8b\x08rest", "gzip"),
    "an npz file": (b"PK\x03\x04rest", "zip or npz"),
    "an HDF5 file": (b"\x89HDF\r\n\x1a\n", "HDF5"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_refused_with_a_reason_and_a_remedy(tmp_path: Path, name: str) -> None:
    data, said = BROKEN[name]
    with pytest.raises(Refused, match=said) as refused:
        read_pickle(written(tmp_path, data))
    assert refused.value.where.endswith("x.pkl")
    assert refused.value.remedy
    assert len(str(refused.value)) < 500 + len(str(tmp_path))


@pytest.mark.parametrize("name", sorted(p.name for p in FIXTURES.glob("*.p[05].pkl")))
def test_beginnings_of_a_file_are_refused(tmp_path: Path, name: str) -> None:
    whole = (FIXTURES / name).read_bytes()
    for end in range(0, len(whole), 7):
        with pytest.raises(Refused):
            read_pickle(written(tmp_path, whole[:end]))


def read_or_refused(path: Path) -> float:
    """Seconds taken to read a file or to refuse it; anything else is an error."""
    start = time.perf_counter()
    with contextlib.suppress(Refused):
        read_pickle(path)
    return time.perf_counter() - start


def mutated(rng: random.Random, data: bytes) -> bytes:
    """A few bytes changed, repeated or left out."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        place, kind = rng.randrange(len(changed)), rng.random()
        if kind < 0.6:
            changed[place] = rng.choice([rng.randrange(256), changed[place] ^ 1, 0, 1, 255])
        elif kind < 0.8:
            start = rng.randrange(len(changed))
            changed[place:place] = changed[start : start + rng.randint(1, 40)]
        elif len(changed) > 50:
            del changed[place : place + rng.randint(1, 20)]
    return bytes(changed)


@pytest.mark.filterwarnings("ignore")
def test_mutated_files_are_read_or_refused_at_once(tmp_path: Path) -> None:
    rng = random.Random(0)
    originals = [path.read_bytes() for path in sorted(FIXTURES.glob("*.pkl"))]
    cases = (mutated(rng, rng.choice(originals)) for _ in range(3000))
    slowest = max(read_or_refused(written(tmp_path, data)) for data in cases)
    assert slowest < 3


GOOD_CODES = [getattr(pickle, name) for name in pickle.__all__ if name.isupper()]
WORDS = [code for code in GOOD_CODES if isinstance(code, bytes)]
PARTS = (
    st.sampled_from(WORDS)
    | st.binary(max_size=4)
    | st.sampled_from(sorted(KNOWN)).map(
        lambda path: "c{}\n{}\n".format(*path.rsplit(".", 1)).encode()
    )
    | st.sampled_from(
        [short("f8"), short("_mgr"), b"K\x01", b"h\x00", b"(", b"t", b"R", b"b", b"}", b"]"]
    )
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(parts=st.lists(PARTS, max_size=40))
def test_programs_of_any_opcodes_are_read_or_refused(tmp_path: Path, parts: list[bytes]) -> None:
    assert read_or_refused(written(tmp_path, b"\x80\x04" + b"".join(parts) + b".")) < 3
