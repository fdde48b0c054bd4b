"""API tokens: made by `fairplace token`, kept as a hash, named, with a role, an end and a way to end early.

A token is ``fp_``, its number and 256 random bits. Of the bits the file holds the SHA-256 alone: they
are too many to be guessed, so no salt or slow hash adds to it. Whoever reads the file cannot use it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import logging
import os
import re
import secrets
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from fairplace.files import write_whole
from fairplace.service.locks import locked
from fairplace.service.problems import ProviderError, UnknownViewerError
from fairplace.service.viewer import ROLES, Role, Viewer
from geo.errors import UserError

PREFIX = "fp_"
_TOKEN = re.compile(r"fp_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")
#: Days that a token may last, and does when nothing is said.
MOST_DAYS, DAYS = 366, 90


LOG = logging.getLogger("fairplace.service")


class TokenError(UserError, ValueError):
    """A token cannot be made, found or read; the message says why."""


@dataclass(frozen=True)
class Token:
    """What is kept of a token.

    Parameters
    ----------
    id
        Its number, eight letters; not secret.
    name
        Who or what uses it: it stands in the audit log.
    hash
        SHA-256 of its secret part.
    role, authorities
        What its bearer may see.
    made, expires
        Moments, UTC.
    revoked
        Moment at which it was ended early; empty if it was not.
    """

    id: str
    name: str
    hash: str
    role: Role
    authorities: tuple[str, ...]
    made: str
    expires: str
    revoked: str = ""

    def ended(self, now: dt.datetime) -> bool:
        """Whether it no longer counts."""
        return bool(self.revoked) or now >= dt.datetime.fromisoformat(self.expires)


def make_token(
    path: Path,
    *,
    name: str,
    role: Role,
    authorities: Sequence[str],
    days: int = DAYS,
    now: dt.datetime | None = None,
) -> tuple[Token, str]:
    """Make a token and keep its hash.

    Parameters
    ----------
    path
        File of tokens; made if need be, for its owner's eyes only.
    name
        Who or what will use it.
    role, authorities
        What its bearer may see, and of which districts.
    days
        Until it ends.
    now
        The moment; the machine's if left out.

    Returns
    -------
    tuple
        What is kept, and the token itself, which is nowhere else and cannot be had again.

    Raises
    ------
    TokenError
        The name is empty, or the role, authorities or days make no sense.
    """
    plain = " ".join(name.split())
    if not 1 <= len(plain) <= 80 or not plain.isprintable():
        raise TokenError(f"the name has {len(plain)} letters; say in 1 to 80 who or what will use the token")
    if role not in ROLES[1:]:
        raise TokenError(f'role is "{role}"; there are {", ".join(ROLES[1:])}: the public needs no token')
    wrong = next((one for one in authorities if not re.fullmatch(r"[EWSN]\d{8}", one)), None)
    if not authorities or wrong:
        raise TokenError(f'authority is "{wrong or ""}"; give the code of a district, such as E06999001')
    if not 1 <= days <= MOST_DAYS:
        raise TokenError(f"days is {days}; a token lasts 1 to {MOST_DAYS}")
    moment = now or dt.datetime.now(tz=dt.UTC)
    secret = secrets.token_urlsafe(32)
    made = Token(
        id=secrets.token_hex(4),
        name=plain,
        hash=hashlib.sha256(secret.encode()).hexdigest(),
        role=role,
        authorities=tuple(sorted(set(authorities))),
        made=moment.isoformat(timespec="seconds"),
        expires=(moment + dt.timedelta(days=days)).isoformat(timespec="seconds"),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.with_name(f".{path.name}.lock")):
        _write(path, [*read_tokens(path), made])
    return made, f"{PREFIX}{made.id}_{secret}"


def revoke_token(path: Path, token: str, *, now: dt.datetime | None = None) -> Token:
    """End a token early; it counts no longer from the next request on.

    Parameters
    ----------
    path
        File of tokens.
    token
        Its number, or the name of the only one of that name that has not ended.

    Raises
    ------
    TokenError
        There is none, or there are several of that name.
    """
    moment = now or dt.datetime.now(tz=dt.UTC)
    if not path.is_file():
        raise TokenError(f"{path} is not there; no token has been made")
    with locked(path.with_name(f".{path.name}.lock")):
        held = read_tokens(path)
        found = [one for one in held if token == one.id or (token == one.name and not one.ended(moment))]
        if len(found) != 1:
            many = "no token" if not found else f"{len(found)} tokens"
            raise TokenError(
                f'there is {many} "{token[:60]}"; give the number that `fairplace token list` shows'
            )
        ended = replace(found[0], revoked=found[0].revoked or moment.isoformat(timespec="seconds"))
        _write(path, [ended if one.id == ended.id else one for one in held])
    return ended


def read_tokens(path: Path) -> list[Token]:
    """Read what is kept of all tokens, in the order in which they were made.

    Raises
    ------
    TokenError
        The file is damaged.
    """
    if not path.is_file():
        return []
    try:
        content: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return [Token(**{**one, "authorities": tuple(one["authorities"])}) for one in content]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TokenError(
            f"{path} cannot be read ({error}); put a copy back, or remove it and make new ones"
        ) from error


class Tokens:
    """The tokens of a service: read again whenever the file has changed, so that an end counts at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._held: dict[str, Token] = {}

    def viewer(self, text: str, *, now: dt.datetime | None = None) -> Viewer:
        """Find out whose token this is.

        Raises
        ------
        UnknownViewerError
            It is none of ours, or has ended.
        ProviderError
            The file of tokens is damaged.
        """
        parts = _TOKEN.fullmatch(text)
        found = self._read().get(parts[1]) if parts else None
        given = hashlib.sha256(parts[2].encode() if parts else b"").hexdigest()
        # Compared even where there is none of that number, so that the time taken tells nothing.
        same = hmac.compare_digest(given, found.hash if found else "0" * 64)
        if found is None or not same:
            raise UnknownViewerError("the token is none of ours; ask for one from whoever runs this service")
        if found.ended(now or dt.datetime.now(tz=dt.UTC)):
            raise UnknownViewerError("the token has ended; ask for a new one from whoever runs this service")
        return Viewer(found.name, found.role, frozenset(found.authorities), "token", found.id)

    def _read(self) -> dict[str, Token]:
        try:
            state = self.path.stat()
        except FileNotFoundError:
            return {}
        seen = (state.st_ino, state.st_size, state.st_mtime_ns)
        with self._lock:
            if seen != self._seen:
                try:
                    self._held = {one.id: one for one in read_tokens(self.path)}
                except TokenError as error:
                    LOG.error("%s", error)
                    raise ProviderError(
                        "tokens cannot be read now; whoever runs this service finds why in its log"
                    ) from error
                self._seen = seen
            return self._held


def _write(path: Path, tokens: Sequence[Token]) -> None:
    with write_whole(path) as draft:
        draft.write_text(json.dumps([asdict(one) for one in tokens], indent=1) + "\n", encoding="utf-8")
    if os.name == "posix":
        path.chmod(0o600)
