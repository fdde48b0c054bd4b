"""The pack: whole, the same twice, and able to say that it was changed."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from fairplace.disclosure import release, release_figures
from fairplace.pack import Contents, PackError, open_pack, write_pack
from geo.crosswalk import nested
from geo.figures import tidy_figures
from geo.geography import Geography
from geo.source import Source

LSOA, LAD = Geography.parse("lsoa21"), Geography.parse("lad25")
CODES = ["E01000001", "E01000002"]
PUBLISHED = Source("census", "Census table", "ONS", "2021", "2021", "OGL v3", controlled=True)
OWN = Source("referrals", "Referrals", "The council", "2025", "2025", "council")
MEMBER = Source("members", "Member map", "OS", "2025", "2025", "PSGA", licence_class="member-only")


def row(code: str, indicator: str, value: float, **more: object) -> dict[str, object]:
    return {
        "code": code,
        "geography": "lsoa21",
        "indicator": indicator,
        "period": "2021",
        "value": value,
        "unit": "people",
        "basis": "counted",
        "status": "ok",
        "floor": "lsoa21",
        "source": "census",
        **more,
    }


FIGURES = tidy_figures(
    [
        pd.DataFrame(
            [
                row(CODES[0], "residents", 3.0),
                row(CODES[0], "referrals", 3.0, source="referrals"),
                row(CODES[1], "referrals", 0.0, source="referrals"),
                row(
                    CODES[0], "referred_share", 0.03, source="referrals", unit="share", count=3.0, base=100.0
                ),
                row(CODES[0], "paths", 7.0, source="members"),
                row(CODES[0], "shortfall", 900.0, floor="officer", basis="modelled", unit="GBP a week"),
                row(CODES[0], "below_50", 0.1, floor="wd25", basis="modelled", unit="share"),
            ]
        )
    ]
)


def contents(**changes: object) -> Contents:
    areas = gpd.GeoDataFrame(
        {"name": ["One", "Two"]},
        geometry=[box(540000, 260000, 541000, 261000), box(541000, 260000, 542000, 261000)],
        index=CODES,
        crs="EPSG:27700",
    )
    given = {
        "authority": "E06999001",
        "name": "Halverton",
        "figures": FIGURES,
        "indicators": {name: {"label": name} for name in FIGURES["indicator"].unique()},
        "areas": {"lsoa21": areas},
        "crosswalks": [nested(LSOA, LAD, dict.fromkeys(CODES, "E06999001"), method="boundary file")],
        "draws": {"lsoa21": (CODES, {"people_below": np.arange(8.0).reshape(2, 4)})},
        "sources": [PUBLISHED, OWN, MEMBER],
        "settings": {"seed": 1},
        **changes,
    }
    return Contents(**given)  # type: ignore[arg-type]


def test_two_packs_of_the_same_contents_have_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_pack(tmp_path / name, contents(), versions={"pandas": "3"})
    one, two = (
        {
            p.relative_to(tmp_path / n).as_posix(): p.read_bytes()
            for p in (tmp_path / n).rglob("*")
            if p.is_file()
        }
        for n in ("a", "b")
    )
    assert one == two


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "p", contents(), versions={})
    pd.testing.assert_frame_equal(pack.figures, FIGURES)
    assert pack.sources["referrals"] == OWN
    assert pack.crosswalk("lsoa21", "lad25").exact
    codes, draws = pack.draws("lsoa21")
    assert codes == CODES
    assert draws["people_below"].sum() == 28
    assert pack.areas("lsoa21").loc[CODES[1], "name"] == "Two"


def test_one_changed_byte_is_named(tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "p", contents(), versions={})
    assert pack.changed_files() == []
    target = tmp_path / "p" / "sources.json"
    target.write_bytes(target.read_bytes().replace(b"Census", b"Sensus"))
    (tmp_path / "p" / "added.txt").write_text("x")
    assert pack.changed_files() == ["added.txt", "sources.json"]


@pytest.mark.parametrize("text", ["", "{}", json.dumps({"format": 99})])
def test_a_folder_that_is_no_pack_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PackError, match="is not a pack"):
        open_pack(tmp_path / "nowhere")
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(PackError):
        open_pack(tmp_path)


def test_an_indicator_without_description_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="not in the dictionary"):
        write_pack(tmp_path / "p", contents(indicators={}), versions={})
    assert list(tmp_path.iterdir()) == []


def test_the_public_edition_hides_small_own_counts_and_leaves_out_what_it_may_not_carry(
    tmp_path: Path,
) -> None:
    released = release(write_pack(tmp_path / "p", contents(), versions={}), "public")
    shown = released.figures.set_index(["code", "indicator"])
    assert shown.loc[(CODES[0], "referrals"), "status"] == "suppressed"
    assert shown.loc[(CODES[0], "referred_share"), ["value", "count"]].isna().all()
    assert shown.loc[(CODES[1], "referrals"), "value"] == 0.0
    assert shown.loc[(CODES[0], "residents"), "value"] == 3.0
    assert not {"paths", "shortfall", "below_50"} & set(shown.index.get_level_values("indicator"))
    assert "members" not in released.sources
    assert dict(released.hidden) == {"licence": 1, "floor": 2, "small numbers": 2}


def test_the_officer_edition_sees_under_the_floor_but_no_small_own_count() -> None:
    shown, _ = release_figures(
        FIGURES, sources={"census": PUBLISHED, "referrals": OWN, "members": MEMBER}, edition="officer"
    )
    assert {"paths", "shortfall", "below_50"} <= set(shown["indicator"])
    assert (shown.loc[shown["status"] == "suppressed", "indicator"] == ["referrals", "referred_share"]).all()
