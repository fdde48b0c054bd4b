"""The project itself: what the repository and the environment must keep to."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("geo", "layers", "mis", "maps", "fairplace")
pytestmark = pytest.mark.checkout


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\n") if name and (ROOT / name).is_file()]


def test_no_other_distribution_claims_our_package_names() -> None:
    owners = importlib.metadata.packages_distributions()
    for package in PACKAGES:
        assert set(owners.get(package, [])) <= {"fairplace"}, package


def test_no_file_is_large_enough_to_be_data() -> None:
    large = [path.name for path in tracked() if path.stat().st_size > 200_000]
    assert large == []


def test_tests_do_not_shadow_the_packages() -> None:
    assert [
        path for path in tracked() if path.name == "__init__.py" and "tests" in path.relative_to(ROOT).parts
    ] == []


def test_no_path_of_one_machine_is_in_the_tree() -> None:
    pattern = re.compile(r"(?<![\w.`])/(?:work|root|tmp|home)/[\w.]")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()[:80]}"
        for path in tracked()
        if path.suffix in {".py", ".md", ".toml", ".txt", ".html", ".css", ".js", ""}
        and path.name != "test_project.py"
        for line in path.read_text(encoding="utf-8", errors="ignore").splitlines()
        if pattern.search(line)
    ]
    assert found == []


def test_the_pinned_list_names_no_index() -> None:
    pinned = (ROOT / "requirements.txt").read_text()
    assert "://" not in pinned
    assert "index-url" not in pinned.replace("--no-emit-index-url", "")


def test_the_container_holds_every_package_and_both_ways_to_run_have_a_folder_for_kernels() -> None:
    container = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
    unit = (ROOT / "deploy" / "fairplace.service").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (.+) \S+$", container, re.MULTILINE)
    assert sorted(" ".join(copied).split()) == sorted(
        [*PACKAGES, "pyproject.toml", "README.md", "LICENSE", "requirements.txt"]
    )
    # With a read-only root numba stops at the first kernel unless it is told where to keep it.
    kept = "NUMBA_CACHE_DIR=/var/cache/fairplace/"
    assert kept in container
    assert "/var/cache/fairplace" in container.partition("VOLUME")[2].splitlines()[0]
    assert kept in unit
    assert "CacheDirectory=fairplace\n" in unit
