"""What a request carries to show who sends it: an Authorization header or a cookie."""

from __future__ import annotations

from collections.abc import Sequence

Headers = Sequence[tuple[bytes, bytes]]


def carries_credentials(headers: Headers) -> bool:
    """Whether an answer may be for one person alone: whether somebody said who they are, rightly or not."""
    return any(
        name == b"authorization" or (name == b"cookie" and b"fairplace" in value) for name, value in headers
    )


def read_cookie(headers: Headers, wanted: str) -> str:
    """Give the value of a cookie; empty if there is none, or several of the name."""
    found = []
    for name, value in headers:
        if name == b"cookie":
            for piece in value.decode("latin-1").split(";"):
                key, _, text = piece.strip().partition("=")
                if key == wanted:
                    found.append(text)
    return found[0] if len(found) == 1 else ""


def write_cookie(name: str, value: str, *, seconds: int, secure: bool) -> str:
    """Write a Set-Cookie header: read by no script, sent by our own pages and by following a link to us."""
    kind = "; Secure" if secure else ""
    return f"{name}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Lax{kind}"
