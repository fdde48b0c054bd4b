"""Tables that a council sent through the service and accepted, as a build reads them.

``uploads/AUTHORITY/index.json`` says which are accepted (see `fairplace.service.uploads`, which writes it
in one step); what it does not name is not there.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from geo.errors import UserError

_TABLES = ("table.csv", "table.geojson")


class ShelfError(UserError, ValueError):
    """A folder is none of uploads, or its index is damaged."""


def accepted_tables(uploads: Path) -> dict[str, Path]:
    """Kind -> table of the upload that is accepted, of one authority.

    Raises
    ------
    ShelfError
        The folder is none of uploads, or its index is damaged.
    """
    index = uploads / "index.json"
    if not index.is_file():
        raise ShelfError(
            f"{uploads} holds no index.json, so it is no folder of uploads; give uploads/AUTHORITY"
        )
    try:
        listed = json.loads(index.read_text(encoding="utf-8"))
        accepted = {str(one["kind"]): str(one["id"]) for one in listed if one["state"] == "accepted"}
    except (ValueError, TypeError, KeyError) as error:
        raise ShelfError(f"{index} is damaged ({error}); put a copy of it back") from error
    found: dict[str, Path] = {}
    for kind, name in accepted.items():
        folder = uploads / "files" / name
        table = next((folder / one for one in _TABLES if (folder / one).is_file()), None)
        if table is None:
            raise ShelfError(
                f"{folder} holds no table, and the index says it is accepted; remove it and send it again"
            )
        found[kind] = table
    return found


def lay_over(local: Path, uploads: Path, into: Path) -> list[str]:
    """Lay the accepted uploads of an authority over its own folder of files.

    Parameters
    ----------
    local
        The folder ``local`` of a build; it may not be there.
    uploads
        Folder of uploads of the authority.
    into
        An empty folder, which gets both: of one kind the upload.

    Returns
    -------
    list of str
        Kinds that came from uploads.

    Raises
    ------
    ShelfError
        The folder is none of uploads, or its index is damaged.
    """
    accepted = accepted_tables(uploads)
    for one in sorted(local.iterdir()) if local.is_dir() else ():
        if one.is_file() and one.name.split(".")[0] not in accepted:
            shutil.copy2(one, into / one.name)
    for kind, table in accepted.items():
        shutil.copy2(table, into / f"{kind}{table.suffix}")
    return sorted(accepted)
