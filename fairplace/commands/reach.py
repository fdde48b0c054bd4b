"""`fairplace reach`: how far one gets along the streets from a place, and who lives within it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from geo.travel import Unit

SUMMARY = "how far one gets along the streets from a place, and whom that takes in"
EXAMPLE = (
    'fairplace reach out/halverton --from "HV1 1AA; Foundry Family Hub" --minutes 5,10,15 '
    "--out out/reach.geojson"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    from fairplace.street_inputs import add_network_arguments

    add_network_arguments(parser)
    parser.add_argument(
        "--from", dest="starts", action="append", default=[], metavar="PLACE",
        help="a postcode, a name or code of the pack, easting,northing or latitude,longitude; several with "
        "semicolons between, or given again",
    )  # fmt: skip
    parser.add_argument("--points", metavar="FILE|NAME", help="places: a file, or points of the pack")
    limits = parser.add_mutually_exclusive_group()
    limits.add_argument("--minutes", metavar="N,N", help="limits in minutes (default: 15)")
    limits.add_argument("--metres", metavar="N,N", help="limits in metres of street")
    parser.add_argument(
        "--people", metavar="FILE|NAME", help="points where people live; the pack's own if left out"
    )
    parser.add_argument("--weights", metavar="COLUMN,COLUMN", help="columns of --people to add up")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the reach drawn as areas: .geojson, .gpkg, .parquet or .csv"
    )
    parser.add_argument("--lines", type=Path, metavar="FILE", help="the reach itself: stretches of street")


def run(args: argparse.Namespace) -> int:
    """Work out reach; 1 if a place reaches nothing."""
    import pandas as pd

    from fairplace import street_inputs as inputs
    from fairplace.reaching import answer_reach
    from geo.place_files import PlaceError

    for path in (args.out, args.lines):
        if path is not None:
            inputs.check_form(path)
    unit: Unit = "minutes" if args.metres is None else "metres"
    limits = asked_limits(args, "15")
    notes: tuple[str, ...] = ()
    if args.points:
        points, notes = inputs.open_points(args, args.points, what="--points")
        places = pd.DataFrame({"x": points.geometry.x, "y": points.geometry.y})
    elif args.starts:
        places, notes = inputs.open_starts(args, args.starts)
    else:
        raise PlaceError(
            'no place was given; say --from "LU1 2LJ" or --from 509000,221500, or --points with a file'
        )
    ground, more = inputs.open_people(args, inputs.open_network(args))
    answer = answer_reach(
        ground, places, limits=limits, unit=unit, profile=args.profile, speed_kmh=args.speed,
        trip=args.trip or "out", skip_islands_below=args.skip_islands_below,
        areas=args.out is not None, lines=args.lines is not None,
    )  # fmt: skip
    notes, reach = (*notes, *more, *answer.notes), answer.reach
    if answer.areas is not None:
        inputs.write_layer(args.out, _with_summary(answer.areas, reach.summary, answer.said))
    if answer.lines is not None:
        inputs.write_layer(args.lines, answer.lines)
    if args.json:
        inputs.print_json(
            {
                "said": answer.said,
                "notes": list(notes),
                "places": inputs.records(reach.origins.rename_axis("origin").reset_index()),
                "reach": inputs.records(reach.summary),
                "people": inputs.records(answer.people) if len(answer.people) else None,
            }
        )
    else:
        inputs.print_table(reach.summary)
        if len(answer.people):
            inputs.print_table(inputs.show_counts(answer.people))
        print("\n".join([answer.said, *notes]))
    return int((reach.summary.groupby("origin")["metres"].max() == 0).any())


def asked_limits(args: argparse.Namespace, default: str) -> list[float]:
    """Limits of ``--metres`` or ``--minutes``, or the default where the call has neither."""
    asked = args.minutes if args.metres is None else args.metres
    return read_limits(default if asked is None else asked)


def read_limits(text: str) -> list[float]:
    """Limits from numbers with commas.

    Raises
    ------
    PlaceError
        There is none, or one is not a number above nought.
    """
    from math import inf

    from geo.place_files import PlaceError

    try:
        limits = [float(one) for one in text.replace(";", ",").split(",") if one.strip()]
    except ValueError:
        limits = []
    if not limits or not all(0 < one < inf for one in limits):
        raise PlaceError(f"limits are {text!r}; give numbers above nought with commas, such as 5,10,15")
    return limits


def _with_summary(drawn: gpd.GeoDataFrame, summary: pd.DataFrame, said: str) -> gpd.GeoDataFrame:
    joined = drawn.merge(summary, on=["origin", "limit"], how="left")
    return joined.assign(origin=joined["origin"].astype(str), said=said)
