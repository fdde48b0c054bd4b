"""Packs in PostgreSQL with PostGIS, for councils that keep their geography there.

Two things are written, in one transaction. The pack itself, file by file, into the schema ``fairplace``:
that is what `fairplace serve` takes its figures from, whole and checked by hash. And its public edition
as plain tables, into a schema of its own for each authority, for whoever opens the database in QGIS:
areas, points and lines carry both coordinate versions, ``geom_bng`` (EPSG:27700) and ``geom_lonlat``
(EPSG:4326), made by `geo.crs`. PostGIS is not asked to convert: without the OSTN15 grid it is 2 m off.

No rights are given to anybody but to the role named: the schema ``fairplace`` holds what only the
service may read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from fairplace.database_tables import drop_tables, grant_tables, write_tables
from fairplace.disclosure import release
from fairplace.files import write_whole_folder
from fairplace.pack import Pack, PackError, open_pack
from geo.errors import UserError
from geo.source import hash_file

#: Schema of the register and of whole packs.
STORE = "fairplace"
#: One publisher at a time: a number that no other program of ours uses for a lock.
_LOCK = 20_403_001
_CHUNK = 4 << 20
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TABLES = """
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE SCHEMA IF NOT EXISTS fairplace;
CREATE TABLE IF NOT EXISTS fairplace.packs (
  id text PRIMARY KEY,
  key text NOT NULL,
  authority text NOT NULL,
  name text NOT NULL,
  format integer NOT NULL,
  current boolean NOT NULL,
  published timestamptz NOT NULL DEFAULT now(),
  manifest jsonb NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS packs_current ON fairplace.packs (key) WHERE current;
CREATE TABLE IF NOT EXISTS fairplace.pieces (
  pack text NOT NULL REFERENCES fairplace.packs (id) ON DELETE CASCADE,
  name text NOT NULL,
  part integer NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (pack, name, part)
);
"""


class DatabaseError(UserError, OSError):
    """The database cannot be reached, or does not let us do what is needed."""


class StoreError(UserError, ValueError):
    """What was asked of the packs in a database makes no sense, or they are not what they were."""


@dataclass(frozen=True)
class Stored:
    """One pack in a database.

    Parameters
    ----------
    id
        Of its content.
    key
        Name in addresses and of its schema, ``fairplace_KEY``.
    authority, name
        Code and name of the district.
    current
        True for the edition that is served; earlier ones are kept.
    """

    id: str
    key: str
    authority: str
    name: str
    current: bool


def key_of(folder: Path) -> str:
    """Make a key of a folder's name: small letters, digits and underscores, a letter first."""
    text = re.sub(r"[^a-z0-9]+", "_", folder.resolve().name.lower()).strip("_")
    return text if text[:1].isalpha() else f"p_{text}"


def publish(pack: Pack, address: str, *, key: str, grant: str = "") -> Stored:
    """Write a pack into a database, whole or not at all.

    Parameters
    ----------
    pack
        Unchanged since it was built.
    address
        ``postgresql://user@host:port/database``; a password may come from ``PGPASSWORD`` or a
        password file, as for every program that uses libpq.
    key
        Name in addresses: letters, digits and underscores, a letter first.
    grant
        Role that may read the public tables; nobody but the owner if empty.

    Returns
    -------
    Stored
        The edition that is now current. Publishing the same pack again changes nothing.

    Raises
    ------
    PackError
        A file of the pack is not the one that was built.
    StoreError
        The key cannot be one.
    TablesError
        The schema is somebody else's, or something rests on a table that must go or change its columns.
    DatabaseError
        The database cannot be reached, lacks PostGIS, or the role may not write.
    """
    if not _KEY.fullmatch(key):
        raise StoreError(
            f'"{key[:60]}" cannot be the name of a pack in a database; use small letters, digits and '
            "underscores, a letter first, at most 40"
        )
    changed = pack.changed_files()
    if changed:
        raise PackError(
            f"{pack.path.name}: {changed[0]} is not the file that was built ({len(changed)} such); "
            "build the pack again"
        )
    public = release(pack, "public")
    with _connected(address) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        connection.execute(_TABLES)
        held = connection.execute(
            "SELECT key, current FROM fairplace.packs WHERE id = %s",
            (pack.id,),
        ).fetchone()
        if held is not None and held[0] != key:
            raise StoreError(f'this pack is in the database as "{held[0]}"; publish it under that name')
        connection.execute(
            "UPDATE fairplace.packs SET current = false WHERE key = %s AND id <> %s",
            (key, pack.id),
        )
        if held is None:
            _write_pieces(connection, pack, key)
        else:
            connection.execute("UPDATE fairplace.packs SET current = true WHERE id = %s", (pack.id,))
        if held is None or not held[1]:
            write_tables(connection, public, f"{STORE}_{key}")
        if grant:
            grant_tables(connection, f"{STORE}_{key}", grant)
    return Stored(pack.id, key, pack.authority, pack.name, current=True)


def stored_packs(address: str) -> list[Stored]:
    """Packs of a database, the current ones first, by key.

    Raises
    ------
    DatabaseError
        As `publish`.
    StoreError
        Nothing was ever published there.
    """
    with _connected(address) as connection:
        _check_store(connection)
        rows = connection.execute(
            "SELECT id, key, authority, name, current FROM fairplace.packs "
            "ORDER BY current DESC, key, published DESC, id"
        ).fetchall()
    return [Stored(*row) for row in rows]


def take_packs(address: str, folder: Path, *, keys: Sequence[str] = ()) -> list[Path]:
    """Bring the current packs of a database into folders, each whole and as it was built.

    Parameters
    ----------
    address
        As for `publish`.
    folder
        Where the packs will stand, each in a folder of its key. A pack that is there already and
        unchanged is not fetched again.
    keys
        Only these; all if empty.

    Returns
    -------
    list of Path
        Folders, by key.

    Raises
    ------
    StoreError
        There is no such pack, none at all, or the database does not give back what was published.
    DatabaseError
        As `publish`.
    """
    taken = []
    with _connected(address) as connection:
        _check_store(connection)
        rows = connection.execute(
            "SELECT id, key, manifest FROM fairplace.packs WHERE current ORDER BY key"
        ).fetchall()
        held = {key: (pack, manifest) for pack, key, manifest in rows}
        absent = [key for key in keys if key not in held]
        if absent or not held:
            raise StoreError(
                f'the database has no pack "{absent[0] if absent else ""}"; '
                f"it has {', '.join(held) or 'none: publish one with `fairplace publish`'}"
            )
        for key in keys or held:
            pack, manifest = held[key]
            path = folder / key
            if not _is_there(path, pack):
                _take(connection, path, pack, manifest)
            taken.append(path)
    return taken


def remove(address: str, pack: str) -> Stored:
    """Take an edition out of a database; of the current one the public tables go as well.

    Raises
    ------
    StoreError
        There is no such edition.
    TablesError
        Something rests on one of its tables.
    DatabaseError
        As `publish`.
    """
    with _connected(address) as connection:
        _check_store(connection)
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        row = connection.execute(
            "DELETE FROM fairplace.packs WHERE id = %s RETURNING id, key, authority, name, current",
            (pack,),
        ).fetchone()
        if row is None:
            raise StoreError(
                f'the database has no edition "{pack[:40]}"; `fairplace publish --list` names them'
            )
        gone = Stored(*row)
        if gone.current:
            drop_tables(connection, f"{STORE}_{gone.key}")
    return gone


@contextmanager
def _connected(address: str) -> Iterator[psycopg.Connection[Any]]:
    """Connect for one transaction; an error undoes all of it and becomes one line without a password."""
    try:
        with psycopg.connect(address, connect_timeout=10) as connection:
            yield connection
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseError(
            f"the database does not let this role do that ({_first_line(error)}); it must be able to make "
            "schemas, and somebody must have made the extension: CREATE EXTENSION postgis"
        ) from error
    # Before PostgreSQL 15 an extension that is not there was a file that is not there.
    except (psycopg.errors.UndefinedFile, psycopg.errors.FeatureNotSupported) as error:
        raise DatabaseError(
            f"the database server has no PostGIS ({_first_line(error)}); install it there"
        ) from error
    except (psycopg.OperationalError, psycopg.ProgrammingError, psycopg.DataError) as error:
        raise DatabaseError(
            f"the database did not do what was asked ({_hide_password(_first_line(error), address)}); "
            "nothing was changed; check the address, that it runs, and that it is ours to write"
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _hide_password(text: str, address: str) -> str:
    found = re.search(r"://[^:/@]*:([^@]+)@", address)
    return text.replace(found.group(1), "...") if found else text


def _check_store(connection: psycopg.Connection[Any]) -> None:
    row = connection.execute("SELECT to_regclass(%s)", ("fairplace.packs",)).fetchone()
    if row is None or row[0] is None:
        raise StoreError("nothing was published to this database; `fairplace publish` does that")


def _write_pieces(connection: psycopg.Connection[Any], pack: Pack, key: str) -> None:
    connection.execute(
        "INSERT INTO fairplace.packs (id, key, authority, name, format, current, manifest) "
        "VALUES (%s, %s, %s, %s, %s, true, %s)",
        (pack.id, key, pack.authority, pack.name, pack.manifest["format"], Jsonb(dict(pack.manifest))),
    )
    copying = "COPY fairplace.pieces (pack, name, part, bytes) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(copying) as copy:
        copy.set_types(["text", "text", "int4", "bytea"])
        for name in ["manifest.json", *sorted(pack.manifest["files"])]:
            with (pack.path / name).open("rb") as held:
                part = 0
                while piece := held.read(_CHUNK):
                    copy.write_row((pack.id, name, part, piece))
                    part += 1


def _take(connection: psycopg.Connection[Any], path: Path, pack: str, manifest: Mapping[str, Any]) -> None:
    expected = {"manifest.json", *manifest["files"]}
    strange = next((name for name in sorted(expected) if not _is_inside(name)), None)
    if strange is not None:
        raise StoreError(
            f'the database names "{strange[:60]}" as a file of pack {pack}, which would lie outside of it; '
            "somebody changed the register: publish the pack again"
        )
    with write_whole_folder(path) as draft:
        with connection.cursor(name="pieces") as cursor:
            cursor.itersize = 4
            cursor.execute(
                "SELECT name, bytes FROM fairplace.pieces WHERE pack = %s ORDER BY name, part",
                (pack,),
            )
            for name, piece in cursor:
                if name not in expected:
                    raise StoreError(
                        f'the database holds "{name[:60]}" for pack {pack}, which its manifest does not '
                        "name; publish the pack again"
                    )
                (draft / name).parent.mkdir(parents=True, exist_ok=True)
                with (draft / name).open("ab") as held:
                    held.write(piece)
        # A file of no bytes has no piece.
        for name, digest in manifest["files"].items():
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            (draft / name).touch()
            if hash_file(draft / name) != digest:
                raise StoreError(
                    f"{name} of pack {pack} came back from the database changed; publish the pack again"
                )
        if open_pack(draft).id != pack:
            raise StoreError(f"pack {pack} came back from the database as another; publish it again")


def _is_inside(name: str) -> bool:
    """Tell whether a name leads to a file below the folder that it is put to, on any system."""
    parts = re.split(r"[/\\]", name)
    return bool(name) and ":" not in name and "\0" not in name and not {"", ".", ".."} & set(parts)


def _is_there(path: Path, pack: str) -> bool:
    if not (path / "manifest.json").is_file():
        return False
    held = open_pack(path)
    return held.id == pack and not held.changed_files()
