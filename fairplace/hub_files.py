"""The files of a hub plan: what the command reads, and the folder it leaves.

The folder holds the note (``note.html``, ``note.json`` and, if asked for, ``note.pdf``), a map
(``map.html``) where places have coordinates, the plan as JSON (``plan.json``) and a CSV for each table. A
need of a single place is in none of them: the allocation gives minutes only.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from fairplace.corrections import say_superseded
from fairplace.demand import INCOME_DEPRIVED, PEOPLE, add_income_deprived, pack_demand
from fairplace.disclosure import HIDE_UP_TO, Released, release
from fairplace.files import OutputError, write_whole
from fairplace.hub_equality import write_equality
from fairplace.hub_floors import modelled_measures
from fairplace.hub_inputs import (
    HubInputError,
    read_candidates,
    read_demand,
    read_draws,
    read_times,
    say_gaps,
)
from fairplace.hub_map import can_draw, draw_hub_map
from fairplace.hub_models import WALKING, WAYS, HubQuestion, sentence
from fairplace.hub_note import note_record, read_note_settings, render_html, write_note
from fairplace.hub_pdf import render_pdf
from fairplace.hub_sections import name_places, show_share
from fairplace.hub_times import Walk, open_streets, walk_times
from fairplace.hubs import HubPlan, plan_hubs
from fairplace.map_page import backdrop_of
from fairplace.pack import Pack, open_pack
from fairplace.profile.document import banner_of
from fairplace.profile.words import load_words
from fairplace.reaching import STREETS
from fairplace.spreadsheets import safe_frame
from geo.crs import BNG
from geo.network import Network
from geo.source import hash_file

#: What is drawn beneath the map of a network without a pack.
_MAIN = ("motorway", "trunk", "primary", "secondary", "tertiary")
#: Decimals of numbers in the tables: shares to a hundredth of a percentage point, minutes to seconds.
DECIMALS = 4


@dataclass(frozen=True)
class PlanInputs:
    """What a plan is made from, as read."""

    demand: pd.DataFrame
    candidates: pd.DataFrame
    times: pd.DataFrame
    draws: Mapping[str, pd.DataFrame]
    question: HubQuestion
    authority: str
    fictional: bool
    files: Mapping[str, str]
    settings: Mapping[str, Any]
    said: str = ""
    released: Released | None = None
    backdrop: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    forms: tuple[str, ...] = ("html",)
    walk: Walk | None = None
    banner: tuple[str, ...] = ()
    pack: str = ""
    hide_up_to: int = HIDE_UP_TO

    def plan(self) -> HubPlan:
        """Make the plan."""
        return plan_hubs(
            self.demand,
            self.candidates,
            self.times,
            question=self.question,
            draws=self.draws or None,
            public=self.public,
            hide_up_to=self.hide_up_to,
        )

    @property
    def public(self) -> bool:
        """Whether the people are a pack's own, of which a plan shows what the public edition may."""
        return self.released is not None


def check_call(args: argparse.Namespace) -> None:
    """Refuse a call for a plan that lacks a part.

    Raises
    ------
    HubInputError
        Naming the first that is missing, and how to give it.
    """
    asked = [one for one in ("add", "close", "count", "budget") if getattr(args, one) is not None]
    lacking = {
        "--candidates FILE, the buildings to choose from": args.candidates,
        "--weight COLUMN, such as children_0_4": args.weight,
        "one of --add, --close, --count and --budget": asked,
        "--out FOLDER": args.out,
    }
    missing = next((words for words, given in lacking.items() if not given), None)
    if missing is not None:
        raise HubInputError(f"a hub plan needs {missing}; or give --sites to try hubs in places of your own")
    if args.times is not None:
        idle = {"--network": args.network, "--extent": args.extent, "--speed": args.speed}
        named = next((name for name, value in idle.items() if value is not None), None)
        if named is not None:
            raise HubInputError(f"{named} says how one walks, and --times gives the minutes; leave one out")
    elif args.times_are is not None:
        raise HubInputError("--times-are says what the times of --times are; give --times, or leave it out")
    elif args.extent is not None and args.network is None:
        raise HubInputError("--extent is for a file of streets; name it with --network, or leave it out")
    if not args.limit > 0:
        raise HubInputError(f"--limit is {args.limit:g}; give minutes above nought, such as 15")


