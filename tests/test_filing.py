"""Copies: under whose names, never over anything, finished after an interruption, withdrawn with their decision."""

import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from kith.errors import BadPhoto, FilingFailed
from kith.filing.copies import file_copies, withdraw
from kith.library.copy_records import CopyRecord
from kith.library.store import open_store
from kith.photos.outputs import MARKER
from kith.text import folded
from kith.whole_files import part_file
from tests.filing_desk import ANN, BOB, Filer, written
from tests.making import full_disk, needs_full_disk, posix_only

REPOSITORY = Path(__file__).parents[1]
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux is known to do this to the byte")


def test_a_photo_of_two_people_gets_a_copy_under_each(filer: Filer) -> None:
    assert filer.file(filer.photo(), ANN, BOB) == ["Ann/photo.jpg", "Bob/photo.jpg"]
    assert filer.file(filer.photo("nobody.jpg", b"nobody"), None) == ["Unknown/nobody.jpg"]
    assert filer.filed() == {
        "Ann/photo.jpg": b"a photo",
        "Bob/photo.jpg": b"a photo",
        "Unknown/nobody.jpg": b"nobody",
    }


def test_different_photos_of_one_name_all_survive(filer: Filer) -> None:
    contents = [b"first", b"second", b"third"]
    sources = [filer.photo(f"{number}/photo.jpg", content) for number, content in enumerate(contents)]
    made = [filer.file(source, ANN) for source in sources]
    assert made == [["Ann/photo.jpg"], ["Ann/photo (2).jpg"], ["Ann/photo (3).jpg"]]
    assert filer.filed() == {path: content for (path,), content in zip(made, contents, strict=True)}


def test_a_name_is_planned_once_also_while_no_copy_is_made(filer: Filer) -> None:
    sources = [filer.photo("1/photo.jpg", b"first"), filer.photo("2/photo.jpg", b"second")]
    plans = [filer.plan(source, ANN)[0] for source in sources]
    made = [filer.make(source, plan) for source, plan in zip(sources, plans, strict=True)]
    assert made == [["Ann/photo.jpg"], ["Ann/photo (2).jpg"]]


@posix_only
def test_photos_of_the_longest_name_all_survive(filer: Filer) -> None:
    name = "x" * 251 + ".jpg"
    for number in range(3):
        filer.file(filer.photo(f"{number}/{name}", b"%d" % number), ANN)
    assert sorted(filer.filed().values()) == [b"0", b"1", b"2"]


@posix_only
@pytest.mark.parametrize(
    ("name", "copied"),
    [
        ("10:30.jpg", "10_30.jpg"),
        ('what? "this" *is* <it>|.jpg', "what_ _this_ _is_ _it__.jpg"),
        ("line\nbreak\x07.jpg", "line_break_.jpg"),
        ("back\\slash.jpg", "back_slash.jpg"),
        ("con.jpg", "_con.jpg"),
        ("NUL .tar.jpg", "_NUL .tar.jpg"),
        ("photo.jpg.", "photo.jpg_"),
        ("photo.jpg ", "photo.jpg_"),
        ("Zoë's photo (1) – 写真.jpg", "Zoë's photo (1) – 写真.jpg"),
    ],
)
def test_a_name_that_some_file_systems_do_not_take_is_made_safe(filer: Filer, name: str, copied: str) -> None:
    source = filer.photo(name)
    assert filer.file(source, ANN) == filer.file(source, ANN) == [f"Ann/{copied}"]
    assert filer.filed() == {f"Ann/{copied}": b"a photo"}


@posix_only
def test_a_copy_of_an_earlier_version_stays_under_its_name(filer: Filer) -> None:
    source = filer.photo("10:30.jpg")
    filer.file(source, ANN)
    former = (filer.output / "Ann/10_30.jpg").rename(filer.output / "Ann/10:30.jpg")
    filer.query("UPDATE copies SET target = ?", str(former))
    assert filer.file(source, ANN) == ["Ann/10:30.jpg"]
    filer.edit(source, b"edited")
    assert filer.file(source, ANN) == ["Ann/10:30.jpg"]
    assert filer.filed() == {"Ann/10:30.jpg": b"edited"}


NFC, NFD = (unicodedata.normalize(form, "Zoé.jpg") for form in ("NFC", "NFD"))


