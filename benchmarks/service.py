"""The service beside pygeoapi's own GeoJSON file provider on the same areas, in one run.

Run with `python benchmarks/service.py PACK [SECONDS]`. Four threads ask over loopback, one process
answers; equal features are checked before anything is timed. Memory is that of a process that holds
1 pack and 20 copies of it under other names.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from fairplace.pack import open_pack  # noqa: E402
from geo.crs import to_lonlat  # noqa: E402

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
PEER = """
import sys, uvicorn
from pygeoapi.starlette_app import APP
uvicorn.run(APP, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
"""
MEMORY = """
import resource, sys
from pathlib import Path
from fairplace.service.app import create_app
create_app([Path(one) for one in sys.argv[1:]])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(address, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise RuntimeError(f"{address} did not start")


def load(address: str, seconds: float) -> tuple[float, float]:
    """Requests a second and the 99th hundredth of the time of one, in milliseconds."""

    def ask(until: float) -> list[float]:
        times = []
        with httpx.Client(timeout=60) as client:
            while (began := time.monotonic()) < until:
                assert client.get(address).status_code == 200
                times.append(time.monotonic() - began)
        return times

    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        times = [one for part in pool.map(ask, [began + seconds] * 4) for one in part]
    return len(times) / (time.monotonic() - began), float(np.percentile(times, 99) * 1000)


def memory(packs: list[Path]) -> float:
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, *map(str, packs)], capture_output=True, check=True, text=True, cwd=ROOT
    )
    return float(done.stdout)


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


def main() -> None:
    pack, seconds = Path(sys.argv[1]).resolve(), float(sys.argv[2]) if len(sys.argv) > 2 else 30.0
    opened = open_pack(pack)
    degrees, _ = to_lonlat(opened.areas("lsoa21"))
    west, south, east, north = (float(one) for one in degrees.total_bounds)
    box = f"{west},{south},{(west + east) / 2},{(south + north) / 2}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        degrees.reset_index().to_file(folder / "areas.geojson", driver="GeoJSON", engine="pyogrio",
                                      COORDINATE_PRECISION=9)  # fmt: skip
        ours, theirs = free_port(), free_port()
        served = [sys.executable, "-m", "fairplace", "serve", str(pack), "--port", str(ours)]
        with (
            subprocess.Popen(served, cwd=ROOT, stdout=subprocess.DEVNULL) as one,
            subprocess.Popen([sys.executable, "-c", PEER, str(theirs)],
                             env=peer_settings(folder, theirs, folder / "areas.geojson")) as other,
        ):  # fmt: skip
            try:
                here, there = f"http://127.0.0.1:{ours}", f"http://127.0.0.1:{theirs}"
                wait(f"{here}/ready", one)
                wait(f"{there}/collections?f=json", other)
                key = httpx.get(f"{here}/packs").json()["packs"][0]["id"]
                mine, peer = f"{here}/collections/{key}-lsoa21/items", f"{there}/collections/areas/items"
                everything = "?limit=10000&f=json"
                a, b = (httpx.get(at + everything, timeout=60).json()["features"] for at in (mine, peer))
                assert sorted(x["properties"]["code"] for x in a) == sorted(
                    x["properties"]["code"] for x in b
                )
                print(f"{len(a)} areas; equal codes; {seconds:.0f} s a line, 4 threads, one process each")
                rows = {
                    "profile as JSON": f"{here}/packs/{key}/profile/{opened.authority}",
                    "areas in a box, our route": f"{here}/packs/{key}/areas/lsoa21?bbox={box}&limit=1000",
                    "areas in a box, OGC route": f"{mine}?bbox={box}&limit=1000",
                    "all areas, OGC route": f"{mine}{everything}",
                    "all areas, pygeoapi GeoJSON file": f"{peer}{everything}",
                    "areas in a box, pygeoapi GeoJSON file": f"{peer}?bbox={box}&limit=1000&f=json",
                }
                for label, address in rows.items():
                    rate, slow = load(address, seconds)
                    print(f"{label:40} {rate:8.0f} requests a second, p99 {slow:7.1f} ms")
            finally:
                one.terminate()
                other.terminate()
        copies = [shutil.copytree(pack, folder / f"copy-{at}") for at in range(20)]
        print(f"memory: 1 pack {memory(copies[:1]):.0f} MB, 20 packs {memory(copies):.0f} MB (peak)")


if __name__ == "__main__":
    main()
