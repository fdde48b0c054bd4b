"""Changes of income said in words: "20 per child to private renters with children, uptake 0.7".

An amount in pounds a week, ``per child`` if it is for each child, ``to`` whom, and the share that gets
it. Whom is said by the words of `TENURE_WORDS` and `type_words`. Words of one kind side by side narrow
("couples with children"), joined by ``and`` or ``or`` they add ("lone parents and pensioners"); a tenure
beside a type narrows ("private renters with children"). A tenure and a type joined by ``and`` could mean
either and are refused.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

from mis.changes import Change, WhatIfError
from mis.household_types import TENURES, household_types

_ALL_TENURES = frozenset(TENURES)
#: Word of a reader -> tenures.
TENURE_WORDS: dict[str, frozenset[str]] = {
    "private renters": frozenset({"private_rented"}),
    "social renters": frozenset({"social_rented"}),
    "renters": frozenset({"private_rented", "social_rented"}),
    "outright owners": frozenset({"owned_outright"}),
    "owners with a mortgage": frozenset({"owned_mortgage"}),
    "owners": frozenset({"owned_outright", "owned_mortgage"}),
}
_OTHER_TENURE_WORDS = {
    "private tenants": "private renters", "private rent": "private renters",
    "social tenants": "social renters", "social rent": "social renters", "tenants": "renters",
    "owned outright": "outright owners", "own outright": "outright owners",
    "mortgage holders": "owners with a mortgage", "mortgage": "owners with a mortgage",
}  # fmt: skip
_JOINING = frozenset({"and", "or", "&"})
_SILENT = frozenset(
    {"in", "who", "are", "the", "of", "living", "households", "people", "with", "all", "a", "every", "any"}
)
_WORK = frozenset({"work", "working", "workless", "employed", "unemployed", "workers", "earners", "jobless"})
_EXAMPLE = '"20 to private renters with children, uptake 0.7"'
_SHAPE = re.compile(
    r"""^\s*(?P<sign>[+-]?)\s*£?\s*(?P<sum>\d+(?:\.\d+)?)\s*(?:pounds?|gbp)?\s*
    (?:(?:a|per)\s+week)?\s*(?P<child>(?:per|a|for\ each|for\ every)\s+child)?\s*(?:(?:a|per)\s+week)?\s+
    (?:to|for)\s+(?P<who>.+?)(?:,?\s*uptake\s+(?P<uptake>\d+(?:\.\d+)?)\s*(?P<percent>%|per\ cent)?)?\s*$""",
    re.VERBOSE | re.IGNORECASE,
)


@cache
def type_words() -> dict[str, frozenset[str]]:
    """Word of a reader -> household types: groups, then each type by its id."""
    types = household_types()
    children = frozenset(name for name, count in zip(types.ids, types.children, strict=True) if count > 0)
    pensioners = frozenset(name for name, one in zip(types.ids, types.is_pensioner, strict=True) if one)

    def group(name: str) -> frozenset[str]:
        return frozenset(one for one, of in zip(types.ids, types.groups, strict=True) if of == name)

    words = {
        "everyone": frozenset(types.ids),
        "with children": children,
        "without children": frozenset(types.ids) - children,
        "large families": frozenset({"couple_3", "couple_4", "lone_parent_3"}),
        "lone parents": group("lone_parent"),
        "couples": group("couple") | group("couple_children"),
        "single people": group("single"),
        "pensioners": pensioners,
        "single pensioners": group("single_pensioner"),
        "pensioner couples": group("couple_pensioner"),
        "working age": frozenset(types.ids) - pensioners,
        "shared households": group("several_adults") | group("several_families"),
    }
    return words | {name: frozenset({name}) for name in types.ids}


_OTHER_TYPE_WORDS = {
    "all households": "everyone", "families": "with children", "children": "with children",
    "families with children": "with children", "no children": "without children",
    "three or more children": "large families", "lone parent families": "lone parents",
    "people alone": "single people", "pensioners alone": "single pensioners",
    "pensioners living alone": "single pensioners",
}  # fmt: skip


def parse_change(text: str, *, rent: bool = False, label: str = "") -> Change:
    """Read a change said in words.

    Parameters
    ----------
    text
        Such as ``20 per child to private renters with children, uptake 0.7``; the uptake is a share or a
        percentage with its sign, and all of them if left out.
    rent
        True if the amount is a change of rent: a rise of 15 is 15 pounds a week less income, and is nobody's
        cost.
    label
        In a reader's words; what was asked if left out.

    Raises
    ------
    WhatIfError
        It is not of that shape, or names a household that is not known; the message lists those that are.
    """
    found = _SHAPE.match(text)
    if found is None:
        raise WhatIfError(
            f'"{text}" is not a change; say pounds a week, to whom and the share that gets it: {_EXAMPLE}'
        )
    weekly = float(found["sum"]) * (-1 if found["sign"] == "-" else 1)
    uptake = float(found["uptake"] or 1) / (100 if found["percent"] else 1)
    types, tenures = _households(found["who"])
    change = Change(
        label=label or _said(weekly, bool(found["child"]), found["who"], uptake, rent),
        weekly=-weekly if rent else weekly,
        per_child=bool(found["child"]),
        types=tuple(name for name in household_types().ids if name in types),
        tenures=tuple(name for name in TENURES if name in tenures),
        uptake=uptake,
        paid=not rent,
    )
    gains, _ = change.cells()
    if weekly and not gains.any():
        raise WhatIfError(f'"{text}" reaches no household: nobody of "{found["who"]}" has children')
    return change


def read_changes(path: Path) -> list[Change]:
    """Read changes from a TOML file: a ``[[change]]`` for each, with ``add`` or ``rent`` and a ``label``.

    Raises
    ------
    WhatIfError
        The file is not TOML, holds no change, or one of them is not as `parse_change` wants it.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise WhatIfError(f"{path.name} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WhatIfError(f"{path.name} is not TOML: {error}") from error
    entries = content.get("change", [])
    if not isinstance(entries, list) or not entries or set(content) - {"change"}:
        raise WhatIfError(f"{path.name} holds no [[change]]; write one for each, with add = {_EXAMPLE}")
    changes = []
    for number, entry in enumerate(entries, start=1):
        kinds = [name for name in ("add", "rent") if isinstance(entry.get(name), str)]
        if len(kinds) != 1 or set(entry) - {"add", "rent", "label"}:
            raise WhatIfError(
                f"{path.name}, change {number}: give add or rent, as words, and a label if wanted: "
                f"add = {_EXAMPLE}"
            )
        words, label = entry[kinds[0]], str(entry.get("label", ""))
        changes.append(parse_change(words, rent=kinds[0] == "rent", label=label))
    return changes


def known_words() -> str:
    """Give every word for households, in one line."""
    return f"households are {', '.join(type_words())}; tenures are {', '.join(TENURE_WORDS)}"


def _said(weekly: float, child: bool, who: str, uptake: float, rent: bool) -> str:
    pounds = f"£{abs(weekly):,.2f}".removesuffix(".00")
    each = " for each child" if child else ""
    taken = "" if uptake == 1 else f", taken up by {uptake:.0%}"
    if rent:
        return f"{pounds} a week {'less' if weekly < 0 else 'more'} rent{each} for {who.strip()}{taken}"
    return f"{pounds} a week {'less' if weekly < 0 else 'more'}{each} to {who.strip()}{taken}"


@cache
def _terms() -> dict[tuple[str, ...], tuple[str, frozenset[str]]]:
    words: dict[str, tuple[str, frozenset[str]]] = {}
    for name, tenures in TENURE_WORDS.items():
        words[name] = ("tenure", tenures)
    for name, same in _OTHER_TENURE_WORDS.items():
        words[name] = ("tenure", TENURE_WORDS[same])
    for name, types in type_words().items():
        words[name] = ("type", types)
    for name, same in _OTHER_TYPE_WORDS.items():
        words[name] = ("type", type_words()[same])
    for name, label in zip(household_types().ids, household_types().labels, strict=True):
        words[label.lower()] = ("type", frozenset({name}))
    return {tuple(name.replace("-", " ").split()): one for name, one in words.items()}


def _households(who: str) -> tuple[frozenset[str], frozenset[str]]:
    words = who.lower().replace("-", " ").replace(",", " and ").split()
    terms = _terms()
    longest = max(map(len, terms))
    found = {"type": frozenset(household_types().ids), "tenure": _ALL_TENURES}
    before, joined, said = "", False, False
    place = 0
    while place < len(words):
        size = next(
            (n for n in range(longest, 0, -1) if tuple(words[place : place + n]) in terms and n > 0), 0
        )
        if not size:
            word = words[place]
            if word in _JOINING and before:
                joined = True
            elif word in _WORK:
                raise WhatIfError(
                    f'"{who}" asks for work status, which this estimate does not hold; {known_words()}'
                )
            elif word not in _SILENT:
                raise WhatIfError(f'"{word}" of "{who}" names no household held here; {known_words()}')
            place += 1
            continue
        kind, names = terms[tuple(words[place : place + size])]
        if joined and kind != before:
            raise WhatIfError(
                f'"{who}" could mean those who are both or those who are either; leave out "and" for both, '
                f"or give two changes"
            )
        found[kind] = found[kind] | names if joined else found[kind] & names
        before, joined, said = kind, False, True
        place += size
    if not said or not found["type"] or not found["tenure"]:
        raise WhatIfError(f'"{who}" names no household; {known_words()}')
    return found["type"], found["tenure"]
