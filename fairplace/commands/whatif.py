"""``fairplace whatif``: more or less to live on for some households, and what it would come to."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "ask what more income for named households would change, and cost (officer edition)"
EXAMPLE = (
    'fairplace whatif out/halverton --edition officer --add "20 per child to private renters with children, '
    'uptake 0.7"'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add = parser.add_argument
    add("pack", type=Path, help="a folder made by `fairplace build`")
    add(
        "--add", action="append", default=[], metavar="CHANGE",
        help='pounds a week to whom, with its uptake: "20 to private renters with children, uptake 0.7"; '
        '"20 per child to ..." for each child; may be given several times',
    )  # fmt: skip
    add(
        "--rent", action="append", default=[], metavar="CHANGE",
        help='a rise of rent, as so much less income: "15 to private renters"; may be given several times',
    )  # fmt: skip
    add("--changes", type=Path, metavar="TOML", help="a file with a [[change]] for each, with add or rent")
    add("--edition", choices=["public", "officer"], default="public", help="for whose eyes")
    add("--json", action="store_true", help="print the result as JSON")
    add("--out", type=Path, help="file to write; its suffix says the form: .csv, .json or .txt")


def run(args: argparse.Namespace) -> int:
    """Ask and answer; exit code 0."""
    import json

    from fairplace.disclosure import release
    from fairplace.files import write_whole
    from fairplace.pack import open_pack
    from fairplace.spreadsheets import safe_frame
    from fairplace.whatif import describe, what_if
    from mis.change_words import parse_change, read_changes
    from mis.changes import WhatIfError

    if args.out is not None and args.out.suffix not in (".csv", ".json", ".txt"):
        raise WhatIfError(f"{args.out.name} is of no form known here; end it in .csv, .json or .txt")
    changes = [parse_change(one) for one in args.add]
    changes += [parse_change(one, rent=True) for one in args.rent]
    if args.changes is not None:
        changes += read_changes(args.changes)
    result = what_if(release(open_pack(args.pack), args.edition), changes)
    content = json.dumps(result.record(), indent=1, ensure_ascii=False)
    if args.out is not None:
        with write_whole(args.out) as draft:
            if args.out.suffix == ".csv":
                safe_frame(result.table()).to_csv(draft, index=False, lineterminator="\n", encoding="utf-8")
            else:
                text = content if args.out.suffix == ".json" else describe(result)
                draft.write_text(text + "\n", encoding="utf-8", newline="\n")
        print(args.out)
    if args.json:
        print(content)
    elif args.out is None:
        print(describe(result))
    return 0
