"""Finding photos: order, what is left out, links, and folders that cannot be listed."""

import os
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kith.errors import BadPhoto
from kith.photos.endings import PICTURES, RAW, READABLE
from kith.photos.search import PassedOver, find_broken_links, find_folders, find_photos
from kith.settings import Settings

posix_only = pytest.mark.skipif(os.name == "nt", reason="a matter of POSIX file systems")


def _make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")


def _found(
    root: Path, extensions: Collection[str] = (".jpg",), *, recursive: bool = True, leave_out: Collection[Path] = ()
) -> list[str]:
    photos = find_photos(root, extensions, recursive=recursive, leave_out=leave_out)
    return [photo.relative_to(root).as_posix() for photo in photos if isinstance(photo, Path)]


def _link(link: Path, target: Path) -> None:
    try:
        link.symlink_to(target, target_is_directory=target.is_dir())
    except OSError as error:
        pytest.skip(f"links cannot be made here: {error}")


def test_photos_come_as_a_person_sorts_them_a_folders_own_first(tmp_path: Path) -> None:
    _make(tmp_path, "b/2.jpg", "b/10.jpg", "B2/x.jpg", "a10/y.jpg", "a9/z.jpg", "Img_10.jpg", "img_9.jpg", "IMG_1.jpg")
    expected = ["IMG_1.jpg", "img_9.jpg", "Img_10.jpg", "a9/z.jpg", "a10/y.jpg", "b/2.jpg", "b/10.jpg", "B2/x.jpg"]
    assert _found(tmp_path) == expected


def test_extensions_match_in_any_case(tmp_path: Path) -> None:
    _make(tmp_path, "a.JPG", "b.jpeg", "c.Png", "d.txt", "jpg", "e.jpg.txt")
    assert _found(tmp_path, {".jpg", ".PNG"}) == ["a.JPG", "c.Png"]


def test_recursion_can_be_turned_off(tmp_path: Path) -> None:
    _make(tmp_path, "a.jpg", "sub/b.jpg")
    assert _found(tmp_path, recursive=False) == ["a.jpg"]


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    _make(tmp_path, "a.jpg", ".b.jpg", "._a.jpg", ".thumbnails/c.jpg", "sub/.d.jpg")
    assert _found(tmp_path) == ["a.jpg"]


def test_a_hidden_folder_that_the_user_names_is_searched(tmp_path: Path) -> None:
    _make(tmp_path, ".mine/a.jpg")
    assert _found(tmp_path / ".mine") == ["a.jpg"]


@pytest.mark.skipif(sys.platform != "win32", reason="the hidden attribute is a matter of Windows")
def test_the_hidden_attribute_of_windows_counts(tmp_path: Path) -> None:
    _make(tmp_path, "a.jpg", "b.jpg")
    subprocess.run(["attrib", "+h", str(tmp_path / "b.jpg")], check=True)
    assert _found(tmp_path) == ["a.jpg"]


def test_folders_to_leave_out_are_not_entered(tmp_path: Path) -> None:
    _make(tmp_path, "a.jpg", "output/b.jpg", "sub/output/c.jpg", "output2/d.jpg")
    roundabout = tmp_path / "sub" / ".." / "output"
    assert _found(tmp_path, leave_out=[roundabout]) == ["a.jpg", "output2/d.jpg", "sub/output/c.jpg"]


def test_a_folder_to_leave_out_may_appear_during_the_search(tmp_path: Path) -> None:
    _make(tmp_path, "a.jpg", "sub/b.jpg")
    search = find_photos(tmp_path, [".jpg"], leave_out=[tmp_path / "sub" / "output"])
    assert next(search) == tmp_path / "a.jpg"
    _make(tmp_path, "sub/output/copy.jpg")
    assert list(search) == [tmp_path / "sub" / "b.jpg"]


def test_a_left_out_folder_is_not_entered_through_a_link(tmp_path: Path) -> None:
    _make(tmp_path, "output/b.jpg")
    _link(tmp_path / "link", tmp_path / "output")
    assert _found(tmp_path, leave_out=[tmp_path / "output"]) == []


