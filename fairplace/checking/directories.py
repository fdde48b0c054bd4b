"""A directory of postcodes for a check, from the file that a build reads too."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from geo.postcodes import PostcodeDirectory, make_directory
from layers.postcodes import read_postcodes


def read_directory(path: Path) -> PostcodeDirectory:
    """Read Code-Point Open or an ONS directory as a directory of postcodes."""
    points = read_postcodes(path)
    frame = pd.DataFrame(
        {
            "postcode": points.frame["id"],
            "x": points.frame.geometry.x,
            "y": points.frame.geometry.y,
            "ended": points.frame["terminated"],
        }
    )
    return make_directory(
        frame, postcode="postcode", x="x", y="y", ended="ended", edition=points.source.title
    )
