"""What a profile lays beside an area: comparators, gaps by a stated rule, status, and the council's settings."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import pikepdf
import pytest
import shapely
from markupsafe import escape

from fairplace.cli import main
from fairplace.comparator_files import ComparatorArea
from fairplace.disclosure import Beside, Released, release
from fairplace.drawn import find_area, release_area
from fairplace.indicators import load_indicators
from fairplace.map_page import area_layer
from fairplace.pack import Pack, PackError, open_pack
from fairplace.profile.comparators import ComparatorError
from fairplace.profile.content import (
    AreaNotFoundError,
    Place,
    StatusError,
    compose,
    find_place,
    places_of,
)
from fairplace.profile.forms import FORMS, Rendering, write_profile
from fairplace.profile.gaps import FEWEST, RATIO, flag
from fairplace.profile.model import Bullets, Drawing, Number, Paragraph, Profile, Section, Table
from fairplace.profile.words import load_words
from fairplace.settings import Settings, SettingsError, load_settings
from maps.style import SURE, three_classes


@pytest.fixture(scope="module")
def released(sample_pack: Pack) -> Released:
    return release(sample_pack, "public")


@pytest.fixture(scope="module")
def ward(released: Released) -> Profile:
    return compose(released, find_place(released, str(released.areas("wd25").index[1])))


def section(profile: Profile, name: str) -> Section:
    return next(one for one in profile.sections if one.id == name)


def table(profile: Profile, name: str) -> Table:
    return next(one for one in profile.tables if one.id == name)


def test_the_district_without_an_area_and_the_area_make_the_district(ward: Profile) -> None:
    held = table(ward, "compare-table")
    checked = 0
    for row in held.rows:
        here, there, rest = row[1:4]
        if not isinstance(rest, Number):
            assert rest == "[x]"
            continue
        assert isinstance(here, Number)
        assert isinstance(there, Number)
        for name in ("count", "base") if here.row["base"] == here.row["base"] else ("value",):
            assert here.row[name] + rest.row[name] == pytest.approx(there.row[name])
        assert here.row["basis"] != "modelled"
        checked += 1
    assert checked > 8


def test_no_modelled_or_scored_figure_is_taken_apart(ward: Profile) -> None:
    rest = [one for one in ward.numbers() if "-without-" in str(one.row["code"])]
    assert rest
    assert not [one for one in rest if str(one.row["indicator"]).startswith(("mis_", "imd25_score"))]
    assert {one.row["unit"] for one in rest} <= {"share", "people", "households"}


def test_any_area_and_any_saved_profile_can_be_compared_with(
    released: Released, ward: Profile, tmp_path: Path
) -> None:
    codes = [str(one) for one in released.areas("wd25").index]
    saved = tmp_path / "saved.json"
    write_profile(ward, released, saved)
    made = compose(released, find_place(released, codes[0]), compare=[codes[2], str(saved)])
    held = table(made, "compare-table")
    assert held.head[-3:] == [str(released.areas("wd25")["name"][codes[2]]), ward.area, "Period"]
    figures = {one.key for one in made.numbers()}
    row = next(
        row for row in held.rows if isinstance(row[-2], Number) and row[-2].row["indicator"] == "residents"
    )
    assert row[-2].key in figures
    assert row[-2].row["code"] == ward.code
    (tmp_path / "bad.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ComparatorError, match="is not a saved profile"):
        compose(released, find_place(released, codes[0]), compare=[str(tmp_path / "bad.json")])


def test_an_officer_profile_is_not_compared_with_in_public(
    sample_pack: Pack, released: Released, tmp_path: Path
) -> None:
    officer = release(sample_pack, "officer")
    code = str(released.areas("wd25").index[0])
    write_profile(compose(officer, find_place(officer, code)), officer, tmp_path / "o.json")
    with pytest.raises(ComparatorError, match="officer edition"):
        compose(released, find_place(released, code), compare=[str(tmp_path / "o.json")])


def figure(
    value: float, base: float = 1000, low: float = float("nan"), high: float = float("nan")
) -> dict[str, object]:
    return {
        "status": "ok", "unit": "share", "value": value, "base": base, "low": low, "high": high,
        "interval": "90 % model" if low == low else "", "period": "2021", "indicator": "x", "group": "",
    }  # fmt: skip


def test_gaps_are_told_by_ranges_or_by_the_ratio_of_counted_shares() -> None:
    assert flag(figure(0.3, low=0.2, high=0.4), figure(0.5, low=0.41, high=0.6)) == "lower"
    assert flag(figure(0.3, low=0.2, high=0.45), figure(0.5, low=0.41, high=0.6)) == "similar"
    assert flag(figure(0.2 * RATIO + 0.001), figure(0.2)) == "higher"
    assert flag(figure(0.2 * RATIO - 0.001), figure(0.2)) == "similar"
    # Twice the share, but of so few people that a street more would do it.
    assert flag(figure(0.02, base=FEWEST), figure(0.01)) == "similar"
    assert flag(figure(0.2) | {"status": "suppressed"}, figure(0.1)) == "not_compared"
    assert flag(figure(0.2) | {"period": "2011"}, figure(0.1)) == "not_compared"


@pytest.mark.parametrize(
    ("above", "told"), [(1.0, "higher"), (0.9, "higher"), (0.5, "similar"), (0.1, "lower"), (0.0, "lower")]
)
def test_a_modelled_share_is_told_from_its_districts_by_the_draws(above: float, told: str) -> None:
    pair = figure(0.69, low=0.59, high=0.79), figure(0.54, low=0.47, high=0.61)
    assert flag(*pair) == "similar"
    assert flag(*pair, figure(above)) == told
    assert flag(*pair, figure(above) | {"status": "missing"}) == "similar"


def test_chart_gaps_and_map_say_the_same_of_the_standard(released: Released) -> None:
    words = load_words()
    assert three_classes("x").sure == SURE
    seen = set()
    for geography in ("wd25", "lsoa21"):
        for code in list(released.areas(geography).index)[:40:3]:
            made = compose(released, find_place(released, str(code)))
            own = {str(one.row["indicator"]): one.row for one in made.numbers() if one.row["code"] == code}
            if "mis_above_authority_probability" not in own:
                continue
            spine = next(
                (one for one in made.blocks if isinstance(one, Drawing) and one.kind == "spine"), None
            )
            assert spine is not None
            rows = table(made, spine.twin).rows
            flags = {row[1].row["indicator"]: row[3] for row in rows if isinstance(row[1], Number)}
            chance = float(own["mis_above_authority_probability"]["value"])
            kind = "higher" if chance >= SURE - 1e-9 else "lower" if chance <= 1 - SURE + 1e-9 else "similar"
            assert flags["mis_people_below_share"] == words("charts", f"flag_{kind}")
            listed = {
                row[1].row["indicator"]
                for one in made.tables
                if one.id == "gaps-table"
                for row in one.rows
                if isinstance(row[1], Number)
            }
            assert ("mis_people_below_share" in listed) <= (kind == "higher")
            seen.add(kind)
    assert len(seen) > 1


def test_the_same_gap_is_not_listed_at_every_level(released: Released) -> None:
    for code in released.areas("wd25").index:
        made = compose(released, find_place(released, str(code)))
        for one in made.tables:
            if one.id == "gaps-table":
                listed = {row[1].row["indicator"] for row in one.rows if isinstance(row[1], Number)}
                assert listed.isdisjoint({"mis_people_below_90_share", "mis_people_below_75_share"})
                assert listed.isdisjoint({"mis_households_below_share", "most_deprived_tenth_share"})


def test_where_nothing_is_known_nothing_is_said_to_be_alike(released: Released) -> None:
    code = str(released.areas("wd25").index[0])
    own = (released.figures["code"] == code) & (released.figures["geography"] == "wd25")
    bare = released.figures.assign(
        status=released.figures["status"].where(~own, "missing"),
        **{name: released.figures[name].where(~own) for name in ("value", "low", "high", "count", "base")},
    )
    made = compose(replace(released, figures=bare), find_place(released, code))
    text = " ".join(block.text for block in section(made, "gaps").blocks if isinstance(block, Paragraph))
    assert "Nothing could be compared" in text
    assert "stands apart from" not in text.replace("a modelled share stands apart from", "")
    said = section(made, "summary").blocks[0]
    assert isinstance(said, Bullets)
    assert "[x]" not in " ".join(one.text for one in said.items)
    assert "People below the Minimum Income Standard, modelled" in said.items[-1].text


def test_a_district_is_not_laid_beside_itself(released: Released) -> None:
    made = compose(released, find_place(released, released.authority))
    name = released.name
    text = " ".join(
        [
            *(block.text for block in made.blocks if isinstance(block, Paragraph)),
            *(one.text for block in made.blocks if isinstance(block, Bullets) for one in block.items),
            *(one.caption for one in made.tables),
        ]
    )
    for twice in (
        f"{name} and {name}",
        f"in {name} and",
        f"For {name} as a whole",
        f"district (code {released.authority}) in",
    ):
        assert twice not in text
    for one in made.tables:
        assert one.head.count(name) < 2
        assert all(len(row) == len(one.head) for row in one.rows)


def test_output_areas_have_no_profiles(released: Released) -> None:
    known = next((key for key in released.geographies if key.startswith("oa")), "")
    if not known:
        pytest.skip("the sample has no output areas")
    with pytest.raises(AreaNotFoundError, match="hardly a figure may be shown"):
        places_of(released, known)
    with pytest.raises(AreaNotFoundError, match="is not an area of"):
        find_place(released, str(released.areas(known).index[0]))


def test_gaps_stand_beside_their_rule_and_are_never_called_more_than_gaps(released: Released) -> None:
    seen = 0
    for code in released.areas("wd25").index:
        profile = compose(released, find_place(released, str(code)))
        held = section(profile, "gaps")
        text = " ".join(block.text for block in held.blocks if isinstance(block, Paragraph))
        assert f"{RATIO:g} times" in text
        assert f"at least {FEWEST} people or homes" in text
        for block in held.blocks:
            if isinstance(block, Table):
                assert 1 <= len(block.rows) <= 8
                seen += len(block.rows)
                assert not any(
                    "ethnic" in str(one.row["indicator"])
                    for row in block.rows
                    for one in row
                    if isinstance(one, Number)
                )
        assert not re.search("priorit", str(held), re.IGNORECASE)
    assert seen > 10


def test_ethnic_group_and_religion_stand_in_no_picture_with_the_standard(ward: Profile) -> None:
    spine = next(one for one in ward.blocks if isinstance(one, Drawing) and one.kind == "spine")
    labels = set(spine.data["rows"]["label"])
    assert any("Minimum Income Standard" in one for one in labels)
    assert not labels & {
        one.label for one in load_indicators() if one.id.startswith(("ethnic_", "religion_"))
    }


def test_every_chart_has_words_and_a_table_of_the_same_figures(ward: Profile) -> None:
    drawings = [one for one in ward.blocks if isinstance(one, Drawing)]
    assert {one.kind for one in drawings} >= {
        "mis_map",
        "imd_map",
        "depth",
        "dots",
        "ages",
        "tenure",
        "theme_dots",
        "spine",
        "rug",
        "strip",
    }
    tables = {one.id for one in ward.tables}
    for one in drawings:
        assert one.twin in tables, one.id
        assert len(one.alt) > 40


def of_kind(pack: Pack, released: Released, kind: str) -> Profile:
    if kind == "area":
        west, south, east, north = pack.areas("lad25").total_bounds
        half = shapely.box(west, south, (west + east) / 2, north).intersection(
            pack.areas("lad25").union_all()
        )
        area = find_area(pack, half.wkt, crs="EPSG:27700")
        return compose(release_area(pack, area), Place("area", area.id, area.name))
    return compose(
        released, find_place(released, str(released.areas(kind).index[3 if kind != "lad25" else 0]))
    )


@pytest.mark.parametrize("kind", ["lsoa21", "lad25", "area"])
def test_whatever_the_area_its_drawings_name_tables_that_are_there(
    sample_pack: Pack, released: Released, kind: str
) -> None:
    profile = of_kind(sample_pack, released, kind)
    tables = {one.id for one in profile.tables}
    drawings = [one for one in profile.blocks if isinstance(one, Drawing)]
    assert {one.kind for one in drawings} >= {
        "where_map",
        "mis_map",
        "imd_map",
        "dots",
        "ages",
    }
    # A district is not laid among others, and its small areas are too many to draw.
    for one in ("spine", "strip"):
        assert (one in {drawing.kind for drawing in drawings}) == (kind != "lad25")
    assert [(one.id, one.twin) for one in drawings if one.twin not in tables] == []
    blocks = profile.blocks
    below = [blocks[at + 1] for at, one in enumerate(blocks) if isinstance(one, Drawing)]
    assert [one.to for one in below if isinstance(one, Paragraph)] == [one.twin for one in drawings]
    # Whatever a note leads to is there: a table, or a section.
    led = [one for one in blocks if isinstance(one, Paragraph) and one.to]
    assert {one.to for one in led} <= tables | {one.id for one in profile.sections}


def test_the_spine_chart_is_in_its_table_number_by_number(released: Released, ward: Profile) -> None:
    spine = next(one for one in ward.blocks if isinstance(one, Drawing) and one.kind == "spine")
    rows, held = spine.data["rows"], table(ward, spine.twin)
    assert len(held.rows) == len(rows) > 20
    assert sum("Minimum Income Standard, modelled" in str(row[0]) for row in held.rows) == 2
    figures = released.figures[(released.figures["geography"] == "wd25") & (released.figures["group"] == "")]
    for drawn, row in zip(rows.to_dict("records"), held.rows, strict=True):
        told = [one.row["value"] for one in (row[1], row[2], *row[4:8]) if isinstance(one, Number)]
        names = ("value", "comparator", "lowest", "p25", "p75", "highest")
        assert told == [drawn[name] for name in names]
        assert row[3] == drawn["flag"].replace("_", " ")
        assert isinstance(row[1], Number)
        values = figures.loc[figures["indicator"] == row[1].row["indicator"], "value"].dropna()
        assert (told[2], told[5]) == (values.min(), values.max())
        assert (values <= told[3]).mean() >= 0.25 > (values < told[3]).mean()
        assert (values <= told[4]).mean() >= 0.75 > (values < told[4]).mean()


def test_the_classes_of_the_map_of_the_standard_are_in_the_table_of_small_areas(
    released: Released, ward: Profile
) -> None:
    held = table(ward, "parts-table")
    at = next(at for at, name in enumerate(held.head) if "class on the map" in name)
    layer = area_layer(released, "mis")
    assert layer is not None
    classes = layer.data()["class"]
    labels = {one.id: one.label for one in layer.style.classes}
    for row in held.rows:
        code = str(row[0]).rpartition("(")[2].rstrip(")")
        chance = row[at + 1]
        assert row[at] == labels[classes[code]]
        assert isinstance(chance, Number)
        assert chance.row["code"] == code
        value = chance.row["value"]
        assert classes[code] == ("above" if value >= 0.9 else "below" if value <= 0.1 else "close")


def test_the_page_says_of_each_picture_what_the_pdf_says(released: Released, ward: Profile) -> None:
    rendering = Rendering(ward, released)
    page = FORMS[".html"](rendering).decode()
    counted = rendering.alts["mis-map"]
    assert re.search(r"Too close to call: \d+", counted)
    for alt in rendering.alts.values():
        assert f'role="img" aria-label="{escape(alt)}"' in page


def test_depth_bands_are_the_differences_of_the_shares_below(ward: Profile) -> None:
    bands = next(one for one in ward.blocks if isinstance(one, Drawing) and one.kind == "depth").data["bands"]
    rows = {one.row["indicator"]: one.row["value"] for one in ward.numbers() if one.row["code"] == ward.code}
    here = bands.loc[ward.area]
    assert here.sum() == pytest.approx(1)
    assert here.iloc[0] == pytest.approx(rows["mis_people_below_50_share"])
    assert here.iloc[-1] == pytest.approx(1 - rows["mis_people_below_share"])


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("draft", "Draft"),
        ("approved by A. Person, 2 March 2026", "Approved by A. Person"),
        ("superseded", "Superseded"),
    ],
)
def test_the_status_stands_in_the_line_of_every_page(released: Released, status: str, said: str) -> None:
    code = str(released.areas("wd25").index[0])
    assert said in compose(released, find_place(released, code), status=status).running


def test_a_ward_of_an_earlier_period_shows_no_value_beside_the_authoritys(
    sample_pack: Pack, released: Released
) -> None:
    code = str(released.areas("wd25").index[1])
    before = compose(released, find_place(released, code))
    held = next(
        one for one in before.tables if one.id.startswith("register-") and isinstance(one.rows[0][1], Number)
    )
    here, gap = held.rows[0][1], held.rows[0][5]
    assert isinstance(here, Number)
    assert isinstance(gap, Number)
    figures = released.figures.copy()
    name = here.row["indicator"]
    figures.loc[(figures["code"] == code) & (figures["indicator"] == name), "period"] = "2019/20"
    figures.loc[figures["indicator"] == gap.row["indicator"], "period"] = "2018/19"
    older = replace(released, figures=figures)
    row = table(compose(older, find_place(older, code)), held.id).rows[0]
    assert row[1] == "[x]"
    assert row[4] == f"{held.rows[0][4]}; gap: 2018/19"


def test_addresses_are_links_and_only_of_the_web_or_mail(released: Released) -> None:
    place = find_place(released, str(released.areas("wd25").index[0]))
    settings = Settings(
        email="insight@halverton.example",
        easy_read="https://halverton.example/easy",
        bsl="javascript:alert(1)",
    )
    held = section(compose(released, place, settings=settings), "contact")
    made = replace(compose(released, place), sections=[held])
    page = FORMS[".html"](bare(made)).decode()
    assert re.findall(r'<a href="([^#"][^"]*)"', page) == [
        "mailto:insight@halverton.example",
        "https://halverton.example/easy",
    ]
    assert "javascript:alert(1)" in page
    word = docx.Document(io.BytesIO(FORMS[".docx"](bare(made))))
    leads = [one.address for line in word.paragraphs for one in line.hyperlinks]
    assert leads == ["mailto:insight@halverton.example", "https://halverton.example/easy"]
    pdf = pikepdf.open(io.BytesIO(FORMS[".pdf"](bare(made))))
    found = [
        str(one.A.URI)
        for sheet in pdf.pages
        for one in sheet.get("/Annots", [])
        if "/URI" in one.get("/A", {})
    ]
    assert sorted(set(found)) == sorted(leads)


def bare(profile: Profile) -> Rendering:
    class Nothing(Rendering):
        pictures: Mapping[str, Any] = {}  # type: ignore[assignment]
        svgs: Mapping[str, str] = {}  # type: ignore[assignment]

    return Nothing(profile, None)  # type: ignore[arg-type]


def test_a_status_without_an_approver_or_of_another_kind_is_refused(released: Released) -> None:
    place = find_place(released, str(released.areas("wd25").index[0]))
    with pytest.raises(StatusError, match="names nobody"):
        compose(released, place, status="approved")
    for nobody in ("approved by ", "approved by", "superseded by  "):
        with pytest.raises(
            StatusError, match=f'status "{nobody}" names nobody; write "{nobody.strip()} NAME'
        ):
            compose(released, place, status=nobody)
    with pytest.raises(StatusError, match='"final" is not a status'):
        compose(released, place, status="final")
    said = compose(released, place, status="approved", settings=Settings(approver="The Director")).status
    assert said == "approved by The Director"


def test_settings_give_contact_formats_and_comparators(
    sample_pack: Pack, released: Released, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = [str(one) for one in released.areas("wd25").index[:2]]
    path = tmp_path / "council.toml"
    path.write_text(
        '[contact]\nname = "Policy <Team>"\nemail = "insight@halverton.example"\n'
        '[formats]\nother = "Ask us for large print."\neasy_read = "https://halverton.example/easy"\n'
        f'bsl = "https://halverton.example/bsl"\n[document]\napprover = "The Director"\ncompare = ["{codes[1]}"]\n',
        encoding="utf-8",
    )
    out = tmp_path / "p.html"
    call = ["profile", str(sample_pack.path), "--area", codes[0], "--out", str(out)]
    assert main([*call, "--settings", str(path), "--status", "approved"]) == 0
    page = out.read_text(encoding="utf-8")
    for words in ("Policy &lt;Team&gt;", "Ask us for large print.", "https://halverton.example/bsl",
                  "Approved by The Director", str(released.areas("wd25")["name"][codes[1]])):  # fmt: skip
        assert words in page
    for link in ("mailto:insight@halverton.example", "https://halverton.example/easy"):
        assert f'<a href="{link}">' in page
    path.write_text('[contact]\nfax = "1"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"contact.fax; there are contact.name"):
        load_settings(path)
    path.write_text("[document]\ncompare = 3\n", encoding="utf-8")
    assert main([*call, "--settings", str(path)]) == 2
    assert "a list of words" in capsys.readouterr().err


@pytest.fixture
def england(released: Released, monkeypatch: pytest.MonkeyPatch) -> Beside:
    """An England in which every counted share is half the district's, and nothing is modelled."""
    rows = released.figures[
        (released.figures["geography"] == "lad25")
        & (released.figures["group"] == "")
        & ~released.figures["indicator"].str.startswith("mis_")
    ]
    halved = rows.assign(code="E92000001", geography="ctry24", value=rows["value"] / 2)
    figures = {str(row["indicator"]): row for row in halved.to_dict("records")}
    beside = Beside(ComparatorArea("E92000001", "England", "england", 296, 33_755), figures)  # type: ignore[arg-type]
    monkeypatch.setattr(Released, "comparators", lambda _: [beside])
    return beside


