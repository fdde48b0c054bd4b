"""One profile, the form that a file name asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fairplace.disclosure import Released
from fairplace.files import write_whole
from fairplace.profile.drawings import draw_svg
from fairplace.profile.html import render_html
from fairplace.profile.json_form import render_json
from fairplace.profile.model import Profile
from geo.errors import UserError


class FormError(UserError, ValueError):
    """A file name asks for a form that there is not."""


def _html(profile: Profile, released: Released) -> bytes:
    return render_html(profile, draw_svg(profile, released)).encode()


def _json(profile: Profile, released: Released) -> bytes:
    del released
    return render_json(profile).encode()


#: Suffix -> renderer.
FORMS: dict[str, Callable[[Profile, Released], bytes]] = {".html": _html, ".json": _json}


def write_profile(profile: Profile, released: Released, path: Path) -> None:
    """Write a profile in the form of the file's suffix, whole or not at all.

    Raises
    ------
    FormError
        There is no such form.
    """
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise FormError(f'"{path.name}" asks for the form "{path.suffix}"; there are {", ".join(FORMS)}')
    content = form(profile, released)
    with write_whole(path) as draft:
        draft.write_bytes(content)
