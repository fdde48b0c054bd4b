"""The page of council files: what it names is there, in the schemas, the sample's pack and the commands."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from fairplace.cli import command_names
from fairplace.disclosure import release
from fairplace.local import read_local
from fairplace.pack import Pack
from fairplace.profile.evidence import local_evidence
from fairplace.profile.model import section_numbers
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


def test_every_kind_of_file_is_on_the_page() -> None:
    named = {one for row in table("The kinds") for one in ticked(row[0])}
    assert named == set(load_schemas())


@pytest.mark.parametrize("row", ITEMS, ids=lambda row: row[0])
def test_each_item_has_a_file_a_place_in_the_sample_and_a_command(row: list[str], sample_pack: Pack) -> None:
    _, files, shows, commands = row
    datasets = set(load_catalogue())
    assert ticked(files)
    assert set(ticked(files)) <= set(load_schemas()) | datasets
    released = release(sample_pack)
    held = set(released.figures["indicator"]) | set(released.held("points")) | set(released.held("lines"))
    assert set(ticked(shows)) <= held
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
    crimes = "period,kind,easting,northing\n" + f"2024-04,burglary,{centre.x:.0f},{centre.y:.0f}\n" * 7
    (tmp_path / "crime.csv").write_text(crimes, encoding="utf-8")
    local = read_local(
        tmp_path, spine=spine, published=pd.DataFrame(columns=["indicator", "geography", "group"])
    )
    assert set(local.points) == {one.kind for one in load_schemas().values() if one.layer == "points"}
    incidents = local.own_figures.query("indicator == 'local_incidents' and geography == 'lad25'")
    assert incidents["value"].to_list() == [7, 7]


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
