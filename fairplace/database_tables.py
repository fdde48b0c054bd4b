"""The public edition of a pack as tables of a database, which councils build views upon.

Tables of an edition before are filled anew in place, so that rights and views on them stay. What is in
the schema and was not made here is left alone, and nothing that others built is dropped: where a table
has to go or to change its columns, and something rests on it, the edition before stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import pandas as pd
import psycopg
import shapely
from psycopg import sql

from fairplace.disclosure import Released
from geo.crs import to_lonlat
from geo.errors import UserError

#: Begins the comment of every schema and table that is made here.
MARK = "fairplace: "
_TYPES = {"f": "double precision", "i": "bigint", "u": "bigint", "b": "boolean"}
# Views and other things outside a schema's own tables that rest on one of them.
_RESTING = """
SELECT DISTINCT n.nspname || '.' || c.relname
FROM pg_depend d
JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
JOIN pg_class c ON c.oid = r.ev_class
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE d.refobjid = to_regclass(%s) AND c.oid <> d.refobjid
ORDER BY 1
"""
_OURS = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relkind = 'r' AND obj_description(c.oid, 'pg_class') LIKE %s
ORDER BY 1
"""
_READERS = """
SELECT DISTINCT r.rolname FROM pg_namespace n, aclexplode(n.nspacl) a JOIN pg_roles r ON r.oid = a.grantee
WHERE n.nspname = %s AND a.privilege_type = 'USAGE' AND a.grantee <> n.nspowner
ORDER BY 1
"""
_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""

Connection = psycopg.Connection[Any]


class TablesError(UserError, ValueError):
    """The tables of an edition cannot be put in place without harm to what others have made."""


def write_tables(connection: Connection, public: Released, schema: str) -> None:
    """Write the public edition as tables of a schema, in the place of those of the edition before.

    Parameters
    ----------
    connection
        In a transaction, which an error undoes.
    public
        The public edition.
    schema
        Made if it is not there. Roles that may use it may read every table.

    Raises
    ------
    TablesError
        The schema was made by somebody else, or something rests on a table that must go or change.
    """
    name = sql.Identifier(schema)
    _check_ours(connection, schema)
    connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(name))
    about = f"{public.name}, edition {public.pack_id}, public" + (", fictional" if public.fictional else "")
    connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(name, sql.Literal(MARK + about)))
    written = []
    for table, frame, index in _tables(public):
        _write_table(connection, schema, table, frame, about=about, index=index)
        written.append(table)
    for table in _ours(connection, schema):
        if table not in written:
            _drop(connection, schema, table)
    for role in connection.execute(_READERS, (schema,)).fetchall():
        grant_tables(connection, schema, role[0])


def drop_tables(connection: Connection, schema: str) -> None:
    """Drop the tables of a schema that were made here, and the schema where nothing is left in it.

    Raises
    ------
    TablesError
        Something rests on one of them.
    """
    if connection.execute("SELECT to_regnamespace(%s)", (f'"{schema}"',)).fetchone() in (None, (None,)):
        return
    _check_ours(connection, schema)
    for table in _ours(connection, schema):
        _drop(connection, schema, table)
    left = connection.execute(
        "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s LIMIT 1",
        (schema,),
    ).fetchone()
    if left is None:
        connection.execute(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(schema)))


def grant_tables(connection: Connection, schema: str, role: str) -> None:
    """Let a role read the tables that were made here."""
    name, reader = sql.Identifier(schema), sql.Identifier(role)
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(name, reader))
    for table in _ours(connection, schema):
        one = sql.Identifier(schema, table)
        connection.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(one, reader))


def _tables(public: Released) -> Iterator[tuple[str, pd.DataFrame, str]]:
    """Name, content and index of every table of the public edition."""
    yield "figures", public.figures, "CREATE INDEX ON {} (geography, indicator, code)"
    yield "dictionary", public.dictionary.reset_index(), ""
    yield "sources", pd.DataFrame([one.record() for one in public.sources.values()]).astype(str), ""
    for key in public.geographies:
        areas = public.areas(key).rename_axis("code").reset_index()
        yield f"areas_{key}", areas, "ALTER TABLE {} ADD PRIMARY KEY (code)"
    for kind in ("points", "lines"):
        for one in public.held(kind):
            yield f"{kind}_{one}", public.places(kind, one), ""


