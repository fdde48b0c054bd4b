"""Ages of residents by sex: the pyramid against the district's outline, and its table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fairplace.disclosure import Released
from fairplace.numbers import show, show_period
from fairplace.profile.charts import widest
from fairplace.profile.model import Block, Drawing, Inline, Number, Paragraph, Section, Table
from fairplace.profile.place import Place
from fairplace.profile.words import Words, sentence
from layers.population import AGE_BANDS, SEXES

Rows = Mapping[tuple[str, str], Mapping[str, Any]]


def pyramid(words: Words, released: Released, place: Place) -> Section:
    """Compose the section of ages by sex; where the pack holds none it says what is missing."""
    title = words("sections", "pyramid")
    here = _rows(released, place.code, place.geography)
    if not any(row["status"] == "ok" for row in here.values()):
        said_why = words("pyramid", _reason(released, here), area=place.name)
        return Section("pyramid", title, [Paragraph([said_why], "note")])
    district = next(key for key in released.geographies if key.startswith("lad"))
    there = {} if place.code == released.authority else _rows(released, released.authority, district)
    first = next(row for row in here.values() if row["status"] == "ok")
    period = show_period(str(first["period"]), words)
    said = sentence(
        words, "pyramid", "sentence", area=place.name, residents=Number(first, column="base", unit="people"),
        period=period,
    )  # fmt: skip
    fill = {"area": place.name, "authority": released.name, "period": period}
    compared = "compared" if there else "alone"
    drawing = Drawing(
        "pyramid-chart",
        "pyramid",
        _title(words, here, there, fill),
        words("pyramid", f"{compared}_alt", **fill),
        {
            "people": _frame(words, here),
            "compare": _frame(words, there) if there else None,
            "label": released.name,
        },
        "pyramid-table",
    )
    blocks: list[Block] = [said, drawing, _table(words, released, place, here, there, period)]
    if any(row["basis"] == "modelled" for row in here.values()):
        blocks.append(Paragraph([words("pyramid", "estimates")], "note"))
    return Section("pyramid", title, blocks)


def _title(words: Words, here: Rows, there: Rows, fill: Mapping[str, str]) -> str:
    """Say in which band an area is farthest from its district, or which band is its largest."""
    apart = widest(words, here, there)
    if apart is not None:
        (sex, band), share, other = apart
        said = {"sex": words("pyramid", sex.removesuffix("_share")), "band": _band(words, band)}
        return words("pyramid", "compared_apart", share=share, other=other, **said, **fill)
    if there:
        return words("pyramid", "compared", **fill)
    known = {key: row for key, row in here.items() if row["status"] == "ok"}
    sex, band = max(known, key=lambda key: float(known[key]["value"]))
    said = {"sex": words("pyramid", sex.removesuffix("_share")), "band": _band(words, band)}
    share = show(known[sex, band], words=words).value
    return words("pyramid", "alone_largest", share=share, **said, **fill)


def _reason(released: Released, here: Rows) -> str:
    """Why there is no pyramid: hidden here, not held by the pack, or held but not known for this area."""
    if any(row["status"] == "suppressed" for row in here.values()):
        return "hidden"
    held = released.figures["indicator"].isin([f"{sex}_share" for sex in SEXES])
    held &= released.figures["group"].isin(list(AGE_BANDS))
    return "not_known" if held.any() else "missing"


def _rows(released: Released, code: str, geography: str) -> Rows:
    figures = released.figures
    indicators = [f"{sex}_share" for sex in SEXES]
    rows = figures[
        (figures["code"] == code)
        & (figures["geography"] == geography)
        & figures["indicator"].isin(indicators)
        & figures["group"].isin(list(AGE_BANDS))
    ]
    return {(str(row["indicator"]), str(row["group"])): row for row in rows.to_dict("records")}


def _frame(words: Words, rows: Rows) -> pd.DataFrame:
    """Shares of all residents by band and sex, for drawing."""
    return pd.DataFrame(
        {
            words("pyramid", sex): {
                _band(words, band): float(rows[f"{sex}_share", band]["value"])
                if (f"{sex}_share", band) in rows
                else float("nan")
                for band in AGE_BANDS
            }
            for sex in SEXES
        }
    )


def _band(words: Words, band: str) -> str:
    return (
        words("pyramid", "oldest")
        if band.endswith("over")
        else words("pyramid", "band", low=band.split(" to ")[0], high=band.split(" to ")[1])
    )


def _table(words: Words, released: Released, place: Place, here: Rows, there: Rows, period: str) -> Table:
    rows: list[list[Inline]] = []
    for band in AGE_BANDS:
        cells: list[Inline] = [_band(words, band)]
        for sex in SEXES:
            row = here.get((f"{sex}_share", band))
            cells += ["[x]", "[x]"] if row is None else [_count(row), Number(row)]
        if there:
            cells += [
                Number(there[f"{sex}_share", band]) if (f"{sex}_share", band) in there else "[x]"
                for sex in SEXES
            ]
        rows.append(cells)
    fill = {"area": place.name, "authority": released.name, "period": period}
    head = words.lines("pyramid", "head") + (words.lines("pyramid", "head_there", **fill) if there else [])
    caption = words("pyramid", "caption", **fill)
    return Table("pyramid-table", caption, head, rows)


def _count(row: Mapping[str, Any]) -> Inline:
    return Number(row, column="count", unit="people") if row["status"] == "ok" else Number(row)
