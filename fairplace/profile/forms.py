"""One profile, or one of every area, in the forms that are asked for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from fairplace.disclosure import Released
from fairplace.files import write_whole
from fairplace.profile.bundle import render_bundle
from fairplace.profile.docx_form import render_docx
from fairplace.profile.html import render_html
from fairplace.profile.json_form import render_json
from fairplace.profile.model import Profile
from fairplace.profile.pdf_form import render_pdf
from fairplace.profile.rendering import FormError, Rendering
from fairplace.profile.xlsx_form import render_xlsx

__all__ = ["FORMS", "FormError", "Rendering", "check_forms", "file_stem", "write_forms", "write_profile"]

#: Suffix -> renderer.
FORMS: dict[str, Callable[[Rendering], bytes]] = {
    ".html": lambda one: render_html(one.profile, one.svgs, alts=one.alts).encode(),
    ".pdf": lambda one: render_pdf(one.profile, one.pictures),
    ".docx": lambda one: render_docx(one.profile, one.pictures, template=one.template),
    ".xlsx": lambda one: render_xlsx(one.profile),
    ".json": lambda one: render_json(one.profile).encode(),
    ".zip": render_bundle,
}


def write_profile(profile: Profile, released: Released, path: Path, *, template: Path | None = None) -> None:
    """Write a profile in the form of the file's suffix, whole or not at all.

    Parameters
    ----------
    profile
        What it says.
    released
        What may be shown; drawings are made from it.
    path
        Its suffix is one of `FORMS`.
    template
        A council's own .docx for the DOCX form.

    Raises
    ------
    FormError
        There is no such form, or this machine cannot make it.
    """
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise FormError(f'"{path.name}" asks for the form "{path.suffix}"; there are {", ".join(FORMS)}')
    _write(form(Rendering(profile, released, template)), path)


def write_forms(
    profiles: Iterable[Profile],
    released: Released,
    folder: Path,
    *,
    forms: Sequence[str],
    template: Path | None = None,
) -> Iterator[Path]:
    """Write each profile in several forms, and give the paths as they are written.

    Drawings are made once for all the forms of a profile.

    Parameters
    ----------
    profiles
        Of any number of areas.
    released, template
        As in `write_profile`.
    folder
        Made if need be; a file is named by code and name of the area.
    forms
        Suffixes with or without their dot, such as ``html``.
    """
    suffixes = check_forms(forms)
    for profile in profiles:
        rendering = Rendering(profile, released, template)
        for suffix in suffixes:
            path = folder / f"{file_stem(profile)}{suffix}"
            _write(FORMS[suffix](rendering), path)
            yield path


def check_forms(forms: Sequence[str]) -> list[str]:
    """Give the suffixes of some forms, each once.

    Raises
    ------
    FormError
        There is no such form.
    """
    suffixes = list(dict.fromkeys(f".{one.strip().lower().removeprefix('.')}" for one in forms))
    unknown = [one for one in suffixes if one not in FORMS]
    if unknown or not suffixes:
        raise FormError(
            f'there is no form "{"".join(unknown[:1]).removeprefix(".")}"; '
            f"there are {', '.join(one.removeprefix('.') for one in FORMS)}"
        )
    return suffixes


def file_stem(profile: Profile) -> str:
    """Name of an area's files: its code, and its name as far as every machine can write it."""
    plain = unicodedata.normalize("NFKD", profile.area).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    return f"{profile.code}-{name}" if name else profile.code


def _write(content: bytes, path: Path) -> None:
    with write_whole(path) as draft:
        draft.write_bytes(content)
