"""One job at a time: the file that names the holder of the lock is anybody's, and is neither trusted nor followed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kith.errors import BadKnowledgeBase, StoreBusy
from kith.jobs.context import sole_job
from tests.making import posix_only


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "people/library.sqlite"


@pytest.fixture
def holder(library: Path) -> Path:
    library.parent.mkdir()
    return library.with_name("library.sqlite.holder")


def _told(library: Path) -> str:
    with pytest.raises(StoreBusy) as error, sole_job(library, "second"):
        pass
    return str(error.value)


def test_the_holder_is_named_and_forgotten(library: Path, holder: Path) -> None:
    with sole_job(library, "first"):
        assert _told(library).startswith(f"first (process {os.getpid()} on ")
    assert not holder.exists()
    with sole_job(library, "second"):
        assert holder.is_file()


def test_what_a_failing_disk_left_of_it_is_cleared_away(library: Path, holder: Path) -> None:
    left = holder.with_name(".kith-0123456789abcdef.part")
    left.touch()
    with sole_job(library, "next"):
        assert not left.exists()


RUBBISH: dict[str, Callable[[Path], object]] = {
    "escapes": lambda path: path.write_bytes(b"\x1b]0;owned\x07\x1b[31mjob\nwith lines\r\x9b"),
    "no Unicode": lambda path: path.write_bytes(bytes(range(256))),
    "much": lambda path: path.write_bytes(b"x" * 10_000_000),
    "turned round": lambda path: path.write_text("\u202ebackwards\u2028", encoding="utf-8"),
    "nothing": lambda path: path.touch(),
    "a folder": Path.mkdir,
}


@pytest.mark.parametrize("kind", RUBBISH)
def test_what_names_the_holder_is_made_safe_to_show(library: Path, holder: Path, kind: str) -> None:
    with sole_job(library, "first"):
        holder.unlink()
        RUBBISH[kind](holder)
        told = _told(library)
        if holder.is_dir():
            holder.rmdir()
    assert f"is at work on {library}" in told
    assert len(told) < 2000
    assert told.isprintable()
    assert told.startswith("another job") == (kind in {"nothing", "a folder"})


@posix_only
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_no_link_is_followed_and_no_pipe_waited_for(library: Path, holder: Path, tmp_path: Path, kind: str) -> None:
    (tmp_path / "secret").write_text("a secret")
    with sole_job(library, "first"):
        holder.unlink()
        holder.symlink_to(tmp_path / "secret") if kind == "link" else os.mkfifo(holder)
        assert _told(library).startswith("another job is at work")


@posix_only
@pytest.mark.parametrize("target", ["mine", "not there"])
def test_a_planted_link_is_replaced_and_not_written_through(
    library: Path, holder: Path, tmp_path: Path, target: str
) -> None:
    (tmp_path / "mine").write_text("mine")
    holder.symlink_to(tmp_path / target)
    with sole_job(library, "first"):
        assert not holder.is_symlink()
        assert holder.read_text().startswith("first")
    assert not holder.is_symlink()
    assert {*os.listdir(tmp_path)} == {"people", "mine"}
    assert (tmp_path / "mine").read_text() == "mine"
    assert {*os.listdir(library.parent)} == {"library.sqlite.lock"}


@posix_only
def test_a_lock_that_is_a_link_is_not_written_through(library: Path, holder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    library.with_name("library.sqlite.lock").symlink_to(tmp_path / "mine")
    with pytest.raises(BadKnowledgeBase, match="cannot be used"), sole_job(library, "first"):
        pass
    assert (tmp_path / "mine").read_text() == "mine"
