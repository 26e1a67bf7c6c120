"""Numbers, text, containers and arrays come out of a pickle as they went in, or not at all."""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pickles import PROTOCOLS, called, read_back, short, written

from tremor.data.sources.safe_pickle import read_pickle
from tremor.errors import Refused

KINDS = (
    *("f8", "f4", "f2", "i8", "i2", "u1", "u4", "?", "c16", "c8", ">f8", ">i2", ">u8"),
    *("U1", "U5", ">U4", "S3", "M8[ns]", "M8[us]", "M8[D]", "M8[25s]", "m8[ms]", ">M8[s]"),
)
MANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


@MANY
@given(data=st.data(), order=st.sampled_from("CF"), protocol=st.sampled_from(PROTOCOLS))
def test_arrays_come_back_as_they_were(
    tmp_path: Path, data: st.DataObject, order: Any, protocol: int
) -> None:
    kind = np.dtype(data.draw(st.sampled_from(KINDS)))
    array = np.array(data.draw(hnp.arrays(kind, SHAPES)), order=order)
    got = read_back(tmp_path, array, protocol)
    np.testing.assert_array_equal(got, array)
    assert got.dtype == array.dtype
    assert got.shape == array.shape


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_objects_keep_their_places(tmp_path: Path, order: Any, protocol: int) -> None:
    things = [[1, "é", None], [2.5, [5, "x"], b"raw"]]
    array = np.array(things, dtype=object, order=order)
    got = read_back(tmp_path, array, protocol)
    assert got.dtype == object
    assert got.tolist() == things


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_arrays_inside_an_array_keep_their_lengths(tmp_path: Path, protocol: int) -> None:
    ragged = np.empty(2, object)
    ragged[:] = [np.arange(3.0), np.arange(2, dtype="i2")]
    got = read_back(tmp_path, ragged, protocol)
    for ours, theirs in zip(got, ragged, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_arrays_may_be_changed_without_changing_each_other(tmp_path: Path, protocol: int) -> None:
    first, second, again = read_back(tmp_path, (np.zeros(3), np.zeros(3), np.ones(1)), protocol)
    first += 1
    assert second.tolist() == [0, 0, 0]
    assert again.flags.writeable


SCALARS = (
    *(np.float64(1.5), np.float32(-2), np.int8(-3), np.bool_(True), np.complex64(1 + 2j)),
    *(np.str_("é"), np.str_(""), np.bytes_(b"ab"), np.datetime64("2016-10-30T06:40:17", "ms")),
)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("scalar", SCALARS, ids=repr)
def test_numpy_scalars_keep_their_type(tmp_path: Path, scalar: Any, protocol: int) -> None:
    got = read_back(tmp_path, scalar, protocol)
    assert type(got) is type(scalar)
    assert got.dtype == scalar.dtype or scalar == ""
    assert got == scalar


KEY = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text() | st.binary()
PLAIN = st.recursive(
    KEY
    | st.integers()
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.timedeltas()
    | st.binary().map(bytearray),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(KEY, inner),
    max_leaves=20,
)


@MANY
@given(thing=PLAIN, protocol=st.sampled_from(PROTOCOLS))
def test_plain_things_come_back_as_they_were(tmp_path: Path, thing: Any, protocol: int) -> None:
    got = read_back(tmp_path, thing, protocol)
    assert got == thing
    assert type(got) is type(thing)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_ordered_dicts_slices_and_durations(tmp_path: Path, protocol: int) -> None:
    things = [OrderedDict(b=1, a=2), slice(0, 3, None), timedelta(1, 2, 3), OrderedDict()]
    got = read_back(tmp_path, things, protocol)
    assert list(got[0]) == ["b", "a"]
    assert got == things


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_one_thing_in_the_file_stays_one_thing(tmp_path: Path, protocol: int) -> None:
    array, label = np.arange(3), [1, 0]
    first, second, one, two = read_back(tmp_path, (array, array, label, label), protocol)
    assert first is second
    assert one is two


def test_keys_may_be_numpy_numbers(tmp_path: Path) -> None:
    assert read_back(tmp_path, {np.int64(7): "seven", np.str_("a"): 1}, 4) == {7: "seven", "a": 1}


def test_arrays_of_python_2_are_text_in_the_file(tmp_path: Path) -> None:
    """What `cPickle` of Python 2 writes for `numpy.array([1.0])` at protocol 0."""
    kind = called("numpy.dtype", b"S'f8'\nI0\nI1\n") + b"(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb"
    empty = called("numpy.core.multiarray._reconstruct", b"cnumpy\nndarray\n(I0\ntS'b'\n")
    state = b"(I1\n(I1\nt" + kind + b"I00\nS'\\x00\\x00\\x00\\x00\\x00\\x00\\xf0?'\ntb."
    assert read_pickle(written(tmp_path, empty + state)).tolist() == [1.0]


def array_of(kind: bytes, shape: bytes, data: bytes) -> bytes:
    """A numpy array as protocol 5 writes it, of a dtype's code, shape and data as opcodes."""
    return called("numpy.core.numeric._frombuffer", data + kind + shape + short("C")) + b"."


def kind_of(code: str, state: bytes = b"") -> bytes:
    return called("numpy.dtype", short(code) + b"\x89\x88") + state


F8, ONE = kind_of("f8"), b"C\x08" + bytes(8)
FIELDS = (
    b"(K\x03" + short("|") + b"N" + short("a") + b"\x85}J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
)
BAD_ARRAYS = {
    "a huge shape": (F8, b"\x8a\x08" + b"\xff" * 7 + b"\x0f\x85", ONE, "another size"),
    "a shape that overflows": (
        F8,
        b"(" + b"\x8a\x08" + b"\xff" * 7 + b"\x7f\x86" * 2,
        ONE,
        "error",
    ),
    "a negative shape": (F8, b"J\xff\xff\xff\xff\x85", ONE, "shape is not one"),
    "a shape of text": (F8, short("a") + b"\x85", ONE, "shape is not one"),
    "half an element": (F8, b"K\x01\x85", b"C\x04" + bytes(4), "inside an element"),
    "elements of no size": (kind_of("U0"), b"K\x01\x85", b"C\x00", "inside an element"),
    "objects from bytes": (kind_of("O"), b"K\x01\x85", ONE, "not listed"),
    "numbers from a list": (F8, b"K\x01\x85", b"]K\x01a", "not bytes"),
    "letters beyond Unicode": (kind_of("U2"), b"K\x01\x85", b"C\x08" + b"\xff" * 8, "do not exist"),
    "fields": (kind_of("f8", FIELDS), b"K\x01\x85", ONE, "several fields"),
    "no dtype": (b"N", b"K\x01\x85", ONE, "cannot read"),
    "a void dtype": (kind_of("V8"), b"K\x01\x85", ONE, "other than numbers"),
    "a dtype by comma": (kind_of("f4,f4"), b"K\x01\x85", ONE, "other than numbers"),
    "times of no unit": (
        kind_of(
            "M8", b"(K\x04" + short("<") + b"NNNNNN}(" + short("x]]") + b"K\x01K\x01K\x01t\x86tb"
        ),
        b"K\x01\x85",
        ONE,
        "unknown unit",
    ),
}


@pytest.mark.parametrize("name", BAD_ARRAYS)
def test_arrays_that_are_none_are_refused(tmp_path: Path, name: str) -> None:
    kind, shape, data, said = BAD_ARRAYS[name]
    with pytest.raises(Refused, match=said):
        read_pickle(written(tmp_path, array_of(kind, shape, data)))


def test_the_helper_makes_a_good_array_too(tmp_path: Path) -> None:
    got = read_pickle(written(tmp_path, array_of(F8, b"K\x01\x85", ONE)))
    assert got.tolist() == [0.0]


def test_structured_arrays_are_refused_rather_than_flattened(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="other than numbers"):
        read_back(tmp_path, np.zeros(2, "f4,i4"), 4)


MISPLACED = {
    "a bare class": b"cnumpy\nndarray\n.",
    "an object of nothing": called("builtins.object", b"") + b".",
    "a slice of text": called("builtins.slice", short("a")) + b".",
    "bytes by another code": called("_codecs.encode", short("a") + short("rot13")) + b".",
    "bytes of a number": called("builtins.bytes", b"J\xff\xff\xff\x7f") + b".",
    "bytearray of a number": called("builtins.bytearray", b"J\xff\xff\xff\x7f") + b".",
    "a duration of text": called("datetime.timedelta", short("a")) + b".",
    "a complex of a list": called("builtins.complex", b"]]") + b".",
    "a scalar of an object": called("numpy.core.multiarray.scalar", kind_of("O8") + ONE) + b".",
    "a call of a constant": called("pandas._libs.missing.NA", b"") + b".",
    "a rebuilding of nothing": called("copyreg._reconstructor", b"NNN") + b".",
    "a rebuilding of rebuilding": called(
        "copyreg._reconstructor", b"ccopyreg\n_reconstructor\ncbuiltins\nobject\nN"
    )
    + b".",
}


@pytest.mark.parametrize("name", MISPLACED)
def test_names_out_of_place_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused, match="cannot read it as a pickle of data"):
        read_pickle(written(tmp_path, MISPLACED[name]))
