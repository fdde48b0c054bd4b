"""Published delimited files, read as they are published.

Statistical offices, departments and councils write "CSV" in many ways: with a byte-order mark, with
semicolons or tabs, with titles above the header and notes below the data. `read_delimited` finds
the header by the columns a caller needs, keeps every cell as text and remembers on which line of the
file it stood; `layers.symbols` turns that text into numbers beside a status.

A clean file takes pyarrow's parser; anything else a slower and more forgiving one. Both give the
same frame.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from geo.errors import UserError

_DELIMITERS = (",", ";", "\t", "|")
_SEARCHED_LINES = 80
_GSS_CODE = re.compile(r"[A-Z]\d{8}")
_FOOTNOTE = re.compile(r"(?<=[a-z)])\s*(\d{1,2}|\[note [^\]]*\]|\[\d+\])$")
SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f", " "))


class DelimitedError(UserError, ValueError):
    """A file cannot be read as a table."""


class HeaderError(UserError, LookupError):
    """A file has no header row with the columns that were needed."""


@dataclass(frozen=True)
class Delimited:
    """Cells of a delimited file as text, with where they stood.

    Parameters
    ----------
    file
        Name of the file, for messages.
    frame
        Text, stripped; one column a header, as the publisher spells it.
    lines
        Line of the file on which each row stands, counted from 1 as a spreadsheet does.
    delimiter
        What separates the cells.
    notes
        What was skipped or repaired on the way, in sentences.
    """

    file: str
    frame: pd.DataFrame
    lines: NDArray[np.int64]
    delimiter: str
    notes: tuple[str, ...] = ()

    def rows(self, keep: NDArray[np.bool_]) -> Delimited:
        """Keep some rows, and their line numbers."""
        return replace(self, frame=self.frame.loc[keep].reset_index(drop=True), lines=self.lines[keep])


def header_key(header: str) -> str:
    """Header with case, spacing, underscores and footnote marks taken away, for comparison.

    "Number of households1" and "Number of households" are the same column; the footnote digit comes
    and goes between editions.
    """
    return _FOOTNOTE.sub("", _plain_key(header))


def _plain_key(header: str) -> str:
    text = " ".join(header.translate(SPACES).replace("_", " ").split()).lower()
    return text.removesuffix("; measures: value")


def match_headers(found: Sequence[str], wanted: Iterable[str]) -> dict[str, str]:
    """Wanted header -> the header of the file that is it.

    Compared by `header_key`; a long header that was cut short by its publisher is matched to the one
    wanted header it begins. A wanted header that is not there is left out.

    Raises
    ------
    HeaderError
        Two columns of the file answer to one wanted header.
    """
    keys: dict[str, list[str]] = {}
    plain: dict[str, list[str]] = {}
    for header in found:
        keys.setdefault(header_key(header), []).append(header)
        plain.setdefault(_plain_key(header), []).append(header)
    asked = list(wanted)
    cut = {key for key in keys if len(key) >= 40}
    matched: dict[str, str] = {}
    for want in asked:
        key = header_key(want)
        hits = plain.get(_plain_key(want)) or keys.get(key, [])
        if not hits:
            short = [one for one in cut if key.startswith(one)]
            short = [s for s in short if sum(header_key(o).startswith(s) for o in asked) == 1]
            hits = [header for one in short for header in keys[one]]
        if len(hits) > 1:
            exact = [hit for hit in hits if hit == want]
            if len(exact) != 1:
                raise HeaderError(
                    f'the column "{want}" stands there {len(hits)} times; remove all but one, '
                    f"or download the file again"
                )
            hits = exact
        if hits:
            matched[want] = hits[0]
    return matched


def find_header(found: Sequence[str], spellings: Iterable[str]) -> str:
    """Give the first of several spellings of a header that is there; empty if none is."""
    for spelling in spellings:
        hit = match_headers(found, [spelling]).get(spelling)
        if hit is not None:
            return hit
    return ""


def read_text(path: Path) -> tuple[str, tuple[str, ...]]:
    """Whole file as text, unpacked if gzipped, with notes on its encoding.

    Raises
    ------
    DelimitedError
        The file is empty, damaged, or not text at all.
    """
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except FileNotFoundError as error:
        raise DelimitedError(f"{path.name} is not there; check the folder and the name") from error
    except (OSError, EOFError) as error:
        raise DelimitedError(f"{path.name} cannot be read ({error}); download it again") from error
    return decode(data, path.name)


def decode(data: bytes, file: str) -> tuple[str, tuple[str, ...]]:
    """Text of a file's bytes: UTF-8 with or without a mark, UTF-16 with one, else Windows-1252.

    Raises
    ------
    DelimitedError
        The bytes are empty or not text.
    """
    if not data.strip():
        raise DelimitedError(f"{file} is empty; download it again")
    if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise DelimitedError(f"{file} is a workbook under the name of a CSV; rename it to .xlsx or .xls")
    if data[:3] == b"\xef\xbb\xbf":
        data = data[3:]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") and data[2:4] != b"\x00\x00":
        text = data.decode("utf-16", errors="replace")
        return text, ("the file is in UTF-16, as Excel saves Unicode text",)
    if b"\x00" in data[:4096]:
        raise DelimitedError(
            f"{file} is not a text file, or one without the mark that says how it is written; a CSV was "
            'needed: save it as "CSV UTF-8"'
        )
    head = data[:512].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        raise DelimitedError(f"{file} is a web page, not a table: the download failed; fetch it again")
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), ("the file is not in UTF-8; read as Windows-1252",)


def read_headers(path: Path, *, required: Sequence[str] = ()) -> tuple[str, ...]:
    """Headers of a delimited file, from its first quarter of a megabyte; see `read_delimited`.

    Raises
    ------
    HeaderError, DelimitedError
    """
    names, _ = read_start(path, required=required)
    return names


def read_start(path: Path, *, required: Sequence[str] = ()) -> tuple[tuple[str, ...], list[list[str]]]:
    """Headers of a delimited file and its first rows of data, cheaply, however large the file is.

    Raises
    ------
    HeaderError, DelimitedError
    """
    try:
        with path.open("rb") as handle:
            data = handle.read(2)
            handle.seek(0)
            if data == b"\x1f\x8b":
                with gzip.open(handle) as packed:
                    data = packed.read(1 << 18)
            else:
                data = handle.read(1 << 18)
    except FileNotFoundError as error:
        raise DelimitedError(f"{path.name} is not there; check the folder and the name") from error
    except (OSError, EOFError) as error:
        raise DelimitedError(f"{path.name} cannot be read ({error}); download it again") from error
    # The cut may fall within a letter, which must not make a UTF-8 file look like another encoding.
    if len(data) == 1 << 18 and b"\n" in data and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        data = data[: data.rindex(b"\n")]
    text, _ = decode(data, path.name)
    found = _find_header(text, required, path.name)
    rows = [row for line, row in _first_rows(text, found.delimiter) if line > found.line and any(row)]
    return found.names, rows


def read_delimited(
    path: Path,
    *,
    required: Sequence[str] = (),
    columns: Sequence[str] | None = None,
    header: Sequence[str] | None = None,
) -> Delimited:
    """Cells of a CSV, TSV or gzipped CSV as text, header found and notes rows taken off.

    Parameters
    ----------
    path
        The file.
    required
        Headers that must be there: the header row is the first that holds them all, so titles above
        it do no harm. Compared by `header_key`.
    columns
        Headers to keep where they are there, beside `required`; all of them if left out. They come
        back under the names asked for here.
    header
        Names for a file that is published without a header row; then the first row is data.

    Returns
    -------
    Delimited
        Text; a cell that is not there is an empty string.

    Raises
    ------
    HeaderError
        No row holds the required columns; the message lists what was found instead.
    DelimitedError
        The file is empty, damaged or not delimited text.
    """
    text, notes = read_text(path)
    found = _find_header(text, required, path.name) if header is None else _no_header(text, header)
    names = unique_headers(found.names)
    wanted = [*required, *(one for one in columns or () if one not in required)]
    try:
        matched = match_headers(found.names, wanted)
    except HeaderError as error:
        raise HeaderError(f"{path.name}: {error}") from error
    kept = [matched[one] for one in wanted if one in matched] if columns is not None else names
    frame, lines = _parse(text, found, names, kept, path.name)
    frame = frame.rename(columns={source: name for name, source in matched.items()})
    frame, lines, more = trim_notes(frame, lines)
    if found.line > 1 and header is None:
        notes = (*notes, f"{found.line - 1} lines above the header of {path.name} were skipped")
    return Delimited(path.name, frame, lines, found.delimiter, (*notes, *more))


@dataclass(frozen=True)
class _Header:
    names: tuple[str, ...]
    line: int  # line of the file on which the header ends, from 1; 0 if there is none
    delimiter: str


def _first_rows(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            rows.append((reader.line_num, [cell.strip() for cell in row]))
            if len(rows) >= _SEARCHED_LINES:
                break
    except csv.Error:
        pass  # a quote that never closes: the rows before it may still hold the header
    return rows


def _find_header(text: str, required: Sequence[str], file: str) -> _Header:
    best: tuple[int, int, int, _Header] | None = None
    for order, delimiter in enumerate(_DELIMITERS):
        rows = _first_rows(text, delimiter)
        widths = [len(row) for _, row in rows]
        usual = max(set(widths), key=lambda w: (widths.count(w), w), default=0)
        for line, row in rows:
            filled = sum(1 for cell in row if cell)
            if not filled:
                continue
            hits = len(match_headers(unique_headers(row), required)) if required else 0
            if required and hits == len(required):
                return _Header(tuple(row), line, delimiter)
            # Without required columns the header is the first row as wide as most rows are.
            score = hits if required else int(len(row) == usual and filled > 1) * usual
            candidate = (score, -order, -line, _Header(tuple(row), line, delimiter))
            if best is None or candidate[:3] > best[:3]:
                best = candidate
    if best is None:
        raise DelimitedError(f"{file} holds no rows; download it again")
    header = best[3]
    missing = [one for one in required if one not in match_headers(unique_headers(header.names), required)]
    if missing:
        first = _Header(tuple(_first_rows(text, ",")[0][1]), 1, ",") if best[0] == 0 else header
        raise HeaderError(
            f'{file} has no column "{missing[0]}"'
            f"{f' (nor {len(missing) - 1} more that are needed)' if len(missing) > 1 else ''}; "
            f"it holds {describe_headers(first.names)}"
        )
    return header


def _no_header(text: str, header: Sequence[str]) -> _Header:
    counts = {one: text[:4096].count(one) for one in _DELIMITERS}
    return _Header(tuple(header), 0, max(_DELIMITERS, key=lambda one: counts[one]))


def describe_headers(names: Sequence[str], limit: int = 5) -> str:
    """Give the first few headers in quotation marks, and how many more there are."""
    shown = ", ".join(f'"{one[:60]}"' for one in names[:limit])
    return shown + (f" and {len(names) - limit} more" if len(names) > limit else "")


def unique_headers(names: Sequence[str]) -> list[str]:
    """Headers with a name of its own for every column that has none, or another's."""
    seen: dict[str, int] = {}
    result: list[str] = []
    for position, name in enumerate(names, start=1):
        seen[name] = seen.get(name, 0) + 1
        result.append(name if name and seen[name] == 1 else f"{name or 'column'} ({position})")
    return result


