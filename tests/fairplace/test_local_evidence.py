"""A council's own files in a pack: kept apart by unit and base, counted by area, nobody shown."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairplace.audits import BELOW, BELOW_SHARE, PlacedHomes, audit_figures, beside
from fairplace.disclosure import Nest, Sums, release, release_figures
from fairplace.local import read_local
from fairplace.local_evidence import FEWEST_REPLIES, referral_figures, survey_figures
from fairplace.local_figures import make_figures
from fairplace.local_sums import SumsError, own_groups, read_sums
from fairplace.pack import Pack, open_pack
from fairplace.profile.evidence import local_evidence
from fairplace.profile.model import Number, Paragraph, Table, section_numbers
from fairplace.profile.words import load_words
from fairplace.register import Register, RegisterError, read_register, register_figures
from fairplace.spine import read_spine
from geo.figures import FIGURE_KEY, tidy_figures
from geo.source import Source
from layers.council.reader import read_council_file
from layers.holdings import scan

AUTHORITY = "E06999001"


@pytest.fixture(scope="module")
def own(sample_pack: Pack) -> pd.DataFrame:
    figures = pd.concat([sample_pack.figures, sample_pack.own_figures])
    return figures[figures["source"].str.startswith(("local_", "counts_"))]


@pytest.fixture(scope="module")
def shown(sample_pack: Pack) -> pd.DataFrame:
    figures = release(sample_pack).figures
    return figures[figures["source"].str.startswith(("local_", "counts_"))]


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


# Audits


def homes(below: int, audited: int, *, random: str) -> PlacedHomes:
    frame = pd.DataFrame(
        {
            "below_standard": ["yes"] * below + ["no"] * (audited - below),
            "random_sample": random,
            "epc_band": "D",
            "grade": "A",
            "lsoa21": "E01000001",
            "wd25": "E05000001",
            "lad25": "E06000032",
        }
    )
    return PlacedHomes(frame, ())


def audits(placed: PlacedHomes) -> pd.DataFrame:
    areas = {"lsoa21": ["E01000001"], "wd25": ["E05000001"], "lad25": ["E06000032"]}
    figures, _, _ = audit_figures(
        placed,
        period="2025",
        source="counts_homes",
        authority="E06000032",
        areas={key: pd.Index(codes) for key, codes in areas.items()},
    )
    return figures.set_index(["geography", "indicator", "group"])


def test_eighteen_of_1930_homes_audited_have_an_interval_only_if_drawn_at_random() -> None:
    row = audits(homes(18, 1930, random="yes")).loc[("lad25", BELOW_SHARE, "")]
    # 18 of 1,930 is 0.93 %, Wilson 0.59 to 1.47 (field sheet of intervals).
    assert round(row["value"] * 100, 2) == 0.93
    assert (round(row["low"] * 100, 2), round(row["high"] * 100, 2)) == (0.59, 1.47)
    assert row["interval"] == "95 % Wilson"
    chosen = audits(homes(18, 1930, random="no")).loc[("lad25", BELOW_SHARE, "")]
    assert (chosen["count"], chosen["base"], chosen["interval"]) == (18, 1930, "")
    assert np.isnan(chosen["low"])


def test_below_wards_only_how_many_were_audited_is_kept(own: pd.DataFrame) -> None:
    held = own[own["source"] == "counts_homes"].groupby("geography")["indicator"].unique()
    assert set(held["lsoa21"]) == {"homes_audited", "homes_audited_of_stock_share"}
    assert BELOW in held["wd25"]


def test_homes_are_counted_once_and_none_is_in_the_pack(
    sample_pack: Pack, own: pd.DataFrame, sample_data: Path
) -> None:
    table = pd.read_csv(sample_data / "restricted" / "homes" / "homes.csv", dtype=str)
    whole = own[(own["indicator"] == "homes_audited") & (own["geography"] == "lad25")]["value"].iloc[0]
    assert whole == len(table)
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(sample_pack.path.glob("*.json"))) + (
        sample_pack.path / "dictionary.csv"
    ).read_text(encoding="utf-8")
    assert not any(one in text for one in table["uprn"].head(200))
    assert not {"homes", "refuges", "childminders"} & set(sample_pack.held("points"))
    assert "refuge" not in " ".join(sample_pack.figures["indicator"].unique())


def test_audits_stand_beside_poverty_fuel_and_tenure_of_the_same_wards(sample_pack: Pack) -> None:
    table = beside(release(sample_pack).figures)
    assert len(table) == len(sample_pack.areas("wd25"))
    assert {"homes_audited", "mis_people_below_share", "fuel_poverty_share", "tenure_private_share"} <= set(
        table
    )


# Small numbers


COUNCIL = Source("local_events", "Events", "The council", "2025", "2025", "council")
WARDS = [f"E0500000{n}" for n in range(1, 10)]


def released_wards(counts: list[int], *, total: bool) -> pd.DataFrame:
    values = pd.Series(counts, index=WARDS[: len(counts)], dtype=float)
    common = {"indicator": "event_people", "period": "2025", "unit": "people", "source": COUNCIL.id}
    parts = [make_figures(values, geography="wd25", **common)]
    if total:
        parts.append(make_figures(pd.Series({AUTHORITY: values.sum()}), geography="lad25", **common))
    shown, _ = release_figures(
        tidy_figures(parts),
        sources={COUNCIL.id: COUNCIL},
        edition="public",
        nests=[Nest("wd25", "lad25", dict.fromkeys(WARDS, AUTHORITY))],
    )
    return shown[shown["geography"] == "wd25"].set_index("code").reindex(values.index)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=9), st.booleans())
def test_no_hidden_count_follows_from_the_total_whether_or_not_it_is_shown(
    counts: list[int], total: bool
) -> None:
    series = np.array(counts)
    hidden = (released_wards(counts, total=total)["status"] == "suppressed").to_numpy()
    small = (series > 0) & (series <= 4)
    assert hidden[small].all()
    if not small.any():
        assert not hidden.any()
        return
    known = int(series.sum())
    unknown = int(hidden.sum())
    could_be_large = known - int(series[~hidden].sum()) - (unknown - 1) > 4
    everything = bool((hidden == (series > 0)).all())
    assert everything or (unknown >= 2 and could_be_large)


def test_a_sum_that_the_council_states_counts_as_known(tmp_path: Path) -> None:
    kinds = {"dental": 3.0, "bus": 30.0, "advice": 40.0}
    common = {"indicator": "seen", "period": "2025", "unit": "people", "source": COUNCIL.id}
    parts = [
        make_figures(pd.Series({ward: number}), geography="wd25", group=kind, **common)
        for kind, number in kinds.items()
        for ward in WARDS[:1]
    ]
    figures = tidy_figures(parts)
    (tmp_path / "sums.toml").write_text(
        '[[sums]]\nwhole = ["report", ""]\nparts = [["seen", "dental"], ["seen", "bus"]]\n', encoding="utf-8"
    )
    stated = [
        Sums(tuple(one["whole"]), tuple(tuple(part) for part in one["parts"]))
        for one in read_sums(tmp_path / "sums.toml", own_groups([figures]))
    ]
    gone = [
        set(shown.loc[shown["status"] == "suppressed", "group"])
        for shown, _ in (
            release_figures(figures, sources={COUNCIL.id: COUNCIL}, edition="public", sums=sums)
            for sums in ([], stated)
        )
    ]
    assert gone == [{"dental"}, {"dental", "bus"}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[sums]\n", "sums.toml cannot be read"),
        ('[[sums]]\nwhole = ["a", ""]\nparts = [["seen", "dental"]]\n', "sum 1: needs a whole and two parts"),
        (
            '[[sums]]\nwhole = ["a", ""]\nparts = [["seen", "dental"], ["seen", "bus"]]\n',
            '"seen" of group "dental" is not among the own figures; they are events',
        ),
    ],
)
def test_a_stated_sum_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "sums.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SumsError, match=said):
        read_sums(tmp_path / "sums.toml", {("events", "")})


def test_all_but_a_few_is_as_small_as_a_few_and_a_network_is_shown_whole_or_not_at_all(
    tmp_path: Path,
) -> None:
    # Of 60 referred to the first network 58 came: two did not, and all its figures go, with a second's.
    rows = [("UZ1", 60, 58), ("UZ2", 90, 40), ("UZ3", 80, 30)]
    text = (
        "period,organisation_code,organisation_name,sessions,referrals,attended,referred_new_clients,issues\n"
    )
    text += "".join(f"2025,{code},{code},20,{sent},{came},20,{came * 4}\n" for code, sent, came in rows)
    table = read_council_file(write(tmp_path, "referrals.csv", text), "referrals")
    figures, _, _, _ = referral_figures(table, authority=AUTHORITY)
    shown, _ = release_figures(figures, sources={table.source.id: table.source}, edition="public")
    state = shown[shown["status"] != "missing"].groupby("group")["status"].unique()
    assert state["UZ1"].tolist() == ["suppressed"]
    assert all(len(one) == 1 for one in state)
    assert (state == "suppressed").map(bool).map(int).sum() >= 2


def test_raw_counts_lie_in_the_restricted_part_and_a_pack_without_it_is_whole(
    sample_pack: Pack, tmp_path: Path
) -> None:
    own = sample_pack.own_figures
    assert not (own["status"] == "suppressed")[own["source"].str.startswith("counts_")].any()
    assert not set(sample_pack.figures["source"]) & {"counts_homes", "local_events", "local_referrals"}
    small = own["unit"].isin(["homes", "people"]) & own["value"].between(1, 4)
    assert small.any()
    hidden = release(sample_pack).figures.query("status == 'suppressed'")
    assert set(map(tuple, own.loc[small, FIGURE_KEY].to_numpy())) <= set(
        map(tuple, pd.concat([hidden, _below_floor(sample_pack)])[FIGURE_KEY].to_numpy())
    )
    shutil.copytree(sample_pack.path, tmp_path / "sent")
    shutil.rmtree(tmp_path / "sent" / "restricted")
    sent = open_pack(tmp_path / "sent")
    assert sent.changed_files() == []
    assert "homes_audited" not in set(release(sent).figures["indicator"])
    assert "residents" in set(release(sent).figures["indicator"])


def _below_floor(pack: Pack) -> pd.DataFrame:
    own = pack.own_figures
    return own[own["geography"] != own["floor"]]


# Referrals, surveys, register


REFERRALS = """period,organisation_kind,organisation_code,organisation_name,sessions,referrals,attended,referred_new_clients,issues,gains_pounds,gains_status
2025-Q1,pcn,UZ1,North PCN,120,170,120,130,640,40000,confirmed
2025-Q2,pcn,UZ2,South PCN,119,163,111,126,624,38000,confirmed
2025-Q3,pcn,UZ1,North PCN,0,0,0,0,0,9000,estimated
"""


def test_sessions_referrals_and_attendances_keep_their_own_bases(tmp_path: Path) -> None:
    # The sums are 239 sessions, 333 referred, 231 came, 1,264 issues and 78,000 pounds confirmed.
    table = read_council_file(write(tmp_path, "referrals.csv", REFERRALS), "referrals")
    figures, _, names, notes = referral_figures(table, authority=AUTHORITY)
    whole = figures[figures["group"] == ""].set_index("indicator")
    assert whole.loc[["referrals_sessions", "referrals", "referrals_attended"], "value"].to_list() == [
        239,
        333,
        231,
    ]
    came = whole.loc["referrals_attended_share"]
    assert [round(came[one] * 100, 1) for one in ("value", "low", "high")] == [69.4, 64.2, 74.1]
    assert came["base"] == 333
    assert round(whole.loc["referrals_issues_per_attender", "value"], 1) == 5.5
    assert round(whole.loc["referrals_gains_per_attender", "value"]) == 338
    assert whole.loc["referrals_new_share", "count"] == 256
    assert names == {"UZ1": "North PCN", "UZ2": "South PCN"}
    assert "not confirmed" in notes[0]
    assert set(figures["geography"]) == {"lad25"}, "a network is a list, never an area"


def test_estates_with_few_replies_cannot_be_found_by_subtraction(
    own: pd.DataFrame, sample_data: Path
) -> None:
    table = read_council_file(sample_data / "local" / "survey.csv", "survey")
    replies = table.frame.groupby("estate")["base"].max()
    few = set(replies.index[replies < FEWEST_REPLIES])
    rows = own[own["indicator"].str.startswith("survey_")]
    assert few
    assert set(rows.loc[rows["group"].isin(few), "status"]) == {"suppressed"}
    whole = rows[(rows["indicator"] == "survey_replies") & (rows["group"] == "")]["value"].iloc[0]
    assert whole == replies[replies >= FEWEST_REPLIES].sum()
    assert rows["low"].isna().all(), "people chose to answer: no interval"
    random, _, _, _ = survey_figures(
        type(table)(table.schema, table.frame.assign(sample="random"), table.lines, table.source),
        authority=AUTHORITY,
    )
    assert random.loc[random["indicator"] == "survey_home_warm_enough", "low"].notna().any()


def test_the_register_holds_28_indicators_of_eight_principles_with_targets(
    own: pd.DataFrame, sample_pack: Pack
) -> None:
    listed = sample_pack.manifest["settings"]["local"]["register"]
    assert len(listed) == 28
    assert {one["principle"] for one in listed} == set(range(1, 9))
    now = own[(own["geography"] == "lad25") & (own["group"] == "")]
    for one in listed:
        name = f"register_{one['id']}"
        if not one["pack_indicator"]:
            assert name in set(now["indicator"])
        assert (f"{name}_target" in set(now["indicator"])) == (one["id"] != "workforce")  # not set yet
        assert all(one[field] for field in ("numerator", "denominator", "unit"))
    slope = now[now["indicator"] == "register_absence_slope"].iloc[0]
    assert slope["high"] < 0, "fewer pupils are absent in the least deprived wards"
    assert not any(now["indicator"].str.match(r"register_\w+_below_mis(_slope)?$")), "they are the pack's own"


def test_a_rate_has_the_ratio_of_its_two_ends_with_a_range(own: pd.DataFrame) -> None:
    held = own.query("geography == 'lad25' and group == ''").set_index("indicator")
    slope, ratio = (held.loc[f"register_early_cancer_deaths_{end}"] for end in ("slope", "ratio"))
    assert slope["unit"].startswith("per 100,000")
    assert slope["value"] < 0
    assert ratio["low"] < ratio["value"] < ratio["high"]
    assert ratio["value"] > 1
    rate = held.loc["register_early_cancer_deaths"]
    assert (rate["unit"], rate["period"]) == ("per 100,000", "2020 to 2024")
    assert rate["low"] < rate["value"] < rate["high"]
    assert "register_smoking_ratio" not in held.index, "a share has a difference"


def test_thirty_one_where_shares_run_to_one_is_refused_by_row(tmp_path: Path) -> None:
    listed = write(
        tmp_path,
        "indicators.csv",
        "id,principle,definition,unit,numerator,denominator,polarity,source\nsmoking,6,Adults who smoke,share,smokers,adults,low,ONS\n",
    )
    head = "id,code,geography,period,value\n"
    values = write(tmp_path, "indicator_values.csv", f"{head}smoking,{AUTHORITY},lad25,2024,31\n")
    with pytest.raises(
        RegisterError, match=r"row 2: value is 31 where shares run from 0 to 1; write 0.31, or 31%"
    ):
        read_register(listed, values, publisher="X")
    values = write(tmp_path, "indicator_values.csv", f"{head}drinking,{AUTHORITY},lad25,2024,0.31\n")
    with pytest.raises(RegisterError, match=r'"drinking" is not in indicators.csv'):
        read_register(listed, values, publisher="X")


LISTED = "id,principle,definition,unit,numerator,denominator,polarity,source,basis,pack_indicator\n"
POOR = "poor,4,People below the standard,share,people below,people,low,Own"


def register_of(folder: Path, listed: str, values: str) -> Register:
    path = write(folder, "indicators.csv", LISTED + listed)
    head = "id,code,geography,period,value,count,base\n"
    return read_register(path, write(folder, "indicator_values.csv", head + values), publisher="X")


@pytest.mark.parametrize(
    ("row", "values", "said"),
    [
        (
            ",mis_people_below_share",
            f"poor,{AUTHORITY},lad25,2024,0.43,43,100\n",
            r'row 2: "poor" is a figure of',
        ),
        (",register_poor", "", r'row 2: pack_indicator "register_poor" is of the register'),
    ],
)
def test_one_thing_has_one_number_and_a_second_is_refused_by_row(
    row: str, values: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(RegisterError, match=said):
        register_of(
            tmp_path,
            f"{POOR},{row}\nother,4,Other,share,a,b,low,Own,,\n",
            values or f"other,{AUTHORITY},lad25,2024,0.1,1,10\n",
        )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            f"{POOR},,mis_people_belw_share",
            r'"mis_people_belw_share" is no figure .* "mis_people_below_share"',
        ),
        (
            f"{POOR.replace('share', 'score')},,mis_people_below_share",
            r'unit is "score" where .* is in "share"',
        ),
    ],
)
def test_a_figure_that_no_pack_has_or_in_another_unit_is_refused(row: str, said: str, tmp_path: Path) -> None:
    published = make_figures(
        pd.Series({AUTHORITY: 0.47}), indicator="mis_people_below_share", geography="lad25", period="2025",
        unit="share", source="mis_model",
    )  # fmt: skip
    listed = f"{row}\nother,4,Other,share,a,b,low,Own,,\n"
    register = register_of(tmp_path, listed, f"other,{AUTHORITY},lad25,2024,0.1,1,10\n")
    with pytest.raises(RegisterError, match=said):
        register_figures(register, authority=AUTHORITY, areas={}, published=published)


def test_a_register_of_the_packs_own_figures_needs_no_file_of_values(
    sample_data: Path, tmp_path: Path
) -> None:
    spine = read_spine(scan(sample_data), AUTHORITY)
    published = make_figures(
        pd.Series({AUTHORITY: 0.47}), indicator="mis_people_below_share", geography="lad25", period="2025",
        unit="share", source="mis_model",
    )  # fmt: skip
    head = LISTED.replace("basis", "target,basis")
    write(tmp_path, "indicators.csv", f"{head}{POOR},0.4,,mis_people_below_share\n")
    local = read_local(tmp_path, spine=spine, published=published)
    assert [one["id"] for one in local.settings["register"]] == ["poor"]
    target = local.own_figures.set_index("indicator").loc["register_poor_target"]
    assert (target["value"], target["code"], target["source"]) == (0.4, AUTHORITY, "local_indicators")
    assert [one.file for one in local.sources if one.id == "local_indicators"] == ["indicators.csv"]
    assert not any("no value yet" in note for note in local.notes)
    # What is no figure of the pack has no value then, and the build says so.
    write(tmp_path, "indicators.csv", f"{head}{POOR},0.4,,\n")
    local = read_local(tmp_path, spine=spine, published=published)
    assert any("1 of the 1 indicators of the register have no value yet: poor" in n for n in local.notes)


@pytest.mark.parametrize(("basis", "ranged"), [("", True), ("survey", True), ("modelled", False)])
def test_no_range_or_slope_is_formed_of_what_a_council_says_is_modelled(
    basis: str, ranged: bool, tmp_path: Path
) -> None:
    # Ten wards from 20 to 29 in 100, from the least to the most deprived; 245 in 1,000 over all.
    wards = [f"E0599910{n}" for n in range(10)]
    rows = [f"poor,{ward},wd25,2024,{(20 + n) / 100},{20 + n},100" for n, ward in enumerate(wards)]
    rows.append(f"poor,{AUTHORITY},lad25,2024,0.245,245,1000\n")
    figures, _, _ = register_figures(
        register_of(tmp_path, f"{POOR},{basis},\n", "\n".join(rows)),
        authority=AUTHORITY,
        areas={"wd25": pd.Index(wards), "lad25": pd.Index([AUTHORITY])},
        deprivation=pd.Series(range(10), index=wards, dtype=float),
        residents=pd.Series(100.0, index=wards),
    )
    whole = figures[figures["geography"] == "lad25"].set_index("indicator")
    assert whole.loc["register_poor", "basis"] == (basis or "counted")
    assert (whole.loc["register_poor", "low"] > 0) == ranged
    assert ("register_poor_slope" in whole.index) == ranged


def test_small_numbers_that_a_council_calls_modelled_are_hidden_all_the_same(tmp_path: Path) -> None:
    wards = [f"E0599910{n}" for n in range(3)]
    rows = [f"poor,{ward},wd25,2024,{n / 100},{n},100" for ward, n in zip(wards, (3, 40, 30), strict=True)]
    register = register_of(tmp_path, f"{POOR},modelled,\n", "\n".join(rows) + "\n")
    figures, _, _ = register_figures(register, authority=AUTHORITY, areas={"wd25": pd.Index(wards)})
    shown, _ = release_figures(figures, sources={register.source.id: register.source}, edition="public")
    assert shown.set_index("code").loc[wards[0], "status"] == "suppressed"


def test_a_counted_figure_of_the_pack_has_the_slope_of_its_wards(
    sample_pack: Pack, own: pd.DataFrame
) -> None:
    # Named by the register, read from the census: its slope has the census' papers, and its period.
    figures = pd.concat([sample_pack.figures, sample_pack.own_figures])
    slope = figures[figures["indicator"] == "register_overcrowding_slope"]
    census = figures[(figures["indicator"] == "overcrowded_share") & (figures["geography"] == "lad25")]
    assert slope[["source", "period"]].values.tolist() == census[["source", "period"]].values.tolist()
    assert slope["high"].iloc[0] < 0
    assert not own["indicator"].str.startswith("register_homes_below_standard_slope").any(), (
        "small numbers of wards could be worked out from a slope over what the council counts itself"
    )


@pytest.mark.parametrize("geography", ["lad25", "wd25"])
def test_the_table_of_the_register_gives_the_packs_own_figure_and_says_that_it_is_modelled(
    sample_pack: Pack, geography: str
) -> None:
    released = release(sample_pack)
    code = str(released.areas(geography).index[0])
    section = local_evidence(load_words(), released, geography=geography, code=code, area="X")
    table = next(one for one in section.blocks if isinstance(one, Table) and one.id == "register-4")
    row = next(
        one for one in table.rows if str(one[0]).startswith("People below the Minimum Income Standard")
    )
    assert ", modelled with a 90% range" in str(row[0])
    numbers = [one for one in row if isinstance(one, Number) and one.row["source"] == "mis_model"]
    assert {str(one.row["code"]) for one in numbers} == {code, AUTHORITY}
    assert all(one.row["indicator"] == "mis_people_below_share" and " to " in one.text for one in numbers)
    assert "[x]: modelled" in row
    assert any("modelled" in note for note in table.notes)
    said = load_words()("evidence", "own_shares")
    registers = [one for one in section.blocks if isinstance(one, Table) and one.id.startswith("register-")]
    assert [said in one.notes for one in registers] == [
        any(
            isinstance(cell, Number)
            and cell.row["source"] in ("local_indicator_values", "counts_homes")
            and cell.row["unit"] == "share"
            and cell.row["base"] > 0
            for row in one.rows
            for cell in row[1:3]
        )
        for one in registers
    ]
    assert any(said in one.notes for one in registers)


# The pack and the profile


def test_what_is_marked_not_public_is_in_no_point_and_no_count(
    sample_pack: Pack, sample_data: Path, own: pd.DataFrame
) -> None:
    table = pd.read_csv(sample_data / "local" / "services.csv")
    secret = table[table["public"] == "no"]
    points = sample_pack.places("points", "services")
    assert len(secret)
    assert not set(secret["id"]) & set(points["id"])
    whole = own[(own["indicator"] == "services") & (own["geography"] == "lad25") & (own["group"] == "")]
    assert whole["value"].iloc[0] == len(table) - len(secret)
    assert "attendance" not in sample_pack.places("points", "events").columns


@pytest.mark.parametrize("geography", ["lad25", "wd25", "lsoa21"])
def test_every_number_of_the_section_is_a_released_figure(sample_pack: Pack, geography: str) -> None:
    released = release(sample_pack)
    code = str(released.areas(geography).index[0])
    section = local_evidence(load_words(), released, geography=geography, code=code, area="X")
    keys = ["code", "geography", "indicator", "group", "period", "source"]
    held = set(released.figures[keys].astype(str).agg("|".join, axis=1))
    numbers = section_numbers([section])
    assert len(numbers) > 50
    assert {one.key for one in numbers} <= held
    titles = {block.id for block in section.blocks if isinstance(block, Table)}
    assert {f"register-{n}" for n in range(1, 9)} | {"events", "survey", "referrals"} <= titles


def test_the_audit_sentence_says_of_how_many_and_that_it_is_no_sample(sample_pack: Pack) -> None:
    section = local_evidence(load_words(), release(sample_pack), geography="lad25", code=AUTHORITY, area="H")
    text = " ".join(block.text for block in section.blocks if isinstance(block, Paragraph))
    assert "28 of the 1,200 homes audited" in text
    assert "not drawn at random" in text


def test_no_hidden_note_or_path_of_a_local_file_is_in_the_manifest(
    sample_pack: Pack, sample_data: Path
) -> None:
    text = json.dumps(sample_pack.manifest)
    assert str(sample_data) not in text
    assert "Childminder 1" not in text


def test_shares_of_the_survey_are_right_to_the_step_that_the_note_under_them_states(
    sample_pack: Pack, own: pd.DataFrame
) -> None:
    section = local_evidence(load_words(), release(sample_pack), geography="lad25", code=AUTHORITY, area="H")
    table = next(one for one in section.blocks if isinstance(one, Table) and one.id == "survey")
    true = own.set_index(["indicator", "group"])["value"]
    shares = [cell for row in table.rows[1:] for cell in row if isinstance(cell, Number) and "%" in cell.text]
    assert len(shares) > 15
    for cell in shares:
        share, base = float(cell.text.rstrip("%")) / 100, float(cell.row["base"])
        step = next(step for most, step in ((10, 0.2), (20, 0.1), (50, 0.05), (100, 0.02)) if base <= most)
        assert abs(share - true[cell.row["indicator"], cell.row["group"]]) <= 0.6 * step
        assert round(share / step, 6) % 1 == 0
    assert all(int(cell.text) % 5 == 0 for cell in table.rows[0] if isinstance(cell, Number))
    assert "10% of up to 20, 5% of up to 50, 2% of up to 100" in " ".join(table.notes)


def _said(pack: Pack, code: str, geography: str = "wd25") -> list[str]:
    section = local_evidence(load_words(), release(pack), geography=geography, code=code, area="This Ward")
    return [one.text for one in section.blocks if isinstance(one, Paragraph)]


def _with(pack: Pack, own: pd.DataFrame) -> Pack:
    """A pack with other figures of its own."""
    changed = replace(pack)
    object.__setattr__(changed, "__dict__", {**pack.__dict__, "own_figures": own})
    return changed


def test_numbers_of_the_authority_in_the_profile_of_a_ward_say_whose_they_are_and_of_when(
    sample_pack: Pack,
) -> None:
    text = _said(sample_pack, str(sample_pack.areas("wd25").index[0]))
    name = sample_pack.name
    for begins in ("Energy bands found", "Certificates by band", "People seen", "Share of residents of"):
        said = next(one for one in text if one.startswith(begins))
        before = said.split(": ")[0]
        assert name in before, said
        assert "20" in before or "as the council holds it" in before, said
    fifths = next(one for one in text if one.startswith("Share of residents of"))
    assert "within 400 metres of a route" in fifths
    assert "by the modelled share" in fifths
    for begins in ("Anchor institutions", "Walking and cycling", "Sites that the Local Plan"):
        assert "as the council holds it" in next(one for one in text if one.startswith(begins))
    assert "of 4 January 2019 to" in next(one for one in text if one.startswith("Of homes with an energy"))


def test_each_column_beside_the_audits_has_its_own_period(sample_pack: Pack) -> None:
    section = local_evidence(load_words(), release(sample_pack), geography="lad25", code=AUTHORITY, area="H")
    table = next(one for one in section.blocks if isinstance(one, Table) and one.id == "audits-beside")
    whens = [one.rpartition(" (")[2].rstrip(")") for one in table.head[1:]]
    assert whens[0] == whens[1] == "1 April 2024 to 13 August 2025"
    assert whens[2:] == ["FYE 2025", "2022", "21 March 2021", "21 March 2021"]
    assert "2024" not in table.caption


def test_one_event_is_one_and_where_there_was_none_nobody_is_missing(sample_pack: Pack) -> None:
    ward = str(sample_pack.areas("wd25").index[0])
    own = sample_pack.own_figures
    here = (own["indicator"] == "events") & (own["code"] == ward)
    assert here.sum() == 1
    said = {
        number: next(
            one
            for one in _said(_with(sample_pack, own.assign(value=own["value"].mask(here, number))), ward)
            if "held in This Ward" in one
        )
        for number in (0.0, 1.0, 2.0)
    }
    assert said[0.0] == "0 events were held in This Ward, 22 January 2025 to 24 October 2025."
    assert said[1.0].startswith("1 event was held in This Ward, ")
    assert said[2.0].startswith("2 events were held in This Ward, ")


def test_every_service_in_an_area_is_named_however_many(
    sample_pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = release(sample_pack)
    points = released.places("points", "services")
    ward = str(released.areas("wd25").index[0])
    inside = released.areas("wd25").geometry[ward].representative_point()
    many = pd.concat([points.head(1)] * 45, ignore_index=True).assign(geometry=inside)
    many["name"] = [f"Service {n:02d}" for n in range(45)]
    held = type(released).places
    monkeypatch.setattr(
        type(released),
        "places",
        lambda one, kind, name: many if name == "services" else held(one, kind, name),
    )
    section = local_evidence(load_words(), released, geography="wd25", code=ward, area="This Ward")
    assert any("Service 44." in one.text for one in section.blocks if isinstance(one, Paragraph))


def test_a_row_that_is_not_there_is_missing_and_not_inapplicable(sample_pack: Pack) -> None:
    own = sample_pack.own_figures
    gone = (own["indicator"] == "certificates_below_c_share") & (own["geography"] == "wd25")
    text = _said(_with(sample_pack, own[~gone]), str(sample_pack.areas("wd25").index[0]))
    assert any("18 April 2025 [x] in This Ward" in one for one in text)
