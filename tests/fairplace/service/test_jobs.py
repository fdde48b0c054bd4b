"""A long piece of work is taken in, done elsewhere, told of, stopped when asked, and never too many at once."""

from __future__ import annotations

import asyncio
import io
import json
import os
import secrets
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi import FastAPI

from fairplace.pack import Pack
from fairplace.service.bounds import JOBS_RECEIVED
from fairplace.service.crossings import check_crossings
from fairplace.service.jobs import Jobs
from fairplace.service.problems import BusyError, MissingError

JOBS = "/packs/halverton/jobs"
PROBLEM = "application/problem+json"
LIMIT = 300.0


def until(look: Callable[[], dict[str, Any]], *states: str) -> dict[str, Any]:
    end = time.monotonic() + LIMIT
    while (said := look())["state"] not in states:
        assert time.monotonic() < end, said
        time.sleep(0.1)
    return said


def submit(caller, kind: str, content: object):
    return caller.ask(
        "POST", f"{JOBS}/{kind}", content=json.dumps(content), headers={"content-type": "application/json"}
    )


def test_a_hub_plan_is_done_and_taken_away(caller) -> None:
    got = submit(caller, "hubs", {"weights": {"children_0_4": 1}, "add": 1})
    assert got.status_code == 202
    where = got.headers["location"]
    seen: list[float] = []

    def look() -> dict[str, Any]:
        got = caller.get(where)
        assert got.headers["cache-control"] == "no-store"
        said = got.json()
        seen.append(said["progress"])
        return said

    said = until(look, "done", "failed")
    assert said["state"] == "done", said
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    names = {one["title"] for one in said["files"]}
    assert {"note.html", "plan.json"} <= names
    note = caller.get(f"{where}/files/note.html")
    assert note.headers["content-type"].startswith("text/html")
    assert note.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in note.headers["content-security-policy"]
    together = zipfile.ZipFile(io.BytesIO(caller.get(f"{where}/files/all.zip").content))
    assert {"note.html", "plan.json"} <= set(together.namelist())
    for other in ("../state.json", "..%2fstate.json", "nothing.csv"):
        assert caller.get(f"{where}/files/{other}").status_code == 404
    assert caller.ask("DELETE", where).json()["state"] == "cancelled"
    assert caller.get(f"{where}/files/note.html").status_code == 404


def test_a_hub_tried_beside_one_output_area_does_not_say_who_is_poor_there(caller, sample_pack: Pack) -> None:
    people = sample_pack.places("points", "people").set_index("id")
    at = ",".join(
        f"{one:.6f}" for one in people.geometry.to_crs(4326).iloc[[0]].get_coordinates().to_numpy()[0]
    )
    asked = {"sites": [{"id": "a", "at": at}], "add": 1, "limit": 0.5, "weights": {"children_below_mis": 1.0}}
    got = submit(caller, "hubs", asked)
    assert got.status_code == 202, got.text
    said = until(lambda: caller.get(got.headers["location"]).json(), "done", "failed")
    assert said["state"] == "done", said

    def table(name: str) -> pd.DataFrame:
        return pd.read_csv(io.BytesIO(caller.get(f"{got.headers['location']}/files/{name}.csv").content))

    where = table("allocation").set_index(["option", "id"])
    within = {
        (option, limit): where.loc[option].index[where.loc[option]["minutes"] <= limit]
        for option in (0, 1)
        for limit in (0.5, 5.0, 10.0, 15.0, 20.0, 30.0)
    }
    # The limit takes in one output area, and nobody has a hub without a change.
    assert len(within[(1, 0.5)]) == 1
    crowd = {key: people.loc[ids, ["residents", "households"]].sum() for key, ids in within.items()}
    reach = table("reach")
    shown = 0
    for row in reach[reach["measure"] == "children_below_mis"].itertuples():
        size = crowd[(row.option, row.limit)]
        small = 0 < size["residents"] < 1_000 or 0 < size["households"] < 400
        assert pd.isna([row.within, row.share, row.low, row.high]).all() == small
        shown += row.within > 0
    assert shown
    options = table("options").set_index("option")
    assert options.loc[1, ["need_share", "objective", "bound"]].isna().all()
    assert options.loc[0, "need_share"] == 0
    for name, columns in (("curve", ["share"]), ("scenarios", ["value", "base_value"])):
        values = table(name)[columns]
        assert ((values == 0) | values.isna()).all(axis=None), name
    assert options.loc[1, ["mean_minutes"]].round(1).equals(options.loc[1, ["mean_minutes"]])
    frontier = table("frontier")
    assert frontier[["share", "deprived_share"]].fillna(0).eq(0).all(axis=None)
    gains = table("gains").set_index(["measure", "grouping", "option"])
    # Who cannot get there is too few, and would be what the others leave of all.
    sides = gains.loc[("children_below_mis", "all", 1), ["gain", "lose", "same", "not_reached"]]
    assert int(sides.isna().sum(axis=None)) != 1
    equity = table("equity")
    mine = equity[(equity["measure"] == "children_below_mis") & (equity["option"] == 1)]
    assert (mine["share"].isna() | (mine["share"] == 0)).all()
    text = caller.get(f"{got.headers['location']}/files/note.html").text
    assert "[c]" in text


