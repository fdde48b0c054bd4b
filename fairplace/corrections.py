"""Correcting what was published: which figures changed, a dated notice, and the old edition kept.

A pack is never changed. Beside one that was corrected stands ``NAME.superseded.json``, which says by
what, when and why; the pack itself can still be opened, and gives the figures it always gave.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from fairplace.disclosure import Released, release
from fairplace.editions import FIGURE, check_pair, reference
from fairplace.files import write_whole
from fairplace.numbers import show_number, show_period
from fairplace.pack import Pack, open_pack
from fairplace.profile.words import Words, english
from geo.errors import UserError

#: What makes two rows the same published figure.
KEY = [*FIGURE, "period", "source"]
#: Figures that the notice itself lists; all are in ``changes.csv``.
LISTED = 20
_SHOWN = ("value", "low", "high", "status")


class CorrectionError(UserError, ValueError):
    """A correction cannot be made as asked."""


@dataclass(frozen=True)
class Superseded:
    """The mark beside an edition that was corrected.

    Parameters
    ----------
    pack, by
        Ids of the edition that was corrected and of the one that takes its place.
    date
        Day of the notice, ISO.
    reason
        Why, in words.
    changed
        How many published figures differ.
    """

    pack: str
    by: str
    date: str
    reason: str
    changed: int


def changed_figures(old: Released, new: Released) -> pd.DataFrame:
    """Every published figure that differs between two editions.

    Parameters
    ----------
    old, new
        What of each pack may be shown.

    Returns
    -------
    DataFrame
        `KEY`, ``label``, ``unit``, ``what`` (``changed``, ``added`` or ``withdrawn``), and value, low,
        high and status of each, as ``old_value`` and ``new_value``; in the order of `KEY`.
    """
    parts = [one.figures.set_index(KEY)[[*_SHOWN, "unit"]] for one in (old, new)]
    both = parts[0].join(parts[1], how="outer", suffixes=("_old", "_new"))
    gone, come = both["status_new"].isna(), both["status_old"].isna()
    differs = gone | come | (both["status_old"] != both["status_new"])
    for name in ("value", "low", "high"):
        was, now = both[f"{name}_old"], both[f"{name}_new"]
        differs |= ~((was == now) | (was.isna() & now.isna()))
    found = both[differs].sort_index().reset_index()
    labels = {**old.dictionary["label"].to_dict(), **new.dictionary["label"].to_dict()}
    what = pd.Series("changed", index=found.index)
    what = what.mask(found["status_new"].isna(), "withdrawn").mask(found["status_old"].isna(), "added")
    shown = {f"{side}_{name}": found[f"{name}_{side}"] for name in _SHOWN for side in ("old", "new")}
    return found[KEY].assign(
        label=found["indicator"].map(labels).fillna(found["indicator"]),
        unit=found["unit_new"].fillna(found["unit_old"]),
        what=what,
        **shown,
    )


def correct(old_path: Path, new_path: Path, *, reason: str, on: date, out: Path) -> Superseded:
    """Publish a correction: list what changed, write the notice, mark the old edition.

    Parameters
    ----------
    old_path, new_path
        Packs: the edition that was published, and the one that takes its place.
    reason
        Why, in words a reader can use.
    on
        Day of the notice.
    out
        Folder for ``notice.md`` and ``changes.csv``.

    Returns
    -------
    Superseded
        The mark that now stands beside the old edition.

    Raises
    ------
    CorrectionError
        No reason is given, or the old edition was superseded by another already.
    EditionsError
        The packs are of two authorities, or one and the same.
    """
    if len(reason.split()) < 2:
        raise CorrectionError(f'the reason "{reason}" says nothing; say in a sentence what was wrong')
    old, new = open_pack(old_path), open_pack(new_path)
    mark = superseded(old_path)
    if mark is not None and mark.by != new.id:
        raise CorrectionError(
            f"{old_path.name} was superseded on {mark.date} by edition {mark.by}; "
            f"correct that edition instead"
        )
    before, after = release(old, show_stale=True), release(new, show_stale=True)
    check_pair(before, after)
    changes = changed_figures(before, after)
    made = Superseded(old.id, new.id, on.isoformat(), reason.strip(), len(changes))
    with write_whole(out / "changes.csv") as draft:
        changes.to_csv(draft, index=False, lineterminator="\n", encoding="utf-8")
    with write_whole(out / "notice.md") as draft:
        draft.write_text(_notice(before, after, changes, made), encoding="utf-8")
    with write_whole(_mark_path(old_path)) as draft:
        draft.write_text(json.dumps(asdict(made), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return made


def superseded(pack: Path) -> Superseded | None:
    """Give the mark beside a pack, or None where the edition stands.

    Raises
    ------
    CorrectionError
        The mark is damaged, or is of another pack.
    """
    path = _mark_path(pack)
    if not path.is_file():
        return None
    try:
        mark = Superseded(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise CorrectionError(
            f"{path.name} is not a mark of ours ({error}); restore it from a copy"
        ) from error
    opened: Pack = open_pack(pack)
    if mark.pack != opened.id:
        raise CorrectionError(
            f"{path.name} marks edition {mark.pack}, but {pack.name} is edition {opened.id}; "
            f"the pack was replaced after its correction: give each edition a folder of its own"
        )
    return mark


def say_superseded(pack: Path, words: Words | None = None) -> str:
    """Say in a sentence what took the place of a pack's edition; empty where the edition stands.

    Raises
    ------
    CorrectionError
        As `superseded`.
    """
    mark = superseded(pack)
    if mark is None:
        return ""
    words = words or english()
    day = show_period(mark.date, words)
    return words("standing", "sentence", old=mark.pack, new=mark.by, day=day, reason=mark.reason.rstrip("."))


def _mark_path(pack: Path) -> Path:
    return pack.with_name(f"{pack.name}.superseded.json")


def _notice(old: Released, new: Released, changes: pd.DataFrame, mark: Superseded) -> str:
    counts = changes["what"].value_counts()
    counted = ", ".join(
        f"{counts[one]:,} {one}" for one in ("changed", "added", "withdrawn") if one in counts
    )
    lines = [
        f"# Correction, {show_period(mark.date)}: {new.name}",
        "",
        *(["Fictional: this is the sample authority.", ""] if new.fictional else []),
        f"Corrected: {reference(old)}.",
        f"In its place: {reference(new)}.",
        "",
        f"Why: {mark.reason}",
        "",
        (
            f"Published figures that differ: {counted or 'none'}. "
            f"The full list is in changes.csv. The earlier edition is kept and can be had on request."
        ),
    ]
    if len(changes):
        lines += ["", "| figure | area | period | was | is |", "| --- | --- | --- | --- | --- |"]
        lines += [
            f"| {row['label']}{' (' + row['group'] + ')' if row['group'] else ''} | {row['code']} "
            f"| {row['period']} | {_cell(row, 'old')} | {_cell(row, 'new')} |"
            for row in changes.head(LISTED).to_dict("records")
        ]
    if len(changes) > LISTED:
        lines.append(f"\nand {len(changes) - LISTED:,} more in changes.csv.")
    return "\n".join(lines) + "\n"


def _cell(row: dict[str, object], side: str) -> str:
    status, value = row[f"{side}_status"], row[f"{side}_value"]
    if not isinstance(status, str):
        return "not published"
    if status != "ok" or not isinstance(value, float):
        return status.replace("_", " ")
    return show_number(value, str(row["unit"]))
