"""What `reach` and `access` are given on the command line: a network, named points, and where to write."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo.errors import UserError

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import shapely

    from fairplace.reaching import Ground
    from geo.network import Network

#: Suffix of an output -> GDAL driver, or empty where no driver is needed.
FORMS = {".geojson": "GeoJSON", ".gpkg": "GPKG", ".parquet": "", ".csv": ""}


class StreetInputError(UserError, ValueError):
    """The call lacks a network or points, or names ones that are not there."""


def add_network_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that `reach` and `access` share."""
    parser.add_argument("pack", nargs="?", type=Path, metavar="PACK", help="a pack that holds a network")
    parser.add_argument(
        "--network", metavar="NAME|FILE|FOLDER",
        help="a network of the pack by name, a saved network, or streets: .osm.pbf, .osm, .graphml, lines",
    )  # fmt: skip
    parser.add_argument(
        "--place", metavar="NAME",
        help='the streets of a place by name, fetched from OpenStreetMap (online): "Luton, England"',
    )  # fmt: skip
    parser.add_argument(
        "--profile", default="walk", help="walk (default), wheels, night, cycle or cycle_calm"
    )
    parser.add_argument(
        "--speed", type=float, metavar="KMH",
        help="level speed; without it the profile's own: 4.8 on foot (4.0 is Natural England's)",
    )  # fmt: skip
    parser.add_argument(
        "--trip", choices=("out", "in", "return"), default=None,
        help="one way out, one way in, or there and back within the limit",
    )  # fmt: skip
    parser.add_argument("--elevation", type=Path, metavar="FILE", help="heights, to read streets with slopes")
    parser.add_argument("--extent", type=Path, metavar="FILE", help="area in which the streets are complete")
    parser.add_argument(
        "--skip-islands-below", type=float, default=0.0, metavar="METRES",
        help="do not start on disconnected pieces with less street than this",
    )  # fmt: skip
    parser.add_argument("--save-network", type=Path, metavar="FOLDER", help="keep what was read as a folder")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")


def open_network(args: argparse.Namespace) -> Network:
    """Open or read the network that the call names.

    Raises
    ------
    StreetInputError
        Neither a pack nor ``--network`` nor ``--place`` was given, or two of the latter; the pack holds no
        such network; or streets that are measured already were to be read with heights, an extent or a copy.
    """
    from geo.network import load_network

    if args.place is not None:
        return _fetch(args)
    if args.network is None and args.pack is None:
        raise StreetInputError(
            "no streets were given; name a pack, --network with a file of streets, or --place with a name"
        )
    named = Path(args.network) if args.network is not None else None
    if args.pack is not None and (named is None or not named.exists()):
        from fairplace.pack import open_pack

        pack = open_pack(args.pack)
        held = pack.held("networks")
        name = args.network or ("walk" if "walk" in held else (held or ["walk"])[0])
        if name not in held:
            raise StreetInputError(
                f"{args.pack} holds no network named {name}, only {', '.join(held) or 'none'}; name one of "
                f"these, or give --network a file of streets"
            )
        _refuse_reading(args, f"the network {name} of {args.pack}")
        return load_network(pack.path / "networks" / name)
    if named is not None and named.is_dir():
        _refuse_reading(args, f"{named}")
        return load_network(named)
    from geo.network_sources import read_streets

    network = read_streets(Path(args.network), elevation=args.elevation, extent=read_extent(args.extent))
    if args.save_network is not None:
        network.save(args.save_network)
    return network


def _fetch(args: argparse.Namespace) -> Network:
    from geo.network_sources import fetch_streets

    if args.network is not None:
        raise StreetInputError("--place and --network were both given; give one")
    if args.extent is not None:
        raise StreetInputError(
            "--extent is for a file of streets; those of --place are fetched to 2 km beyond its boundary"
        )
    network = fetch_streets(args.place, elevation=args.elevation)
    if args.save_network is not None:
        network.save(args.save_network)
    return network


def _refuse_reading(args: argparse.Namespace, what: str) -> None:
    """Refuse what only holds where streets are read from a file, rather than leave it aside."""
    for name in ("elevation", "extent", "save_network"):
        if getattr(args, name) is not None:
            raise StreetInputError(
                f"--{name.replace('_', '-')} is for streets that are read from a file, but {what} is "
                f"measured already; leave it out, or give --network a file of streets"
            )


