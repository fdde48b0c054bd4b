"""`fairplace profile`: the neighbourhood profile of one area, in the form its file name asks for."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "write the neighbourhood profile of an area (html or json)"
EXAMPLE = 'fairplace profile out/halverton --area "Castle" --out out/castle.html'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("pack", type=Path, help="a folder made by `fairplace build`")
    parser.add_argument("--area", required=True, help="GSS code or name of an area of the pack")
    parser.add_argument("--out", required=True, type=Path, help="file to write; its suffix says the form")
    parser.add_argument("--edition", choices=["public", "officer"], default="public", help="for whose eyes")
    parser.add_argument("--status", default="draft", help='"draft", "approved by NAME, DATE" or "superseded"')


def run(args: argparse.Namespace) -> int:
    """Write the profile; exit code 0."""
    from fairplace.disclosure import release
    from fairplace.pack import open_pack
    from fairplace.profile.content import compose, find_place
    from fairplace.profile.forms import write_profile

    released = release(open_pack(args.pack), args.edition)
    profile = compose(released, find_place(released, args.area), status=args.status)
    write_profile(profile, released, args.out)
    print(f"{args.out}: {profile.area} ({profile.code}), {len(profile.figures)} figures")
    return 0
