"""Boxes: overlap, and the road between stored and upright pixels."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps
from PIL.ExifTags import Base

from kith.photos.box import Box

WIDTH, HEIGHT = 20, 10
STORED = Box(3 / WIDTH, 2 / HEIGHT, 5 / WIDTH, 4 / HEIGHT)


def _box_of_marked(pixels: NDArray[np.uint8]) -> Box:
    rows, columns = np.nonzero(pixels)
    height, width = pixels.shape
    return Box(
        columns.min() / width,
        rows.min() / height,
        (np.ptp(columns) + 1) / width,
        (np.ptp(rows) + 1) / height,
    )


def _upright_pixels(orientation: int) -> NDArray[np.uint8]:
    """What Pillow makes of a photo with `STORED` marked in it and this orientation tag."""
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8)
    pixels[2:6, 3:8] = 255
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", exif=exif)
    return np.asarray(ImageOps.exif_transpose(Image.open(file)))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_follows_the_pixels_of_every_orientation(orientation: int) -> None:
    upright = _box_of_marked(_upright_pixels(orientation))
    assert STORED.to_upright(orientation) == pytest.approx(upright)
    assert upright.to_stored(orientation) == pytest.approx(STORED)


def test_the_eight_orientations_are_eight_places() -> None:
    places = {tuple(round(value, 9) for value in STORED.to_upright(orientation)) for orientation in range(1, 9)}
    assert len(places) == 8


@pytest.mark.parametrize(
    ("other", "iou"),
    [
        (Box(0.2, 0.2, 0.4, 0.4), 1.0),
        (Box(0.4, 0.2, 0.4, 0.4), 1 / 3),
        (Box(0.3, 0.3, 0.2, 0.2), 0.25),
        (Box(0.6, 0.2, 0.4, 0.4), 0.0),
        (Box(0.7, 0.7, 0.1, 0.1), 0.0),
        (Box(0.3, 0.3, 0.0, 0.0), 0.0),
    ],
)
def test_iou(other: Box, iou: float) -> None:
    box = Box(0.2, 0.2, 0.4, 0.4)
    assert box.iou(other) == pytest.approx(iou)
    assert other.iou(box) == pytest.approx(iou)


def test_iou_of_two_empty_boxes_is_zero() -> None:
    assert Box(0.5, 0.5, 0, 0).iou(Box(0.5, 0.5, 0, 0)) == 0
