"""One file to be had: what is asked, where it grows, and what of it is the authority's."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from fairplace.fetch.errors import RefusedError
from fairplace.fetch.register import Recipe
from fairplace.fetch.transport import Transport


@dataclass(frozen=True)
class Job:
    """One file to be had.

    Parameters
    ----------
    recipe
        How.
    transport
        How requests are made.
    work
        Folder for what is under way.
    authority
        Code of the district; empty for a national file.
    on
        Date up to which the newest file is wanted.
    codes
        Codes of the authority's areas of the geography that the recipe names.
    box
        West, south, east and north of the authority in degrees; None where not needed.
    """

    recipe: Recipe
    transport: Transport
    work: Path
    authority: str
    on: date
    codes: tuple[str, ...] = ()
    box: tuple[float, float, float, float] | None = None

    @property
    def part(self) -> Path:
        """Where the body grows: one place an address, so that a zip of several tables comes once."""
        # What is asked of these is the same for every authority; what is kept of it is not.
        same = self.recipe.how in ("file", "dated", "os") and "{authority}" not in self.recipe.url
        whom = "" if same else self.authority
        key = hashlib.sha256(f"{self.recipe.url} {self.recipe.ask} {whom}".encode()).hexdigest()
        return self.work / f"{key[:16]}.part"

    @property
    def key(self) -> str:
        """The reader's own key.

        Raises
        ------
        RefusedError
            The environment does not hold it.
        """
        held = os.environ.get(self.recipe.key, "")
        if not held:
            raise RefusedError(
                f"{self.recipe.title} wants your own key: get one at {self.recipe.page} "
                f"and put it into the environment as {self.recipe.key}"
            )
        return held

    def fill(self, text: str) -> str:
        """Fill in what an address leaves open."""
        return text.replace("{authority}", self.authority).replace("{date}", self.on.strftime("%Y%m%d"))
