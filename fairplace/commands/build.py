"""`fairplace build`: read an authority's files and write its pack."""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from datetime import date
from pathlib import Path

SUMMARY = "build the pack of an authority from a folder of published files"
EXAMPLE = "fairplace build E06000032 --data data --out out/luton"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("authority", help="GSS code of the district, such as E06000032")
    parser.add_argument("--data", required=True, type=Path, help="folder of published files")
    parser.add_argument("--out", required=True, type=Path, help="folder to write the pack to")
    parser.add_argument(
        "--restricted", type=Path, help="folder of restricted tables, kept outside the pack and named by hash"
    )
    parser.add_argument(
        "--uploads", type=Path, help="tables sent through the service and accepted: its uploads/AUTHORITY"
    )
    parser.add_argument("--draws", type=int, default=1000, help="draws of the model (1000; at least 200)")
    parser.add_argument(
        "--stale-after", type=float, metavar="YEARS", help="figures older than this are not shown (6)"
    )
    parser.add_argument(
        "--as-of",
        type=date.fromisoformat,
        metavar="DAY",
        help="the day they are old on (the newest source's)",
    )
    parser.add_argument(
        "--hide-up-to", type=int, metavar="N", help="hide the council's own counts of 1 to N (4; up to 7)"
    )
    parser.add_argument(
        "--budgets", type=Path, metavar="TOML", help="lines of your own, laid out like mis/budgets/2025.toml"
    )
    parser.add_argument("--seed", type=int, default=2040, help="seed of the draws (2040)")


def run(args: argparse.Namespace) -> int:
    """Build the pack; exit code 1 where something was missing."""
    from fairplace.ages import STALE_AFTER
    from fairplace.disclosure import HIDE_UP_TO, release
    from fairplace.pipeline import BuildSettings, build
    from fairplace.uploaded import lay_over

    settings = BuildSettings(
        draws=args.draws,
        seed=args.seed,
        as_of=args.as_of,
        stale_after_years=STALE_AFTER if args.stale_after is None else args.stale_after,
        budgets=args.budgets,
        hide_up_to=HIDE_UP_TO if args.hide_up_to is None else args.hide_up_to,
    )
    with contextlib.ExitStack() as stack:
        local = None
        if args.uploads:
            local = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fairplace-local-")))
            sent = lay_over(args.data / "local", args.uploads, local)
            print(f"{args.uploads}: {', '.join(sent) or 'nothing accepted'}, in place of the folder's own")
        pack = build(
            args.authority,
            data=args.data,
            out=args.out,
            settings=settings,
            restricted=args.restricted,
            local=local,
        )
    counts = ", ".join(f"{len(pack.areas(key))} {key}" for key in pack.geographies)
    print(f"{args.out}: {pack.name} ({pack.authority}), {counts}; {len(pack.figures):,} figures")
    print(f"edition {pack.id}")
    for text in release(pack).stale_notes:
        print(f"note: {text}")
    missing = list(pack.manifest["settings"]["missing"])
    for text in missing:
        print(f"missing: {text}")
    return 0
