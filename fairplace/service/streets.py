"""Routes along the streets: how far one gets, who lives near a service, and hubs tried out on a map."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from fairplace.hub_floors import HIDDEN_OF_FEW, hide_few
from fairplace.hub_trial import for_the_public, try_hubs
from fairplace.reaching import Ground, answer_reach, count_near
from fairplace.service.answers import GEOJSON, MEDIA, deliver, encode, form_of, page_response, render_page
from fairplace.service.asked import STREETS, Asked
from fairplace.service.bounds import MINUTES, TIME_LIMITS, TRIED_SITES
from fairplace.service.finished import Document
from fairplace.service.holding import Held, Holding
from fairplace.service.opening import Kept
from fairplace.service.parameters import Form, PackName, TableForm, examples
from fairplace.service.problems import MissingError, RequestError
from fairplace.service.profiles import AreaText
from fairplace.service.tables import records, to_csv
from geo.pairs import measure_pairs

Mode = Literal["walk", "wheel", "cycle", "night"]
#: Way of going about, as people say it -> profile of the network.
PROFILES: Mapping[str, str] = {"walk": "walk", "wheel": "wheels", "cycle": "cycle", "night": "night"}
ModeName = Annotated[Mode, Query(description="On foot, by wheelchair or pram, by cycle, on foot after dark")]
Minutes = Annotated[
    str, Query(max_length=60, description="One or more limits with commas", examples=["5,10,15"])
]
Speed = Annotated[
    float | None,
    Query(ge=1, le=30, description="Kilometres an hour on the level; else the mode's own", examples=[4.8]),
]  # fmt: skip
#: Points of a pack that are no service.
_NO_SERVICE = ("people", "postcodes", "case_studies", "events")


def street_routes() -> APIRouter:
    """Make the routes along the streets."""
    router = APIRouter(prefix="/packs", tags=["Streets"])

    @router.get(
        "/{pack}/reach",
        summary="How far one gets along the streets within some minutes, and whom that takes in",
        responses=examples({"type": "FeatureCollection", "features": []}, GEOJSON),
    )
    def reach(
        request: Request,
        holding: Held,
        pack: PackName,
        start: Annotated[
            str, Query(alias="from", min_length=3, max_length=60, description="LON,LAT or a postcode",
                       examples=["0.0491,52.2047"]),
        ],
        minutes: Minutes = "5,10,15",
        mode: ModeName = "walk",
        trip: Annotated[
            Literal["out", "in", "return"], Query(description="One way from there, to there, or both")
        ] = "out",
        speed: Speed = None,
        f: Form = None,
    ) -> Response:  # fmt: skip
        del f
        released, limits = holding.pack(pack), read_minutes(minutes)
        place = released.point(start)
        # How the start was put is in the answer too: a postcode has its name, and notes of its own.
        told = start.strip()
        key = ("reach", pack, told, f"{place[0]:.2f},{place[1]:.2f}", str(limits), mode, trip, str(speed))
        document = _once(
            holding, key, lambda: _reach(released, place, start, limits, mode, trip=trip, speed=speed)
        )
        return _answer(request, document, f"Within {minutes} minutes of {start}", GEOJSON, pack)

    @router.get(
        "/{pack}/hubs/try",
        summary="What hubs at some places would mean for people, beside the hubs there are",
        responses=examples({"hubs": [], "people": [], "minutes": [], "gains": [], "said": "", "notes": []}),
    )
    def hubs(
        request: Request,
        holding: Held,
        pack: PackName,
        sites: Annotated[
            str, Query(max_length=2_000, description="New hubs: LON,LAT or postcodes, with semicolons",
                       examples=["0.0491,52.2047;0.0550,52.2100"]),
        ] = "",
        close: Annotated[
            str, Query(max_length=1_000, description="Ids of hubs there are that would close, with commas")
        ] = "",
        minutes: Minutes = "15",
        mode: ModeName = "walk",
        speed: Speed = None,
        f: Form = None,
    ) -> Response:  # fmt: skip
        del f
        released, limits = holding.pack(pack), read_minutes(minutes)
        opened = read_sites(sites, released)
        closed = [one.strip() for one in close.split(",") if one.strip()]
        places = opened.round(2).to_csv() if len(opened) else ""
        key = ("hubs", pack, places, ",".join(closed), str(limits), mode, str(speed))
        document = _once(holding, key, lambda: _try(released, opened, closed, limits, mode, speed))
        return _answer(request, document, "Hubs tried", MEDIA["json"], pack)

    @router.get(
        "/{pack}/access",
        summary="Who of an area lives within some minutes of a service",
        responses=examples({"service": "libraries", "area": "E06999001", "access": []}, also=[MEDIA["csv"]]),
    )
    def access(
        request: Request,
        holding: Held,
        pack: PackName,
        service: Annotated[
            str, Query(max_length=60, description="Points of the pack", examples=["libraries"])
        ],
        area: AreaText,
        minutes: Minutes = "5,10,15,20,30",
        mode: ModeName = "walk",
        speed: Speed = None,
        f: TableForm = None,
    ) -> Response:
        del f
        released, limits = holding.pack(pack), read_minutes(minutes)
        check_service(released, service)
        asked = holding.asking.find(pack, released, area)
        key = ("access", pack, service, *asked.key(), str(limits), mode, str(speed))
        if form_of(request, ("json", "html", "csv")) == "csv":
            document = _once(
                holding,
                (*key, "csv"),
                lambda: to_csv(_access(released, service, asked, limits, mode, speed)[0]).encode(),
            )
            return deliver(request, document, media=MEDIA["csv"])
        document = _once(holding, key, lambda: _access_json(released, service, asked, limits, mode, speed))
        return _answer(request, document, f"Access to {service}", MEDIA["json"], pack)

    return router


def read_minutes(text: str) -> list[float]:
    """Read limits in minutes.

    Raises
    ------
    RequestError
        They are no numbers, too many, or out of range.
    """
    try:
        limits = sorted({float(one) for one in text.split(",") if one.strip()})
    except ValueError:
        limits = []
    if not 1 <= len(limits) <= TIME_LIMITS or not all(0 < one <= MINUTES for one in limits):
        raise RequestError(
            f'minutes are "{text[:60]}"; give one to {TIME_LIMITS} numbers above 0 and up to {MINUTES:g}, '
            "with commas"
        )
    return limits


def read_sites(text: str, released: Kept) -> pd.DataFrame:
    """Read the places of new hubs.

    Returns
    -------
    DataFrame
        ``x`` and ``y`` (EPSG:27700), indexed ``new 1`` onwards in the order given.

    Raises
    ------
    RequestError, AreaError, DrawingError, PostcodeError
        There are too many, or one is no point of this place.
    """
    pieces = [one.strip() for one in re.split(r"[;\n]+", text) if one.strip()]
    if len(pieces) > TRIED_SITES:
        raise RequestError(f"there are {len(pieces)} sites; try at most {TRIED_SITES} at once")
    points = [released.point(one)[:2] for one in pieces]
    index = [f"new {number + 1}" for number in range(len(points))]
    return pd.DataFrame(points, columns=["x", "y"], index=pd.Index(index, dtype=object), dtype=float)


def check_service(released: Kept, service: str) -> None:
    """Refuse a service that a pack has no points of.

    Raises
    ------
    MissingError
        Naming those there are.
    """
    services = [one for one in released.held("points") if one not in _NO_SERVICE]
    if service not in services:
        listed = ", ".join(services) or "none"
        raise MissingError(f'{released.name} has no service "{service[:40]}"; there are {listed}')


def _once(holding: Holding, key: tuple[str, ...], make: Any) -> Document:
    """Give a kept answer, or work it out in turn: one request at a time goes along the streets."""
    store = holding.asking.finished
    if (document := store.held(key)) is not None:
        return document
    with STREETS.take():
        return store.get(key, make, drawn=False)


def _answer(request: Request, document: Document, title: str, media: str, pack: str) -> Response:
    if form_of(request) == "html":
        content = json.loads(document.content)
        for one in content.get("features", []):
            one.pop("geometry")
        trail = [("packs", "/packs"), (pack, f"/packs/{pack}")]
        return page_response(render_page(request, content, title=title, trail=trail))
    return deliver(request, document, media=media)


def _reach(
    released: Kept,
    place: tuple[float, float, list[str]],
    start: str,
    limits: Sequence[float],
    mode: Mode,
    *,
    trip: Literal["out", "in", "return"],
    speed: float | None,
) -> bytes:
    east, north, notes = place
    origin = pd.DataFrame({"x": [east], "y": [north]}, index=[start.strip()])
    ground = released.ground()
    found = answer_reach(ground, origin, limits=limits, profile=PROFILES[mode], trip=trip, speed_kmh=speed)
    content = found.geojson()
    people = _rows(found.people, released)
    for feature in content["features"]:
        said = feature["properties"]
        said["people"] = [_plain(row) for row in people if row["limit"] == said["limit"]]
        said["minutes"] = said["limit"]
        for row in said["people"]:
            if row["measure"] in ("residents", "children_0_15"):
                said[row["measure"]] = row["within"]
    snap = found.reach.origins.iloc[0]
    content |= {
        "mode": mode,
        "trip": trip,
        "one_way": trip != "return",
        "speed_kmh": found.reach.travel.speed_kmh,
        "snap_metres": _number(snap["snap_metres"]),
        "snap_flagged": bool(snap["snap_flagged"]),
        "said": found.said,
        "notes": [*notes, *found.notes, *_nothing(found.people, content["features"])],
    }
    return encode(content)


def _nothing(people: pd.DataFrame, features: Sequence[Any]) -> list[str]:
    words = []
    if not features:
        words.append("Nothing can be reached from there: it is further from any street than the limit.")
    if people.empty:
        words.append("It is not known where people live here, so nobody is counted.")
    return words


def _rows(people: pd.DataFrame, released: Kept) -> list[dict[str, Any]]:
    if people.empty:
        return []
    return hide_few(people, public=released.edition == "public").drop(columns="origin").to_dict("records")


def _try(
    released: Kept, opened: pd.DataFrame, closed: Sequence[str], limits: Sequence[float], mode: Mode,
    speed: float | None,
) -> bytes:  # fmt: skip
    trial = try_hubs(
        released.ground(), opened, closed=closed, limits=limits, profile=PROFILES[mode], speed_kmh=speed
    )
    if released.edition == "public":
        trial = for_the_public(trial)
    record = trial.record()
    lonlat = _degrees(trial.hubs["x"], trial.hubs["y"])
    for hub, (lon, lat) in zip(record["hubs"], lonlat, strict=True):
        hub |= {"lon": lon, "lat": lat}
    return encode({"mode": mode, "limits": list(limits), **_deep(record)})


def _degrees(east: Iterable[float], north: Iterable[float]) -> list[tuple[float, float]]:
    from geo.crs import bng_to_lonlat

    lon, lat = bng_to_lonlat(np.asarray(list(east)), np.asarray(list(north)))
    return [(float(a), float(b)) for a, b in zip(lon, lat, strict=True)]


def _access(
    released: Kept, service: str, asked: Asked, limits: Sequence[float], mode: Mode, speed: float | None
) -> tuple[pd.DataFrame, str]:
    asked.released(released)
    area = asked.area or released.area(asked.place.code)
    ground = _part(released.ground(), area.components, area.shares)
    points = released.places("points", service)
    places = pd.DataFrame(
        {"x": points.geometry.x.to_numpy(), "y": points.geometry.y.to_numpy()},
        index=pd.RangeIndex(len(points)),
    )
    pairs = measure_pairs(
        ground.network, ground.people, places, limit=max(limits), profile=PROFILES[mode], speed_kmh=speed
    )
    minutes = pairs.matrix().min(axis=1).to_numpy(dtype=float)
    table = hide_few(count_near(ground, minutes, limits), public=released.edition == "public")
    if not area.public_mis and released.edition == "public":
        table.loc[table["modelled"], [*HIDDEN_OF_FEW, "total"]] = np.nan
        table.loc[table["modelled"], "status"] = "suppressed"
    table.insert(0, "service", service)
    table.insert(0, "area", area.id)
    return table, pairs.said


def _part(ground: Ground, components: pd.DataFrame, shares: pd.Series[float]) -> Ground:
    """Give the people of an area: by the output areas that it is made of, else by shares of LSOAs."""
    whole = components.set_index("code")["share"]
    people = ground.people
    known = people.index.isin(whole.index)
    by_point = whole.reindex(people.index) if known.any() else people["lsoa"].map(shares)
    share = by_point.fillna(0.0).to_numpy(dtype=float)
    inside = share > 0
    if not inside.any():
        raise RequestError("nobody is known to live in that area; ask for a larger one")
    columns = list(ground.measures)
    chosen = people[inside].copy()
    chosen[columns] = chosen[columns].to_numpy(dtype=float) * share[inside, None]
    draws = {name: one[inside] * share[inside, None] for name, one in ground.draws.items()}
    return replace(ground, people=chosen, draws=draws)


def _access_json(
    released: Kept, service: str, asked: Asked, limits: Sequence[float], mode: Mode, speed: float | None
) -> bytes:
    table, said = _access(released, service, asked, limits, mode, speed)
    return encode(
        {
            "service": service,
            "area": asked.place.code,
            "name": asked.place.name,
            "mode": mode,
            "access": [_plain(row) for row in records(table.drop(columns=["area", "service"]))],
            "said": said,
        }
    )


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): _number(value) for key, value in row.items()}


def _deep(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _deep(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_deep(one) for one in value]
    return _number(value)


def _number(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