def read_plan_inputs(args: argparse.Namespace) -> PlanInputs:
    """Read what the command was given.

    Raises
    ------
    HubInputError
        A file cannot be what it says, or neither travel times nor a network are given.
    """
    candidates = read_candidates(args.candidates)
    paths = {"candidates": args.candidates}
    pack = open_pack(args.pack) if args.pack is not None else None
    released = release(pack) if pack is not None else None
    draws: dict[str, pd.DataFrame] = {}
    if args.demand is not None:
        demand = read_demand(args.demand)
        paths["demand"] = args.demand
    elif pack is not None:
        demand, draws = pack_demand(pack)
        if released is not None and INCOME_DEPRIVED in _shares(args.weight):
            demand = add_income_deprived(demand, released)
        paths["demand"] = pack.path / "points" / f"{PEOPLE}.parquet"
    else:
        raise HubInputError("neither a pack nor a file of demand is given; name a pack, or --demand")
    said = ""
    walk = None
    backdrop = {} if released is None else backdrop_of(released)
    if args.times is not None:
        times = read_times(args.times, demand=demand.index, candidates=candidates.index)
        mode = args.times_are or (
            f"the council's own travel times as given in {args.times.name}; what they include has not been "
            "said (--times-are)"
        )
        said = say_gaps(times, candidates)
        speed = None
        paths["times"] = args.times
    else:
        streets = open_streets(find_streets(args.network, pack), profile=args.profile, extent=args.extent)
        walked = walk_times(
            streets,
            demand,
            candidates,
            profile=args.profile,
            speed_kmh=args.speed,
            skip_islands_below=args.skip_islands,
        )
        times, mode, speed = walked.minutes, WAYS.get(args.profile, WALKING), walked.speed_kmh
        walk = Walk(streets, args.profile, args.speed, args.skip_islands)
        first = next(iter(_shares(args.weight)))
        said = walked.said
        if first in demand:
            modelled = bool(modelled_measures([first], draws))
            said += f" {walked.say_edge(demand[first], args.limit, modelled=modelled)}"
        if not backdrop:
            backdrop = _main_roads(streets)
    for given in args.draws:
        name, _, file = given.partition("=")
        if name not in demand or not file:
            raise HubInputError(
                f"--draws {given}: write COLUMN=FILE, where COLUMN is a weight of the demand file"
            )
        draws[name] = read_draws(Path(file), demand=demand.index)
        paths[f"draws of {name}"] = Path(file)
    question = HubQuestion(
        need=_shares(args.weight),
        aim=args.aim,
        limit=args.limit,
        limits=tuple(sorted({5.0, 10.0, 15.0, 20.0, 30.0, args.limit})),
        add=args.add,
        close=args.close,
        count=args.count,
        budget=args.budget,
        keep=tuple(args.keep),
        shut=tuple(args.shut),
        capacity=args.capacity,
        load=args.load,
        speed_kmh=speed,
        mode=mode,
        seed=args.seed,
        time_limit=args.time_limit,
    )
    return PlanInputs(
        demand=demand,
        candidates=candidates,
        times=times,
        draws=draws,
        question=question,
        authority=args.name or ("" if released is None else released.name),
        fictional=released is not None and released.fictional,
        released=released if args.demand is None else None,
        backdrop=backdrop,
        forms=read_forms(args.form),
        files={key: f"{path.name} ({hash_file(path)[:12]})" for key, path in paths.items()},
        settings=_with_names(read_note_settings(args.headings), released),
        said=said,
        walk=walk,
        banner=()
        if pack is None or released is None
        else tuple(banner_of(load_words(), released, "", say_superseded(pack.path))),
        pack="" if released is None else f"{released.edition} edition {released.pack_id}",
        hide_up_to=HIDE_UP_TO if released is None else released.hide_up_to,
    )


def find_streets(given: str | None, pack: Pack | None) -> Path:
    """Find the network that a call names: a folder, a file of streets, or a network of the pack by its name.

    Raises
    ------
    HubInputError
        It is none of them, or neither a network nor a pack is given.
    """
    if given is not None and (pack is None or Path(given).exists()):
        return Path(given)
    if pack is None:
        raise HubInputError("neither travel times nor a network are given; give --times or --network")
    held, name = pack.held("networks"), given or STREETS
    if name not in held:
        raise HubInputError(
            f"{pack.path.name} holds no network named {name}, only {', '.join(held) or 'none'}, and "
            "there is no such file; name one of these, or give --network a file of streets"
        )
    return pack.path / "networks" / name


