"""Sums that readers of a council's own figures have from elsewhere, as the council states them.

A total in an annual report tells a hidden count as well as a total in the pack does. Whoever puts such
a total about writes it into ``sums.toml`` beside the tables: the number itself is not needed, because
what adds up to it is.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from geo.errors import UserError

#: Name of the file, in the folder ``local``.
SUMS = "sums.toml"
_SHAPE = 'whole = ["report_total", ""] and parts = [["event_people", "dental_pop_up"], ...]'
Pair = tuple[str, str]


class SumsError(UserError, ValueError):
    """The sums that a council states are not sums of its own figures."""


def own_groups(parts: Iterable[pd.DataFrame]) -> set[Pair]:
    """Gather the indicators and groups of a council's own figures."""
    return {
        (str(name), str(group))
        for part in parts
        for name, group in part[["indicator", "group"]].drop_duplicates().itertuples(index=False)
    }


def read_sums(path: Path, held: Collection[Pair]) -> list[dict[str, Any]]:
    """Read the sums that a council states.

    Parameters
    ----------
    path
        A TOML file with ``[[sums]]``, each with ``whole`` (indicator and group; any name where the pack
        does not hold it) and ``parts`` (two or more). It may not be there.
    held
        Indicators and groups of the council's own figures.

    Returns
    -------
    list of dict
        ``whole`` and ``parts`` as `fairplace.disclosure.release` takes them from a pack.

    Raises
    ------
    SumsError
        The file cannot be read, a sum has another shape, or a part is not among the council's figures.
    """
    if not path.is_file():
        return []
    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8")).get("sums", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SumsError(f"{path.name} cannot be read ({error}); write [[sums]] with {_SHAPE}") from error
    made = []
    for number, one in enumerate(stated if isinstance(stated, list) else [stated], start=1):
        pairs = [one.get("whole"), *one.get("parts", [])] if isinstance(one, dict) else []
        if len(pairs) < 3 or not all(_is_pair(pair) for pair in pairs):
            raise SumsError(
                f"{path.name}, sum {number}: needs a whole and two parts or more, each an indicator and a "
                f"group, as {_SHAPE}"
            )
        for name, group in pairs[1:]:
            if (name, group) not in held:
                of = f' of group "{group}"' if group else ""
                raise SumsError(
                    f'{path.name}, sum {number}: "{name}"{of} is not among the own figures; they are '
                    f"{', '.join(sorted({name for name, _ in held}))}"
                )
        made.append({"whole": pairs[0], "parts": pairs[1:]})
    return made


def _is_pair(given: object) -> bool:
    return isinstance(given, list) and len(given) == 2 and all(isinstance(word, str) for word in given)
