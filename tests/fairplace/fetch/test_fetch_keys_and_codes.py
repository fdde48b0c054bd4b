"""Publishers that want a reader's key, districts whose code is newer than a look-up, postcodes for places."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fairplace.fetch import Outcome, fetch, load_register
from fairplace.places import read_places
from fairplace.spine import read_spine
from layers.holdings import scan
from layers.services import read_nhs

SAMPLE = "E06999001"
ON = date(2026, 11, 22)
EPC = "/api.get-energy-performance-data.communities.gov.uk/api/files/domestic/csv"
STORE = "/assets.publishing.service.gov.uk/full-load/domestic-csv.zip"
XPLORE = "/stat-xplore.dwp.gov.uk/webapi/rest/v1/table"
FIELD = "CILIF_REL:V_F_CILIF_REL:WARD_CODE"
SCHEMA = f"/stat-xplore.dwp.gov.uk/webapi/rest/v1/schema/str:field:{FIELD}"


def sets(*names: str) -> dict[str, Any]:
    """Describe a field as Stat-Xplore's schema does: sets of codes of areas, old and new, of several kinds."""
    children = [{"id": f"str:valueset:{FIELD}:{one}", "label": one, "type": "VALUESET"} for one in names]
    return {"id": f"str:field:{FIELD}", "type": "FIELD", "children": children}


SETS = sets(
    "V_C_MASTERGEOG11_WARD_TO_LA_NI", "V_C_MASTERGEOG21_LA_TO_REGION", "V_C_MASTERGEOG21_WARD_TO_LA_NI",
    "V_C_MASTERGEOG21_COUNTRY_TO_UK",
)  # fmt: skip


def get(publishers: Any, register: Any, to: Path, *only: str) -> Outcome:
    return fetch([SAMPLE], to=to, only=only, on=ON, transport=publishers.transport(), register=register)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def certificates(*rows: tuple[str, str]) -> str:
    return "lmk_key,local_authority\n" + "".join(f"{key},{place}\n" for key, place in rows)


