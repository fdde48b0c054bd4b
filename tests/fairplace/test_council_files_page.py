"""The page of council files: what it names is there, in the schemas, the sample's pack and the commands."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from fairplace.cli import command_names
from fairplace.disclosure import Nest, release, release_figures
from fairplace.local import read_local
from fairplace.pack import Pack
from fairplace.profile.content import Place, compose
from fairplace.profile.evidence import local_evidence
from fairplace.profile.model import Bullets, Paragraph, Table, inline_text, section_numbers
from fairplace.profile.words import load_words
from fairplace.spine import Spine, read_spine
from layers.catalogue import load_catalogue
from layers.council.schema import load_schemas
from layers.holdings import scan

PAGE = Path(__file__).resolve().parents[2] / "docs" / "council-files.md"
AUTHORITY = "E06999001"
pytestmark = pytest.mark.checkout
if not PAGE.is_file():
    pytest.skip("needs the pages of the checkout, which a wheel does not carry", allow_module_level=True)


def table(heading: str) -> list[list[str]]:
    text = PAGE.read_text(encoding="utf-8").split(f"## {heading}")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return rows[2:]


def ticked(cell: str) -> list[str]:
    return re.findall(r"`([a-z][a-z0-9_ ]*)`", re.sub(r"\*.*?\*", "", cell))


ITEMS = table("What councils ask for")
#: What the councils' own slides set out, in a word or two each; narrative left out.
ASKED = (
    "deprivation", "Population", "Ethnic", "birth weight", "Smoking", "cancer", "Causes of death", "28 outcome",
    "Measuring", "Minimum Income", "Case studies", "Net zero", "housing audits", "Walking and cycling", "survey",
    "Early-years", "Dental", "Drug and alcohol", "Local Plan", "Anchor", "Clinics", "after dark", "A hub",
    "Advice", "Core20: the national list", "(PLUS)", "family hubs go", "Training", "Annual report",
)  # fmt: skip


@pytest.fixture(scope="module")
def words_of_profiles(sample_pack: Pack) -> str:
    """Every word of the profiles of the sample authority and of two of its wards."""
    released = release(sample_pack)
    wards = list(released.areas("wd25")["name"].items())[:2]
    said: list[str] = []
    for geography, code, name in [
        ("lad25", AUTHORITY, released.name), *(("wd25", str(ward), str(name)) for ward, name in wards)
    ]:  # fmt: skip
        for block in compose(released, Place(geography, code, name)).blocks:
            if isinstance(block, Paragraph):
                said.append(block.text)
            elif isinstance(block, Bullets):
                said += [one.text for one in block.items]
            elif isinstance(block, Table):
                said += [
                    block.caption,
                    *(inline_text(cell) for row in block.rows for cell in row),
                    *block.notes,
                ]
    return "\n".join(said)


def test_everything_that_councils_ask_for_is_listed_once() -> None:
    for one in ASKED:
        assert sum(one in row[0] for row in ITEMS) == 1, one
    assert len(ITEMS) == len(ASKED)


def test_every_kind_of_file_is_on_the_page() -> None:
    named = {one for row in table("The kinds") for one in ticked(row[0])}
    assert named == set(load_schemas())


@pytest.mark.parametrize("row", ITEMS, ids=lambda row: row[0])
def test_each_item_has_a_file_rows_in_the_sample_words_in_a_profile_and_a_command(
    row: list[str], sample_pack: Pack, sample_data: Path, words_of_profiles: str
) -> None:
    _, files, shows, words, commands = row
    datasets = set(load_catalogue())
    assert ticked(files)
    assert set(ticked(files)) <= set(load_schemas()) | datasets
    released = release(sample_pack)
    held = set(released.figures["indicator"]) | set(released.held("points")) | set(released.held("lines"))
    assert set(ticked(shows)) <= held
    for kind in set(ticked(files)) & set(load_schemas()):
        path = next(sample_data.glob(f"local/{kind}.*"), None) or next(
            sample_data.glob(f"restricted/{kind}/{kind}.csv"), None
        )
        assert path is not None, f"the sample has no {kind}"
        assert path.read_text(encoding="utf-8").count("\n") > 1
    said = re.findall(r'"([^"]+)"', words)
    assert said
    for one in said:
        assert one in words_of_profiles, one
    assert {one.removeprefix("fairplace ") for one in ticked(commands)} <= set(command_names())


def test_what_an_item_shows_of_the_council_is_in_the_profile_of_the_sample(sample_pack: Pack) -> None:
    section = local_evidence(
        load_words(), release(sample_pack), geography="lad25", code=AUTHORITY, area="Halverton"
    )
    shown = {str(one.row["indicator"]) for one in section_numbers([section])}
    own = pd.concat([sample_pack.figures, sample_pack.own_figures])
    own = own[own["source"].str.startswith(("local_", "counts_"))]
    wanted = {one for row in ITEMS for one in ticked(row[2])} & set(own["indicator"])
    assert wanted <= shown, wanted - shown


@pytest.fixture(scope="module")
def spine(sample_data: Path) -> Spine:
    return read_spine(scan(sample_data), AUTHORITY)


def test_one_row_of_every_kind_of_point_reaches_a_pack(spine: Spine, tmp_path: Path) -> None:
    centre = spine.boundaries["lad25"].areas.geometry.iloc[0].representative_point()
    for schema in load_schemas().values():
        if schema.layer == "points":
            row = {
                one.name: one.example for one in schema.fields if one.name not in ("longitude", "latitude")
            }
            row |= {"easting": f"{centre.x:.0f}", "northing": f"{centre.y:.0f}"}
            pd.DataFrame([row]).to_csv(tmp_path / f"{schema.kind}.csv", index=False)
    shape = centre.buffer(60)
    site = {"reference": ["A1"], "status": ["chosen"], "dwellings": [12], "hectares": [1.1]}
    gpd.GeoDataFrame(site, geometry=[shape], crs=27700).to_file(tmp_path / "plan_sites.geojson")
    crimes = "period,kind,easting,northing\n" + f"2024-04,burglary,{centre.x:.0f},{centre.y:.0f}\n" * 7
    (tmp_path / "crime.csv").write_text(crimes, encoding="utf-8")
    local = read_local(
        tmp_path, spine=spine, published=pd.DataFrame(columns=["indicator", "geography", "group"])
    )
    assert set(local.points) == {one.kind for one in load_schemas().values() if one.layer == "points"}
    incidents = local.own_figures.query("indicator == 'local_incidents' and geography == 'lad25'")
    assert incidents["value"].to_list() == [7, 7]
    plan = local.figures.query("source == 'local_plan_sites' and geography == 'lad25'").set_index("indicator")
    assert plan["value"].to_dict() == {"plan_sites": 1, "plan_sites_hectares": 1.1, "plan_sites_homes": 12}


def test_attendances_and_different_people_are_two_numbers(spine: Spine, tmp_path: Path) -> None:
    # Of 73 attendances five people came twice: 68 different people.
    centre = spine.boundaries["lad25"].areas.geometry.iloc[0].representative_point()
    head = "id,kind,date,easting,northing,attendance,attendance_unit,unique_people\n"
    row = f"E1,training,2025-05-01,{centre.x:.0f},{centre.y:.0f},73,attendances,68\n"
    (tmp_path / "events.csv").write_text(head + row, encoding="utf-8")
    local = read_local(
        tmp_path, spine=spine, published=pd.DataFrame(columns=["indicator", "geography", "group"])
    )
    rows = local.own_figures.query("geography == 'lad25' and group == ''")
    held = rows.set_index("indicator")["value"]
    assert (held["event_attendances"], held["event_different_people"]) == (73, 68)
    assert "event_people" not in held


def test_money_is_divided_by_core20_people_only_where_it_is_spent(spine: Spine, tmp_path: Path) -> None:
    (tmp_path / "spending.csv").write_text(
        "id,programme,period,for_whom,pounds,status\n"
        "A,One,2024/25,core20,9000,spent\nB,Two,2024/25,core20,500,planned\n"
        "C,Three,2024/25,everybody,700,spent\nD,Four,2023/24,core20,800,spent\n",
        encoding="utf-8",
    )
    published = pd.DataFrame(
        [{"indicator": "core20_people_share", "geography": "lad25", "group": "", "code": AUTHORITY,
          "count": 3000.0, "value": 0.3}]
    )  # fmt: skip
    held = read_local(tmp_path, spine=spine, published=published).figures.set_index("indicator")["value"]
    # 9,000 pounds over 3,000 people; what is planned, for others or of last year is not in it.
    assert held.to_dict() == {
        "core20_spending": 9000, "core20_spending_planned": 500, "core20_spending_per_head": 3,
    }  # fmt: skip


def test_a_group_with_few_people_is_shown_nowhere(spine: Spine, tmp_path: Path) -> None:
    wards = list(spine.boundaries["wd25"].codes)
    rows = [f"asylum_seekers,{AUTHORITY},lad25,2025,{3 + 9 * (len(wards) - 1)}"]
    rows += [f"asylum_seekers,{ward},wd25,2025,{3 if n == 0 else 9}" for n, ward in enumerate(wards)]
    text = "group,code,geography,period,people\n" + "\n".join(
        [*rows, "asylum_seekers,E05000001,wd25,2025,7\n"]
    )
    (tmp_path / "plus_groups.csv").write_text(text, encoding="utf-8")
    local = read_local(
        tmp_path, spine=spine, published=pd.DataFrame(columns=["indicator", "geography", "group"])
    )
    assert any("E05000001 first: left out" in note for note in local.notes)
    shown, _ = release_figures(
        local.own_figures,
        sources={one.id: one for one in local.sources},
        edition="public",
        nests=[Nest("wd25", "lad25", dict.fromkeys(wards, AUTHORITY))],
    )
    hidden = shown[shown["status"] == "suppressed"]["code"].to_list()
    assert wards[0] in hidden
    assert len(hidden) == 2


def test_routes_are_measured_and_most_of_the_town_lives_near_one(sample_pack: Pack) -> None:
    figures = sample_pack.figures
    rows = figures[figures["indicator"] == "routes_people_near_share"].set_index("group")
    assert set(rows.index) == {"", "1", "2", "3", "4", "5"}
    fifths = rows.loc[["1", "2", "3", "4", "5"]]
    assert fifths["base"].sum() == pytest.approx(rows.loc["", "base"], abs=5)
    assert fifths["count"].sum() == pytest.approx(rows.loc["", "count"], abs=5)
    km = figures[(figures["indicator"] == "routes_km") & (figures["group"] == "")]
    by_ward = km.loc[km["geography"] == "wd25", "value"].sum()
    assert by_ward == pytest.approx(km.loc[km["geography"] == "lad25", "value"].iloc[0], rel=0.02)
