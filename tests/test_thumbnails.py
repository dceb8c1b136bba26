"""Small pictures: kept for their owner only, within bounds, and made anew where the photo or what is kept changed."""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PyQt6.QtGui import QImage
from pytestqt.qtbot import QtBot

from kith.gui import thumbnails as module
from kith.gui.phrases import GONE
from kith.gui.thumbnails import FOLDER, Picture, Thumbnails, tidy
from kith.photos.box import Box
from kith.settings import user_folder
from kith.whole_files import part_file
from tests.making import aged
from tests.windows import PATIENCE_MS

SIDE = 64
RED, BLUE = (230, 20, 20), (20, 20, 230)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.new("RGB", (80, 60), RED).save(path)
    return path


@pytest.fixture
def thumbnails(qtbot: QtBot) -> Iterator[Thumbnails]:
    del qtbot
    made = Thumbnails()
    yield made
    made.close()


def _image(qtbot: QtBot, thumbnails: Thumbnails, picture: Picture) -> QImage:
    found: list[QImage] = []

    def is_there() -> bool:
        image = thumbnails.image(picture, SIDE)
        found.extend([image] if image else [])
        return bool(found)

    qtbot.waitUntil(is_there, timeout=PATIENCE_MS)
    return found[0]


def _is(image: QImage, colour: tuple[int, int, int]) -> bool:
    shown = image.pixelColor(image.width() // 2, image.height() // 2)
    return all(abs(got - wanted) < 12 for got, wanted in zip(shown.getRgb()[:3], colour, strict=True))


def _kept() -> list[Path]:
    return sorted((user_folder("cache") / FOLDER).glob("*"))


def test_a_picture_is_kept_and_only_its_owner_may_read_it(qtbot: QtBot, thumbnails: Thumbnails, photo: Path) -> None:
    image = _image(qtbot, thumbnails, Picture(photo))
    assert (image.width(), image.height()) == (64, 48)
    assert _is(image, RED)
    (kept,) = _kept()
    if sys.platform != "win32":
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


@pytest.mark.skipif(sys.platform == "win32", reason="no such modes there")
def test_a_folder_that_others_could_look_into_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir(mode=0o755)
    tidy(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_face_and_its_photo_are_two_pictures(qtbot: QtBot, thumbnails: Thumbnails, photo: Path) -> None:
    _image(qtbot, thumbnails, Picture(photo))
    face = _image(qtbot, thumbnails, Picture(photo, Box(0.4, 0.4, 0.2, 0.2)))
    assert face.width() == face.height() or abs(face.width() - face.height()) <= 2
    assert len(_kept()) == 2


def test_what_is_kept_is_used_again(qtbot: QtBot, thumbnails: Thumbnails, photo: Path) -> None:
    _image(qtbot, thumbnails, Picture(photo))
    (kept,) = _kept()
    blue = QImage(SIDE, SIDE, QImage.Format.Format_RGB32)
    blue.fill(0xFF1414E6)
    assert blue.save(str(kept), "JPEG")
    thumbnails.forget()
    assert _is(_image(qtbot, thumbnails, Picture(photo)), BLUE)


def test_a_photo_that_changed_is_looked_at_anew(qtbot: QtBot, thumbnails: Thumbnails, photo: Path) -> None:
    _image(qtbot, thumbnails, Picture(photo))
    Image.new("RGB", (81, 60), BLUE).save(photo)
    thumbnails.forget()
    assert _is(_image(qtbot, thumbnails, Picture(photo)), BLUE)


@pytest.mark.parametrize("content", [b"", b"\0" * 900, b"no picture"])
def test_a_broken_picture_in_the_folder_is_made_again(
    qtbot: QtBot, thumbnails: Thumbnails, photo: Path, content: bytes
) -> None:
    _image(qtbot, thumbnails, Picture(photo))
    (kept,) = _kept()
    kept.write_bytes(content)
    thumbnails.forget()
    assert _is(_image(qtbot, thumbnails, Picture(photo)), RED)
    assert kept.read_bytes() != content


def test_where_nothing_can_be_kept_pictures_are_shown_all_the_same(
    qtbot: QtBot, thumbnails: Thumbnails, photo: Path
) -> None:
    folder = user_folder("cache") / FOLDER
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where the folder should be")
    assert _is(_image(qtbot, thumbnails, Picture(photo)), RED)
    assert folder.is_file()


def test_a_photo_that_is_gone_or_none_is_said_and_found_when_it_is_back(
    qtbot: QtBot, thumbnails: Thumbnails, photo: Path
) -> None:
    gone, broken = Picture(photo.with_name("gone.png")), Picture(photo.with_name("broken.png"))
    photo.with_name("broken.png").write_bytes(b"no photo")
    aged(photo.with_name("broken.png"))
    for picture in (gone, broken, Picture(None)):

        def is_told(picture: Picture = picture) -> bool:
            return bool(thumbnails.problem(picture))

        assert thumbnails.image(picture, SIDE) is None
        qtbot.waitUntil(is_told, timeout=PATIENCE_MS)
    assert thumbnails.problem(gone) == thumbnails.problem(Picture(None)) == GONE
    assert "Cannot be shown" in thumbnails.problem(broken)
    Image.new("RGB", (80, 60), BLUE).save(photo.with_name("gone.png"))
    thumbnails.forget()
    assert _is(_image(qtbot, thumbnails, gone), BLUE)


def test_the_oldest_pictures_go_where_there_are_too_many(tmp_path: Path) -> None:
    for age in range(10):
        file = tmp_path / f"{age}.jpg"
        file.write_bytes(b"x" * 100)
        os.utime(file, (1_000_000 - age, 1_000_000 - age))
    tidy(tmp_path, 1000)
    assert len([*tmp_path.iterdir()]) == 10
    tidy(tmp_path, 500)
    assert sorted(file.stem for file in tmp_path.iterdir()) == ["0", "1", "2", "3"]


def test_what_killed_processes_left_is_cleared_away(tmp_path: Path, photo: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    with part_file(folder, mode=0o600) as (file, part):
        file.write(b"half")
        left = part.read_bytes(), part.name
    (folder / left[1]).write_bytes(left[0])
    tidy(folder)
    assert [*folder.iterdir()] == []
    tidy(tmp_path / "nowhere")
    assert photo.is_file()


def test_pictures_in_memory_are_bounded(
    qtbot: QtBot, thumbnails: Thumbnails, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_BYTES", 3 * SIDE * SIDE * 4)
    for number in range(8):
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (SIDE, SIDE), (number, 0, 0)).save(path)
        _image(qtbot, thumbnails, Picture(path))
    assert thumbnails._bytes <= 3 * SIDE * SIDE * 4
    assert thumbnails._bytes == sum(image.sizeInBytes() for image in thumbnails._kept.values())
    assert len(_kept()) == 8
