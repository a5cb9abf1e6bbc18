"""Measured χT(T) files as they come from spreadsheets, instruments and digitised figures."""

import codecs

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcsco import InputError
from mcsco.observables import read_measured

POINTS = [(150.25, 0.031), (200.5, 0.42), (240.75, 3.45), (300.0, 3.51), (221.5, 3.4), (218.0, 0.6), (150.0, 0.03)]


def written(delimiter: str, decimal: str, points=POINTS) -> str:
    rows = (delimiter.join(f"{v:.4f}".replace(".", decimal) for v in p) for p in points)
    return "\n".join(rows) + "\n"


WAYS = [(d, c) for d in ("\t", ";", "; ", " ", "   ", ",", ", ") for c in ".," if not (d[0] == "," and c == ",")]
HEADERS = [
    "",
    "T (K)\tchiT (cm3 K/mol)\n",
    "# sample 12, 5 K/min\n\n",
    '"T / K";"χT, cm³ K mol⁻¹"\n',
    "Sample 1\nrun of 3 May\n",
]


@pytest.mark.parametrize(("delimiter", "decimal"), WAYS)
@pytest.mark.parametrize("header", HEADERS)
def test_delimiters_decimals_and_headers(tmp_path, delimiter, decimal, header):
    path = tmp_path / "curve.txt"
    path.write_text(header + written(delimiter, decimal), encoding="utf-8")
    T, chi_t, leg, direction = read_measured(path)
    np.testing.assert_allclose(np.column_stack([T, chi_t]), POINTS)
    assert leg.tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert direction == (1, -1)


@pytest.mark.parametrize(
    "raw",
    [
        written("\t", ".").replace("\n", "\r\n").encode(),
        codecs.BOM_UTF8 + written(";", ",").encode(),
        written("\t", ",").encode("utf-16"),
        "T(K)\tχT\n".encode() + written("\t", ".").encode(),
        "T (°K); chi\n".encode("latin-1") + written(";", ".").encode(),
        b"\n\n  " + written(" ", ".").encode().replace(b"\n", b"  \n\n"),
        written(";", ".").replace("\n", ";\n").encode(),
        b"1.5025E+02 3.1e-2\n" + written(" ", ".", POINTS[1:]).encode(),
        (written("\t", ".", POINTS[:4]) + "cooling\nT\tchiT\n% back\n" + written("\t", ".", POINTS[4:])).encode(),
    ],
)
def test_encodings_line_ends_and_lines_between(tmp_path, raw):
    path = tmp_path / "curve.dat"
    path.write_bytes(raw)
    measured = read_measured(str(path))
    np.testing.assert_allclose(np.column_stack([measured.temperature, measured.chi_t]), POINTS)
    assert measured.direction == (1, -1)


def test_thermometer_jitter_is_not_a_turn(tmp_path):
    rng = np.random.default_rng(2)
    T = np.concatenate([np.arange(100.0, 300.0), np.arange(300.0, 100.0, -1.0), np.arange(100.0, 200.0)])
    T += rng.normal(size=T.size)
    assert np.count_nonzero(np.diff(np.sign(np.diff(T)))) > 20
    path = tmp_path / "noisy.csv"
    path.write_text(written(",", ".", np.column_stack([T, 0.01 * T])))
    measured = read_measured(path)
    assert measured.direction == (1, -1, 1)
    turns = np.flatnonzero(np.diff(measured.leg))
    np.testing.assert_allclose(turns, [200, 400], atol=4)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "no two columns"),
        (b"T chi\nnothing here\n", "no two columns"),
        (b"150.5\n160.5\n170.5\n", "no two columns"),
        (b"1 2 3\n2 3 4\n3 4 5\n", "no two columns"),
        (b"150 0.1\n160 nan\n170 0.3\n", "line 2"),
        (b"# T chi\n150 NaN\n160 0.2\n170 0.3\n", "line 2"),
        (b"150 0.1\n160 0.2\n170\n180 0.4\n", "line 3"),
        (b"150 0.1\n160 0.2\n170 abc\n", "line 3"),
        (b"150 0.1\n160 0.2 0.3\n170 0.4\n", "line 2"),
        (b"150 0.1\n-- 0.2\n170 0.4\n", "line 2"),
        (b"150 0.1\n160 1e999\n170 0.4\n", "line 2"),
        (b"0.1 150\n-0.2 160\n0.3 170\n", "first column is T"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not a text file"),
        (bytes(range(256)) * 4, "not a text file"),
        (codecs.BOM_UTF16_LE + b"\x00", "not a text file"),
    ],
)
def test_unreadable_files_give_one_clear_line(tmp_path, raw, says):
    path = tmp_path / "bad.txt"
    path.write_bytes(raw)
    with pytest.raises(InputError) as caught:
        read_measured(path)
    message = str(caught.value)
    assert says in message
    assert "bad.txt" in message
    assert "\n" not in message


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_measured(tmp_path / "nowhere.txt")
    with pytest.raises(InputError, match="cannot be read"):
        read_measured(tmp_path)


@settings(max_examples=60, deadline=None)
@given(
    points=st.lists(st.tuples(st.floats(2, 999), st.floats(-0.01, 9)), min_size=2, max_size=30),
    way=st.sampled_from([("\t", "."), ("\t", ","), (";", ","), (" ", ","), (",", "."), (" ", ".")]),
)
def test_what_is_written_is_read(tmp_path_factory, points, way):
    path = tmp_path_factory.mktemp("curve") / "curve.txt"
    path.write_text(written(*way, points))
    measured = read_measured(path)
    np.testing.assert_allclose(np.column_stack([measured.temperature, measured.chi_t]), points, atol=6e-5)
    assert len(measured.direction) == measured.leg[-1] + 1
