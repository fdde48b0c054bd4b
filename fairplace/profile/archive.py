"""Zip files that are the same bytes for the same members: bundles, and the inside of DOCX files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

#: The first day a zip file can hold; no clock is read.
_DAY = (1980, 1, 1, 0, 0, 0)


def zip_bytes(members: Mapping[str, bytes]) -> bytes:
    """Zip some files, in the order given, with one fixed time.

    Parameters
    ----------
    members
        Name inside the archive -> content.
    """
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, _DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return held.getvalue()


def same_zip(content: bytes) -> bytes:
    """Zip the members of an archive again, with one fixed time."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return zip_bytes({one.filename: archive.read(one) for one in archive.infolist()})
