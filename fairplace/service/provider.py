"""Features for pygeoapi from layers in memory.

pygeoapi does the protocol: parameters, limits, paging, CRS names, errors. The provider answers with
row numbers, and the route puts the features, written out beforehand, in their place: pygeoapi's own
writer and its own datum shift are never used.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pygeoapi.provider.base import BaseProvider, ProviderItemNotFoundError

from fairplace.service.features import CRS84, GRID, Box, Layer

#: The box that a request asks for and its CRS, read by us: pygeoapi would shift it by another pipeline.
ASKED_BOX: ContextVar[tuple[Box | None, str]] = ContextVar("ASKED_BOX", default=(None, CRS84))
#: Which features a filter holds for; None without one.
ASKED_ROWS: ContextVar[NDArray[np.bool_] | None] = ContextVar("ASKED_ROWS", default=None)


class LayerProvider(BaseProvider):  # type: ignore[misc]
    """A layer as pygeoapi asks for it. ``data`` of its definition is the `Layer`."""

    def __init__(self, provider_def: dict[str, Any]) -> None:
        super().__init__(provider_def)
        self.layer: Layer = provider_def["data"]
        self._fields = {name: {"type": kind} for name, kind in self.layer.fields.items()}

    def get_fields(self) -> dict[str, dict[str, str]]:
        """Property -> its JSON type."""
        return dict(self._fields)

    def query(
        self,
        *,
        offset: int = 0,
        limit: int = 10,
        resulttype: str = "results",
        properties: list[tuple[str, str]] | None = None,
        sortby: list[dict[str, str]] | None = None,
        **rest: Any,
    ) -> dict[str, Any]:
        """Rows of the layer that a request asks for, in place of features."""
        del rest
        box, crs = ASKED_BOX.get()
        rows = self.layer.where(self.layer.within(box, crs), properties or [])
        held = ASKED_ROWS.get()
        if held is not None:
            rows = rows[held[rows]]
        for one in reversed(sortby or []):
            order = self.layer.properties[one["property"]].iloc[rows].reset_index(drop=True)
            rows = rows[order.sort_values(ascending=one["order"] != "-", kind="stable").index.to_numpy()]
        shown = [] if resulttype == "hits" else [int(row) for row in rows[offset : offset + limit]]
        return {
            "type": "FeatureCollection",
            "features": shown,
            "numberMatched": len(rows),
            "numberReturned": len(shown),
        }

    def get(self, identifier: str, **rest: Any) -> dict[str, Any]:
        """Row of one feature, in place of the feature."""
        del rest
        row = self.layer.rows.get(identifier)
        if row is None:
            raise ProviderItemNotFoundError(identifier)
        return {"type": "Feature", "row": row, "properties": {}}


def collection_settings(layer: Layer) -> dict[str, Any]:
    """Give what pygeoapi needs to know of a layer."""
    return {
        "type": "collection",
        "title": layer.title,
        "description": layer.description or layer.title,
        "keywords": [],
        "links": [],
        "extents": {"spatial": {"bbox": list(layer.bounds[CRS84]), "crs": CRS84}},
        "providers": [
            {
                "type": "feature",
                "name": "fairplace.service.provider.LayerProvider",
                "data": layer,
                "crs": [CRS84, GRID],
                "storage_crs": GRID,
                "geom_field": "geometry",
            }
        ],
    }
