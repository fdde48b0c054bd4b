"""Filters in CQL2 text: read with bounds, and tried on the features of a layer.

What is kept of the standard (OGC 21-065): comparisons, ``AND``, ``OR``, ``NOT`` in their order, ``IN``,
``LIKE``, ``BETWEEN``, ``IS NULL``, ``CASEI``, truth values, dates as text, and ``S_INTERSECTS`` with points,
lines, polygons, collections of them and boxes. A comparison with a value that is not there is neither true
nor false. The reader is our own, because the one at hand gives ``AND`` and ``OR`` the same rank, so that
``a OR b AND c`` says another thing, and knows no quote inside a text.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from fairplace.service.bounds import FILTER_DEPTH, FILTER_LETTERS, FILTER_WORDS
from fairplace.service.features import CRS84, GRID, Layer
from fairplace.service.problems import RequestError

Bools = NDArray[np.bool_]
_TOKEN = re.compile(
    r"\s*(?:(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)"
    r"|(?P<text>'(?:''|\\'|[^'])*')"
    r'|(?P<quoted>"[^"]+")'
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_.:-]*)"
    r"|(?P<sign><=|>=|<>|[=<>(),]))"
)
_SHAPE = re.compile(r"\s*\(([0-9A-Za-z+\-.,\s()]*)", re.ASCII)
_SHAPES = (
    "POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION",
)  # fmt: skip
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z")
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
_GEOMETRY = ("geometry", "geom")
_QUOTE = re.compile(r"\\'|''")
_OPENS = re.compile(r"\s*\(")
_SAID = ("IS", "NOT", "BETWEEN", "IN", "LIKE")
_KEYWORDS = frozenset(("AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "IS", "NULL", "TRUE", "FALSE"))


@dataclass(frozen=True)
class Truth:
    """Of each feature, whether a condition holds and whether it does not; neither, where none can say."""

    yes: Bools
    no: Bools


@dataclass(frozen=True)
class Values:
    """One value a feature, or the same for all; ``kind`` is ``number``, ``text`` or ``truth value``."""

    values: Any
    missing: Bools
    kind: str


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

    def calls(self, *names: str) -> bool:
        """Tell whether one of some words is next with a bracket after it; a field may have the same name."""
        return self.word() in names and bool(_OPENS.match(self.text, self.at))

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
        if self.calls("S_INTERSECTS"):
            return self.intersects()
        left = self.operand()
        says_more = self.kind == "sign" and self.token in _COMPARE
        if left.kind == "truth value" and not (says_more or self.word() in _SAID):
            held = np.broadcast_to(left.values, self.size).astype(bool)
            return Truth(held & ~left.missing, ~held & ~left.missing)
        return self.comparison(left)

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
        if left.kind != right.kind:
            raise RequestError(
                f"the filter compares a {left.kind} with a {right.kind}; give both of one kind"
            )
        known = ~(left.missing | right.missing)
        found = np.zeros(self.size, dtype=bool)
        one, other = (np.broadcast_to(side.values, self.size)[known] for side in (left, right))
        found[known] = _COMPARE[sign](one, other).astype(bool)
        return Truth(found, known & ~found)

    def like(self, left: Values) -> Truth:
        """Hold texts against a pattern."""
        if left.kind != "text":
            raise RequestError(f"LIKE is asked of a {left.kind}; it is for text")
        folded = self.calls("CASEI")
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
        # Each text is tried once, however many features have it: streets have few names.
        codes, texts = pd.factorize(np.broadcast_to(left.values, self.size)[known])
        fits = np.array([_fits(str(one), pieces) for one in texts], dtype=bool)
        found[known] = fits[codes] if len(texts) else False
        return Truth(found, known & ~found)

    def operand(self) -> Values:
        """Read a value: of a field, or written out."""
        none = np.zeros(self.size, dtype=bool)
        if self.kind == "number":
            return Values(float(self.step()), none, "number")
        if self.kind == "text":
            return Values(np.array(_unquoted(self.step()), dtype=object), none, "text")
        if self.word() in ("TRUE", "FALSE"):
            return Values(np.array(self.step().upper() == "TRUE"), none, "truth value")
        if self.calls("DATE", "TIMESTAMP"):
            form, shown = (
                (_DATE, "2026-01-31")
                if self.step().upper() == "DATE"
                else (_TIMESTAMP, "2026-01-31T12:00:00Z")
            )
            self.take("(")
            if self.kind != "text" or not form.fullmatch(_unquoted(self.token)):
                self.refuse(f"a moment in quotes is needed, such as '{shown}'")
            value = _unquoted(self.step())
            self.take(")")
            return Values(np.array(value, dtype=object), none, "text")
        if self.calls("CASEI"):
            self.depth += 1
            if self.depth > FILTER_DEPTH:
                raise RequestError(f"the filter is nested deeper than {FILTER_DEPTH}; write it flatter")
            self.step()
            self.take("(")
            inner = self.operand()
            self.take(")")
            self.depth -= 1
            if inner.kind != "text":
                raise RequestError(f"CASEI is asked of a {inner.kind}; it is for text")
            folded = [str(one).casefold() for one in np.broadcast_to(inner.values, self.size)]
            return Values(np.array(folded, dtype=object), inner.missing, "text")
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
            return Values(column.to_numpy(dtype=float), missing, "number")
        if self.layer.fields[name] == "boolean":
            return Values(column.to_numpy(dtype=bool), missing, "truth value")
        return Values(
            column.astype(object).where(~missing, "").astype(str).to_numpy(dtype=object), missing, "text"
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
        parts = shapely.get_parts(shape) if shape.geom_type == "GeometryCollection" else [shape]
        for part in parts:
            found[self.layer.trees[self.crs].query(part, predicate="intersects")] = True
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
        shape = _box(written, self.crs) if name == "BBOX" else _written(name, written)
        points = shapely.get_coordinates(shape)
        if self.crs == CRS84 and (np.abs(points) > (180, 90)).any():
            raise RequestError(
                f"the filter's shape lies outside the world in degrees; for metres of the National Grid give "
                f"filter-crs={GRID}"
            )
        return shape


def _box(written: str, crs: str) -> Any:
    """Read a box of four numbers, or of six with heights that are left out; one over the date line is two."""
    try:
        numbers = [float(one) for one in written[1:-1].split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:
        numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
    if len(numbers) != 4 or not np.isfinite(numbers).all() or numbers[1] > numbers[3]:
        raise RequestError(f'the filter has "BBOX{written[:60]}"; give west, south, east, north')
    west, south, east, north = numbers
    if west > east and crs == CRS84:
        return shapely.union(
            shapely.box(west, south, max(west, 180.0), north),
            shapely.box(min(east, -180.0), south, east, north),
        )
    if west > east:
        raise RequestError(f'the filter has "BBOX{written[:60]}", whose ends are exchanged')
    return shapely.box(*numbers)


def _written(name: str, written: str) -> Any:
    """Read a shape as WKT."""
    try:
        with np.errstate(over="ignore"):
            shape = shapely.from_wkt(name + written)
    except shapely.errors.ShapelyError as error:
        said = str(error).splitlines()[0][:120]
        raise RequestError(f"the filter's shape cannot be read: {said}") from None
    if shape.is_empty or not np.isfinite(shapely.get_coordinates(shape)).all():
        raise RequestError("the filter's shape has no points, or some that are not numbers; write it again")
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
    return _QUOTE.sub("'", text[1:-1])


def _balanced(text: str) -> str:
    """Take the part of a text up to where its first bracket closes; empty if it never does."""
    deep = 0
    for at, letter in enumerate(text):
        deep += {"(": 1, ")": -1}.get(letter, 0)
        if deep == 0:
            return text[: at + 1]
    return ""


def _pieces(pattern: str) -> list[tuple[re.Pattern[str], int]]:
    r"""Take a pattern apart at its ``%``: each piece as an expression without repeats, and its length.

    ``_`` is any letter and ``\`` takes the letter after it as it is. Without repeats an expression is found
    in a time that grows with the text alone, whatever somebody writes.
    """
    pieces: list[list[str]] = [[]]
    letters = iter(pattern)
    for letter in letters:
        if letter == "\\":
            pieces[-1].append(re.escape(next(letters, "\\")))
        elif letter == "%":
            pieces.append([])
        else:
            pieces[-1].append("." if letter == "_" else re.escape(letter))
    return [(re.compile("".join(one), re.DOTALL), len(one)) for one in pieces]


def _fits(text: str, pieces: list[tuple[re.Pattern[str], int]]) -> bool:
    """Hold a text against a pattern, each piece at the first place where it can stand."""
    if len(pieces) == 1:
        return pieces[0][0].fullmatch(text) is not None
    (first, begin), *middle, (last, length) = pieces
    end = len(text) - length
    if end < begin or not first.match(text) or not last.fullmatch(text, end):
        return False
    place = begin
    for piece, _ in middle:
        at = piece.search(text, place, end)
        if at is None:
            return False
        place = at.end()
    return True
