"""`fairplace words`: the words of profiles, maps and scorecards, in one file for a translator."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "write the words of profiles, maps and scorecards into one file for a translator, or check one"
EXAMPLE = """\
fairplace words --tag cy --out words-cy.toml
  fairplace words --check words-cy.toml
  fairplace profile out/halverton --area "Castle Mead" --words words-cy.toml --out out/castle-cy.pdf"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--out", type=Path, help="file to write; it must not be there yet")
    what.add_argument(
        "--check", type=Path, metavar="FILE", help="say what of a file is wrong or still English"
    )
    parser.add_argument("--tag", default="", help="with --out: tag of the language, such as cy, ur or pl")
    parser.add_argument(
        "--carry", type=Path, metavar="FILE", help="with --out: take over the words of an older file"
    )


def run(args: argparse.Namespace) -> int:
    """Write the file, or check one; exit code 1 where something of it is wrong."""
    from fairplace.files import write_whole
    from fairplace.profile.words import english, load_words
    from fairplace.profile.words_file import check_words, new_words, words_text

    if args.check:
        wrong, left = check_words(args.check)
        for line in wrong:
            print(f"wrong: {line}")
        for line in left:
            print(f"still English: {line}")
        total = sum(len(held) for held in english().content.values())
        print(f"{args.check}: {len(wrong)} wrong, {len(left)} of {total} entries still English")
        return 1 if wrong else 0
    words = new_words(load_words(args.carry), args.tag, args.out)
    with write_whole(args.out) as draft:
        draft.write_text(words_text(words), encoding="utf-8", newline="\n")
    print(f"{args.out}: write your words between the quotation marks; what is left is shown in English")
    return 0
