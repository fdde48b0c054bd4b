"""An officer in a real browser: signs in with a provider, sends the council's own files, and signs out, by keyboard."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pytest
import uvicorn
from shapely import Point

from fairplace.service.app import create_app
from fairplace.service.running import server_settings
from fairplace.service.settings import ServiceSettings, read_service_settings
from fairplace.uploaded import accepted_tables

pytestmark = pytest.mark.chromium

DESKTOP, PHONE = (1280, 800), (390, 844)
HEAD = ["id", "name", "kind", "theme", "status", "postcode", "easting", "northing", "public"]
ROWS = [
    ["S1", "Castle Street Advice", "advice", "money", "open", "", "539238", "257261", "yes"],
    ["S2", "Warm Room", "warm_space", "warmth", "open", "", "539345", "257185", "yes"],
]


@dataclass(frozen=True)
class Council:
    """A service with a provider, on a socket, and where it keeps what is sent."""

    address: str
    issuer: str
    settings: ServiceSettings

    @property
    def shelf(self) -> Path:
        assert self.settings.uploads is not None
        return self.settings.uploads / "E06999001"

    def held(self) -> str:
        """The table of services that the next build would use."""
        found = accepted_tables(self.shelf).get("services")
        return found.read_text(encoding="utf-8") if found is not None else ""

    def events(self) -> list[str]:
        lines = self.settings.audit.read_text(encoding="utf-8").splitlines()
        return [one["event"] for one in map(json.loads, lines)]


@pytest.fixture(scope="module")
def council(provider: Any, sample_pack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Council]:
    folder = tmp_path_factory.mktemp("council")
    (folder / "client.secret").write_text(provider.secret, encoding="utf-8")
    (folder / "client.secret").chmod(0o600)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        (folder / "serve.toml").write_text(
            f'''address = "{address}"
dpia = {{ reference = "DPIA-2026-014 (fictional)", date = 2026-09-01, approver = "DPO" }}
officers = {{ authorities = ["E06999001"] }}
audit = {{ file = "audit.jsonl" }}
uploads = {{ folder = "uploads", megabytes = 1 }}
[oidc]
issuer = "{provider.issuer}"
client = "{provider.client}"
secret_file = "client.secret"
role_claim = "realm_access.roles"
officer = ["fp-officer"]
''',
            encoding="utf-8",
        )
        settings = read_service_settings(folder / "serve.toml")
        app = create_app([sample_pack.path], settings=settings)
        server = uvicorn.Server(uvicorn.Config(app, **server_settings()))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 90
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.05)
        assert server.started
        yield Council(address, provider.issuer, settings)
        server.should_exit = True
        thread.join(timeout=20)


def sign_in(person: Any) -> None:
    person.press("Officers: sign in")
    person.page.wait_for_selector("text=Sign in as an officer")
    person.page.keyboard.press("Tab")
    person.page.keyboard.press("Enter")


def send(person: Any, name: str, content: bytes) -> None:
    """Choose a file and send it, and come to what was found in it."""
    person.tab_to("#file")
    person.choose({"name": name, "mimeType": "application/octet-stream", "buffer": content})
    person.press("Send it and have it looked through")
    person.page.wait_for_selector(f"h1:text-is('{name}')")


def csv(rows: list[list[str]]) -> bytes:
    return "\n".join(",".join(one) for one in [HEAD, *rows]).encode() + b"\n"


def xlsx(rows: list[list[str]]) -> bytes:
    book = openpyxl.Workbook()
    for row in [HEAD, *rows]:
        book.active.append(row)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def geopackage(folder: Path) -> bytes:
    frame = gpd.GeoDataFrame(
        {"id": ["S9"], "name": ["Bridge Street Hall"], "kind": ["advice"], "status": ["open"]},
        geometry=[Point(539238, 257261)],
        crs="EPSG:27700",
    )
    frame.to_file(folder / "halls.gpkg", driver="GPKG")
    return (folder / "halls.gpkg").read_bytes()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_an_officer_signs_in_sends_files_accepts_replaces_removes_and_signs_out(
    visit: Any, council: Council, tmp_path: Path, size: tuple[int, int]
) -> None:
    chosen = "task=walk&from=0.05,52.215"
    address = f"{council.address}/packs/halverton/explore#{chosen}"
    with visit(address, council.address, council.issuer, size=size) as person:
        page = person.page
        page.wait_for_selector("body[data-ready]")
        person.check_axe()
        sign_in(person)
        page.wait_for_selector("body[data-ready]")
        assert "from=0.05" in page.evaluate("location.hash"), "led back to what was chosen"
        assert "a.officer@halverton.example, officer" in page.inner_text(".account")
        person.check_axe()

        person.press("Your council's own files")
        page.wait_for_selector("text=Nothing yet." if not council.shelf.exists() else "text=Sent so far")
        person.check_axe()
        send(person, "services.csv", csv(ROWS))
        assert "Nothing in it has to be mended." in page.inner_text(".state")
        assert "Castle" not in council.held(), "nothing is used before it is accepted"
        person.check_axe()
        person.press("Accept it")
        page.wait_for_selector("text=Accepted.")
        assert "Castle Street Advice" in council.held()

        # A broken file is refused with its rows, and what was accepted stays in use.
        person.press("files")
        page.wait_for_selector("h1:text('Files of')")
        # Of each size its own, for the same bytes are one upload.
        broken = [ROWS[0], ["S2", f"Warm Room {size[0]}", *ROWS[1][2:6], "west", *ROWS[1][7:]]]
        send(person, "broken.csv", csv(broken))
        said = page.inner_text("main")
        assert "It cannot be accepted: some things are to mend." in said
        assert "west" in said
        assert "row 3" in said
        assert page.get_by_role("button", name="Accept it").count() == 0
        person.check_axe()
        assert "Castle Street Advice" in council.held()

        # The next of its kind takes its place.
        person.press("files")
        page.wait_for_selector("h1:text('Files of')")
        send(person, "services.xlsx", xlsx([[*ROWS[0][:1], "Bridge Street Advice", *ROWS[0][2:]]]))
        person.press("Accept it in place of the one before")
        page.wait_for_selector("text=Accepted.")
        assert "Bridge Street Advice" in council.held()
        assert "Castle" not in council.held()

        person.press("files")
        page.wait_for_selector("h1:text('Files of')")
        states = page.locator("tbody td:nth-child(4)").all_inner_texts()[:3]
        assert [one.strip() for one in states] == ["accepted", "proposed, to mend", "replaced"]
        person.check_axe()
        send(person, "halls.gpkg", geopackage(tmp_path))
        assert "Nothing in it has to be mended." in page.inner_text(".state")
        person.press("Remove this file")
        person.press("Remove it for good")
        page.wait_for_selector("h1:text('Files of')")
        assert page.locator("tbody td:nth-child(4)").all_inner_texts()[0].strip() == "removed"
        assert "Bridge Street Advice" in council.held()

        person.press("services.xlsx")
        page.wait_for_selector("h1:text-is('services.xlsx')")
        person.press("Remove this file")
        person.press("Remove it for good")
        page.wait_for_selector("h1:text('Files of')")
        assert council.held() == ""

        person.press("Sign out")
        page.wait_for_selector("h1:text('Signed out')")
        person.check_axe()
        page.goto(f"{council.address}/packs/halverton/uploads")
        assert "sign in" in page.inner_text("main")
        assert council.events()[-1] == "refused"
        # A refusal is an answer with a status, which the browser writes down as an error.
        assert [one for one in person.errors if "401" not in one] == []
        assert (person.outside, person.unseen) == ([], [])


def test_a_session_that_ends_is_said_and_signing_in_leads_back(visit: Any, council: Council) -> None:
    address = f"{council.address}/packs/halverton/explore"
    with visit(address, council.address, council.issuer) as person:
        page = person.page
        page.wait_for_selector("body[data-ready]")
        page.clock.install()
        sign_in(person)
        page.wait_for_selector("body[data-ready]")
        assert page.locator("#ended").is_hidden()
        page.clock.fast_forward("01:00:01")
        page.locator("#ended").get_by_text("Your session has ended.").wait_for()
        assert page.locator(".account").count() == 0
        assert "/sign-in?then=" in page.get_attribute("#ended a", "href")
        person.clean()
