"""From a product of Great Britain to the part that an authority needs: tiles joined, layers cut to its box.

What lies within half an hour's walk of the authority's box stays, so that nobody near its edge is cut off
from what is across it.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from fairplace.fetch.errors import ChangedError, CutError
from fairplace.fetch.job import Job
from fairplace.fetch.transport import Received
from fairplace.files import explain_write
from geo.crs import lonlat_to_bng
from geo.terrain import MARGIN, DamagedTerrainError, TerrainError, join_tiles, write_terrain
from geo.vector import LayerError, layer_names, read_layer

#: A member that unpacks to more bytes is left alone; OS Open Roads has 2.1 GB.
MOST_UNPACKED = 6_000_000_000
#: Date written into GeoPackages, so that the same product gives the same bytes on any day.
_STILL = "2000-01-01T00:00:00Z"

Box = tuple[float, float, float, float]


def cut(came: Received, job: Job, target: Path) -> list[str]:
    """Write the part of a product that the authority needs.

    Parameters
    ----------
    came
        The zip as published.
    job
        What was asked; its recipe's `cut` is ``tiles`` or ``layers``.
    target
        File to write.

    Returns
    -------
    list of str
        What was done, in words.

    Raises
    ------
    ChangedError
        The product has not the tiles, the layer or the member that it used to have.
    CutError
        It is damaged.
    """
    box = _box(job)
    if job.recipe.cut == "tiles":
        try:
            terrain = join_tiles(came.path, box)
        except DamagedTerrainError as error:
            raise CutError(f"{came.url}: {error}") from error
        except TerrainError as error:
            raise ChangedError(f"{came.url}: {error}") from error
        with explain_write(target):
            write_terrain(terrain, target)
        return [terrain.said]
    return _cut_layers(came, job, box, target)


def _box(job: Job) -> Box:
    if job.box is None:
        raise ChangedError("it needs the outline of the authority: fetch boundary_lsoa21 first")
    west, south, east, north = job.box
    x, y = lonlat_to_bng([west, west, east, east], [south, north, south, north])
    return float(min(x)), float(min(y)), float(max(x)), float(max(y))


def _cut_layers(came: Received, job: Job, box: Box, target: Path) -> list[str]:
    import pyogrio

    wide = (box[0] - MARGIN, box[1] - MARGIN, box[2] + MARGIN, box[3] + MARGIN)
    whole = job.work / f"{came.path.stem}.gpkg"
    target.unlink(missing_ok=True)
    done = []
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _STILL})
    try:
        _unpack_member(came, job.recipe.member, whole)
        held = layer_names(whole)
        for name in job.recipe.ask["layers"]:
            if name not in held:
                raise ChangedError(f'{came.url} has no layer "{name}" any more; it has {", ".join(held)}')
            frame = read_layer(whole, layer=name, box=wide)
            papers = {"source": job.recipe.title, "edition": came.edition}
            with explain_write(target):
                frame.to_file(target, layer=name, driver="GPKG", dataset_metadata=papers)
            done.append(f"{len(frame)} of {name} within {MARGIN:g} m of the box of {job.authority}")
    except LayerError as error:
        raise CutError(f"{came.url}: what is in the zip is damaged ({error}); run again") from error
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
        whole.unlink(missing_ok=True)
    return done


def _unpack_member(came: Received, pattern: str, to: Path) -> None:
    """Unpack the one member that fits, of no more than `MOST_UNPACKED`, whatever it says of its size."""
    with zipfile.ZipFile(came.path) as packed:
        names = [one for one in packed.namelist() if re.search(pattern, one, re.IGNORECASE)]
        if len(names) != 1:
            held = ", ".join(packed.namelist()[:5]) or "nothing"
            raise ChangedError(f'{came.url} holds {len(names)} like "{pattern}"; it holds {held}')
        with explain_write(to), packed.open(names[0]) as source, to.open("wb") as target:
            size = 0
            while piece := source.read(1 << 20):
                size += len(piece)
                if size > MOST_UNPACKED:
                    raise ChangedError(
                        f"{names[0]} unpacks to more than {MOST_UNPACKED // 10**9} GB, which it never did"
                    )
                target.write(piece)