def write_plan(folder: Path, plan: HubPlan, inputs: PlanInputs) -> dict[str, Any]:
    """Write note and tables into a folder, each whole or not at all.

    Returns
    -------
    dict
        ``summary``: options as records; ``lines``: what to print.

    Raises
    ------
    OutputError
        `folder` is a file, or cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file, and a folder was to be written there; choose another name")
    read = "; ".join(f"{key}: {name}" for key, name in inputs.files.items())
    note = write_note(
        plan,
        inputs.settings,
        authority=inputs.authority,
        fictional=inputs.fictional,
        sources=f"{inputs.said} Read from {read}.".strip(),
        more={} if inputs.released is None else {"equality": write_equality(inputs.released, plan)},
    )
    tables = {name: table.round(DECIMALS) for name, table in plan.tables().items()}
    summary = _records(tables["options"])
    content = {
        "mode": plan.question.mode,
        "streets": inputs.said,
        "question": {key: value for key, value in asdict(plan.question).items() if key != "time_limit"},
        "near_best_complete": plan.complete,
        "not_reached_by_any_candidate": list(plan.unreached),
        "read": dict(inputs.files),
        **{name: _records(table) for name, table in tables.items() if name != "allocation"},
    }
    pages = {"note": render_html(note)}
    if can_draw(plan):
        pages["map"] = draw_hub_map(
            plan,
            title=note.title,
            licence=inputs.said,
            backdrop=inputs.backdrop,
            walk=inputs.walk,
            banner=inputs.banner,
            running=" · ".join(part for part in (note.title, inputs.pack) if part),
        )
    if "pdf" in inputs.forms:
        with write_whole(folder / "note.pdf") as draft:
            draft.write_bytes(render_pdf(note))
    for name, page in pages.items():
        with write_whole(folder / f"{name}.html") as draft:
            draft.write_text(page, encoding="utf-8")
    for name, value in (("note", note_record(note)), ("plan", content)):
        with write_whole(folder / f"{name}.json") as draft:
            draft.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for name, table in tables.items():
        with write_whole(folder / f"{name}.csv") as draft:
            safe_frame(table).to_csv(draft, index=False, lineterminator="\n", encoding="utf-8")
    lines = [
        f"{row['label']}: {show_share(row['need_share'])} of need within "
        f"{plan.question.limit:g} minutes ({row['hubs']} hubs)"
        for row in summary
    ]
    if plan.unreached:
        cure = (
            "" if inputs.question.speed_kmh is None else " (--skip-islands leaves small cut-off pieces out)"
        )
        lines.append(f"No candidate can be reached from: {name_places(plan.unreached)}{cure}")
    far = plan.fewest[(plan.fewest["each"] == 1) & (plan.fewest["left_out"] > 0)]
    if len(far):
        ids = str(far.iloc[-1]["left_out_ids"]).split("; ")
        lines.append(
            f"No candidate within {plan.question.limit:g} minutes of: "
            f"{name_places(plan.demand.loc[ids, 'name'])} ({len(ids)} places)"
        )
    made = ", ".join([*(f"{name}.html" for name in pages), *(["note.pdf"] if "pdf" in inputs.forms else [])])
    lines.append(f"Written to {folder}: {made} and {len(tables)} tables. {sentence(plan.question.mode)}.")
    return {"summary": summary, "lines": lines}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain values; missing numbers as None, which JSON can say."""
    rows = table.astype(object).to_dict(orient="records")
    return [
        {
            str(key): None
            if isinstance(value, float) and not math.isfinite(value)
            else getattr(value, "item", lambda kept=value: kept)()
            for key, value in row.items()
        }
        for row in rows
    ]


def _main_roads(streets: Network) -> dict[str, gpd.GeoDataFrame]:
    """Give the main roads of a network for the map's background, where it says which they are."""
    if streets.tags is None or "highway" not in streets.tags:
        return {}
    main = streets.tags["highway"].isin(_MAIN).to_numpy()
    return {"road": gpd.GeoDataFrame(geometry=streets.lines()[main], crs=BNG)} if main.any() else {}


def _with_names(settings: Mapping[str, Any], released: Released | None) -> dict[str, Any]:
    """Add the names of wards and LSOAs, which a reader knows better than their codes."""
    names = {}
    for key in ("wd25", "lsoa21") if released is not None else ():
        if released is not None and key in released.geographies:
            names.update(released.areas(key)["name"].astype(str).to_dict())
    return {**settings, "names": names}


def read_forms(text: str) -> tuple[str, ...]:
    """Forms of the note from a list with commas; HTML is always among them.

    Raises
    ------
    HubInputError
        One is neither html nor pdf.
    """
    forms = [one.strip().lower() for one in text.split(",") if one.strip()]
    strange = [one for one in forms if one not in ("html", "pdf")]
    if strange:
        raise HubInputError(f"--form names {strange[0]!r}; give html, pdf, or both with a comma")
    return tuple(dict.fromkeys(["html", *forms]))


def _shares(given: list[str]) -> dict[str, float]:
    shares = {}
    for one in given:
        name, equals, share = one.partition("=")
        try:
            shares[name] = float(share) if equals else 1.0 / len(given)
        except ValueError as error:
            raise HubInputError(f"--weight {one}: write COLUMN=SHARE with a share from 0 to 1") from error
    return shares
