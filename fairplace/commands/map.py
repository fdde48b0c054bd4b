"""`fairplace map`: the interactive map of a pack, one HTML file that opens with the network cut."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "write the interactive map of a pack (one HTML file that needs no network)"
EXAMPLE = "fairplace map out/halverton --out out/map.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("pack", type=Path, help="a folder made by `fairplace build`")
    parser.add_argument(
        "--layer", nargs="+", default=[], metavar="ID", help="layers, in order; all if left out"
    )
    parser.add_argument("--geography", default="lsoa21", help="areas that are coloured (lsoa21)")
    parser.add_argument("--out", required=True, type=Path, help="HTML file to write")
    parser.add_argument("--edition", choices=["public", "officer"], default="public", help="for whose eyes")
    parser.add_argument(
        "--basemap", choices=["drawn", "online", "none"], default="drawn",
        help="our own drawn background, or a switch for one from the internet as well",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Write the map; exit code 0."""
    from fairplace.disclosure import release
    from fairplace.files import write_whole
    from fairplace.map_page import compose_map
    from fairplace.pack import open_pack

    page = compose_map(
        release(open_pack(args.pack), args.edition),
        layers=args.layer,
        geography=args.geography,
        basemap=None if args.basemap == "none" else args.basemap,
    )
    with write_whole(args.out) as draft:
        draft.write_text(page, encoding="utf-8")
    print(f"{args.out}: {len(page) / 1e6:.1f} MB, opens without a network")
    return 0
