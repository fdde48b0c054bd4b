"""Whether a wheel carries every file of our packages that the checkout has: run by CI, not by pytest.

    python tests/compare_wheel.py DIST.whl

A wheel that lacks a template or a table of facts imports well and fails at its first use elsewhere.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

PACKAGES = ("geo", "layers", "mis", "maps", "fairplace")


def missing_files(wheel: Path, checkout: Path) -> list[str]:
    """Files of our packages that a wheel lacks: those under version control, where that can be asked."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *PACKAGES], cwd=checkout, capture_output=True, text=True, check=False
    )
    found = [name for name in listed.stdout.split("\0") if name and (checkout / name).is_file()]
    if listed.returncode or not found:
        every = [one for package in PACKAGES for one in (checkout / package).rglob("*") if one.is_file()]
        found = [str(one.relative_to(checkout)) for one in every if "__pycache__" not in one.parts]
    with zipfile.ZipFile(wheel) as held:
        names = set(held.namelist())
    return sorted(set(found) - names)


def main() -> int:
    checkout = Path(__file__).resolve().parent.parent
    missing = missing_files(Path(sys.argv[1]), checkout)
    sys.stderr.writelines(f"the wheel lacks {name}\n" for name in missing)
    return int(bool(missing))


if __name__ == "__main__":
    sys.exit(main())
