"""Filters in CQL2 text: read with bounds, and tried on the features of a layer.

What is kept of the standard (OGC 21-065): comparisons, ``AND``, ``OR``, ``NOT`` in their order, ``IN``,
``LIKE``, ``BETWEEN``, ``IS NULL``, ``CASEI``, dates as text, and ``S_INTERSECTS`` with points, lines,
polygons and boxes. A comparison with a value that is not there is neither true nor false. The reader is our
own, because the one at hand gives ``AND`` and ``OR`` the same rank, so that ``a OR b AND c`` says another
thing, and knows no quote inside a text.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from fairplace.service.bounds import FILTER_DEPTH, FILTER_LETTERS, FILTER_WORDS
from fairplace.service.features import CRS84, Layer
from fairplace.service.problems import RequestError

Bools = NDArray[np.bool_]
_TOKEN = re.compile(
    r"\s*(?:(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)"
    r"|(?P<text>'(?:[^']|'')*')"
    r'|(?P<quoted>"[^"]+")'
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_.:-]*)"
    r"|(?P<sign><=|>=|<>|[=<>(),]))"
)
_SHAPE = re.compile(r"\s*\(([0-9eE+\-.,\s()]*)", re.ASCII)
_SHAPES = ("POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON")
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
_GEOMETRY = ("geometry", "geom")
_KEYWORDS = frozenset(
    ("AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "IS", "NULL", "TRUE", "FALSE", "CASEI", "DATE", "TIMESTAMP",
     "S_INTERSECTS", "BBOX", *_SHAPES)
)  # fmt: skip


@dataclass(frozen=True)
class Truth:
    """Of each feature, whether a condition holds and whether it does not; neither, where none can say."""

    yes: Bools
    no: Bools


@dataclass(frozen=True)
class Values:
    """One value a feature, or the same for all."""

    values: Any
    missing: Bools
    number: bool


@dataclass
class _Reader:
    text: str
    layer: Layer
    crs: str
    at: int = 0
    depth: int = 0
    kind: str = ""
    token: str = ""
    begins: int = 0
    words: int = 0
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.size = len(self.layer)
        self.step()

    def step(self) -> str:
        """Go on to the next word, and give the one that was read."""
        before = self.token
        rest = self.text[self.at :]
        self.words += 1
        if self.words > FILTER_WORDS:
            raise RequestError(f"the filter has more than {FILTER_WORDS} words; ask for less at once")
        if not rest.strip():
            self.kind, self.token, self.begins = "end", "", len(self.text)
            return before
        found = _TOKEN.match(rest)
        if found is None:
            raise RequestError(f'the filter cannot be read at letter {self.at + 1}: "{rest.strip()[:20]}"')
        self.kind = str(found.lastgroup)
        self.token = found[self.kind]
        self.begins = self.at + found.start(self.kind)
        self.at += found.end()
        return before

    def word(self) -> str:
        """Give the word that is next, in capitals; empty for anything else."""
        return self.token.upper() if self.kind == "word" else ""

    def sees(self, sign: str) -> bool:
        """Tell whether a sign is next."""
        return self.kind == "sign" and self.token == sign

    def take(self, wanted: str) -> None:
        """Read one sign or word that must come.

        Raises
        ------
        RequestError
            Something else comes.
        """
        if self.token.upper() != wanted or self.kind in ("text", "quoted"):
            self.refuse(f"{wanted} is needed")
        self.step()

    def refuse(self, why: str) -> None:
        """Say what is wrong, and where."""
        found = f'"{self.token[:30]}"' if self.token else "its end"
        raise RequestError(f"the filter has {found} at letter {self.begins + 1}, where {why}")

    def either(self) -> Truth:
        """Conditions with OR between them."""
        self.depth += 1
        if self.depth > FILTER_DEPTH:
            raise RequestError(f"the filter is nested deeper than {FILTER_DEPTH}; write it flatter")
        found = self.all()
        while self.word() == "OR":
            self.step()
            other = self.all()
            found = Truth(found.yes | other.yes, found.no & other.no)
        self.depth -= 1
        return found

    def all(self) -> Truth:
        """Conditions with AND between them, which binds more closely."""
        found = self.negated()
        while self.word() == "AND":
            self.step()
            other = self.negated()
            found = Truth(found.yes & other.yes, found.no | other.no)
        return found

    def negated(self) -> Truth:
        """Read a condition, or the opposite of one."""
        turned = False
        while self.word() == "NOT":
            self.step()
            turned = not turned
        found = self.condition()
        return Truth(found.no, found.yes) if turned else found

    def condition(self) -> Truth:
        """One condition."""
        if self.sees("("):
            self.step()
            found = self.either()
            self.take(")")
            return found
        if self.word() == "S_INTERSECTS":
            return self.intersects()
        if self.word() in ("TRUE", "FALSE"):
            held = self.step().upper() == "TRUE"
            return Truth(np.full(self.size, held), np.full(self.size, not held))
        return self.comparison(self.operand())

    def comparison(self, left: Values) -> Truth:
        """Read what is said of a value."""
        if self.kind == "sign" and self.token in _COMPARE:
            sign = self.step()
            return self.compared(left, sign, self.operand())
        if self.word() == "IS":
            self.step()
            turned = self.word() == "NOT"
            if turned:
                self.step()
            self.take("NULL")
            return Truth(~left.missing, left.missing) if turned else Truth(left.missing, ~left.missing)
        turned = self.word() == "NOT"
        if turned:
            self.step()
        word = self.word()
        if word == "BETWEEN":
            self.step()
            low = self.operand()
            self.take("AND")
            above, below = self.compared(left, ">=", low), self.compared(left, "<=", self.operand())
            found = Truth(above.yes & below.yes, above.no | below.no)
        elif word == "IN":
            self.step()
            self.take("(")
            found = self.compared(left, "=", self.operand())
            while self.sees(","):
                self.step()
                other = self.compared(left, "=", self.operand())
                found = Truth(found.yes | other.yes, found.no & other.no)
            self.take(")")
        elif word == "LIKE":
            self.step()
            found = self.like(left)
        else:
            self.refuse("a comparison is needed: =, <>, <, <=, >, >=, LIKE, IN, BETWEEN or IS NULL")
            raise AssertionError
        return Truth(found.no, found.yes) if turned else found

    def compared(self, left: Values, sign: str, right: Values) -> Truth:
        """Compare two values."""
        if left.number != right.number:
            raise RequestError("the filter compares a number with a text; give both of one kind")
        known = ~(left.missing | right.missing)
        found = np.zeros(self.size, dtype=bool)
        one, other = (np.broadcast_to(side.values, self.size)[known] for side in (left, right))
        found[known] = _COMPARE[sign](one, other).astype(bool)
        return Truth(found, known & ~found)

    def like(self, left: Values) -> Truth:
        """Hold texts against a pattern."""
        if left.number:
            raise RequestError("LIKE is asked of a number; it is for text")
        folded = self.word() == "CASEI"
        if folded:
            self.step()
            self.take("(")
        if self.kind != "text":
            self.refuse("a pattern is needed, such as 'North%'")
        pattern = _unquoted(self.step())
        if folded:
            self.take(")")
            pattern = pattern.casefold()
        known = ~left.missing
        found = np.zeros(self.size, dtype=bool)
        pieces = _pieces(pattern)
        texts = np.broadcast_to(left.values, self.size)
        found[known] = [_fits(str(one), pieces) for one in texts[known]]
        return Truth(found, known & ~found)

    def operand(self) -> Values:
        """Read a value: of a field, or written out."""
        none = np.zeros(self.size, dtype=bool)
        if self.kind == "number":
            return Values(float(self.step()), none, True)
        if self.kind == "text":
            return Values(np.array(_unquoted(self.step()), dtype=object), none, False)
        if self.word() in ("DATE", "TIMESTAMP"):
            self.step()
            self.take("(")
            if self.kind != "text":
                self.refuse("a date in quotes is needed")
            value = _unquoted(self.step())
            self.take(")")
            return Values(np.array(value, dtype=object), none, False)
        if self.word() == "CASEI":
            self.step()
            self.take("(")
            inner = self.operand()
            self.take(")")
            if inner.number:
                raise RequestError("CASEI is asked of a number; it is for text")
            folded = [str(one).casefold() for one in np.broadcast_to(inner.values, self.size)]
            return Values(np.array(folded, dtype=object), inner.missing, False)
        if self.kind in ("word", "quoted") and self.word() not in _KEYWORDS:
            return self.property()
        self.refuse("a field or a value is needed")
        raise AssertionError

    def property(self) -> Values:
        """Values of a field."""
        name = self.token[1:-1] if self.kind == "quoted" else self.token
        if name not in self.layer.fields:
            listed = ", ".join(list(self.layer.fields)[:20])
            raise RequestError(f'the filter asks for "{name[:40]}", which is no field; there are {listed}')
        self.step()
        column = self.layer.properties[name]
        missing = column.isna().to_numpy(dtype=bool)
        if self.layer.fields[name] in ("number", "integer"):
            return Values(column.to_numpy(dtype=float), missing, True)
        return Values(
            column.astype(object).where(~missing, "").astype(str).to_numpy(dtype=object), missing, False
        )

    def intersects(self) -> Truth:
        """Whether shapes have a point in common with one that is written out."""
        self.step()
        self.take("(")
        before = self.is_geometry()
        if before:
            self.take(",")
        shape = self.shape()
        if not before:
            self.take(",")
            if not self.is_geometry():
                self.refuse("the field geometry is needed")
        self.take(")")
        found = np.zeros(self.size, dtype=bool)
        found[self.layer.trees[self.crs].query(shape, predicate="intersects")] = True
        return Truth(found, ~found)

    def is_geometry(self) -> bool:
        """Whether the field of shapes is next; it is read if so."""
        held = self.kind in ("word", "quoted") and self.token.strip('"').lower() in _GEOMETRY
        if held:
            self.step()
        return held

    def shape(self) -> Any:
        """Read a shape as WKT, or a box."""
        name = self.word()
        if name not in (*_SHAPES, "BBOX"):
            self.refuse("a shape is needed, such as BBOX(-0.5,51.8,-0.3,52) or POLYGON((...))")
        inner = _SHAPE.match(self.text, self.at)
        written = _balanced(inner[0].strip()) if inner else ""
        if not written:
            self.refuse("a shape is needed whose brackets close")
        start = self.text.index("(", self.at)
        self.at = start + len(written)
        self.step()
        if name == "BBOX":
            try:
                numbers = [float(one) for one in written[1:-1].split(",")]
            except ValueError:
                numbers = []
            if len(numbers) != 4 or not np.isfinite(numbers).all():
                raise RequestError(f'the filter has "BBOX{written[:60]}"; give west, south, east, north')
            return shapely.box(*numbers)
        try:
            shape = shapely.from_wkt(name + written)
        except shapely.errors.ShapelyError as error:
            raise RequestError(
                f"the filter's shape cannot be read: {str(error).splitlines()[0][:120]}"
            ) from None
        if not shapely.is_valid(shape):
            raise RequestError(f"the filter's shape crosses itself ({shapely.is_valid_reason(shape)[:60]})")
        return shape


def find_rows(text: str, layer: Layer, crs: str = CRS84) -> Bools:
    """Tell of each feature of a layer whether a filter holds.

    Parameters
    ----------
    text
        In CQL2 text.
    layer
        Whose features.
    crs
        Of the shapes in the filter.

    Raises
    ------
    RequestError
        It cannot be read, asks for a field that there is not, or is too long or deep.
    """
    if len(text) > FILTER_LETTERS:
        raise RequestError(f"the filter has {len(text):,} letters; give at most {FILTER_LETTERS:,}")
    reader = _Reader(text, layer, crs)
    found = reader.either()
    if reader.kind != "end":
        reader.refuse("AND, OR or its end is needed")
    return found.yes


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'")


def _balanced(text: str) -> str:
    """Take the part of a text up to where its first bracket closes; empty if it never does."""
    deep = 0
    for at, letter in enumerate(text):
        deep += {"(": 1, ")": -1}.get(letter, 0)
        if deep == 0:
            return text[: at + 1]
    return ""


def _pieces(pattern: str) -> list[list[str]]:
    r"""Take a pattern apart at its ``%``; in a piece ``""`` stands for any letter; ``\`` escapes."""
    pieces: list[list[str]] = [[]]
    letters = iter(pattern)
    for letter in letters:
        if letter == "\\":
            pieces[-1].append(next(letters, "\\"))
        elif letter == "%":
            pieces.append([])
        else:
            pieces[-1].append("" if letter == "_" else letter)
    return pieces


def _fits(text: str, pieces: list[list[str]]) -> bool:
    """Hold a text against a pattern, each piece at the first place where it can stand."""

    def at(place: int, piece: list[str]) -> bool:
        part = text[place : place + len(piece)]
        return len(part) == len(piece) and all(
            not one or one == letter for one, letter in zip(piece, part, strict=True)
        )

    if len(pieces) == 1:
        return len(text) == len(pieces[0]) and at(0, pieces[0])
    first, *middle, last = pieces
    if not at(0, first):
        return False
    place, end = len(first), len(text) - len(last)
    if end < place or not at(end, last):
        return False
    for piece in middle:
        while place + len(piece) <= end and not at(place, piece):
            place += 1
        if place + len(piece) > end:
            return False
        place += len(piece)
    return True
