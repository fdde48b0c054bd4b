"""`fairplace fetch`: get every source that a build needs, from the publishers or from a mirror."""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path

SUMMARY = "get the published files that a build needs, from their publishers or from a mirror"
EXAMPLE = "fairplace fetch E06999001 --mirror out/halverton-data --to out/fetched"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("authorities", nargs="+", metavar="AUTHORITY", help="code of a district")
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="folder to fill")
    parser.add_argument("--mirror", type=Path, metavar="DIR", help="copy from this folder; no network")
    parser.add_argument("--only", nargs="+", default=[], metavar="ID", help="these sources only")
    parser.add_argument(
        "--on", type=date.fromisoformat, metavar="DAY", help="newest files up to this day (today if left out)"
    )
    parser.add_argument("--refresh", action="store_true", help="ask again for what is there already")
    parser.add_argument("--dry-run", action="store_true", help="say what would be asked, and ask nothing")
    parser.add_argument("--json", action="store_true", help="print JSON for a program")


def run(args: argparse.Namespace) -> int:
    """Fetch; exit code 1 where something could not be had."""
    from fairplace.fetch import fetch

    if args.dry_run:
        return _dry_run(args)
    outcome = fetch(
        args.authorities,
        to=args.to,
        mirror=args.mirror,
        only=args.only,
        on=args.on,
        refresh=args.refresh,
    )
    if args.json:
        record = {
            "got": [one.file for one in outcome.got],
            "kept": [one.file for one in outcome.kept],
            "short": [vars(one) for one in outcome.short],
        }
        print(json.dumps(record, ensure_ascii=False, indent=1))
        return 1 if outcome.short else 0
    for one in outcome.got:
        print(f"got {one.file} ({one.size:,} bytes, sha256 {one.sha256[:12]})")
    print(f"{len(outcome.got)} files came, {len(outcome.kept)} were there already; see fetched.json")
    for lack in outcome.short:
        whom = f" for {lack.authority}" if lack.authority else ""
        costs = f"; a build lacks {lack.costs}" if lack.costs else ""
        print(f"missing: {lack.id}{whom}: {lack.reason}{costs}")
    return 1 if outcome.short else 0


def _dry_run(args: argparse.Namespace) -> int:
    from fairplace.fetch import plan, read_ledger

    held = read_ledger(args.to)
    if args.mirror is not None:
        from layers.holdings import scan

        holdings = scan(args.mirror)
        for authority in args.authorities:
            print(f"{authority} {holdings.check_authority(authority)}")
            for one in holdings.inventory(authority):
                if one.path is not None:
                    print(f"  {one.dataset.id}: {one.path.name} ({one.coverage:.0%} of the areas)")
        return 0
    for errand in plan(args.authorities, args.only):
        recipe = errand.recipe
        marks = [
            "held" if errand.file in held else "",
            "unconfirmed address" if recipe.unconfirmed else "",
            f"needs your key in {recipe.key}" if recipe.key else "",
        ]
        said = "; ".join(one for one in marks if one)
        print(f"{errand.file} ({recipe.id}, {recipe.terms}){': ' + said if said else ''}")
        print(f"  from {recipe.url}")
        print(f"  address read in: {recipe.read_at}")
    return 0
