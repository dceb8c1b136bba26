"""Small pictures as JPEGs: of whole photos, and of faces in them."""

import io
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kith.errors import BadPhoto
from kith.photos.box import Box
from kith.photos.pixels import load_rgb

_QUALITY = 70
_FACE_SIDE = 128  # pixels
_AROUND = 1.7  # a face's picture shows some hair and chin around its box
_LARGEST_SIDE = 8000  # a photo is not decoded larger for the sake of a tiny face


def small_photo(path: Path, side: int) -> bytes:
    """Return an upright photo within a square of `side` pixels, empty where it cannot be read."""
    with suppress(BadPhoto, OSError):
        return _jpeg(load_rgb(path, side))
    return b""


def small_face(path: Path, box: Box) -> bytes:
    """Return the face at a box of the upright photo, empty where it cannot be read."""
    needed = round(_FACE_SIDE / (_AROUND * max(min(box.w, box.h), 1e-3)))
    with suppress(BadPhoto, OSError):
        photo = load_rgb(path, min(needed, _LARGEST_SIDE))
        return _jpeg(_around(box, photo))
    return b""


def _around(box: Box, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width, _ = photo.shape
    half = _AROUND * max(box.w * width, box.h * height) / 2
    x, y = (box.x + box.w / 2) * width, (box.y + box.h / 2) * height
    left, top = max(round(x - half), 0), max(round(y - half), 0)
    return photo[top : max(round(y + half), top + 1), left : max(round(x + half), left + 1)]


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "JPEG", quality=_QUALITY)
    return target.getvalue()
