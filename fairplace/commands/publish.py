"""`fairplace publish`: a pack into PostgreSQL with PostGIS, whole or not at all."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "put a pack into a PostGIS database: tables for QGIS, and the pack for `fairplace serve`"
EXAMPLE = "fairplace publish out/halverton --to postgresql://gis@localhost/council"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("pack", nargs="?", type=Path, help="a folder made by `fairplace build`")
    parser.add_argument(
        "--to", required=True, metavar="ADDRESS",
        help="postgresql://user@host/database; a password comes from PGPASSWORD or a password file",
    )  # fmt: skip
    parser.add_argument("--key", default="", help="name in addresses; the folder's name if left out")
    parser.add_argument("--grant", default="", metavar="ROLE", help="role that may read the public tables")
    parser.add_argument(
        "--list", action="store_true", help="name the editions in the database, write nothing"
    )
    parser.add_argument("--remove", default="", metavar="ID", help="take an edition out of the database")


def run(args: argparse.Namespace) -> int:
    """Publish, list or remove; exit code 0."""
    from fairplace.address import is_database, load_database
    from fairplace.pack import open_pack

    database = load_database()
    if not is_database(args.to):
        raise database.StoreError(
            f'"{args.to[:60]}" is no address of a database; it begins with postgresql://'
        )
    if args.list:
        for one in database.stored_packs(args.to):
            state = "current" if one.current else "kept"
            print(f"{one.key}  {one.id}  {one.name} ({one.authority})  {state}")
        return 0
    if args.remove:
        gone = database.remove(args.to, args.remove)
        print(f"{gone.name}, edition {gone.id}, is out of the database")
        return 0
    if args.pack is None:
        raise database.StoreError("no pack is given; name a folder made by `fairplace build`")
    pack = open_pack(args.pack)
    key = args.key or database.key_of(args.pack)
    stored = database.publish(pack, args.to, key=key, grant=args.grant)
    print(f"{stored.name}, edition {stored.id}: tables in schema fairplace_{stored.key}; serve it with")
    print("  fairplace serve ADDRESS")
    return 0
