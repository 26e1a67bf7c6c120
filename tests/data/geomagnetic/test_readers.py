"""Day files of three formats: what was written is read, what is broken is named."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tremor.data.geomagnetic.delimited import DelimitedDay
from tremor.data.geomagnetic.iaga2002 import Iaga2002
from tremor.data.geomagnetic.instrument import BLOCK, HEADER, RECORD, InstrumentDay, packed
from tremor.data.geomagnetic.samples import Samples, on_the_clock
from tremor.data.sources.cells import Unusable

DAY = date(2018, 3, 5)
HDZ = ("H", "D", "Z")
HEAD = (
    " Format                 IAGA-2002                                    |\n"
    " IAGA CODE              SBG                                          |\n"
    " # a remark                                                          |\n"
)


def iaga(values: NDArray[np.float64], letters: str = "HDZF", step: int = 1, end: str = "\n") -> str:
    """The text of an IAGA-2002 file of `(component, sample)`."""
    names = "".join(f"{'SBG' + letter:<10}" for letter in letters)
    lines = [f"DATE       TIME         DOY     {names}|"]
    for number, row in enumerate(values.T):
        clock = f"{number * step // 3600:02}:{number * step // 60 % 60:02}:{number * step % 60:02}"
        lines.append(f"2018-03-05 {clock}.000 064    " + "".join(f"{v:10.2f}" for v in row))
    return HEAD.replace("\n", end) + end.join(lines) + end


def field(samples: int = 50, rows: int = 4) -> NDArray[np.float64]:
    rng = np.random.default_rng(1)
    level = np.array([40000.0, 120.0, -20000.0, 45000.0])[:rows, None]
    return np.round(level + rng.normal(size=(rows, samples)), 2)


def put(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


PLAIN = Iaga2002(d_in_minutes=False)


def read(tmp_path: Path, content: str | bytes, name: str = "sbg20180305vsec.sec") -> Samples:
    return PLAIN.read(put(tmp_path / name, content), DAY)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_iaga_text_is_read_back(tmp_path: Path, end: str) -> None:
    samples = read(tmp_path, iaga(field(), end=end))
    assert samples.components == ("H", "D", "Z", "F")
    assert samples.station == "SBG"
    assert samples.notes == ()
    np.testing.assert_allclose(samples.values, field())
    np.testing.assert_array_equal(samples.seconds, np.arange(50))


def test_components_are_taken_by_name_in_any_order(tmp_path: Path) -> None:
    values = field(86_400, 3)
    samples = read(tmp_path, iaga(values, "DZH"))
    day, notes = on_the_clock(samples, HDZ, 1.0)
    np.testing.assert_allclose(day, values[[2, 0, 1]])
    assert notes == ()


def test_missing_codes_are_missing(tmp_path: Path) -> None:
    values = field()
    values[0, 3], values[1, 4], values[2, 5] = 99999.0, 88888.0, 999999.0
    samples = read(tmp_path, iaga(values))
    assert np.argwhere(np.isnan(samples.values)).tolist() == [[0, 3], [1, 4], [2, 5]]


def test_an_angle_of_declination_becomes_a_field(tmp_path: Path) -> None:
    """One minute of arc of 20,626.48 nT is 6 nT to the east."""
    values = np.array([[20626.48], [1.0], [47000.0], [0.0]])
    path = put(tmp_path / "sbg20180305.sec", iaga(values))
    assert Iaga2002().read(path, DAY).values[1, 0] == pytest.approx(6.0, abs=1e-4)
    assert PLAIN.read(path, DAY).values[1, 0] == 1.0


TEXT = iaga(field(12))


@given(cut=st.integers(0, len(TEXT)))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cut_iaga_file_keeps_its_whole_lines(tmp_path: Path, cut: int) -> None:
    """No value is ever half a number."""
    if cut <= TEXT.index("\n2018-03-05 00:00:01"):
        with pytest.raises(Unusable, match=r"not in the format|ends within its header|no samples"):
            read(tmp_path, TEXT[:cut])
        return
    samples = read(tmp_path, TEXT[:cut])
    count = len(samples.seconds)
    lines = TEXT[:cut].count("\n") - HEAD.count("\n") - 1
    assert ("the last line is cut" in samples.notes) == (count == lines and TEXT[cut - 1] != "\n")
    assert lines <= count <= lines + 1
    np.testing.assert_allclose(samples.values, field(12)[:, :count])


@given(place=st.integers(0, len(TEXT) - 1), byte=st.integers(0, 255))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_iaga_file_is_read_or_named(tmp_path: Path, place: int, byte: int) -> None:
    damaged = bytearray(TEXT.encode())
    damaged[place] = byte
    for end in ("sec", "sec.gz"):
        try:
            samples = read(tmp_path, bytes(damaged), f"sbg20180305.{end}")
        except Unusable:
            continue
        assert samples.values.shape == (len(samples.components), len(samples.seconds))


def test_a_bad_line_is_counted(tmp_path: Path) -> None:
    lines = iaga(field()).splitlines()
    lines[10] = "what is this"
    lines[12] = lines[12] + " 1.00 2.00"
    samples = read(tmp_path, "\n".join(lines) + "\n")
    assert len(samples.seconds) >= 48
    assert any("cannot be understood" in note for note in samples.notes)


def test_gzip_is_unpacked_and_a_cut_one_keeps_what_it_has(tmp_path: Path) -> None:
    whole = gzip.compress(iaga(field(500)).encode())
    assert len(read(tmp_path, whole, "sbg20180305.sec.gz").seconds) == 500
    samples = read(tmp_path, whole[: len(whole) // 2], "sbg20180305.sec.gz")
    assert 0 < len(samples.seconds) < 500
    assert samples.notes[0] == "the gzip file ends early"
    np.testing.assert_allclose(samples.values, field(500)[:, : len(samples.seconds)])
    with pytest.raises(Unusable, match="damaged gzip"):
        read(tmp_path, b"nonsense", "sbg20180305.sec.gz")


def test_another_cadence_is_named(tmp_path: Path) -> None:
    samples = read(tmp_path, iaga(field(60), step=60))
    with pytest.raises(Unusable, match="cadence 60 s, not 1 s"):
        on_the_clock(samples, HDZ, 1.0)
    assert on_the_clock(samples, HDZ, 1 / 60)[0].shape == (3, 1440)


def test_a_lacking_component_names_those_there(tmp_path: Path) -> None:
    samples = read(tmp_path, iaga(field(), "XYZF"))
    with pytest.raises(Unusable, match=r"X, Y, Z, F, not H, D, Z: .*dataset.components=\[X,Y,Z\]"):
        on_the_clock(samples, HDZ, 1.0)


def test_times_outside_the_day_and_twice_are_counted() -> None:
    seconds = np.array([-2.0, -1, 0, 1, 1, 2, 3, 4])
    samples = Samples(("H",), seconds, np.arange(8.0)[None])
    day, notes = on_the_clock(samples, ("H",), 1.0)
    assert notes == ("2 samples outside its day", "1 samples at a time that it has twice")
    assert day[0, :5].tolist() == [2, 4, 5, 6, 7]


def test_times_at_the_middle_of_a_second_all_go_the_same_way() -> None:
    samples = Samples(("H",), np.arange(6) + 0.5, np.arange(6.0)[None])
    assert on_the_clock(samples, ("H",), 1.0)[0][0, :6].tolist() == [0, 1, 2, 3, 4, 5]


def test_names_of_iaga_files() -> None:
    for name in ("wic20230712_1hz.sec", "wic_20230712_1hz.sec", "WIC20230712vsec.sec.gz"):
        assert PLAIN.claims(name) == ("WIC", date(2023, 7, 12))
    for name in ("wic20231332.sec", "S180305.SBG", "readme.txt", "SBG_20180305.csv"):
        assert PLAIN.claims(name) is None


@pytest.mark.slow
def test_a_day_is_read_in_less_than_a_second(tmp_path: Path) -> None:
    path = put(tmp_path / "sbg20180305vsec.sec", iaga(field(86_400)))
    start = perf_counter()
    assert PLAIN.read(path, DAY).values.shape == (4, 86_400)
    assert perf_counter() - start < 1.0


def test_real_observatories(shared_data: Path) -> None:
    """1 Hz with E, H, Z; 1 Hz of four hours with U, V, W; minutes with D as an angle."""
    conrad = shared_data / "geomagnetic_conrad_1hz" / "wic_20230712_1hz.sec"
    claim = PLAIN.claims(conrad.name)
    assert claim == ("WIC", date(2023, 7, 12))
    samples = PLAIN.read(conrad, claim[1])
    assert (samples.station, samples.components) == ("WIC", ("E", "H", "Z", "F"))
    day, notes = on_the_clock(samples, ("H", "E", "Z"), 1.0)
    assert notes == ()
    assert np.isfinite(day).all()
    np.testing.assert_allclose(day[:, -1], [21056.78, 452.86, 44141.37])
    assert np.isnan(samples.values[3]).all()
    usgs = shared_data / "geomagnetic_usgs"
    hours = PLAIN.read(usgs / "LLO20200106vsec.sec", date(2020, 1, 6))
    assert hours.components == ("U", "V", "W", "NUL")
    day, _ = on_the_clock(hours, ("U", "V", "W"), 1.0)
    assert int(np.isfinite(day).all(axis=0).sum()) == 14_401
    minutes = Iaga2002().read(usgs / "bou20141101vmin.min", date(2014, 11, 1))
    np.testing.assert_allclose(minutes.values[:3, 0], [20873.75, -60.66, 47477.30], atol=0.01)
    with pytest.raises(Unusable, match="cadence 60 s, not 1 s"):
        on_the_clock(minutes, HDZ, 1.0)


def whole_day() -> NDArray[np.float64]:
    values = field(86_400, 3)
    values[0, 5], values[2, 86_399] = np.nan, np.nan
    return values


def instrument(tmp_path: Path, content: bytes, name: str = "S180305.SBG") -> Samples:
    return InstrumentDay().read(put(tmp_path / name, content), DAY)


def test_the_instruments_file_is_read_back(tmp_path: Path) -> None:
    raw = packed(whole_day(), voltage=12.3, celsius=-7.25)
    assert len(raw) == 144 * (30 + 600 * 17)
    for name, content in (("S180305.SBG", raw), ("S180305.SBG.gz", gzip.compress(raw, 1))):
        samples = instrument(tmp_path, content, name)
        assert InstrumentDay().claims(name) == ("SBG", DAY)
        np.testing.assert_allclose(samples.values[:3], whole_day(), atol=1e-9)
        assert samples.values[3:, 7].tolist() == pytest.approx([0, 0, -7.25, -7.25, 12.3])
        assert samples.notes == ()
        day, _ = on_the_clock(samples, ("Z", "H"), 1.0)
        np.testing.assert_allclose(day, whole_day()[[2, 0]], atol=1e-9)


def test_bytes_of_the_instrument_by_hand(tmp_path: Path) -> None:
    """-1 is 0xFFFFFF; 0x000102 is 258; the tilt and temperature are of 16 bits."""
    header = bytearray(30)
    header[27] = 121
    record = bytes([2, 1, 0, 0xFF, 0xFF, 0xFF, 0, 0, 0x80, 10, 0, 0xF6, 0xFF, 0xC4, 9, 0x3C, 0xF6])
    samples = instrument(tmp_path, bytes(header) + record)
    expected = [2.58, -0.01, np.nan, 1.0, -1.0, 25.0, -25.0, 12.1]
    np.testing.assert_allclose(samples.values[:, 0], expected)
    assert samples.notes == ("ends after 1 of 86400 records",)


WHOLE = whole_day()
RAW = packed(WHOLE)


@given(cut=st.integers(0, 2 * BLOCK + 100))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cut_instruments_file_keeps_its_whole_records(tmp_path: Path, cut: int) -> None:
    blocks, rest = divmod(cut, BLOCK)
    expected = 600 * blocks + max(rest - HEADER, 0) // RECORD
    if not expected:
        with pytest.raises(Unusable, match="too few"):
            instrument(tmp_path, RAW[:cut])
        return
    samples = instrument(tmp_path, RAW[:cut])
    assert len(samples.seconds) == expected
    np.testing.assert_allclose(samples.values[:3], WHOLE[:, :expected], atol=1e-9)


def test_what_no_instrument_wrote(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="text"):
        instrument(tmp_path, iaga(field()).encode())
    assert instrument(tmp_path, RAW + b"more").notes == ("4 bytes after the last block",)
    with pytest.raises(ValueError, match="shape"):
        packed(np.zeros((3, 5)))


def test_tables_of_text(tmp_path: Path) -> None:
    """Times as seconds, as ISO text, with a zone; headers of one's own; a missing value."""
    rows = ["0,1.5,2,3", "1,2.5,,99999", "2,3.5,4,5"]
    plain = put(tmp_path / "SBG_20180305.csv", "time,H,D,Z\n" + "\n".join(rows) + "\n")
    samples = DelimitedDay().read(plain, DAY)
    assert samples.components == HDZ
    expected = [[1.5, 2.5, 3.5], [2, np.nan, 4], [3, np.nan, 5]]
    np.testing.assert_array_equal(samples.values, expected)
    np.testing.assert_array_equal(samples.seconds, [0, 1, 2])
    times = ["2018-03-05T00:00:00Z", "2018-03-05T07:00:01+07:00", "2018-03-05 00:00:02"]
    text = "UTC;Bh;D;Z\n" + "\n".join(f"{t};1;2;3" for t in times) + "\n"
    named = DelimitedDay(time="UTC", columns={"H": "Bh"}, separator=";")
    samples = named.read(put(plain.with_suffix(".csv.gz"), gzip.compress(text.encode())), DAY)
    assert samples.components == HDZ
    np.testing.assert_array_equal(samples.seconds, [0, 1, 2])
    with pytest.raises(Unusable, match="no column UTC among time, H, D, Z"):
        named.read(put(plain, "time;H;D;Z\n0;1;2;3\n"), DAY)


