"""`fairplace serve`: packs over HTTP, read-only and public unless settings say otherwise."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

SUMMARY = "serve packs over HTTP: API, OGC API - Features, profiles and maps (public edition)"
EXAMPLE = "fairplace serve out/halverton --port 8000"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "packs", nargs="+", metavar="PACK",
        help="a folder made by `fairplace build`, or postgresql://... for every pack published there",
    )  # fmt: skip
    parser.add_argument(
        "--cache", type=Path, metavar="DIR",
        help="where packs from a database are kept between starts; a temporary folder if left out",
    )  # fmt: skip
    parser.add_argument("--port", type=int, default=8000, help="port to listen at (8000)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (127.0.0.1: this machine)")
    parser.add_argument(
        "--address", default="", metavar="https://...",
        help="where people reach the service, if another server passes their requests on; links lead there",
    )  # fmt: skip
    parser.add_argument("--workers", type=int, default=1, help="processes that answer (1)")
    parser.add_argument(
        "--settings",
        type=Path,
        help="file that opens officer data: docs/service-roles.md",
    )


def run(args: argparse.Namespace) -> int:
    """Serve until stopped; exit code 0."""
    try:
        from fairplace.service.running import serve
    except ModuleNotFoundError as error:
        from geo.errors import UserError

        name = (error.name or "").split(".")[0]
        if name in ("fairplace", "geo", "maps"):
            raise
        raise UserError(
            f'serving needs {name}, which is not installed; install it with `pip install "fairplace[serve]"`'
        ) from error
    with contextlib.ExitStack() as stack:
        packs = _folders(args.packs, args.cache, stack)
        serve(
            packs, host=args.host, port=args.port, workers=args.workers, settings=args.settings,
            address=args.address,
        )  # fmt: skip
    return 0


def _folders(named: list[str], cache: Path | None, stack: contextlib.ExitStack) -> list[Path]:
    """Give folders of packs; those of a database are brought here whole and checked first."""
    from fairplace.address import is_database, load_database
    from fairplace.service.leftover import PACKS, own_folder

    folders = []
    for one in named:
        if not is_database(one):
            folders.append(Path(one))
            continue
        into = cache or stack.enter_context(own_folder(PACKS))
        folders += load_database().take_packs(one, into)
    return folders
