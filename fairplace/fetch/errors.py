"""What can go wrong between a publisher and a folder, one class a thing that a caller may handle."""

from __future__ import annotations

from geo.errors import UserError


class FetchError(UserError, OSError):
    """A file could not be had; nothing was written under its name."""


class MovedError(FetchError):
    """The address answers that there is nothing there."""


class ChangedError(FetchError):
    """What came is not what the publisher used to publish: columns, kind or count."""


class RefusedError(FetchError):
    """The publisher wants a key, or has turned us away."""


class BusyError(FetchError):
    """The publisher did not answer in the tries allowed, or asks to be left alone for a while."""


class CutError(FetchError):
    """A body that came is damaged, or does not have the hash that the publisher states."""
