"""``fairplace hubs``: where family hubs could go, what each choice does, and how sure that is.

With ``--sites`` nothing is sought: hubs are set where the call says, beside no change.
"""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "compare sites for family hubs: options, who gains and loses, how sure the choice is"
EXAMPLE = (
    "fairplace hubs out/halverton --candidates out/halverton-data/local/hub_candidates.csv "
    "--weight children_below_mis --add 2 --skip-islands 500 --out out/hubs"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add = parser.add_argument
    add("pack", nargs="?", type=Path, help="pack of the authority: its name, and its walking network")
    add(
        "--demand",
        type=Path,
        help="CSV instead of the pack's own people: id, weights, and optionally name, easting, northing, "
        "lsoa, ward, idaci_fifth, imd_fifth",
    )
    add(
        "--candidates",
        type=Path,
        help="CSV: id, name, status (existing or candidate), and optionally easting, northing, capacity, "
        "cost, opening, step_free",
    )
    add(
        "--sites",
        action="append",
        default=[],
        metavar="PLACE",
        help="no plan, but a trial: set hubs at a postcode, a name or code of the pack, or coordinates "
        "(several with semicolons between, or given again), beside no change; --shut closes hubs that exist",
    )
    add("--times", type=Path, help="CSV of the council's own travel times: from_id, to_id, minutes")
    add("--times-are", help="what those times are, in words for every page")
    add(
        "--network",
        metavar="NAME|FILE|FOLDER",
        help="streets to work out minutes: a network of the pack by name, a saved one, or a file of streets",
    )
    add("--extent", type=Path, help="layer: the area in which the streets of --network are complete")
    add("--profile", default="walk", help="way of going about on the network (default: walk)")
    add(
        "--skip-islands",
        type=float,
        default=0.0,
        metavar="METRES",
        help="do not meet cut-off pieces of the network with fewer metres of street (default: 0)",
    )
    add("--speed", type=float, help="level speed in km/h; without it the profile's own: 4.8 on foot")
    add(
        "--weight",
        action="append",
        metavar="COLUMN[=SHARE]",
        default=[],
        help="need weight; give it several times with shares that add to 1 for a blend",
    )
    task = parser.add_mutually_exclusive_group()
    task.add_argument("--add", type=int, help="hubs to add to those that exist")
    task.add_argument("--close", type=int, help="hubs to close of those that exist")
    task.add_argument("--count", type=int, help="hubs altogether, wherever")
    task.add_argument("--budget", type=float, help="pounds for new hubs")
    add(
        "--aim",
        choices=("cover", "median", "center"),
        default="cover",
        help="most need within the limit, shortest mean way, or shortest for the farthest",
    )
    add("--limit", type=float, default=15.0, help="minutes within which a hub is in reach (default: 15)")
    add("--keep", action="append", default=[], metavar="ID", help="a hub that stays, or opens: one of --add")
    add("--shut", action="append", default=[], metavar="ID", help="a candidate that is left out")
    add("--capacity", action="store_true", help="count each hub's places")
    add(
        "--load",
        default="",
        metavar="COLUMN",
        help="weight column of those who take places, with --capacity (default: the first --weight)",
    )
    add(
        "--draws",
        action="append",
        default=[],
        metavar="COLUMN=FILE",
        help="draws of a modelled weight (CSV or parquet: id and a column a draw)",
    )
    add("--name", default="", help="name of the place for the title, where no pack gives it")
    add("--form", default="html", metavar="html,pdf", help="forms of the note (default: html)")
    add("--headings", type=Path, help="settings file with the note's headings")
    add("--time-limit", type=float, help="seconds for each plan; what is not proven then is said")
    add("--seed", type=int, default=0, help="seed of the search (default: 0)")
    add("--json", action="store_true", help="print the summary as JSON")
    add("--out", type=Path, help="folder for the note and the tables; a trial can do without")


def run(args: argparse.Namespace) -> int:
    """Plan hubs and write note and tables.

    Gives 1 if no candidate can be reached from somewhere with need, or the best plan is not proven.
    """
    import json

    if args.sites:
        return _try(args)
    from fairplace.hub_files import check_call, read_plan_inputs, write_plan

    check_call(args)
    inputs = read_plan_inputs(args)
    plan = inputs.plan()
    record = write_plan(args.out, plan, inputs)
    best = plan.options[1]
    if args.json:
        print(json.dumps(record["summary"], indent=1, ensure_ascii=False))
    else:
        for line in record["lines"]:
            print(line)
    return 0 if best.siting is not None and best.siting.proven and not plan.unreached else 1


def _try(args: argparse.Namespace) -> int:
    """Set hubs where the call says; 1 if one is over 250 m from any street."""
    from fairplace.hub_trial_files import read_trial, write_trial
    from fairplace.street_inputs import print_json, print_table, show_counts

    trial = read_trial(args)
    if args.out is not None:
        write_trial(args.out, trial)
    if args.json:
        print_json(trial.record())
    else:
        for table in (trial.hubs, show_counts(trial.people), trial.minutes, trial.gains):
            print_table(table)
        print("\n".join([trial.said, *trial.notes]))
    return int(trial.hubs["snap_flagged"].any())
