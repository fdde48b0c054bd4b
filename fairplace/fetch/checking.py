"""Whether a file is what it should be: known by its columns, of the expected count, and whole."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pyogrio

from fairplace.fetch.errors import ChangedError
from fairplace.fetch.register import Recipe
from layers.cards import FileCard, describe_file
from layers.catalogue import match_quietly

_FEW = 8


def check(path: Path, recipe: Recipe, *, url: str) -> int:
    """Hold a file against its recipe.

    Parameters
    ----------
    path
        The file, under the name it will have: some editions are told by it.
    recipe
        What it should be.
    url
        Where it came from, for the message.

    Returns
    -------
    int
        Rows or features; 0 where the form has none.

    Raises
    ------
    ChangedError
        It is not that; the message says which column, sheet or count is other than expected.
    """
    card = describe_file(path)
    known = recipe.dataset
    wanted = known.required if known else recipe.columns
    lost = [one for one in wanted if one not in match_quietly(card.columns, wanted)]
    if known is not None:
        lost_sheets = [one for one in known.sheets if one not in card.sheets]
        if card.problem:
            raise ChangedError(f"{url}: {card.problem}")
        if card.dataset != recipe.id:
            raise ChangedError(f"{url} is not recognised as {known.title}: {_why(card, lost, lost_sheets)}")
    elif lost:
        raise ChangedError(f"{url}: {_why(card, lost, [])}")
    rows = _count(path, card)
    fewest, most = recipe.rows
    if rows is not None and not fewest <= rows <= most:
        expected = str(fewest) if fewest == most else f"{fewest} to {most}"
        raise ChangedError(
            f"{url} holds {rows} rows, expected {expected}; it is cut short, or of another edition: "
            f"see {recipe.page}"
        )
    return rows or 0


def _why(card: FileCard, lost: list[str], sheets: list[str]) -> str:
    if sheets:
        return f'the sheet "{sheets[0]}" is gone; there are {", ".join(card.sheets[:_FEW])}'
    if lost:
        return f'the column "{lost[0]}" is gone; there are {", ".join(card.columns[:_FEW])}'
    if card.dataset:
        return f"it looks like {card.dataset}"
    return f"form {card.form or 'unknown'}, columns {', '.join(card.columns[:_FEW]) or 'none'}"


def _count(path: Path, card: FileCard) -> int | None:
    name = path.name.lower()
    if name.endswith((".csv", ".csv.gz")):
        opener = gzip.open if name.endswith(".gz") else open
        with opener(path, "rt", encoding="utf-8-sig", errors="replace", newline="") as handle:
            headed = bool(card.first) and not _headerless(card)
            return sum(1 for row in csv.reader(handle) if any(row)) - int(headed)
    if name.endswith(".gpkg"):
        return int(pyogrio.read_info(path, layer=card.sheets[-1])["features"])
    if name.endswith(".geojson"):
        return len(json.loads(path.read_text(encoding="utf-8")).get("features", []))
    return None


def _headerless(card: FileCard) -> bool:
    # Published without header: the "headers" that were read are the first row of data.
    return card.dataset in ("codepoint_open", "nhs_gp", "nhs_pharmacy", "nhs_dental") and not match_quietly(
        card.columns, ["postcode"]
    )