def test_certificates_are_cut_to_the_authority_and_stay_restricted(
    publishers: Any, small_england: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EPC_BEARER_TOKEN", "s3cret")
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as packed:
        packed.writestr("certificates-2024.csv", certificates(("a", SAMPLE), ("b", "E06000032")))
        packed.writestr("certificates-2025.csv", certificates(("c", SAMPLE)))
        packed.writestr("recommendations-2025.csv", f"lmk_key,improvement\nc,{SAMPLE}\n")
    publishers.moved[EPC] = publishers.address + STORE
    publishers.files[STORE] = body.getvalue()
    outcome = get(publishers, small_england, tmp_path, "epc_domestic")
    assert not outcome.short
    path = tmp_path / f"restricted/{SAMPLE}_epc_domestic.csv"
    assert [row["lmk_key"] for row in rows_of(path)] == ["a", "c"]
    assert not [card for card in scan(tmp_path).cards if card.dataset]
    assert "s3cret" not in (tmp_path / "fetched.json").read_text(encoding="utf-8")


def test_a_token_that_is_refused_is_said_and_nothing_is_written(
    publishers: Any, small_england: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EPC_BEARER_TOKEN", "wrong")
    publishers.always[EPC] = "403"
    outcome = get(publishers, small_england, tmp_path, "epc_domestic")
    assert len(outcome.short) == 1
    assert "403" in outcome.short[0].reason
    assert "wrong" not in outcome.short[0].reason
    assert not (tmp_path / "restricted").exists()


def answer(query: dict[str, str]) -> dict[str, Any]:
    """Answer as Stat-Xplore does: fields with the areas asked for and the years, and one cube."""
    asked = json.loads(query["body"])
    (area,) = asked["recodes"]
    uris = [one[0] for one in asked["recodes"][area]["map"]]
    assert all("V_C_MASTERGEOG21_WARD_TO_LA_NI:E05" in one for one in uris)
    assert asked["database"] == "str:database:CILIF_REL"
    places = [{"labels": ["A ward"], "uris": [one], "type": "RecodeItem"} for one in uris]
    years = [{"labels": [one], "uris": [f"x:{one}"]} for one in ("2023/24", "2024/25")]
    cube = {"values": [[float(n), None if n == 0 else float(n + 1)] for n in range(len(uris))]}
    return {
        "fields": [{"label": "Wards", "items": places}, {"label": "Year", "items": years}],
        "cubes": {asked["measures"][0]: cube},
    }


def test_children_by_ward_are_asked_of_stat_xplore_with_the_readers_key(
    publishers: Any, small_england: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATXPLORE_API_KEY", "s3cret")
    publishers.pages |= {XPLORE: answer, SCHEMA: SETS}
    outcome = get(publishers, small_england, tmp_path, "lookup_lsoa21_wd25", "cilif_wards")
    assert [(one.id, one.reason) for one in outcome.short] == []
    assert publishers.asked[-1][1]["header apikey"] == "s3cret"
    rows = rows_of(tmp_path / f"income/{SAMPLE}_cilif_wards.csv")
    wards = {row["WD25CD"] for row in rows_of(tmp_path / f"lookups/{SAMPLE}_lsoa21_wd25.csv")}
    assert {row["area_code"] for row in rows} == wards
    assert len(rows) == 2 * len(wards)
    assert rows[1]["children"] == ""
    assert {row["year"] for row in rows} == {"2023/24", "2024/25"}


@pytest.mark.parametrize(
    "content",
    [
        {"fields": [], "cubes": {}},
        {"fields": [{"items": []}], "cubes": {"a": {"values": []}}},
        {"error": "x"},
    ],
)
def test_an_answer_of_stat_xplore_of_another_shape_is_refused(
    content: Any,
    publishers: Any,
    small_england: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STATXPLORE_API_KEY", "s3cret")
    publishers.pages |= {XPLORE: content, SCHEMA: SETS}
    outcome = get(publishers, small_england, tmp_path, "lookup_lsoa21_wd25", "cilif_wards")
    assert [one.id for one in outcome.short] == ["cilif_wards"]
    assert not (tmp_path / f"income/{SAMPLE}_cilif_wards.csv").exists()


def test_wards_are_asked_for_by_the_newest_set_that_the_service_names(
    publishers: Any, small_england: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATXPLORE_API_KEY", "s3cret")
    renewed = sets(
        "V_C_MASTERGEOG21_WARD_TO_LA_NI", "V_C_MASTERGEOG31_WARD_TO_LA", "V_C_MASTERGEOG31_LA_TO_REGION"
    )
    asked: list[str] = []

    def later(query: dict[str, str]) -> dict[str, Any]:
        asked.append(query["body"])
        return answer(
            {"body": query["body"].replace("MASTERGEOG31_WARD_TO_LA:", "MASTERGEOG21_WARD_TO_LA_NI:")}
        )

    publishers.pages |= {XPLORE: later, SCHEMA: renewed}
    outcome = get(publishers, small_england, tmp_path, "lookup_lsoa21_wd25", "cilif_wards")
    assert [(one.id, one.reason) for one in outcome.short] == []
    assert f"str:value:{FIELD}:V_C_MASTERGEOG31_WARD_TO_LA:E05" in asked[0]
    publishers.pages[SCHEMA] = sets("V_C_MASTERGEOG21_LA_TO_REGION")
    lost = get(publishers, small_england, tmp_path / "other", "lookup_lsoa21_wd25", "cilif_wards")
    assert 'has no set like "MASTERGEOG' in lost.short[0].reason
    assert "V_C_MASTERGEOG21_LA_TO_REGION" in lost.short[0].reason


def test_the_region_is_found_by_the_older_code_where_the_new_one_is_not_listed(
    publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    regions = publishers.layers["LAD24_RGN24_EN_LU"]
    units = publishers.layers["OA_LSOA_MSOA_EW_DEC_2021_LU_v3"]
    # As Barnsley and Sheffield: the district has a code of 2025 that the look-up of 2024 does not know.
    found = [{**row, "LAD24CD": "E08000016"} for row in regions.rows if row["LAD24CD"] == SAMPLE]
    regions.rows = [*(row for row in regions.rows if row["LAD24CD"] != SAMPLE), *found]
    units.rows = [{**row, "LAD22CD": "E08000016"} for row in units.rows]
    outcome = get(
        publishers, small_england, tmp_path,
        "lookup_lsoa21_wd25", "lookup_lad24_rgn24", "census2021_ts001_oa", "lookup_oa21",
    )  # fmt: skip
    assert [(one.id, one.reason) for one in outcome.short] == []
    rows = rows_of(tmp_path / f"lookups/{SAMPLE}_oa21_lsoa21_msoa21.csv")
    assert {row["RGNCD"] for row in rows} == {found[0]["RGN24CD"]}


def test_the_nhs_reports_as_published_are_placed_by_postcode_in_a_build(
    sample_data: Path, tmp_path: Path
) -> None:
    header = load_register()["nhs_gp"].header
    data = tmp_path / "data"
    for folder in ("boundaries", "lookups", "postcodes", "census2021"):
        (data / folder).mkdir(parents=True)
        for path in (sample_data / folder).iterdir():
            (data / folder / path.name).symlink_to(path)
    placed = scan(sample_data).find("nhs_gp", SAMPLE)
    words = {"A": "ACTIVE", "C": "INACTIVE"}
    with (data / "epraccur.csv").open("w", encoding="utf-8", newline="") as out:
        for row in rows_of(placed):
            cells = [row.get(name, "") for name in header]
            csv.writer(out).writerow([words.get(one, one) for one in cells])
    assert read_nhs(data / "epraccur.csv").frame.empty
    holdings = scan(data)
    found = read_places(holdings, read_spine(holdings, SAMPLE))
    before = read_nhs(placed)
    assert set(found.points["gp_practices"]["id"]) <= set(before.open.frame["id"])
    assert len(found.points["gp_practices"]) >= 0.9 * len(before.open.frame)
    assert set(found.points["gp_practices"]["placed"]) == {"postcode centre"}


def test_any_of_several_sheets_serves_that_has_the_columns(
    publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    register = {**small_england}
    held = register["fuel_poverty_2022"]
    assert held.sheet == "Table 4|Table 3"
    register["fuel_poverty_2022"] = replace(held, sheet="Table 3|Table 4")
    outcome = get(publishers, register, tmp_path, "fuel_poverty_2022")
    assert outcome.got[0].done[0] == "sheet Table 4"
    register["fuel_poverty_2022"] = replace(held, sheet="Table 2|Table 1")
    outcome = get(publishers, register, tmp_path / "no", "fuel_poverty_2022")
    assert [one.id for one in outcome.short] == ["fuel_poverty_2022"]