def _check_ours(connection: Connection, schema: str) -> None:
    row = connection.execute(
        "SELECT coalesce(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace WHERE nspname = %s",
        (schema,),
    ).fetchone()
    if row is not None and not row[0].startswith(MARK):
        raise TablesError(
            f'the database has a schema "{schema}" that was not made here; rename it, or publish under '
            "another --key"
        )


def _ours(connection: Connection, schema: str) -> list[str]:
    return [row[0] for row in connection.execute(_OURS, (schema, f"{MARK}%")).fetchall()]


def _drop(connection: Connection, schema: str, table: str) -> None:
    resting = [row[0] for row in connection.execute(_RESTING, (f'"{schema}"."{table}"',)).fetchall()]
    if resting:
        raise TablesError(
            f"{schema}.{table} has to go or to change its columns, and {', '.join(resting[:5])} "
            f"{'rests' if len(resting) == 1 else 'rest'} on it; drop that, publish, and make it again"
        )
    connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(schema, table)))


def _write_table(
    connection: Connection, schema: str, table: str, frame: pd.DataFrame, *, about: str, index: str
) -> None:
    """Write a frame; a frame with shapes gets both coordinate versions and an index on each."""
    plain = pd.DataFrame(frame.drop(columns="geometry")) if isinstance(frame, gpd.GeoDataFrame) else frame
    columns = [(str(one), _TYPES.get(plain[one].dtype.kind, "text")) for one in plain.columns]
    values = [_cells(plain[one]) for one in plain.columns]
    if isinstance(frame, gpd.GeoDataFrame):
        several = any(one.startswith("Multi") for one in frame.geometry.geom_type.dropna().unique())
        for column, shapes, code in (
            ("geom_bng", frame.geometry, 27700),
            ("geom_lonlat", to_lonlat(frame)[0].geometry, 4326),
        ):
            columns.append((column, f"geometry({_shape_type(frame, several=several)},{code})"))
            values.append(_shapes(shapes, code, several=several))
    where = sql.Identifier(schema, table)
    if not _fits(connection, schema, table, columns):
        made = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(one), sql.SQL(kind)) for one, kind in columns
        )
        connection.execute(sql.SQL("CREATE TABLE {} ({})").format(where, made))
        for column, kind in columns:
            if kind.startswith("geometry"):
                connection.execute(
                    sql.SQL("CREATE INDEX ON {} USING gist ({})").format(where, sql.Identifier(column))
                )
        if index:
            connection.execute(sql.SQL(index).format(where))
    connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(where, sql.Literal(MARK + about)))
    with connection.cursor() as cursor, cursor.copy(sql.SQL("COPY {} FROM STDIN").format(where)) as copy:
        for row in zip(*values, strict=True):
            copy.write_row(row)


def _fits(connection: Connection, schema: str, table: str, columns: list[tuple[str, str]]) -> bool:
    """Empty the table of the edition before where it has the same columns; else drop it."""
    if table not in _ours(connection, schema):
        return False
    held = connection.execute(_COLUMNS, (f'"{schema}"."{table}"',)).fetchall()
    if [(name, _plain(kind)) for name, kind in held] != [(name, _plain(kind)) for name, kind in columns]:
        _drop(connection, schema, table)
        return False
    # Whoever reads meanwhile goes on seeing the rows of before, which TRUNCATE would take from them.
    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(schema, table)))
    return True


def _plain(kind: str) -> str:
    return kind.rpartition(".")[2].replace(" ", "").lower()


def _cells(column: pd.Series) -> list[Any]:
    """Give values as the database takes them; what is not there is NULL."""
    return [
        None if pd.isna(one) else (str(one) if column.dtype.kind not in _TYPES else one)
        for one in column.tolist()
    ]


def _shape_type(frame: gpd.GeoDataFrame, *, several: bool) -> str:
    kinds = {one.removeprefix("Multi") for one in frame.geometry.geom_type.dropna().unique()}
    if len(kinds) != 1:
        return "Geometry"
    return f"{'Multi' if several else ''}{kinds.pop()}"


def _shapes(shapes: gpd.GeoSeries, code: int, *, several: bool) -> list[str | None]:
    """Give shapes as hexadecimal WKB with their reference system, all of one type."""
    held: list[str | None] = []
    for one in shapes:
        if one is None:
            held.append(None)
            continue
        whole = shapely.multipolygons([one]) if several and one.geom_type == "Polygon" else one
        whole = shapely.multilinestrings([one]) if several and one.geom_type == "LineString" else whole
        held.append(shapely.to_wkb(shapely.set_srid(whole, code), hex=True, include_srid=True))
    return held