def test_a_plan_of_sites_is_reviewed(caller, sample_data: Path) -> None:
    local = sample_data / "local"
    sites = json.loads((local / "plan_sites.geojson").read_text("utf-8"))
    sites["features"] = sites["features"][:3]
    layers = {
        name: json.loads((local / "constraints" / f"{name}.geojson").read_text("utf-8"))
        for name in ("flood-risk-zone", "green-belt")
    }
    got = submit(caller, "review", {"sites": sites, "layers": layers})
    assert got.status_code == 202, got.text
    said = until(lambda: caller.get(got.headers["location"]).json(), "done", "failed")
    assert said["state"] == "done", said
    assert any(one["title"].endswith(".gpkg") for one in said["files"])


def test_what_the_command_line_would_refuse_fails_with_its_sentence(caller) -> None:
    got = submit(caller, "hubs", {"weights": {"no_such_weight": 1}, "add": 1})
    said = until(lambda: caller.get(got.headers["location"]).json(), "done", "failed")
    assert said["state"] == "failed"
    assert "no_such_weight" in said["message"]


@pytest.mark.parametrize(
    ("kind", "content", "status", "said"),
    [
        ("hubs", {}, 400, "one of add, close and count"),
        ("hubs", {"add": 1, "count": 2}, 400, "one of"),
        ("hubs", {"add": 10**9}, 400, "add"),
        ("hubs", {"add": 1, "out": "/etc/passwd"}, 400, "out"),
        ("hubs", {"add": 1, "keep": ["--out=/x"]}, 400, "keep"),
        ("hubs", {"add": 1, "weights": {"children_0_4": 0.4}}, 400, "make it 1"),
        ("hubs", {"add": 1, "weights": {"'; DROP TABLE x": 1}}, 400, "weights"),
        ("hubs", {"add": 1, "sites": [{"id": "a", "at": "nowhere"}]}, 404, "point"),
        ("review", {"sites": {}}, 400, "FeatureCollection"),
        ("review", {"sites": {"type": "FeatureCollection", "features": [{"geometry": None}]}}, 400, "sites"),
        ("review", {"sites": {"type": "FeatureCollection", "features": [{}] * 300}}, 413, "300"),
        ("review", {"sites": {}, "layers": {"../x": {}}}, 400, "layers"),
        ("nothing", {}, 405, ""),
    ],
)
def test_a_job_that_makes_no_sense_is_refused_before_it_begins(
    caller, kind: str, content: object, status: int, said: str
) -> None:
    got = submit(caller, kind, content)
    assert (got.status_code, got.headers["content-type"]) == (status, PROBLEM), got.text
    assert said in got.json()["detail"]


