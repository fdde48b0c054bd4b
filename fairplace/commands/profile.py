"""`fairplace profile`: the neighbourhood profile of one area, or of every ward, in any form."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "write the profile of an area, or of each of a kind (html, pdf, docx, xlsx, json, zip)"
EXAMPLE = """\
fairplace profile out/halverton --area "Castle" --out out/castle.pdf
  fairplace profile out/halverton --each wd25 --form html,pdf --out out/profiles"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("pack", type=Path, help="a folder made by `fairplace build`")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--area", help="code or name of an area; postcodes; a file or WKT; walk:15min:POINT")
    which.add_argument("--each", metavar="KIND", help="every area of a geography of the pack, such as wd25")
    parser.add_argument(
        "--form", default="html", help="with --each: one or more of html, pdf, docx, xlsx, json and zip"
    )
    parser.add_argument(
        "--out",
        required=True,
        type=Path,
        help="file to write, whose suffix says the form; with --each a folder",
    )
    parser.add_argument("--edition", choices=["public", "officer"], default="public", help="for whose eyes")
    parser.add_argument("--status", default="draft", help='"draft", "approved by NAME, DATE" or "superseded"')
    parser.add_argument("--template", type=Path, help="a council's own .docx, for its styles and letterhead")
    parser.add_argument(
        "--compare",
        nargs="+",
        default=[],
        metavar="AREA",
        help="codes or names of areas, or saved .json profiles",
    )
    parser.add_argument(
        "--show-stale", action="store_true", help="show figures older than the pack's stale_after_years too"
    )
    parser.add_argument(
        "--settings", type=Path, help="a TOML file: contact, formats, approver, template, compare, words"
    )
    parser.add_argument("--words", type=Path, help="a file of words in another language (`fairplace words`)")


def run(args: argparse.Namespace) -> int:
    """Write the profile or profiles; exit code 0."""
    import sys

    from tqdm import tqdm

    from fairplace.corrections import say_superseded
    from fairplace.disclosure import Released, release
    from fairplace.drawn import release_place
    from fairplace.pack import open_pack
    from fairplace.profile.content import Place, compose, places_of
    from fairplace.profile.forms import check_forms, write_forms, write_profile
    from fairplace.profile.model import Profile
    from fairplace.profile.words import load_words
    from fairplace.settings import Settings, load_settings

    settings = load_settings(args.settings) if args.settings else Settings()
    template = args.template or settings.template
    words = load_words(args.words or settings.words)
    pack = open_pack(args.pack)
    gone = say_superseded(args.pack, words)

    def profile_of(released: Released, place: Place) -> Profile:
        return compose(
            released, place, status=args.status, words=words, settings=settings, compare=args.compare,
            superseded=gone,
        )  # fmt: skip

    if args.area:
        released, *found = release_place(pack, args.area, args.edition, show_stale=args.show_stale)
        profile = profile_of(released, Place(*found))
        write_profile(profile, released, args.out, template=template)
        print(f"{args.out}: {profile.area} ({profile.code}), {len(profile.figures)} figures")
        return 0
    released = release(pack, args.edition, show_stale=args.show_stale)
    forms = check_forms(args.form.split(","))
    places = places_of(released, args.each)
    profiles = (profile_of(released, place) for place in places)
    written = write_forms(profiles, released, args.out, forms=forms, template=template)
    progress = tqdm(
        written,
        total=len(places) * len(forms),
        desc="profiles",
        unit="file",
        disable=None,
        leave=False,
        file=sys.stderr,
    )
    count = sum(1 for _ in progress)
    print(f"{args.out}: {count} files, {len(places)} areas as {', '.join(one[1:] for one in forms)}")
    return 0
