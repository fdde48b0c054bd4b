"""`fairplace map`: a map of a pack, as a page that opens with the network cut or as a sheet of paper."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "write a map of a pack: one HTML file that needs no network, or PNG, SVG, PDF to scale"
EXAMPLE = "fairplace map out/halverton --out out/map.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("pack", type=Path, help="a folder made by `fairplace build`")
    parser.add_argument(
        "--layer", nargs="+", default=[], metavar="ID",
        help="layers, in order; a page has all if left out, a sheet the MIS map; several on a sheet stand "
        "side by side",
    )  # fmt: skip
    parser.add_argument("--geography", default="lsoa21", help="areas that are coloured (lsoa21)")
    parser.add_argument(
        "--out", required=True, type=Path,
        help="file to write; .html is the interactive page, .png, .svg and .pdf are a sheet with a .csv of "
        "its figures beside it",
    )  # fmt: skip
    parser.add_argument("--edition", choices=["public", "officer"], default="public", help="for whose eyes")
    parser.add_argument("--status", default="draft", help='"draft", "approved by NAME, DATE" or "superseded"')
    parser.add_argument("--settings", type=Path, help="a TOML file: approver, words")
    parser.add_argument("--words", type=Path, help="a file of words in another language (`fairplace words`)")
    parser.add_argument(
        "--show-stale", action="store_true", help="show figures older than the pack's stale_after_years too"
    )
    parser.add_argument(
        "--basemap", choices=["drawn", "online", "none"], default="drawn",
        help="of the page: our own drawn background, or a switch for one from the internet as well",
    )  # fmt: skip
    parser.add_argument("--paper", choices=["A4", "A3"], default="A4", help="of a sheet (A4)")
    parser.add_argument(
        "--turn", choices=["landscape", "portrait"], default="landscape", help="of a sheet (landscape)"
    )
    parser.add_argument(
        "--scale",
        type=int,
        metavar="N",
        help="of a sheet with one map, 25000 for 1:25,000; what fits if left out",
    )
    parser.add_argument("--dpi", type=int, default=150, help="pixels an inch of a PNG (150)")


def run(args: argparse.Namespace) -> int:
    """Write the map; exit code 0."""
    from fairplace.corrections import say_superseded
    from fairplace.disclosure import release
    from fairplace.files import write_whole
    from fairplace.map_page import Standing, compose_map
    from fairplace.map_sheet import compose_sheet
    from fairplace.pack import open_pack
    from fairplace.profile.document import check_status
    from fairplace.profile.words import load_words
    from fairplace.settings import Settings, load_settings
    from maps.picture import PictureError

    form = args.out.suffix.lstrip(".").lower()
    if form not in ("html", "png", "svg", "pdf"):
        raise PictureError(f'"{args.out.name}" does not end in .html, .png, .svg or .pdf; choose one of them')
    if not 50 <= args.dpi <= 1200:
        raise PictureError(f"--dpi {args.dpi} is not between 50 and 1200; 150 suits screens, 300 print")
    settings = load_settings(args.settings) if args.settings else Settings()
    status = check_status(args.status, settings)
    words = load_words(args.words or settings.words)
    released = release(open_pack(args.pack), args.edition, show_stale=args.show_stale)
    standing = Standing(status, say_superseded(args.pack, words))
    if form == "html":
        page = compose_map(
            released,
            layers=args.layer,
            geography=args.geography,
            basemap=None if args.basemap == "none" else args.basemap,
            words=words,
            standing=standing,
        )
        with write_whole(args.out) as draft:
            draft.write_text(page, encoding="utf-8")
        print(f"{args.out}: {len(page) / 1e6:.1f} MB, opens without a network")
        return 0
    picture, table = compose_sheet(
        released,
        layers=args.layer,
        geography=args.geography,
        paper=args.paper,
        turn=args.turn,
        scale=args.scale,
        words=words,
        standing=standing,
    )
    twin = args.out.with_suffix(".csv")
    with write_whole(args.out) as draft, write_whole(twin) as rows:
        draft.write_bytes(picture.render(form, dpi=args.dpi))
        table.to_csv(rows, index=False, lineterminator="\n", encoding="utf-8-sig")
    print(f"{args.out}: {args.paper} at 1:{picture.scale:,}; its figures are in {twin.name}")
    return 0