def test_links_to_folders_are_followed_and_each_folder_is_visited_once(tmp_path: Path) -> None:
    root = tmp_path / "root"
    _make(root, "sub/a.jpg")
    _make(tmp_path, "elsewhere/b.jpg")
    _link(root / "outside", tmp_path / "elsewhere")
    _link(root / "sub" / "loop", root)
    _link(root / "twice", root / "sub")
    _link(tmp_path / "elsewhere" / "back", root / "sub")
    assert _found(root) == ["outside/b.jpg", "outside/back/a.jpg"]


@posix_only
def test_whatever_bears_a_photos_extension_is_yielded_for_the_decoder_to_judge(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "itself.jpg").symlink_to(tmp_path / "itself.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()
    assert _found(tmp_path) == ["broken.jpg", "itself.jpg", "pipe.jpg"]


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems refuse names that are not UTF-8")
def test_names_that_are_not_utf_8_are_found_and_can_be_opened(tmp_path: Path) -> None:
    name = b"caf\xe9.jpg"
    (tmp_path / os.fsdecode(name)).write_bytes(b"x")
    [photo] = find_photos(tmp_path, [".jpg"])
    assert isinstance(photo, Path)
    assert os.fsencode(photo.name) == name
    assert photo.read_bytes() == b"x"


def test_no_folder_is_listed_after_the_wish_to_stop(tmp_path: Path) -> None:
    _make(tmp_path, "1.jpg", "2.jpg", "a/3.jpg", "b/4.jpg")
    stop = threading.Event()
    found = []
    for photo in find_photos(tmp_path, [".jpg"], stop=stop):
        assert isinstance(photo, Path)
        found.append(photo.name)
        if photo.name == "3.jpg":
            stop.set()
    assert found == ["1.jpg", "2.jpg", "3.jpg"]


def test_a_folder_that_vanishes_during_the_search_is_one_failure(tmp_path: Path) -> None:
    _make(tmp_path, "a.jpg", "gone/b.jpg", "sub/c.jpg")
    search = find_photos(tmp_path, [".jpg"])
    assert next(search) == tmp_path / "a.jpg"
    (tmp_path / "gone" / "b.jpg").unlink()
    (tmp_path / "gone").rmdir()
    failure, photo = search
    assert isinstance(failure, BadPhoto)
    assert failure.path == tmp_path / "gone"
    assert failure.reason.startswith("the folder cannot be listed: ")
    assert photo == tmp_path / "sub" / "c.jpg"


@pytest.mark.parametrize(
    "folder",
    [
        "@eaDir/a.jpg", "@EADIR", "#recycle", "#snapshot/hourly", "@tmp", "@Recycle", "@Recycle Bin", "@__thumb",
        "@Recently-Snapshot", "@GMT-2024.05.01-00.00.00", "~snapshot", "trashbox",
        "$RECYCLE.BIN/S-1-5-21", "RECYCLER", "System Volume Information", "FOUND.003", "lost+found", "__MACOSX/trip",
        "Network Trash Folder", "Temporary Items", "iPod Photo Cache", ".Trashes", ".Trash-1000/files", ".thumbnails",
        "Photos Library.photoslibrary/resources/derivatives", "Photos Library.photoslibrary/scopes/cloudsharing",
        "iPhoto Library.photolibrary/Thumbnails", "iPhoto Library/Data.noindex", "Old.aplibrary/Previews",
        "Old.migratedphotolibrary/resources", "Catalog Previews.lrdata/0", "Catalog.lrcat-data", "CaptureOne/Cache",
        "My.cocatalog/Cache", "appdata_oc12/preview", "M4ROOT/THMBNL",
    ],
)  # fmt: skip
def test_what_systems_and_programs_keep_beside_photos_is_left_out(tmp_path: Path, folder: str) -> None:
    _make(tmp_path, "a.jpg", f"{folder}/thumb.jpg", f"{folder}/thumb.tif", f"sub/{folder}/thumb.jpg")
    passed_over = PassedOver()
    assert list(find_photos(tmp_path, [".jpg"], passed_over=passed_over)) == [tmp_path / "a.jpg"]
    assert passed_over.pictures == ()
    assert [path.name for path in find_folders(tmp_path)] in ([folder.split("/")[0], "sub"], ["sub"])


@pytest.mark.parametrize(
    "folder",
    [
        "Photos Library.photoslibrary/originals/A", "iPhoto Library/Originals/2009", "iPhoto Library/Masters",
        "resources", "Thumbnails", "Previews", "Data", "recycle", "@home", "#1", "eaDir", "found", "DCIM/100CANON",
        "CaptureOne", "my.lrdata.d", "preview", "Cache", "lost and found", "Anna @eaDir",
    ],
)  # fmt: skip
def test_a_users_own_folders_are_searched_whatever_they_resemble(tmp_path: Path, folder: str) -> None:
    _make(tmp_path, f"{folder}/a.jpg")
    assert _found(tmp_path) == [f"{folder}/a.jpg"]


def test_a_system_folder_that_the_user_names_is_searched(tmp_path: Path) -> None:
    _make(tmp_path, "#recycle/a.jpg", "#recycle/@eaDir/b.jpg")
    assert _found(tmp_path / "#recycle") == ["a.jpg"]


def test_pictures_with_another_ending_are_counted_where_photos_would_be_found(tmp_path: Path) -> None:
    _make(tmp_path, "a.jpg", "b.TIF", "sub/c.tif", "sub/d.gif", "e.cr2", "j.JPG")
    _make(tmp_path, "f.txt", "g.mp4", ".h.tif", "@eaDir/i.tif")
    (tmp_path / "folder.tif").mkdir()
    passed_over = PassedOver()
    assert len(list(find_photos(tmp_path, [".jpg"], passed_over=passed_over))) == 2
    assert passed_over.pictures == ((".tif", 2), (".cr2", 1), (".gif", 1), (".mp4", 1))
    passed_over = PassedOver()
    assert len(list(find_photos(tmp_path, [".jpg", ".cr2"], recursive=False, passed_over=passed_over))) == 3
    assert passed_over.pictures == ((".mp4", 1), (".tif", 1))


def test_every_photo_ending_is_one_that_is_read() -> None:
    assert set(Settings().valid_exts) < READABLE < PICTURES
    assert {".cr2", ".cr3", ".nef", ".arw", ".dng", ".raf", ".orf", ".rw2"} <= RAW & {*Settings().valid_exts}
    assert {".psd", ".jxl", ".gpr"} <= PICTURES - READABLE


def test_links_that_lead_nowhere_are_told_apart(tmp_path: Path) -> None:
    _make(tmp_path, "there/a.jpg", "file.txt")
    for name, target in (("away", "gone"), (".hidden", "gone"), ("good", "there"), ("to a file", "file.txt")):
        _link(tmp_path / name, tmp_path / target)
    assert find_broken_links(tmp_path) == [tmp_path / "away"]
    assert find_folders(tmp_path) == [tmp_path / "good", tmp_path / "there"]


@contextmanager
def _as_ordinary_user() -> Iterator[None]:
    """Give up the rights of root, who may read everything, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@posix_only
def test_a_folder_without_permission_is_one_failure(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    _make(closed, "a.jpg")
    closed.chmod(0)
    with _as_ordinary_user():
        [failure] = find_photos(closed, [".jpg"])
    closed.chmod(0o700)
    assert isinstance(failure, BadPhoto)
    assert (failure.path, failure.reason) == (closed, "the folder cannot be listed: Permission denied")


def test_a_folder_that_is_none_is_one_failure(tmp_path: Path) -> None:
    [failure] = find_photos(tmp_path / "nowhere", [".jpg"])
    assert isinstance(failure, BadPhoto)
    assert failure.path == tmp_path / "nowhere"
