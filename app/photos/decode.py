"""A photo file becomes upright RGB pixels, and whatever is wrong with it a BadPhoto."""

import stat
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from app.errors import BadPhoto, KithError

_MAX_PIXELS = 256_000_000  # above the largest phone photos, of 200 megapixels

# Pillow's other readers start Ghostscript (EPS) or take any bytes for a picture (no signature to know it by).
_FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF", "GIF", "BMP", "JPEG2000", "PPM")

# What makes the stored pixels upright (Exif 2.32, tag 0x0112); Pillow's rotations are counter-clockwise.
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def load_rgb(path: Path, max_side: int | None = None) -> NDArray[np.uint8]:
    """Return the photo upright as height x width x 3 RGB, read-only; a larger one shrunk to `max_side` pixels.

    Transparent parts become white, of an animation the first picture is taken. Raises BadPhoto.
    """
    with open_photo(path) as image:
        return _upright(image, _shrunk(image, _target(image, max_side)))


def load_at_least(path: Path, side: int) -> tuple[NDArray[np.uint8], bool]:
    """Return the photo as `load_rgb` does, at the size that is read soonest and has `side` pixels, or all there are.

    A JPEG is read at a half, a quarter or an eighth of its size, any other photo at its own. The second value tells
    whether the file has more pixels. Raises BadPhoto.
    """
    with open_photo(path) as image:
        whole = image.size
        _draft(image, _target(image, side))
        image.load()
        return _upright(image, _to_rgb(image)), image.size != whole


def _upright(image: ImageFile.ImageFile, rgb: Image.Image) -> NDArray[np.uint8]:
    transpose = _TRANSPOSE.get(exif_orientation(image))
    return np.asarray(rgb if transpose is None else rgb.transpose(transpose))


@contextmanager
def open_photo(path: Path) -> Iterator[ImageFile.ImageFile]:
    """Give the photo with its header read and its pixels not; any error inside the `with` becomes a BadPhoto."""
    try:
        with _pillow, _open_regular_file(path) as file:
            _register_heif()
            with Image.open(file, formats=_FORMATS) as image:
                yield image
    except KithError:
        raise
    except Exception as error:  # Pillow and its plugins raise every kind of exception for a damaged file
        raise BadPhoto(path, _reason(path, error)) from error


def exif_orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 where there is none, or none that makes sense."""
    with suppress(Exception):  # broken EXIF raises every kind of exception, and the pixels are still good
        # Not PNG's own getexif, which decodes the pixels to look behind them.
        value = Image.Image.getexif(image).get(ExifTags.Base.Orientation)
        return int(value) if value in _TRANSPOSE else 1
    return 1


class _PillowSettings:
    """Kith's settings of Pillow, in force while any thread has a photo open; the last one puts the former back.

    Pillow knows them as module globals only, and another library may have switched on the loading of truncated files.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open_photos = 0
        self._former = ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            self._open_photos += 1
            if self._open_photos > 1:
                return
            self._former.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif)\.")
            for module, name, value in (
                (Image, "MAX_IMAGE_PIXELS", _MAX_PIXELS // 2),  # Pillow warns above it and refuses above twice as many
                (ImageFile, "LOAD_TRUNCATED_IMAGES", False),
            ):
                self._former.callback(setattr, module, name, getattr(module, name))
                setattr(module, name, value)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._open_photos -= 1
            if not self._open_photos:
                self._former.close()


_pillow = _PillowSettings()


@cache
def _register_heif() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()


def _open_regular_file(path: Path) -> BinaryIO:
    status = path.stat()  # before opening: a named pipe would be waited for
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a device, pipe or socket"
        raise BadPhoto(path, f"this is {kind}, not a photo file")
    if status.st_size == 0:
        raise BadPhoto(path, "the file is empty (0 bytes)")
    return path.open("rb")


def _target(image: ImageFile.ImageFile, max_side: int | None) -> tuple[int, int]:
    scale = min(1.0, (max_side or max(image.size)) / max(image.size))
    return max(1, round(image.width * scale)), max(1, round(image.height * scale))


def _draft(image: ImageFile.ImageFile, target: tuple[int, int]) -> tuple[float, float, float, float] | None:
    """Have a JPEG read at a reduced size; returns where, in the reduced pixels, the whole picture lies."""
    # JPEG only: the small version inside a HEIC file need not show the picture as it was edited since.
    draft = image.draft(None, target) if image.format in {"JPEG", "MPO"} else None
    return draft[1] if draft else None


def _shrunk(image: ImageFile.ImageFile, target: tuple[int, int]) -> Image.Image:
    box = _draft(image, target)
    image.load()
    rgb = _to_rgb(image)
    if rgb.size == target:
        return rgb
    return rgb.resize(target, Image.Resampling.LANCZOS, box=box, reducing_gap=2.0)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in {"I", "F"}:
        return Image.fromarray(_to_8_bit(np.asarray(image, np.float32))).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(rgba, mask=rgba)
        return white
    return image if image.mode == "RGB" else image.convert("RGB")


def _to_8_bit(grey: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return 0..255 of numbers whose white the file does not tell: the usual white above their largest is taken."""
    grey = np.nan_to_num(grey, posinf=0.0, neginf=0.0).clip(min=0)
    largest = float(grey.max())
    white = next((white for white in (1.0, 255.0, 65535.0) if largest <= white), largest)
    return (grey * (255 / white)).round().astype(np.uint8)


def _reason(path: Path, error: Exception) -> str:
    match error:
        case FileNotFoundError():
            return "the link leads nowhere" if path.is_symlink() else "the file is not there any more"
        case PermissionError():
            return "the file may not be read: it is protected, or another program holds it"
        case UnidentifiedImageError():
            return "the file is not an image of a known kind, or its beginning is damaged"
        case Image.DecompressionBombError():
            return f"the image claims more than {_MAX_PIXELS // 1_000_000} megapixels, which no camera takes"
        case MemoryError():
            return "there is not enough memory to open the image"
        case OSError(errno=int()):
            return f"the file cannot be read: {error.strerror}"
    if any(sign in str(error).lower() for sign in ("truncated", "unexpected end", "outside of file")):
        return "the file is truncated: a part of the image is missing"
    return f"the image is damaged: {' '.join(str(error).split()) or type(error).__name__}"
