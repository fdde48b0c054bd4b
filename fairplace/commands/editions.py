"""`fairplace editions`: two packs of one authority side by side."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "set two editions of a pack side by side: data, method, geography, and what may be compared"
EXAMPLE = "fairplace editions out/halverton out/halverton-2 --out out/editions.csv"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("old", type=Path, help="the earlier pack")
    parser.add_argument("new", type=Path, help="the later pack")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write every figure of both (CSV)")


def run(args: argparse.Namespace) -> int:
    """Print what differs."""
    from fairplace.disclosure import release
    from fairplace.editions import compare_packs, reference
    from fairplace.files import write_whole
    from fairplace.pack import open_pack

    old, new = (release(open_pack(path), show_stale=True) for path in (args.old, args.new))
    found = compare_packs(old, new)
    print(f"old: {reference(old)}")
    print(f"new: {reference(new)}")
    for name, said in (("data", found.data), ("method", found.method), ("geography", found.geography)):
        for one in said or ("nothing has changed",):
            print(f"{name}: {one}")
    differ = int((found.figures["change"].fillna(0) != 0).sum())
    print(
        f"figures: {len(found.figures):,} in both, {differ:,} differ, {found.fenced:,} may not be compared:"
    )
    for reason, count in found.figures.loc[found.figures["fence"] != "", "fence"].value_counts().items():
        print(f"  {count:,}: {reason}")
    if args.out:
        with write_whole(args.out) as draft:
            found.figures.to_csv(draft, index=False, lineterminator="\n", encoding="utf-8")
        print(f"written to {args.out}")
    return 0