@pytest.mark.parametrize("body", [b"[" * 50_000, b'{"add": NaN}', b"\xff", b"null"])
def test_what_is_no_json_is_refused(caller, body: bytes) -> None:
    got = caller.ask("POST", f"{JOBS}/hubs", content=body, headers={"content-type": "application/json"})
    assert (got.status_code, got.headers["content-type"]) == (400, PROBLEM)


@pytest.mark.parametrize("name", ["x", "A" * 22, "*", "A" * 41])
def test_a_job_that_there_is_not_is_not_found(caller, name: str) -> None:
    for method in ("GET", "DELETE"):
        assert caller.ask(method, f"{JOBS}/{name}").status_code in (400, 404)
    assert caller.get(JOBS).status_code in (404, 405)


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    jobs = Jobs(tmp_path / "jobs", waiting=3)
    yield jobs
    jobs.close()


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A stand-in for the work, which never ends and says under which number it runs."""
    program = tmp_path / "endless"
    program.write_text('#!/bin/sh\necho $$ > "$3/process"\nsleep 3600 & echo $! > "$3/child"\nwait\n')
    program.chmod(0o755)
    monkeypatch.setattr("fairplace.service.jobs.sys.executable", str(program))
    return program


def gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return not _running(process)


def _running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
def test_cancelling_kills_the_work_and_all_that_it_began(jobs: Jobs, endless: Path) -> None:
    name = jobs.submit("town", "hubs", {"arguments": [], "sent": {}})
    place = jobs.folder / name
    end = time.monotonic() + LIMIT
    while not (place / "child").exists() or not (place / "child").read_text().strip():
        assert time.monotonic() < end
        time.sleep(0.02)
    processes = [int((place / one).read_text()) for one in ("process", "child")]
    jobs.cancel("town", name)
    said = until(lambda: jobs.look("town", name), "cancelled", "failed", "done")
    assert said["state"] == "cancelled"
    while not all(gone(one) for one in processes):
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
def test_of_five_hundred_few_are_taken_in_and_the_rest_told_to_come_again(jobs: Jobs, endless: Path) -> None:
    def one(_: int) -> bool:
        try:
            jobs.submit("town", "hubs", {"arguments": [], "sent": {}})
        except BusyError:
            return False
        return True

    with ThreadPoolExecutor(50) as pool:
        taken = sum(pool.map(one, range(500), timeout=LIMIT))
    assert 3 <= taken <= 5
    names = [one.name for one in jobs.folder.iterdir()]
    waiting = [name for name in names if jobs.look("town", name)["state"] == "queued"]
    assert jobs.cancel("town", waiting[-1])["state"] == "cancelled"
    jobs.close()
    assert {jobs.look("town", name)["state"] for name in names} == {"cancelled"}


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
def test_work_that_takes_too_long_is_stopped(tmp_path: Path, endless: Path) -> None:
    jobs = Jobs(tmp_path / "jobs", seconds=0.3)
    name = jobs.submit("town", "hubs", {"arguments": [], "sent": {}})
    said = until(lambda: jobs.look("town", name), "failed", "done")
    assert "longer than" in said["message"]
    jobs.close()


def test_a_job_is_known_to_other_workers_and_to_no_other_pack(jobs: Jobs, endless: Path) -> None:
    name = jobs.submit("town", "hubs", {"arguments": [], "sent": {}})
    other = Jobs(jobs.folder)
    assert other.look("town", name)["state"] in ("queued", "running")
    with pytest.raises(MissingError, match="no such job"):
        other.look("village", name)
    other.cancel("town", name)
    assert until(lambda: jobs.look("town", name), "cancelled", "done", "failed")["state"] == "cancelled"


def test_a_job_whose_worker_is_gone_is_said_to_have_failed(jobs: Jobs, endless: Path) -> None:
    name = jobs.submit("town", "hubs", {"arguments": [], "sent": {}})
    until(lambda: jobs.look("town", name), "running")
    jobs.cancel("town", name)
    until(lambda: jobs.look("town", name), "cancelled")
    jobs._say(name, state="running", worker=2**22 + 1)
    assert jobs.look("town", name)["state"] == "failed"


def finished(jobs: Jobs, state: str = "done", size: int = 0) -> str:
    """A job that is over, put where jobs are kept as one that was done would be."""
    name = secrets.token_urlsafe(16)
    (jobs.folder / name / "files").mkdir(parents=True)
    (jobs.folder / name / "files" / "note.html").write_bytes(b"x" * size)
    jobs._say(name, pack="town", kind="hubs", state=state, progress=1.0, message=state)
    return name


def age(jobs: Jobs, name: str, seconds: float) -> None:
    path = jobs.folder / name / "state.json"
    at = path.stat().st_mtime - seconds
    os.utime(path, (at, at))


def test_results_are_thrown_away_after_their_time(jobs: Jobs, endless: Path) -> None:
    old, new = finished(jobs), finished(jobs)
    age(jobs, old, jobs.kept + 1)
    # Told of no longer, whether or not anybody has cleared away since.
    with pytest.raises(MissingError):
        jobs.look("town", old)
    with pytest.raises(MissingError):
        jobs.file("town", old, "note.html")
    jobs.submit("town", "hubs", {"arguments": [], "sent": {}})
    assert not (jobs.folder / old).exists()
    assert jobs.look("town", new)["files"] == ["note.html"]


def test_what_is_too_old_is_cleared_away_though_nobody_submits(
    jobs: Jobs, endless: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fairplace.service.jobs._SWEEP", 0.02)
    begun = jobs.submit("town", "hubs", {"arguments": [], "sent": {}})
    jobs.cancel("town", begun)
    until(lambda: jobs.look("town", begun), "cancelled")
    old = finished(jobs)
    age(jobs, old, jobs.kept + 1)
    end = time.monotonic() + LIMIT
    while (jobs.folder / old).exists():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
@pytest.mark.parametrize("waits", [True, False])
def test_nothing_of_what_was_sent_stays_of_a_job_that_was_cancelled(
    jobs: Jobs, endless: Path, waits: bool
) -> None:
    first = jobs.submit("town", "hubs", {"arguments": [], "sent": {}})
    until(lambda: jobs.look("town", first), "running")
    name = jobs.submit("town", "hubs", {"arguments": [], "sent": {"a": "x" * 100_000}}) if waits else first
    assert (jobs.folder / name / "work.json").exists()
    jobs.cancel("town", name)
    until(lambda: jobs.look("town", name), "cancelled")
    end = time.monotonic() + LIMIT
    while {one.name for one in (jobs.folder / name).iterdir()} - {"state.json", "errors.txt"}:
        assert time.monotonic() < end
        time.sleep(0.02)


def test_of_jobs_that_are_over_so_many_are_kept_and_results_last(jobs: Jobs, endless: Path) -> None:
    jobs.most = 4
    names = [finished(jobs, "done" if number < 3 else "cancelled") for number in range(6)]
    for number, name in enumerate(names):
        age(jobs, name, 60 - number)
    jobs.submit("town", "hubs", {"arguments": [], "sent": {}})
    kept = [name for name in names if (jobs.folder / name).exists()]
    assert kept == [*names[:3], names[5]]


def test_of_jobs_that_are_over_so_many_bytes_are_kept(jobs: Jobs, endless: Path) -> None:
    jobs.most_bytes = 250_000
    names = [finished(jobs, size=100_000) for _ in range(4)]
    for number, name in enumerate(names):
        age(jobs, name, 60 - number)
    jobs.submit("town", "hubs", {"arguments": [], "sent": {}})
    assert [name for name in names if (jobs.folder / name).exists()] == names[2:]


def test_no_more_jobs_are_read_at_once_than_there_is_memory_for(jobs: Jobs) -> None:
    with ExitStack() as held:
        for _ in range(JOBS_RECEIVED):
            held.enter_context(jobs.receiving())
        with pytest.raises(BusyError, match="being sent"), jobs.receiving():
            pass
    with jobs.receiving():
        pass


def test_of_bodies_that_come_together_few_are_read(service: FastAPI) -> None:
    """Each says that it brings four million bytes, and brings none until all have asked."""
    read, answers = [0], []

    async def ask(gate: asyncio.Event) -> None:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            read[0] += 1
            await gate.wait()
            return {"type": "http.request", "body": b"{}", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        path = f"{JOBS}/review"
        headers = [(b"content-type", b"application/json"), (b"content-length", b"4000000")]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers,
            "server": ("service", 80), "client": ("127.0.0.1", 1),
        }  # fmt: skip
        await service(scope, receive, send)
        answers.append(sent[0]["status"])

    async def together() -> None:
        gate = asyncio.Event()
        asked = [asyncio.ensure_future(ask(gate)) for _ in range(60)]
        await asyncio.wait_for(_until(lambda: read[0] + len(answers) >= 60), LIMIT)
        gate.set()
        await asyncio.gather(*asked)

    asyncio.run(together())
    assert read[0] == JOBS_RECEIVED
    assert (answers.count(503), answers.count(400)) == (60 - JOBS_RECEIVED, JOBS_RECEIVED)


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.01)


def tangled(corners: int, seed: int = 1) -> list[list[float]]:
    """A ring that goes to and fro at random within the made-up town, crossing itself everywhere."""
    points = np.random.default_rng(seed).random((corners, 2)) * 0.01 + [0.045, 52.2]
    return [*points.round(5).tolist(), points[0].round(5).tolist()]


@pytest.mark.parametrize("corners", [60, 9_000])
@pytest.mark.parametrize("nested", [False, True])
def test_what_would_take_the_square_of_its_crossings_to_mend_is_refused(
    caller, corners: int, nested: bool
) -> None:
    shape: dict[str, Any] = {"type": "Polygon", "coordinates": [tangled(corners)]}
    if nested:
        shape = {"type": "GeometryCollection", "geometries": [shape]}
    sites = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {}, "geometry": shape}],
    }
    got = submit(caller, "review", {"sites": sites, "layers": {"green-belt": sites}})
    assert (got.status_code, got.headers["content-type"]) == (400, PROBLEM), got.text
    assert "crosses itself" in got.text or "lie over one another" in got.text


def test_a_border_of_very_many_corners_is_taken() -> None:
    angle = np.linspace(0, 2 * np.pi, 90_000)
    far = 1 + 0.001 * np.random.default_rng(1).random(len(angle))
    border = np.column_stack([far * np.cos(angle), far * np.sin(angle)])
    check_crossings(shapely.Polygon(border), "flood-risk-zone")
    # A slip of the hand is mended, wherever it is.
    border[[500, 502]] = border[[502, 500]]
    slipped = shapely.Polygon(border)
    assert not slipped.is_valid
    check_crossings(slipped, "flood-risk-zone")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems bound no memory of a process")
def test_work_that_takes_too_much_memory_fails_alone_and_says_so(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from fairplace.service import work; "
        "work.WORK['hubs'] = lambda arguments, out: bytearray(work.JOB_MEMORY); "
        "sys.exit(work.main(pathlib.Path(sys.argv[1])))"
    )
    (tmp_path / "sent").mkdir()
    (tmp_path / "work.json").write_text(json.dumps({"kind": "hubs", "arguments": [], "sent": {}}))
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stderr
    assert "memory" in json.loads(done.stdout)["failed"]
