"""The family of errors that a person can mend.

Every error of ours that means "the input or the call was wrong" inherits `UserError` and an
ordinary built-in (`ValueError`, `LookupError` or `OSError`), so that a caller may catch either.
The command line prints such an error as one line and exits with 2; the service answers with the
same sentence.
"""

from __future__ import annotations


class UserError(Exception):
    """Something the person who called can mend; the message says how."""