def _parse(
    text: str, found: _Header, names: list[str], kept: Sequence[str], file: str
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    fast = _parse_clean(text, found, names, kept)
    if fast is not None:
        return fast
    return _parse_tolerant(text, found, names, kept, file)


def _parse_clean(
    text: str, found: _Header, names: list[str], kept: Sequence[str]
) -> tuple[pd.DataFrame, NDArray[np.int64]] | None:
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(text.encode()),
            read_options=arrow_csv.ReadOptions(column_names=names, skip_rows=found.line, block_size=1 << 24),
            parse_options=arrow_csv.ParseOptions(delimiter=found.delimiter, ignore_empty_lines=False),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=list(kept),
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        return None  # a ragged, blank or broken row: the tolerant parser reads it or says where it is
    frame = table.to_pandas()
    lines = np.arange(len(frame), dtype=np.int64) + found.line + 1
    empty = np.flatnonzero((frame.iloc[:, 0] == "").to_numpy(dtype=bool))
    blank = [row for row in empty if not any(frame.iloc[row])]
    if blank:  # pyarrow takes a blank line for a row of empty cells
        keep = np.setdiff1d(np.arange(len(frame)), blank)
        frame, lines = frame.iloc[keep].reset_index(drop=True), lines[keep]
    return frame, lines


def _parse_tolerant(
    text: str, found: _Header, names: list[str], kept: Sequence[str], file: str
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=found.delimiter)
    rows: list[list[str]] = []
    lines: list[int] = []
    width = len(names)
    try:
        for row in reader:
            if reader.line_num <= found.line or not any(cell.strip() for cell in row):
                continue
            if len(row) > width and any(cell.strip() for cell in row[width:]):
                raise DelimitedError(
                    f"{file} row {reader.line_num} has {len(row)} cells where the header has {width}; "
                    f"a value may hold the separator without quotation marks: mend that row"
                )
            rows.append([*row[:width], *[""] * (width - len(row))])
            lines.append(reader.line_num)
    except csv.Error as error:
        raise DelimitedError(f"{file} row {reader.line_num}: {error}; mend that row") from error
    frame = pd.DataFrame(rows or None, columns=names, dtype="str")
    return frame[list(kept)], np.asarray(lines, dtype=np.int64)


def trim_notes(
    frame: pd.DataFrame, lines: NDArray[np.int64]
) -> tuple[pd.DataFrame, NDArray[np.int64], tuple[str, ...]]:
    """Take off the notes rows below the data, and say where they begin."""
    # Notes rows stand at the end, blank but for one cell (or two: "1.", "Source: ..."). Rows are
    # taken off from below until one is filled like data, so that a sparse row of data higher up is
    # never lost.
    notes: tuple[str, ...] = ()
    width = frame.shape[1]
    if len(frame) and width:
        end = len(frame)
        while end and width > 1 and _is_note(frame.iloc[end - 1].tolist()):
            end -= 1
        cut = len(frame) - end
        if cut and end:
            first = next((one for one in frame.iloc[end].tolist() if one), "")
            if first:
                notes = (f'{cut} rows below the data were taken as notes, from "{first[:60]}"',)
            frame, lines = frame.iloc[:end].copy(), lines[:end]
    return frame.reset_index(drop=True), lines, notes


def _is_note(row: Sequence[str]) -> bool:
    filled = [cell for cell in row if cell and cell.strip()]
    if filled and _GSS_CODE.fullmatch(filled[0].strip()):
        return False  # an area with nothing but missing values is still an area
    return len(filled) <= (1 if len(row) < 5 else 2)