def test_england_is_a_column_a_mark_a_list_of_gaps_and_a_sentence(
    released: Released, england: Beside
) -> None:
    place = find_place(released, str(released.areas("wd25").index[1]))
    made = compose(released, place)
    held = table(made, "compare-table")
    assert held.head[-2:] == ["England", "Period"]
    assert not any(
        isinstance(row[1], Number) and str(row[1].row["indicator"]).startswith("mis_") for row in held.rows
    )
    gaps = table(made, "gaps-england-table")
    for row in gaps.rows:
        here, there = row[1], row[2]
        assert isinstance(here, Number)
        assert isinstance(there, Number)
        assert there.row == england.figures[here.row["indicator"]]
    text = " ".join(item.text for item in section(made, "summary").blocks[0].items)  # type: ignore[union-attr]
    assert "Largest gap to England" in text
    spine = next(one for one in made.blocks if isinstance(one, Drawing) and one.kind == "spine")
    assert spine.data["second"] == "England"
    marks = spine.data["rows"].set_index("label")["second"]
    assert marks["Aged 0 to 15"] == england.figures["children_0_15_share"]["value"]
    modelled = [label for label in marks.index if "Minimum Income Standard" in label]
    assert modelled
    assert all(label.endswith(", modelled") for label in modelled)
    # Place and district alike carry their ranges in the picture.
    ranges = spine.data["rows"].set_index("label").loc[modelled, ["range", "comparator_range"]]
    assert ranges.map(lambda text: re.fullmatch(r"\d+% to \d+%", text) is not None).all(axis=None)
    assert marks[modelled].isna().all()
    whole = compose(released, find_place(released, released.authority))
    assert any(one.id == "gaps-england-table" for one in whole.tables)


