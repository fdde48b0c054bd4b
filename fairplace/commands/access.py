"""`fairplace access`: whom services serve, who is far from them, and how supply is shared."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from fairplace.reaching import Ground
    from geo.access import AccessTable
    from geo.travel import Unit

SUMMARY = "who is within walking distance of services, who is not, and how supply is shared"
EXAMPLE = (
    "fairplace access out/halverton --weights residents,children_0_4,children_below_mis --services libraries "
    "--nearest 1 --out out/access"
)
#: A 20-minute neighbourhood: minutes there and back, about ten each way.
NEIGHBOURHOOD = 20.0
#: Fifths of England in the pack's own people: 0 is a place without one.
_FIFTHS = ("imd_fifth", "idaci_fifth")


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
    parser.add_argument(
        "--nearest", type=int, metavar="K",
        help="also the K nearest services of each point, and of each kind with --kind; exit code 1 where "
        "somebody can get to none",
    )  # fmt: skip
    parser.add_argument(
        "--capacity", metavar="COLUMN",
        help="also share this supply of the services among the first of --weights, within the largest limit "
        "(2SFCA)",
    )  # fmt: skip
    parser.add_argument(
        "--decay", choices=("none", "bands"), default="none",
        help="with --capacity: all within the limit alike, or Luo and Qi's bands of minutes (E2SFCA)",
    )  # fmt: skip
    parser.add_argument(
        "--kind", metavar="COLUMN",
        help="also count kinds of service at hand: within 20 minutes there and back, or within the largest "
        "limit and the trip that the call names",
    )  # fmt: skip
    parser.add_argument(
        "--group", metavar="COLUMN",
        help="also compare groups, such as imd_fifth: the nearest service, and who has one within the "
        "largest limit",
    )  # fmt: skip
    parser.add_argument(
        "--greenspace", metavar="FILE|NAME", nargs="?", const="green",
        help="greenspaces, judged by their entrances: OS Open Greenspace with the ways in that it names, any "
        "polygons, entered where streets cross their edge, or the pack's own if left out",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write each table as CSV")


def run(args: argparse.Namespace) -> int:
    """Work out access; 1 if ``--nearest`` finds somebody who can get to no service at all."""
    from fairplace import street_inputs as inputs
    from fairplace.reaching import say_fictional, say_speeds

    _check_call(args)
    network = inputs.open_network(args)
    ground, notes = inputs.open_demand(args, network)
    notes = (*say_fictional(ground), *notes, *say_speeds(network, args.profile))
    ground = _with_fifths(ground)
    weights = [one for one in ground.measures if one not in ground.modelled]
    if not weights and (args.capacity or args.greenspace):
        raise inputs.StreetInputError(
            f"--weights has only what is modelled ({', '.join(ground.measures)}), which --capacity and "
            f"--greenspace cannot share out with a range; name something counted too: children_0_15"
        )
    answers: dict[str, AccessTable] = {}
    called = {"": "any"}
    if args.services or args.to:
        services, more = (
            inputs.open_points(args, args.services, what="--services")
            if args.services
            else inputs.open_starts(args, args.to)
        )
        notes = (*notes, *more)
        answers = _answer(args, ground, services, weights)
        if "name" in services:
            names = services["name"].dropna().astype("str")
            shared = names.duplicated(keep=False)
            called |= {
                str(place): f"{name} ({place})" if shared[place] else name for place, name in names.items()
            }
    if args.greenspace:
        from geo.greenspace import judge_greenspace

        spaces, published, more = inputs.open_spaces(args, args.greenspace, network)
        notes = (*notes, *more)
        answers["greenspace"] = judge_greenspace(
            network, ground.people, spaces, weights, profile=args.profile, trip=args.trip or "out",
            skip_islands_below=args.skip_islands_below, published=published,
        )  # fmt: skip
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
            inputs.print_table(_shown(name, one.table, ground.people, weights, called))
            print("\n".join([f"{name}: {one.said}", *one.notes]))
        print("\n".join(notes), end="\n" if notes else "")
    nearest = answers.get("nearest")
    return int(nearest is not None and set(nearest.table["demand"]) != set(ground.people.index))


def _check_call(args: argparse.Namespace) -> None:
    """Refuse what cannot be answered together, by name, before anything is opened."""
    from fairplace.street_inputs import StreetInputError

    if args.services and args.to:
        raise StreetInputError("--services and --to were both given; give one, or put all in a file")
    if not args.services and not args.to:
        if not args.greenspace:
            raise StreetInputError("nothing to get to was given; name --services, --to or --greenspace")
        for name in ("nearest", "capacity", "kind", "group", "minutes", "metres", "speed"):
            if getattr(args, name) is not None:
                raise StreetInputError(
                    f"--{name} is about services, and --greenspace is judged by distances of its own; name "
                    f"--services or --to as well, or leave it out"
                )
    if args.greenspace and args.trip == "return":
        raise StreetInputError(
            "--greenspace is judged by distances of one way, which --trip return would halve; ask for it in "
            "a call of its own, without --trip"
        )
    if args.decay == "bands" and (args.metres is not None or not args.capacity):
        lacks = "--capacity is not there" if not args.capacity else "--metres was given"
        raise StreetInputError(
            f"--decay bands weighs supply by minutes, but {lacks}; give --capacity with --minutes, or leave "
            f"it out"
        )


def _with_fifths(ground: Ground) -> Ground:
    """Leave out of the fifths the points that are in none."""
    import pandas as pd

    people = ground.people
    for name in _FIFTHS:
        if name in people and pd.api.types.is_numeric_dtype(people[name]):
            people = people.assign(**{name: people[name].astype("Int64").where(people[name] > 0)})
    return replace(ground, people=people)


@dataclass(frozen=True)
class _Asked:
    """Limits of the call, and how one goes about."""

    limits: list[float]
    how: dict[str, Any]

    @property
    def most(self) -> float:
        return max(self.limits)

    def say(self, said: str) -> str:
        limits = ", ".join(f"{one:g}" for one in self.limits)
        return f"Within {limits} {self.how['unit']}: {said}"


def _answer(
    args: argparse.Namespace, ground: Ground, services: gpd.GeoDataFrame | pd.DataFrame, weights: list[str]
) -> dict[str, AccessTable]:
    from fairplace.commands.reach import asked_limits
    from fairplace.reaching import count_pairs, say_modelled
    from geo.access import LUO_QI_BANDS, AccessTable, count_within, share_supply
    from geo.pairs import measure_pairs

    network, people = ground.network, ground.people
    unit: Unit = "minutes" if args.metres is None else "metres"
    asked = _Asked(
        asked_limits(args, "5,10,15,20,30"),
        {
            "unit": unit, "profile": args.profile, "speed_kmh": args.speed, "trip": args.trip or "out",
            "skip_islands_below": args.skip_islands_below,
        },
    )  # fmt: skip
    pairs = measure_pairs(network, people, services, limit=asked.most, **asked.how)
    answers = {}
    if weights:
        counted = count_within(pairs, weights, limits=asked.limits, each=True)
        answers["within"] = replace(counted, said=asked.say(counted.said))
    if ground.modelled:
        shown = count_pairs(replace(ground, measures=ground.modelled), pairs, asked.limits)
        answers["modelled"] = AccessTable(shown, asked.say(pairs.said), (say_modelled(ground.modelled),))
    if args.nearest is not None:
        answers |= _nearest(args, ground, services, asked)
    if args.capacity:
        bands = LUO_QI_BANDS if args.decay == "bands" else None
        answers["supply"] = share_supply(pairs, weights[0], args.capacity, bands=bands)
    if args.kind:
        answers["kinds"] = _kinds(args, ground, services, asked)
    if args.group:
        answers |= _groups(args, ground, services, weights, asked)
    return answers


def _nearest(
    args: argparse.Namespace, ground: Ground, services: gpd.GeoDataFrame | pd.DataFrame, asked: _Asked
) -> dict[str, AccessTable]:
    import pandas as pd

    from geo.access import AccessTable, find_nearest

    every = find_nearest(ground.network, ground.people, services, k=args.nearest, **asked.how)
    said = f"Costs in {asked.how['unit']}: {every.said}"
    answers = {"nearest": replace(every, said=said)}
    if args.kind and args.kind in services and services[args.kind].nunique() > 1:
        parts = {
            str(kind): find_nearest(ground.network, ground.people, part, k=args.nearest, **asked.how)
            for kind, part in services.groupby(args.kind)
        }
        table = pd.concat([one.table.assign(kind=kind) for kind, one in parts.items()], ignore_index=True)
        notes = tuple(f"{kind}: {note}" for kind, one in parts.items() for note in one.notes)
        answers["nearest_kinds"] = AccessTable(table, said, notes)
    return answers


def _kinds(
    args: argparse.Namespace, ground: Ground, services: gpd.GeoDataFrame | pd.DataFrame, asked: _Asked
) -> AccessTable:
    """Count kinds in a 20-minute neighbourhood, unless the call says within what and which way."""
    from geo.access import count_kinds
    from geo.pairs import measure_pairs

    limit, how = asked.most, dict(asked.how)
    if args.minutes is None and args.metres is None:
        limit, how["trip"] = NEIGHBOURHOOD, args.trip or "return"
    pairs = measure_pairs(ground.network, ground.people, services, limit=limit, **how)
    return count_kinds(pairs, args.kind, limit=limit)


def _groups(
    args: argparse.Namespace,
    ground: Ground,
    services: gpd.GeoDataFrame | pd.DataFrame,
    weights: list[str],
    asked: _Asked,
) -> dict[str, AccessTable]:
    import pandas as pd

    from fairplace.reaching import count_groups, say_modelled
    from geo.access import AccessTable
    from geo.access_groups import compare_groups
    from geo.pairs import AccessError, measure_pairs

    if args.group not in ground.people:
        raise AccessError(f"people have no column {args.group!r}, only {', '.join(map(str, ground.people))}")
    whole = measure_pairs(ground.network, ground.people, services, **asked.how)
    answers = {}
    if weights:
        parts = [compare_groups(whole, weight, args.group, limit=asked.most) for weight in weights]
        table = pd.concat([one.table for one in parts], ignore_index=True)
        notes = tuple(note for one in parts for note in one.notes)
        answers["groups"] = AccessTable(table, parts[0].said, notes)
    if ground.modelled:
        part = replace(ground, measures=ground.modelled)
        table, notes = count_groups(part, whole, args.group, limit=asked.most)
        notes = (say_modelled(ground.modelled), *notes)
        answers["modelled_groups"] = AccessTable(table, whole.said_within(asked.most), notes)
    return answers


def _shown(
    name: str, table: pd.DataFrame, people: pd.DataFrame, weights: list[str], called: dict[str, str]
) -> pd.DataFrame:
    """Give an answer as it is printed: what is by point summed up; ``--out`` and ``--json`` have it whole."""
    from fairplace.street_inputs import show_counts
    from geo.access_summaries import summarise_kinds, summarise_nearest, summarise_supply

    first = weights[0] if weights else None
    if name in ("nearest", "nearest_kinds"):
        return summarise_nearest(table, people, first)
    if name == "supply":
        return summarise_supply(table, weights[0])
    if name == "kinds":
        return summarise_kinds(table, people, first)
    if name == "modelled_groups":
        return show_counts(table)
    if name == "modelled":
        return show_counts(table.replace({"place": called}))
    return table.replace({"place": called})


def _write(folder: Path, answers: dict[str, Any], notes: tuple[str, ...]) -> None:
    from fairplace.files import write_whole
    from fairplace.spreadsheets import safe_frame

    for name, one in answers.items():
        with write_whole(folder / f"{name}.csv") as draft:
            table = one.table
            if "lacking" in table:
                table = table.assign(lacking=table["lacking"].map("; ".join))
            safe_frame(table).to_csv(draft, index=False, lineterminator="\n")
    with write_whole(folder / "said.txt") as draft:
        lines = [*notes]
        for name, one in answers.items():
            lines += [f"{name}: {one.said}", *one.notes]
        draft.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
