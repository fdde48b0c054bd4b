"""Who asks: the public, or somebody who has shown who they are, with a role and the authorities it is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from fastapi import Depends, Request

Role = Literal["public", "officer", "restricted"]
#: From least to most that may be seen.
ROLES: tuple[Role, ...] = get_args(Role)
#: Where the viewer of a request stands in its scope; put there before any route is asked.
VIEWER = "fairplace.viewer"


@dataclass(frozen=True)
class Viewer:
    """Who asks.

    Parameters
    ----------
    name
        Of the person or program, for the audit log; empty for the public.
    role
        What they may see of their own authorities.
    authorities
        Codes of the districts that the role is for; every other is seen as the public sees it.
    how
        How they showed it: ``token``, ``bearer`` or ``session``; empty for the public.
    id
        What tells them from whoever has the same name: the number of a token, or the provider's address
        and what it calls them for ever (``iss`` and ``sub``), with a space; empty for the public.
    """

    name: str = ""
    role: Role = "public"
    authorities: frozenset[str] = frozenset()
    how: str = ""
    id: str = ""

    def role_for(self, authority: str) -> Role:
        """Role towards one authority."""
        return self.role if authority in self.authorities else "public"


PUBLIC = Viewer()


async def viewer_of(request: Request) -> Viewer:
    """Give the viewer of a request: the public, unless somebody has been put there who is not."""
    found = request.scope.get(VIEWER, PUBLIC)
    return found if isinstance(found, Viewer) else PUBLIC


#: What a route takes to know who asks.
Who = Annotated[Viewer, Depends(viewer_of)]
