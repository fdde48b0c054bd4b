"""From what came to the file that a reader takes: a member of a zip, a sheet, some rows, other headers.

Everything that is done to a publisher's file is done here, stated in `publishers.toml`, and written into
the ledger beside the hash of what came.
"""

from __future__ import annotations

import contextlib
import csv
import io
import re
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from fairplace.fetch.cutting import cut
from fairplace.fetch.errors import ChangedError, CutError
from fairplace.fetch.job import Job
from fairplace.fetch.transport import Received
from geo.errors import UserError
from layers.delimited import HeaderError, match_headers
from layers.points import tidy_postcode
from layers.workbooks import read_rows, read_sheet

_PAGE = (b"<!doctype html", b"<html")
_ZIPPED = (".zip", ".xlsx", ".ods")
_MARKS: dict[str, Callable[[bytes], bool]] = {
    ".tif": lambda start: start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    ".pbf": lambda start: b"OSMHeader" in start[:64],
}
_Row = Sequence[str]
_Change = Callable[[_Row, Iterable[_Row]], tuple[_Row, Iterable[_Row]]]


def unpack(
    came: Received,
    job: Job,
    target: Path,
    *,
    joins: Mapping[str, Mapping[str, str]] | None = None,
    places: Mapping[str, tuple[str, str]] | None = None,
) -> list[str]:
    """Write the file that a reader takes.

    Parameters
    ----------
    came
        What the publisher gave.
    job
        What was asked.
    target
        File to write; nobody looks at it before it has been checked.
    joins
        Column to add -> value by key, for the recipe's `add`.
    places
        Postcode -> easting and northing, for the recipe's `placed`.

    Returns
    -------
    list of str
        What was done to it, in words, for the ledger.

    Raises
    ------
    ChangedError
        A web page, a zip without the member, a workbook without the sheet, a table without the column.
    CutError
        A damaged zip.
    """
    recipe = job.recipe
    with came.path.open("rb") as handle:
        start = handle.read(512)
    if start.lstrip().lower().startswith(_PAGE):
        raise ChangedError(
            f"{came.url} gives a web page where a file was expected; the publisher has moved it: "
            f"see {recipe.page}"
        )
    zipped = bool(recipe.member or recipe.cut) or target.name.endswith(_ZIPPED) or bool(recipe.sheet)
    if zipped and not start.startswith(b"PK"):
        raise ChangedError(
            f"{came.url} is neither a zip nor a workbook (it begins {start[:16]!r}); see {recipe.page}"
        )
    mark = next((mark for end, mark in _MARKS.items() if target.name.endswith(end)), None)
    if mark is not None and not recipe.cut and not mark(start):
        raise ChangedError(
            f"{came.url} is no {target.suffix} file (it begins {start[:16]!r}); see {recipe.page}"
        )
    if not zipped and start.startswith(b"PK"):
        raise ChangedError(
            f"{came.url} is a zip or workbook where a plain file was expected; see {recipe.page}"
        )
    try:
        return _unpack(came, job, target, joins or {}, places or {})
    except NotImplementedError as error:
        raise ChangedError(f"{came.url} is packed by a method that is not known here ({error})") from error
    except (zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise CutError(f"{came.url} is a damaged zip ({error})") from error
    except HeaderError as error:
        raise ChangedError(f"{came.url}: {error}") from error
    except UserError:
        if recipe.sheet and not zipfile.is_zipfile(came.path):
            raise CutError(f"{came.url} is a damaged workbook") from None
        raise


def _unpack(
    came: Received,
    job: Job,
    target: Path,
    joins: Mapping[str, Mapping[str, str]],
    places: Mapping[str, tuple[str, str]],
) -> list[str]:
    recipe, done = job.recipe, []
    if recipe.cut:
        return cut(came, job, target)
    if recipe.sheet:
        done.append(f"sheet {_write_sheet(came.path, recipe.sheet.split('|'), _required(job), target)}")
    elif recipe.member:
        lines = _members(came, recipe.member, job)
        with target.open("w", encoding="utf-8", newline="") as out:
            out.writelines(lines)
        done.append(f"member {recipe.member}")
    else:
        if target.name.endswith(_ZIPPED):
            with zipfile.ZipFile(came.path) as packed:
                bad = packed.testzip()
            if bad:
                raise CutError(f"{came.url}: {bad} inside it is damaged")
        shutil.copyfile(came.path, target)
    if recipe.header:
        _name_columns(target, recipe.header, came.url)
        done.append("named the columns")
    if recipe.keep_rows.startswith("column:"):
        column = recipe.keep_rows.removeprefix("column:")
        _rewrite(target, lambda head, rows: (head, _only(head, rows, column, set(job.codes))))
        done.append(f"rows of {job.authority} by {column}")
    if recipe.rename:
        _rewrite(target, lambda head, rows: ([recipe.rename.get(one, one) for one in head], rows))
        done.append("renamed " + ", ".join(f"{old} to {new}" for old, new in recipe.rename.items()))
    if recipe.cells:
        _rewrite(
            target,
            lambda head, rows: ([recipe.cells.get(one, one) for one in head], _cells(rows, recipe.cells)),
        )
        done.append("cells " + ", ".join(f"{old} to {new}" for old, new in recipe.cells.items()))
    if recipe.placed:
        _rewrite(target, _placer(recipe.placed, places))
        done.append(f"rows of {job.authority} by {recipe.placed}, with coordinates of Code-Point Open")
    for column, said in recipe.add.items():
        _rewrite(target, _adder(column, said["on"], joins[column], job.authority))
        done.append(f"added {column}: {said['take']} of {said['from']} by {said['on']}")
    return done


def _required(job: Job) -> Sequence[str]:
    known = job.recipe.dataset
    return known.required if known else job.recipe.columns


def _write_sheet(path: Path, names: Sequence[str], required: Sequence[str], target: Path) -> str:
    """Write the first of some sheets that has the columns, and give its name."""
    sheet = names[-1]
    for name in names[:-1]:
        with contextlib.suppress(UserError):
            read_sheet(path, name, required=required)
            sheet = name
            break
    read_sheet(path, sheet, required=required)
    rows = read_rows(path, sheet)
    at = next(n for n, row in enumerate(rows) if len(match_headers(row, required)) == len(required))
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        for row in rows[at:]:
            if any(cell.strip() for cell in row):
                writer.writerow([cell.strip() for cell in row])
    return sheet


def _members(came: Received, pattern: str, job: Job) -> Iterator[str]:
    """Lines of every member that fits; the header of the first only, where members have one."""
    kept = job.recipe.keep_rows
    text = job.fill(kept.removeprefix("text:")) if kept.startswith("text:") else ""
    with zipfile.ZipFile(came.path) as packed:
        names = [one for one in sorted(packed.namelist()) if re.search(pattern, one, re.IGNORECASE)]
        if not names:
            held = ", ".join(packed.namelist()[:5])
            raise ChangedError(f'{came.url} holds nothing like "{pattern}"; it holds {held}')
        header = ""
        for name in names:
            with io.TextIOWrapper(
                packed.open(name), encoding="utf-8-sig", errors="replace", newline=""
            ) as part:
                for n, line in enumerate(part):
                    # Where the recipe names the columns, the members have no header row.
                    if n == 0 and not job.recipe.header:
                        if header:
                            if line != header:
                                raise ChangedError(
                                    f"{name} has other headers than {names[0]}; see {job.recipe.page}"
                                )
                            continue
                        header = line
                        yield line if line.endswith("\n") else line + "\n"
                        continue
                    if not text or text in line:
                        yield line if line.endswith("\n") else line + "\n"


def _rewrite(path: Path, change: _Change) -> None:
    draft = path.with_name(path.name + ".draft")
    with (
        path.open(encoding="utf-8-sig", newline="") as old,
        draft.open("w", encoding="utf-8", newline="") as new,
    ):
        rows = csv.reader(old)
        head, rest = change(next(rows), rows)
        writer = csv.writer(new, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rest)
    draft.replace(path)


def _name_columns(path: Path, header: _Row, url: str) -> None:
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as handle:
        first = next(csv.reader(handle), [])
    # A first row of words is a header, which these reports did not have; the columns may have moved.
    if len(first) < len(header) - 1 or not re.search(r"\d", first[0]):
        raise ChangedError(
            f"{url} begins with {', '.join(first[:4]) or 'nothing'} ({len(first)} columns); "
            f"expected {len(header)} columns without a header"
        )
    names = [*header, *(f"column {n}" for n in range(len(header), len(first)))][: len(first)]
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    path.write_text(",".join(names) + "\n" + text, encoding="utf-8")


def _placer(postcode: str, places: Mapping[str, tuple[str, str]]) -> _Change:
    def place(head: _Row, rows: Iterable[_Row]) -> tuple[_Row, Iterable[_Row]]:
        at = list(head).index(postcode)
        found = ((row, places.get(tidy_postcode(row[at]))) for row in rows if len(row) > at)
        return [*head, "easting", "northing"], ([*row, *spot] for row, spot in found if spot)

    return place


def _only(
    head: Sequence[str], rows: Iterable[Sequence[str]], column: str, codes: set[str]
) -> Iterator[Sequence[str]]:
    found = match_headers(head, [column])
    if column not in found:
        raise ChangedError(f'there is no column "{column}" any more; there are {", ".join(head[:12])}')
    at = head.index(found[column])
    return (row for row in rows if len(row) > at and row[at] in codes)


def _cells(rows: Iterable[Sequence[str]], change: Mapping[str, str]) -> Iterator[list[str]]:
    return ([change.get(cell, cell) for cell in row] for row in rows)


def _adder(column: str, on: str, values: Mapping[str, str], authority: str) -> _Change:
    # Keys are tried in turn: a district whose code is newer than the look-up has its rows' own older code.
    names = on.split("|")

    def add(head: _Row, rows: Iterable[_Row]) -> tuple[_Row, Iterable[_Row]]:
        places = [None if name == "authority" else list(head).index(name) for name in names]

        def value(row: _Row) -> str:
            keys = (authority if at is None else row[at] for at in places)
            return next((values[key] for key in keys if key in values), "")

        return [*head, column], ([*row, value(row)] for row in rows)

    return add
