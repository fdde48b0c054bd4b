"""Documents that are made once and given many times: compressed and marked when they are made."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fairplace.service.bounds import KEPT_BYTES, WAITING
from fairplace.service.problems import BusyError

#: Below this many bytes a document travels as it is.
_PACK_FROM = 1_000


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
    """One at a time, and only so many may wait for it."""

    def __init__(self, waiting: int, what: str) -> None:
        self._making, self._counting = threading.Lock(), threading.Lock()
        self.waiting, self._most, self._what = 0, waiting, what

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for the turn, and give it back.

        Raises
        ------
        BusyError
            Too many wait already.
        """
        with self._counting:
            if self.waiting >= self._most:
                raise BusyError(f"{self.waiting} {self._what}; ask again in a few seconds")
            self.waiting += 1
        try:
            with self._making:
                yield
        finally:
            with self._counting:
                self.waiting -= 1


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
        self._drawing, self._quick = drawing, Turn(WAITING, "answers are waiting to be made")

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
        with self._counting:
            if document.size > self._size:
                return
            self._kept[key] = document
            self._used += document.size
            while self._used > self._size:
                _, old = self._kept.popitem(last=False)
                self._used -= old.size
