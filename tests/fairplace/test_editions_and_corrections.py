"""Two editions of one authority: what is listed, what is fenced, what is kept."""

from __future__ import annotations

import csv
import json
import re
import shutil
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from fairplace.ages import (
    AgeError,
    check_stale_after,
    current_figures,
    is_stale,
    last_day,
    newer_edition,
    newest_day,
    source_ages,
)
from fairplace.cli import main
from fairplace.corrections import KEY, CorrectionError, changed_figures, correct, superseded
from fairplace.disclosure import COUNTED_UNITS, release
from fairplace.drawn import release_place
from fairplace.editions import EditionsError, compare_packs, reference
from fairplace.pack import OWN_FIGURES, Pack, open_pack
from fairplace.service.holding import Holding
from fairplace.service.opening import open_released
from geo.source import Source, hash_file
from layers.catalogue import load_catalogue

ON = date(2026, 11, 22)
REASON = "Fuel poverty was read from the wrong year."


def rewrite(
    pack: Pack, to: Path, *, change: pd.DataFrame, id_: str, sources: dict[str, dict[str, str]] | None = None
) -> Pack:
    """Give a second edition: another table of figures under another id."""
    shutil.copytree(pack.path, to)
    change.to_parquet(to / "figures.parquet", index=False)
    manifest = json.loads((to / "manifest.json").read_text(encoding="utf-8"))
    (to / "manifest.json").write_text(json.dumps({**manifest, "id": id_}), encoding="utf-8")
    records = json.loads((to / "sources.json").read_text(encoding="utf-8"))
    changed = [{**one, **(sources or {}).get(one["id"], {})} for one in records]
    (to / "sources.json").write_text(json.dumps(changed), encoding="utf-8")
    return open_pack(to)


@pytest.fixture
def old(sample_pack: Pack, tmp_path: Path) -> Pack:
    """A copy of the sample pack that a test may mark."""
    shutil.copytree(sample_pack.path, tmp_path / "old")
    return open_pack(tmp_path / "old")


@pytest.fixture
def new(old: Pack, tmp_path: Path) -> Pack:
    """The same with two figures corrected: one share raised by a hundredth, one row withdrawn."""
    figures = old.figures.copy()
    fuel = figures.index[(figures["indicator"] == "fuel_poverty_share") & (figures["status"] == "ok")]
    figures.loc[fuel[0], ["value", "low", "high"]] += 0.01
    return rewrite(old, tmp_path / "new", change=figures.drop(index=fuel[1]), id_="0123456789abcdef")


