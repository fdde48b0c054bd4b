"""The command line: finds the command, runs it, and turns errors into one line and an exit code.

Exit codes: 0 done; 1 the answer is no, or partial; 2 the input or the call was wrong; 3 a fault of
ours. Commands are the modules of `fairplace.commands`; nothing heavy is imported before the
command that needs it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
import traceback
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

import fairplace.commands
from fairplace import __version__
from geo.errors import UserError

_INTRO = """\
Who cannot reach the Minimum Income Standard, street by street, and what lies around them.

Begin with:  fairplace demo --out out
"""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like every other error of ours."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; `{self.prog} --help` lists what it takes\n")


def command_names() -> list[str]:
    """Names of the commands, in order of the alphabet."""
    return sorted(one.name for one in pkgutil.iter_modules(fairplace.commands.__path__))


def _load(name: str) -> ModuleType:
    return importlib.import_module(f"fairplace.commands.{name}")


def build_parser(only: str | None = None) -> argparse.ArgumentParser:
    """Build the parser of the command line, with one command or with all of them."""
    parser = _Parser(
        prog="fairplace", description=_INTRO, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"fairplace {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    for name in command_names() if only is None else [only]:
        module = _load(name)
        one = commands.add_parser(
            name,
            help=module.SUMMARY,
            description=module.SUMMARY,
            epilog=f"example:\n  {module.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(one)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code; never raises for an error a person can mend."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    wanted = next((word for word in arguments if not word.startswith("-")), None)
    known = wanted if wanted in command_names() else None
    parser = build_parser(known)
    try:
        args = parser.parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0) if not isinstance(stop.code, str) else 2
    if args.command is None:
        parser.print_help()
        return 2
    try:
        return int(_load(args.command).run(args))
    except UserError as error:
        print(f"fairplace {args.command}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader of our output has gone (such as `| head`): no fault of anybody's.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print(f"fairplace {args.command}: stopped; nothing was left half-written", file=sys.stderr)
        return 1
    except Exception as error:
        if os.environ.get("FAIRPLACE_DEBUG"):
            traceback.print_exc()
        print(
            f"fairplace {args.command}: a fault of ours ({type(error).__name__}: {error}); "
            f"run again with FAIRPLACE_DEBUG=1 and send what it prints",
            file=sys.stderr,
        )
        return 3
