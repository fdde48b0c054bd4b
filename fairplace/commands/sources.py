"""`fairplace sources`: what a pack was made from: editions, ages, licences, and what is missing."""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path

SUMMARY = "list what a pack was made from: editions, ages, licences, attribution, what is missing"
EXAMPLE = "fairplace sources out/halverton --as-of 2026-11-22"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("pack", type=Path, help="a folder made by `fairplace build`")
    parser.add_argument(
        "--as-of",
        type=date.fromisoformat,
        metavar="DAY",
        help="say how old they are, and what is newer, on that day (the pack's own if left out)",
    )
    parser.add_argument("--stale-after", type=float, metavar="YEARS", help="what is older is called stale")
    parser.add_argument("--json", action="store_true", help="print JSON for a program")


def run(args: argparse.Namespace) -> int:
    """Print the papers; exit code 1 where something is missing."""
    from fairplace.ages import is_stale, source_ages
    from fairplace.corrections import superseded
    from fairplace.disclosure import release, stale_rule
    from fairplace.editions import reference
    from fairplace.pack import open_pack

    pack = open_pack(args.pack)
    released = release(pack, show_stale=True)
    missing = [_with_costs(one) for one in pack.manifest["settings"].get("missing", [])]
    own, limit = stale_rule(pack)
    limit = limit if args.stale_after is None else args.stale_after
    day = args.as_of or own
    ages = source_ages(pack.sources, on=day or date.min, stale_after=limit)
    mark = superseded(args.pack)
    if args.json:
        records = [
            {
                **one.source.record(),
                "until": one.until.isoformat() if one.until else "",
                "next_edition": one.next_edition,
                "newer_edition": one.newer,
                **({"years": one.years, "stale": one.stale} if day else {}),
            }
            for one in ages.values()
        ]
        content = {
            "reference": reference(released),
            "as_of": day.isoformat() if day else "",
            "superseded": vars(mark) if mark else None,
            "sources": records,
            "missing": missing,
        }
        print(json.dumps(content, ensure_ascii=False, indent=1))
        return 1 if missing else 0
    print(reference(released))
    if mark:
        print(f"superseded on {mark.date} by edition {mark.by}: {mark.reason}")
    for key, age in ages.items():
        one = age.source
        print(f"{one.title} ({key})")
        print(f"  {one.publisher}; edition {one.edition}; describes {one.period}; {one.licence}")
        if day and age.years is not None:
            print(f"  {age.years:.1f} years old on {day}{': stale' if age.stale else ''}")
        if age.newer:
            print(f"  newer edition {age.newer}")
        if age.next_edition:
            print(f"  next edition: {age.next_edition}")
        if one.file:
            print(f"  {one.file}, sha256 {one.sha256[:12]}")
        if one.note:
            print(f"  note: {one.note}")
    if day:
        count = int(is_stale(released.figures, on=day, stale_after=limit).sum())
        print(
            f"{count:,} of {len(released.figures):,} figures are stale: "
            f"they describe more than {limit:g} years ago"
        )
    newer = [age.source.title for age in ages.values() if age.newer]
    if newer:
        print(f"{len(newer)} of {len(ages)} sources have a newer edition: {'; '.join(newer)}")
    for text in sorted({one.attribution for one in pack.sources.values() if one.attribution}):
        print(f"attribution: {text}")
    for text in pack.manifest["notes"]:
        print(f"note: {text}")
    for text in release(pack).stale_notes:
        print(f"note: {text}")
    for text in missing:
        print(f"missing: {text}")
    return 1 if missing else 0


def _with_costs(title: str) -> str:
    """Name of what is missing, and what a build lacks without it."""
    from fairplace.fetch.register import load_register

    costs = {one.title: one.costs for one in load_register().values()}
    found = next((said for name, said in costs.items() if title == name or title.startswith(f"{name} (")), "")
    return f"{title}: without it there is no {found}" if found else title
