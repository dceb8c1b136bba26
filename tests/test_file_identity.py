"""Which photo a file is: the same pixels the other way up, a file edited in place, and what was said of it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from kith.jobs.explanation_lines import why_lines
from kith.jobs.open_library import OpenLibrary
from kith.jobs.person_changes import PersonChanges
from kith.jobs.redecision import redecide
from kith.jobs.user_words import Is
from kith.library import migrations
from kith.library.store import open_store
from kith.policies import Duplicates
from tests.album import ANN, BOB, EVE, Album
from tests.desk import no_analysis, run_job, why
from tests.drawn import LEFT, MIDDLE, RIGHT, draw


@pytest.fixture
def album(tmp_path: Path) -> Album:
    return Album(tmp_path)


# The same pixels, two ways up


def _turned(image: Image.Image) -> Image.Image:
    return image.transpose(Image.Transpose.ROTATE_90)  # as orientation 6 stores an upright picture


@pytest.mark.parametrize("first", [6, 1])
def test_each_file_is_judged_by_its_own_orientation_and_a_second_run_changes_nothing(album: Album, first: int) -> None:
    stored = _turned(draw((ANN, LEFT)))
    album.save(stored, "album/a/IMG_1.png", first)
    album.save(stored, "album/b/IMG_1.png", 7 - first)
    right, wrong = ("a", "b") if first == 6 else ("b", "a")

    found = album.recognise()
    tree, said = album.tree(), album.said()

    assert found == {f"{right}/IMG_1.png": ("Ann",), f"{wrong}/IMG_1.png": ()}
    assert sorted(tree) == ["Ann/IMG_1.png", "Unknown/IMG_1.png"]
    assert album.rows() == {f"{right}/IMG_1.png": ("Ann/IMG_1.png",), f"{wrong}/IMG_1.png": ("Unknown/IMG_1.png",)}
    assert album.recognise(looks=False) == found
    run_job(album.settings, redecide, executor=no_analysis)
    assert (album.tree(), album.said()) == (tree, said)


def test_a_tag_corrected_in_one_of_two_files_changes_that_one_only(album: Album) -> None:
    stored = _turned(draw((ANN, LEFT)))
    album.save(stored, "album/a.png", 1)
    album.save(stored, "album/b.png", 1)
    assert album.recognise() == {"a.png": (), "b.png": ()}
    album.save(stored, "album/b.png", 6)
    assert album.recognise() == {"a.png": (), "b.png": ("Ann",)}
    assert album.recognise(looks=False) == {"a.png": (), "b.png": ("Ann",)}
    album.save(stored, "album/a.png", 6)
    assert album.recognise(looks=False) == {"a.png": ("Ann",), "b.png": ("Ann",)}


def test_a_word_on_one_of_two_files_counts_for_the_other_way_up_found_later(album: Album) -> None:
    stored = _turned(draw((EVE, LEFT)))
    right = album.save(stored, "album/right.png", 6)
    album.recognise()
    with closing(OpenLibrary(album.settings)) as library:
        PersonChanges(library).create("Eve")
    album.name(right, "Eve")
    album.save(stored, "album/wrong.png", 1)
    assert album.recognise() == {"right.png": ("Eve",), "wrong.png": ("Eve",)}


def test_the_time_told_by_one_of_two_files_stays(album: Album) -> None:
    image = draw((ANN, LEFT))
    album.save(image, "album/a.png")
    exif = Image.Exif()
    exif[ExifTags.Base.DateTime] = "2004:01:26 10:30:00"
    image.save(album.album / "b.png", exif=exif)
    other = Image.Exif()
    other[ExifTags.Base.DateTime] = "1999:01:01 00:00:00"
    image.save(album.album / "c.png", exif=other)
    album.recognise()
    with closing(open_store(album.settings.library_file)) as store:
        (taken,) = store._connection.execute("SELECT taken_at FROM photos WHERE taken_at IS NOT NULL").fetchall()
    assert taken == ("2004-01-26T10:30:00",)


# A file that changed in place


def _brighter(image: Image.Image) -> Image.Image:
    return image.point(lambda value: min(255, value + 12))


@pytest.mark.parametrize("ending", ["png", "webp", "tiff", "heic"])
def test_a_file_edited_in_place_keeps_the_words_said_of_it(album: Album, ending: str) -> None:
    image, how = draw((EVE, LEFT), shade=9), {"lossless": True} if ending == "webp" else {}
    path = album.save(image, f"album/x.{ending}", **how)
    album.recognise()
    with closing(OpenLibrary(album.settings)) as library:
        PersonChanges(library).create("Eve")
    album.name(path, "Eve")
    said = album.said()

    album.save(_brighter(image), f"album/x.{ending}", **how)

    assert album.recognise() == {f"x.{ending}": ("Eve",)}
    assert album.said() == said
    assert sorted(album.tree()) == [f"Eve/x.{ending}"]
    told = "\n".join(why_lines(why(album.settings, path)))
    assert "you said so" in told
    assert "changed" in told


def _name_the_unknown(album: Album, path: Path, name: str) -> None:
    """Say that the unknown person beside somebody known in a photo is somebody new."""
    with closing(OpenLibrary(album.settings)) as library:
        photo_id = library.store.photos.at_path(path) or 0
        unknown = [key for key in library.store.photos.appearances(photo_id) if not library.store.people.links(key)]
        library.say(Is([unknown[0]], name))


def test_a_rotation_written_into_the_pixels_keeps_the_words(album: Album) -> None:
    upright = draw((EVE, LEFT), (ANN, RIGHT))
    path = album.save(_turned(upright), "album/x.png", 6)
    album.recognise()
    _name_the_unknown(album, path, "Eve")
    album.save(upright, "album/x.png", 1)
    assert album.recognise() == {"x.png": ("Ann", "Eve")}
    assert sorted(album.tree()) == ["Ann/x.png", "Eve/x.png"]


@pytest.mark.parametrize("transpose", Image.Transpose)
def test_a_picture_turned_in_its_pixels_alone_keeps_the_words(album: Album, transpose: Image.Transpose) -> None:
    image = draw((EVE, LEFT), (ANN, RIGHT))
    path = album.save(image, "album/x.png")
    album.recognise()
    _name_the_unknown(album, path, "Eve")
    album.save(image.transpose(transpose), "album/x.png")
    album.recognise()
    assert "Eve/x.png" in album.tree()
    assert [name for name in album.tree() if "(2)" in name] == []
    album.save(image, "album/x.png")
    assert album.recognise() == {"x.png": ("Ann", "Eve")}
    assert sorted(album.tree()) == ["Ann/x.png", "Eve/x.png"]


@pytest.mark.parametrize(
    "after",
    [draw((BOB, LEFT)), draw((EVE, MIDDLE)), draw(), draw((EVE, MIDDLE), (BOB, RIGHT))],
    ids=["somebody else", "elsewhere", "nobody", "others"],
)
def test_another_photo_saved_under_the_name_starts_anew(album: Album, after: Image.Image) -> None:
    path = album.save(draw((EVE, LEFT), shade=9), "album/x.png")
    album.recognise()
    with closing(OpenLibrary(album.settings)) as library:
        PersonChanges(library).create("Eve")
    album.name(path, "Eve")
    album.save(after, "album/x.png")
    album.recognise()
    assert "you said so" not in "\n".join(why_lines(why(album.settings, path)))


def test_words_are_copied_where_another_file_still_holds_the_photo_as_it_was(album: Album) -> None:
    image = draw((EVE, LEFT))
    edited, kept = album.save(image, "album/a.png"), album.save(image, "album/b.png")
    album.recognise()
    with closing(OpenLibrary(album.settings)) as library:
        PersonChanges(library).create("Eve")
    album.name(kept, "Eve")
    album.save(_brighter(image), "album/a.png")
    assert album.recognise() == {"a.png": ("Eve",), "b.png": ("Eve",)}
    with closing(open_store(album.settings.library_file)) as store:
        assert store.photos.at_path(edited) != store.photos.at_path(kept)


def test_who_is_ignored_stays_so_after_an_edit(album: Album) -> None:
    path = album.save(draw((EVE, LEFT)), "album/x.png")
    album.recognise()
    with closing(open_store(album.settings.library_file)) as store, store.change("ignore", "ignored"):
        store.groups.ignore(store.photos.appearances(store.photos.at_path(path) or 0))
    album.save(_brighter(draw((EVE, LEFT))), "album/x.png")
    album.recognise()
    with closing(open_store(album.settings.library_file)) as store:
        photo_id = store.photos.at_path(path) or 0
        assert store.groups.nobodies_in(photo_id) == []
        assert len(store.groups.ignored()) == 1


def test_a_file_from_the_far_future_is_recognised_and_recalled(album: Album) -> None:
    path = album.save(draw((ANN, LEFT)), "album/x.png")
    os.utime(path, (10**10, 10**10))  # the year 2286
    assert album.recognise() == {"x.png": ("Ann",)}
    assert album.recognise(looks=False) == {"x.png": ("Ann",)}


def test_two_files_of_an_earlier_library_that_overruled_each_other_are_read_anew(album: Album) -> None:
    """As version 2 left it: one photo for both files, with the orientation of the last one."""
    album.settings = album.settings.model_copy(update={"duplicates": Duplicates.FILE_ALL})  # one hash for both
    stored = _turned(draw((ANN, LEFT)))
    for name, orientation in (("a.png", 6), ("b.png", 1)):
        album.save(stored, f"album/{name}", orientation)
        album.recognise()
    with closing(sqlite3.connect(album.settings.library_file, isolation_level=None)) as library:
        ((kept,), (twin,)) = library.execute("SELECT id FROM photos WHERE image_hash IN (SELECT image_hash FROM photos "
            "GROUP BY 1 HAVING count(*) > 1) ORDER BY id").fetchall()  # fmt: skip
        library.execute("UPDATE files SET photo_id = ? WHERE photo_id = ?", (kept, twin))
        library.execute("UPDATE analyses SET photo_id = ? WHERE photo_id = ?", (kept, twin))
        library.execute("UPDATE copies SET photo_id = ? WHERE photo_id = ?", (kept, twin))
        library.execute("DELETE FROM photos WHERE id = ?", (twin,))
        library.execute("UPDATE photos SET orientation = 1 WHERE id = ?", (kept,))
        library.execute(migrations._FORGET_WAYS_UP)
    assert album.recognise() == {"a.png": ("Ann",), "b.png": ()}
    assert album.recognise(looks=False) == {"a.png": ("Ann",), "b.png": ()}
    assert sorted(album.tree()) == ["Ann/a.png", "Unknown/b.png"]