@pytest.mark.parametrize(
    ("text", "separator", "said"),
    [
        ("0,40000,5,12,3,-9000,1", ",", "7 fields in its first line, 4 in its header: decimal"),
        ("0,1,2,3,\n1,1,2,3", ",", "5 fields in its first line, 4 in its header"),
        ("0,1,2", ",", "3 fields in its first line, 4 in its header"),
        ("0;40000,5;12,3;-9", ";", "40000,5 in column H has a decimal comma"),
        ("05/03/2018 00:00,1,2,3", ",", "05/03/2018 00:00 in column time is neither ISO time nor"),
    ],
)
def test_tables_that_would_be_read_wrongly_are_refused(
    tmp_path: Path, text: str, separator: str, said: str
) -> None:
    header = "time,H,D,Z\n".replace(",", separator)
    path = put(tmp_path / "SBG_20180305.csv", f"{header}{text}\n")
    with pytest.raises(Unusable, match=said):
        DelimitedDay(separator=separator).read(path, DAY)


@pytest.mark.parametrize("separator", [",", r"\s+"])
def test_lines_of_a_table_with_too_many_or_few_fields_are_counted(
    tmp_path: Path, separator: str
) -> None:
    text = "time,H,D,Z\n0,1,2,3\n1,1,2,3,4\n2,1\n\n3,4,5,6\nnoon,1,2,3\n"
    text = text if separator == "," else text.replace(",", "  ").replace("noon  1", "4")
    path = put(tmp_path / "SBG_20180305.csv", text)
    samples = DelimitedDay(separator=separator).read(path, DAY)
    np.testing.assert_array_equal(samples.values, [[1, 4], [2, 5], [3, 6]])
    assert samples.notes == ("3 lines that cannot be understood",)


def test_packed_in_capitals(tmp_path: Path) -> None:
    path = put(tmp_path / "SBG_20180305.CSV.GZ", gzip.compress(b"time,H,D,Z\n0,1,2,3\n"))
    assert DelimitedDay().claims(path.name) == ("SBG", DAY)
    assert DelimitedDay().read(path, DAY).values.tolist() == [[1], [2], [3]]


CSV = "time,H,D,Z\n" + "".join(f"2018-03-05T00:00:{n:02}Z,4{n}.25,2,3\n" for n in range(9))


@given(cut=st.integers(0, len(CSV)))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cut_table_keeps_its_whole_lines(tmp_path: Path, cut: int) -> None:
    path = put(tmp_path / "SBG_20180305.csv", CSV[:cut])
    try:
        samples = DelimitedDay().read(path, DAY)
    except Unusable:
        assert cut <= len("time,H,D,Z\n")
        return
    assert len(samples.seconds) == CSV[:cut].count("\n") - 1
    np.testing.assert_array_equal(
        samples.values[0], [float(f"4{n}.25") for n in samples.seconds.astype(int)]
    )
