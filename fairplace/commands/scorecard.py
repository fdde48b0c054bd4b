"""`fairplace scorecard`: the council's register of indicators by the eight Marmot principles."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "write the borough scorecard of a register of indicators (html, pdf, docx, xlsx, json, zip)"
EXAMPLE = "fairplace scorecard out/halverton --out out/scorecard.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("pack", type=Path, help="a folder made by `fairplace build`")
    parser.add_argument("--out", required=True, type=Path, help="file to write; its suffix says the form")
    parser.add_argument("--edition", choices=["public", "officer"], default="public", help="for whose eyes")
    parser.add_argument("--status", default="draft", help='"draft", "approved by NAME, DATE" or "superseded"')
    parser.add_argument("--template", type=Path, help="a council's own .docx, for its styles and letterhead")
    parser.add_argument(
        "--settings", type=Path, help="a TOML file: contact, formats, approver, template, words"
    )
    parser.add_argument("--words", type=Path, help="a file of words in another language (`fairplace words`)")


def run(args: argparse.Namespace) -> int:
    """Write the scorecard; exit code 0."""
    from fairplace.corrections import say_superseded
    from fairplace.disclosure import release
    from fairplace.files import write_whole
    from fairplace.pack import open_pack
    from fairplace.profile.forms import write_profile
    from fairplace.profile.words import load_words
    from fairplace.scorecard import compose_scorecard
    from fairplace.scorecard_page import render_scorecard
    from fairplace.settings import Settings, load_settings

    settings = load_settings(args.settings) if args.settings else Settings()
    words = load_words(args.words or settings.words)
    released = release(open_pack(args.pack), args.edition)
    scorecard = compose_scorecard(
        released, status=args.status, words=words, settings=settings,
        superseded=say_superseded(args.pack, words),
    )  # fmt: skip
    if args.out.suffix.lower() == ".html":
        with write_whole(args.out) as draft:
            draft.write_text(
                render_scorecard(scorecard, released, file=args.out.name), encoding="utf-8", newline="\n"
            )
    else:
        write_profile(scorecard, released, args.out, template=args.template or settings.template)
    rows = sum(len(table.rows) for table in scorecard.tables)
    print(f"{args.out}: {scorecard.title}, {rows} indicators")
    return 0
