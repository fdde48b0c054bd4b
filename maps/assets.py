"""Scripts, styles and images written into a page, so that it opens with the network cut.

Every browser file is named in ``maps/assets.toml`` with the Python package that carries it and its
hash. `inline` puts them into any page that folium made and refuses a page that would still ask
for something outside.
"""

from __future__ import annotations

import base64
import hashlib
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

from geo.errors import UserError


class AssetError(UserError, ValueError):
    """A browser file is absent, is not the one we know, or a page would fetch one from outside."""


@dataclass(frozen=True)
class Asset:
    """One browser file and where it comes from."""

    name: str
    package: str
    version: str
    module: str
    file: str
    sha256: str
    licence: str
    answers: tuple[str, ...] = ()

    def path(self) -> Path:
        """Path of the file, checked; for programs that take a font or an image by path.

        Raises
        ------
        AssetError
            As in `read`.
        """
        self.read()
        return self._place()

    def read(self) -> bytes:
        """Bytes of the file, checked.

        Raises
        ------
        AssetError
            The package is not installed, or the file is not the one that the list names.
        """
        try:
            held = self._place().read_bytes()
        except (ImportError, FileNotFoundError):
            raise AssetError(
                f"{self.name} is not there; install {self.package}=={self.version}, which carries it"
            ) from None
        found = hashlib.sha256(held).hexdigest()
        if found != self.sha256:
            raise AssetError(
                f"{self.name} has the hash {found[:12]}…, but maps/assets.toml names {self.sha256[:12]}…; "
                f"install {self.package}=={self.version}"
            )
        return held

    def _place(self) -> Path:
        # Found without importing: a package that carries a script may do much when imported.
        spec = find_spec(self.module)
        if spec is None or not spec.submodule_search_locations:
            raise ModuleNotFoundError(self.module)
        return Path(next(iter(spec.submodule_search_locations)), self.file)


@dataclass(frozen=True)
class Dropped:
    """A reference of folium's that is left out knowingly, `unless` the page calls it."""

    url: str
    reason: str
    unless: str = ""


@cache
def _lists() -> tuple[dict[str, Asset], dict[str, Dropped]]:
    held = tomllib.loads(resources.files("maps").joinpath("assets.toml").read_text(encoding="utf-8"))
    assets = [Asset(**{**one, "answers": tuple(one.get("answers", ()))}) for one in held["asset"]]
    dropped = [Dropped(**one) for one in held["dropped"]]
    return {one.name: one for one in assets}, {one.url: one for one in dropped}


def assets() -> tuple[Asset, ...]:
    """All browser files a page may carry, in the order of the list."""
    return tuple(_lists()[0].values())


def asset(name: str) -> Asset:
    """One browser file by its name.

    Raises
    ------
    AssetError
        The list has no such name.
    """
    held = _lists()[0]
    if name not in held:
        raise AssetError(f'"{name}" is not in maps/assets.toml, which lists {", ".join(held)}')
    return held[name]


def data_uri(name: str) -> str:
    """Give an image of the list as a ``data:`` address."""
    kind = "image/svg+xml" if name.endswith(".svg") else "image/png"
    return f"data:{kind};base64,{base64.b64encode(asset(name).read()).decode('ascii')}"


def script(name: str) -> str:
    """Give a script of the list as text that may stand inside a ``<script>`` element."""
    text = asset(name).read().decode("utf-8")
    # A source map would be asked for by developer tools, beside a page that has nothing beside it.
    text = re.sub(r"//# sourceMappingURL=\S+", "", text)
    if name == "leaflet.js":
        text += _marker_images()
    return text.replace("</script", "<\\/script")


def style(name: str) -> str:
    """Give a style sheet of the list as text, its images written into it."""
    text = asset(name).read().decode("utf-8")
    # A rule for Internet Explorer 8, the only other address in the sheet.
    text = text.replace("behavior: url(#default#VML);", "")
    return re.sub(r"url\((images/[^)]+)\)", lambda found: f"url({data_uri(found[1])})", text)


