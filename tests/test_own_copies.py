"""A library made by hand, or damaged: whatever it says of copies, only copies that Kith made are moved or removed."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kith.errors import BadPhoto, FilingFailed
from kith.filing.copies import file_copies, withdraw
from kith.library.paths import FileState
from kith.library.store import open_store
from tests.filing_desk import ANN, BOB, Filer

CONTENT = b"a photo"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def _enter(filer: Filer, target: str, sha256: str | None = SHA256, person: int | None = ANN) -> None:
    """Write a copy down that Kith never made."""
    filer.query(
        "INSERT INTO copies (photo_id, person_id, output, target, sha256, made_at) VALUES (1, ?, ?, ?, ?, '')",
        person,
        str(filer.output),
        target,
        sha256,
    )


# Places that a record may name, below the folder of the test: originals, files of the user's own, by straight ways and
# crooked ones.
PLACES = [
    "input/photo.jpg",
    "input/sub/photo.jpg",
    "outside.jpg",
    "output/photo.jpg",
    "output/Ann/../../outside.jpg",
    "output/Ann/../../input/photo.jpg",
    "output/../input/photo.jpg",
    "output/linked/photo.jpg",  # a link to the input
    "output/Ann/link.jpg",  # a link to an original
    "output/Ann/known.jpg",  # looked at as a photo
    "output/Ann/gone.jpg",
    "output/Ann",
]


def _lay_out(filer: Filer) -> Path:
    """Lay out a photo, files of the user's own of the same content, and links; return the photo."""
    photo = filer.photo(content=CONTENT)
    filer.photo("sub/photo.jpg", CONTENT)
    (filer.output / "Ann/deep").mkdir(parents=True)
    for place in ("outside.jpg", "output/photo.jpg", "output/Ann/deep/photo.jpg", "output/Ann/known.jpg"):
        (filer.output.parent / place).write_bytes(CONTENT)
    (filer.output / "linked").symlink_to(filer.input, target_is_directory=True)
    (filer.output / "Ann/link.jpg").symlink_to(photo)
    for known in (photo, filer.input / "sub/photo.jpg"):
        filer.look(known)
    with filer.store.transaction():
        filer.store.photos.save_file(filer.output / "Ann/known.jpg", 1, len(CONTENT), 0)
    return photo


def _picture(root: Path) -> dict[Path, object]:
    """Return what lies in input and output, and outside of both."""
    files = (path for path in [*root.glob("*.jpg"), *root.glob("*put/**/*")] if path.is_symlink() or path.is_file())
    return {path: (path.lstat().st_ino, path.is_symlink() or path.read_bytes()) for path in files}


ENTRIES = st.lists(
    st.tuples(st.sampled_from(PLACES), st.sampled_from([SHA256, SHA256, None]), st.sampled_from([ANN, BOB, None])),
    unique_by=lambda entry: entry[0],
    min_size=1,
    max_size=5,
)


@settings(max_examples=40)
@given(ENTRIES, st.lists(st.sampled_from([ANN, BOB, None]), unique=True, min_size=1), st.booleans())
def test_whatever_a_library_says_nothing_but_kiths_own_copies_changes(
    entries: list[tuple[str, str | None, int | None]], people: list[int | None], edited: bool
) -> None:
    root = Path(tempfile.mkdtemp(prefix="kith-test-"))
    try:
        with closing(open_store(root / "library.sqlite", create=True)) as store:
            filer = Filer(store, root)
            photo = _lay_out(filer)
            for place, sha256, person in entries:
                _enter(filer, f"{root}/{place}", sha256, person)
            if edited:
                filer.edit(photo, b"edited")
            before = _picture(root)
            for _ in range(2):
                filer.prepare()
                with suppress(BadPhoto, FilingFailed):
                    filer.file(photo, *people)
            assert before.items() <= _picture(root).items()
            assert all(path.read_bytes() in (CONTENT, b"edited") for path in root.glob("output/*/*.jpg"))
    finally:
        shutil.rmtree(root)


@pytest.mark.parametrize("place", [place for place in PLACES if not place.endswith(("gone.jpg", "Ann"))])
def test_a_record_of_what_is_no_copy_is_dropped_and_the_file_named(filer: Filer, place: str) -> None:
    photo = _lay_out(filer)
    target = f"{filer.output.parent}/{place}"
    _enter(filer, target)
    assert filer.file(photo, BOB) == ["Bob/photo.jpg"]
    (note,) = filer.notes
    assert target in note
    assert filer.query("SELECT target FROM copies") == [(str(filer.output / "Bob/photo.jpg"),)]
    filer.notes.clear()
    assert filer.file(photo, BOB) == ["Bob/photo.jpg"]
    assert filer.notes == []


