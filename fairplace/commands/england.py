"""`fairplace england`: a figure of all England's small areas as one page that pans and zooms."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

SUMMARY = (
    "write a map of all England's LSOAs, from England-wide files: one HTML file and a table of every area"
)
EXAMPLE = "fairplace england --data data --out england.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--data", required=True, type=Path, help="folder with the England-wide files")
    parser.add_argument(
        "--out", required=True, type=Path, metavar="FILE",
        help="page to write, ending in .html; a .csv of every area's figure is written beside it",
    )  # fmt: skip
    parser.add_argument(
        "--indicator", default="imd25_decile", metavar="ID",
        help="what to show, such as fuel_poverty_share (imd25_decile); a wrong one lists all",
    )  # fmt: skip
    parser.add_argument(
        "--beside", action="store_true",
        help="write the tiles beside the page as .pmtiles, for a web server that answers byte ranges; "
        "left out, the page carries them and opens from disk",
    )  # fmt: skip
    parser.add_argument("--status", default="draft", help='"draft", "approved by NAME, DATE" or "superseded"')
    parser.add_argument("--settings", type=Path, help="a TOML file: approver")


def run(args: argparse.Namespace) -> int:
    """Write page and table; exit code 0."""
    import tempfile

    from tqdm import tqdm

    from fairplace.england import TOLERANCE, EnglandError, choose, compose_england, read_england
    from fairplace.files import write_whole
    from fairplace.profile.document import check_status
    from fairplace.settings import Settings, load_settings
    from fairplace.spreadsheets import safe_frame
    from layers.holdings import scan
    from maps.tiles import write_tiles

    if args.out.suffix.lower() != ".html":
        raise EnglandError(f'"{args.out.name}" does not end in .html; give the page that ending')
    # Before anything slow: a misspelt id is told at once.
    choose(args.indicator)
    status = check_status(args.status, load_settings(args.settings) if args.settings else Settings())
    twin, archive = (args.out.with_suffix(ending) for ending in (".csv", ".pmtiles"))
    with (
        tqdm(total=4, desc="england", unit="step", disable=None, leave=False, file=sys.stderr) as progress,
        tempfile.TemporaryDirectory() as folder,
    ):
        progress.set_postfix_str("looking through the folder")
        holdings = scan(args.data)
        progress.update()
        progress.set_postfix_str("figures and outlines")
        england = read_england(holdings, args.indicator)
        progress.update()
        progress.set_postfix_str("tiles, the longest step")
        tiles = write_tiles(
            england.layer.areas, Path(folder, "england.pmtiles"), tolerance=TOLERANCE, zooms=(4, 8)
        )
        progress.update()
        progress.set_postfix_str("page and table")
        page = compose_england(
            england, tiles, twin=twin.name, address=archive.name if args.beside else "", status=status
        )
        with write_whole(args.out) as draft, write_whole(twin) as rows:
            draft.write_text(page, encoding="utf-8")
            safe_frame(england.table).to_csv(rows, index=False, lineterminator="\n", encoding="utf-8-sig")
        if args.beside:
            with write_whole(archive) as draft:
                draft.write_bytes(tiles.read_bytes())
        held = tiles.stat().st_size
        progress.update()
    count, size = len(england.table), args.out.stat().st_size
    how = (
        f"tiles in {archive.name} ({held / 1e6:.1f} MB); put both on a web server"
        if args.beside
        else "opens without a network"
    )
    print(f"{args.out}: {count:,} areas, {size / 1e6:.1f} MB, {how}; every figure is in {twin.name}")
    # The first two are of every such map; what follows is what these files lack.
    for text in england.caveats[2:]:
        print(f"note: {text}")
    return 0
