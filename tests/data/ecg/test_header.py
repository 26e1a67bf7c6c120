"""Headers as the Challenges, PhysioNet and others write them, and as nobody should."""

from __future__ import annotations

import math

import pytest

from tremor.data.ecg.header import read_header
from tremor.data.sources.cells import Unusable

PLAIN = "A1 1 500 5000\nA1.mat 16+24 1000/mV 16 0 -7 99 0 II\n"


def test_a_header_of_the_challenge() -> None:
    text = "A1 2 500 7500 12-May-2020 12:33:59\r\n"
    text += "A1.mat 16+24 1000/mV 16 0 28 -1716 0 I\r\nA1.mat 16+24 1000/mV 16 0 7 2029 0 II\r\n"
    text += "#Age: 74\n#Sex: Male\n#Dx: 426783006, 59118001,426783006\n#Rx: Unknown\n"
    header = read_header(text)
    assert (header.name, header.rate, header.samples) == ("A1", 500.0, 7500)
    first = header.leads[0]
    assert (first.file, first.format, first.offset, first.name) == ("A1.mat", 16, 24, "I")
    assert (first.gain, first.units, first.baseline) == (1000.0, "mV", 0)
    assert (first.initial, first.checksum) == (28, -1716)
    assert header.codes == ("426783006", "59118001")
    assert (header.age, header.sex, header.patient) == (74.0, "male", "")
    assert list(header.told.items())[1:] == [
        ("Sex", "Male"),
        ("Dx", "426783006, 59118001,426783006"),
        ("Rx", "Unknown"),
    ]


def test_the_later_spelling_and_who_it_is() -> None:
    header = read_header(PLAIN + "# Age: 55\n# Sex: F\n# Dx: 1,2\n# Patient: P7\n")
    assert (header.codes, header.age, header.sex) == (("1", "2"), 55.0, "female")
    assert header.patient == "P7"


def test_bytes_of_letters_beyond_ascii_end_no_line() -> None:
    """In UTF-8, `Å` and `х` have a byte that Latin-1 takes for the end of a line."""
    text = (PLAIN + "#Hx: Ångström, хорошо\n#Dx: 1\n").encode().decode("latin-1")
    assert read_header(text).codes == ("1",)
    assert list(read_header(text).told) == ["Hx", "Dx"]


@pytest.mark.parametrize("told", ["", "#Age: NaN\n#Sex: Unknown\n#Dx: Unknown", "#Age: -1\n#Dx"])
def test_what_is_not_known_stays_so(told: str) -> None:
    header = read_header(PLAIN + told)
    assert math.isnan(header.age)
    assert (header.sex, header.codes, header.patient) == ("", (), "")


def test_every_part_of_a_line_that_wfdb_knows() -> None:
    text = "# first a remark\n\n100 3 360/720.5(10) 650000 0:0:0 0/0/0\n"
    text += "100.dat 212 200 11 1024 995 -22131 0 MLII\n"
    text += "100.dat 16x1:0+512 200.5(-12)/uV 12 2048 0 0 0 ECG lead one\n100.dat 212\n"
    one, two, three = (header := read_header(text)).leads
    assert (header.rate, header.samples) == (360.0, 650_000)
    assert (one.gain, one.baseline, one.units, one.name) == (200.0, 1024, "mV", "MLII")
    assert (two.offset, two.gain, two.baseline, two.units) == (512, 200.5, -12, "uV")
    assert two.name == "ECG lead one"
    assert (three.gain, three.initial, three.checksum, three.name) == (200.0, None, None, "")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (PLAIN, "# only a remark", "empty header"),
        ("A1 1 500 5000", "A1", "does not begin with a name and a number of leads"),
        ("A1 1 500 5000", "A1 many 500 5000", "does not begin"),
        ("A1 1 500 5000", "A1 0 500 5000", "0 leads promised"),
        ("A1 1 500 5000", "A1 12 500 5000", "1 lines of leads in the header, 12 promised"),
        ("A1 1 500 5000", "A1/3 1 500 5000", "several segments"),
        ("A1 1 500 5000", "A1 1", "no sampling rate"),
        ("A1 1 500 5000", "A1 1 0 5000", "a sampling rate of 0 Hz"),
        ("A1 1 500 5000", "A1 1 -500 5000", "a sampling rate of -500 Hz"),
        ("A1 1 500 5000", "A1 1 1e999 5000", "a sampling rate of inf Hz"),
        ("A1 1 500 5000", "A1 1 500 -3", "samples in the header: not a number"),
        ("A1 1 500 5000", "A1 1 500 " + "9" * 5000, "samples in the header: not a number"),
        ("A1.mat 16+24", "../A1.mat 16+24", "not a name in the same folder"),
        ("A1.mat 16+24", "/etc/passwd 16+24", "not a name in the same folder"),
        ("A1.mat 16+24", "~ 16+24", "not a name in the same folder"),
        ("16+24", "sixteen", "format or gain is not understood"),
        ("16+24", "16x2+24", "different rates"),
        ("16+24", "16:5", "shifted in time"),
        ("1000/mV", "much/mV", "format or gain is not understood"),
        ("1000/mV", "1e999/mV", "format or gain is not understood"),
        ("-7 99", "-7 all", "checksum in the header: not a number"),
        ("-7 99", "?? 99", "initial value in the header: not a number"),
    ],
)
def test_what_makes_no_sense_is_unusable(old: str, new: str, reason: str) -> None:
    with pytest.raises(Unusable, match=reason):
        read_header(PLAIN.replace(old, new))