def test_an_original_that_is_reached_through_a_linked_output_is_one(filer: Filer) -> None:
    photo = filer.photo("Ann/photo.jpg", CONTENT)
    filer.output.rmdir()
    filer.output.symlink_to(filer.input, target_is_directory=True)
    filer.look(photo)
    _enter(filer, str(filer.output / "Ann/photo.jpg"))
    filer.edit(photo, b"edited")
    filer.file(photo, ANN)
    filer.file(photo, BOB)
    assert photo.read_bytes() == b"edited"
    assert photo.stat().st_nlink == 1


def test_a_copy_made_one_file_with_its_original_goes_alone(filer: Filer) -> None:
    """Programs that find duplicates may do that: the original keeps its name and content."""
    photo = filer.photo(content=CONTENT)
    filer.file(photo, ANN)
    copy = filer.output / "Ann/photo.jpg"
    copy.unlink()
    os.link(photo, copy)
    assert filer.file(photo, BOB) == ["Bob/photo.jpg"]
    assert not copy.exists()
    filer.edit(photo, b"edited")
    filer.file(photo, BOB)
    assert photo.read_bytes() == b"edited"
    assert (filer.output / "Bob/photo.jpg").read_bytes() == b"edited"


# Folders of people that lead elsewhere


@pytest.fixture
def elsewhere(filer: Filer) -> Path:
    """A folder outside the output, which Ann's folder is a link to."""
    folder = filer.output.with_name("elsewhere")
    folder.mkdir()
    (filer.output / "Ann").symlink_to(folder, target_is_directory=True)
    return folder


def test_a_folder_that_is_a_link_gets_no_copies_and_the_others_do(filer: Filer, elsewhere: Path) -> None:
    photo = filer.photo()
    with pytest.raises(BadPhoto, match=f"{filer.output / 'Ann'} is a link"):
        filer.file(photo, ANN, BOB)
    assert list(elsewhere.iterdir()) == []
    assert filer.filed() == {"Bob/photo.jpg": b"a photo"}
    (filer.output / "Ann").unlink()
    assert filer.file(photo, ANN, BOB) == ["Ann/photo.jpg", "Bob/photo.jpg"]


def test_no_copy_moves_into_a_folder_that_is_a_link(filer: Filer, elsewhere: Path) -> None:
    photo = filer.photo()
    filer.file(photo, BOB)
    with pytest.raises(BadPhoto, match="is a link"):
        filer.file(photo, ANN)
    assert list(elsewhere.iterdir()) == []
    assert filer.filed() == {"Bob/photo.jpg": b"a photo"}


@pytest.mark.parametrize("act", [lambda filer, photo: filer.edit(photo, b"edited"), None], ids=["edited", "gone"])
def test_copies_in_a_folder_that_became_a_link_are_left_alone(
    filer: Filer, act: Callable[[Filer, Path], None] | None
) -> None:
    photo, folder = filer.photo(), filer.output / "Ann"
    filer.file(photo, ANN)
    moved = folder.rename(filer.output.with_name("moved"))
    folder.symlink_to(moved, target_is_directory=True)
    if act:
        act(filer, photo)
        with pytest.raises(BadPhoto, match="is a link"):
            filer.file(photo, ANN)
    filer.file(photo, BOB)
    assert {path.name: path.read_bytes() for path in moved.iterdir()} == {"photo.jpg": b"a photo"}


def test_the_output_folder_itself_may_be_a_link(filer: Filer) -> None:
    real = filer.output.rename(filer.output.with_name("real"))
    filer.output.symlink_to(real, target_is_directory=True)
    photo = filer.photo()
    filer.prepare()
    assert filer.file(photo, ANN) == ["Ann/photo.jpg"]
    filer.edit(photo, b"edited")
    assert filer.file(photo, ANN) == ["Ann/photo.jpg"]
    assert filer.file(photo, BOB) == ["Bob/photo.jpg"]
    assert {path.name: path.read_bytes() for path in (real / "Bob").iterdir()} == {"photo.jpg": b"edited"}


def test_a_planned_copy_that_names_an_original_takes_nothing_away(filer: Filer) -> None:
    photo = filer.photo(content=CONTENT)
    state = filer.look(photo)
    _enter(filer, str(photo), None)
    (record,) = filer.store.copies.of_photo(1, filer.output)
    withdraw(filer.store.copies, record, photo)
    assert FileState.now(photo) == state
    assert file_copies(filer.store.copies, state, [], []).copies == ()
