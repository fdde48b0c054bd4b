"""`fairplace access`: whom services serve, who is far from them, and how supply is shared."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

SUMMARY = "who is within walking distance of services, who is not, and how supply is shared"
EXAMPLE = (
    "fairplace access out/halverton --weights residents,children_0_4,children_below_mis --services libraries "
    "--nearest 1 --out out/access"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    from fairplace.street_inputs import add_network_arguments

    add_network_arguments(parser)
    parser.add_argument(
        "--people", metavar="FILE|NAME", help="points where people live; the pack's own if left out"
    )
    parser.add_argument(
        "--weights", metavar="COLUMN,COLUMN",
        help="what to add up, counted before modelled; all that the pack's own people have, if left out",
    )  # fmt: skip
    parser.add_argument("--services", metavar="FILE|NAME", help="points of one or more services")
    parser.add_argument(
        "--to", action="append", default=[], metavar="PLACE",
        help="places instead of --services: postcodes, names or codes of the pack, coordinates; several with "
        "semicolons between, or given again",
    )  # fmt: skip
    limits = parser.add_mutually_exclusive_group()
    limits.add_argument("--minutes", metavar="N,N", help="limits in minutes (default: 5,10,15,20,30)")
    limits.add_argument("--metres", metavar="N,N", help="limits in metres of street")
    parser.add_argument("--nearest", type=int, metavar="K", help="also the K nearest services of each point")
    parser.add_argument("--capacity", metavar="COLUMN", help="also share this supply of the services (2SFCA)")
    parser.add_argument(
        "--decay", choices=("none", "bands"), default="none",
        help="with --capacity: all within the largest limit alike, or Luo and Qi's bands (E2SFCA)",
    )  # fmt: skip
    parser.add_argument("--kind", metavar="COLUMN", help="also count kinds of service at hand")
    parser.add_argument("--group", metavar="COLUMN", help="also compare groups, such as IMD fifths")
    parser.add_argument(
        "--greenspace", metavar="FILE|NAME", nargs="?", const="green",
        help="greenspaces, judged by their entrances: OS Open Greenspace with the ways in that it names, any "
        "polygons, entered where streets cross their edge, or the pack's own if left out",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write each table as CSV")


def run(args: argparse.Namespace) -> int:
    """Work out access; 1 if somebody can get to no service at all."""
    from dataclasses import replace

    from fairplace import street_inputs as inputs
    from fairplace.commands.reach import read_limits
    from fairplace.reaching import count_pairs, say_modelled
    from geo.access import LUO_QI_BANDS, AccessTable, count_kinds, count_within, find_nearest, share_supply
    from geo.access_groups import compare_groups
    from geo.greenspace import judge_greenspace
    from geo.pairs import measure_pairs

    if args.services and args.to:
        raise inputs.StreetInputError("--services and --to were both given; give one, or put all in a file")
    if not args.services and not args.to and not args.greenspace:
        raise inputs.StreetInputError("nothing to get to was given; name --services, --to or --greenspace")
    network = inputs.open_network(args)
    ground, notes = inputs.open_demand(args, network)
    people = ground.people
    weights = [one for one in ground.measures if one not in ground.modelled]
    if not weights and (args.capacity or args.group or args.greenspace):
        raise inputs.StreetInputError(
            f"--weights has only what is modelled ({', '.join(ground.measures)}), which --capacity, --group "
            f"and --greenspace cannot share out with a range; name something counted too: children_0_15"
        )
    answers: dict[str, Any] = {}
    lost = False
    if args.services or args.to:
        services, more = (
            inputs.open_points(args, args.services, what="--services")
            if args.services
            else inputs.open_starts(args, args.to)
        )
        notes = (*notes, *more)
        unit = "metres" if args.metres else "minutes"
        limits = read_limits(args.metres or args.minutes or "5,10,15,20,30")
        most = max(limits)
        how = {
            "unit": unit, "profile": args.profile, "speed_kmh": args.speed, "trip": args.trip or "out",
            "skip_islands_below": args.skip_islands_below,
        }  # fmt: skip
        pairs = measure_pairs(network, people, services, limit=most, **how)
        if weights:
            answers["within"] = count_within(pairs, weights, limits=limits, each=True)
        if ground.modelled:
            counted = count_pairs(replace(ground, measures=ground.modelled), pairs, limits)
            answers["modelled"] = AccessTable(counted, pairs.said, (say_modelled(ground.modelled),))
        if args.nearest:
            answers["nearest"] = find_nearest(network, people, services, k=args.nearest, **how)
            lost = set(answers["nearest"].table["demand"]) != set(people.index)
        if args.capacity:
            bands = None
            if args.decay == "bands":
                bands = {edge: weight for edge, weight in LUO_QI_BANDS.items() if edge <= most}
            answers["supply"] = share_supply(pairs, weights[0], args.capacity, bands=bands)
        if args.kind:
            answers["kinds"] = count_kinds(pairs, args.kind, limit=most)
        if args.group:
            whole = measure_pairs(network, people, services, **how)
            answers["groups"] = compare_groups(whole, weights[0], args.group, limit=most)
    if args.greenspace:
        spaces, published, more = inputs.open_spaces(args, args.greenspace, network)
        notes = (*notes, *more)
        answers["greenspace"] = judge_greenspace(
            network, people, spaces, weights, profile=args.profile, published=published
        )
    if args.out is not None:
        _write(args.out, answers, notes)
    if args.json:
        told = {
            name: {"said": one.said, "notes": list(one.notes), "table": inputs.records(one.table)}
            for name, one in answers.items()
        }
        inputs.print_json({"notes": list(notes), **told})
    else:
        for name, one in answers.items():
            if name == "modelled":
                inputs.print_table(inputs.show_counts(one.table.replace({"place": {"": "any"}})))
            if name in ("within", "groups", "greenspace"):
                inputs.print_table(one.table.replace({"place": {"": "any"}}))
            print("\n".join([f"{name}: {one.said}", *one.notes]))
        print("\n".join(notes), end="\n" if notes else "")
    return int(lost)


def _write(folder: Path, answers: dict[str, Any], notes: tuple[str, ...]) -> None:
    from fairplace.files import write_whole
    from fairplace.spreadsheets import safe_frame

    for name, one in answers.items():
        with write_whole(folder / f"{name}.csv") as draft:
            safe_frame(one.table).to_csv(draft, index=False, lineterminator="\n")
    with write_whole(folder / "said.txt") as draft:
        lines = [*notes]
        for name, one in answers.items():
            lines += [f"{name}: {one.said}", *one.notes]
        draft.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
