"""A council's own files in a pack: kept apart by unit and base, counted by area, nobody shown."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairplace.audits import BELOW, BELOW_SHARE, PlacedHomes, audit_figures, beside
from fairplace.disclosure import release
from fairplace.local_evidence import FEWEST_REPLIES, referral_figures, survey_figures
from fairplace.pack import Pack
from fairplace.profile.evidence import local_evidence
from fairplace.profile.model import Paragraph, Table, section_numbers
from fairplace.profile.words import load_words
from fairplace.register import RegisterError, read_register
from fairplace.small_numbers import hide_small
from layers.council.reader import read_council_file

AUTHORITY = "E06999001"


@pytest.fixture(scope="module")
def own(sample_pack: Pack) -> pd.DataFrame:
    figures = sample_pack.figures
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


@given(st.lists(st.integers(0, 40), min_size=1, max_size=12))
def test_no_hidden_count_follows_from_the_total(counts: list[int]) -> None:
    series = pd.Series(counts, index=[f"E{n}" for n in range(len(counts))], dtype=float)
    hidden = hide_small(series)
    small = (series > 0) & (series <= 4)
    assert hidden[small].all()
    if not small.any():
        assert not hidden.any()
        return
    rest = float(series.sum() - series[~hidden].sum())  # what subtraction tells
    unknown = int(hidden.sum())
    could_be_large = rest - (unknown - 1) > 4
    everything = bool((hidden == (series > 0)).all())
    assert everything or (unknown >= 2 and could_be_large)


def test_all_but_a_few_is_as_small_as_a_few() -> None:
    counts = pd.Series({"a": 58.0, "b": 30.0, "c": 20.0})
    bases = pd.Series({"a": 60.0, "b": 90.0, "c": 90.0})
    assert hide_small(counts, bases=bases)["a"]


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
        assert {name, f"{name}_target"} <= set(now["indicator"])
        assert all(one[field] for field in ("numerator", "denominator", "unit"))
    slope = now[now["indicator"] == "register_children_below_mis_slope"].iloc[0]
    assert slope["high"] < 0, "fewer children are below the standard in the least deprived wards"


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
