"""Fetching what authorities need: in order, whole or not at all, and nothing twice."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from fairplace.fetch.checking import check
from fairplace.fetch.dialects import ask
from fairplace.fetch.errors import ChangedError, CutError, FetchError
from fairplace.fetch.job import Job
from fairplace.fetch.ledger import Entry, holds, read_ledger, write_ledger
from fairplace.fetch.mirror import copy_mirror
from fairplace.fetch.register import Recipe, choose, load_register
from fairplace.fetch.transport import Transport
from fairplace.fetch.unpacking import unpack
from fairplace.files import explain_write
from geo.errors import UserError
from geo.geography import Geography
from geo.source import hash_file
from layers.delimited import match_headers
from layers.planning import load_register as load_layers
from layers.points import tidy_postcode

#: Where bodies grow; hidden, so that no reader takes half a file.
WORK = ".fetching"
_CODES = "lookup_lsoa21_wd25"


class AuthorityError(UserError, ValueError):
    """The code is not that of an English district."""


@dataclass(frozen=True)
class Shortfall:
    """A source that could not be had.

    Parameters
    ----------
    id, authority
        Which; the authority is empty for a national file.
    reason
        What happened, in a sentence.
    costs
        What a build lacks without it.
    """

    id: str
    authority: str
    reason: str
    costs: str


@dataclass(frozen=True)
class Outcome:
    """What a call of `fetch` did.

    Parameters
    ----------
    got
        Files that came.
    kept
        Files that were there already and are what the ledger says.
    short
        What could not be had.
    """

    got: tuple[Entry, ...]
    kept: tuple[Entry, ...]
    short: tuple[Shortfall, ...]


@dataclass(frozen=True)
class Errand:
    """One file for one authority, or for all.

    Parameters
    ----------
    recipe
        How it is had.
    authority
        Empty for a national file.
    """

    recipe: Recipe
    authority: str

    @property
    def file(self) -> str:
        """Its name in the folder."""
        return self.recipe.name(self.authority)


def plan(
    authorities: Sequence[str],
    only: Sequence[str] = (),
    *,
    register: Mapping[str, Recipe] | None = None,
) -> list[Errand]:
    """List the files that some authorities need, in the order in which they are fetched.

    Raises
    ------
    AuthorityError
        A code is not one of an English district.
    RegisterError
        An id is not in the register.
    """
    for authority in authorities:
        if not Geography("lad", 2025).owns(authority) or not authority.startswith("E"):
            raise AuthorityError(
                f'"{authority}" is not the code of an English district; needed one such as E06000016'
            )
    errands: list[Errand] = []
    for recipe in choose(only, register or load_register()):
        for one in _layers(recipe):
            errands += (
                [Errand(one, authority) for authority in authorities] if one.local else [Errand(one, "")]
            )
    return errands


def _layers(recipe: Recipe) -> list[Recipe]:
    if recipe.how != "planning":
        return [recipe]
    return [
        replace(
            recipe,
            id=f"planning_{key}",
            file=recipe.file.replace("{layer}", key),
            ask={**recipe.ask, "dataset": key},
            rows=(0, 10**9),
        )
        for key, layer in load_layers().items()
        if "planning.data.gov.uk" in layer.url
    ]


def fetch(
    authorities: Sequence[str],
    *,
    to: Path,
    mirror: Path | None = None,
    only: Sequence[str] = (),
    on: date | None = None,
    refresh: bool = False,
    transport: Transport | None = None,
    register: Mapping[str, Recipe] | None = None,
) -> Outcome:
    """Get every source that builds of some authorities need.

    Parameters
    ----------
    authorities
        Codes of English districts.
    to
        Folder to fill. A file that is there and is what its ledger says is not asked for again.
    mirror
        Folder to copy from instead of asking the publishers.
    only
        Ids to get; all that are not optional if empty.
    on
        Day up to which the newest file is wanted, where a publisher puts days into names; today if
        left out.
    refresh
        Ask again for what is there.
    transport
        How requests are made.
    register
        Recipes to follow in place of `load_register`, such as those of a council's own mirror.

    Returns
    -------
    Outcome
        What came, what was there, what could not be had and what that costs. A file that is not what
        it should be is never written under its name.

    Raises
    ------
    AuthorityError
        A code is not one of an English district.
    """
    recipes = register or load_register()
    errands = plan(authorities, only if mirror is None else (), register=recipes)
    if mirror is not None:
        copied, kept, lacking = copy_mirror(authorities, mirror=mirror, to=to, only=only)
        return Outcome(
            tuple(copied), tuple(kept), tuple(Shortfall(key, "", reason, "") for key, reason in lacking)
        )
    transport = transport or Transport()
    work = to / WORK
    with explain_write(to):
        work.mkdir(parents=True, exist_ok=True)
    ledger = read_ledger(to)
    got: list[Entry] = []
    there: list[Entry] = []
    short: list[Shortfall] = []
    try:
        for errand in errands:
            entry = ledger.get(errand.file)
            if not refresh and entry is not None and holds(to, entry):
                there.append(entry)
                continue
            try:
                entry = _run(
                    errand,
                    to=to,
                    work=work,
                    on=on or datetime.now(UTC).date(),
                    transport=transport,
                    register=recipes,
                )
            except UserError as error:
                short.append(Shortfall(errand.recipe.id, errand.authority, str(error), errand.recipe.costs))
                continue
            ledger[errand.file] = entry
            got.append(entry)
            write_ledger(to, ledger)
    finally:
        transport.close()
    if not short:
        shutil.rmtree(work, ignore_errors=True)
    return Outcome(tuple(got), tuple(there), tuple(short))


def _run(
    errand: Errand, *, to: Path, work: Path, on: date, transport: Transport, register: Mapping[str, Recipe]
) -> Entry:
    recipe = errand.recipe
    codes = _codes(to, errand)
    job = Job(recipe, transport, work, errand.authority, on, codes, _box(to, errand))
    joins = {column: _join(to, said, register) for column, said in recipe.add.items()}
    places = _places(to, errand.authority) if recipe.placed else {}
    target = to / errand.file
    draft = work / "draft" / Path(errand.file).name
    draft.parent.mkdir(exist_ok=True)
    for last in (False, True):
        try:
            came = ask(job)
            done = unpack(came, job, draft, joins=joins, places=places)
            rows = check(draft, recipe, url=came.url)
            break
        except CutError:
            # The body is damaged although it came whole: begin anew, once.
            _forget(job.part)
            if last:
                raise
        except ChangedError:
            _forget(job.part)
            raise
    with explain_write(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        draft.replace(target)
    return Entry(
        recipe.id,
        errand.file,
        came.url,
        came.stamp,
        hash_file(target),
        target.stat().st_size,
        rows,
        tuple(done),
        came.edition,
    )


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    part.with_name(part.name + ".json").unlink(missing_ok=True)


def _codes(to: Path, errand: Errand) -> tuple[str, ...]:
    """Codes of the authority's areas, from the look-ups that came first."""
    kind = errand.recipe.areas
    if not kind:
        return ()
    name, column = {
        "lsoa21": ("lookups/{}_lsoa21_wd25.csv", "LSOA21CD"),
        "wd25": ("lookups/{}_lsoa21_wd25.csv", "WD25CD"),
        "msoa21": ("lookups/{}_oa21_lsoa21_msoa21.csv", "MSOA21CD"),
    }[kind]
    path = to / name.format(errand.authority)
    if not path.is_file():
        wanted = "lookup_oa21" if kind == "msoa21" else _CODES
        raise FetchError(f"it needs the codes of the authority's areas, and {wanted} could not be had")
    return tuple(sorted(set(_column(path, column)) - {""}))


