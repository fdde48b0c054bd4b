"""Errors in one shape: problem details (RFC 9457), with the sentence the command line prints."""

from __future__ import annotations

import http
from collections.abc import Mapping
from typing import Any

from fairplace.disclosure import DisclosureError
from fairplace.map_page import MapLayerError
from fairplace.profile.content import AreaNotFoundError
from fairplace.service.audit import AuditError
from geo.errors import UserError
from geo.network import ProfileError
from geo.place import AreaError

PROBLEM_TYPE = "application/problem+json"


class RequestError(UserError, ValueError):
    """A request asks in a way that cannot be answered; the message says how to ask."""


class MissingError(UserError, LookupError):
    """There is nothing of that name here; the message says what there is."""


class SizeError(UserError, ValueError):
    """A request is larger than the service takes."""


class AddressError(UserError, ValueError):
    """The address of a request is longer than the service takes."""


class MethodError(UserError, ValueError):
    """A method was asked for that an address does not take; `allowed` lists those it takes."""

    def __init__(self, text: str, allowed: str = "GET, HEAD") -> None:
        super().__init__(text)
        self.allowed = allowed


class MediaError(UserError, ValueError):
    """The body of a request is not of a kind that is read here."""


class SlowError(UserError, OSError):
    """A request was not whole in time."""


class UnavailableError(UserError, LookupError):
    """The service does not do that; the message says why, and what does."""


class UnknownViewerError(UserError, ValueError):
    """Whoever asks has to show who they are, or what they showed does not hold."""


class ForbiddenError(UserError, ValueError):
    """Whoever asks is known, and may not have it."""


class ProviderError(UserError, OSError):
    """Who asks cannot be found out now: the provider does not answer, or tokens cannot be read."""


class BusyError(UserError, OSError):
    """As much is under way as the service does at once."""


#: Class -> HTTP status. The first that fits holds; any other `UserError` is 400.
STATUSES: Mapping[type[Exception], int] = {
    BusyError: 503,
    SlowError: 408,
    ProviderError: 503,
    AuditError: 503,
    UnknownViewerError: 401,
    ForbiddenError: 403,
    SizeError: 413,
    AddressError: 414,
    MediaError: 415,
    MethodError: 405,
    DisclosureError: 403,
    AreaNotFoundError: 404,
    AreaError: 404,
    ProfileError: 404,
    UnavailableError: 404,
    MapLayerError: 404,
    MissingError: 404,
    UserError: 400,
}
#: What a person reads who met a fault of ours: nothing of its inside.
FAULT = "a fault of ours; the service's log says more"


def status_of(error: Exception) -> int:
    """HTTP status of an error: from `STATUSES`, or 500 where it is a fault of ours."""
    return next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 500)


def describe(error: Exception) -> dict[str, Any]:
    """Problem details of an error."""
    status = status_of(error)
    return problem(status, FAULT if status == 500 else str(error), kind=type(error).__name__)


def problem(status: int, detail: str, *, kind: str = "") -> dict[str, Any]:
    """Problem details from a status and a sentence.

    Parameters
    ----------
    status
        HTTP status.
    detail
        What was found, what was needed, what to do.
    kind
        Class of the error, for programs; left out of a fault of ours.
    """
    known = {"error": kind} if kind and status != 500 else {}
    return {
        "type": "about:blank",
        "title": http.HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **known,
    }
