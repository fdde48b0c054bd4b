"""Walks in a profile: counted along streets or not at all, the same for a place however it is named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fairplace.disclosure import release
from fairplace.drawn import release_place
from fairplace.pack import Pack
from fairplace.profile.access import access
from fairplace.profile.content import Place, compose, find_place
from fairplace.profile.model import Drawing, Number, Paragraph, Profile, Section, Table
from fairplace.profile.words import load_words
from fairplace.walking import LIMITS, NEAREST, SOURCE, walking_figures


def section(profile: Profile) -> Section:
    return next(one for one in profile.sections if one.id == "access")


@pytest.fixture(scope="module")
def walks(sample_pack: Pack) -> pd.DataFrame:
    figures = sample_pack.figures
    return figures[figures["source"] == SOURCE.id]


def test_more_minutes_reach_no_fewer_people_and_all_stand_in_one_area(walks: pd.DataFrame) -> None:
    shares = walks[walks["unit"] == "share"]
    parts = shares["group"].str.extract(r"^(\w+): (\d+) minutes$")
    wide = shares.assign(service=parts[0], limit=parts[1].astype(int)).pivot_table(
        index=["geography", "code", "indicator", "service"], columns="limit", values="count"
    )
    assert list(wide.columns) == list(LIMITS)
    assert (np.diff(wide.to_numpy(), axis=1) >= 0).all()
    assert (shares["count"] <= shares["base"]).all()
    one = shares[(shares["group"] == "gp: 15 minutes") & (shares["indicator"] == "walk_residents_share")]
    bases = one.groupby("geography")["base"].sum()
    # Each geography's areas are rounded by themselves.
    assert bases.to_numpy() == pytest.approx(bases["lad25"], abs=20)


def test_the_nearest_is_one_of_its_kind_and_agrees_with_the_count(
    sample_pack: Pack, walks: pd.DataFrame
) -> None:
    nearest = walks[walks["indicator"] == NEAREST]
    assert not nearest.duplicated(["geography", "code", "group"]).any()
    services = nearest["group"].str.partition(": ")
    assert not nearest.assign(service=services[0]).duplicated(["geography", "code", "service"]).any()
    gps = set(sample_pack.places("points", "gp_practices").query("kind == 'gp'")["name"])
    assert set(services[2][services[0] == "gp"]) <= gps
    assert nearest["value"].between(0, 200).all()


def test_the_tables_hold_what_the_curve_draws(sample_pack: Pack) -> None:
    released = release(sample_pack, "public")
    place = find_place(released, str(sample_pack.areas("wd25").index[1]))
    held = section(compose(released, place))
    tables = {one.id: one for one in held.blocks if isinstance(one, Table)}
    drawing = next(one for one in held.blocks if isinstance(one, Drawing))
    rows = {row[0]: row[1:] for row in tables[drawing.twin].rows}
    for service, line in drawing.data["reach"].items():
        assert [cell.row["value"] for cell in rows[service]] == list(line)
    text = " ".join(one.text for one in held.blocks if isinstance(one, Paragraph))
    for said in ("4.8 km/h", "one way", "population-weighted centre", "Walking only, buses not included"):
        assert said in text
    first = next(row for row in tables["access-table"].rows if row[0] == "GP practice")
    assert isinstance(first[2], Number)
    assert first[1] == first[2].row["group"].partition(": ")[2]


def test_a_drawn_area_is_walked_from_by_its_own_people(sample_pack: Pack, walks: pd.DataFrame) -> None:
    code = str(sample_pack.areas("lsoa21").index[3])
    square = sample_pack.areas("lsoa21").geometry[code].buffer(150).wkt
    released, *found = release_place(sample_pack, f"SRID=27700;{square}", "public")
    own = released.figures[(released.figures["code"] == found[1]) & (released.figures["source"] == SOURCE.id)]
    assert set(own["indicator"]) == set(walks["indicator"])
    tables = [one for one in section(compose(released, Place(*found))).blocks if isinstance(one, Table)]
    assert len(tables) == 2


def test_the_same_people_under_two_names_walk_the_same(sample_pack: Pack, walks: pd.DataFrame) -> None:
    from geo.network import load_network

    network = load_network(sample_pack.path / "networks" / "streets")
    people = sample_pack.places("points", "people")
    services = sample_pack.places("points", "libraries").assign(service="library")[
        ["service", "name", "geometry"]
    ]
    code = people["lsoa"].iloc[0]
    inside = people[people["lsoa"] == code].reset_index(drop=True)
    alone = walking_figures(network, inside, services, {"area": pd.Series("here", index=inside.index)})
    for row in alone.figures[alone.figures["unit"] == "share"].to_dict("records"):
        whole = walks[
            (walks["geography"] == "lsoa21")
            & (walks["code"] == code)
            & (walks["indicator"] == row["indicator"])
            & (walks["group"] == row["group"])
        ]
        assert whole["count"].to_list() == [row["count"]]


def test_without_streets_the_section_says_so_and_gives_no_number(
    sample_pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = sample_pack.figures[sample_pack.figures["source"] != SOURCE.id]
    monkeypatch.setattr(Pack, "figures", property(lambda _: without))
    monkeypatch.setattr(Pack, "held", lambda *_: [])
    released = release(sample_pack, "public")
    (only,) = section(compose(released, find_place(released, sample_pack.authority))).blocks
    assert isinstance(only, Paragraph)
    assert "street network was not part" in only.text
    assert "straight line are not given" in only.text


def test_services_that_are_not_held_are_named_as_not_known(sample_pack: Pack) -> None:
    released = release(sample_pack)
    ward = str(sample_pack.areas("wd25").index[0])
    place = find_place(released, ward)
    notes = [one.text for one in access(load_words(), released, place).blocks if isinstance(one, Paragraph)]
    assert any(one == "Not held, so not known: bus stops." for one in notes), notes
    gone = (released.figures["code"] == ward) & released.figures["group"].str.startswith("pharmacy: ")
    fewer = replace(released, figures=released.figures[~gone])
    notes = [one.text for one in access(load_words(), fewer, place).blocks if isinstance(one, Paragraph)]
    assert f"Held, but not known for {place.name}: pharmacies." in notes
