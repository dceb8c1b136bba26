"""The pixels of a photo to be looked at, a JPEG's by OpenCV: in half of Pillow's time, and equal to the last bit."""

from pathlib import Path

import numpy as np

from kith.photos.photo_file import PhotoFile, opened
from kith.photos.picture import MAX_PIXELS
from kith.photos.pixels import Decoded, at_least
from kith.vision.observations import Rgb


def photo_pixels(file: PhotoFile, side: int, max_pixels: int = MAX_PIXELS) -> Decoded:
    """Return the photo in an open file as `at_least` does; raises BadPhoto."""
    return at_least(file, side, max_pixels, _by_opencv)


def load_at_least(path: Path, side: int) -> Decoded:
    """Return the photo at a path as `photo_pixels` does; raises BadPhoto."""
    with opened(path) as file:
        return photo_pixels(file, side)


def _by_opencv(jpeg: bytes, reduced: int) -> Rgb | None:
    """Return a JPEG's RGB as stored at one part in `reduced` (1, 2, 4, 8) of its size; None where OpenCV reads none.

    Both decode by libjpeg-turbo, and OpenCV neither gives what is cut off nor holds the pixels twice.
    """
    import cv2

    sizes = {2: cv2.IMREAD_REDUCED_GRAYSCALE_2, 4: cv2.IMREAD_REDUCED_GRAYSCALE_4, 8: cv2.IMREAD_REDUCED_GRAYSCALE_8}
    flags = sizes.get(reduced, 0) | cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION  # in RGB, in spite of names
    try:
        rgb = cv2.imdecode(np.frombuffer(jpeg, np.uint8), flags)
    except cv2.error:
        return None
    return None if rgb is None else np.asarray(rgb, np.uint8)
