"""The service beside pygeoapi over a GeoJSON file and beside PostGIS with tipg, in one run.

Run with `python benchmarks/service.py PACK [SECONDS [STEADY]]`: SECONDS a line (15), then STEADY seconds
(60; 600 is what `docs/methods/service.md` quotes) of a mixture on our service alone, whose rate and memory
at the end are printed beside those at the start. Each server is one process; four threads ask over
loopback; equal areas are checked before anything is timed. Stops by itself. PostgreSQL with PostGIS from
Debian's packages and tipg are needed for their lines, which are left out, and said to be, without them.
"""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import math
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import mapbox_vector_tile
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from fairplace.database import publish  # noqa: E402
from fairplace.pack import open_pack  # noqa: E402
from geo.crs import to_lonlat  # noqa: E402

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
POSTGRES = Path("/usr/lib/postgresql/15/bin")
THREADS = 4
PEER = """
import sys, uvicorn
from pygeoapi.starlette_app import APP
uvicorn.run(APP, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
"""
TIPG = """
import sys, uvicorn
from tipg.main import app
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
"""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(address, timeout=60).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise RuntimeError(f"{address} did not start")


def ask(addresses: Sequence[str], until: float) -> list[tuple[float, float]]:
    """Ask in turn until a time; when each answer came, and how long it took."""
    first = urlsplit(addresses[0])
    line = http.client.HTTPConnection(str(first.hostname), first.port, timeout=120)
    paths = [f"{one.path}?{one.query}" if one.query else one.path for one in map(urlsplit, addresses)]
    seen = []
    at = 0
    while (began := time.monotonic()) < until:
        line.request("GET", paths[at % len(paths)], headers={"Accept-Encoding": "gzip"})
        got = line.getresponse()
        got.read()
        if got.status != 200:
            raise RuntimeError(f"{got.status} from {addresses[at % len(paths)]}")
        seen.append((time.monotonic(), time.monotonic() - began))
        at += 1
    line.close()
    return seen


def load(addresses: Sequence[str], seconds: float) -> list[tuple[float, float]]:
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(THREADS) as pool:
        parts = list(
            pool.map(lambda turn: ask([*addresses[turn:], *addresses[:turn]], until), range(THREADS))
        )
    return sorted(one for part in parts for one in part)


def said(label: str, seen: list[tuple[float, float]], seconds: float) -> float:
    rate, slow = len(seen) / seconds, float(np.percentile([took for _, took in seen], 99) * 1000)
    print(f"{label:48} {rate:8.0f} requests a second, p99 {slow:7.1f} ms", flush=True)
    return rate


def resident(process: subprocess.Popen[bytes]) -> float:
    """Memory of a process and its children now, in MB."""
    total = 0.0
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            fields = dict(one.split(":", 1) for one in status.read_text().splitlines() if ":" in one)
            if status.parent.name == str(process.pid) or fields.get("PPid", "").strip() == str(process.pid):
                total += float(fields.get("VmRSS", "0 kB").split()[0]) / 1024
    return total


def peer_settings(folder: Path, port: int, file: Path) -> dict[str, str]:
    settings = {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port}, "url": f"http://127.0.0.1:{port}",
            "mimetype": "application/json; charset=UTF-8", "encoding": "utf-8", "languages": ["en-GB"],
            "limits": {"default_items": 100, "max_items": 10000}, "map": {"url": "", "attribution": ""},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {"title": "t", "description": "d", "keywords": ["k"], "keywords_type": "theme",
                               "terms_of_service": "", "url": "http://127.0.0.1"},
            "license": {"name": "x", "url": "http://127.0.0.1"},
            "provider": {"name": "x", "url": "http://127.0.0.1"},
            "contact": {"name": "x"},
        },
        "resources": {
            "areas": {
                "type": "collection", "title": "areas", "description": "areas",
                "keywords": ["k"], "links": [],
                "extents": {"spatial": {"bbox": [-180, -90, 180, 90], "crs": CRS84}},
                "providers": [{"type": "feature", "name": "GeoJSON", "data": str(file), "id_field": "code"}],
            }
        },
    }  # fmt: skip
    (folder / "settings.yml").write_text(json.dumps(settings))
    (folder / "openapi.json").write_text("{}")
    return {
        **os.environ,
        "PYGEOAPI_CONFIG": str(folder / "settings.yml"),
        "PYGEOAPI_OPENAPI": str(folder / "openapi.json"),
    }


