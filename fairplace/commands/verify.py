"""`fairplace verify`: whether a pack still holds the bytes it was built with."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

SUMMARY = "say whether a pack still holds the bytes it was built with"
EXAMPLE = "fairplace verify out/halverton"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("pack", type=Path, help="a folder made by `fairplace build`")


def run(args: argparse.Namespace) -> int:
    """Name every changed file; exit code 1 where there is one."""
    from fairplace.pack import open_pack

    pack = open_pack(args.pack)
    changed = pack.changed_files()
    for name in changed:
        print(f"changed since it was built: {name}", file=sys.stderr)
    if not changed:
        print(f"{args.pack}: all {len(pack.manifest['files'])} files are as built (edition {pack.id})")
    return 1 if changed else 0
