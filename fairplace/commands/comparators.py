"""`fairplace comparators`: sum England, its regions and districts alike into one small file."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "sum England, its regions and districts alike into one small file that builds use"
EXAMPLE = "fairplace comparators --data data --to data/comparators.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--data", required=True, type=Path, help="folder with the England-wide files")
    parser.add_argument(
        "--to", required=True, type=Path, metavar="FILE", help="file to write; put it into any data folder"
    )


def run(args: argparse.Namespace) -> int:
    """Write the file; exit code 1 where a figure could not be summed for want of a file."""
    from fairplace.comparator_files import write_comparators
    from fairplace.comparators import derive_comparators
    from layers.holdings import scan

    found = derive_comparators(scan(args.data))
    write_comparators(found, args.to)
    size = args.to.stat().st_size / 1024
    print(
        f"{args.to}: {len(found.areas)} areas of {len(found.districts)} districts, "
        f"{found.figures['indicator'].nunique()} indicators, {len(found.figures):,} figures, {size:,.0f} KB"
    )
    for text in found.missing:
        print(f"missing: {text}")
    return 1 if found.missing else 0
