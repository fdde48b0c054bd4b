"""What a trial of hubs is given on the command line, and the folder it leaves."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from fairplace.files import OutputError, write_whole
from fairplace.hub_files import find_streets
from fairplace.hub_inputs import HubInputError, read_candidates
from fairplace.hub_times import open_streets
from fairplace.hub_trial import HubTrial, for_the_public, try_hubs
from fairplace.pack import open_pack
from fairplace.reaching import open_ground
from fairplace.spreadsheets import safe_frame
from fairplace.starts import find_starts

#: What a plan takes and a trial does not -> what it is when it was not given.
_OF_A_PLAN: dict[str, Any] = {
    "times": None, "times_are": None, "demand": None, "add": None, "close": None, "count": None,
    "budget": None, "keep": [], "weight": [], "capacity": False, "load": "", "draws": [], "headings": None,
    "time_limit": None, "aim": "cover", "form": "html", "seed": 0, "name": "",
}  # fmt: skip


def check_trial(args: argparse.Namespace) -> None:
    """Refuse a trial that is given what only a plan takes, or no pack.

    Raises
    ------
    HubInputError
        Naming the first such option.
    """
    if args.pack is None:
        raise HubInputError("--sites needs a pack, with its people and streets; name one")
    for name, unset in _OF_A_PLAN.items():
        if getattr(args, name) != unset:
            raise HubInputError(
                f"--{name.replace('_', '-')} is of a plan, and --sites only tries hubs; leave one of them out"
            )
    if args.extent is not None and args.network is None:
        raise HubInputError("--extent is for a file of streets; name it with --network, or leave it out")


def read_trial(args: argparse.Namespace) -> HubTrial:
    """Try the hubs that the call names, and keep of it what the public may see, as the service does.

    Sites that are a hub or a candidate of the pack, or of ``--candidates``, are called by their id;
    others are looked up as `fairplace.starts.find_starts` does.

    Raises
    ------
    HubInputError
        No pack was given, or an option that only a plan takes.
    fairplace.hub_trial.HubTrialError, geo.place_files.PlaceError
        The trial cannot be, or a place cannot be found.
    """
    check_trial(args)
    pack = open_pack(args.pack)
    streets = open_streets(find_streets(args.network, pack), profile=args.profile, extent=args.extent)
    ground = open_ground(pack, network=streets)
    if args.candidates is not None:
        listed = read_candidates(args.candidates).rename(columns={"easting": "x", "northing": "y"})
        known = listed[["x", "y"]].notna().all(axis=1)
        ground = replace(ground, sites=listed.loc[known, ["name", "status", "x", "y"]])
    texts = [one.strip() for text in args.sites for one in text.split(";") if one.strip()]
    own = [one for one in texts if one in ground.sites.index]
    others = [one for one in texts if one not in ground.sites.index]
    parts = [ground.sites.loc[own, ["name", "x", "y"]]]
    if others:
        found = find_starts(others, pack)
        parts.append(found.assign(name=found["means"].where(found["means"] != "", found.index)))
    trial = try_hubs(
        ground,
        pd.concat(parts)[["name", "x", "y"]],
        closed=args.shut,
        limits=sorted({5.0, 10.0, 15.0, 20.0, 30.0, args.limit}),
        profile=args.profile,
        speed_kmh=args.speed,
        skip_islands_below=args.skip_islands,
    )
    return for_the_public(trial)


def write_trial(folder: Path, trial: HubTrial) -> None:
    """Write a trial's tables and what must be said of them, each whole or not at all.

    Raises
    ------
    OutputError
        `folder` is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file, and a folder was to be written there; choose another name")
    for name in ("hubs", "people", "minutes", "gains"):
        with write_whole(folder / f"trial_{name}.csv") as draft:
            table: pd.DataFrame = getattr(trial, name)
            safe_frame(table.round(4)).to_csv(draft, index=False, lineterminator="\n", encoding="utf-8")
    with write_whole(folder / "trial.txt") as draft:
        text = "\n".join([trial.said, *trial.notes])
        draft.write_text(f"{text}\n", encoding="utf-8", newline="\n")
