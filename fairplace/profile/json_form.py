"""The profile as JSON, for programs: the same parts, and the rows that every number comes from."""

from __future__ import annotations

import json
import math
from typing import Any

from fairplace.profile.model import Block, Bullets, Drawing, Inline, Number, Paragraph, Profile, Table
from maps.words import Words


def render_json(profile: Profile) -> str:
    """Render a profile as JSON text: document, figures and sources."""
    content = {
        "title": profile.title,
        "area": {"code": profile.code, "geography": profile.geography, "name": profile.area},
        "authority": profile.authority,
        "edition": profile.edition,
        "status": profile.status,
        "pack": profile.pack_id,
        "banner": list(profile.banner),
        "cover": [{"name": name, "text": text} for name, text in profile.papers],
        "cover_map": None if profile.inset is None else _block(profile.inset, profile.words),
        "sections": [
            {
                "id": one.id,
                "title": one.title,
                "blocks": [_block(block, profile.words) for block in one.blocks],
            }
            for one in profile.sections
        ],
        "figures": [_plain(row) for row in profile.figures.to_dict("records")],
        "sources": [one.record() for _, one in sorted(profile.sources.items())],
        "cite": profile.cite,
    }
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    return {
        str(key): None if isinstance(value, float) and math.isnan(value) else value
        for key, value in row.items()
    }


def _inline(part: Inline, words: Words) -> Any:
    if isinstance(part, Number):
        return {
            "text": part.written(words), "figure": part.key, "style": part.style, "column": part.column,
        }  # fmt: skip
    return part


def _block(block: Block, words: Words) -> dict[str, Any]:
    if isinstance(block, Paragraph):
        return {
            "kind": "paragraph",
            "role": block.role,
            "parts": [_inline(part, words) for part in block.parts],
        }
    if isinstance(block, Bullets):
        return {
            "kind": "bullets",
            "items": [[_inline(one, words) for one in item.parts] for item in block.items],
        }
    if isinstance(block, Table):
        return {
            "kind": "table",
            "id": block.id,
            "caption": block.caption,
            "head": list(block.head),
            "rows": [[_inline(cell, words) for cell in row] for row in block.rows],
            "notes": list(block.notes),
        }
    assert isinstance(block, Drawing)
    return {"kind": "drawing", "id": block.id, "caption": block.caption, "alt": block.alt, "twin": block.twin}
