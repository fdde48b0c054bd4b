"""The pack: one folder that holds everything known of an authority.

`fairplace build` writes a pack; everything else only reads it, and shows nothing of it that has not
passed `fairplace.disclosure.release`. Two builds of the same inputs in one environment give the same
bytes: no clock, no path and no machine is in it, and its manifest holds the hash of every file.

Layout::

    manifest.json            what it is, settings, versions, notes, hash of every other file
    sources.json             papers of every input
    figures.parquet          one row a number: geo.figures.FIGURE_COLUMNS
    comparators.parquet      the same, of England, the region and districts alike; not in every pack
    dictionary.csv           what each indicator and each column means
    areas/KEY.parquet        GeoParquet, EPSG:27700: code, name, geometry
    crosswalks/A-B.parquet   origin, target, weight
    draws/KEY/               codes.json and one float32 array (area by draw) a quantity
    model/KEY.parquet        published tables that the estimate was made from, for what-if questions
    points/ID.parquet        GeoParquet of places that may be public
    lines/ID.parquet         GeoParquet of roads, water, rail, routes
    planning/features.parquet  designations and constraints; not in every pack
    networks/NAME/           a street network in array form
    restricted/              an organisation's own figures, small numbers and all; stays inside it

Without the folder ``restricted`` a pack may be sent on: it is whole, and shows no own counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairplace.files import write_whole_folder
from geo.crosswalk import Crosswalk
from geo.errors import UserError
from geo.figures import FIGURE_COLUMNS, check_figures, empty_figures
from geo.geography import Geography
from geo.source import Source, hash_file

PACK_FORMAT = 1
#: What must not leave the organisation: only `fairplace.disclosure.release` reads it.
RESTRICTED = "restricted"
OWN_FIGURES = f"{RESTRICTED}/own_figures.parquet"
_RESTRICTED_NOTE = """\
The figures in this folder are this organisation's own counts before small numbers are hidden.
`fairplace.disclosure.release` hides them, for every page, map and file. Do not publish this folder or
send it on: a pack without it is whole and shows everything but them.
"""
#: What a manifest says of the Minimum Income Standard wherever it is modelled.
MIS_SETTINGS = ("period", "household_types", "absent", "derived_budgets")


class PackError(UserError, ValueError):
    """A folder is not a pack, is of another format, or has been changed since it was built."""


@dataclass(frozen=True)
class Contents:
    """What goes into a pack.

    Parameters
    ----------
    authority, name
        Code and name of the district.
    figures
        `geo.figures.FIGURE_COLUMNS`: published and modelled.
    indicators
        Indicator id -> its label, unit, measure and direction, for the dictionary.
    areas
        Geography key -> GeoDataFrame in EPSG:27700 indexed by code, with ``name``.
    crosswalks
        Any number, each named ``origin-target``.
    draws
        Geography key -> (codes, quantity -> float32 array of area by draw).
    sources
        Papers of every input.
    settings
        Everything that steered the build: seeds, number of draws, options.
    notes
        What the build found, did and could not do, one sentence each.
    points, lines
        Id -> GeoDataFrame in EPSG:27700, of places and lines that may be public.
    planning
        The same, of designations and constraints.
    networks
        Name -> an object with ``save(folder)``.
    fictional
        True for the sample authority: every page says so.
    restricted
        Name -> sha256 of a restricted table that stays outside.
    comparators
        `geo.figures.FIGURE_COLUMNS`, of areas beside the authority; empty where there are none.
    model
        Name -> published table that the estimate was made from.
    own_figures
        The organisation's own figures, with nothing hidden; None is none.
    """

    authority: str
    name: str
    figures: pd.DataFrame
    indicators: Mapping[str, Mapping[str, str]]
    areas: Mapping[str, gpd.GeoDataFrame]
    crosswalks: Sequence[Crosswalk]
    draws: Mapping[str, tuple[Sequence[str], Mapping[str, NDArray[np.float32]]]]
    sources: Sequence[Source]
    settings: Mapping[str, Any]
    notes: Sequence[str] = ()
    points: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    lines: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    planning: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    networks: Mapping[str, Any] = field(default_factory=dict)
    fictional: bool = False
    restricted: Mapping[str, str] = field(default_factory=dict)
    comparators: pd.DataFrame = field(default_factory=empty_figures)
    model: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    own_figures: pd.DataFrame | None = None


@dataclass(frozen=True)
class Pack:
    """A pack on disk; parts are read when they are first asked for.

    Renderers do not take this: they take what `fairplace.disclosure.release` makes of it.
    """

    path: Path
    manifest: Mapping[str, Any]

    @property
    def authority(self) -> str:
        """Code of the district."""
        return str(self.manifest["authority"])

    @property
    def name(self) -> str:
        """Name of the district."""
        return str(self.manifest["name"])

    @property
    def id(self) -> str:
        """Identifier made from the content: packs with equal content have equal ids."""
        return str(self.manifest["id"])

    @property
    def fictional(self) -> bool:
        """True for the sample authority."""
        return bool(self.manifest["fictional"])

    @cached_property
    def figures(self) -> pd.DataFrame:
        """Every published and modelled figure, before disclosure rules."""
        figures = pd.read_parquet(self.path / "figures.parquet")
        check_figures(figures)
        return figures

    @cached_property
    def own_figures(self) -> pd.DataFrame:
        """The organisation's own figures with nothing hidden; none if the pack came without them."""
        path = self.path / OWN_FIGURES
        figures = pd.read_parquet(path) if path.is_file() else empty_figures()
        check_figures(figures)
        return figures

    @cached_property
    def comparators(self) -> pd.DataFrame:
        """Figures of areas beside the authority; no rows where the pack was built without them."""
        path = self.path / "comparators.parquet"
        figures = pd.read_parquet(path) if path.is_file() else empty_figures()
        check_figures(figures)
        return figures

    @cached_property
    def sources(self) -> dict[str, Source]:
        """Id -> papers."""
        records = json.loads((self.path / "sources.json").read_text(encoding="utf-8"))
        return {record["id"]: Source(**record) for record in records}

    @cached_property
    def dictionary(self) -> pd.DataFrame:
        """What each indicator means, indexed by id."""
        table = pd.read_csv(self.path / "dictionary.csv", keep_default_na=False)
        return table[table["kind"] == "indicator"].set_index("id").drop(columns="kind")

    @property
    def geographies(self) -> list[str]:
        """Keys of the geographies whose areas are held."""
        return list(self.manifest["areas"])

    def areas(self, key: str) -> gpd.GeoDataFrame:
        """Areas of one geography in EPSG:27700, indexed by code.

        Raises
        ------
        PackError
            The pack does not hold that geography.
        """
        path = self.path / "areas" / f"{key}.parquet"
        if not path.is_file():
            raise PackError(
                f"{self.path.name} holds no areas of {key}; it holds {', '.join(self.geographies)}"
            )
        return gpd.read_parquet(path).set_index("code")

    def crosswalk(self, origin: str, target: str) -> Crosswalk:
        """Crosswalk between two geographies of the pack.

        Raises
        ------
        PackError
            The pack does not hold it.
        """
        name = f"{origin}-{target}"
        papers = self.manifest["crosswalks"].get(name)
        if papers is None:
            raise PackError(
                f"{self.path.name} holds no crosswalk {name}; it holds "
                f"{', '.join(self.manifest['crosswalks'])}"
            )
        return Crosswalk(
            Geography.parse(origin),
            Geography.parse(target),
            pd.read_parquet(self.path / "crosswalks" / f"{name}.parquet"),
            method=papers["method"],
            weight_source=papers["weight_source"],
            exact=papers["exact"],
            misfit=papers["misfit"],
        )

    def draws(self, key: str) -> tuple[list[str], dict[str, NDArray[np.float32]]]:
        """Codes and draws of one geography: quantity -> array of area by draw, memory-mapped."""
        folder = self.path / "draws" / key
        if not folder.is_dir():
            raise PackError(f"{self.path.name} holds no draws of {key}")
        codes = json.loads((folder / "codes.json").read_text(encoding="utf-8"))
        return codes, {one.stem: np.load(one, mmap_mode="r") for one in sorted(folder.glob("*.npy"))}

    def model(self) -> dict[str, pd.DataFrame]:
        """Read the published tables that the estimate was made from, by name.

        Raises
        ------
        PackError
            The pack was built without an estimate, or by a release that did not keep them.
        """
        found = {one.stem: pd.read_parquet(one) for one in sorted((self.path / "model").glob("*.parquet"))}
        if not found:
            raise PackError(
                f"{self.path.name} does not hold what its estimate was made from; build it again from files "
                f"with tenure and small-area income"
            )
        return found

    def places(self, kind: str, name: str) -> gpd.GeoDataFrame:
        """Points or lines of the pack, such as ``places("points", "gp_practices")``."""
        path = self.path / kind / f"{name}.parquet"
        if not path.is_file():
            raise PackError(f"{self.path.name} holds no {kind} named {name}")
        return gpd.read_parquet(path)

    def held(self, kind: str) -> list[str]:
        """Names of the points, lines or networks held."""
        folder = self.path / kind
        return sorted(one.stem for one in folder.iterdir()) if folder.is_dir() else []

    def changed_files(self) -> list[str]:
        """Names of files whose bytes are not the ones that were built: missing, altered or added.

        A pack may be sent on without its folder ``restricted``, and is unchanged then.
        """
        built = dict(self.manifest["files"])
        if not (self.path / RESTRICTED).is_dir():
            built = {name: one for name, one in built.items() if not name.startswith(f"{RESTRICTED}/")}
        present = {
            one.relative_to(self.path).as_posix(): one
            for one in self.path.rglob("*")
            if one.is_file() and one.name != "manifest.json"
        }
        altered = [name for name, one in present.items() if built.get(name) != hash_file(one)]
        return sorted({*altered, *(set(built) - set(present))})


