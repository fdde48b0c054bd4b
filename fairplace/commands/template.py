"""`fairplace template`: a blank workbook for one kind of file that only a council has."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "write a blank workbook for a council's own data, or list the kinds there are"
EXAMPLE = "fairplace template referrals --out referrals.xlsx"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("kind", nargs="?", help="kind of file, such as services; all are listed if left out")
    parser.add_argument("--out", type=Path, help="workbook to write (KIND.xlsx)")


def run(args: argparse.Namespace) -> int:
    """Write the workbook, or list the kinds."""
    from layers.council.schema import find_schema, load_schemas

    if args.kind is None:
        for schema in load_schemas().values():
            kept = " (restricted: kept outside every pack)" if schema.restricted else ""
            print(f"{schema.kind}: {schema.title}{kept}. {schema.about}")
        return 0
    schema = find_schema(args.kind)
    from fairplace.checking.template import write_template

    out = args.out or Path(f"{schema.kind}.xlsx")
    write_template(schema, out)
    print(f"{out}: one row is {schema.row}; must be filled: {', '.join(schema.required)}")
    print(f"when it comes back: fairplace check {out} --kind {schema.kind}")
    return 0
