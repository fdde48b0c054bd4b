"""`fairplace token`: make, list and end the API tokens of a service."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "make, list or end the API tokens of a service that shows officer data"
EXAMPLE = 'fairplace token new --settings serve.toml --name "Dashboard" --authority E06999001'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("action", choices=["new", "list", "revoke"], help="what to do")
    parser.add_argument("token", nargs="?", default="", help="number or name of the token to revoke")
    parser.add_argument("--settings", required=True, type=Path, help="settings of the service")
    parser.add_argument("--name", default="", help="who or what will use it; it stands in the audit log")
    parser.add_argument("--role", default="officer", choices=["officer", "restricted"], help="(officer)")
    parser.add_argument(
        "--authority", action="append", default=[], help="code of a district; may be given several times"
    )
    parser.add_argument("--days", type=int, default=90, help="until it ends (90; at most 366)")


def run(args: argparse.Namespace) -> int:
    """Do it; exit code 0."""
    from fairplace.service.settings import ServiceSettingsError, read_service_settings
    from fairplace.service.tokens import TokenError, make_token, read_tokens, revoke_token

    settings = read_service_settings(args.settings)
    if settings.tokens is None:
        raise ServiceSettingsError(f"{args.settings.name}: tokens.file is missing; name a file for tokens")
    if args.action == "new":
        other = sorted(set(args.authority) - settings.authorities)
        if other:
            raise TokenError(
                f'authority is "{other[0]}"; {args.settings.name} opens {_some(settings.authorities)}'
            )
        made, text = make_token(
            settings.tokens, name=args.name, role=args.role, authorities=args.authority, days=args.days
        )
        print(text)
        print(
            f"token {made.id} of {made.name}: {made.role} for {_some(made.authorities)}, until {made.expires}"
        )
        print("It is shown this once. Send it as the header: Authorization: Bearer TOKEN")
    elif args.action == "revoke":
        ended = revoke_token(settings.tokens, args.token)
        print(f"token {ended.id} of {ended.name} has ended")
    else:
        for one in read_tokens(settings.tokens):
            state = f"revoked {one.revoked}" if one.revoked else f"until {one.expires}"
            print(f"{one.id}  {one.role:10}  {_some(one.authorities)}  {state}  {one.name}")
    return 0


def _some(codes: object) -> str:
    return ", ".join(sorted(codes)) if isinstance(codes, tuple | frozenset | set | list) else ""