@pytest.mark.parametrize(
    "names",
    [("IMG.jpg", "img.JPG"), ("Straße.jpg", "STRASSE.jpg"), (NFC, NFD), (NFD, NFC.upper()), ("a:b.jpg", "a?b.jpg")],
)
def test_names_that_some_file_systems_take_for_one_get_a_number(filer: Filer, names: tuple[str, str]) -> None:
    sources = [filer.photo(f"{number}/{name}", b"%d" % number) for number, name in enumerate(names)]
    made = [filer.file(source, ANN) for source in sources]
    assert made == [filer.file(source, ANN) for source in sources]
    assert sorted(filer.filed().values()) == [b"0", b"1"]
    assert len({folded(name) for name in filer.filed()}) == 2
    assert "(2)" in made[1][0]


def test_names_that_differ_in_capitals_are_known_by_a_later_run_too(filer: Filer, tmp_path: Path) -> None:
    filer.file(filer.photo("1/IMG.jpg", b"first"), ANN)
    second = filer.photo("2/img.JPG", b"second")
    with closing(open_store(tmp_path / "library.sqlite")) as later:
        filer.store = later
        assert filer.file(second, ANN) == ["Ann/img (2).JPG"]
    assert filer.filed() == {"Ann/IMG.jpg": b"first", "Ann/img (2).JPG": b"second"}


