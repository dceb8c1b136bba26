"""What is left of a picture whose file ends too early, and how much of it is missing."""

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from kith.photos.image_hash import JPEG_END, JPEG_START, jpeg_segments
from kith.photos.photo_file import PhotoFile

# Nobody's face lies in so narrow a strip at the edge, but in half of a photo that is missing there may be many.
MOST_MISSING = 0.05

_NOISE_BYTES = 2**16  # more than a row of blocks
_JPEG_FRAMES = frozenset({b"\xff\xc0", b"\xff\xc1", b"\xff\xc2"})
_JPEG_SCAN = b"\xff\xda"
_JPEG_FREQUENCIES = 64

Load = Callable[[ImageFile.ImageFile], object]
ReadPixels = Callable[[bytes | None, Load], NDArray[Any]]


class Remedy(NamedTuple):
    """How to read a truncated file: the bytes to take instead of its own, what loads them, which share is missing."""

    instead: bytes | None
    load: Load
    missing: float

    @property
    def note(self) -> str:
        """What to tell of a photo that was read so."""
        if not self.missing:
            return "the end of the file is missing, the picture is whole"
        return f"the end of the file is missing: read without the last {self.percent} % of the picture"

    @property
    def percent(self) -> int:
        """The missing share, rounded up."""
        return math.ceil(100 * self.missing)


def remedy_for(file: PhotoFile, pixels: ReadPixels) -> Remedy:
    """Return how to read what there is.

    `pixels` reads the pixels as stored, of bytes (None: those of the file) and by a load. They are read twice, with the
    part that is missing filled in two ways: where both differ it is missing.
    """
    if file.read(0, len(JPEG_START)) == JPEG_START:
        return _remedy_for_jpeg(file, pixels)
    on_black = pixels(None, _load_on_black)
    on_white = pixels(None, _load_on_white)
    differing = _differing_rows(on_black, on_white)
    return Remedy(None, _load_on_black, float(differing.mean()))


def _remedy_for_jpeg(file: PhotoFile, pixels: ReadPixels) -> Remedy:
    """End the file: its decoder takes grey for what is missing of a scan, or reads noise put there."""
    content = file.read(0, file.size)
    noise = np.random.default_rng(0).integers(0, 255, _NOISE_BYTES, np.uint8)
    ended = content + JPEG_END
    noisy = content + b"\0" + noise.tobytes() + JPEG_END
    differing = _differing_rows(pixels(ended, load_all), pixels(noisy, load_all))
    below = np.logical_or.accumulate(differing)  # the noise may not reach to the end
    scans = _complete_scans(file)
    missing = float(below.mean()) / scans if scans else 1.0
    return Remedy(ended, load_all, missing)


def _complete_scans(file: PhotoFile) -> int:
    """Return how many scans a JPEG has, if they bring all frequencies of all colours to the last bit; else 0."""
    missing: dict[int, NDArray[np.int_]] = {}
    scans = 0
    with suppress(ValueError):  # that there is no end
        for name, start, _ in jpeg_segments(file):
            if name in _JPEG_FRAMES:
                count = file.read(start + 9, 1)[0]
                colours = file.read(start + 10, 3 * count)[::3]
                missing = {colour: np.ones(_JPEG_FREQUENCIES, int) for colour in colours}
            elif name == _JPEG_SCAN:
                scans += 1
                count = file.read(start + 4, 1)[0]
                colours = file.read(start + 5, 2 * count)[::2]
                first, last, bits = file.read(start + 5 + 2 * count, 3)
                for colour in colours:
                    missing[colour][first : last + 1] = bits & 0xF
    return 0 if any(bits.any() for bits in missing.values()) else scans


def _differing_rows(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.bool_]:
    rows: NDArray[np.bool_] = (first != second).reshape(len(first), -1).any(axis=1)
    return rows


def load_all(image: ImageFile.ImageFile) -> None:
    """Load a picture as it is."""
    image.load()


def _load_on_black(image: ImageFile.ImageFile) -> None:
    _load_on(image, 0)


def _load_on_white(image: ImageFile.ImageFile) -> None:
    _load_on(image, 255)


def _load_on(image: ImageFile.ImageFile, shade: int) -> None:
    """Load what there is over a plain picture."""
    bands = len(image.getbands())
    colour = shade if bands == 1 else (shade,) * bands
    image.im = Image.new(image.mode, image.size, colour).im
    with suppress(OSError):
        image.load()
    image.tile = []  # nothing is left to be loaded
