"""`fairplace reach`: how far one gets along the streets from a place, and who lives within it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from geo.network import Network
    from geo.travel import Trip, Unit

SUMMARY = "how far one gets along the streets from a place, and whom that takes in"
EXAMPLE = (
    "fairplace reach --network out/sample/osm/halverton.osm --from 540000,260000 --minutes 5,10,15 "
    "--out out/reach.geojson"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    from fairplace.street_inputs import add_network_arguments

    add_network_arguments(parser)
    parser.add_argument(
        "--from", dest="starts", action="append", default=[], metavar="POINT",
        help="easting,northing or latitude,longitude; may be given several times",
    )  # fmt: skip
    parser.add_argument("--points", metavar="FILE|NAME", help="places: a file, or points of the pack")
    limits = parser.add_mutually_exclusive_group()
    limits.add_argument("--minutes", metavar="N,N", help="limits in minutes (default: 15)")
    limits.add_argument("--metres", metavar="N,N", help="limits in metres of street")
    parser.add_argument("--people", metavar="FILE|NAME", help="points where people live, to be counted")
    parser.add_argument("--weights", metavar="COLUMN,COLUMN", help="columns of --people to add up")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the reach drawn as areas: .geojson, .gpkg, .parquet or .csv"
    )
    parser.add_argument("--lines", type=Path, metavar="FILE", help="the reach itself: stretches of street")


def run(args: argparse.Namespace) -> int:
    """Work out reach; 1 if a place reaches nothing."""
    import pandas as pd

    from fairplace import street_inputs as inputs
    from geo.place_files import PlaceError, parse_place
    from geo.reach import draw_reach, find_reach, reach_lines

    for path in (args.out, args.lines):
        if path is not None:
            inputs.check_form(path)
    unit: Unit = "metres" if args.metres else "minutes"
    limits = read_limits(args.metres or args.minutes or "15")
    notes: tuple[str, ...] = ()
    if args.points:
        points, notes = inputs.open_points(args, args.points, what="--points")
        places = pd.DataFrame({"x": points.geometry.x, "y": points.geometry.y})
    elif args.starts:
        found = [parse_place(one) for one in args.starts]
        places = pd.DataFrame(found, columns=["x", "y"], index=args.starts)
    else:
        raise PlaceError("no place was given; say --from 509000,221500, or --points with a file")
    network = inputs.open_network(args)
    trip: Trip = args.trip or "out"
    reach = find_reach(
        network, places, limits=limits, unit=unit, profile=args.profile, speed_kmh=args.speed, trip=trip,
        skip_islands_below=args.skip_islands_below,
    )  # fmt: skip
    counted = None
    if args.people:
        counted, more = _count(args, network, places, limits, unit, trip)
        notes = (*notes, *more)
    island = reach.origins["island"] > 0
    if island.any():
        first = reach.origins.index[island][0]
        size = reach.origins.loc[first, "island_metres"]
        alone = f"{int(island.sum())} on streets joined to nothing else, such as {first} ({size:.0f} m)."
        notes = (*notes, alone)
    if args.out is not None:
        inputs.write_layer(args.out, _with_summary(draw_reach(reach), reach.summary, reach.said))
    if args.lines is not None:
        inputs.write_layer(args.lines, reach_lines(reach))
    if args.json:
        inputs.print_json(
            {
                "said": reach.said,
                "notes": list(notes),
                "places": inputs.records(reach.origins.rename_axis("origin").reset_index()),
                "reach": inputs.records(reach.summary),
                "people": None if counted is None else inputs.records(counted),
            }
        )
    else:
        inputs.print_table(reach.summary)
        if counted is not None:
            inputs.print_table(counted)
        print("\n".join([reach.said, *notes]))
    return int((reach.summary.groupby("origin")["metres"].max() == 0).any())


def read_limits(text: str) -> list[float]:
    """Limits from numbers with commas.

    Raises
    ------
    PlaceError
        One is not a number.
    """
    from geo.place_files import PlaceError

    try:
        return [float(one) for one in text.replace(";", ",").split(",") if one.strip()]
    except ValueError as error:
        raise PlaceError(f"limits are {text!r}; give numbers with commas, such as 5,10,15") from error


def _count(
    args: argparse.Namespace,
    network: Network,
    places: pd.DataFrame,
    limits: list[float],
    unit: Unit,
    trip: Trip,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Count the people within reach of each place."""
    from fairplace import street_inputs as inputs
    from geo.access import count_within
    from geo.pairs import measure_pairs

    people, notes = inputs.open_points(args, args.people, what="--people")
    weights = inputs.split_names(args.weights)
    if not weights:
        raise inputs.StreetInputError("--people needs --weights: what to add up, such as people,children")
    turned: dict[Trip, Trip] = {"out": "in", "in": "out", "return": "return"}
    pairs = measure_pairs(
        network, people, places, limit=max(limits), unit=unit, profile=args.profile, speed_kmh=args.speed,
        trip=turned[trip], skip_islands_below=args.skip_islands_below,
    )  # fmt: skip
    counted = count_within(pairs, weights, limits=limits, each=True)
    table = counted.table[counted.table["place"] != ""].drop(columns="beyond_share")
    return table, (*notes, *counted.notes)


def _with_summary(drawn: gpd.GeoDataFrame, summary: pd.DataFrame, said: str) -> gpd.GeoDataFrame:
    joined = drawn.merge(summary, on=["origin", "limit"], how="left")
    return joined.assign(origin=joined["origin"].astype(str), said=said)
