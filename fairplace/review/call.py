"""From the arguments of a call to a review: what is read, in order, and the command that makes it again."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd

from fairplace.corrections import say_superseded
from fairplace.disclosure import Released, release
from fairplace.pack import Pack, open_pack
from fairplace.review.comparison import compare_reviews
from fairplace.review.compose import ReviewInputs, compose_review, file_source, read_layers, read_zones
from fairplace.review.model import Review, ReviewError, read_checklist, read_settings
from fairplace.review.sites import read_sites
from geo.network import load_network
from geo.place_files import read_places
from geo.source import Source
from layers.planning import Coverage, read_coverage

#: Options whose values are named in the command that a bundle carries, files by name alone.
_OPTIONS = (
    "sites", "layers", "coverage", "before", "policy", "buffer", "centres", "takeaways", "services", "spaces",
    "settings", "headings", "crs", "at_least", "edition",
)  # fmt: skip


def make_review(args: argparse.Namespace) -> Review:
    """Read what the call names and make the review; two versions are compared where `before` is given."""
    pack = open_pack(args.pack)
    released = release(pack, args.edition)
    settings, headings = read_settings(args.settings), read_checklist(args.headings)
    sites, notes = read_sites(args.sites, crs=args.crs)
    inputs = _inputs(args, pack, released, sites, notes)
    command = say_command(args)
    review = compose_review(released, inputs, settings=settings, headings=headings, command=command)
    review = replace(review, extra={**review.extra, "superseded": say_superseded(args.pack)})
    if args.before is None:
        return review
    earlier, _ = read_sites(args.before, crs=args.crs)
    old = compose_review(
        released,
        replace(inputs, sites=earlier, policies=None, takeaways=None),
        settings=settings,
        headings=headings,
    )
    tables = {**review.tables, "comparison": compare_reviews(old, review)}
    return replace(
        review,
        tables=tables,
        sources=(file_source(args.before, "Sites of the earlier version"), *review.sources),
    )


def say_command(args: argparse.Namespace) -> str:
    """Write the call with files by name and not by path, which is another on each machine."""
    words = ["fairplace", "review", args.pack.name]
    for name in _OPTIONS:
        value = getattr(args, name)
        if value in (None, [], "public"):
            continue
        flag = {"layers": "--with"}.get(name, f"--{name.replace('_', '-')}")
        many = value if isinstance(value, list) else [value]
        texts = [one.name if isinstance(one, Path) else str(one) for one in many]
        words += [part for one in texts for part in (flag, one)] if name == "at_least" else [flag, *texts]
    return " ".join(shlex.quote(one) for one in [*words, "--out", args.out.name])


def _inputs(
    args: argparse.Namespace,
    pack: Pack,
    released: Released,
    sites: gpd.GeoDataFrame,
    notes: tuple[str, ...],
) -> ReviewInputs:
    coverage, papers = _coverage(args)
    layers = read_layers(args.layers, coverage, crs=args.crs, at_least=_thresholds(args.at_least))
    sources: list[Source] = [file_source(args.sites, "Sites of the plan"), *papers]
    more: list[str] = list(notes)
    streets = pack.path / "networks" / "streets"
    network = load_network(streets) if streets.is_dir() else None
    zones: dict[str, gpd.GeoDataFrame | None] = {}
    for name in ("policy", "centres", "spaces"):
        path = getattr(args, name)
        zones[name] = None
        if path is not None:
            zones[name], source = read_zones(path, crs=args.crs)
            sources.append(source)
    if zones["spaces"] is None:
        zones["spaces"] = next(
            (one.frame for one in layers if one.id == "local-green-space" and one.held and len(one.frame)),
            None,
        )
    points: dict[str, gpd.GeoDataFrame | None] = {}
    for name in ("takeaways", "services"):
        path = getattr(args, name)
        points[name] = released.places("points", name) if name in released.held("points") else None
        if path is not None:
            points[name], _, lost = read_places(path)
            more += lost
            sources.append(file_source(path, name.capitalize()))
    return ReviewInputs(
        sites,
        layers,
        network,
        points["services"],
        points["takeaways"],
        zones["centres"],
        zones["policy"],
        zones["spaces"],
        args.buffer,
        tuple(sources),
        tuple(more),
    )


def _coverage(args: argparse.Namespace) -> tuple[dict[str, Coverage], list[Source]]:
    path = args.coverage
    if path is None:
        beside = [one / "coverage.csv" for one in args.layers if one.is_dir()]
        path = next((one for one in beside if one.is_file()), None)
    if path is None:
        return {}, []
    return read_coverage(path), [file_source(path, "What is complete for this authority")]


def _thresholds(given: list[str]) -> dict[str, float]:
    made = {}
    for one in given:
        name, _, value = one.partition("=")
        number = pd.to_numeric(value, errors="coerce")
        if not name or pd.isna(number):
            raise ReviewError(f"--at-least {one}: write DATASET=VALUE, such as noise=55")
        made[name] = float(number)
    return made
