"""`fairplace review`: every site of a Local Plan against every layer, as an evidence bundle."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "lay the sites of a Local Plan over constraints, access, people and policies: an evidence bundle"
EXAMPLE = (
    "fairplace review out/halverton --sites out/halverton-data/local/plan_sites.geojson --with "
    "out/halverton-data/local/constraints --policy out/halverton-data/local/policy.geojson --out out/review"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("pack", type=Path, help="a folder made by `fairplace build`")
    parser.add_argument(
        "--sites", required=True, type=Path, help="the sites, chosen, rejected and omission alike"
    )
    parser.add_argument(
        "--with",
        dest="layers",
        nargs="+",
        required=True,
        type=Path,
        metavar="FILE|DIR",
        help="constraint layers",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="the bundle to write")
    parser.add_argument(
        "--coverage", type=Path, metavar="CSV",
        help="dataset,completeness,edition,publisher,licence (default: coverage.csv beside the layers)",
    )  # fmt: skip
    parser.add_argument(
        "--before", type=Path, metavar="FILE", help="sites of an earlier version, to compare with"
    )
    parser.add_argument("--policy", type=Path, metavar="FILE", help="policy areas, whose reach is counted")
    parser.add_argument(
        "--buffer", type=float, metavar="METRES", help="also each policy area with so much round it"
    )
    parser.add_argument("--centres", type=Path, metavar="FILE", help="town, district and local centres")
    parser.add_argument("--takeaways", type=Path, metavar="FILE", help="outlets (default: the pack's)")
    parser.add_argument(
        "--services", type=Path, metavar="FILE", help="the council's services (default: the pack's)"
    )
    parser.add_argument(
        "--spaces", type=Path, metavar="FILE", help="green spaces (default: local-green-space)"
    )
    parser.add_argument("--settings", type=Path, metavar="TOML", help="plan regime, stage, limits, services")
    parser.add_argument("--headings", type=Path, metavar="TOML", help="headings of the checklist")
    parser.add_argument("--crs", help="of files that do not say, such as EPSG:27700")
    parser.add_argument(
        "--at-least",
        action="append",
        default=[],
        metavar="DATASET=VALUE",
        help="for rasters: what is a constraint",
    )
    parser.add_argument("--edition", choices=["public", "officer"], default="public", help="for whose eyes")


def run(args: argparse.Namespace) -> int:
    """Write the bundle; 1 where a layer or the streets are not held, because the answer is then in part."""
    from fairplace.review.bundle import write_bundle
    from fairplace.review.call import make_review

    review = make_review(args)
    write_bundle(args.out, review)
    lacking = [one.title for one in review.layers if not one.complete]
    print(f"{args.out}: {len(review.sites)} sites, {len(review.layers)} layers, {len(review.tables)} tables")
    if lacking:
        print(f"not complete for this authority: {', '.join(lacking)}")
    return 1 if "access" not in review.tables or any(not one.held for one in review.layers) else 0
