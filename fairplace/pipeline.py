"""From a folder of published files to a pack, step by step.

`build` reads like the method page: geographies, tables, the estimate, the figures, the pack. Each
step is a function of what the steps before it gave; nothing is read after the tables are.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from fairplace import __version__
from fairplace.ages import STALE_AFTER, check_stale_after, newest_day, source_ages
from fairplace.comparator_files import ComparatorArea, read_comparators
from fairplace.comparators import comparator_source
from fairplace.demand import PEOPLE, people_points
from fairplace.disclosure_policy import HIDE_UP_TO, HIDE_UP_TO_RANGE
from fairplace.fetch.ledger import read_ledger
from fairplace.ground import ground_of_build
from fairplace.indicators import load_indicators
from fairplace.local import Local, read_local
from fairplace.mis_inputs import mis_inputs
from fairplace.pack import Contents, Pack, write_pack
from fairplace.places import read_places
from fairplace.restricted import check_restricted
from fairplace.spine import GEOGRAPHY_SOURCE, Spine, geography_figures, read_spine
from fairplace.tables import Tables, published_figures, read_tables
from fairplace.walking import SOURCE as WALKING_SOURCE
from fairplace.walking import walks_of_build
from geo.crs import shift
from geo.errors import UserError
from geo.figures import empty_figures, tidy_figures
from geo.source import Source, hash_file
from layers.holdings import Holdings, scan
from mis import (
    MisSettings,
    ShortfallEstimate,
    aggregate,
    estimate_shortfall,
    read_budgets,
    summarise,
    summarise_types,
)
from mis.by_type import types_by_area
from mis.inputs import InputsError
from mis.inputs_tables import to_tables
from mis.summary import summarise_type_totals

#: Libraries whose release may change a digit or a byte of a pack.
_LIBRARIES = ("geopandas", "numpy", "pandas", "pyarrow", "pyproj", "scipy", "shapely")
MINIMUM_DRAWS = 200
#: How codes of made-up districts begin; a range that ONS does not use.
FICTIONAL = "E06999"
#: How it begins that the estimate is left out.
NO_ESTIMATE = "the Minimum Income Standard estimate"
#: What is said where no file of comparators is held.
NO_COMPARATORS = "England, the region and districts alike to hold figures beside (`fairplace comparators`)"
#: Papers of the estimate itself, which is ours.
MIS_SOURCE = Source(
    id="mis_model",
    title="Minimum Income Standard, modelled estimate",
    publisher="fairplace",
    edition=__version__,
    period="FYE 2025",
    licence="computed from the sources listed here; budgets are JRF and Loughborough University's",
    note="A model, not a count and not an official statistic; method in docs/methods/mis.md",
    controlled=True,
)


class BuildError(UserError, ValueError):
    """A build was asked for in a way that cannot be done."""


@dataclass(frozen=True)
class BuildSettings:
    """What steers a build.

    Parameters
    ----------
    draws
        Monte Carlo draws; at least `MINIMUM_DRAWS`, or a 90 % range means little.
    seed
        Of the draws.
    as_of
        Day on which figures are judged by their age; None for the newest day that the published
        sources describe.
    stale_after_years
        Figures that describe longer ago than this are stale: kept in the pack, and not shown.
    budgets
        Lines of the council's own, laid out like ``mis/budgets/2025.toml``; ours if left out. The file goes
        into the manifest, so that a what-if takes the estimate up with the same lines.
    hide_up_to
        Largest of the council's own counts that is hidden, from `HIDE_UP_TO` upwards; kept in the manifest.
    """

    draws: int = 1000
    seed: int = 2040
    as_of: date | None = None
    stale_after_years: float = STALE_AFTER
    budgets: Path | None = None
    hide_up_to: int = HIDE_UP_TO

    def __post_init__(self) -> None:
        if not HIDE_UP_TO <= self.hide_up_to <= HIDE_UP_TO_RANGE[1]:
            raise BuildError(
                f"counts of 1 to {self.hide_up_to} were to be hidden; hide up to {HIDE_UP_TO}, the default, "
                f"or a number up to {HIDE_UP_TO_RANGE[1]}"
            )
        check_stale_after(self.stale_after_years)
        if self.draws != int(self.draws):
            raise BuildError(f"{self.draws} draws were asked for; ask for a whole number of them")
        if self.draws < MINIMUM_DRAWS:
            raise BuildError(f"{self.draws} draws were asked for; a 90 % range needs {MINIMUM_DRAWS} or more")


def build(
    authority: str,
    *,
    data: Path,
    out: Path,
    settings: BuildSettings | None = None,
    restricted: Path | None = None,
    local: Path | None = None,
) -> Pack:
    """Build the pack of one authority.

    Parameters
    ----------
    authority
        Code of the district, such as ``E06000032``.
    data
        Folder of published files; each is known by its columns.
    out
        Folder to write.
    settings
        Draws and seed.
    restricted
        Folder of restricted tables: checked and named by hash, never copied.
    local
        Folder of the council's own tables; ``local`` among the published files if left out.

    Returns
    -------
    Pack
        The pack, opened.
    """
    settings = settings or BuildSettings()
    if not data.is_dir():
        raise BuildError(f"{data} is not a folder; give the folder of published files as --data")
    hashes = check_restricted(restricted) if restricted else {}
    with tqdm(total=5, desc="build", unit="step", disable=None, leave=False, file=sys.stderr) as progress:
        holdings = scan(data)
        progress.update()
        spine = read_spine(holdings, authority)
        progress.update()
        tables = read_tables(holdings, spine)
        progress.update()
        estimate, without = _estimate(spine, tables, settings)
        progress.update()
        own_files = local or data / "local"
        contents = _contents(
            holdings, spine, tables, estimate, without, settings, hashes, restricted, own_files
        )
        pack = write_pack(
            out, contents, versions={"fairplace": __version__} | {name: version(name) for name in _LIBRARIES}
        )
        progress.update()
    return pack


def _estimate(spine: Spine, tables: Tables, settings: BuildSettings) -> tuple[ShortfallEstimate | None, str]:
    """Estimate shortfalls, or say why that cannot be done: a build does without it and says so."""
    try:
        inputs = mis_inputs(spine.areas, tables.held)
        if inputs is None:
            return None, f"{NO_ESTIMATE}, which needs tenure and small-area income"
        chosen = MisSettings(draws=settings.draws, seed=settings.seed)
        return estimate_shortfall(inputs, budgets=read_budgets(settings.budgets), settings=chosen), ""
    except InputsError as error:
        return None, f"{NO_ESTIMATE}: {error}"


def _model(spine: Spine, tables: Tables) -> dict[str, pd.DataFrame]:
    inputs = mis_inputs(spine.areas, tables.held)
    return {} if inputs is None else to_tables(inputs)


def _contents(
    holdings: Holdings,
    spine: Spine,
    tables: Tables,
    estimate: ShortfallEstimate | None,
    without: str,
    settings: BuildSettings,
    restricted: Mapping[str, str],
    store: Path | None,
    own_files: Path,
) -> Contents:
    places = read_places(holdings, spine)
    parts = [published_figures(tables, spine), geography_figures(spine)]
    missing = [*spine.missing, *tables.missing, *places.missing]
    if estimate is None:
        missing.append(without)
    else:
        parts.append(_mis_figures(estimate, spine))
    people, how = people_points(holdings, spine, tables)
    local = read_local(
        own_files,
        spine=spine,
        published=pd.concat(parts, ignore_index=True),
        postcodes=places.points.get("postcodes"),
        people=people,
        restricted=store,
    )
    parts.append(local.figures)
    ground = ground_of_build(holdings, spine, pd.concat(parts, ignore_index=True), places.lines)
    parts.append(ground.figures)
    own = local.own_figures
    points = dict(places.points) if people is None else {**places.points, PEOPLE: people}
    walks = walks_of_build(places.networks, {**points, **local.points}, places.lines, people, spine)
    if walks is not None:
        parts.append(walks.figures)
    sources = {one.id: one for one in (*spine.sources, *places.sources, *local.sources)}
    sources |= {table.source.id: table.source for table in tables.held.values()}
    sources[GEOGRAPHY_SOURCE.id] = GEOGRAPHY_SOURCE
    sources |= {one.id: one for one in ground.sources}
    if walks is not None:
        sources[WALKING_SOURCE.id] = WALKING_SOURCE
    if estimate is not None:
        sources[MIS_SOURCE.id] = MIS_SOURCE
    figures = tidy_figures(parts)
    alike = _comparators(holdings, spine, figures)
    missing += alike.missing
    sources |= {one.id: one for one in alike.sources}
    notes = [*spine.notes, *places.notes, how, *local.notes, *ground.notes]
    notes += tables.notes
    notes += list(estimate.notes) if estimate is not None else []
    sources = _as_fetched(sources, holdings.folder)
    day = settings.as_of or newest_day(sources.values())
    sources = _with_updates(sources, day)
    fictional = spine.authority.startswith(FICTIONAL)
    if fictional:
        sources = {key: _invented(one) for key, one in sources.items()}
    return Contents(
        authority=spine.authority,
        name=spine.name,
        figures=figures,
        indicators=_papers(tables, [*parts, own], local),
        areas={key: one.areas[["name", "geometry"]] for key, one in spine.boundaries.items()},
        crosswalks=list(spine.crosswalks.values()),
        draws={} if estimate is None else {"lsoa21": (list(estimate.codes), estimate.draws)},
        sources=list(sources.values()),
        settings={
            "draws": settings.draws,
            "seed": settings.seed,
            "as_of": "" if day is None else day.isoformat(),
            "stale_after_years": settings.stale_after_years,
            "hide_up_to": settings.hide_up_to,
            "crs_accuracy": shift().accuracy,
            "region": spine.region,
            "missing": list(dict.fromkeys(missing)),
            "mis": {} if estimate is None else _mis_papers(estimate, settings.budgets),
            "local": dict(local.settings),
            **alike.settings,
            **ground.settings,
            "walking": {} if walks is None else {"said": walks.said},
        },
        notes=list(dict.fromkeys(notes)),
        points={**points, **local.points},
        lines={**places.lines, **local.lines},
        planning=ground.places,
        networks=places.networks,
        fictional=fictional,
        restricted=restricted,
        comparators=alike.figures,
        model={} if estimate is None else _model(spine, tables),
        own_figures=own,
    )


@dataclass(frozen=True)
class _Alike:
    """Areas beside an authority, for its pack."""

    figures: pd.DataFrame
    areas: tuple[ComparatorArea, ...] = ()
    method: str = ""
    sources: tuple[Source, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def settings(self) -> dict[str, Any]:
        """What the manifest says of them; nothing where there are none."""
        if not self.areas:
            return {}
        return {"comparators": {"areas": [asdict(one) for one in self.areas], "method": self.method}}


def _comparators(holdings: Holdings, spine: Spine, figures: pd.DataFrame) -> _Alike:
    """Take from the file of comparators what has the source and the period of one of our own figures."""
    path = holdings.look("comparators").path
    if path is None:
        # A made-up district lies in no region and is like no other.
        fictional = spine.authority.startswith(FICTIONAL)
        return _Alike(empty_figures(), missing=() if fictional else (NO_COMPARATORS,))
    held = read_comparators(path)
    if held.district(spine.authority, spine.codes) is None:
        return _Alike(empty_figures(), missing=(f"{NO_COMPARATORS}: {path.name} has no {spine.authority}",))
    areas, rows = held.beside(spine.authority, spine.codes)
    same = ["indicator", "period", "source"]
    kept = rows.merge(figures[same].drop_duplicates(), on=same)[rows.columns]
    source = comparator_source(path, hash_file(path), held)
    return _Alike(tidy_figures([kept]), tuple(areas), held.method, (source,))


def _as_fetched(sources: Mapping[str, Source], folder: Path) -> dict[str, Source]:
    """Papers with the edition that a publisher stated when a file was fetched, known by its hash.

    What a source describes stays as it was: a newer map of streets does not make a pack of a later day.
    """
    stated = {one.sha256: one.edition for one in read_ledger(folder).values() if one.edition}
    return {key: replace(one, edition=stated.get(one.sha256, one.edition)) for key, one in sources.items()}


def _with_updates(sources: Mapping[str, Source], day: date | None) -> dict[str, Source]:
    """Papers that say of an edition that on the day of the pack a newer one was out, or should have been."""
    ages = {} if day is None else source_ages(sources, on=day)
    made = dict(sources)
    for key, age in ages.items():
        # By the rule of its renewal no more is known than that one is due: its day may be later.
        due = f"{made[key].next_update}; a newer one should be out"
        newer = age.newer if age.newer.startswith("out ") else due if age.newer else ""
        made[key] = replace(made[key], next_update=newer or made[key].next_update)
    return made


def _invented(source: Source) -> Source:
    """Papers of a made-up file: nobody published it, whoever's format it is in."""
    if source.publisher == "fairplace":
        return source
    return replace(
        source,
        publisher=f"nobody: invented, in the format of {source.publisher}",
        licence="MIT, like the program that makes it",
        licence_class="open",
        attribution="",
        url="",
        next_update="",
    )