def _column(path: Path, column: str) -> Iterable[str]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return [row[column] for row in csv.DictReader(handle)]


def _join(to: Path, said: Mapping[str, str], register: Mapping[str, Recipe]) -> Mapping[str, str]:
    """Values by key, of a column of another file that was fetched before."""
    path = to / register[said["from"]].file
    if not path.is_file():
        raise FetchError(f"it needs {said['from']}, which could not be had")
    with path.open(encoding="utf-8-sig", newline="") as handle:
        rows = csv.DictReader(handle)
        found = match_headers(rows.fieldnames or [], [said["take"]])
        if said["take"] not in found:
            raise ChangedError(f'{path.name} has no column "{said["take"]}" any more')
        return {row[said["key"]]: row[found[said["take"]]] for row in rows}


def _places(to: Path, authority: str) -> dict[str, tuple[str, str]]:
    """Eastings and northings by postcode, from the authority's part of Code-Point Open."""
    path = to / f"postcodes/{authority}_codepoint_open.csv"
    if not path.is_file():
        raise FetchError("it needs the authority's postcodes, and codepoint_open could not be had")
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return {
            tidy_postcode(row["Postcode"]): (row["Eastings"], row["Northings"])
            for row in csv.DictReader(handle)
        }


def _box(to: Path, errand: Errand) -> tuple[float, float, float, float] | None:
    recipe = errand.recipe
    if recipe.how not in ("geofabrik", "overpass") and not (recipe.cut or recipe.ask.get("within")):
        return None
    path = to / f"boundaries/{errand.authority}_lsoa21_bgc.geojson"
    if not path.is_file():
        return None
    import geopandas as gpd

    west, south, east, north = gpd.read_file(path).total_bounds
    return float(west), float(south), float(east), float(north)
