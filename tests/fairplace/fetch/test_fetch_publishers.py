"""Fetching from publishers who speak as they do, and who fail as they do."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

from fairplace.fetch import Outcome, fetch, read_ledger
from fairplace.pack import Pack
from fairplace.pipeline import BuildSettings, build
from geo.source import hash_file
from layers.cards import describe_file

SAMPLE = "E06999001"
ON = date(2026, 11, 22)
CODES = "lookup_lsoa21_wd25"
LSOAS = "Lower_layer_Super_Output_Areas"


def get(publishers: Any, register: Any, to: Path, *only: str, **changes: Any) -> Outcome:
    refresh = bool(changes.pop("refresh", False))
    return fetch(
        [SAMPLE],
        to=to,
        only=only,
        on=ON,
        refresh=refresh,
        transport=publishers.transport(**changes),
        register=register,
    )


def files(folder: Path) -> set[str]:
    return {one.name for one in folder.rglob("*") if one.is_file() and ".fetching" not in one.parts}


def only_reason(outcome: Outcome) -> str:
    assert [one.id for one in outcome.got] == []
    assert len(outcome.short) == 1
    return outcome.short[0].reason


def test_everything_a_build_needs_comes_and_builds_the_same_figures(
    publishers: Any, small_england: Any, sample_pack: Pack, tmp_path: Path
) -> None:
    outcome = get(publishers, small_england, tmp_path / "data")
    assert [(one.id, one.reason) for one in outcome.short] == []
    pack = build(SAMPLE, data=tmp_path / "data", out=tmp_path / "pack", settings=BuildSettings(draws=200))
    # Two points that no publisher of the register offers: libraries and stations.
    assert pack.manifest["settings"]["missing"] == ["Public libraries, basic data set", "Railway stations"]
    key = ["geography", "code", "indicator", "group", "period", "source"]
    # Walks and green spaces are of another extract of the map, with other copies of the places.
    walked = pack.figures["source"].isin(["walking", "green_space"])
    assert walked.any()
    ours, theirs = pack.figures[~walked].set_index(key), sample_pack.figures.set_index(key)
    assert set(ours.index) <= set(theirs.index)
    # What is lacking is the council's own: its registers, services, surveys and homes.
    bought = ("census", "iod", "saie", "fuel", "mis", "geography")
    assert not [one for one in set(theirs.index) - set(ours.index) if one[-1].startswith(bought)]
    assert len(ours) > 5000
    both = theirs.loc[ours.index]
    assert (ours["status"] == both["status"]).all()
    assert (ours["value"].fillna(-1) - both["value"].fillna(-1)).abs().max() < 1e-9

    publishers.asked.clear()
    again = get(publishers, small_england, tmp_path / "data")
    assert not again.got
    assert len(again.kept) == len(outcome.got)
    assert publishers.asked == []


def test_pages_are_asked_for_until_the_count_is_reached(
    publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    get(publishers, small_england, tmp_path, CODES, "boundary_lsoa21")
    pages = [query for path, query in publishers.asked if LSOAS in path and "resultOffset" in query]
    assert [query["resultOffset"] for query in pages] == ["0", "40"]
    areas = gpd.read_file(tmp_path / f"boundaries/{SAMPLE}_lsoa21_bgc.geojson")
    assert areas["LSOA21CD"].nunique() == len(areas) == 58


def test_a_server_that_leaves_out_its_flag_is_still_read_to_the_end(
    publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    name = next(key for key in publishers.layers if key.startswith(LSOAS))
    publishers.layers[name] = replace(publishers.layers[name], flags=False)
    get(publishers, small_england, tmp_path, CODES, "boundary_lsoa21")
    assert len(gpd.read_file(tmp_path / f"boundaries/{SAMPLE}_lsoa21_bgc.geojson")) == 58


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("error 200", r"status 200 and the error 400 Invalid URL"),
        ("renamed", r'no field "LSOA21CD" any more; it has FID, AREACD'),
        ("count", r"counts 59 rows and gives 58"),
        ("404", r"answers 404: the publisher has moved or withdrawn it"),
        ("403", r"answers 403: it wants a key"),
        ("page", r"web page where JSON was expected"),
        ("half json", r"5 tries, the last gave an answer that is not whole JSON"),
        ("500", r"5 tries, the last gave status 500"),
    ],
)
def test_a_layer_that_fails_stops_clearly_and_writes_nothing(
    publishers: Any, small_england: Any, tmp_path: Path, fault: str, said: str
) -> None:
    publishers.always["FeatureServer"] = fault
    outcome = get(publishers, small_england, tmp_path, CODES)
    assert re.search(said, only_reason(outcome))
    assert outcome.short[0].costs.startswith("everything")
    assert files(tmp_path) == set()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("404", r"answers 404"),
        ("page", r"gives a web page where a file was expected; the publisher has moved it"),
        ("half file", r"damaged zip"),
        ("500", r"5 tries, the last gave status 500; run again later"),
    ],
)
def test_a_zip_that_fails_stops_clearly_and_writes_nothing(
    publishers: Any, small_england: Any, tmp_path: Path, fault: str, said: str
) -> None:
    publishers.always["census2021-ts054"] = fault
    outcome = get(publishers, small_england, tmp_path, "census2021_ts054")
    assert re.search(said, only_reason(outcome))
    assert "tenure" in outcome.short[0].costs
    assert files(tmp_path) == set()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("fewer rows", r"holds 19 rows, expected 58; it is cut short, or of another edition"),
        (
            "renamed",
            r'not recognised as English Indices.*the column "LSOA code \(2021\)" is gone; there are area_code',
        ),
        ("half file", r"expected 58"),
        ("page", r"web page"),
    ],
)
def test_a_table_that_was_changed_names_what_changed(
    publishers: Any, small_england: Any, tmp_path: Path, fault: str, said: str
) -> None:
    publishers.always["File_7_IoD2025"] = fault
    outcome = get(publishers, small_england, tmp_path, "iod2025")
    assert re.search(said, only_reason(outcome))
    assert "deprivation of 2025" in outcome.short[0].costs
    assert files(tmp_path) == set()


@pytest.mark.parametrize("fault", ["cut", "slow", "500", "503", "429 3", "wrong type", "gzipped"])
def test_what_passes_is_got_over_and_the_file_is_right(
    publishers: Any, small_england: Any, tmp_path: Path, fault: str
) -> None:
    publishers.faults["census2021-ts054"] = [fault]
    outcome = get(publishers, small_england, tmp_path, "census2021_ts054", timeout=0.4)
    assert [one.rows for one in outcome.got] == [58]
    assert describe_file(tmp_path / outcome.got[0].file).dataset == "census2021_ts054"
    if fault.startswith("429"):
        assert 3.0 in publishers.waits


def test_a_cut_download_goes_on_where_it_stopped(publishers: Any, small_england: Any, tmp_path: Path) -> None:
    publishers.faults["File_7_IoD2025"] = ["cut"]
    get(publishers, small_england, tmp_path, "iod2025")
    ranges = [query.get("header range") for path, query in publishers.asked if "File_7_IoD2025" in path]
    half = (
        len(publishers.files["/assets.publishing.service.gov.uk/media/1/File_7_IoD2025_All_Ranks.csv"]) // 2
    )
    assert ranges == [None, f"bytes={half}-"]


def test_a_file_that_changed_between_two_halves_is_begun_anew(
    publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    name = "/assets.publishing.service.gov.uk/media/1/File_7_IoD2025_All_Ranks.csv"
    publishers.faults["File_7_IoD2025"] = ["cut"] * 5
    assert "what came is kept" in only_reason(get(publishers, small_england, tmp_path, "iod2025"))
    corrected = publishers.files[name].replace(b"Halverton 001A", b"Halverton 001Z")
    assert corrected != publishers.files[name]
    publishers.files[name] = corrected
    get(publishers, small_england, tmp_path, "iod2025")
    assert next(tmp_path.rglob("File_7_IoD2025*")).read_bytes() == corrected


def test_without_a_mark_of_the_version_a_cut_download_begins_anew(
    publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    publishers.tagged = False
    publishers.faults["File_7_IoD2025"] = ["cut"]
    outcome = get(publishers, small_england, tmp_path, "iod2025")
    assert outcome.got
    assert all("header range" not in query for path, query in publishers.asked if "File_7" in path)


def test_a_run_that_is_killed_goes_on_with_what_it_had(
    publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    asked = ("iod2025", "census2021_ts054", "census2021_ts011")
    sleeps: list[float] = []

    def kill(seconds: float) -> None:
        sleeps.append(seconds)
        raise KeyboardInterrupt

    publishers.faults["census2021-ts054"] = ["cut"]
    with pytest.raises(KeyboardInterrupt):
        get(publishers, small_england, tmp_path, *asked, sleep=kill)
    done = set(read_ledger(tmp_path))
    assert len(done) >= 1
    assert files(tmp_path) == {Path(one).name for one in done} | {"fetched.json"}
    before = len(publishers.asked)
    outcome = get(publishers, small_england, tmp_path, *asked)
    assert {one.file for one in outcome.kept} == done
    later = [(path, query.get("header range")) for path, query in publishers.asked[before:]]
    resumed = [said for path, said in later if "ts054" in path]
    assert resumed
    assert resumed[0] is not None
    assert resumed[0].startswith("bytes=")
    assert not (tmp_path / ".fetching").exists()


def test_pages_that_came_before_a_stop_are_not_asked_for_again(
    publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    get(publishers, small_england, tmp_path, CODES)
    # About the layer, its count, the first page; then the service breaks down.
    publishers.faults[LSOAS] = ["", "", "", *["503"] * 5]
    get(publishers, small_england, tmp_path, "boundary_lsoa21")
    publishers.faults.clear()
    before = len(publishers.asked)
    assert get(publishers, small_england, tmp_path, "boundary_lsoa21").got
    offsets = [query["resultOffset"] for _, query in publishers.asked[before:] if "resultOffset" in query]
    assert offsets == ["40"]


def test_a_wait_that_is_too_long_is_handed_back(publishers: Any, small_england: Any, tmp_path: Path) -> None:
    publishers.always["File_7_IoD2025"] = "429 86400"
    reason = only_reason(get(publishers, small_england, tmp_path, "iod2025"))
    assert "asks to be left alone for 86400 seconds" in reason


def test_requests_to_one_host_keep_their_distance(
    publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    get(publishers, small_england, tmp_path, CODES, pause=30.0)
    assert publishers.waits
    assert all(25 < one <= 30 for one in publishers.waits)
    agents = {query["header user-agent"] for _, query in publishers.asked}
    assert len(agents) == 1
    assert agents.pop().startswith("fairplace/")


def test_a_file_damaged_on_the_disk_is_fetched_again(
    publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    first = get(publishers, small_england, tmp_path, "iod2025").got[0]
    (tmp_path / first.file).write_bytes(b"\0" * first.size)
    second = get(publishers, small_england, tmp_path, "iod2025")
    assert [one.sha256 for one in second.got] == [first.sha256]
    assert hash_file(tmp_path / first.file) == first.sha256


def test_a_refresh_that_fails_leaves_the_old_file(
    publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    first = get(publishers, small_england, tmp_path, "iod2025").got[0]
    publishers.always["File_7_IoD2025"] = "renamed"
    assert get(publishers, small_england, tmp_path, "iod2025", refresh=True).short
    assert hash_file(tmp_path / first.file) == first.sha256


def test_an_attachment_that_was_renamed_falls_back_to_its_known_address(
    publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    page = "/www.gov.uk/api/content/government/statistics/english-indices-of-deprivation-2025"
    publishers.pages[page] = {"details": {"attachments": []}}
    reason = only_reason(get(publishers, small_england, tmp_path, "iod2025"))
    assert "media/691ded56d140bbbaa59a2a7d/File_7_IoD2025" in reason
    assert "404" in reason


FUEL = "/www.gov.uk/api/content/government/statistics/sub-regional-fuel-poverty-2024-2022-data"
COLLECTION = "/www.gov.uk/api/content/government/collections/fuel-poverty-sub-regional-statistics"


def collection(publishers: Any, *publications: tuple[str, str, str]) -> None:
    """Answer as the content API does for a collection: links to publications, in the editor's order."""
    documents = [
        {"title": title, "base_path": f"/government/statistics/{path}", "public_updated_at": day}
        for title, path, day in publications
    ]
    publishers.pages[COLLECTION] = {"document_type": "document_collection", "links": {"documents": documents}}


