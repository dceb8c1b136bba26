"""A few of the disturbances that scripts/torture.py makes by the hundred: nothing is lost, nobody sees a traceback."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.desk import REPOSITORY

pytestmark = [
    pytest.mark.bench,
    pytest.mark.skipif(sys.platform == "win32", reason="processes are killed as POSIX systems do it"),
]
needs_shim = pytest.mark.skipif(
    sys.platform != "linux" or not (shutil.which("cc") or shutil.which("gcc")),
    reason="calls fail by a library preloaded on Linux, for which a C compiler is needed",
)

Trial = Callable[[Path, Path, int, Random], list[str]]


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The modules of the scripts can be imported."""
    monkeypatch.syspath_prepend(str(REPOSITORY / "scripts"))


def _expect_no_trouble(trial: Trial, folder: Path, shared: Path, count: int) -> None:
    assert trial(folder, shared / "data", count, Random(0)) == []


@pytest.mark.usefixtures("scripts")
def test_killed_commands_lose_nothing(tmp_path: Path, shared: Path) -> None:
    from torture_disturbing import kills

    _expect_no_trouble(kills, tmp_path, shared, 3)


@needs_shim
@pytest.mark.usefixtures("scripts")
def test_calls_that_fail_lose_nothing_and_are_told(tmp_path: Path, shared: Path) -> None:
    from torture_disturbing import errors

    _expect_no_trouble(errors, tmp_path, shared, 3)


@needs_shim
@pytest.mark.usefixtures("scripts")
def test_filing_that_is_killed_or_whose_disk_fails_is_completed_by_the_next_run(tmp_path: Path) -> None:
    from torture_filing import filing

    assert filing(tmp_path, Path(), 10, Random(0)) == []


@needs_shim
@pytest.mark.usefixtures("scripts")
def test_what_filing_loses_or_leaves_half_done_is_seen(tmp_path: Path) -> None:
    from torture_filing import FilingWorld, not_whole

    world = FilingWorld(tmp_path, Path())
    world.lay_out()
    assert not_whole(world) == ""
    photo = next(iter((world.root / "input").rglob("*.jpg")))
    (world.root / "output/Anna").mkdir(parents=True)
    (world.root / "output/Anna/1.jpg").write_bytes(photo.read_bytes()[:500_000])
    assert "Anna/1.jpg" in not_whole(world)
    photo.unlink()
    assert not_whole(world) == "1 photos are lost"


@pytest.mark.usefixtures("scripts")
def test_damaged_photos_are_read_or_named_with_a_reason(tmp_path: Path, shared: Path) -> None:
    from torture_fuzz import fuzz

    _expect_no_trouble(fuzz, tmp_path, shared, 3)
