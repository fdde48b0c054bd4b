"""The demonstration: the sample authority built and shown, from nothing, in one call."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import jinja2
from tqdm import tqdm

from fairplace.cli import main
from fairplace.disclosure import release
from fairplace.files import write_whole
from fairplace.map_page import compose_map
from fairplace.pack import Pack
from fairplace.pipeline import BuildSettings, build
from fairplace.profile.content import Place, compose
from fairplace.profile.forms import write_profile
from fairplace.sample import write_sample

#: Code of the sample authority, of a range that ONS does not use.
SAMPLE = "E06999001"


class DemoError(RuntimeError):
    """A step of the demonstration failed, which is a fault of ours."""


@dataclass(frozen=True)
class Page:
    """Something that the demonstration made.

    Parameters
    ----------
    path
        The file, relative to the folder of the demonstration.
    title, about
        For the index.
    """

    path: str
    title: str
    about: str


def run_demo(out: Path) -> list[Page]:
    """Build the sample authority and write its profiles, maps and plans.

    Parameters
    ----------
    out
        Folder to write to; ``index.html`` in it leads to everything.

    Returns
    -------
    list of Page
        What was made, in the order of the index.
    """
    pages: list[Page] = []
    steps: list[tuple[str, Callable[[], None]]] = []
    held: dict[str, Pack] = {}
    data, pack_folder = out / "halverton-data", out / "halverton"

    def sample() -> None:
        write_sample(data)

    def pack() -> None:
        held["pack"] = build(
            SAMPLE,
            data=data,
            out=pack_folder,
            settings=BuildSettings(),
            restricted=data / "restricted" if (data / "restricted").is_dir() else None,
        )

    def profiles() -> None:
        released = release(held["pack"], "public")
        wards = released.areas("wd25")["name"]
        for code, name in sorted(wards.items(), key=lambda pair: str(pair[1])):
            path = f"profiles/{code}.html"
            write_profile(compose(released, Place("wd25", str(code), str(name))), released, out / path)
            pages.append(
                Page(path, f"Neighbourhood profile: {name}", "What is known of one ward, with its ranges")
            )

    def maps() -> None:
        page = compose_map(release(held["pack"], "public"))
        with write_whole(out / "map.html") as draft:
            draft.write_text(page, encoding="utf-8")
        pages.insert(0, Page("map.html", "Map", "Every layer of the pack, in one file that needs no network"))

    def hubs() -> None:
        _command(
            *("hubs", pack_folder, "--candidates", data / "local" / "hub_candidates.csv"),
            *("--weight", "children_below_mis", "--add", "2", "--skip-islands", "500", "--out", out / "hubs"),
        )
        pages.insert(1, Page("hubs/note.html", "Hub plan", "Where two hubs could go, and how sure that is"))
        pages.insert(2, Page("hubs/map.html", "Hub plan: map", "Hubs as they are and as they could be"))

    def review() -> None:
        local = data / "local"
        _command(
            *(
                "review",
                pack_folder,
                "--sites",
                local / "plan_sites.geojson",
                "--with",
                local / "constraints",
            ),
            *("--policy", local / "policy.geojson", "--out", out / "review"),
        )
        pages.insert(3, Page("review/index.html", "Plan review", "Every site against every layer"))

    def scorecard() -> None:
        _command("scorecard", pack_folder, "--out", out / "scorecard.html")
        pages.insert(4, Page("scorecard.html", "Scorecard", "The council's indicators, to sort and filter"))

    steps = [
        ("sample", sample),
        ("pack", pack),
        ("profiles", profiles),
        ("map", maps),
        ("hubs", hubs),
        ("review", review),
        ("scorecard", scorecard),
    ]
    with tqdm(steps, desc="demo", unit="step", disable=None, leave=False, file=sys.stderr) as progress:
        for name, step in progress:
            progress.set_postfix_str(name)
            step()
    _write_index(out, held["pack"], pages)
    return pages


def _command(*words: str | Path) -> None:
    """Run a command as a reader would, without its words."""
    with contextlib.redirect_stdout(io.StringIO()):
        code = main([str(word) for word in words])
    if code not in (0, 1):
        raise DemoError(f"`fairplace {words[0]}` failed; run it by itself to see why")


def _write_index(out: Path, pack: Pack, pages: list[Page]) -> None:
    text = resources.files("fairplace").joinpath("index.html.jinja").read_text(encoding="utf-8")
    template = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(text)
    with write_whole(out / "index.html") as draft:
        draft.write_text(template.render(pack=pack, pages=pages), encoding="utf-8")
