"""``fairplace hubs`` from files to folder: the note, its words, and files that cannot be read."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from fairplace.cli import main
from fairplace.disclosure import release
from fairplace.hub_inputs import HubInputError, read_candidates, read_demand, read_draws, read_times
from fairplace.hub_note import Note, NoteSection, NoteSettingsError, read_note_settings
from fairplace.hub_pdf import render_pdf
from fairplace.hub_sections import NoteTable
from fairplace.hub_times import walk_times
from fairplace.pack import Pack
from maps.assets import outside_references

DEMAND = """id,name,easting,northing,lsoa,ward,idaci_fifth,children_0_4,children_below_mis
a,Ash & Co <script>,500000,200000,L1,West,5,10,1
b,Birch,500800,200000,L1,West,3,20,6
c,Cedar,501600,200000,L2,East,1,40,24
"""
HALLS = """id,name,status,easting,northing,capacity,cost,step_free
school,Old <b>school</b>,existing,500000,200000,90,,yes
library,Library,candidate,500800,200000,90,100000,
chapel,Chapel,candidate,501600,200000,90,90000,no
"""
TIMES = """from_id,to_id,minutes
a,school,0
a,library,10
a,chapel,20
b,school,10
b,library,0
b,chapel,10
c,school,20
c,library,10
c,chapel,0
"""
WALKED = ["--times-are", "walking only, buses not included"]
DRAWS = "id,1,2,3\na,1,2,1\nb,6,7,5\nc,24,20,30\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("demand", DEMAND), ("halls", HALLS), ("times", TIMES), ("draws", DRAWS)):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def call(folder: Path, *more: str, times: bool = True) -> int:
    words = ["hubs", "--demand", str(folder / "demand.csv"), "--candidates", str(folder / "halls.csv")]
    words += ["--times", str(folder / "times.csv"), *WALKED] if times else []
    words += ["--weight", "children_0_4=0.5", "--weight", "children_below_mis=0.5", "--limit", "5"]
    words += ["--draws", f"children_below_mis={folder / 'draws.csv'}", "--out", str(folder / "out")]
    return main([*words, *(more or ("--add", "1"))])


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.words.append(data)

    def having(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_a_plan_leaves_a_note_and_its_tables(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(folder) == 0
    out = folder / "out"
    assert {path.name for path in out.iterdir()} == {
        "note.html", "map.html", "note.json", "plan.json", "options.csv", "reach.csv", "equity.csv", "gains.csv",
        "hubs.csv", "worst_served.csv", "changes.csv", "curve.csv", "frontier.csv", "scenarios.csv", "candidates.csv",
        "allocation.csv", "fewest.csv",
    }  # fmt: skip
    with (out / "allocation.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert rows[0] == {
        "option": "0",
        "id": "a",
        "hub": "school",
        "minutes": "0.0",
        "within": "True",
        "why_not": "",
        "lsoa": "L1",
    }
    plan = json.loads((out / "plan.json").read_text("utf-8"))
    assert [one["label"] for one in plan["options"]][:2] == ["No change", "Best under these assumptions"]
    assert plan["options"][1]["opened"] == "chapel"
    assert "walking only, buses not included" in capsys.readouterr().out.lower()


def test_the_same_files_give_the_same_bytes(folder: Path) -> None:
    call(folder)
    first = {path.name: path.read_bytes() for path in (folder / "out").iterdir()}
    call(folder)
    assert first == {path.name: path.read_bytes() for path in (folder / "out").iterdir()}


def test_the_note_says_what_it_may_and_nothing_more(folder: Path) -> None:
    call(folder)
    page = Page((folder / "out" / "note.html").read_text("utf-8"))
    assert "Walking only, buses not included" in page.text
    assert "Best under these assumptions" in page.text
    assert "optimal" not in page.text.lower()
    assert "not verified against" in page.text
    assert "4 December 2025" in page.text
    assert "claims no compliance" in page.text
    assert "recommends nothing" in page.text
    for section in ("5A", "5D"):
        assert f"Section {section} of the Childcare Act 2006" in page.text
    assert page.text.count("(for the council to fill in)") == 8


def test_the_note_can_be_read_without_seeing_it(folder: Path) -> None:
    call(folder)
    page = Page((folder / "out" / "note.html").read_text("utf-8"))
    assert page.having("html")[0]["lang"] == "en-GB"
    assert "Family hubs" in page.text
    assert [tag for tag, _ in page.tags].count("h1") == 1
    tables = page.having("table")
    assert len(tables) == [tag for tag, _ in page.tags].count("caption") > 6
    assert all(one.get("scope") in ("col", "row") for one in page.having("th"))
    # A landmark leads to a part of the page, and a note has dozens of tables.
    assert not [one for one in page.having("div") + page.having("section") if one.get("role") == "region"]
    # Self-contained: nothing is fetched, nothing runs.
    assert not page.having("script")
    assert not page.having("link")
    assert not page.having("img")


def test_the_map_needs_no_other_file_and_shows_no_need(folder: Path) -> None:
    assert call(folder) == 0
    text = (folder / "out" / "map.html").read_text("utf-8")
    assert outside_references(text) == []
    assert "buses not included" in text
    assert "optimal" not in Page(text).text.lower()
    for words in ("hub that stays", "hub that opens", "within the limit under the best plan only"):
        assert words in text
    # The council's own times say nothing of streets: no edge of a walk is drawn.
    assert "minute walk to a hub" not in text
    plain = (folder / "demand.csv").read_text("utf-8").replace("easting,northing,", "")
    rows = [line.split(",") for line in plain.splitlines()]
    bare = "\n".join([",".join(rows[0]), *(",".join(row[:2] + row[4:]) for row in rows[1:])])
    (folder / "demand.csv").write_text(bare + "\n", encoding="utf-8")
    (folder / "out" / "map.html").unlink()
    assert call(folder) == 0
    assert not (folder / "out" / "map.html").exists()


def test_words_from_files_are_never_markup(folder: Path) -> None:
    call(folder, "--count", "1")
    text = (folder / "out" / "note.html").read_text("utf-8")
    assert "Old &lt;b&gt;school&lt;/b&gt;" in text
    assert "<script" not in text
    assert "<b>" not in text


def test_headings_that_somebody_verified_say_who_and_when(folder: Path) -> None:
    from importlib.resources import files

    settings = (files("fairplace") / "hub_note.toml").read_text("utf-8")
    settings = settings.replace("verified = false", "verified = true").replace(
        'heading = "The options"', 'heading = "Choices"'
    )
    path = folder / "headings.toml"
    path.write_text(settings, encoding="utf-8")
    with pytest.raises(NoteSettingsError, match="not by whom"):
        read_note_settings(path)
    path.write_text(
        settings.replace('verified_by = ""', 'verified_by = "A. Officer"').replace(
            'verified_on = ""', 'verified_on = "2026-01-05"'
        ),
        encoding="utf-8",
    )
    assert call(folder, "--add", "1", "--headings", str(path)) == 0
    page = Page((folder / "out" / "note.html").read_text("utf-8"))
    assert "by A. Officer on 2026-01-05" in page.text
    assert "claims no compliance" in page.text
    assert "Choices" in page.text
    path.write_text("[guidance]\n", encoding="utf-8")
    with pytest.raises(NoteSettingsError, match="one \\[\\[section\\]\\] for each"):
        read_note_settings(path)


def test_somebody_out_of_reach_is_named_and_the_exit_says_partial(folder: Path) -> None:
    text = "".join(line + "\n" for line in TIMES.splitlines() if not line.startswith("b,"))
    (folder / "times.csv").write_text(text, encoding="utf-8")
    assert call(folder) == 1
    page = Page((folder / "out" / "note.html").read_text("utf-8"))
    assert "No candidate can be reached from Birch" in page.text


def test_minutes_come_from_a_street_network(folder: Path) -> None:
    import geopandas as gpd

    from geo.network_building import build_network

    street = gpd.GeoDataFrame(
        geometry=[
            shapely.LineString([(500000, 200000), (500800, 200000)]),
            shapely.LineString([(500800, 200000), (501600, 200000)]),
        ],
        crs="EPSG:27700",
    )
    network = build_network(street, where="street")
    demand, halls = read_demand(folder / "demand.csv"), read_candidates(folder / "halls.csv")
    got = walk_times(network, demand, halls, profile="plain", speed_kmh=4.8)
    # 800 m at 4.8 km/h are 10 minutes: the very matrix of times.csv.
    want = read_times(folder / "times.csv", demand=demand.index, candidates=halls.index)
    np.testing.assert_allclose(got.minutes, want, atol=1e-9)
    assert "4.8 km/h" in got.said
    network.save(folder / "streets")
    assert (
        call(folder, "--add", "1", "--network", str(folder / "streets"), "--profile", "plain", times=False)
        == 0
    )
    page = Page((folder / "out" / "note.html").read_text("utf-8"))
    assert "at 4.8 km/h, which is 0.4 km of street" in page.text
    assert "Walking only, buses not included" in page.text


def test_a_cut_off_path_is_left_out_when_asked(folder: Path) -> None:
    import geopandas as gpd

    from geo.network_building import build_network

    # Birch lies on 20 m of path that joins nothing, 30 m from the street.
    lines = [[(500000, 200000), (501600, 200000)], [(500800, 200030), (500820, 200030)]]
    street = gpd.GeoDataFrame(geometry=[shapely.LineString(line) for line in lines], crs="EPSG:27700")
    network = build_network(street, where="street")
    demand = read_demand(folder / "demand.csv").assign(northing=[200000, 200030, 200000])
    halls = read_candidates(folder / "halls.csv")
    cut_off = walk_times(network, demand, halls, profile="plain")
    assert np.isinf(cut_off.minutes.loc["b"]).all()
    joined = walk_times(network, demand, halls, profile="plain", skip_islands_below=100)
    assert joined.minutes.loc["b", "library"] == pytest.approx(30 / 80)
    assert "under 100 m of street" in joined.said


def test_neither_times_nor_streets_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(folder, "--add", "1", times=False) == 2
    assert "give --times or --network" in capsys.readouterr().err
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("demand", "b,Birch", "a,Birch", "id a is in rows 2, 3"),
        ("demand", ",20,6", ",-20,6", "row 3: children_0_4 is '-20'"),
        ("demand", ",20,6", ",,6", "row 3: children_0_4 is ''"),
        ("demand", "West,3", "West,7", "row 3: idaci_fifth is '7'"),
        ("halls", "library,Library", "school,Library", "id school is in rows 2, 3"),
        ("halls", "Library,candidate", "Library,planned", "row 3: status is 'planned'"),
        ("halls", "90,100000", "many,100000", "row 3: capacity is 'many'"),
        ("halls", "90000,no", "90000,perhaps", "row 4: step_free is 'perhaps'"),
        ("times", "a,library,10", "a,library,nan", "row 3: minutes is 'nan'"),
        ("times", "a,library,10", "a,library,-1", "row 3: minutes is '-1'"),
        ("times", "a,library,10", "a,school,10", "row 3: a to school is given twice"),
        ("times", "minutes", "seconds", "has no column minutes"),
        ("draws", "b,6,7,5", "z,6,7,5", "no draws for b"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_why(
    folder: Path, capsys: pytest.CaptureFixture[str], file: str, old: str, new: str, words: str
) -> None:
    path = folder / f"{file}.csv"
    path.write_text(path.read_text("utf-8").replace(old, new, 1), encoding="utf-8")
    assert call(folder) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--add", "3"), "4 sites asked for, but only 3 may be open"),
        (("--close", "2"), "2 sites to close, but 1 exist"),
        (("--add", "1", "--keep", "mill"), "mill is not in the candidates"),
        (
            ("--add", "1", "--keep", "library", "--keep", "chapel"),
            "2 of the hubs to keep are new (library, chapel)",
        ),
        (("--add", "1", "--speed", "4"), "--speed says how one walks, and --times gives the minutes"),
        (("--add", "1", "--network", "x"), "--network says how one walks"),
    ],
)
def test_a_call_that_cannot_be_answered_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], words: str
) -> None:
    assert call(folder, *more) == 2
    assert words in capsys.readouterr().err


def test_places_that_are_missing_are_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "halls.csv").write_text(HALLS.replace(",90,", ",50,"), encoding="utf-8")
    assert call(folder, "--count", "1", "--aim", "median", "--capacity") == 2
    said = capsys.readouterr().err
    assert "70 places are needed, and the 1 largest sites that may be open hold 50: 20 too few" in said


def test_a_pair_that_is_not_listed_has_no_way(folder: Path) -> None:
    (folder / "times.csv").write_text(
        TIMES.replace("a,library,10\n", "").replace("b,chapel,10", "b,chapel,"), encoding="utf-8"
    )
    got = read_times(folder / "times.csv", demand=list("abc"), candidates=["school", "library", "chapel"])
    assert np.isinf(got.loc["a", "library"])
    assert np.isinf(got.loc["b", "chapel"])
    with pytest.raises(HubInputError, match="row 2: from_id 'a' is no demand id, such as x"):
        read_times(folder / "times.csv", demand=["x"], candidates=["y"])


def test_ids_of_a_matrix_are_trimmed_and_slips_of_the_pen_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    times = folder / "times.csv"
    times.write_text(TIMES.replace("a,library,10", " a , library ,10"), encoding="utf-8")
    got = read_times(times, demand=list("abc"), candidates=["school", "library", "chapel"])
    assert got.loc["a", "library"] == 10
    times.write_text(TIMES.replace("a,library,10", "a,libary,10"), encoding="utf-8")
    assert call(folder) == 2
    assert "row 3: to_id 'libary' is no candidate id, such as school (1 such)" in capsys.readouterr().err


def test_a_candidate_without_times_is_named(folder: Path) -> None:
    text = "".join(line + "\n" for line in TIMES.splitlines() if "library" not in line)
    (folder / "times.csv").write_text(text, encoding="utf-8")
    call(folder)
    sources = json.loads((folder / "out" / "note.json").read_text("utf-8"))["sources"]
    assert "3 of 9 pairs are not listed, or empty" in sources
    assert "No place has a way to: Library (library)." in sources


def test_times_that_nobody_explained_are_not_called_walking(folder: Path) -> None:
    words = ["hubs", "--demand", str(folder / "demand.csv"), "--candidates", str(folder / "halls.csv")]
    words += ["--times", str(folder / "times.csv"), "--weight", "children_0_4", "--add", "1"]
    assert main([*words, "--out", str(folder / "out")]) == 0
    page = Page((folder / "out" / "note.html").read_text("utf-8"))
    assert (
        "The council's own travel times as given in times.csv; what they include has not been said"
        in page.text
    )
    assert "buses" not in page.text.lower()
    assert main([*words, "--times-are", "walk and bus", "--out", str(folder / "bus")]) == 0
    page = Page((folder / "bus" / "note.html").read_text("utf-8"))
    assert "Walk and bus" in page.text
    assert "whether a way feels safe, and plans of neighbouring councils" in page.text


def test_places_beyond_the_limit_of_every_candidate_are_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"p{n} x,Place {n},{500000 + n},201000,L3,East,1,5,1" for n in range(12)]
    far = [f"p{n} x,chapel,{30 + n}" for n in range(12)]
    (folder / "demand.csv").write_text(DEMAND + "\n".join(rows) + "\n", encoding="utf-8")
    (folder / "times.csv").write_text(TIMES + "\n".join(far) + "\n", encoding="utf-8")
    draws = "".join(f"p{n} x,1,1,1\n" for n in range(12))
    (folder / "draws.csv").write_text(DRAWS + draws, encoding="utf-8")
    assert call(folder) == 0
    named = (
        "Place 0, Place 1, Place 2, Place 3, Place 4, Place 5, Place 6, Place 7, Place 8, Place 9 and 2 more"
    )
    assert f"No candidate within 5 minutes of: {named} (12 places)" in capsys.readouterr().out
    assert named in Page((folder / "out" / "note.html").read_text("utf-8")).text


def test_of_two_places_of_one_name_only_the_one_without_a_way_is_marked(folder: Path) -> None:
    from fairplace.hub_map import class_places
    from fairplace.hubs import HubQuestion, plan_hubs

    demand = read_demand(folder / "demand.csv").assign(name="Street")
    halls = read_candidates(folder / "halls.csv")
    times = read_times(folder / "times.csv", demand=demand.index, candidates=halls.index)
    times.loc["c"] = np.inf
    plan = plan_hubs(demand, halls, times, question=HubQuestion(need={"children_0_4": 1.0}, add=1))
    assert class_places(plan).to_dict() == {"a": "within", "b": "within", "c": "noway"}


@pytest.mark.parametrize(
    ("profile", "speed", "words"),
    [
        ("cycle", 16.0, "Cycling only, buses not included"),
        ("wheels", 4.0, "By wheelchair or with a pram only, buses not included"),
    ],
)
def test_each_way_of_going_about_has_its_own_words_and_speed(
    folder: Path, profile: str, speed: float, words: str
) -> None:
    import geopandas as gpd

    from geo.network_building import build_network
    from geo.profiles import measure_profiles

    lines = [shapely.LineString([(x, 200000), (x + 800, 200000)]) for x in (500000, 500800)]
    street = gpd.GeoDataFrame({"highway": ["residential"] * 2}, geometry=lines, crs="EPSG:27700")
    measure_profiles(build_network(street, where="street"), [profile]).save(folder / "streets")
    assert (
        call(folder, "--add", "1", "--network", str(folder / "streets"), "--profile", profile, times=False)
        == 0
    )
    page = Page((folder / "out" / "note.html").read_text("utf-8"))
    assert words in page.text
    assert "Walking only" not in page.text
    assert f"at {speed:g} km/h" in page.text
    scenarios = pd.read_csv(folder / "out" / "scenarios.csv")
    speeds = scenarios.loc[scenarios["kind"] == "speed", "scenario"].tolist()
    assert speeds == (["12.8 km/h", "19.2 km/h"] if profile == "cycle" else ["4.8 km/h"])
    extent = ["--network", str(folder / "streets"), "--profile", profile, "--extent", "x.gpkg"]
    assert call(folder, "--add", "1", *extent, times=False) == 2


def test_draws_may_be_parquet(folder: Path) -> None:
    pd.read_csv(folder / "draws.csv").to_parquet(folder / "draws.parquet")
    one = read_draws(folder / "draws.csv", demand=list("abc"))
    other = read_draws(folder / "draws.parquet", demand=list("abc"))
    pd.testing.assert_frame_equal(one, other, check_names=False)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (None, "draws.parquet does not exist; check the name"),
        (lambda draws: draws.assign(id=["a", "a", "c"]), "draws.parquet: id a is in rows 2, 3"),
        (lambda draws: draws.assign(x=[1.0, -2.0, 3.0]), "draws.parquet row 3: x is '-2.0'"),
        (lambda draws: draws.assign(x=["1", "many", "3"]), "draws.parquet row 3: x is 'many'"),
        (lambda draws: draws.assign(x=[1.0, np.nan, 3.0]), "draws.parquet row 3: x is nan"),
        (lambda draws: draws[["id"]], "draws.parquet has no draws"),
        (lambda draws: draws.iloc[:2], "draws.parquet has no draws for c"),
    ],
)
def test_draws_in_parquet_pass_the_same_checks(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    make: Callable[[pd.DataFrame], pd.DataFrame] | None,
    words: str,
) -> None:
    path = folder / "draws.parquet"
    if make is not None:
        make(pd.read_csv(folder / "draws.csv")).to_parquet(path)
    assert call(folder, "--add", "1", "--draws", f"children_below_mis={path}") == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    path.write_bytes(b"no parquet")
    assert call(folder, "--add", "1", "--draws", f"children_below_mis={path}") == 2
    assert "draws.parquet is no parquet file" in capsys.readouterr().err


def test_the_summary_is_json_when_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(folder, "--add", "1", "--json") == 0
    got = json.loads(capsys.readouterr().out)
    # Ash alone is within reach now, and a modelled need of one place is not shown.
    assert got[0]["need_share"] is None
    assert call(folder, "--add", "1", "--json", "--limit", "10") == 0
    got = json.loads(capsys.readouterr().out)
    # Ash and Birch leave Cedar alone: that is hidden too. With the chapel all are within reach.
    assert [one["need_share"] for one in got[:2]] == [None, 1.0]


def test_no_cell_of_a_table_is_run_as_a_formula(folder: Path) -> None:
    for name, was, now in (("halls", "Chapel", "=1+1"), ("demand", "Cedar", "@SUM(A1)")):
        path = folder / f"{name}.csv"
        path.write_text(path.read_text("utf-8").replace(was, now), encoding="utf-8")
    assert call(folder) == 0
    tables = [path.read_text("utf-8") for path in (folder / "out").glob("*.csv")]
    assert any("'=1+1" in text for text in tables)
    assert any("'@SUM(A1)" in text for text in tables)
    for text in tables:
        cells = [cell for row in csv.reader(text.splitlines()) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "@"))]


def test_words_stand_to_the_left_and_numbers_to_the_right() -> None:
    rows = (
        ("Old school", "hub now", "yes", "Mon to Fri", "90", "12% (10% to 14%)", "-"),
        ("Chapel", "new", "no", "not known", "not known", "less than 1%", "+1.5 minutes"),
    )
    table = NoteTable("Hubs", ("Hub", "Status", "Step-free", "Opening", "Places", "Share", "Change"), rows)
    assert table.numeric == (False, False, False, False, True, True, True)
    assert NoteTable("None", ("Hub", "Share"), ()).numeric == (False, False)


def test_the_note_is_a_tagged_pdf_too_and_the_same_each_time(folder: Path) -> None:
    pytest.importorskip("typst", reason="the PDF of the note needs typst")
    halls = folder / "halls.csv"
    halls.write_text(
        halls.read_text("utf-8").replace("Chapel", "Chapel \u202e of \u00c9loi"), encoding="utf-8"
    )
    assert call(folder, "--add", "1", "--form", "html,pdf") == 0
    first = (folder / "out" / "note.pdf").read_bytes()
    assert first.startswith(b"%PDF")
    assert b"StructTreeRoot" in first
    call(folder, "--add", "1", "--form", "pdf")
    assert (folder / "out" / "note.pdf").read_bytes() == first


@pytest.mark.parametrize("sentences", [1, 2])
def test_a_heading_and_its_sentences_stand_on_the_page_of_their_table(sentences: int) -> None:
    pytest.importorskip("typst", reason="the PDF of the note needs typst")
    pdfium = pytest.importorskip("pypdfium2")
    table = NoteTable("Reach by option", ("Option", "Share"), tuple((f"Plan {at}", "5%") for at in range(9)))
    said = tuple(f"Sentence {at}." for at in range(sentences))
    # The table begins ever lower, and then on the next page.
    for lines in range(28, 44):
        parts = (
            NoteSection("a", "Before", ("Words.",) * lines),
            NoteSection("b", "Who is within reach", said, (table,)),
        )
        document = pdfium.PdfDocument(render_pdf(Note("Hubs", "Walking only", "", (), parts)))
        pages = [page.get_textpage().get_text_range() for page in document]
        document.close()
        whole = ["Who is within reach", *said, "Reach by option", "Plan 0", "Plan 8"]
        assert any(all(words in page for words in whole) for page in pages), lines


def test_a_form_that_is_not_made_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(folder, "--add", "1", "--form", "docx") == 2
    assert "--form names 'docx'; give html, pdf" in capsys.readouterr().err
    assert not (folder / "out").exists()


def test_the_note_of_a_pack_says_whom_it_serves_by_characteristic(
    sample_pack: Pack, sample_data: Path, tmp_path: Path
) -> None:
    call = ["hubs", str(sample_pack.path), "--candidates", str(sample_data / "local" / "hub_candidates.csv")]
    more = [
        "--weight",
        "children_below_mis",
        "--add",
        "1",
        "--skip-islands",
        "500",
        "--out",
        str(tmp_path / "out"),
    ]
    assert main([*call, *more]) == 0
    # The image of the map says of what standing it is, as the map of the pack does.
    standing = (
        (tmp_path / "out" / "map.html").read_text("utf-8").split('<p id="standing"')[1].split("</p>")[0]
    )
    assert "is a made-up town" in standing
    assert f"public edition {release(sample_pack).pack_id}" in standing
    note = json.loads((tmp_path / "out" / "note.json").read_text("utf-8"))
    parts = {section["id"]: section for section in note["sections"]}
    captions = [table["caption"] for table in parts["equality"]["tables"]]
    # A pack's fifths are labels as those of a file are: both trades are there, with the poorest fifth's share.
    frontier = pd.read_csv(tmp_path / "out" / "frontier.csv")
    assert set(frontier["trade"]) == {
        "minutes: mean or farthest",
        "cover: everybody or most deprived fifth",
    }
    assert frontier["deprived_share"].notna().any()
    equity = pd.read_csv(tmp_path / "out" / "equity.csv", dtype={"group": str})
    assert "0" not in set(equity["group"])
    assert {"1", "5"} <= set(equity.loc[equity["grouping"] == "idaci_fifth", "group"])
    assert any("by protected characteristic" in caption for caption in captions)
    assert any("for the council to look into" in caption for caption in captions)
    # A modelled share is a whole per cent, and wards and LSOAs have their names.
    wards = next(table for table in parts["equality"]["tables"] if table["caption"].endswith("by ward"))
    assert all("." not in cell.split("%")[0] for row in wards["rows"] for cell in row[1:] if "%" in cell)
    assert "(E05" in wards["rows"][0][0]
    assert "(E01" in parts["worst"]["tables"][0]["rows"][0][0]
    assert "go past where the street data stop" in note["sources"] or "Nobody's 15 minutes" in note["sources"]


def test_a_limit_that_is_no_limit_is_refused_before_anything_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(folder, "--add", "1", "--limit", "0") == 2
    assert "--limit is 0; give minutes above nought" in capsys.readouterr().err
    assert not (folder / "out").exists()