@pytest.mark.parametrize("count", [100, 400])
def test_a_free_name_is_found_in_few_steps_where_many_photos_have_it(
    filer: Filer, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    is_taken = filer.store.copies.is_taken
    monkeypatch.setattr(filer.store.copies, "is_taken", lambda path: asked.append(path) or is_taken(path))
    made = [filer.file(filer.photo(f"{number}/IMG.jpg", b"%d" % number), ANN)[0] for number in range(count)]
    assert made == ["Ann/IMG.jpg", *(f"Ann/IMG ({number}).jpg" for number in range(2, count + 1))]
    most = 2 * count.bit_length()
    assert len(asked) <= most * count
    free = (name for name in filer.filed() if name)
    assert sorted(made) == sorted(free)


def _no_hard_links(*_: object, **__: object) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")  # what Linux says on FAT and exFAT


def test_on_a_file_system_without_hard_links_nothing_is_overwritten_either(
    filer: Filer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", _no_hard_links)
    source = filer.photo()
    standing, _ = filer.plan(source, ANN)
    standing[0].target.parent.mkdir()
    standing[0].target.write_bytes(b"the user's own")
    assert filer.file(source, ANN) == ["Ann/photo (2).jpg"]
    filer.edit(source, b"edited")
    assert filer.file(source, ANN) == ["Ann/photo (2).jpg"]
    assert filer.file(source, BOB) == ["Bob/photo.jpg"]
    assert filer.filed() == {"Ann/photo.jpg": b"the user's own", "Bob/photo.jpg": b"edited"}


@linux_only
def test_a_name_that_is_no_unicode_is_made_one(filer: Filer) -> None:
    source = filer.photo(os.fsdecode(b"caf\xe9.jpg"))
    assert filer.file(source, ANN) == filer.file(source, ANN) == ["Ann/caf_.jpg"]
    assert list(filer.filed()) == ["Ann/caf_.jpg"]


def _a_file(place: Path) -> None:
    place.write_bytes(b"the user's own")


def _a_folder(place: Path) -> None:
    place.mkdir()
    _a_file(place / "inside")


def _a_link_to(name: str, place: Path) -> None:
    place.with_name("empty").touch()
    try:
        place.symlink_to(name)
    except OSError as error:
        pytest.skip(f"links cannot be made here: {error}")


@pytest.mark.parametrize("when", ["before it is planned", "before it is made"])
@pytest.mark.parametrize("take", [_a_file, _a_folder, partial(_a_link_to, "nowhere"), partial(_a_link_to, "empty")])
def test_what_has_the_name_already_is_not_touched(filer: Filer, take: Callable[[Path], None], when: str) -> None:
    source, place = filer.photo(), filer.output / "Ann" / "photo.jpg"
    place.parent.mkdir(parents=True)
    early = when == "before it is planned"
    if early:
        take(place)
    standing, _ = filer.plan(source, ANN)
    if not early:
        take(place)
    before = _picture(place)
    assert filer.make(source, standing) == ["Ann/photo (2).jpg"]
    assert _picture(place) == before
    assert filer.file(source, ANN) == ["Ann/photo (2).jpg"]


def _picture(place: Path) -> object:
    if place.is_symlink():
        return place.readlink()
    return place.read_bytes() if place.is_file() else [(path, path.read_bytes()) for path in place.iterdir()]


def test_a_second_run_copies_nothing(filer: Filer) -> None:
    source = filer.photo()
    first = filer.file(source, ANN, BOB)
    before = [written(filer.output / path) for path in first]
    assert filer.file(source, ANN, BOB) == first
    assert [written(filer.output / path) for path in first] == before
    assert len(filer.filed()) == 2


def test_the_same_photo_under_another_name_is_copied_once(filer: Filer) -> None:
    assert filer.file(filer.photo("one.jpg"), ANN) == filer.file(filer.photo("two.jpg"), ANN) == ["Ann/one.jpg"]
    assert list(filer.filed()) == ["Ann/one.jpg"]


def test_a_copy_that_the_user_deleted_is_not_made_again(filer: Filer) -> None:
    filer.prepare()
    source = filer.photo()
    (path,) = filer.file(source, ANN)
    (filer.output / path).unlink()
    filer.prepare()
    assert filer.file(source, ANN) == []
    filer.edit(source, b"another light")
    assert filer.file(source, ANN) == []
    assert filer.file(source, BOB) == ["Bob/photo.jpg"]
    assert filer.file(source, ANN) == ["Ann/photo.jpg"]


def test_an_output_folder_that_was_deleted_as_a_whole_gets_all_its_copies_again(filer: Filer) -> None:
    filer.prepare()
    source = filer.photo()
    (path,) = filer.file(source, ANN)
    shutil.rmtree(filer.output)
    filer.prepare()
    assert filer.file(source, ANN) == [path]
    assert filer.filed() == {path: b"a photo"}


def test_invariant_3_the_copies_of_a_renamed_person_move_along(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, ANN, BOB)
    filer.folders = {ANN: "Anna", BOB: "Bob"}
    before = (filer.output / "Ann/photo.jpg").stat()
    assert filer.file(source, ANN, BOB) == ["Anna/photo.jpg", "Bob/photo.jpg"]
    assert filer.filed() == dict.fromkeys(("Anna/photo.jpg", "Bob/photo.jpg"), b"a photo")
    assert (filer.output / "Anna/photo.jpg").stat().st_mtime_ns == before.st_mtime_ns
    assert not (filer.output / "Ann").exists()


def test_copies_move_although_their_photo_is_gone(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, ANN)
    state, planned = filer.look(source), filer.plan(source, BOB)
    source.unlink()
    file_copies(filer.store.copies, state, *planned)
    assert filer.filed() == {"Bob/photo.jpg": b"a photo"}


def test_what_has_the_new_name_already_is_not_touched_by_a_move(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, ANN)
    standing, outdated = filer.plan(source, BOB)
    standing[0].target.parent.mkdir()
    standing[0].target.write_bytes(b"another")
    filed = file_copies(filer.store.copies, filer.look(source), standing, outdated)
    assert filer.names(filed.copies) == ["Bob/photo (2).jpg"]
    assert filer.filed() == {"Bob/photo.jpg": b"another", "Bob/photo (2).jpg": b"a photo"}


def test_a_copy_that_the_user_altered_stays_where_it_is_when_the_person_is_renamed(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, ANN)
    (filer.output / "Ann/photo.jpg").write_bytes(b"altered")
    filer.folders = {ANN: "Anna"}
    assert filer.file(source, ANN) == ["Anna/photo.jpg"]
    assert filer.filed() == {"Ann/photo.jpg": b"altered", "Anna/photo.jpg": b"a photo"}


def test_a_move_killed_before_it_was_written_down_is_finished(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, ANN)
    standing, outdated = filer.plan(source, BOB)
    standing[0].target.parent.mkdir()
    outdated[0].target.rename(standing[0].target)
    assert filer.file(source, BOB) == ["Bob/photo.jpg"]
    assert filer.filed() == {"Bob/photo.jpg": b"a photo"}
    assert filer.plan(source, BOB)[1] == []


def test_another_output_folder_gets_its_own_copy(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, ANN)
    filer.output = filer.output.with_name("second")
    filer.prepare()
    assert filer.file(source, ANN) == ["Ann/photo.jpg"]
    assert filer.filed() == {"Ann/photo.jpg": b"a photo"}


# Interrupted


def _reserved(record: CopyRecord) -> None:
    record.target.parent.mkdir(parents=True)
    record.target.touch()


def _complete(record: CopyRecord) -> None:
    _reserved(record)
    record.target.write_bytes(b"a photo")


@pytest.mark.parametrize("leave", [lambda record: None, _reserved, _complete], ids=["planned", "reserved", "complete"])
def test_a_copy_interrupted_is_finished_by_the_next_run(filer: Filer, leave: Callable[[CopyRecord], None]) -> None:
    source = filer.photo()
    leave(filer.plan(source, ANN)[0][0])
    assert filer.file(source, ANN) == ["Ann/photo.jpg"]
    assert filer.filed() == {"Ann/photo.jpg": b"a photo"}
    assert [bool(record.sha256) for record in filer.plan(source, ANN)[0]] == [True]


BIG = bytes(range(256)) * 4096
KILLED_WHILE_COPYING = """
import resource, signal, sys
from pathlib import Path
from kith.filing.copy_file import make
from kith.library.store import open_store
from kith.photos.outputs import MARKER
library, source, output = map(Path, sys.argv[1:])
store = open_store(library)
(record,) = store.copies.of_photo(1, output)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
make(store.copies, record, source)
"""


@pytest.fixture
def half_copied(filer: Filer, tmp_path: Path) -> Path:
    """A photo whose copy under Ann's name was cut short: the system killed the process in the middle of a write."""
    source = filer.photo(content=BIG)
    filer.plan(source, ANN)
    command = [
        sys.executable,
        "-c",
        KILLED_WHILE_COPYING,
        *map(str, (tmp_path / "library.sqlite", source, filer.output)),
    ]
    killed = subprocess.run(command, cwd=REPOSITORY, check=False)
    assert killed.returncode == -signal.SIGXFSZ
    assert [*map(len, filer.filed().values())] == [300_000]
    return source


@linux_only
def test_invariant_6_a_run_killed_while_copying_is_finished_by_the_next(filer: Filer, half_copied: Path) -> None:
    filer.prepare()
    assert filer.file(half_copied, ANN) == ["Ann/photo.jpg"]
    assert filer.filed() == {"Ann/photo.jpg": BIG}


@linux_only
def test_a_half_made_copy_whose_verdict_changed_is_cleared_away(filer: Filer, half_copied: Path) -> None:
    filer.prepare()
    assert filer.file(half_copied, BOB) == ["Bob/photo.jpg"]
    assert filer.filed() == {"Bob/photo.jpg": BIG}


def test_what_a_killed_run_left_of_a_photo_that_is_gone_is_cleared_away(filer: Filer, half_copied: Path) -> None:
    half_copied.unlink()
    filer.prepare()
    assert filer.filed() == {}
    assert [path.name for path in filer.output.iterdir()] == [MARKER]
    assert filer.query("SELECT count(*) FROM copies") == [(0,)]


@pytest.mark.parametrize("is_gone", [False, True])
def test_the_mere_name_that_a_killed_run_left_is_cleared_away(filer: Filer, is_gone: bool) -> None:
    source = filer.photo()
    filer.look(source)
    _reserved(filer.plan(source, ANN)[0][0])
    if is_gone:
        source.unlink()
    filer.prepare()
    assert [path.name for path in filer.output.iterdir()] == [MARKER]
    assert filer.query("SELECT count(*) FROM copies") == [(0 if is_gone else 1,)]


def test_a_copy_beside_that_is_being_written_is_not_cleared_away(filer: Filer) -> None:
    source = filer.photo()
    (record,), _ = filer.plan(source, ANN)
    record.target.parent.mkdir()
    with part_file(record.target.parent) as (file, part):
        file.write(b"half a ph")
        filer.prepare()
        assert part.exists()
    assert filer.file(source, ANN) == ["Ann/photo.jpg"]


# Decisions that change


def test_a_changed_verdict_withdraws_the_copy(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, None)
    assert filer.file(source, ANN, BOB) == ["Ann/photo.jpg", "Bob/photo.jpg"]
    assert filer.file(source, BOB) == ["Bob/photo.jpg"]
    assert filer.filed() == {"Bob/photo.jpg": b"a photo"}
    assert filer.file(source, ANN) == ["Ann/photo.jpg"]


@pytest.mark.parametrize("content", [b"retouched", b"a phot0", b""])
def test_a_copy_that_the_user_altered_stays(filer: Filer, content: bytes) -> None:
    source = filer.photo()
    filer.file(source, ANN)
    (filer.output / "Ann" / "photo.jpg").write_bytes(content)
    assert filer.file(source, BOB) == ["Bob/photo.jpg"]
    assert filer.filed() == {"Ann/photo.jpg": content, "Bob/photo.jpg": b"a photo"}
    assert filer.file(source, ANN) == ["Ann/photo (2).jpg"]


def test_an_untouched_copy_is_withdrawn_though_the_photo_was_tagged_since(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, None)
    filer.edit(source, b"a photo with a tag")
    standing, outdated = filer.plan(source, ANN)
    withdraw(filer.store.copies, outdated[0], source)
    assert filer.filed() == {}
    assert filer.make(source, standing) == ["Ann/photo.jpg"]


def test_a_withdrawn_copy_that_is_gone_already_is_no_failure(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, ANN)
    (filer.output / "Ann" / "photo.jpg").unlink()
    assert filer.file(source, BOB) == ["Bob/photo.jpg"]


# Failures


def test_a_photo_that_vanished_is_a_bad_photo(filer: Filer) -> None:
    source = filer.photo()
    standing, _ = filer.plan(source, ANN)
    source.unlink()
    with pytest.raises(BadPhoto, match="could not be copied") as error:
        filer.make(source, standing)
    assert error.value.path == source
    assert filer.filed() == {}
    filer.photo()
    assert filer.file(source, ANN) == ["Ann/photo.jpg"]


def test_a_copy_of_a_photo_that_vanished_is_not_withdrawn(filer: Filer) -> None:
    source = filer.photo()
    filer.file(source, ANN)
    _, (outdated,) = filer.plan(source, BOB)
    source.unlink()
    with pytest.raises(BadPhoto):
        withdraw(filer.store.copies, outdated, source)
    assert filer.filed() == {"Ann/photo.jpg": b"a photo"}
    assert outdated in filer.plan(source, BOB)[1]


def test_a_photo_that_may_not_be_read_is_a_bad_photo(filer: Filer) -> None:
    source = filer.photo()
    standing, _ = filer.plan(source, ANN)
    source.chmod(0)
    if os.access(source, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(BadPhoto, match=r"could not be copied: Permission denied"):
        filer.make(source, standing)


@needs_full_disk
def test_a_full_disk_ends_the_filing_and_leaves_no_partial_file(filer: Filer) -> None:
    source = filer.photo(content=BIG)
    (record,), _ = filer.plan(source, ANN)
    with full_disk(), pytest.raises(FilingFailed, match=r"No space left.*Free some space"):
        filer.make(source, [record])
    assert list(filer.output.iterdir()) == []
    assert filer.file(source, ANN) == ["Ann/photo.jpg"]
    assert filer.filed() == {"Ann/photo.jpg": BIG}


def test_an_output_folder_that_vanished_ends_the_filing_and_is_not_made_anew(filer: Filer) -> None:
    """Its drive may be gone, and the copies would fill the disk that it was mounted on."""
    source = filer.photo()
    filer.file(source, BOB)
    shutil.rmtree(filer.output)
    for person in (ANN, BOB):
        with pytest.raises(FilingFailed, match=r"is not there any more.*goes on where it stopped"):
            filer.file(source, person)
    assert not filer.output.exists()
    filer.prepare()
    assert filer.file(source, ANN) == ["Ann/photo.jpg"]


def test_an_output_folder_that_is_a_file_ends_the_filing(filer: Filer) -> None:
    filer.output.rmdir()
    filer.output.write_bytes(b"a file")
    with pytest.raises(FilingFailed, match="choose another output folder"):
        filer.file(filer.photo(), ANN)
    assert filer.output.read_bytes() == b"a file"


@pytest.fixture
def closed_folder(filer: Filer) -> Iterator[Path]:
    folder = filer.output / "Ann"
    folder.mkdir(parents=True)
    folder.chmod(0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")
    yield folder
    folder.chmod(0o700)


def test_a_read_only_output_folder_ends_the_filing(filer: Filer, closed_folder: Path) -> None:
    with pytest.raises(FilingFailed, match=r"Permission denied.*choose another output folder"):
        filer.file(filer.photo(), ANN)
    assert list(closed_folder.iterdir()) == []


# Originals


def test_invariant_7_originals_are_read_only(filer: Filer) -> None:
    source = filer.photo()
    os.utime(source, ns=(10**18, 10**18))
    source.chmod(0o444)
    before = source.stat()
    filer.file(source, ANN, None)
    filer.file(source, BOB)
    after = source.stat()
    assert source.read_bytes() == b"a photo"
    assert (after.st_mtime_ns, after.st_mode, after.st_ino) == (before.st_mtime_ns, before.st_mode, before.st_ino)


@posix_only
@pytest.mark.parametrize("mode", [0o400, 0o444, 0o600, 0o644])
def test_a_copy_keeps_the_photos_time_and_privacy_and_is_writable(filer: Filer, mode: int) -> None:
    source = filer.photo()
    os.utime(source, ns=(10**18, 10**18))
    source.chmod(mode)
    (path,) = filer.file(source, ANN)
    copy = (filer.output / path).stat()
    assert copy.st_mtime_ns == 10**18
    assert stat.S_IMODE(copy.st_mode) == mode | stat.S_IWUSR
