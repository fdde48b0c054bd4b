"""`fairplace check`: look through a council's workbook and say what to mend."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "check a council's workbook or CSV: each fault by row and column, with its mend"
EXAMPLE = "fairplace check referrals.xlsx --kind referrals --mapping referrals.toml --out report.xlsx"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("file", type=Path, help="workbook (xlsx, xls, ods) or CSV")
    parser.add_argument("--kind", default="", help="kind of file (`fairplace template` lists them)")
    parser.add_argument(
        "--mapping",
        type=Path,
        help="which header is which column: followed if there, else written for next time",
    )
    parser.add_argument(
        "--postcodes", type=Path, help="postcodes of the authority (Code-Point Open or ONSPD)"
    )
    parser.add_argument(
        "--addresses", type=Path, help="the council's own address extract, for rows without UPRN"
    )
    parser.add_argument("--out", type=Path, help="report as a workbook, with the faults marked")
    parser.add_argument("--tidy", type=Path, help="write the table as our own CSV, if nothing is to mend")
    parser.add_argument("--json", action="store_true", help="print JSON for a program")


def run(args: argparse.Namespace) -> int:
    """Check the file; exit code 1 where something is to mend."""
    from fairplace.checking.inspection import guess_kind, inspect
    from fairplace.checking.mapping import read_mapping, write_mapping
    from fairplace.checking.report import report_json, report_text, write_report
    from fairplace.workbooks import read_workbook
    from layers.council.schema import find_schema

    schema = find_schema(args.kind) if args.kind else guess_kind(read_workbook(args.file), args.file.name)
    kept = read_mapping(args.mapping, schema) if args.mapping and args.mapping.is_file() else None
    directory = extract = None
    if args.postcodes:
        from fairplace.checking.directories import read_directory

        directory = read_directory(args.postcodes)
    if args.addresses:
        from layers.council.reader import read_council_file

        extract = read_council_file(args.addresses, "addresses").frame
    found = inspect(args.file, kind=schema.kind, kept=kept, directory=directory, extract=extract)
    print(report_json(found) if args.json else report_text(found))
    if args.mapping and kept is None and found.matches:
        write_mapping(args.mapping, schema, found.matches)
        _say(args, f"{args.mapping}: the mapping of columns, kept for the next time")
    if args.out:
        write_report(found, args.out)
        _say(args, f"{args.out}: the report as a workbook")
    if args.tidy:
        _tidy(args, found)
    return 0 if found.good else 1


def _tidy(args: argparse.Namespace, found: object) -> None:
    from fairplace.checking.inspection import Inspection
    from fairplace.files import write_whole
    from fairplace.spreadsheets import safe_cell

    if not isinstance(found, Inspection) or not found.good:
        _say(args, f"{args.tidy}: not written, because there are things to mend")
        return
    frame = found.clean().map(safe_cell)
    with write_whole(args.tidy) as draft:
        frame.to_csv(draft, index=False, lineterminator="\n", encoding="utf-8")
    _say(args, f"{args.tidy}: {len(frame)} rows, ready for the folder local")


def _say(args: argparse.Namespace, text: str) -> None:
    if not args.json:
        print(text)