def _mis_figures(estimate: ShortfallEstimate, spine: Spine) -> pd.DataFrame:
    """Figures of the estimate on every geography: draws are summed, never medians or ranges."""
    levels = [estimate]
    levels += [
        aggregate(estimate, spine.to(key)) for key in spine.boundaries if key not in ("lsoa21", "oa21")
    ]
    parts = [summarise(level, authority=spine.authority) for level in levels]
    district = next(level for level in levels if level.geography.kind == "lad")
    parts.append(summarise_types(district, authority=spine.authority))
    if estimate.state is not None and "wd25" in spine.boundaries:
        by_ward = types_by_area(estimate, spine.to("wd25"))
        parts.append(summarise_type_totals(by_ward, geography="wd25", reference_year=estimate.reference_year))
    return tidy_figures(parts)


def _mis_papers(estimate: ShortfallEstimate, budgets: Path | None) -> dict[str, Any]:
    read = read_budgets(budgets)
    papers = {
        "period": estimate.reference_year,
        "household_types": len(read.lines),
        "absent": list(estimate.absent),
        "derived_budgets": sum(line.status != "published" for line in read.lines.values()),
    }
    if budgets is not None:
        text = budgets.read_text(encoding="utf-8-sig")
        papers["budgets"] = {
            "file": read.file,
            "title": read.title,
            "sha256": hash_file(budgets),
            "text": text,
        }
    return papers


def _papers(tables: Tables, parts: Sequence[pd.DataFrame], local: Local) -> dict[str, dict[str, str]]:
    """Describe each indicator for the dictionary: our own list first, then what the tables say."""
    papers: dict[str, dict[str, str]] = dict(local.papers)
    for table in tables.held.values():
        for name, column in table.columns.items():
            papers[name] = {
                "label": column.label,
                "unit": column.unit,
                "measure": column.measure,
                "direction": column.direction,
                "base": column.base,
            }
    for one in load_indicators():
        known = papers.get(one.id, {})
        papers[one.id] = {**known, **{key: value for key, value in one.record().items() if value}}
    for part in parts:
        for name, unit in part.drop_duplicates("indicator")[["indicator", "unit"]].itertuples(index=False):
            papers.setdefault(name, {"label": name.replace("_", " "), "unit": unit})
    return papers