@contextlib.contextmanager
def database() -> Iterator[str | None]:
    """A PostgreSQL server of this run; None where there is none or tipg is not installed."""
    if importlib.util.find_spec("tipg") is None or not (POSTGRES / "initdb").is_file():
        print("no tipg or no PostgreSQL here: their lines are left out")
        yield None
        return
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="fairplace-benchmark-"))
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    port, data = free_port(), str(folder / "data")

    def call(*words: str) -> None:
        subprocess.run(words, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    call(str(POSTGRES / "initdb"), "--pgdata", data, "--username", "fairplace", "--auth", "trust")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    call(str(POSTGRES / "pg_ctl"), "--pgdata", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://fairplace@127.0.0.1:{port}/postgres"
    finally:
        call(str(POSTGRES / "pg_ctl"), "--pgdata", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def tile_over(lon: float, lat: float, zoom: int) -> tuple[int, int, int]:
    """Web Mercator tile that holds a point."""
    size = 2**zoom
    x = int((lon + 180) / 360 * size)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * size)
    return zoom, x, y


def codes(address: str) -> list[str]:
    return sorted(one["properties"]["code"] for one in httpx.get(address, timeout=60).json()["features"])


def tile_codes(address: str) -> set[str]:
    layers = mapbox_vector_tile.decode(httpx.get(address, timeout=60).content)
    return {one["properties"]["code"] for layer in layers.values() for one in layer["features"]}


def main() -> None:
    pack = Path(sys.argv[1]).resolve()
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 15.0
    steady = float(sys.argv[3]) if len(sys.argv) > 3 else 60.0
    opened = open_pack(pack)
    degrees, _ = to_lonlat(opened.areas("lsoa21"))
    west, south, east, north = (float(one) for one in degrees.total_bounds)
    box = f"{west},{south},{(west + east) / 2},{(south + north) / 2}"
    z, x, y = tile_over((west + east) / 2, (south + north) / 2, 12)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        degrees.reset_index().to_file(folder / "areas.geojson", driver="GeoJSON", engine="pyogrio",
                                      COORDINATE_PRECISION=9)  # fmt: skip

        def start(command: list[str], ready: str, **how: object) -> subprocess.Popen[bytes]:
            process = stack.enter_context(subprocess.Popen(command, cwd=ROOT, **{**quiet, **how}))
            stack.callback(process.terminate)
            wait(ready, process)
            return process

        ours, theirs, third = free_port(), free_port(), free_port()
        here, there = f"http://127.0.0.1:{ours}", f"http://127.0.0.1:{theirs}"
        service = start(
            [sys.executable, "-m", "fairplace", "serve", str(pack), "--port", str(ours)], f"{here}/ready"
        )
        start([sys.executable, "-c", PEER, str(theirs)], f"{there}/collections?f=json",
              env=peer_settings(folder, theirs, folder / "areas.geojson"))  # fmt: skip
        key = httpx.get(f"{here}/packs").json()["packs"][0]["id"]
        profile = f"{here}/packs/{key}/profile/{opened.authority}"
        tile = f"{here}/packs/{key}/tiles/lsoa21/{z}/{x}/{y}.mvt"
        mine, peer = f"{here}/collections/{key}-lsoa21/items", f"{there}/collections/areas/items"
        asked = f"?bbox={box}&limit=1000"
        rows = {
            "profile as JSON, ours": profile,
            "vector tile, ours": tile,
            "areas in a box, ours (OGC)": f"{mine}{asked}",
            "areas in a box, pygeoapi over GeoJSON": f"{peer}{asked}&f=json",
        }
        assert codes(f"{mine}?limit=10000&f=json") == codes(f"{peer}?limit=10000&f=json")
        assert codes(f"{mine}{asked}&f=json") == codes(f"{peer}{asked}&f=json")
        address = stack.enter_context(database())
        if address is not None:
            publish(opened, address, key="peer")
            table = f"http://127.0.0.1:{third}/collections/fairplace_peer.areas_lsoa21"
            start([sys.executable, "-c", TIPG, str(third)], f"http://127.0.0.1:{third}/healthz",
                  env={**os.environ, "DATABASE_URL": address, "TIPG_DB_SCHEMAS": '["fairplace_peer"]',
                       "TIPG_MAX_FEATURES_PER_QUERY": "10000"})  # fmt: skip
            boxed = f"{table}/items{asked}&geom-column=geom_lonlat&f=geojson"
            drawn = f"{table}/tiles/WebMercatorQuad/{z}/{x}/{y}?geom-column=geom_lonlat"
            # tipg asks whether shapes meet the box, pygeoapi and we whether their own boxes do.
            assert set(codes(boxed)) <= set(codes(f"{mine}{asked}&f=json"))
            assert tile_codes(drawn) <= tile_codes(tile)
            rows |= {"vector tile, PostGIS and tipg": drawn, "areas in a box, PostGIS and tipg": boxed}
        print(f"{len(degrees)} areas; {seconds:.0f} s a line, {THREADS} threads, one process a server")
        for label, one in sorted(rows.items(), key=lambda row: row[0].split(",")[0]):
            said(label, load([one], seconds), seconds)
        mixture = [profile, tile, f"{mine}{asked}", f"{here}/packs/{key}/search?q=1"]
        before = resident(service)
        seen = load(mixture, steady)
        part = min(60.0, steady / 3)
        start_of, end_of = seen[0][0] + part, seen[-1][0] - part
        said(
            f"mixture, first {part:.0f} s of {steady:.0f}", [one for one in seen if one[0] <= start_of], part
        )
        said(f"mixture, last {part:.0f} s", [one for one in seen if one[0] >= end_of], part)
        print(f"memory of the service: {before:.0f} MB before the mixture, {resident(service):.0f} MB after")
        for count in (1, 50):
            copies = [shutil.copytree(pack, folder / f"of-{count}" / f"copy-{at}") for at in range(count)]
            port = free_port()
            several = start([sys.executable, "-m", "fairplace", "serve", *map(str, copies), "--port", str(port)],  # noqa: E501
                            f"http://127.0.0.1:{port}/ready")  # fmt: skip
            print(f"memory with {count} packs, started and warm: {resident(several):.0f} MB")
            several.terminate()


if __name__ == "__main__":
    main()