def open_pack(path: Path) -> Pack:
    """Open a pack, checking that it is one.

    Raises
    ------
    PackError
        The folder does not exist, holds no manifest, or is of another format.
    """
    manifest = path / "manifest.json"
    if not manifest.is_file():
        found = "does not exist" if not path.exists() else "holds no manifest.json"
        raise PackError(f"{path} {found}, so it is not a pack; make one with `fairplace build`")
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise PackError(f"{manifest} cannot be read ({error}); build the pack again") from error
    if content.get("format") != PACK_FORMAT:
        raise PackError(
            f"{path} is a pack of format {content.get('format')}, and this release reads format "
            f"{PACK_FORMAT}; build it again"
        )
    mis = content.get("settings", {}).get("mis", {})
    lacking = [name for name in MIS_SETTINGS if mis and name not in mis]
    if lacking:
        raise PackError(
            f"{path} was built by an earlier release: its manifest lacks settings.mis.{lacking[0]}; "
            f"build it again"
        )
    return Pack(path, content)


def write_pack(path: Path, contents: Contents, *, versions: Mapping[str, str]) -> Pack:
    """Write a pack, whole or not at all.

    Parameters
    ----------
    path
        Folder to make; a pack that stands there is replaced.
    contents
        What goes in.
    versions
        Library -> version, for the manifest.

    Returns
    -------
    Pack
        The pack, opened.
    """
    with write_whole_folder(path) as draft:
        _write_tables(draft, contents)
        _write_places(draft, contents)
        files = {
            one.relative_to(draft).as_posix(): hash_file(one)
            for one in sorted(draft.rglob("*"))
            if one.is_file()
        }
        manifest = {
            "format": PACK_FORMAT,
            "id": _pack_id(files),
            "authority": contents.authority,
            "name": contents.name,
            "fictional": contents.fictional,
            "areas": sorted(contents.areas),
            "crosswalks": {
                f"{one.origin.key}-{one.target.key}": {
                    "method": one.method,
                    "weight_source": one.weight_source,
                    "exact": one.exact,
                    "misfit": {code: round(float(share), 6) for code, share in sorted(one.misfit.items())},
                }
                for one in contents.crosswalks
            },
            "settings": dict(contents.settings),
            "notes": list(contents.notes),
            "restricted": dict(sorted(contents.restricted.items())),
            "versions": dict(sorted(versions.items())),
            "files": files,
        }
        text = json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=False)
        (draft / "manifest.json").write_text(text + "\n", encoding="utf-8")
    return open_pack(path)


