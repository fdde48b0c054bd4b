"""The review of the sample authority, whole: its tables add up, and every form says the same."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from fairplace.cli import main
from fairplace.disclosure import release
from fairplace.pack import Pack
from fairplace.profile.words import load_words
from fairplace.review.bundle import changed_in_bundle
from geo.crs import lonlat_to_bng
from geo.source import hash_file

ABSENT = "not complete for this authority, edition 2026-01"
NEVER = "not complete for this authority, edition not stated"


@pytest.fixture(scope="session")
def call(sample_data: Path, sample_pack: Pack) -> list[str]:
    local = sample_data / "local"
    return [
        "review", str(sample_pack.path), "--sites", str(local / "plan_sites.geojson"), "--with", str(local / "constraints"),
        "--policy", str(local / "policy.geojson"), "--buffer", "400", "--centres", str(local / "town_centres.geojson"),
        "--takeaways", str(local / "takeaways.csv"), "--services", str(local / "services.csv"),
    ]  # fmt: skip


@pytest.fixture(scope="session")
def bundle(call: list[str], sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("review")
    before = gpd.read_file(sample_data / "local" / "plan_sites.geojson")
    before = before[before["reference"] != "HAL05"]
    at = before.index[before["reference"] == "HAL06"][0]
    before.loc[at, "geometry"] = shapely.affinity.scale(before.geometry[at], 0.5, 0.5)
    before.to_file(folder / "earlier.geojson")
    # 1: three layers of the coverage table have no file, and the answer is in part.
    assert main([*call, "--before", str(folder / "earlier.geojson"), "--out", str(folder / "bundle")]) == 1
    return folder / "bundle"


def table(bundle: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(bundle / "tables" / f"{name}.csv", keep_default_na=False, na_values=[""])


def test_every_site_meets_every_layer_and_no_share_passes_one(bundle: Path) -> None:
    got = table(bundle, "constraints")
    assert len(got) == 28 * 11
    held = got[got["status"] == "ok"]
    assert held["share"].between(0, 1).all()
    assert set(got["contact"].dropna()) <= {"overlap", "edge", "none"}
    assert (held["hectares"] > 0).any()


def test_the_ground_under_a_layer_is_what_shapely_finds(bundle: Path, sample_data: Path) -> None:
    def read(path: Path) -> gpd.GeoDataFrame:
        frame = gpd.read_file(path)
        shapes = shapely.transform(
            frame.geometry.to_numpy(), lambda xy: np.column_stack(lonlat_to_bng(xy[:, 0], xy[:, 1]))
        )
        return frame.set_geometry(gpd.GeoSeries(shapes, crs="EPSG:27700"))

    sites = read(sample_data / "local" / "plan_sites.geojson")
    belt = read(sample_data / "local" / "constraints" / "green-belt.geojson").geometry.union_all()
    got = table(bundle, "constraints")
    got = got[got["layer"] == "green-belt"].set_index("site")["hectares"]
    for reference, shape in zip(sites["reference"], sites.geometry, strict=True):
        assert got[reference] == pytest.approx(shape.intersection(belt).area / 1e4, abs=2e-6)


def test_what_is_not_complete_is_said_in_every_form(bundle: Path) -> None:
    for name in ("index.html", "map.html", "proformas/HAL01.html", "checklists/HAL01.html"):
        text = (bundle / name).read_text(encoding="utf-8")
        assert ABSENT in text or NEVER in text, name
    assert ABSENT in (bundle / "proformas" / "HAL01.html").read_text(encoding="utf-8")
    words = table(bundle, "constraints").set_index(["site", "layer"])["words"]
    assert ABSENT in words["HAL01", "article-4-direction-area"]
    assert words["HAL01", "contaminated-land"] == f"[x] no data held; {NEVER}"
    assert pd.isna(
        table(bundle, "constraints").set_index(["site", "layer"])["share"]["HAL01", "contaminated-land"]
    )
    book = pd.read_excel(bundle / "review.xlsx", sheet_name="constraints", engine="openpyxl")
    assert book["Article 4 direction areas"].str.contains(ABSENT).all()
    rows = pyogrio.read_dataframe(bundle / "review.gpkg", layer="table_constraints")
    assert rows.loc[rows["layer"] == "article-4-direction-area", "words"].str.contains(ABSENT).all()
    sites = pyogrio.read_dataframe(bundle / "review.gpkg", layer="sites")
    assert sites["found_contaminated_land"].str.contains("no data held").all()


def test_the_note_is_tagged_and_says_it_too(bundle: Path) -> None:
    pdfium, pike = pytest.importorskip("pypdfium2"), pytest.importorskip("pikepdf")
    pages = [page.get_textpage().get_text_range() for page in pdfium.PdfDocument(bundle / "note.pdf")]
    text = " ".join(" ".join(pages).split())
    assert "not complete for this authority" in text
    for line in ("Sites by constraint", "Sources", "made up", "fairplace review"):
        assert line in text, line
    with pike.open(bundle / "note.pdf") as note:
        assert note.Root.MarkInfo.Marked
        assert "/StructTreeRoot" in note.Root


def test_every_page_of_an_officer_review_says_that_it_is_not_for_publication(
    call: list[str], bundle: Path, tmp_path: Path
) -> None:
    pdfium = pytest.importorskip("pypdfium2")
    banner = load_words()("banner", "officer")
    assert main([*call, "--edition", "officer", "--out", str(tmp_path / "bundle")]) == 1
    for folder, there in ((tmp_path / "bundle", True), (bundle, False)):
        pages = list(folder.rglob("*.html"))
        assert len(pages) > 50
        for page in pages:
            assert (banner in page.read_text("utf-8")) is there, page.name
        note = pdfium.PdfDocument(folder / "note.pdf")
        assert len(note) > 1
        texts = [" ".join(page.get_textpage().get_text_range().split()) for page in note]
        assert [banner in text for text in texts] == [there] * len(texts)
        edition = "officer" if there else "public"
        assert all(f"Local Plan review: Halverton (fictional) · {edition} edition" in text for text in texts)
        assert all("made up" in text for text in texts)
        lines = pd.read_excel(folder / "review.xlsx", sheet_name="Read me", header=None, engine="openpyxl")[
            0
        ].tolist()
        assert (banner in lines) is there


def test_traps_among_the_sites_are_named(bundle: Path) -> None:
    remarks = table(bundle, "sites").set_index("site")["remarks"]
    assert "overlaps HAL24" in remarks["HAL23"]
    assert "overlaps HAL23" in remarks["HAL24"]
    assert "in 2 parts" in remarks["HAL25"]
    assert "sliver" in remarks["HAL26"]
    words = table(bundle, "constraints").set_index(["site", "layer"])["words"]
    assert "beyond the borough's edge, where nothing was looked for" in words["HAL27", "conservation-area"]
    status = table(bundle, "sites")["status"].value_counts()
    assert status.to_dict() == {"chosen": 15, "rejected": 8, "omission": 5}


def test_people_by_age_and_by_fifths_are_the_same_people(bundle: Path) -> None:
    got = table(bundle, "people")
    sums = got.pivot_table(index=["site", "minutes"], columns="grouping", values="residents", aggfunc="sum")
    hidden = got[got["status"] == "suppressed"].set_index(["site", "minutes"]).index
    whole = sums[~sums.index.isin(hidden)]
    assert len(whole) > 20
    for name in ("age", "mis_fifth", "imd_fifth"):
        assert whole[name].to_numpy() == pytest.approx(whole["all"].to_numpy(), abs=0.6)
    whole = got[got["grouping"] == "all"].pivot_table(index="site", columns="minutes", values="residents")
    assert (whole[10] <= whole[15]).all()
    assert (whole[15] <= whole[20]).all()


def test_people_around_a_site_who_are_few_are_not_counted() -> None:

    from fairplace.review.around import count_people, find_doors
    from geo.network_building import build_network
    from geo.profiles import measure_profiles

    street = [shapely.LineString([(x, 0), (x + 400, 0)]) for x in range(0, 2000, 400)]
    network = build_network(gpd.GeoDataFrame(geometry=street, crs="EPSG:27700"), where="street")
    network = measure_profiles(network, ["walk"])
    sites = gpd.GeoDataFrame(
        {"name": ["Yard"]}, geometry=[shapely.box(-20, -20, 20, 20)], index=["A"], crs="EPSG:27700"
    )
    people = gpd.GeoDataFrame(
        {
            "residents": [90.0, 200.0, 3.0],
            "children": [20.0, 2.0, 0.0],
            "older": [10.0, 30.0, 3.0],
            "households": [60.0, 90.0, 2.0],
            "mis_fifth": ["1", "2", "3"],
            "imd_fifth": ["1", "1", "3"],
        },
        geometry=gpd.points_from_xy([400, 800, 1200], [0, 0, 0]),
        index=pd.Index(["a", "b", "c"], name="id"),
        crs="EPSG:27700",
    )
    settings = {"limits": {"minutes": [6, 11, 16], "speed_kmh": 4.8}}
    doors = find_doors(network, sites)
    how = {"settings": settings, "outline": shapely.box(-9e4, -9e4, 9e4, 9e4), "how": "", "mis_period": ""}
    got = count_people(network, sites, doors, people, hide_up_to=4, **how)
    seen = got.data.set_index(["minutes", "grouping", "group"]).sort_index()
    # Within 6 minutes live 90: too few for the public. Within 11 they are 290.
    assert seen.loc[6, ["residents", "children"]].isna().all(axis=None)
    assert seen.loc[(11, "all", ""), "residents"] == 290
    # Two children live in the second fifth, so what the first has would tell.
    assert seen.loc[(11, "mis_fifth"), "children"].isna().tolist() == [True, True, False, False, False]
    assert seen.loc[(11, "imd_fifth", "1"), "children"] == 22
    # Three people live in the third fifth; of the others the smaller count goes with theirs.
    assert seen.loc[(16, "mis_fifth"), "residents"].isna().tolist() == [True, False, True, False, False]
    assert set(seen.loc[16, "status"]) == {"ok", "suppressed"}
    assert "[c]" in got.text.to_string()
    assert "nan" not in got.text.to_string().lower()
    assert "[c]: counts of 1 to 4," in " ".join(got.notes)
    # A council that hides up to 7 hides six people too.
    six = people.assign(residents=[90.0, 200.0, 6.0])
    for limit, gone in ((4, False), (7, True)):
        got = count_people(network, sites, doors, six, hide_up_to=limit, **how)
        seen = got.data.set_index(["minutes", "grouping", "group"])
        assert bool(np.isnan(seen.loc[(16, "mis_fifth", "3"), "residents"])) is gone
        assert f"[c]: counts of 1 to {limit}," in " ".join(got.notes)


def test_inside_and_outside_a_policy_make_the_borough(bundle: Path, sample_pack: Pack) -> None:
    got = table(bundle, "policy")
    counted = got[(got["measure"] != "mis_below") & (got["status"] == "ok")]
    parts = counted.pivot_table(index=["zone", "measure"], columns="part", values="value", aggfunc="sum")
    assert (parts["inside"] + parts["outside"]).to_numpy() == pytest.approx(
        parts["borough"].to_numpy(), abs=0.11
    )
    figures = release(sample_pack).figures
    borough = figures[(figures["indicator"] == "residents") & (figures["geography"] == "lad25")][
        "value"
    ].iloc[0]
    assert parts.loc[(slice(None), "residents"), "borough"].to_numpy() == pytest.approx(
        float(borough), rel=0.002
    )
    below = got[(got["measure"] == "mis_below") & (got["status"] == "ok")]
    assert (below["low"] <= below["value"]).all()
    assert (below["value"] <= below["high"]).all()
    assert (below["low"] < below["high"]).all()


def test_a_zone_of_few_people_shows_no_modelled_count(sample_pack: Pack) -> None:
    from fairplace.review.around import place_people
    from fairplace.review.policy import reach_policies

    released = release(sample_pack)
    people, how = place_people(released)
    assert people is not None
    middle = people.geometry.iloc[0].buffer(60)
    zones = gpd.GeoDataFrame(geometry=[middle], index=["small"], crs="EPSG:27700")
    got = reach_policies(zones, people, released, outlets=None, how=how).data.set_index(["measure", "part"])
    assert got.at[("mis_below", "inside"), "status"] == "suppressed"
    assert got.at[("mis_below", "outside"), "status"] == "suppressed"  # or the difference would tell
    assert got.at[("outlets", "inside"), "status"] == "missing"


def test_takeaway_zones_on_foot_lie_within_those_of_the_crow(bundle: Path) -> None:
    got = table(bundle, "takeaways").set_index(["schools", "distance"])
    for schools in ("primary", "secondary", "both"):
        crow, walk = got.loc[(schools, "crow")], got.loc[(schools, "walk")]
        assert walk["outlets_inside"] <= crow["outlets_inside"]
        assert walk["residents"] <= crow["residents"]
        assert (
            crow["outlets_inside"] + crow["outlets_outside"]
            == walk["outlets_inside"] + walk["outlets_outside"]
        )
    assert got["centre_share"].between(0, 1).all()


def test_the_checklist_has_eleven_headings_figures_and_a_blank_and_no_score(bundle: Path) -> None:
    text = (bundle / "checklists" / "HAL01.html").read_text(encoding="utf-8")
    assert text.count('<td class="blank"></td>') == 11
    assert text.count("check it before use") == 3
    assert "Nothing here is a score" in text
    assert "minutes" in text


def test_a_proforma_has_room_for_comments_and_is_plain_to_a_screen_reader(bundle: Path) -> None:
    text = (bundle / "proformas" / "HAL23.html").read_text(encoding="utf-8")
    assert "Consultee comments" in text
    assert '<html lang="en-GB">' in text
    assert 'scope="row"' in text
    assert 'role="region"' not in text
    assert text.count("<table") == text.count("<table aria-label=") > 0
    assert "is made up" in text
    assert "http" not in text.replace("http-equiv", "")


def test_two_versions_are_compared_row_by_row(bundle: Path) -> None:
    got = table(bundle, "comparison")
    ground = got[(got["table"] == "sites") & (got["quantity"] == "hectares")].set_index("site")
    assert ground.at["HAL05", "change"] == "added"
    assert ground.at["HAL07", "change"] == "same"
    changed = ground.loc["HAL06"]
    assert changed["change"] == "changed"
    assert changed["before"] == pytest.approx(changed["after"] / 4, rel=0.01)
    assert changed["difference"] == pytest.approx(changed["after"] - changed["before"], abs=1e-5)


def test_the_geopackage_opens_with_layers_styles_and_dictionary(bundle: Path) -> None:
    path = bundle / "review.gpkg"
    layers = {str(name): kind for name, kind in pyogrio.list_layers(path)}
    assert {
        "sites",
        "green_belt",
        "flood_risk_zone_3",
        "takeaway_zones",
        "dictionary",
        "sources",
        "layer_styles",
    } <= set(layers)
    assert pyogrio.read_info(path, layer="sites")["crs"] == "EPSG:27700"
    link = sqlite3.connect(path)
    styles = dict(
        link.execute("SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault = 1").fetchall()
    )
    link.close()
    spatial = {name for name, kind in layers.items() if kind is not None}
    assert set(styles) == spatial
    import xml.etree.ElementTree as ET

    for qml in styles.values():
        root = ET.fromstring(qml)
        assert root.tag == "qgis"
        assert root.find("renderer-v2/symbols/symbol/layer") is not None
    words = pyogrio.read_dataframe(path, layer="dictionary")
    assert set(words["table"]) == {one.stem for one in (bundle / "tables").glob("*.csv")} - {"dictionary"}


def test_sites_go_back_to_planning_data_in_its_columns(bundle: Path) -> None:
    got = pd.read_csv(bundle / "planning-data" / "sites.csv", keep_default_na=False)
    assert list(got.columns[:3]) == ["reference", "name", "geometry"]
    assert {"start-date", "end-date", "documentation-url"} <= set(got.columns)
    shapes = shapely.from_wkt(got["geometry"])
    assert set(shapely.get_type_id(shapes)) == {6}
    west, south, east, north = shapely.total_bounds(shapes)
    assert -7 < west < east < 2
    assert 49 < south < north < 56


def test_verify_finds_one_changed_byte_and_a_file_added_or_removed(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(bundle, copy)
    assert main(["verify", str(copy)]) == 0
    for name in ("note.pdf", "manifest.json", "tables/people.csv", "review.gpkg"):
        path = copy / name
        kept = path.read_bytes()
        at = kept.rindex(b"HAL01") if b"HAL01" in kept else len(kept) // 2
        if name == "manifest.json":
            at = kept.index(b"halverton") if b"halverton" in kept else kept.index(b"Halverton")
        path.write_bytes(kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :])
        assert main(["verify", str(copy)]) == 1, name
        assert name in capsys.readouterr().err
        path.write_bytes(kept)
    (copy / "extra.txt").write_text("x")
    (copy / "rebuild.txt").unlink()
    assert changed_in_bundle(copy)[0] == [
        "removed since it was made: rebuild.txt",
        "added since it was made: extra.txt",
    ]


def test_verify_holds_the_inputs_to_the_bundle(bundle: Path, sample_data: Path, tmp_path: Path) -> None:
    assert main(["verify", str(bundle), "--inputs", str(sample_data / "local")]) == 0
    copy = tmp_path / "local"
    shutil.copytree(sample_data / "local", copy)
    path = copy / "constraints" / "green-belt.geojson"
    path.write_text(path.read_text().replace("Halverton", "Halvertin", 1))
    assert changed_in_bundle(bundle, inputs=copy)[0] == [
        "an input is another than it was made from: green-belt.geojson"
    ]


def test_a_pack_is_still_verified(sample_pack: Pack) -> None:
    assert main(["verify", str(sample_pack.path)]) == 0


def test_every_input_has_edition_licence_and_hash(bundle: Path) -> None:
    records = json.loads((bundle / "sources.json").read_text(encoding="utf-8"))
    layers = [one for one in records if one["id"].startswith("planning-")]
    assert len(layers) == 7
    for one in layers:
        assert one["edition"]
        assert one["licence"] == "Open Government Licence v3.0"
        assert len(one["sha256"]) == 64
    command = (bundle / "rebuild.txt").read_text()
    assert command.startswith("fairplace review halverton --sites plan_sites.geojson --with constraints")


def test_odd_sites_and_layers_come_through_every_form(sample_pack: Pack, tmp_path: Path) -> None:
    middle = release(sample_pack).areas("lad25").geometry.iloc[0].representative_point()
    x, y = round(middle.x), round(middle.y)

    def save(file: str, *shapes: shapely.Geometry, crs: str = "EPSG:27700", **columns: list[str]) -> Path:
        frame = gpd.GeoDataFrame(columns, geometry=list(shapes), crs="EPSG:27700").to_crs(crs)
        (tmp_path / "layers").mkdir(exist_ok=True)
        frame.to_file(tmp_path / file)
        return tmp_path / file

    one, other = shapely.box(x, y, x + 100, y + 100), shapely.box(x + 50, y, x + 150, y + 100)
    names = ["Tŷ’r Ŵyn " * 33, "Źródła Łódź", "محلہ پرانا شہر"]
    sites = save("sites.gpkg", one, one, other, reference=["A/1", "ą 2", "ا"], name=names)
    save(
        "layers/listed-building-outline.gpkg", shapely.Point(x + 10, y + 10), shapely.box(x + 60, y, x + 70, y + 5),
        reference=["1", "2"], name=["محلہ", "=1+1"],
    )  # fmt: skip
    save(
        "layers/public-right-of-way.gpkg",
        shapely.LineString([(x - 50, y + 50), (x + 500, y + 50)]),
        name=["p"],
        crs="EPSG:3857",
    )
    empty = gpd.read_file(save("spare.gpkg", one, name=["a"])).iloc[:0]
    empty.to_file(tmp_path / "layers" / "scheduled-monument.gpkg")
    out = tmp_path / "bundle"
    assert (
        main(
            [
                "review",
                str(sample_pack.path),
                "--sites",
                str(sites),
                "--with",
                str(tmp_path / "layers"),
                "--out",
                str(out),
            ]
        )
        == 0
    )
    assert len(list((out / "proformas").iterdir())) == 3
    assert names[2] in (out / "index.html").read_text(encoding="utf-8")
    assert pyogrio.read_dataframe(out / "review.gpkg", layer="sites")["name"].tolist()[1:] == names[1:]
    got = table(out, "constraints").set_index(["site", "layer"])
    assert got.at[("A/1", "public-right-of-way"), "metres_inside"] == pytest.approx(100, abs=0.1)
    assert got.at[("A/1", "listed-building-outline"), "features"] == 2
    assert got.at[("A/1", "scheduled-monument"), "words"].startswith("none in this layer")
    assert "same outline as" in table(out, "sites")["remarks"][0]


@pytest.mark.slow
def test_the_same_inputs_give_the_same_bytes(call: list[str], tmp_path: Path) -> None:
    hashes = []
    for name in ("one", "two"):
        main([*call, "--out", str(tmp_path / name / "bundle")])
        made = sorted(one for one in (tmp_path / name).rglob("*") if one.is_file())
        hashes.append({one.relative_to(tmp_path / name).as_posix(): hash_file(one) for one in made})
    assert hashes[0] == hashes[1]
