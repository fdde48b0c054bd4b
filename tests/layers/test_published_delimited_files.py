"""Files as publishers and spreadsheets leave them; values invented, layouts of Nomis and gov.uk."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.delimited import DelimitedError, HeaderError, header_key, match_headers, read_delimited
from layers.symbols import SYMBOLS, CellError, read_numbers

HEADER = ["code", "people", "rate"]


def write(folder: Path, text: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_byte_order_mark_is_no_part_of_the_first_header(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xef\xbb\xbfcode,people,rate\nE01000001,12,0.5\n")
    assert list(read_delimited(path, required=HEADER).frame.columns) == HEADER


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_any_separator_gives_the_same_cells(tmp_path: Path, separator: str) -> None:
    rows = [HEADER, ["E01000001", "12", "0.5"], ["E01000002", "7", "0.25"]]
    path = write(tmp_path, "".join(separator.join(row) + "\r\n" for row in rows))
    assert read_delimited(path, required=HEADER).frame.to_numpy().tolist() == rows[1:]


def test_titles_above_and_notes_below_are_not_data_and_are_told(tmp_path: Path) -> None:
    text = (
        "Table 3: people by area\n\ncode,people,rate\nE01000001,12,0.5\nE01000002,[x],[z]\n\n"
        '"Source: the department, released under the OGL"\n"[x] not available",,\n'
    )
    got = read_delimited(write(tmp_path, text), required=HEADER)
    assert got.frame["code"].tolist() == ["E01000001", "E01000002"]
    assert got.lines.tolist() == [4, 5]
    assert any("Source: the department" in note for note in got.notes)


def test_an_area_with_nothing_but_missing_values_at_the_end_is_still_an_area(tmp_path: Path) -> None:
    path = write(tmp_path, "code,people,rate\nE01000001,12,0.5\nE01000002,,\n")
    assert len(read_delimited(path, required=HEADER).frame) == 2


def test_the_fast_and_the_tolerant_parser_agree(tmp_path: Path) -> None:
    body = "".join(f"E0100{n:04d},{n},0.{n}\n" for n in range(1, 40))
    clean = read_delimited(write(tmp_path, "code,people,rate\n" + body), required=HEADER)
    # A blank line sends the whole file through the tolerant parser.
    ragged = read_delimited(write(tmp_path, "code,people,rate\n\n" + body, "b.csv"), required=HEADER)
    assert clean.frame.equals(ragged.frame)
    assert (ragged.lines - clean.lines == 1).all()


def test_gzipped_and_plain_files_read_alike(tmp_path: Path) -> None:
    text = b"code,people,rate\nE01000001,12,0.5\n"
    plain = read_delimited(write(tmp_path, text), required=HEADER)
    packed = read_delimited(write(tmp_path, gzip.compress(text), "t.csv.gz"), required=HEADER)
    assert plain.frame.equals(packed.frame)


def test_utf16_and_windows_text_are_read_and_said(tmp_path: Path) -> None:
    wide = read_delimited(write(tmp_path, "code\tname\nE01000001\tYnys Môn\n".encode("utf-16")))
    assert wide.frame["name"].tolist() == ["Ynys Môn"]
    old = read_delimited(
        write(tmp_path, "code,pay (£)\nE01000001,5\n".encode("cp1252")), required=["pay (£)"]
    )
    assert "Windows-1252" in old.notes[0]


def test_footnote_digits_no_break_spaces_and_case_do_not_hide_a_header() -> None:
    found = ["LSOA\u00a0Code", "Number of households1", "Share (%)2"]
    wanted = ["LSOA code", "Number of households", "Share (%)"]
    assert match_headers(found, wanted) == dict(zip(wanted, found, strict=True))
    assert header_key("Total: mid 2022") == "total: mid 2022"


def test_a_header_cut_short_by_its_publisher_is_matched_to_the_one_it_begins() -> None:
    full = "Children and Young People Sub-domain Decile (where 1 is most deprived 10% of LSOAs)"
    other = "Children and Young People Sub-domain Rank (where 1 is most deprived)"
    assert match_headers([full[:-3], other], [full, other]) == {full: full[:-3], other: other}


def test_a_column_that_stands_there_twice_cannot_be_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, "code,people,people\nE01000001,1,2\n")
    with pytest.raises(HeaderError, match=r'table\.csv.*"people" stands there 2 times'):
        read_delimited(path, required=["code"], columns=["people"])


def test_a_missing_column_is_named_beside_what_is_there(tmp_path: Path) -> None:
    path = write(tmp_path, "area,people\nE01000001,1\n")
    with pytest.raises(HeaderError, match=r'table\.csv has no column "code".*it holds "area", "people"'):
        read_delimited(path, required=["code"])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04rest", "workbook under the name of a CSV"),
        (b"<!DOCTYPE html><html></html>", "web page, not a table"),
        (b"\x1f\x8bbroken", "download it again"),
        (b"a\x00b\x00c", "not a text file"),
    ],
)
def test_what_is_no_table_says_what_it_is(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(DelimitedError, match=told):
        read_delimited(write(tmp_path, content), required=HEADER)


def test_a_row_with_too_many_cells_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "code,people,rate\nE01000001,12,0.5\nE01000002,1,234,0.5\n")
    with pytest.raises(DelimitedError, match=r"table\.csv row 3 has 4 cells where the header has 3"):
        read_delimited(path, required=HEADER)


# --- numbers and symbols ------------------------------------------------------------------------


@pytest.mark.parametrize(("symbol", "status"), [(s, told[0]) for s, told in SYMBOLS.items()])
def test_every_symbol_has_its_status_and_is_never_zero(tmp_path: Path, symbol: str, status: str) -> None:
    path = write(tmp_path, f"code,people\nE01000001,{symbol.upper()}\nE01000002,3\n")
    got = read_numbers(read_delimited(path, required=["code", "people"]), "people")
    assert got.status.tolist() == [status, "ok"]
    assert got.values[0] != got.values[0]


def test_the_symbols_of_the_issue_are_told_apart(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "code,people\n" + "".join(f"E0{n},{s}\n" for n, s in enumerate(["*", "c", "-", "[x]", "[z]", "0"])),
    )
    got = read_numbers(read_delimited(path, required=["code", "people"]), "people")
    assert got.status.tolist() == ["suppressed", "suppressed", "missing", "missing", "not_applicable", "ok"]


def test_thousands_pounds_percent_and_minus_signs_are_read(tmp_path: Path) -> None:
    path = write(tmp_path, 'code,people\na,"1,234"\nb,"£12,345.50"\nc,12.5%\nd,−3\ne,"1 234"\nf,1e3\n')
    got = read_numbers(read_delimited(path, required=["code", "people"]), "people")
    assert got.values.tolist() == [1234, 12345.5, 0.125, -3, 1234, 1000]


def test_percent_columns_become_shares_once_with_or_without_the_sign(tmp_path: Path) -> None:
    path = write(tmp_path, "code,people\na,12.5\nb,12.5%\n")
    got = read_numbers(read_delimited(path, required=["code", "people"]), "people", as_share=True)
    assert got.values.tolist() == [0.125, 0.125]


def test_decimal_commas_are_read_where_semicolons_separate(tmp_path: Path) -> None:
    path = write(tmp_path, "code;people;rate\na;1.234;12,5\nb;7;1,234\nc;8;1.234,75\n")
    cells = read_delimited(path, required=HEADER)
    assert read_numbers(cells, "rate").values.tolist() == [12.5, 1.234, 1234.75]
    assert read_numbers(cells, "people", whole=True).values.tolist() == [1234, 7, 8]


def test_thousands_in_a_file_of_semicolons_are_read_for_counts(tmp_path: Path) -> None:
    path = write(tmp_path, "code;people;rate\na;1,234;0.5\nb;*;0.25\n")
    cells = read_delimited(path, required=HEADER)
    assert read_numbers(cells, "people", whole=True).values[0] == 1234
    assert read_numbers(cells, "rate").values.tolist() == [0.5, 0.25]


def test_a_comma_that_could_mean_either_is_refused(tmp_path: Path) -> None:
    cells = read_delimited(write(tmp_path, "code;people;rate\na;5;1,234\n"), required=HEADER)
    with pytest.raises(CellError, match=r'table\.csv row 2: "rate" is "1,234".*thousands or decimals'):
        read_numbers(cells, "rate")


@pytest.mark.parametrize("cell", ["twelve", "12a", "1,23", "inf", "0.5.1", "#REF!"])
def test_what_is_no_number_is_named_with_file_row_and_column(tmp_path: Path, cell: str) -> None:
    path = write(tmp_path, f'code,people\nE01000001,3\nE01000002,"{cell}"\n')
    cells = read_delimited(path, required=["code", "people"])
    with pytest.raises(CellError) as told:
        read_numbers(cells, "people")
    assert f'table.csv row 3: "people" is "{cell}"' in str(told.value)


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20))
def test_a_number_written_with_separators_is_the_number(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int]
) -> None:
    path = tmp_path_factory.mktemp("n") / "t.csv"
    path.write_text("code,people\n" + "".join(f'x{n},"{value:,}"\n' for n, value in enumerate(numbers)))
    got = read_numbers(read_delimited(path, required=["code", "people"]), "people", whole=True)
    assert got.values.tolist() == numbers
