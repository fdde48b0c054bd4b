"""Where each data set is published and how it is asked for: `publishers.toml`, read and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, cast

from geo.errors import UserError
from layers.catalogue import Dataset, load_catalogue

#: Ways of asking; each is a function of `fairplace.fetch.dialects`.
DIALECTS = (
    "file", "dated", "govuk", "arcgis", "ons_census", "os", "geofabrik", "overpass", "planning", "statxplore",
)  # fmt: skip


class RegisterError(UserError, LookupError):
    """There is no such source, or its entry is wrong."""


@dataclass(frozen=True)
class Recipe:
    """How one file is had from its publisher.

    Parameters
    ----------
    id
        The data set's id in the catalogue, or one of its own where no reader takes the file yet.
    how
        One of `DIALECTS`.
    url
        Where it is asked for; ``{date}`` and ``{authority}`` are filled in.
    page
        Where a person finds it.
    file
        Name it is given in the folder; ``{authority}`` where it differs from one to another.
    read_at
        Where the address and its parameters were read, and when.
    unconfirmed
        True where that could not be read in two places, or only in somebody's code.
    costs
        What a build lacks without it, in words.
    key
        Environment variable that must hold the reader's key; empty if none is needed.
    called
        What it is, in words, for a source that is in no catalogue.
    ask
        Parameters of the dialect.
    member, sheet, keep_rows, rename, cells, add
        What is taken out of what came; see `fairplace.fetch.unpacking`.
    header
        Names of the columns of a table that is published without.
    cut
        ``tiles`` or ``layers`` where a product of Great Britain is cut to the authority; see
        `fairplace.fetch.cutting`.
    placed
        Column of postcodes by which rows are placed, and those of other places left out.
    rows
        Fewest and most rows that the file may have.
    columns
        Headers it must have, for a file that is in no catalogue.
    areas
        Geography whose codes of the authority are asked for; empty for a national file.
    restricted
        True for tables about homes: they go to the folder ``restricted``.
    """

    id: str
    how: str
    url: str
    page: str
    file: str
    read_at: str
    costs: str
    unconfirmed: bool = False
    key: str = ""
    licence: str = ""
    called: str = ""
    ask: Mapping[str, Any] = field(default_factory=dict)
    member: str = ""
    sheet: str = ""
    keep_rows: str = ""
    rename: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[str, str] = field(default_factory=dict)
    add: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    header: tuple[str, ...] = ()
    cut: str = ""
    placed: str = ""
    rows: tuple[int, int] = (1, 10**9)
    columns: tuple[str, ...] = ()
    areas: str = ""
    restricted: bool = False
    optional: bool = False

    @property
    def dataset(self) -> Dataset | None:
        """Its entry in the catalogue, or None."""
        return load_catalogue().get(self.id)

    @property
    def title(self) -> str:
        """What it is, in words."""
        return self.dataset.title if self.dataset else self.called or self.id.replace("_", " ")

    @property
    def terms(self) -> str:
        """The licence it comes under."""
        return self.licence or (self.dataset.licence if self.dataset else "see its page")

    @property
    def local(self) -> bool:
        """True where the file differs from one authority to another."""
        return "{authority}" in self.file

    def name(self, authority: str) -> str:
        """Name of the file for an authority, from the folder down."""
        folder = "restricted/" if self.restricted else ""
        return folder + self.file.replace("{authority}", authority)


@cache
def load_register() -> Mapping[str, Recipe]:
    """Every source by its id, in the order in which they are fetched.

    Raises
    ------
    RegisterError
        An entry lacks a field, has one that is unknown, or names a dialect that is not there.
    """
    text = files("fairplace.fetch").joinpath("publishers.toml").read_text(encoding="utf-8")
    content = tomllib.loads(text)
    shared = cast("dict[str, dict[str, Any]]", content.pop("terms"))
    recipes: dict[str, Recipe] = {}
    for key, entry in content.items():
        fields = {**shared.get(entry.pop("terms", ""), {}), **entry}
        fields["rows"] = tuple(fields.get("rows", (1, 10**9)))
        for name in ("columns", "header"):
            fields[name] = tuple(fields.get(name, ()))
        for name in ("url", "file"):
            fields[name] = str(fields.get(name, "")).replace("{table}", str(fields.get("table", "")))
        fields["member"] = str(fields.get("member", "")).replace("{table}", str(fields.pop("table", "")))
        try:
            recipe = Recipe(id=key, **fields)
        except TypeError as error:
            raise RegisterError(f"publishers.toml [{key}]: {error}; mend the entry") from error
        if recipe.how not in DIALECTS:
            raise RegisterError(f'publishers.toml [{key}]: how is "{recipe.how}"; use one of {DIALECTS}')
        recipes[key] = recipe
    return recipes


def choose(only: Collection[str], register: Mapping[str, Recipe]) -> list[Recipe]:
    """Give the recipes of some ids, or all that are not optional.

    Raises
    ------
    RegisterError
        An id is not in the register.
    """
    for key in only:
        if key not in register:
            near = [one for one in register if one.split("_")[0] == key.split("_")[0]]
            raise RegisterError(
                f'"{key}" is not among the sources that can be fetched; '
                f"{'did you mean ' + ', '.join(near) if near else '`fetch --dry-run` lists them'}"
            )
    return [one for one in register.values() if (one.id in only if only else not one.optional)]
