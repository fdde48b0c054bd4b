"""``fairplace target``: which areas to go to first, how sure the list is, and whom it reaches."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fairplace.pack import Pack
    from geo.network import Network

SUMMARY = "list the areas of greatest need by a stated blend of figures, and how sure the list is"
EXAMPLE = (
    "fairplace target out/halverton --blend mis_children_below_share=2 --blend imd25_score=1 "
    "--size 10 --out out/target"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add = parser.add_argument
    add("pack", type=Path, help="a folder made by `fairplace build`")
    add(
        "--blend", action="append", required=True, metavar="INDICATOR[=WEIGHT]",
        help="a figure and its weight; give it several times",
    )  # fmt: skip
    add("--level", default="lsoa21", metavar="KEY", help="geography of the areas (default: lsoa21)")
    add("--size", type=int, default=20, help="areas in the list (default: 20)")
    add("--order", choices=["name", "need"], default="name", help="order of the table (officers only: need)")
    add("--edition", choices=["public", "officer"], default="public", help="for whose eyes")
    add(
        "--places",
        metavar="POINTS",
        help="points of the pack to choose next-best places from, such as schools",
    )
    add("--existing", metavar="POINTS", help="points of the pack that serve already")
    add("--count", type=int, default=5, help="next-best places to choose (default: 5)")
    add(
        "--minutes", type=float, metavar="N",
        help="minutes on foot, on the streets of the pack, within which a place serves (default: 15)",
    )  # fmt: skip
    add(
        "--limit", type=float, metavar="METRES",
        help="metres as the crow flies instead of minutes (800 where the pack has no streets)",
    )  # fmt: skip
    add("--seed", type=int, default=0, help="seed of the other weightings (default: 0)")
    add("--json", action="store_true", help="print the list as JSON")
    add("--out", type=Path, help="folder for the page and its tables")


def run(args: argparse.Namespace) -> int:
    """Make the list; 0 if it is sure of every area in it, 1 if some are too close to call."""
    import json

    from fairplace.disclosure import release
    from fairplace.pack import open_pack
    from fairplace.tables_page import write_tables
    from fairplace.target_note import target_page, target_tables
    from fairplace.targeting import TargetingError, read_blend, target_areas

    public = args.edition == "public"
    if args.order == "need" and public:
        raise TargetingError(
            "a public edition is in order of the alphabet, because an order of need is a league table of "
            "where people live; take --edition officer"
        )
    if args.minutes is not None and args.limit is not None:
        raise TargetingError("give --minutes on the streets or --limit in metres as the crow flies, not both")
    pack = open_pack(args.pack)
    released = release(pack, args.edition)
    found = target_areas(released, read_blend(args.blend), key=args.level, size=args.size, seed=args.seed)
    places = None
    if args.places:
        from fairplace.demand import PEOPLE
        from fairplace.next_places import suggest_places

        column = "children_below" if found.table["children_below"].notna().any() else "people"
        places = suggest_places(
            released.areas(args.level),
            found.table[column],
            released.places("points", args.places),
            count=args.count,
            limit=args.minutes if args.limit is None else args.limit,
            network=_streets(pack, args),
            people=released.places("points", PEOPLE) if PEOPLE in released.held("points") else None,
            existing=released.places("points", args.existing) if args.existing else None,
        )
    tables = target_tables(found, places, public=public, by_need=args.order == "need")
    if args.out is not None:
        for path in write_tables(args.out, target_page(released, found, places, tables), tables):
            print(path)
    if args.json:
        records = {name: json.loads(one.to_json(orient="records")) for name, one in tables.items()}
        print(json.dumps({"notes": list(found.notes), "total": dict(found.total), **records}, indent=1))
    elif args.out is None:
        listed = tables["areas"][tables["areas"]["place"] != "not in the list"]
        print(listed.to_string(index=False))
        print("\n".join(found.notes))
    return int((found.table["place"] == "too close to call").any())


def _streets(pack: Pack, args: argparse.Namespace) -> Network | None:
    """Open the streets of the pack, unless metres are asked for or it has none."""
    from fairplace.targeting import TargetingError

    if args.limit is not None:
        return None
    if "streets" not in pack.held("networks"):
        if args.minutes is not None:
            raise TargetingError(
                f"{pack.name} was built without streets, so there are no minutes; give --limit in metres"
            )
        return None
    from geo.network import load_network

    return load_network(pack.path / "networks" / "streets")
