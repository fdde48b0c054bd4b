"""The decision note of a hub plan: what it says first, and then its forms.

`write_note` decides every sentence and every cell; `render_html` and `note_record` only dress them.
The headings come from a settings file, and the note says that they are not verified until somebody
who holds the guidance has said so there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from fairplace.hub_models import sentence
from fairplace.hub_sections import WRITERS, NoteTable, Written, name_places
from fairplace.hubs import HubPlan
from fairplace.spoken import spoken_signs
from geo.errors import UserError
from maps.words import english


class NoteSettingsError(UserError, ValueError):
    """The settings file of the note cannot be read, or lacks a part."""


@dataclass(frozen=True)
class NoteSection:
    """A part of the note: sentences, tables, and blanks for the council to fill in."""

    id: str
    heading: str
    paragraphs: tuple[str, ...]
    tables: tuple[NoteTable, ...] = ()
    blanks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Note:
    """The whole note; `mode` and `sources` stand at its foot."""

    title: str
    mode: str
    sources: str
    notices: tuple[str, ...]
    sections: tuple[NoteSection, ...]


def read_note_settings(path: Path | None = None) -> dict[str, Any]:
    """Read headings and fixed words.

    Parameters
    ----------
    path
        A TOML file of the same parts as the one that comes with the program; None for that one.

    Raises
    ------
    NoteSettingsError
        It is not TOML, a part is missing, or it says verified without saying by whom and when.
    """
    try:
        text = (
            (files("fairplace") / "hub_note.toml").read_text("utf-8")
            if path is None
            else path.read_text("utf-8")
        )
        settings = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise NoteSettingsError(
            f"{path} cannot be read as settings of a note: {error}; see hub_note.toml"
        ) from error
    wanted = list(WRITERS)
    given = [section.get("id") for section in settings.get("section", [])]
    if "guidance" not in settings or sorted(map(str, given)) != sorted(wanted):
        raise NoteSettingsError(
            f"{path} has the sections {given}; give [guidance] and one [[section]] for each of {wanted}"
        )
    guidance = settings["guidance"]
    if guidance.get("verified") and not (guidance.get("verified_by") and guidance.get("verified_on")):
        raise NoteSettingsError(f"{path} says verified, but not by whom and on what day; fill in both")
    return settings


def write_note(
    plan: HubPlan,
    settings: Mapping[str, Any],
    *,
    authority: str = "",
    fictional: bool = False,
    sources: str = "",
    more: Mapping[str, Written] | None = None,
) -> Note:
    """Decide what the note says.

    Parameters
    ----------
    plan
        The plan.
    settings
        As `read_note_settings` gives them.
    authority
        Name of the council, for the title.
    fictional
        The authority is made up; said first.
    sources
        Attribution of the data, for the foot.
    more
        Part of the note -> sentences and tables that are added to it, such as an equality table.
    """
    title = (
        f"Family hubs in {authority}: options and their effects"
        if authority
        else "Family hubs: options and their effects"
    )
    sections = []
    for section in settings["section"]:
        sentences, tables = WRITERS[section["id"]](plan, settings)
        added = (more or {}).get(section["id"], ([], []))
        sections.append(
            NoteSection(
                id=section["id"],
                heading=section["heading"],
                paragraphs=(*([section["text"]] if "text" in section else []), *sentences, *added[0]),
                tables=(*tables, *added[1]),
                blanks=tuple(section.get("blanks", [])),
            )
        )
    return Note(
        title,
        sentence(plan.question.mode),
        sources,
        tuple(_notices(plan, settings, fictional)),
        tuple(sections),
    )


def render_html(note: Note) -> str:
    """Dress the note as one self-contained page; every text is escaped."""
    import jinja2

    from maps.faces import with_faces

    environment = jinja2.Environment(autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined)
    words = english()
    environment.filters["spoken"] = lambda cell: spoken_signs(str(cell), words)
    template = (files("fairplace") / "hub_note.html").read_text("utf-8")
    return with_faces(environment.from_string(template).render(note=note))


def note_record(note: Note) -> dict[str, Any]:
    """Give the note as plain values for JSON."""
    return asdict(note)


def _notices(plan: HubPlan, settings: Mapping[str, Any], fictional: bool) -> list[str]:
    guidance = settings["guidance"]
    notices = ["This is a fictional authority: nobody lives there."] if fictional else []
    notices.append(f"{sentence(plan.question.mode)}.")
    named = f"{guidance['title']} of {guidance['date']}"
    if guidance.get("verified"):
        notices.append(
            f"Headings compared with the {named} by {guidance['verified_by']} on {guidance['verified_on']}. "
            "This note claims no compliance with it."
        )
    else:
        notices.append(
            f"The headings of this note are not verified against the {named}. This note claims no compliance "
            "with it."
        )
    notices.append(
        "This note recommends nothing. A plan called best is best under these assumptions, by one measure; "
        "other plans may be as good within what is known."
    )
    if plan.unreached:
        notices.append(
            f"No candidate can be reached from {name_places(plan.unreached)}. Families there "
            "count as not within reach in every option, and did not weigh in the choice of sites."
        )
    return notices
