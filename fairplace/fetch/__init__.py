"""From the publishers to a folder of files that a build can read.

`fetch` gets what authorities need; `publishers.toml` says where each source is and where that was read.
"""

from fairplace.fetch.errors import (
    BusyError,
    ChangedError,
    CutError,
    FetchError,
    MovedError,
    RefusedError,
)
from fairplace.fetch.ledger import Entry, read_ledger
from fairplace.fetch.register import Recipe, load_register
from fairplace.fetch.running import AuthorityError, Errand, Outcome, Shortfall, fetch, plan
from fairplace.fetch.transport import Transport

__all__ = [
    "AuthorityError",
    "BusyError",
    "ChangedError",
    "CutError",
    "Entry",
    "Errand",
    "FetchError",
    "MovedError",
    "Outcome",
    "Recipe",
    "RefusedError",
    "Shortfall",
    "Transport",
    "fetch",
    "load_register",
    "plan",
    "read_ledger",
]
