"""Documents that are made once and given many times: compressed and marked when they are made."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fairplace.service.bounds import ENTRY_BYTES, KEPT_BYTES, QUICK_WAITING, SLOW, WAITING
from fairplace.service.problems import BusyError

#: Below this many bytes a document travels as it is.
_PACK_FROM = 1_000
#: Each who works or waits holds a thread, and others must find one: all turns of a worker together.
_SLOW = threading.BoundedSemaphore(SLOW)


@dataclass(frozen=True)
class Document:
    """A finished answer.

    Parameters
    ----------
    content
        As it was made.
    packed
        The same by gzip; empty where that is no shorter.
    tag
        Made from the content: equal contents have equal tags.
    """

    content: bytes
    packed: bytes
    tag: str

    @property
    def size(self) -> int:
        """Bytes that it takes to keep."""
        return len(self.content) + len(self.packed)


def finish(content: bytes) -> Document:
    """Compress and mark a finished answer."""
    packed = gzip.compress(content, 6, mtime=0) if len(content) >= _PACK_FROM else b""
    if len(packed) > 0.95 * len(content):
        packed = b""
    return Document(content, packed, f'W/"{hashlib.sha256(content).hexdigest()[:32]}"')


class Turn:
    """One at a time, and only so many may wait for it.

    Parameters
    ----------
    waiting
        Most that work or wait.
    what
        What they are, for whoever comes then.
    at_once
        So many work at a time.
    """

    def __init__(self, waiting: int, what: str, *, at_once: int = 1) -> None:
        self._making, self._counting = threading.BoundedSemaphore(at_once), threading.Lock()
        self.waiting, self._most, self._what = 0, waiting, what

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for the turn, and give it back.

        Raises
        ------
        BusyError
            Too many wait already, for this or for all turns together.
        """
        with self._counting:
            if self.waiting >= self._most:
                raise BusyError(f"{self.waiting} {self._what}; ask again in a few seconds")
            if not _SLOW.acquire(blocking=False):
                raise BusyError(f"{SLOW} requests that take long are under way; ask again in a few seconds")
            self.waiting += 1
        try:
            with self._making:
                yield
        finally:
            with self._counting:
                self.waiting -= 1
            _SLOW.release()


#: matplotlib and folium draw one at a time, whoever asks.
DRAWING = Turn(WAITING, "pages are waiting to be drawn")


class Finished:
    """Pages and documents that were made once, kept until there are too many bytes of them.

    Parameters
    ----------
    size
        Most bytes that are kept.
    drawing
        Turn of those that are drawn; others have one of their own.
    """

    def __init__(self, size: int = KEPT_BYTES, drawing: Turn = DRAWING) -> None:
        self._kept: OrderedDict[tuple[str, ...], Document] = OrderedDict()
        self._size, self._used = size, 0
        self._counting = threading.Lock()
        self._drawing, self._quick = drawing, Turn(QUICK_WAITING, "answers are waiting to be made")

    def held(self, key: tuple[str, ...]) -> Document | None:
        """Give a finished document, or None."""
        with self._counting:
            document = self._kept.get(key)
            if document is not None:
                self._kept.move_to_end(key)
            return document

    def get(self, key: tuple[str, ...], make: Callable[[], bytes], *, drawn: bool = True) -> Document:
        """Give a finished document, made now if need be.

        Parameters
        ----------
        key
            Of the document.
        make
            Makes its content.
        drawn
            Whether that draws.

        Raises
        ------
        BusyError
            Too many wait already.
        """
        if (document := self.held(key)) is not None:
            return document
        with (self._drawing if drawn else self._quick).take():
            if (document := self.held(key)) is None:
                document = finish(make())
                self._keep(key, document)
            return document

    def _keep(self, key: tuple[str, ...], document: Document) -> None:
        size = _weight(key, document)
        # What is empty is as soon made again, and there are as many empty tiles as anybody cares to ask for.
        if not document.content or size > self._size:
            return
        with self._counting:
            if key in self._kept:
                return
            self._kept[key] = document
            self._used += size
            while self._used > self._size:
                self._used -= _weight(*self._kept.popitem(last=False))


def _weight(key: tuple[str, ...], document: Document) -> int:
    """Bytes that it takes to keep a document under its key."""
    return ENTRY_BYTES + sum(map(len, key)) + document.size
