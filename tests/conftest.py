"""What every test may use: where real data lie, and what the machine must have."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
# Minutes of few tests. Left to the end, as files of few tests are, one worker would wait for the other.
LONG = ("test_demo.py", "test_profile_forms.py", "test_roles_table.py", "test_signed_in_browser.py",
        "test_explore_browser.py", "test_explore_keyboard.py")  # fmt: skip


def _shared(name: str, variable: str) -> Path:
    path = Path(os.environ.get(variable, ROOT.parent / "shared" / name))
    if not path.is_dir():
        pytest.skip(f"needs real files: set {variable} or put them beside the checkout")
    return path


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of published files for real places (``FAIRPLACE_DATA``, else ``../shared/data``)."""
    return _shared("data", "FAIRPLACE_DATA")


@pytest.fixture(scope="session")
def reference() -> Path:
    """Folder of published test instances (``FAIRPLACE_REFERENCE``, else ``../shared/reference``)."""
    return _shared("reference", "FAIRPLACE_REFERENCE")


@pytest.fixture(scope="session")
def grids() -> Path:
    """Folder with the OSTN15 grid."""
    folder = Path(os.environ.get("FAIRPLACE_GRIDS", ROOT.parent / "shared" / "data" / "grid"))
    if not (folder / "uk_os_OSTN15_NTv2_OSGBtoETRS.tif").is_file():
        pytest.skip("needs the OSTN15 grid: set FAIRPLACE_GRIDS")
    return folder


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """Make a folder in the first worker that needs it; the others wait for it, and only read it."""
    base = tmp_path_factory.getbasetemp()
    # The folder of a worker lies in that of the run.
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "made-once"
    shared.mkdir(exist_ok=True)

    def give(name: str, make: Callable[[Path], object]) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with FileLock(shared / f"{name}.lock"):
            if not done.exists():
                # Whatever a worker that failed has left.
                shutil.rmtree(folder, ignore_errors=True)
                make(folder)
                done.touch()
        return folder

    return give


@pytest.fixture(scope="session")
def sample_data(made_once: Callable[..., Path]) -> Path:
    """The sample authority's published files."""
    from fairplace.sample import write_sample

    return made_once("data", write_sample)


# A change is judged by the same examples wherever it is tried, however busy the machine is; `make slow`
# looks for new ones.
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])


def pytest_configure() -> None:
    """Use the grid where it lies beside the checkout; a test of life without it takes it away."""
    settings.load_profile(os.environ.get("FAIRPLACE_EXAMPLES", "steady"))
    folder = ROOT.parent / "shared" / "data" / "grid"
    if "FAIRPLACE_GRIDS" not in os.environ and folder.is_dir():
        os.environ["FAIRPLACE_GRIDS"] = str(folder)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; the rest keeps its order."""
    places = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path.name, len(LONG)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where CI said that the machine has what the test needs.

    Real files are another matter: they are beside the checkout or they are not.
    """
    report = yield
    required = {name for name in os.environ.get("FAIRPLACE_REQUIRE", "").split(",") if name}
    needed = required & {mark.name for mark in item.iter_markers()}
    if needed and report.skipped and call.excinfo is not None:
        reason = str(call.excinfo.value)
        if "real files" not in reason and "OSTN15" not in reason:
            report.outcome = "failed"
            report.longrepr = f"FAIRPLACE_REQUIRE names {', '.join(sorted(needed))}, but: {reason}"
    return report