def _write_tables(draft: Path, contents: Contents) -> None:
    check_figures(contents.figures)
    contents.figures.to_parquet(draft / "figures.parquet", index=False, compression="zstd")
    if len(contents.comparators):
        check_figures(contents.comparators)
        contents.comparators.to_parquet(draft / "comparators.parquet", index=False, compression="zstd")
    used = [contents.figures["indicator"]]
    if contents.own_figures is not None and len(contents.own_figures):
        check_figures(contents.own_figures)
        (draft / RESTRICTED).mkdir()
        contents.own_figures.to_parquet(draft / OWN_FIGURES, index=False, compression="zstd")
        (draft / RESTRICTED / "README.txt").write_text(_RESTRICTED_NOTE, encoding="utf-8", newline="\n")
        used.append(contents.own_figures["indicator"])
    records = [one.record() for one in sorted(contents.sources, key=lambda one: one.id)]
    (draft / "sources.json").write_text(
        json.dumps(records, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    _dictionary(contents.indicators, pd.concat(used).unique()).to_csv(
        draft / "dictionary.csv", index=False, lineterminator="\n", encoding="utf-8"
    )
    (draft / "crosswalks").mkdir()
    for one in contents.crosswalks:
        weights = one.weights[["origin", "target", "weight"]].sort_values(["origin", "target"])
        weights.to_parquet(
            draft / "crosswalks" / f"{one.origin.key}-{one.target.key}.parquet",
            index=False,
            compression="zstd",
        )
    for key, (codes, quantities) in contents.draws.items():
        folder = draft / "draws" / key
        folder.mkdir(parents=True)
        (folder / "codes.json").write_text(json.dumps(list(codes)), encoding="utf-8")
        for name, values in quantities.items():
            np.save(folder / f"{name}.npy", np.ascontiguousarray(values, dtype=np.float32))
    for name, table in contents.model.items():
        (draft / "model").mkdir(exist_ok=True)
        table.to_parquet(draft / "model" / f"{name}.parquet", index=False, compression="zstd")


def _write_places(draft: Path, contents: Contents) -> None:
    kept = ("areas", contents.areas), ("points", contents.points), ("lines", contents.lines)
    for kind, frames in (*kept, ("planning", contents.planning)):
        for name, frame in frames.items():
            (draft / kind).mkdir(exist_ok=True)
            if frame.crs != "EPSG:27700":
                raise PackError(f"{kind} {name} are in {frame.crs or 'no CRS'}; a pack holds EPSG:27700 only")
            plain = frame.rename_axis("code").reset_index() if kind == "areas" else frame
            plain.to_parquet(draft / kind / f"{name}.parquet", index=False, compression="zstd")
    for name, network in contents.networks.items():
        folder = draft / "networks" / name
        folder.mkdir(parents=True)
        network.save(folder)


def _dictionary(indicators: Mapping[str, Mapping[str, str]], used: Iterable[str]) -> pd.DataFrame:
    rows = [
        {"kind": "column", "id": name, "label": text, "unit": "", "measure": "", "direction": "", "base": ""}
        for name, text in FIGURE_COLUMNS.items()
    ]
    for name in sorted(used):
        papers = indicators.get(name)
        if papers is None:
            raise PackError(f"{name} is in the figures but not in the dictionary; describe it first")
        rows.append(
            {
                "kind": "indicator",
                "id": name,
                **{key: papers.get(key, "") for key in rows[0] if key not in ("kind", "id")},
            }
        )
    return pd.DataFrame(rows)


def _pack_id(files: Mapping[str, str]) -> str:
    text = "\n".join(f"{name} {digest}" for name, digest in sorted(files.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
