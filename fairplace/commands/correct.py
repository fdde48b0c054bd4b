"""`fairplace correct`: what a correction changes, a dated notice, and the old edition marked and kept."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

SUMMARY = "list the published figures that a correction changes, and write the notice"
EXAMPLE = (
    "fairplace correct out/halverton out/halverton-2 --reason 'Fuel poverty was read from the wrong year.' "
    "--date 2026-11-22 --out out/correction"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("old", type=Path, help="the pack that was published")
    parser.add_argument("new", type=Path, help="the pack that takes its place")
    parser.add_argument("--reason", required=True, help="what was wrong, in a sentence")
    parser.add_argument(
        "--date", type=date.fromisoformat, required=True, help="day of the notice: YYYY-MM-DD"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the notice")


def run(args: argparse.Namespace) -> int:
    """Write the notice."""
    from fairplace.corrections import correct

    mark = correct(args.old, args.new, reason=args.reason, on=args.date, out=args.out)
    print(f"{mark.changed:,} published figures differ; see {args.out / 'notice.md'}")
    print(f"{args.old.name} is marked as superseded by edition {mark.by}, and kept")
    return 0