def test_a_correction_lists_each_published_figure_that_differs(old: Pack, new: Pack, tmp_path: Path) -> None:
    mark = correct(old.path, new.path, reason=REASON, on=ON, out=tmp_path / "notice")
    with (tmp_path / "notice/changes.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["what"] for row in rows].count("changed") == 1
    assert [row["what"] for row in rows].count("withdrawn") == 1
    assert mark.changed == len(rows) == 2
    changed = next(row for row in rows if row["what"] == "changed")
    assert float(changed["new_value"]) - float(changed["old_value"]) == pytest.approx(0.01)
    notice = (tmp_path / "notice/notice.md").read_text(encoding="utf-8")
    assert notice.startswith("# Correction, 22 November 2026: Halverton")
    assert REASON in notice
    assert reference(release(old)) in notice
    assert reference(release(new)) in notice


def test_the_old_edition_is_marked_and_kept_to_the_last_byte(old: Pack, new: Pack, tmp_path: Path) -> None:
    before = {one: hash_file(one) for one in old.path.rglob("*") if one.is_file()}
    correct(old.path, new.path, reason=REASON, on=ON, out=tmp_path / "notice")
    assert {one: hash_file(one) for one in old.path.rglob("*") if one.is_file()} == before
    mark = superseded(old.path)
    assert mark is not None
    assert (mark.pack, mark.by, mark.date, mark.reason) == (old.id, new.id, "2026-11-22", REASON)
    assert superseded(new.path) is None
    assert open_pack(old.path).figures.equals(old.figures)


def test_a_count_that_is_hidden_in_both_editions_is_in_no_notice(old: Pack, tmp_path: Path) -> None:
    own = {key for key, one in old.sources.items() if not one.controlled}
    figures = old.own_figures
    rows = figures["unit"].isin(COUNTED_UNITS) & figures["source"].isin(own) & (figures["status"] == "ok")
    rows &= (figures["basis"] != "modelled") & (figures["value"] > 20)
    at = figures.index[rows][0]
    editions = []
    for count in (2.0, 3.0):
        changed = figures.copy()
        changed.loc[at, ["value", "low", "high", "count"]] = [count, float("nan"), float("nan"), float("nan")]
        pack = rewrite(old, tmp_path / f"{count}", change=old.figures, id_=f"{count}")
        changed.to_parquet(pack.path / OWN_FIGURES, index=False)
        editions.append(pack)
    before, after = (release(one) for one in editions)
    key = tuple(figures.loc[at, KEY])
    assert before.figures.set_index(KEY).at[key, "status"] == "suppressed"
    assert key not in set(changed_figures(before, after)[KEY].itertuples(index=False, name=None))


def test_a_correction_without_a_reason_or_of_another_place_is_refused(
    old: Pack, new: Pack, tmp_path: Path
) -> None:
    with pytest.raises(CorrectionError, match="says nothing"):
        correct(old.path, new.path, reason="typo", on=ON, out=tmp_path / "notice")
    with pytest.raises(EditionsError, match="nothing has changed"):
        correct(old.path, old.path, reason=REASON, on=ON, out=tmp_path / "notice")
    manifest = json.loads((new.path / "manifest.json").read_text(encoding="utf-8"))
    (new.path / "manifest.json").write_text(json.dumps({**manifest, "authority": "E06999002"}))
    with pytest.raises(EditionsError, match=r"packs are of E06999001.*and E06999002"):
        correct(old.path, new.path, reason=REASON, on=ON, out=tmp_path / "notice")
    assert not (tmp_path / "notice").exists()
    assert superseded(old.path) is None


def test_an_edition_is_superseded_once(old: Pack, new: Pack, tmp_path: Path) -> None:
    correct(old.path, new.path, reason=REASON, on=ON, out=tmp_path / "notice")
    third = rewrite(old, tmp_path / "third", change=old.figures.iloc[1:], id_="3333333333333333")
    with pytest.raises(CorrectionError, match="was superseded on 2026-11-22 by edition 0123456789abcdef"):
        correct(old.path, third.path, reason=REASON, on=ON, out=tmp_path / "again")


def test_editions_say_what_changed_and_fence_what_is_no_trend(old: Pack, tmp_path: Path) -> None:
    later = old.figures.copy()
    for source in ("iod2025", "fuel_poverty_2022", "mis_model"):
        later.loc[later["source"] == source, "period"] = "2027"
    fuel = later["indicator"] == "fuel_poverty_share"
    later.loc[fuel, ["value", "low", "high"]] *= 0.5
    new = rewrite(
        old, tmp_path / "new", change=later, id_="0123456789abcdef", sources={"iod2025": {"edition": "2030"}}
    )
    found = compare_packs(release(old), release(new))
    assert any("Indices of Deprivation" in one and "gave way to 2030" in one for one in found.data)
    table = found.figures.set_index("indicator")
    assert (
        table.loc["imd25_rank", "fence"] == "ranks, deciles and scores of two editions are not a trend"
    ).all()
    assert table.loc["imd25_rank", "change"].isna().all()
    assert table.loc["mis_people_below_share", "fence"].str.contains("modelled estimate|not there").all()
    residents = table.loc["residents"]
    assert (residents["fence"] == "").all()
    assert (residents["change"] == 0).all()


def test_an_area_whose_ground_has_changed_is_fenced(old: Pack, tmp_path: Path) -> None:
    new = rewrite(old, tmp_path / "new", change=old.figures, id_="0123456789abcdef")
    path = new.path / "areas/wd25.parquet"
    import geopandas as gpd

    wards = gpd.read_parquet(path)
    wards.loc[0, "geometry"] = wards.geometry.iloc[0].buffer(40)
    wards.to_parquet(path, index=False)
    found = compare_packs(release(old), release(new))
    moved = found.figures[found.figures["fence"] == "the ground of the area has changed"]
    assert set(moved["code"]) == {wards["code"].iloc[0]}
    assert any("the ground of 1 areas has changed" in one for one in found.geography)


@pytest.mark.parametrize(
    ("period", "day"),
    [
        ("2021-03-21", date(2021, 3, 21)),
        ("2025-10", date(2025, 10, 28)),
        ("FYE 2020", date(2020, 3, 31)),
        ("mostly 2022/23", date(2023, 3, 31)),
        ("financial years 1994/95 to 2024/25", date(2025, 3, 31)),
        ("2010 to 2019", date(2019, 12, 31)),
        ("2021-04 to 2022-03", date(2022, 3, 28)),
        ("as the file's name says", None),
    ],
)
def test_the_last_day_of_a_period_is_read_as_publishers_write_it(period: str, day: date | None) -> None:
    assert last_day(period) == day


def test_stale_figures_are_off_by_default_and_called_so(sample_pack: Pack) -> None:
    everything = release(sample_pack, show_stale=True)
    ages = source_ages(everything.sources, on=ON, stale_after=5)
    assert ages["census2021_ts054"].stale
    assert not ages["fuel_poverty_2022"].stale
    shown = release(sample_pack)
    assert [one.indicator for one in shown.stale] == ["imd19_decile", "imd19_rank"]
    assert not shown.figures["indicator"].str.startswith("imd19").any()
    assert everything.figures["indicator"].str.startswith("imd19").any()
    # The census of 2021 is the newest there is, and not stale by default.
    assert "residents" in set(shown.figures["indicator"])
    # The newest sources are planning layers of January 2026.
    assert sample_pack.manifest["settings"]["as_of"] == "2026-01-28"
    (said,) = shown.stale_notes
    assert "more than 6 years before 28 January 2026 are stale and left out" in said
    assert "(mostly 2015/16, 9.8 years)" in said
    assert said in shown.notes
    assert "shown because they were asked for" in everything.stale_notes[0]


def test_another_age_is_a_setting_of_the_pack_and_holds_for_a_drawn_area_too(sample_pack: Pack) -> None:
    settings = {**sample_pack.manifest["settings"], "stale_after_years": 4.0}
    pack = Pack(sample_pack.path, {**sample_pack.manifest, "settings": settings})
    lsoas = pack.areas("lsoa21")
    outline = lsoas.geometry.iloc[:4].union_all()
    area = f"SRID=27700;{outline.wkt}"
    released, _, code, _ = release_place(pack, area)
    held = released.figures
    assert "residents" not in set(held["indicator"])
    assert "fuel_poverty_share" in set(held.loc[held["code"] == code, "indicator"])
    every, _, code, _ = release_place(pack, area, show_stale=True)
    assert "residents" in set(every.figures.loc[every.figures["code"] == code, "indicator"])


def test_a_series_is_as_old_as_its_newest_point() -> None:
    figures = pd.DataFrame(
        {
            "indicator": ["goes_on", "goes_on", "ended", "undated"],
            "source": "local_indicator_values",
            "period": ["2012/13", "2024/25", "2012/13", "as the council holds it"],
        }
    )
    assert list(is_stale(figures, on=ON)) == [False, False, True, False]
    assert list(current_figures(figures, on=ON)["indicator"]) == ["goes_on", "goes_on", "undated"]


@pytest.mark.parametrize("years", [0, -1, float("nan"), 1000])
def test_an_age_that_makes_no_sense_is_refused(years: float) -> None:
    with pytest.raises(AgeError, match="makes no sense"):
        check_stale_after(years)


def test_an_organisations_own_targets_do_not_set_the_day() -> None:
    def paper(period: str, *, publisher: str = "ONS", controlled: bool = True) -> Source:
        return Source("id", "t", publisher, "e", period, "OGL v3", controlled=controlled)

    days = [paper("2021-03-21"), paper("2030", controlled=False), paper("2031", publisher="fairplace")]
    assert newest_day(days) == date(2021, 3, 21)
    assert newest_day([]) is None


RULED = [key for key, one in load_catalogue().items() if one.newer or one.months or one.every_months]


@pytest.mark.parametrize("key", RULED)
def test_each_rule_says_nothing_on_the_day_of_its_edition_and_something_in_the_end(key: str) -> None:
    known = load_catalogue()[key]
    until = last_day(known.period) or date(2025, 10, 28)
    assert newer_edition(known, until, on=until) == ""
    assert newer_edition(known, until, on=date(2040, 1, 1)).startswith(("out since", "due since"))
    said = [newer_edition(known, until, on=until + timedelta(days=30 * n)) != "" for n in range(200)]
    assert said == sorted(said), "once there is a newer edition there always is"
    assert newer_edition(known, None, on=date(2040, 1, 1)) == "", "an edition without a day is not judged"


@pytest.mark.parametrize(
    ("key", "until", "on", "said"),
    [
        ("fuel_poverty_2022", "2022-12-31", "2026-05-14", "out since 2026-05-14: figures of 2024"),
        ("fuel_poverty_2022", "2022-12-31", "2023-05-31", ""),
        ("fuel_poverty_2022", "2024-12-31", "2025-05-31", ""),
        ("fuel_poverty_2022", "2024-12-31", "2025-06-01", "due since 2025-06-01 (spring of each year)"),
        ("saie_fye2020", "2020-03-31", "2025-12-09", ""),
        ("saie_fye2020", "2020-03-31", "2025-12-10", "out since 2025-12-10: financial year ending 2023"),
        ("os_open_roads", "2026-04-28", "2026-10-31", ""),
        (
            "os_open_roads",
            "2026-04-28",
            "2026-11-01",
            "due since 2026-11-01 (April and October of each year)",
        ),
        ("os_open_roads", "2026-10-28", "2027-04-30", ""),
        ("terrain50", "2025-07-01", "2026-07-31", ""),
        ("terrain50", "2025-07-01", "2026-08-01", "due since 2026-08-01 (July of each year)"),
        ("codepoint_open", "2025-10-28", "2026-01-01", "due since 2026-01-01 (quarterly)"),
        ("iod2019", "2016-03-31", "2025-10-30", "out since 2025-10-30: the Indices of 2025"),
        ("census2021_ts054", "2021-03-21", "2030-01-01", ""),
    ],
)
def test_a_newer_edition_is_named_from_the_day_it_is_out_or_due(
    key: str, until: str, on: str, said: str
) -> None:
    day = date.fromisoformat
    assert newer_edition(load_catalogue()[key], day(until), on=day(on)).startswith(said)
    if not said:
        assert newer_edition(load_catalogue()[key], day(until), on=day(on)) == ""


def test_an_edition_that_is_a_month_is_judged_by_itself_and_not_by_the_catalogue() -> None:
    def paper(edition: str) -> Source:
        return Source("codepoint_open", "t", "OS", edition, "2025-10", "OGL v3")

    on = date(2026, 9, 1)
    assert source_ages({"codepoint_open": paper("2025.4.0")}, on=on)["codepoint_open"].newer.startswith(
        "due since"
    )
    assert source_ages({"codepoint_open": paper("2026-08")}, on=on)["codepoint_open"].newer == ""


def test_sources_say_on_the_packs_own_day_or_another_what_is_newer(
    old: Pack, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["sources", str(old.path), "--as-of", "2026-11-22"])
    later = capsys.readouterr().out
    assert "newer edition out since 2026-05-14: figures of 2024" in later
    assert re.search(r"\d+ of \d+ sources have a newer edition: ", later)
    main(["sources", str(old.path), "--json"])
    own = json.loads(capsys.readouterr().out)
    assert own["as_of"] == old.manifest["settings"]["as_of"]
    assert all(one["years"] is None or one["years"] >= 0 for one in own["sources"])
    main(["sources", str(old.path), "--json", "--as-of", "2025-10-30"])
    by = {one["id"]: one for one in json.loads(capsys.readouterr().out)["sources"]}
    assert by["fuel_poverty_2022"]["newer_edition"].startswith("due since 2023-06-01")
    assert by["iod2019"]["newer_edition"].startswith("out since 2025-10-30")
    assert by["iod2019"]["years"] > 0


def test_a_service_says_of_a_superseded_edition_what_took_its_place(
    old: Pack, new: Pack, tmp_path: Path
) -> None:
    correct(old.path, new.path, reason=REASON, on=ON, out=tmp_path / "notice")
    for pack, marked in ((old, True), (new, False)):
        public = open_released([pack.path])
        (key,) = public
        holding = Holding(public, {key: {}}, {})
        document, _ = holding.profile(key, pack.authority, "html")
        for page in (document.content, holding.map(key).content):
            assert (f"superseded on 22 November 2026 by edition {new.id}" in page.decode()) is marked


def test_the_commands_speak_plainly(
    old: Pack, new: Pack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["correct", str(old.path), str(new.path), "--reason", REASON, "--date", "2026-11-22"]
    assert main([*asked, "--out", str(tmp_path / "notice")]) == 0
    assert main(["editions", str(old.path), str(new.path), "--out", str(tmp_path / "both.csv")]) == 0
    main(["sources", str(old.path), "--as-of", "2026-11-22", "--stale-after", "5"])
    said = capsys.readouterr().out
    assert "2 published figures differ" in said
    assert "superseded on 2026-11-22 by edition 0123456789abcdef" in said
    assert "years old on 2026-11-22: stale" in said
    assert "figures are stale" in said
