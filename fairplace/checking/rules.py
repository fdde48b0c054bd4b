"""Rules over the columns and rows of a table: what one cell alone cannot tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from fairplace.checking.addresses import tidy_address
from fairplace.checking.columns import Table
from fairplace.checking.faults import Fault
from geo.geography import Geography, GeographyError
from geo.postcodes import PostcodeDirectory, suggest
from layers.council.cells import Reading
from layers.council.schema import Field

_TAG = re.compile(
    r"<\s*/?\s*[a-z!]\w*(?:[\s/][^>]*)?(?:>|$)|&(?:[a-z]{2,8}|#x?[0-9a-f]+);|javascript:", re.IGNORECASE
)
_MEAN = re.compile(r"average|mean", re.IGNORECASE)
#: Share of postcodes in one postcode area from which another area is worth a look.
USUAL_AREA = 0.8


def check_cells(table: Table) -> Iterator[Fault]:
    """Each cell against its column, then each column against itself."""
    for one in table.schema.fields:
        if one.name not in table.readings:
            continue
        texts = table.text(one.name)
        for row, (reading, text) in enumerate(zip(table.readings[one.name], texts, strict=True)):
            if reading.wrong:
                rule = _rule(reading, one)
                yield table.fault(row, one.name, reading.found, reading.mend, rule, needed=one.needed)
            elif _TAG.search(text):
                plain = _TAG.sub("", text).strip()
                yield table.fault(
                    row,
                    one.name,
                    f'"{text[:60]}", which holds HTML',
                    f'write plain text: "{plain[:60]}"',
                    "html",
                    needed="plain text",
                )
        if one.type == "date":
            yield from _one_style(table, one)


def _rule(reading: Reading, field: Field) -> str:
    if "run as a formula" in reading.found:
        return "formula"
    if "free text" in reading.found:
        return "free_text"
    if reading.found in ("an empty cell", '""'):
        return "empty"
    return field.type


def _one_style(table: Table, field: Field) -> Iterator[Fault]:
    readings = table.readings[field.name]
    texts = table.text(field.name)
    if any(one.style == "month first" for one in readings):
        yield from _either(table, field, texts)
    styles = Counter(one.style for one in readings if one.value is not None and not one.wrong)
    if len(styles) < 2:
        return
    yield from _exchanged(table, field)
    usual = styles.most_common(1)[0][0]
    for row, one in enumerate(readings):
        if one.value is not None and not one.wrong and one.style != usual:
            yield table.fault(
                row,
                field.name,
                f'"{texts[row]}", written {_STYLES[one.style]} where most are {_STYLES[usual]}',
                f"write it as {one.value}, after checking the day",
                "date_styles",
                needed="one way of writing dates",
            )


def _either(table: Table, field: Field, texts: Sequence[str]) -> Iterator[Fault]:
    """Find days that could be months, in a column where others have the month first."""
    for row, one in enumerate(table.readings[field.name]):
        year, month, day = (one.value or "--").split("-") if isinstance(one.value, str) else ("", "", "")
        if one.style == "day first" and not one.wrong and day != month and int(day) <= 12:
            yield table.fault(
                row,
                field.name,
                f'"{texts[row]}", where others have the month first: {int(day)} or {int(month)} is the month',
                f"write it as {one.value} or {year}-{day}-{month}, after asking the sender",
                "date_either",
                needed="a date as 2025-09-30",
            )


def _exchanged(table: Table, field: Field) -> Iterator[Fault]:
    """Find the mark of a spreadsheet set to American dates: it took 3/4 for 4 March and left 13/4 as text."""
    readings = table.readings[field.name]
    taken = [str(one.value) for one in readings if one.style in ("iso", "serial") and one.value]
    left = [n for n, one in enumerate(readings) if one.style == "day first" and one.value]
    low = all(int(one[8:]) <= 12 for one in taken)
    if len(taken) > 1 and len(left) > 1 and low and all(int(str(readings[n].value)[8:]) > 12 for n in left):
        yield table.fault(
            left[0],
            field.name,
            f"{len(left)} dates as text, all after the 12th of a month, and {len(taken)} as dates, all "
            "before the 13th",
            "a spreadsheet set to American dates may have exchanged day and month of the others: compare "
            "some with their source",
            "dates_exchanged",
            level="review",
            needed="one way of writing dates",
        )


_STYLES = {
    "iso": "as 2025-09-30",
    "day first": "as 30/09/2025",
    "month first": "with the month first",
    "words": "in words",
    "serial": "as a spreadsheet's number",
}


def check_rows(table: Table) -> Iterator[Fault]:
    """Rows against one another: twice the same, counts above bases, no place, totals that do not add up."""
    schema = table.schema
    for one in schema.fields:
        if one.name not in table.readings:
            continue
        if one.unique:
            yield from _twice(
                table, [one.name], f'the {one.name} "{{}}"', "keep one of them, or correct the reference"
            )
        if one.at_most and one.at_most in table.readings:
            yield from _above(table, one)
    if schema.key and all(name in table.readings for name in schema.key):
        yield from _twice(
            table, schema.key, "the same " + ", ".join(schema.key), "keep one row, or add them together"
        )
    if schema.located:
        yield from _placeless(table)
    if any(one.name == "uprn" and one.unique for one in schema.fields) and (
        {"address", "postcode"} <= set(table.readings)
    ):
        yield from _same_home(table)
    if schema.kind == "indicator_values":
        yield from _check_values(table)
    if schema.kind == "indicators" and {"basis", "pack_indicator"} <= set(table.readings):
        yield from _check_basis(table)
    if schema.kind == "survey":
        yield from _check_answers(table)
    if "principle" in table.readings:
        for row, value in enumerate(table.values("principle")):
            if value is not None and not 1 <= float(value) <= 8:
                yield table.fault(
                    row,
                    "principle",
                    f'"{value:g}"',
                    "give the number of one of the eight principles",
                    "principle",
                    needed="1 to 8",
                )
    yield from _check_totals(table)


def _twice(table: Table, names: Sequence[str], what: str, mend: str) -> Iterator[Fault]:
    seen: dict[tuple[object, ...], int] = {}
    columns = [table.values(name) for name in names]
    for row, values in enumerate(zip(*columns, strict=True)):
        if any(value is None for value in values):
            continue
        if values in seen:
            shown = what.format(", ".join(str(value) for value in values))
            yield table.fault(
                row,
                names[0],
                f"{shown} again, after row {table.lines[seen[values]]}",
                mend,
                "twice",
                needed="each once",
            )
        else:
            seen[values] = row


def _above(table: Table, field: Field) -> Iterator[Fault]:
    count = pd.to_numeric(table.values(field.name))
    base = pd.to_numeric(table.values(field.at_most))
    for row in np.flatnonzero((count > base).to_numpy()):
        yield table.fault(
            int(row),
            field.name,
            f"{count.iat[row]:g}, above its {field.at_most}, {base.iat[row]:g}",
            f"check which of the two is right: {field.name} is part of {field.at_most}",
            "above_base",
            needed=f"at most {field.at_most}",
        )


def _placeless(table: Table) -> Iterator[Fault]:
    places = [one for one in ("uprn", "postcode", "address", "easting", "longitude") if one in table.readings]
    if not places:
        return
    shown = "postcode" if "postcode" in places else places[0]
    for row in range(len(table.lines)):
        if all(
            table.readings[one][row].value is None and not table.readings[one][row].wrong for one in places
        ):
            yield table.fault(
                row,
                shown,
                "no place: " + ", ".join(places) + " are all empty",
                "give a postcode, or a UPRN",
                "no_place",
                needed="a UPRN, coordinates, an address or a postcode",
            )


def _same_home(table: Table) -> Iterator[Fault]:
    """Find homes without a UPRN whose address has stood before, however it is spelt."""
    seen: dict[tuple[str, str], int] = {}
    uprns = table.values("uprn") if "uprn" in table.readings else None
    pairs = zip(table.values("address"), table.values("postcode"), strict=True)
    for row, (address, postcode) in enumerate(pairs):
        if address is None or postcode is None or (uprns is not None and uprns[row] is not None):
            continue
        key = (tidy_address(str(address)), str(postcode))
        if key in seen:
            yield table.fault(
                row,
                "address",
                f'"{address}", {postcode}, which is the address of row {table.lines[seen[key]]}',
                "give the UPRN of each, or take one row out: a home that stands twice is counted twice",
                "address_twice",
                level="review",
                needed="each home once",
            )
        else:
            seen[key] = row


def _check_basis(table: Table) -> Iterator[Fault]:
    for row, (basis, named) in enumerate(
        zip(table.values("basis"), table.values("pack_indicator"), strict=True)
    ):
        if basis and named:
            yield table.fault(
                row,
                "basis",
                f'"{basis}" beside the pack_indicator "{named}"',
                "leave basis empty: the figure of the pack has its own",
                "basis",
                level="review",
                needed="basis or pack_indicator",
            )


def _check_values(table: Table) -> Iterator[Fault]:
    values = pd.to_numeric(table.values("value")) if "value" in table.readings else None
    if values is not None:
        yield from _check_scale(table, values)
    if {"code", "geography"} <= set(table.readings):
        pairs = zip(table.values("code"), table.values("geography"), strict=True)
        for row, (code, key) in enumerate(pairs):
            if code is None or key is None:
                continue
            try:
                fits = Geography.parse(str(key)).owns(str(code))
            except GeographyError:
                yield table.fault(
                    row,
                    "geography",
                    f'"{key}"',
                    "write kind and year, such as wd25, lsoa21 or lad25",
                    "geography",
                    needed="a kind of area and its year",
                )
                continue
            if not fits:
                yield table.fault(
                    row,
                    "code",
                    f'"{code}", which is no code of {key}',
                    f"check the code, or write its kind instead of {key}",
                    "geography",
                    needed=f"a code of {key}",
                )


def _check_scale(table: Table, values: pd.Series) -> Iterator[Fault]:
    if {"count", "base"} <= set(table.readings):
        count, base = pd.to_numeric(table.values("count")), pd.to_numeric(table.values("base"))
        share = count / base.where(base > 0)
        percent = ((values - share * 100).abs() < 0.6) & (values > 1)
        off = (values <= 1) & (values >= 0) & (share <= 1) & ((values - share).abs() > 0.01)
        for row in np.flatnonzero(percent.to_numpy()):
            yield table.fault(
                int(row),
                "value",
                f"{values.iat[row]:g} where count over base is {share.iat[row]:.3g}",
                f"write {values.iat[row] / 100:g}, or {values.iat[row]:g}%",
                "percent",
                needed="a share from 0 to 1",
            )
        for row in np.flatnonzero(off.to_numpy()):
            yield table.fault(
                int(row),
                "value",
                f"{values.iat[row]:g} where {count.iat[row]:g} of {base.iat[row]:g} is {share.iat[row]:.3g}",
                "check value, count and base: one of the three is wrong",
                "percent",
                level="review",
                needed="count over base",
            )
        values = values.where(~percent)
    ids = table.values("id")
    for name in ids.dropna().unique():
        own = values[(ids == name) & values.notna()]
        if (
            len(own) > 1
            and (own <= 1).any()
            and ((own > 1) & (own <= 100)).any()
            and (own <= 1).mean() >= 0.5
        ):
            for row in own.index[own > 1]:
                yield table.fault(
                    int(row),
                    "value",
                    f"{values[row]:g} where other values of {name} run from 0 to 1",
                    f"write {values[row] / 100:g}, or {values[row]:g}%",
                    "percent",
                    needed="one scale in a column",
                )
        above = own[own > 1]
        for row in own.index[(own > 0) & (own <= 1)] if len(above) > (len(own) / 2) else ():
            # A rate may well run from 0.8 to 5; a share among percentages is far below all of them.
            if above.max() <= 100 and float(own[row]) * 20 <= above.min():
                yield table.fault(
                    int(row),
                    "value",
                    f"{values[row]:g} where others of {name} run from {above.min():g} to {above.max():g}",
                    f"check the scale: write {values[row]:.0%} if it is a share, the others with a % sign",
                    "percent",
                    level="review",
                    needed="one scale in a column",
                )


def _check_answers(table: Table) -> Iterator[Fault]:
    need = {"estate", "question", "answer", "answer_kind", "count", "base"}
    if not need <= set(table.readings):
        return
    frame = pd.DataFrame({name: table.values(name) for name in need})
    frame["count"], frame["base"] = pd.to_numeric(frame["count"]), pd.to_numeric(frame["base"])
    yes = frame[frame["answer_kind"] == "yes_no"]
    for (estate, question), rows in yes.groupby(["estate", "question"]):
        if rows["count"].sum() > rows["base"].max() and (rows["count"] <= rows["base"]).all():
            yield table.fault(
                int(rows.index[-1]),
                "count",
                f"{rows['count'].sum():g} answers to {question} on {estate} where "
                f"{rows['base'].max():g} answered",
                "check the counts of yes and no against the base",
                "above_base",
                needed="yes and no within the base",
            )
        if rows["base"].nunique() > 1:
            yield table.fault(
                int(rows.index[-1]),
                "base",
                f"two bases for {question} on {estate}",
                "give one base for one question",
                "bases",
                level="review",
            )


def _check_totals(table: Table) -> Iterator[Fault]:
    lines = np.asarray(table.lines)
    before = 0
    for number, cells in table.block.totals:
        section = (lines > before) & (lines < number)
        before = number
        words = [cell for cell in cells if cell and not re.fullmatch(r"[£\d.,%]+", cell)]
        if len(words) > 2 or any(_MEAN.match(cell) for cell in words):
            continue  # a mean, or the total of one question among several
        for match in table.matches:
            field = table.schema.field(match.field)
            said = cells[match.position].replace(",", "").replace("£", "")
            if field.type not in ("whole", "pounds") or not re.fullmatch(r"\d+(\.\d+)?", said):
                continue
            values = pd.to_numeric(table.values(match.field))
            summed = float(values.sum())
            # Of a section, or of all: a return has totals of its quarters, then one of the year.
            if min(abs(one - float(said)) for one in (summed, float(values[section].sum()))) > 0.5:
                yield Fault(
                    "fault",
                    number,
                    table.block.columns[match.position],
                    match.header,
                    f"a total of {float(said):g} over rows that add up to {summed:g}",
                    "the sum of the rows",
                    "look for a row left out, twice, or changed by hand; totals themselves are not used",
                    "total",
                    table.block.sheet.name,
                )


def check_postcodes(table: Table, directory: PostcodeDirectory | None) -> Iterator[Fault]:
    """Postcodes: not in the directory, ended, or of another town than most of the others."""
    if "postcode" not in table.readings:
        return
    values = table.values("postcode")
    if directory is not None:
        for row, code in enumerate(values):
            if code is None:
                continue
            if code not in directory.rows.index:
                near = suggest(str(code), directory)
                hint = f"did you mean {' or '.join(near)}?" if near else "check it with the sender"
                yield table.fault(
                    row,
                    "postcode",
                    f'"{code}", which is not in {directory.edition}',
                    hint,
                    "postcode_unknown",
                    needed="a postcode of this authority",
                )
            elif directory.rows.at[code, "ended"]:
                yield table.fault(
                    row,
                    "postcode",
                    f'"{code}", ended {directory.rows.at[code, "ended"]}',
                    "give the postcode in use now",
                    "postcode_ended",
                    level="review",
                )
        return
    letters = values.dropna().map(lambda one: re.match(r"[A-Z]+", str(one))[0])  # type: ignore[index]
    if len(letters) < 4:
        return
    usual = letters.value_counts().index[0]
    if (letters == usual).mean() < USUAL_AREA:
        return
    for row in letters.index[letters != usual]:
        yield table.fault(
            int(row),
            "postcode",
            f'"{values[row]}", of another town: {(letters == usual).sum()} of {len(letters)} are {usual}',
            "check it with the sender; leave it if the place is truly there",
            "postcode_elsewhere",
            level="review",
            needed=f"a postcode of this authority ({usual})",
        )
