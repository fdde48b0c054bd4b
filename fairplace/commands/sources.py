"""`fairplace sources`: what a pack was made from: editions, licences, attribution, what is missing."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

SUMMARY = "list what a pack was made from: editions, licences, attribution, what is missing"
EXAMPLE = "fairplace sources out/halverton"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("pack", type=Path, help="a folder made by `fairplace build`")
    parser.add_argument("--json", action="store_true", help="print JSON for a program")


def run(args: argparse.Namespace) -> int:
    """Print the papers; exit code 1 where something is missing."""
    from fairplace.pack import open_pack

    pack = open_pack(args.pack)
    missing = list(pack.manifest["settings"].get("missing", []))
    if args.json:
        records = [one.record() for _, one in sorted(pack.sources.items())]
        print(json.dumps({"sources": records, "missing": missing}, ensure_ascii=False, indent=1))
        return 1 if missing else 0
    for key, one in sorted(pack.sources.items()):
        print(f"{one.title} ({key})")
        print(f"  {one.publisher}; edition {one.edition}; describes {one.period}; {one.licence}")
        if one.file:
            print(f"  {one.file}, sha256 {one.sha256[:12]}")
        if one.note:
            print(f"  note: {one.note}")
    for text in sorted({one.attribution for one in pack.sources.values() if one.attribution}):
        print(f"attribution: {text}")
    for text in missing:
        print(f"missing: {text}")
    return 1 if missing else 0