def test_what_took_the_place_of_an_edition_stands_in_every_form(released: Released) -> None:
    said = "Edition abc was superseded on 3 March 2026 by edition def: the census table was read wrongly."
    place = find_place(released, str(released.areas("wd25").index[0]))
    made = compose(released, place, status="approved by A. Person", superseded=said)
    assert "Superseded" in made.running
    assert said in made.banner
    assert said in made.cite
    assert made.cover.startswith(f"{released.name} ({released.authority}), public edition {released.pack_id}")
    bare = Rendering(made, released)
    vars(bare).update(pictures={}, svgs={})
    assert said in FORMS[".html"](bare).decode()
    assert said in json.loads(FORMS[".json"](bare))["banner"]


def test_a_pack_of_an_earlier_release_is_refused_in_one_line(sample_pack: Pack, tmp_path: Path) -> None:
    manifest = json.loads((sample_pack.path / "manifest.json").read_text(encoding="utf-8"))
    del manifest["settings"]["mis"]["absent"]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(PackError, match=r"lacks settings\.mis\.absent; build it again") as caught:
        open_pack(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("at", ["ward", "small", "district"])
def test_the_source_of_every_number_is_listed_and_no_source_without_a_use(
    released: Released, at: str
) -> None:
    key = {"ward": "wd25", "small": "lsoa21", "district": "lad25"}[at]
    place = find_place(released, str(released.areas(key).index[0]))
    profile = compose(released, place)
    listed = {
        one.id: {str(row[0]) for row in one.rows} for one in profile.tables if one.id in ("sources-table", "drawn-table")
    }  # fmt: skip
    title = {name: one.title for name, one in released.sources.items()}
    numbers = {title[str(one.row["source"])] for one in profile.numbers() if one.row["source"] in title}
    layers = {title[str(one["source"])] for one in released.settings["planning"] if one["held"]}
    assert numbers | layers <= listed["sources-table"]
    assert {title["walking"], title["green_space"], title["planning-local-green-space"]} <= listed[
        "sources-table"
    ]
    beside = {title["local_case_studies"]}
    assert listed["sources-table"] <= numbers | layers | beside
    drawn = {title[name] for name in title if name.startswith("boundary_")}
    drawn |= {title[name] for name in (
        "osm_streets", "nhs_gp", "nhs_pharmacy", "schools", "libraries", "local_services", "codepoint_open", "saie_fye2020",
    )}  # fmt: skip
    assert listed["drawn-table"] <= drawn
    assert title["boundary_wd25"] in listed["drawn-table"]
    assert not listed["drawn-table"] & listed["sources-table"]
    assert title["iod2019"] not in listed["sources-table"] | listed["drawn-table"]


def test_an_attribution_stands_once_sentence_by_sentence(released: Released) -> None:
    both = "Contains National Statistics data. Contains OS data."
    sources = {
        name: replace(one, attribution=both if "census" in name else "Contains OS data.")
        for name, one in released.sources.items()
    }
    said = replace(released, sources=sources)
    profile = compose(said, find_place(said, str(said.areas("wd25").index[0])))
    held = next(one for one in profile.sections if one.id == "currency")
    text = " ".join(one.text for one in held.blocks if isinstance(one, Paragraph))
    assert text.count("Contains OS data.") == 1
    assert text.count("Contains National Statistics data.") == 1