def test_a_publication_that_has_moved_is_found_through_its_collection(
    publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    page = publishers.pages.pop(FUEL)
    collection(
        publishers,
        ("Sub-regional fuel poverty data 2026 (2024 data)", "sub-regional-fuel-poverty-2026", "2026-05-14"),
        ("Sub-regional fuel poverty data 2024 (2022 data)", "withdrawn", "2024-04-25"),
        ("Sub-regional fuel poverty data 2024 (2022 data), revised", "fuel-poverty-moved", "2024-12-05"),
    )
    publishers.pages["/www.gov.uk/api/content/government/statistics/fuel-poverty-moved"] = page
    outcome = get(publishers, small_england, tmp_path, "fuel_poverty_2022")
    assert [(one.id, one.reason) for one in outcome.short] == []
    assert outcome.got[0].rows == 58
    assert not publishers.times("sub-regional-fuel-poverty-2026"), "another year is not even looked at"
    assert not publishers.times("withdrawn"), "the newest that fits is asked first"


def test_a_page_whose_file_is_gone_leads_to_its_collection_and_then_to_a_clear_stop(
    publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    publishers.pages[FUEL] = {
        "details": {"attachments": [{"title": "Report", "url": "https://x/report.pdf"}]}
    }
    collection(publishers, ("Sub-regional fuel poverty data 2026 (2024 data)", "next", "2026-05-14"))
    reason = only_reason(get(publishers, small_england, tmp_path, "fuel_poverty_2022"))
    assert 'lists no publication like "2022 data"; it lists Sub-regional fuel poverty data 2026' in reason
    collection(
        publishers, ("Sub-regional fuel poverty (2022 data)", "sub-regional-fuel-poverty-2024-2022-data", "x")
    )
    reason = only_reason(get(publishers, small_england, tmp_path, "fuel_poverty_2022"))
    assert "has no attachment like" in reason
    assert "report.pdf" in reason
    assert files(tmp_path) == set()


KILLED = """
import os, signal, sys
from pathlib import Path
from fairplace.fetch import Transport, fetch
import fairplace.fetch.transport as transport
bases = {line.split()[0]: line.split()[1] for line in sys.argv[3].split(";")}
before = transport._write_body
def die(answer, part, start):
    with part.open("wb") as target:
        target.write(next(answer.iter_raw(500)))
        target.flush()
    os.kill(os.getpid(), signal.SIGKILL)
def write(answer, part, start):
    (die if "ts054" in str(answer.url) else before)(answer, part, start)
transport._write_body = write
fetch(["E06999001"], to=Path(sys.argv[1]), only=sys.argv[2].split(","), transport=Transport(bases=bases, pause=0.0))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_run_killed_outright_leaves_no_half_file_and_goes_on_where_it_stopped(
    publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    asked = (CODES, "census2021_ts054")
    bases = ";".join(f"{start} {other}" for start, other in publishers.transport().bases.items())
    call = [sys.executable, "-c", KILLED, str(tmp_path), ",".join(asked), bases]
    assert subprocess.run(call, check=False, timeout=300).returncode == -signal.SIGKILL
    assert files(tmp_path) == {f"{SAMPLE}_lsoa21_wd25.csv", "fetched.json"}
    before = len(publishers.asked)
    outcome = get(publishers, small_england, tmp_path, *asked)
    assert [one.id for one in outcome.kept] == [CODES]
    assert [one.rows for one in outcome.got] == [58]
    resumed = [query.get("header range") for path, query in publishers.asked[before:] if "ts054" in path]
    assert resumed == ["bytes=500-"]


def test_a_stated_hash_is_held_against_the_file(publishers: Any, small_england: Any, tmp_path: Path) -> None:
    listed = publishers.pages["/api.os.uk/downloads/v1/products/CodePointOpen/downloads"]
    publishers.pages["/api.os.uk/downloads/v1/products/CodePointOpen/downloads"] = [
        {**one, "md5": "0" * 32} for one in listed
    ]
    reason = only_reason(get(publishers, small_england, tmp_path, "codepoint_open"))
    assert "does not have the hash its publisher states" in reason


def test_the_smallest_extract_that_holds_the_authority_is_taken(
    publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    outcome = get(publishers, small_england, tmp_path, CODES, "boundary_lsoa21", "osm_streets")
    assert outcome.got[-1].url.endswith("east-latest.osm.pbf")


def test_schools_of_today_may_not_be_there_yet(publishers: Any, small_england: Any, tmp_path: Path) -> None:
    outcome = get(publishers, small_england, tmp_path, "schools")
    assert outcome.got[0].url.endswith("edubasealldata20261119.csv")


def test_a_key_is_asked_for_by_name_and_never_written_down(
    publishers: Any, small_england: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EPC_BEARER_TOKEN", raising=False)
    assert "EPC_BEARER_TOKEN" in only_reason(get(publishers, small_england, tmp_path, "epc_domestic"))
    assert publishers.asked == []
    monkeypatch.setenv("EPC_BEARER_TOKEN", "s3cret")
    outcome = get(publishers, small_england, tmp_path, "epc_domestic")
    assert publishers.asked[-1][1]["header authorization"] == "Bearer s3cret"
    assert "s3cret" not in json.dumps([vars(one) for one in outcome.short])


def test_streets_that_overpass_could_not_finish_are_refused(
    publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    get(publishers, small_england, tmp_path, CODES, "boundary_lsoa21")
    whole = b'<?xml version="1.0"?><osm version="0.6"><node id="1" lat="52" lon="0"/></osm>\n'
    halted = whole.replace(
        b"</osm>", b"<remark>runtime error: Query timed out after 600 seconds.</remark></osm>"
    )
    publishers.files["/overpass-api.de/api/interpreter"] = halted
    reason = only_reason(get(publishers, small_england, tmp_path, "osm_overpass"))
    assert "runtime error: Query timed out" in reason
    publishers.files["/overpass-api.de/api/interpreter"] = whole
    assert get(publishers, small_england, tmp_path, "osm_overpass").got


def test_a_planning_layer_is_read_page_by_page(publishers: Any, small_england: Any, tmp_path: Path) -> None:
    square = {"type": "Polygon", "coordinates": [[[0, 52], [0.1, 52], [0.1, 52.1], [0, 52]]]}

    def answer(query: dict[str, str]) -> dict[str, Any]:
        start, limit = int(query["offset"]), int(query["limit"])
        assert query["geometry_curie"] == f"statistical-geography:{SAMPLE}"
        rows = [
            {"type": "Feature", "properties": {"entity": n, "dataset": query["dataset"]}, "geometry": square}
            for n in range(7)
        ]
        return {"type": "FeatureCollection", "features": rows[start : start + limit]}

    publishers.pages["/www.planning.data.gov.uk/entity.geojson"] = answer
    register = {**small_england}
    register["planning"] = replace(register["planning"], ask={**register["planning"].ask, "limit": 3})
    outcome = get(publishers, register, tmp_path, "planning")
    assert not outcome.short
    green = next(one for one in outcome.got if one.id == "planning_green-belt")
    assert green.rows == 7