def read_extent(path: Path | None) -> shapely.Geometry | None:
    """Read the area in which streets are complete; None where no file was given."""
    if path is None:
        return None
    from geo.crs import to_bng
    from geo.vector import read_layer

    return to_bng(read_layer(path), where=path.name)[0].geometry.union_all()


def open_starts(args: argparse.Namespace, texts: list[str]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Find places named on the command line, in the pack where there is one; and say what names meant."""
    from fairplace.starts import find_starts

    pack = None
    if args.pack is not None:
        from fairplace.pack import open_pack

        pack = open_pack(args.pack)
    places = find_starts(texts, pack)
    notes = [f"{text}: {means}." for text, means in places["means"].items() if means not in ("", text)]
    return places[["x", "y"]], tuple(notes)


def open_points(
    args: argparse.Namespace, given: str, *, what: str
) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Read points from a file, or take those of the pack by name.

    Raises
    ------
    StreetInputError
        It is neither a file nor a set of points of the pack.
    """
    path = Path(given)
    if path.is_file() or args.pack is None:
        from geo.place_files import read_places

        points, _, notes = read_places(path)
        return points, notes
    from fairplace.pack import open_pack

    pack = open_pack(args.pack)
    held = pack.held("points")
    if given not in held:
        raise StreetInputError(
            f"{what} {given!r} is neither a file nor points of the pack ({', '.join(held) or 'it has none'})"
        )
    points = pack.places("points", given)
    for column in ("code", "id", "name"):
        if column in points and points[column].is_unique:
            points = points.set_index(points[column].astype(str).rename("place"))
            break
    return points, ()


def open_spaces(
    args: argparse.Namespace, given: str, network: Network
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame | None, tuple[str, ...]]:
    """Read greenspaces from a file, or take the pack's own; with the ways in that their publisher names.

    Returns
    -------
    tuple
        Polygons in EPSG:27700; entrances as `geo.greenspace.find_entrances` takes them, or None where none
        are published; what was left out.

    Raises
    ------
    StreetInputError
        It is neither a file nor polygons of the pack.
    """
    path = Path(given)
    if path.is_file() or args.pack is None:
        from geo.crs import to_bng
        from geo.vector import read_layer
        from layers.greenspace import is_greenspace, read_greenspace

        if path.is_file() and is_greenspace(path):
            (west, south), (east, north) = network.xy.min(axis=0), network.xy.max(axis=0)
            box = (float(west), float(south), float(east), float(north))
            found = read_greenspace(path, box=box)
            return found.sites, found.entrances, found.notes
        return _polygons(to_bng(read_layer(path), where=path.name)[0]), None, ()
    from fairplace.pack import open_pack
    from fairplace.walking import ENTRANCES

    pack = open_pack(args.pack)
    held = pack.held("lines")
    if given not in held:
        raise StreetInputError(
            f"--greenspace {given!r} is neither a file nor a layer of the pack, which has "
            f"{', '.join(held) or 'none'}"
        )
    spaces = _polygons(pack.places("lines", given))
    if "space" not in spaces or ENTRANCES not in pack.held("points"):
        return spaces, None, ()
    return spaces.set_index("space"), pack.places("points", ENTRANCES), ()


def _polygons(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame[frame.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]


def open_people(args: argparse.Namespace, network: Network) -> tuple[Ground, tuple[str, ...]]:
    """Put the people to be counted on the streets: those of a file or of the pack by name, or the pack's own.

    Raises
    ------
    StreetInputError
        Points are given without what to add up.
    """
    from dataclasses import replace

    from fairplace.demand import PEOPLE
    from fairplace.disclosure_policy import largest_hidden
    from fairplace.reaching import Ground, add_people
    from geo.access import read_weights

    empty = Ground(network)
    if args.pack is not None:
        from fairplace.pack import open_pack

        pack = open_pack(args.pack)
        # A council that hides more hides it of its own points too.
        empty = replace(empty, hide_up_to=largest_hidden(pack.manifest["settings"]))
        if not args.people:
            return (add_people(empty, pack), ()) if PEOPLE in pack.held("points") else (empty, ())
    elif not args.people:
        return empty, ()
    points, notes = open_points(args, args.people, what="--people")
    names = split_names(args.weights)
    if not names:
        raise StreetInputError("--people needs --weights: what to add up, such as people,children")
    values, more = read_weights(points, names)
    kept = points.drop(columns="geometry").drop(columns=list(values))
    people = kept.join(values).assign(x=points.geometry.x, y=points.geometry.y)
    return replace(empty, people=people, measures=tuple(names)), (*notes, *more)


def open_demand(args: argparse.Namespace, network: Network) -> tuple[Ground, tuple[str, ...]]:
    """Put the people whom services are for on the streets, with what is to be added up of them.

    Raises
    ------
    StreetInputError
        Nobody is given; points of a file without what to add up; a measure that the people lack.
    """
    from dataclasses import replace

    from fairplace.demand import PEOPLE

    own = args.pack is not None and args.people == PEOPLE and not Path(args.people).is_file()
    if args.people and not own:
        return open_people(args, network)
    ground, notes = open_people(argparse.Namespace(pack=args.pack, people=None), network)
    if not ground.measures:
        raise StreetInputError(
            "nobody to serve was given; name points where people live as --people, with --weights, or a pack "
            "that holds them"
        )
    wanted = split_names(args.weights) or list(ground.measures)
    for name in wanted:
        if name not in ground.measures:
            raise StreetInputError(
                f"--weights {name!r} is not held for the people of the pack; it has "
                f"{', '.join(ground.measures)}"
            )
    return replace(ground, measures=tuple(wanted)), notes


def split_names(text: str | None) -> list[str]:
    """Names from a list with commas; none for nothing."""
    return [] if not text else [one.strip() for one in text.split(",") if one.strip()]


def write_layer(path: Path, frame: gpd.GeoDataFrame) -> None:
    """Write a layer or, as CSV, its table, whole or not at all; GeoJSON is in longitude and latitude.

    Raises
    ------
    StreetInputError
        The suffix is none of `FORMS`.
    """
    import pandas as pd

    from fairplace.files import write_whole
    from fairplace.spreadsheets import safe_frame
    from geo.crs import to_lonlat

    suffix = check_form(path)
    with write_whole(path) as draft:
        if suffix == ".csv":
            safe_frame(pd.DataFrame(frame.drop(columns="geometry"))).to_csv(
                draft, index=False, lineterminator="\n"
            )
        elif suffix == ".parquet":
            frame.to_parquet(draft, index=False)
        elif suffix == ".geojson":
            draft.write_text(to_lonlat(frame)[0].to_json(drop_id=True), encoding="utf-8")
        else:
            draft.unlink()
            frame.to_file(draft, driver=FORMS[suffix], layer="reach")


def check_form(path: Path) -> str:
    """Suffix of an output, refused if it is none of `FORMS`."""
    suffix = path.suffix.lower()
    if suffix not in FORMS:
        raise StreetInputError(f"{path.name}: cannot write {suffix or 'no suffix'}; give {', '.join(FORMS)}")
    return suffix


def print_table(frame: pd.DataFrame) -> None:
    """Print a table for a reader: shares to three places, others to one, from a hundred on to none."""
    shown = frame.copy()
    for column in shown.select_dtypes("float"):
        places = 3 if "share" in str(column) or column == "access" else 1
        shown[column] = [_number(value, places) for value in shown[column]]
    print(shown.to_string(index=False))  # noqa: T201


def show_counts(people: pd.DataFrame) -> pd.DataFrame:
    """Write counts as people read them: whole, with the range of what is modelled, and hidden ones marked."""
    from fairplace.numbers import SIGNS, rounded, show_number

    def count(value: float, status: str) -> str:
        return SIGNS[status][0] if status != "ok" else rounded(value, 0)

    ranges = [
        f"{rounded(low, 0)} to {rounded(high, 0)}" if low == low else ""
        for low, high in zip(people["low"], people["high"], strict=True)
    ]
    return people.assign(
        within=[count(*pair) for pair in zip(people["within"], people["status"], strict=True)],
        range=ranges,
        total=[rounded(value, 0) for value in people["total"]],
        share=[
            show_number(value, "share", modelled=ours) if value == value else ""
            for value, ours in zip(people["share"], people["modelled"], strict=True)
        ],
    )[[people.columns[0], "words", "limit", "within", "range", "total", "share"]]


def _number(value: float, places: int) -> str:
    if value != value:
        return ""
    return f"{value:.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.{places}f}"


def print_json(answer: Mapping[str, Any]) -> None:
    """Print an answer as JSON: no NaN, keys in the order given."""
    print(json.dumps(_plain(answer), indent=1, ensure_ascii=False, allow_nan=False))  # noqa: T201


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as mappings of plain values; missing and infinite numbers become None."""
    return [dict(_plain(row)) for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return None
    return value
