"""``fairplace equality``: who is inside an area, an option or a policy, by protected characteristic."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "count who is inside, outside, gaining and losing, by protected characteristic"
EXAMPLE = "fairplace equality out/halverton --area E05999001 --before E05999002 --out out/equality"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add = parser.add_argument
    add("pack", type=Path, help="a folder made by `fairplace build`")
    add(
        "--area", "--areas", nargs="+", action="extend", default=[], metavar="AREA",
        help="codes, names, postcodes, drawings or walk:15min:POSTCODE; several are taken together",
    )  # fmt: skip
    add(
        "--before", nargs="+", action="extend", default=[], metavar="AREA",
        help="what it is compared with, for who gains and who loses",
    )  # fmt: skip
    add("--allocation", type=Path, metavar="CSV", help="allocation.csv of a hub plan, instead of areas")
    add("--option", help="option of the plan to look at")
    add("--against", help="option that it is compared with, such as the one of no change")
    add("--figure", default="residents", help="what is counted (residents; the model cannot say by group)")
    add("--by", default="ethnicity", help="characteristic a figure is asked for (default: ethnicity)")
    add("--name", help="for the page")
    add("--edition", choices=["public", "officer"], default="public", help="for whose eyes")
    add("--json", action="store_true", help="print the table as JSON")
    add("--out", type=Path, help="folder for the page and its tables")


def run(args: argparse.Namespace) -> int:
    """Count and write; exit code 0. Characteristics without small-area data are named, not left out."""
    import json

    from fairplace.disclosure import release
    from fairplace.equality import EqualityError, assess_equality, read_option, refuse_mis_by_group
    from fairplace.equality_areas import find_shares
    from fairplace.equality_note import equality_page
    from fairplace.pack import open_pack
    from fairplace.tables_page import write_tables

    refuse_mis_by_group(args.figure, args.by)
    if args.figure != "residents":
        raise EqualityError(f"{args.figure} is not held by group; residents are")
    if bool(args.area) == bool(args.allocation):
        raise EqualityError("give either --area, or --allocation with --option")
    if args.allocation and not args.option:
        raise EqualityError("an allocation holds several options; say which with --option")
    pack = open_pack(args.pack)
    released = release(pack, args.edition)
    before, approximate = None, False
    if args.allocation:
        inside = read_option(args.allocation, args.option)
        before = read_option(args.allocation, args.against) if args.against else None
        name = args.name or args.option
    else:
        inside, name, approximate = find_shares(pack, args.area, edition=args.edition)
        name = args.name or name
        if args.before:
            before, _, also = find_shares(pack, args.before, edition=args.edition)
            approximate = approximate or also
    found = assess_equality(released, inside, name=name, before=before, approximate=approximate)
    if args.out is not None:
        tables = {"equality": found.table.round(4), "absent": found.absent}
        for path in write_tables(args.out, equality_page(released, found), tables):
            print(path)
    if args.json:
        content = {
            "name": found.name,
            "notes": list(found.notes),
            "table": json.loads(found.table.to_json(orient="records")),
            "absent": json.loads(found.absent.to_json(orient="records")),
        }
        print(json.dumps(content, indent=1, ensure_ascii=False))
    elif args.out is None:
        print(found.table.round(3).to_string(index=False))
        for row in found.absent.itertuples(index=False):
            print(f"no small-area data here: {row.characteristic} ({row.elsewhere})")
        print("\n".join(found.notes))
    return 0