def _marker_images() -> str:
    # Leaflet finds its images by reading a style sheet's address, which a page of one file lacks.
    return (
        "\ndelete L.Icon.Default.prototype._getIconUrl;L.Icon.Default.mergeOptions({"
        f'iconUrl:"{data_uri("images/marker-icon.png")}",'
        f'iconRetinaUrl:"{data_uri("images/marker-icon-2x.png")}",'
        f'shadowUrl:"{data_uri("images/marker-shadow.png")}"}});\n'
    )


_SCRIPT = re.compile(r'<script\b[^>]*\bsrc\s*=\s*["\']([^"\']+)["\'][^>]*>\s*</script\s*>', re.IGNORECASE)
# Data in a script element is not a program, whatever the names in it look like.
_PROGRAM = re.compile(r"<script\b(?![^>]*application/json)[^>]*>(.*?)</script", re.IGNORECASE | re.DOTALL)
_LINK = re.compile(r"<link\b[^>]*>", re.IGNORECASE)
_HREF = re.compile(r'\bhref\s*=\s*["\']([^"\']+)["\']', re.IGNORECASE)


def inline(html: str) -> str:
    """Give the same page with every script and style sheet inside it.

    Parameters
    ----------
    html
        A page as folium or our own templates write it.

    Returns
    -------
    str
        Needs no other file. References that ``maps/assets.toml`` drops are gone.

    Raises
    ------
    AssetError
        The page names a file that no package of the list carries, or calls a script that was
        dropped; the message names it.
    """
    carried = {url: one for one in assets() for url in one.answers}
    dropped = _lists()[1]
    programs = "".join(_PROGRAM.findall(html))

    def answer(url: str, tag: str) -> str:
        if url in carried:
            name = carried[url].name
            return f"<script>{script(name)}</script>" if tag == "script" else f"<style>{style(name)}</style>"
        one = dropped.get(url)
        if one is None:
            raise AssetError(
                f"the page asks for {url}, which no listed package carries; leave that element out, or "
                f"add the file to maps/assets.toml"
            )
        if one.unless and one.unless in programs:
            raise AssetError(
                f"the page calls {one.unless}, which needs {url}: {one.reason}; leave that element out"
            )
        return ""

    def link(found: re.Match[str]) -> str:
        address = _HREF.search(found[0])
        if address is None or "stylesheet" not in found[0].lower() or address[1].startswith("data:"):
            return found[0]
        return answer(address[1], "link")

    page = _SCRIPT.sub(lambda found: answer(found[1], "script"), html)
    page = _LINK.sub(link, page)
    left = outside_references(page)
    if left:
        raise AssetError(
            f"the page would still ask for {left[0]}; carry it inside, or leave that element out"
        )
    return page


#: Attributes that make a browser fetch something, by element.
_FETCHING = {
    "script": ("src",),
    "link": ("href",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "iframe": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "track": ("src",),
    "input": ("src",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
}
_CSS_ADDRESS = re.compile(r"url\(\s*[\"']?([^\"')]+)|@import\s+[\"']([^\"']+)", re.IGNORECASE)


class _References(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        for name, value in attrs:
            if name in _FETCHING.get(tag, ()) and value:
                self._note(value)
            if name == "style" and value:
                self._note_css(value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "style":
            self._style = False

    def handle_data(self, data: str) -> None:
        if self._style:
            self._note_css(data)

    def _note_css(self, text: str) -> None:
        for found in _CSS_ADDRESS.finditer(text):
            self._note(found[1] or found[2])

    def _note(self, address: str) -> None:
        if not address.strip().startswith(("data:", "#")):
            self.found.append(address.strip())


def outside_references(html: str) -> list[str]:
    """List what a browser would fetch to show the page, in order; links to follow do not count."""
    reader = _References()
    reader.feed(html)
    return reader.found


_ID = re.compile(r"(?<![0-9a-fA-F])[0-9a-f]{32}(?![0-9a-fA-F])")


def steady_ids(html: str) -> str:
    """Replace the random ids that folium gives its elements by their order of appearance."""
    seen: dict[str, str] = {}
    return _ID.sub(lambda found: seen.setdefault(found[0], f"n{len(seen) + 1}"), html)
