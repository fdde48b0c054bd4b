"""Packs in a real PostgreSQL with PostGIS: whole, kept, killed in the middle, read back."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import shapely

psycopg = pytest.importorskip("psycopg", reason="needs psycopg")

from fairplace.cli import main  # noqa: E402
from fairplace.database import (  # noqa: E402
    DatabaseError,
    StoreError,
    publish,
    remove,
    stored_packs,
    take_packs,
)
from fairplace.database_tables import TablesError  # noqa: E402
from fairplace.disclosure import release  # noqa: E402
from fairplace.pack import Pack, PackError, open_pack  # noqa: E402
from geo.crs import to_lonlat  # noqa: E402

pytestmark = pytest.mark.postgis
BIN = Path("/usr/lib/postgresql/15/bin")
POSTGIS = Path("/usr/share/postgresql/15/extension/postgis.control")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A database server of its own, on a port of its own, run by somebody who is not root."""
    if not (BIN / "initdb").is_file() or not POSTGIS.is_file():
        pytest.skip("needs PostgreSQL 15 with PostGIS from Debian's packages")
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="fairplace-database-"))
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def call(*words: str) -> None:
        done = subprocess.run(
            words, user=user, cwd=folder, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, f"{words[0]}: {done.stdout} {done.stderr}"

    data = str(folder / "data")
    call(str(BIN / "initdb"), "--pgdata", data, "--username", "fairplace", "--auth", "trust", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    call(
        str(BIN / "pg_ctl"),
        "--pgdata",
        data,
        "-w",
        "-t",
        "240",
        "-l",
        str(folder / "log"),
        "-o",
        options,
        "start",
    )
    try:
        yield f"postgresql://fairplace@127.0.0.1:{port}"
    finally:
        call(str(BIN / "pg_ctl"), "--pgdata", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def address(server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database."""
    name = f"t{abs(hash(request.node.nodeid)) % 10**9}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield f"{server}/{name}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_a_pack_comes_back_as_it_was_built(sample_pack: Pack, address: str, tmp_path: Path) -> None:
    stored = publish(sample_pack, address, key="halverton")
    assert (stored.id, stored.current) == (sample_pack.id, True)
    (path,) = take_packs(address, tmp_path)
    back = open_pack(path)
    assert (back.id, back.changed_files()) == (sample_pack.id, [])
    assert (path / "manifest.json").read_bytes() == (sample_pack.path / "manifest.json").read_bytes()
    # Taken again it is not fetched again; changed, it is.
    before = (path / "figures.parquet").stat().st_mtime_ns
    take_packs(address, tmp_path)
    assert (path / "figures.parquet").stat().st_mtime_ns == before
    (path / "figures.parquet").write_bytes(b"spoilt")
    take_packs(address, tmp_path)
    assert open_pack(path).changed_files() == []


def test_tables_hold_the_public_edition_in_both_coordinate_versions(sample_pack: Pack, address: str) -> None:
    publish(sample_pack, address, key="halverton")
    public = release(sample_pack, "public")
    with psycopg.connect(address) as connection:
        figures = connection.execute(
            "SELECT count(*), sum(value) FROM fairplace_halverton.figures"
        ).fetchone()
        rows = connection.execute(
            "SELECT code, ST_AsBinary(geom_bng), ST_AsBinary(geom_lonlat), ST_SRID(geom_bng), "
            "ST_SRID(geom_lonlat), ST_IsValid(geom_bng) FROM fairplace_halverton.areas_lsoa21 ORDER BY code"
        ).fetchall()
        hidden = connection.execute(
            "SELECT count(*) FROM fairplace_halverton.figures WHERE status = 'suppressed' AND value IS NOT NULL"
        ).fetchone()
    assert figures[0] == len(public.figures)
    assert figures[1] == pytest.approx(public.figures["value"].sum(), rel=1e-9)
    assert hidden == (0,)
    areas = public.areas("lsoa21").sort_index()
    degrees = to_lonlat(areas)[0]
    assert [row[0] for row in rows] == list(areas.index)
    assert {(row[3], row[4], row[5]) for row in rows} == {(27700, 4326, True)}
    assert all(
        shapely.equals(shapely.from_wkb(bytes(row[1])), one)
        for row, one in zip(rows, areas.geometry, strict=True)
    )
    assert all(
        shapely.equals(shapely.from_wkb(bytes(row[2])), one)
        for row, one in zip(rows, degrees.geometry, strict=True)
    )


def test_postgis_alone_would_be_metres_off_and_is_not_asked(
    sample_pack: Pack, address: str, grids: Path
) -> None:
    assert grids.is_dir()
    publish(sample_pack, address, key="halverton")
    with psycopg.connect(address) as connection:
        off = connection.execute(
            "SELECT max(ST_Distance(ST_Transform(ST_Centroid(geom_bng), 4326)::geography, "
            "ST_Centroid(geom_lonlat)::geography)) FROM fairplace_halverton.areas_lsoa21"
        ).fetchone()
    assert 0.5 < off[0] < 5


def test_no_restricted_byte_is_in_the_public_tables(sample_pack: Pack, address: str) -> None:
    publish(sample_pack, address, key="halverton", grant="")
    with psycopg.connect(address) as connection:
        tables = {
            row[0]
            for row in connection.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'fairplace_halverton'"
            )
        }
    public = release(sample_pack, "public")
    wanted = {f"areas_{one}" for one in public.geographies} | {"figures", "dictionary", "sources"}
    wanted |= {f"{kind}_{one}" for kind in ("points", "lines") for one in public.held(kind)}
    assert tables == wanted


def test_a_role_reads_the_public_tables_and_nothing_else(sample_pack: Pack, address: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS reader")
        connection.execute("CREATE ROLE reader LOGIN")
    publish(sample_pack, address, key="halverton", grant="reader")
    with psycopg.connect(address.replace("fairplace@", "reader@")) as connection:
        assert connection.execute("SELECT count(*) FROM fairplace_halverton.figures").fetchone()[0] > 1000
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM fairplace.pieces")
    with pytest.raises(DatabaseError, match="does not let this role"):
        publish(sample_pack, address.replace("fairplace@", "reader@"), key="halverton")


def test_an_earlier_edition_is_kept_and_the_same_one_is_not_written_twice(
    sample_pack: Pack, address: str, tmp_path: Path
) -> None:
    other = _edition(sample_pack, tmp_path / "other")
    publish(sample_pack, address, key="halverton")
    publish(sample_pack, address, key="halverton")
    assert len(stored_packs(address)) == 1
    publish(other, address, key="halverton")
    assert [(one.id, one.current) for one in stored_packs(address)] == [
        (other.id, True),
        (sample_pack.id, False),
    ]
    assert open_pack(take_packs(address, tmp_path / "taken")[0]).id == other.id
    publish(sample_pack, address, key="halverton")
    assert open_pack(take_packs(address, tmp_path / "taken")[0]).id == sample_pack.id
    assert remove(address, other.id).current is False
    assert [one.id for one in stored_packs(address)] == [sample_pack.id]


def test_a_publisher_that_is_killed_leaves_what_was_there(
    sample_pack: Pack, address: str, tmp_path: Path
) -> None:
    publish(sample_pack, address, key="halverton")
    other = _edition(sample_pack, tmp_path / "other")
    # Somebody holds the register, so that the publisher is surely in the middle when it is killed.
    with psycopg.connect(address) as holding:
        holding.execute("LOCK TABLE fairplace_halverton.figures IN EXCLUSIVE MODE")
        command = [
            sys.executable,
            "-m",
            "fairplace",
            "publish",
            str(other.path),
            "--to",
            address,
            "--key",
            "halverton",
        ]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            _wait_for_lock(holding)
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=60)
    assert [(one.id, one.current) for one in stored_packs(address)] == [(sample_pack.id, True)]
    assert open_pack(take_packs(address, tmp_path / "taken")[0]).changed_files() == []
    publish(other, address, key="halverton")
    assert stored_packs(address)[0].id == other.id


def test_two_publishers_wait_for_each_other(sample_pack: Pack, address: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fairplace", "publish", str(sample_pack.path), "--to", address, "--key"]
    both = [subprocess.Popen([*command, "halverton"], stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [one.wait(timeout=300) for one in both] == [0, 0]
    assert len(stored_packs(address)) == 1


def test_a_service_answers_from_the_database(sample_pack: Pack, address: str, tmp_path: Path) -> None:
    publish(sample_pack, address, key="halverton")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "fairplace", "serve", address, "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            answer = _ready(f"http://127.0.0.1:{port}/packs/halverton/areas/lsoa21?limit=1", process)
        finally:
            process.terminate()
            process.wait(timeout=60)
    assert answer["numberMatched"] == len(sample_pack.areas("lsoa21"))


@pytest.mark.parametrize("key", ["", "1st", "a b", 'x"; DROP SCHEMA public; --', "a" * 41, "é"])
def test_a_key_that_cannot_be_one_is_refused(sample_pack: Pack, address: str, key: str) -> None:
    with pytest.raises(StoreError, match="cannot be the name of a pack"):
        publish(sample_pack, address, key=key)


def test_what_is_wrong_is_one_line_without_the_password(
    sample_pack: Pack, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(StoreError, match="nothing was published"):
        take_packs(address, tmp_path)
    assert main(["publish", str(sample_pack.path), "--to", "postgresql://x:secret@127.0.0.1:1/none"]) == 2
    said = capsys.readouterr().err
    assert "secret" not in said
    assert "nothing was changed" in said
    assert len(said.strip().splitlines()) == 1
    spoilt = tmp_path / "spoilt"
    shutil.copytree(sample_pack.path, spoilt)
    (spoilt / "dictionary.csv").write_text("id\n", encoding="utf-8")
    with pytest.raises(PackError, match=r"dictionary\.csv is not the file that was built"):
        publish(open_pack(spoilt), address, key="halverton")


def test_a_database_that_was_tampered_with_is_not_served(
    sample_pack: Pack, address: str, tmp_path: Path
) -> None:
    publish(sample_pack, address, key="halverton")
    with psycopg.connect(address) as connection:
        connection.execute("UPDATE fairplace.pieces SET bytes = 'x' WHERE name = 'sources.json'")
    with pytest.raises(StoreError, match=r"sources\.json .* came back from the database changed"):
        take_packs(address, tmp_path)
    assert list(tmp_path.iterdir()) == []
    with psycopg.connect(address) as connection:
        connection.execute("UPDATE fairplace.pieces SET name = '../../escaped' WHERE name = 'sources.json'")
    with pytest.raises(StoreError, match="which its manifest does not"):
        take_packs(address, tmp_path)


@pytest.mark.parametrize("name", ["../../escaped", "/srv/escaped", "a/../../b", "C:\\x", "..\\x"])
def test_a_register_that_names_files_elsewhere_is_not_followed(
    sample_pack: Pack, address: str, tmp_path: Path, name: str
) -> None:
    publish(sample_pack, address, key="halverton")
    with psycopg.connect(address) as connection:
        connection.execute(
            "UPDATE fairplace.packs SET manifest = jsonb_set(manifest, ARRAY['files', %s], '\"0\"')", (name,)
        )
        connection.execute("INSERT INTO fairplace.pieces SELECT id, %s, 0, 'x' FROM fairplace.packs", (name,))
    with pytest.raises(StoreError, match="which would lie outside of it"):
        take_packs(address, tmp_path / "taken")
    assert not list(tmp_path.rglob("*"))


def test_views_and_rights_of_others_outlive_a_new_edition(
    sample_pack: Pack, address: str, tmp_path: Path
) -> None:
    other = _edition(sample_pack, tmp_path / "other")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS reader")
        connection.execute("CREATE ROLE reader LOGIN")
        publish(sample_pack, address, key="halverton", grant="reader")
        view = "SELECT sum(value) AS people FROM fairplace_halverton.figures WHERE indicator = 'residents'"
        connection.execute(f"CREATE VIEW public.people AS {view}")
        connection.execute("CREATE TABLE fairplace_halverton.notes (text text)")
        before = connection.execute("SELECT people FROM public.people").fetchone()[0]
        publish(other, address, key="halverton")
        after = connection.execute("SELECT people FROM public.people").fetchone()[0]
        rows = (other.figures["indicator"] == "residents").sum()
        assert after - before == pytest.approx(rows)
        assert connection.execute("SELECT count(*) FROM fairplace_halverton.notes").fetchone()[0] == 0
    with psycopg.connect(address.replace("fairplace@", "reader@")) as connection:
        assert connection.execute("SELECT count(*) FROM fairplace_halverton.figures").fetchone()[0] > 1000


def test_a_table_that_changes_under_a_view_is_refused_and_nothing_is_lost(
    sample_pack: Pack, address: str, tmp_path: Path
) -> None:
    other = _edition(sample_pack, tmp_path / "other")
    publish(sample_pack, address, key="halverton")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("ALTER TABLE fairplace_halverton.figures ADD COLUMN more text")
        connection.execute("CREATE VIEW public.more AS SELECT more FROM fairplace_halverton.figures")
        with pytest.raises(TablesError, match=r"figures has to go .* and public\.more rests on it"):
            publish(other, address, key="halverton")
        assert [one.id for one in stored_packs(address)] == [sample_pack.id]
        with pytest.raises(TablesError, match=r"public\.more rests on it"):
            remove(address, sample_pack.id)
        connection.execute("DROP VIEW public.more")
    publish(other, address, key="halverton")
    remove(address, other.id)
    with psycopg.connect(address) as connection:
        found = connection.execute("SELECT to_regnamespace('fairplace_halverton')").fetchone()
    assert found == (None,)


def test_a_schema_of_somebody_else_is_left_alone(sample_pack: Pack, address: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA fairplace_reports")
        connection.execute("CREATE TABLE fairplace_reports.figures (a int)")
        with pytest.raises(TablesError, match='schema "fairplace_reports" that was not made here'):
            publish(sample_pack, address, key="reports")
        assert connection.execute("SELECT count(*) FROM fairplace_reports.figures").fetchone() == (0,)


def _edition(pack: Pack, path: Path) -> Pack:
    """The same pack with other figures, as a later build would make it."""
    import json

    import pandas as pd

    from fairplace.pack import _pack_id
    from geo.source import hash_file

    shutil.copytree(pack.path, path)
    figures = pd.read_parquet(path / "figures.parquet")
    figures["value"] = np.where(figures["indicator"] == "residents", figures["value"] + 1, figures["value"])
    figures.to_parquet(path / "figures.parquet", index=False, compression="zstd")
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"]["figures.parquet"] = hash_file(path / "figures.parquet")
    manifest["id"] = _pack_id(manifest["files"])
    (path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return open_pack(path)


def _wait_for_lock(connection: psycopg.Connection) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        waiting = connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
        if waiting[0]:
            return
        time.sleep(0.05)
    raise AssertionError("the publisher never came to the tables that are held")


def _ready(url: str, process: subprocess.Popen[bytes]) -> dict:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return httpx.get(url, timeout=60).raise_for_status().json()
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(f"the service did not answer (exit code {process.poll()})")
