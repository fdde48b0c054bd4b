"""Where packs lie: a folder, or a database of PostgreSQL."""

from __future__ import annotations

from types import ModuleType

from geo.errors import UserError


def is_database(text: str) -> bool:
    """Tell whether an argument is the address of a database and not a folder."""
    return text.startswith(("postgresql://", "postgres://"))


def load_database() -> ModuleType:
    """Give `fairplace.database`, which needs a driver that not every installation has.

    Raises
    ------
    UserError
        The driver is not installed.
    """
    try:
        from fairplace import database
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "psycopg":
            raise
        raise UserError(
            "a database needs psycopg, which is not installed; install it with "
            '`pip install "fairplace[postgis]"`'
        ) from error
    return database
