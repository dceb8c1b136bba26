"""Faces are cut out of photos, and marked in them."""

from pathlib import Path

import pytest
from PIL import Image
from PyQt6.QtCore import QSize
from PyQt6.QtGui import QColor

from kith.errors import BadPhoto
from kith.gui.pictures import face_picture, marked, photo_picture
from kith.photos.box import Box


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_face_is_cut_out_of_the_upright_photo(tmp_path: Path, orientation: int) -> None:
    upright, stored = Box(0.6, 0.2, 0.1, 0.2), Box(0.6, 0.2, 0.1, 0.2).to_stored(orientation)
    size = (2000, 1000) if orientation < 5 else (1000, 2000)
    photo = Image.new("RGB", size, "blue")
    corner = round(stored.x * size[0]), round(stored.y * size[1])
    photo.paste("red", (*corner, corner[0] + 200, corner[1] + 200))
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo.save(tmp_path / "photo.png", exif=exif)

    face = face_picture(tmp_path / "photo.png", upright, QSize(300, 300))
    whole = marked(photo_picture(tmp_path / "photo.png", QSize(320, 210)), upright)

    assert (face.width(), face.height()) == (300, 300)
    assert face.pixelColor(150, 150) == QColor("red")
    assert [face.pixelColor(x, y) for x, y in ((10, 10), (289, 10), (10, 289), (289, 289))] == [QColor("blue")] * 4
    assert (whole.width(), whole.height()) == (320, 160)
    assert whole.pixelColor(208, 48) == QColor("red")
    assert whole.pixelColor(192, 48) == QColor(255, 196, 0)


def test_a_face_at_the_edge_and_a_speck_are_cut_out_as_well(tmp_path: Path) -> None:
    Image.new("RGB", (400, 300), "green").save(tmp_path / "photo.png")
    for box in (Box(-0.05, 0.9, 0.3, 0.3), Box(0.5, 0.5, 0.0001, 0.0001), Box(0, 0, 1, 1)):
        face = face_picture(tmp_path / "photo.png", box, QSize(100, 100))
        assert max(face.width(), face.height()) == 100
        assert face.pixelColor(face.width() // 2, face.height() // 2) == QColor(0, 128, 0)


def test_a_photo_that_is_none_has_no_picture(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_text("no photo")
    with pytest.raises(BadPhoto):
        face_picture(tmp_path / "photo.jpg", Box(0, 0, 1, 1), QSize(10, 10))
