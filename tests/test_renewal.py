"""Copies follow their originals: what changed is copied anew, what did not is not even read."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kith.errors import BadPhoto, FilingFailed
from kith.filing.copies import file_copies
from tests.filing_desk import ANN, BOB, Filer, opened_below, written
from tests.making import full_disk, needs_full_disk

REPOSITORY = Path(__file__).parents[1]


@contextmanager
def nothing_done(filer: Filer) -> Iterator[None]:
    """Check that no file is read or written, nor anything in the library."""
    before = {path: written(path) for path in filer.output.rglob("*")}
    rows = _rows(filer)
    with opened_below(filer.input.parent) as opened:
        yield
    assert opened == []
    assert {path: written(path) for path in filer.output.rglob("*")} == before
    assert _rows(filer) == rows


def _rows(filer: Filer) -> list[tuple[object, ...]]:
    return filer.query("SELECT * FROM copies ORDER BY id")


def _forget_sources(filer: Filer) -> None:
    """Make the record one of a version that did not write down what a copy was made of."""
    filer.query("UPDATE copies SET source = NULL, source_size = NULL, source_mtime_ns = NULL")


def test_a_second_run_reads_no_file_and_writes_nothing(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, ANN, BOB)
    with nothing_done(filer):
        assert filer.file(source, ANN, BOB) == ["Ann/photo.jpg", "Bob/photo.jpg"]


def test_an_edited_photo_is_copied_anew_under_the_same_name(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, ANN, BOB)
    filer.edit(source, b"a photo with a tag")
    assert filer.file(source, ANN, BOB) == ["Ann/photo.jpg", "Bob/photo.jpg"]
    assert filer.filed() == dict.fromkeys(("Ann/photo.jpg", "Bob/photo.jpg"), b"a photo with a tag")
    assert (filer.output / "Ann/photo.jpg").stat().st_mtime_ns == source.stat().st_mtime_ns
    assert filer.notes == []
    with nothing_done(filer):
        filer.file(source, ANN, BOB)


def test_an_edited_photo_under_another_name_by_now_is_copied_anew(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, None)
    filer.edit(source, b"edited")
    assert filer.file(source, ANN) == ["Ann/photo.jpg"]
    assert filer.filed() == {"Ann/photo.jpg": b"edited"}


def test_a_copy_that_the_user_altered_is_kept_beside_the_fresh_one_and_said_once(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, ANN)
    (filer.output / "Ann/photo.jpg").write_bytes(b"retouched")
    with nothing_done(filer):
        assert filer.file(source, ANN) == ["Ann/photo.jpg"]
    filer.edit(source, b"edited")
    assert filer.file(source, ANN) == ["Ann/photo (2).jpg"]
    assert filer.filed() == {"Ann/photo.jpg": b"retouched", "Ann/photo (2).jpg": b"edited"}
    (note,) = filer.notes
    assert str(filer.output / "Ann/photo.jpg") in note
    assert str(filer.output / "Ann/photo (2).jpg") in note
    with nothing_done(filer):
        assert filer.file(source, ANN) == ["Ann/photo (2).jpg"]
    filer.edit(source, b"edited again")
    assert filer.file(source, ANN) == ["Ann/photo (2).jpg"]
    assert filer.filed() == {"Ann/photo.jpg": b"retouched", "Ann/photo (2).jpg": b"edited again"}
    assert filer.notes == [note]


def test_a_link_in_the_place_of_a_copy_is_no_copy_of_kiths(filer: Filer) -> None:
    source, outside = filer.photo(), filer.output.with_name("outside.jpg")
    filer.file(source, ANN)
    place = filer.output / "Ann/photo.jpg"
    place.rename(outside)
    place.symlink_to(outside)
    filer.edit(source, b"edited")
    assert filer.file(source, ANN) == ["Ann/photo (2).jpg"]
    assert place.is_symlink()
    assert outside.read_bytes() == b"a photo"
    filer.file(source, BOB)
    assert place.is_symlink()


def test_a_photo_with_a_new_time_alone_is_not_copied_anew(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, ANN)
    before = written(filer.output / "Ann/photo.jpg")
    filer.edit(source, b"a photo")
    filer.file(source, ANN)
    assert written(filer.output / "Ann/photo.jpg") == before
    with nothing_done(filer):
        filer.file(source, ANN)


def test_two_files_of_one_photo_do_not_make_a_copy_flip(filer: Filer) -> None:
    first = filer.photo("1/photo.jpg", b"untagged", shows="one")
    second = filer.photo("2/photo.jpg", b"with a tag", shows="one")
    filer.file(first, ANN)
    with nothing_done(filer):
        for source in (second, first, second):
            assert filer.file(source, ANN) == ["Ann/photo.jpg"]
    filer.edit(second, b"with two tags")
    with nothing_done(filer):
        filer.file(second, ANN)
    filer.edit(first, b"tagged, too")
    with nothing_done(filer):
        filer.file(second, ANN)  # looked at before the file that the copy was made of
    filer.file(first, ANN)
    assert filer.filed() == {"Ann/photo.jpg": b"tagged, too"}


def test_where_the_original_is_gone_another_file_of_the_photo_takes_its_place(filer: Filer) -> None:
    first = filer.photo("1/photo.jpg", b"untagged", shows="one")
    second = filer.photo("2/photo.jpg", b"with a tag", shows="one")
    filer.file(first, ANN)
    filer.file(second, ANN)
    first.unlink()
    filer.file(second, ANN)
    assert filer.filed() == {"Ann/photo.jpg": b"with a tag"}
    with nothing_done(filer):
        filer.file(second, ANN)
    first.write_bytes(b"untagged")  # its drive is back
    filer.look(first)
    with nothing_done(filer):
        filer.file(first, ANN)


def test_where_the_original_is_gone_a_file_that_holds_the_same_is_followed_before_another(filer: Filer) -> None:
    first, second, third = (
        filer.photo(f"{number}/photo.jpg", content, shows="one")
        for number, content in enumerate((b"untagged", b"with a tag", b"untagged"), 1)
    )
    for source in (first, second, third):
        filer.file(source, ANN)
    first.unlink()
    before = written(filer.output / "Ann/photo.jpg")
    for source in (second, third):
        filer.file(source, ANN)
    assert written(filer.output / "Ann/photo.jpg") == before
    with nothing_done(filer):
        for source in (second, third):
            filer.file(source, ANN)


def test_a_moved_photo_is_not_read(filer: Filer) -> None:
    source = filer.photo("before.jpg")
    filer.file(source, ANN)
    moved = filer.move(source, "now.jpg")
    with opened_below(filer.input.parent) as opened:
        assert filer.file(moved, ANN) == ["Ann/before.jpg"]
    assert opened == []
    with nothing_done(filer):
        filer.file(moved, ANN)
    filer.edit(moved, b"edited")
    assert filer.file(moved, ANN) == ["Ann/before.jpg"]
    assert filer.filed() == {"Ann/before.jpg": b"edited"}


def test_a_file_that_holds_another_photo_by_now_is_followed_no_more(filer: Filer) -> None:
    first = filer.photo("1/photo.jpg", b"one", shows="one")
    filer.file(first, ANN)
    filer.file(filer.photo("2/photo.jpg", b"one", shows="one"), ANN)
    first = filer.photo("1/photo.jpg", b"another", shows="another")
    assert filer.file(first, BOB) == ["Bob/photo.jpg"]
    filer.file(filer.input / "2/photo.jpg", ANN)
    assert filer.filed() == {"Ann/photo.jpg": b"one", "Bob/photo.jpg": b"another"}


def test_a_photo_written_to_since_it_was_looked_at_is_left_to_the_next_run(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, ANN)
    filer.edit(source, b"looked at")
    state = filer.look(source)
    filer.edit(source, b"perhaps another photo")
    with nothing_done(filer):
        file_copies(filer.store.copies, state, *filer.plan(source, ANN))
    filer.file(source, ANN)
    assert filer.filed() == {"Ann/photo.jpg": b"perhaps another photo"}


# Records of an earlier version


def test_an_older_copy_is_known_by_size_and_time(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, ANN)
    _forget_sources(filer)
    with opened_below(filer.input.parent) as opened:
        filer.file(source, ANN)
    assert opened == []
    with nothing_done(filer):
        filer.file(source, ANN)
    filer.edit(source, b"edited")
    filer.file(source, ANN)
    assert filer.filed() == {"Ann/photo.jpg": b"edited"}


def test_an_older_copy_with_another_time_is_known_by_what_is_in_it(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, ANN)
    _forget_sources(filer)
    copy = filer.output / "Ann/photo.jpg"
    os.utime(copy, ns=(10**18, 10**18))
    before = copy.stat()
    filer.file(source, ANN)
    assert copy.stat().st_mtime_ns == before.st_mtime_ns
    assert copy.stat().st_ino == before.st_ino
    with nothing_done(filer):
        filer.file(source, ANN)


def test_an_older_copy_of_a_photo_edited_since_is_made_anew(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, ANN)
    _forget_sources(filer)
    filer.edit(source, b"edited")
    assert filer.file(source, ANN) == ["Ann/photo.jpg"]
    assert filer.filed() == {"Ann/photo.jpg": b"edited"}


def test_an_older_copy_does_not_flip_to_another_file_of_the_photo(filer: Filer) -> None:
    first = filer.photo("1/photo.jpg", b"untagged", shows="one")
    second = filer.photo("2/photo.jpg", b"with a tag", shows="one")
    for source in (second, first):
        filer.file(source, ANN)
    _forget_sources(filer)
    for source in (first, second, first):
        filer.file(source, ANN)
    assert filer.filed() == {"Ann/photo.jpg": b"with a tag"}


def test_an_older_copy_that_the_user_altered_stays_while_the_photo_is_as_it_was(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, ANN)
    _forget_sources(filer)
    (filer.output / "Ann/photo.jpg").write_bytes(b"retouched")
    assert filer.file(source, ANN) == ["Ann/photo.jpg"]
    assert filer.filed() == {"Ann/photo.jpg": b"retouched"}
    assert filer.notes == []


# On a bad day


def test_a_fresh_copy_that_a_killed_run_did_not_write_down_is_known(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, ANN)
    (before,) = _rows(filer)
    filer.edit(source, b"edited")
    filer.file(source, ANN)
    filer.query("UPDATE copies SET sha256 = ?, source_size = ?, source_mtime_ns = ?", before[5], -1, 0)
    assert filer.file(source, ANN) == ["Ann/photo.jpg"]
    assert filer.filed() == {"Ann/photo.jpg": b"edited"}
    assert filer.notes == []


KILLED = """
import resource, signal, sys
from pathlib import Path
from kith.filing.copies import file_copies
from kith.library.paths import FileState
from kith.library.store import open_store
library, source, output = map(Path, sys.argv[1:])
store = open_store(library)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
file_copies(store.copies, FileState.now(source), store.copies.of_photo(1, output), [])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux is known to do this to the byte")
@pytest.mark.parametrize("then", ["the photo is there", "the photo is gone"])
def test_a_run_killed_while_it_renews_a_copy_leaves_the_former_and_nothing_else(
    filer: Filer, tmp_path: Path, then: str
) -> None:
    source, fresh = filer.photo(content=b"before"), bytes(1_000_000)
    filer.file(source, ANN)
    filer.edit(source, fresh)
    filer.look(source)
    command = [sys.executable, "-c", KILLED, *map(str, (tmp_path / "library.sqlite", source, filer.output))]
    killed = subprocess.run(command, cwd=REPOSITORY, check=False)
    assert killed.returncode == -signal.SIGXFSZ
    assert sorted(map(len, filer.filed().values())) == [len(b"before"), 300_000]
    if then == "the photo is gone":
        source.unlink()
    filer.prepare()
    assert filer.filed() == {"Ann/photo.jpg": b"before"}
    if then == "the photo is there":
        assert filer.file(source, ANN) == ["Ann/photo.jpg"]
        assert filer.filed() == {"Ann/photo.jpg": fresh}


@needs_full_disk
def test_a_full_disk_leaves_the_former_copy(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, ANN)
    filer.edit(source, b"edited")
    with full_disk(), pytest.raises(FilingFailed, match=r"No space left.*Free some space"):
        filer.file(source, ANN)
    assert filer.filed() == {"Ann/photo.jpg": b"a photo"}
    filer.file(source, ANN)
    assert filer.filed() == {"Ann/photo.jpg": b"edited"}


def test_a_photo_that_cannot_be_read_leaves_the_former_copy(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, ANN)
    filer.edit(source, b"edited")
    state, plan = filer.look(source), filer.plan(source, ANN)
    source.chmod(0)
    if os.access(source, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(BadPhoto, match=r"could not be copied: Permission denied"):
        file_copies(filer.store.copies, state, *plan)
    assert filer.filed() == {"Ann/photo.jpg": b"a photo"}
