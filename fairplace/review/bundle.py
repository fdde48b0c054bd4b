"""The evidence bundle: every form of a review in one folder that can tell whether it has been changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fairplace import __version__
from fairplace.files import write_whole_folder
from fairplace.review.files import (
    write_geopackage,
    write_planning_data,
    write_tables,
    write_workbook,
)
from fairplace.review.map import draw_review
from fairplace.review.model import Review, ReviewError
from fairplace.review.note import write_note
from fairplace.review.pages import (
    describe_settings,
    file_names,
    render_checklist,
    render_proforma,
    render_review,
)
from geo.source import hash_file

BUNDLE_FORMAT = 1


def write_bundle(folder: Path, review: Review) -> None:
    """Write a review as a folder, whole or not at all.

    The folder holds ``index.html``, ``map.html``, ``note.pdf``, ``review.xlsx``, ``review.gpkg``, a page and
    a checklist a site, ``tables/``, ``planning-data/sites.csv``, ``sources.json``, ``rebuild.txt`` and the
    manifest with the hash of each.

    Raises
    ------
    OutputError
        The folder cannot be written, or holds somebody's work.
    """
    heads = describe_settings(review)
    with write_whole_folder(folder) as draft:
        for name in ("proformas", "checklists", "planning-data"):
            (draft / name).mkdir()
        _write(draft / "index.html", render_review(review))
        _write(draft / "map.html", draw_review(review))
        for site, name in file_names(review).items():
            _write(draft / "proformas" / name, render_proforma(review, site))
            _write(draft / "checklists" / name, render_checklist(review, site))
        write_tables(draft / "tables", review)
        write_planning_data(draft / "planning-data" / "sites.csv", review)
        write_workbook(draft / "review.xlsx", review, heads)
        write_geopackage(draft / "review.gpkg", review)
        write_note(draft / "note.pdf", review, heads)
        records = [one.record() for one in review.sources]
        _write(draft / "sources.json", json.dumps(records, indent=1, ensure_ascii=False) + "\n")
        _write(draft / "rebuild.txt", f"{review.command}\n")
        found = sorted(one for one in draft.rglob("*") if one.is_file())
        manifest = {
            "kind": "review",
            "format": BUNDLE_FORMAT,
            "authority": review.authority,
            "name": review.name,
            "fictional": review.fictional,
            "pack": review.pack_id,
            "fairplace": __version__,
            "settings": dict(review.settings),
            "command": review.command,
            "inputs": {one.file: one.sha256 for one in review.sources if one.file and one.sha256},
            "files": {one.relative_to(draft).as_posix(): hash_file(one) for one in found},
        }
        manifest["seal"] = _seal(manifest)
        _write(draft / "manifest.json", json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")


def is_bundle(folder: Path) -> bool:
    """Tell whether a folder is the bundle of a review."""
    try:
        content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("kind") == "review"


def changed_in_bundle(folder: Path, *, inputs: Path | None = None) -> tuple[list[str], int]:
    """Find what of a bundle is not as it was made.

    Parameters
    ----------
    folder
        From `write_bundle`.
    inputs
        Folder of the files that it was made from: those found there by name are held to their hashes.

    Returns
    -------
    tuple
        A sentence for each file that was changed, removed or added, and how many files were looked at.

    Raises
    ------
    ReviewError
        The folder is not a bundle.
    """
    if not is_bundle(folder):
        raise ReviewError(f"{folder} is not the bundle of a review; make one with `fairplace review`")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    said = [] if manifest.get("seal") == _seal(manifest) else ["changed since it was made: manifest.json"]
    files: Mapping[str, str] = manifest["files"]
    for name, digest in files.items():
        path = folder / name
        if not path.is_file():
            said.append(f"removed since it was made: {name}")
        elif hash_file(path) != digest:
            said.append(f"changed since it was made: {name}")
    there = {one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()}
    said += [f"added since it was made: {name}" for name in sorted(there - set(files) - {"manifest.json"})]
    looked = len(files) + 1
    if inputs is not None:
        wanted = dict(manifest["inputs"])
        for path in sorted(one for one in inputs.rglob("*") if one.is_file()):
            if path.name in wanted:
                looked += 1
                if hash_file(path) != wanted[path.name]:
                    said.append(f"an input is another than it was made from: {path.name}")
    return said, looked


def _seal(manifest: Mapping[str, Any]) -> str:
    rest = {key: value for key, value in manifest.items() if key != "seal"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
