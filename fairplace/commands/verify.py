"""`fairplace verify`: whether a pack or the bundle of a review still holds the bytes it was made with."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

SUMMARY = "say whether a pack or the bundle of a review still holds the bytes it was made with"
EXAMPLE = "fairplace verify out/halverton"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("folder", type=Path, metavar="BUNDLE_OR_PACK", help="made by `build` or `review`")
    parser.add_argument("--inputs", type=Path, metavar="DIR", help="of a bundle: also hold its inputs to it")


def run(args: argparse.Namespace) -> int:
    """Name every changed file; exit code 1 where there is one."""
    if _is_bundle(args.folder):
        from fairplace.review.bundle import changed_in_bundle

        said, looked = changed_in_bundle(args.folder, inputs=args.inputs)
        for line in said:
            print(line, file=sys.stderr)
        if not said:
            print(f"{args.folder}: all {looked} files are as made")
        return 1 if said else 0
    from fairplace.pack import open_pack

    pack = open_pack(args.folder)
    changed = pack.changed_files()
    for name in changed:
        print(f"changed since it was built: {name}", file=sys.stderr)
    if not changed:
        print(f"{args.folder}: all {len(pack.manifest['files'])} files are as built (edition {pack.id})")
    return 1 if changed else 0


def _is_bundle(folder: Path) -> bool:
    import json

    try:
        content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("kind") == "review"
