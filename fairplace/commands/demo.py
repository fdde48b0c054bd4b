"""`fairplace demo`: build the sample authority and show what can be made of it."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "build the sample authority: profiles, maps and plans, with an index"
EXAMPLE = "fairplace demo --out out"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder to write to (out)")


def run(args: argparse.Namespace) -> int:
    """Run the demonstration; exit code 0."""
    from fairplace.demo import run_demo

    pages = run_demo(args.out)
    print(f"{len(pages)} pages of Halverton, a made-up town; open {args.out / 'index.html'}")
    return 0
