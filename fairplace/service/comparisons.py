"""Routes of figures beside one another: of several areas, and of one area over time."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import pandas as pd
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from fairplace.indicators import load_indicators
from fairplace.profile.model import Number
from fairplace.profile.place import by_indicator
from fairplace.service.answers import MEDIA, attachment, form_of, respond
from fairplace.service.asked import Asked
from fairplace.service.bounds import COMPARED
from fairplace.service.downloads import csv_bytes
from fairplace.service.holding import Held, Holding
from fairplace.service.parameters import PackName, TableForm, examples
from fairplace.service.problems import MissingError, RequestError
from fairplace.service.profiles import AreaText

_FIGURE = ("value", "low", "high", "interval", "status", "basis", "period", "source")
IndicatorName = Annotated[
    str, Query(max_length=60, description="Of those in the dictionary", examples=["residents"])
]


def comparison_routes() -> APIRouter:
    """Make the routes of figures beside one another."""
    router = APIRouter(prefix="/packs", tags=["Figures"])

    @router.get(
        "/{pack}/compare",
        summary="Figures of two to six areas side by side",
        responses=examples({"areas": [{"code": "E06999001"}], "indicators": []}, also=[MEDIA["csv"]]),
    )
    def compare(
        request: Request,
        holding: Held,
        pack: PackName,
        areas: Annotated[
            str,
            Query(min_length=3, max_length=4_000, examples=["E05999001,E05999002"],
                  description="Codes or names with commas; semicolons where one is drawn, walked or listed"),
        ],
        f: TableForm = None,
    ) -> Response:  # fmt: skip
        del f
        content = lay_beside(holding, pack, read_areas(areas))
        form = form_of(request, ("json", "html", "csv"))
        if form == "csv":
            rows = [
                {"indicator": one["id"], "label": one["label"], "unit": one["unit"], **figure}
                for one in content["indicators"]
                for figure in one["figures"]
            ]
            headers = attachment(f"{pack}-compare.csv")
            return Response(csv_bytes(pd.DataFrame(rows)), headers=headers, media_type=MEDIA["csv"])
        trail = [("packs", "/packs"), (pack, f"/packs/{pack}")]
        if form == "html":
            names = {one["code"]: one["name"] for one in content["areas"]}
            shown = {
                "areas": content["areas"],
                "figures": [
                    {"figure": one["label"], **{names[each["code"]]: each["text"] for each in one["figures"]}}
                    for one in content["indicators"]
                ],
                "notes": content["notes"],
            }
            title = " beside ".join(names.values())[:200]
            return respond(request, shown, title=title, trail=trail, banner=holding.banner_of(pack))
        return respond(request, content, title="Compared", trail=trail, banner=holding.banner_of(pack))

    @router.get(
        "/{pack}/series",
        summary="One figure of an area over time, as far as it is held",
        responses=examples(
            {"indicator": "residents", "area": "E06999001", "series": []}, also=[MEDIA["csv"]]
        ),
    )
    def series(
        request: Request, holding: Held, pack: PackName, indicator: IndicatorName, area: AreaText,
        f: TableForm = None,
    ) -> Response:  # fmt: skip
        del f
        content = follow(holding, pack, indicator, area)
        if form_of(request, ("json", "html", "csv")) == "csv":
            rows = [{"indicator": indicator, "area": content["area"], **one} for one in content["series"]]
            headers = attachment(f"{pack}-{indicator}.csv")
            return Response(csv_bytes(pd.DataFrame(rows)), headers=headers, media_type=MEDIA["csv"])
        trail = [("packs", "/packs"), (pack, f"/packs/{pack}")]
        return respond(request, content, title=content["label"], trail=trail, banner=holding.banner_of(pack))

    return router


def read_areas(text: str) -> list[str]:
    """Read a list of areas.

    Raises
    ------
    RequestError
        There are fewer than two, or too many.
    """
    pieces = [one.strip() for one in re.split(";" if ";" in text else ",", text)]
    asked = list(dict.fromkeys(one for one in pieces if one))
    if not 2 <= len(asked) <= COMPARED:
        raise RequestError(f"areas names {len(asked)}; give two to {COMPARED}, each once")
    return asked


def lay_beside(holding: Holding, pack: str, areas: Sequence[str]) -> dict[str, Any]:
    """Lay figures of areas side by side.

    Returns
    -------
    dict
        ``areas``; ``indicators``, each with a figure an area (``status`` is ``missing`` where one has none)
        and ``comparable`` (all of one period, source and kind of range); ``notes``.
    """
    released = holding.pack(pack)
    found: dict[str, tuple[Asked, Mapping[str, Mapping[str, Any]]]] = {}
    for text in areas:
        asked = holding.asking.find(pack, released, text)
        figures = asked.released(released).figures
        found[asked.place.code] = (asked, by_indicator(figures, asked.place.code, asked.place.geography))
    if len(found) < 2:
        raise RequestError(f"all of them are {next(iter(found))}; give two areas that differ")
    indicators = []
    for one in load_indicators():
        rows = {code: figures.get(one.id) for code, (_, figures) in found.items()}
        held = [row for row in rows.values() if row is not None]
        if held:
            modelled = any(row["basis"] == "modelled" for row in held)
            label = f"{one.label} (modelled)" if modelled and "modelled" not in one.label else one.label
            alike = {(row["period"], row["source"], row["interval"]) for row in held if row["status"] == "ok"}
            indicators.append(
                {
                    "id": one.id,
                    "label": label,
                    "unit": held[0]["unit"],
                    "modelled": modelled,
                    "comparable": len(alike) <= 1,
                    "figures": [_figure(code, row) for code, row in rows.items()],
                }
            )
    return {
        "areas": [
            {"code": code, "name": asked.place.name, "geography": asked.place.geography,
             "notes": list(asked.area.notes) if asked.area else []}
            for code, (asked, _) in found.items()
        ],
        "indicators": indicators,
        "notes": [
            "Ranges are those of each figure; where two overlap, which area is higher is not sure.",
            "Ranges of different kinds, periods or sources are not compared.",
        ],
    }  # fmt: skip


def follow(holding: Holding, pack: str, indicator: str, text: str) -> dict[str, Any]:
    """Give one figure of an area in every period that is held, earliest first.

    Raises
    ------
    MissingError
        The pack has no such indicator.
    """
    released = holding.pack(pack)
    known = released.dictionary
    if indicator not in known.index:
        raise MissingError(f'there is no indicator "{indicator[:60]}"; /packs/{pack}/dictionary lists them')
    asked = holding.asking.find(pack, released, text)
    figures = asked.released(released).figures
    place = asked.place
    rows = figures[
        (figures["code"] == place.code)
        & (figures["geography"] == place.geography)
        & (figures["indicator"] == indicator)
        & (figures["group"] == "")
    ].sort_values(["period", "source"])
    sources = rows["source"].unique()
    notes = [] if len(sources) < 2 else ["More than one source: a step between them may be no change."]
    if len(rows) == 1:
        notes.append("Only one period is held, so there is nothing to follow.")
    if rows.empty:
        notes.append("This area has no such figure that may be shown.")
    return {
        "indicator": indicator,
        "label": str(known.at[indicator, "label"]),
        "unit": str(known.at[indicator, "unit"]),
        "area": place.code,
        "name": place.name,
        "series": [_figure(place.code, row) for row in rows.to_dict("records")],
        "notes": notes,
    }


def _figure(code: str, row: Mapping[Any, Any] | None) -> dict[str, Any]:
    if row is None:
        return {"code": code, **dict.fromkeys(_FIGURE), "status": "missing", "text": "[x]"}
    plain = {
        name: None if isinstance(row[name], float) and math.isnan(row[name]) else row[name]
        for name in _FIGURE
    }
    return {"code": code, **plain, "text": Number(row, "with_range").text}
