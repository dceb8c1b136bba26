"""A photo's file becomes a picture whose header is read, and whatever is wrong with it a BadPhoto."""

import io
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from typing import BinaryIO

from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from kith.errors import BadPhoto, KithError, Unreadable
from kith.messages import Message, Setting
from kith.photos.endings import RAW
from kith.photos.heif import HEIF_FORMATS, exif_of, is_turned_by_file
from kith.photos.photo_file import PhotoFile, why_unreadable
from kith.photos.raw import register_raw
from kith.photos.raw_data import RAW_FORMAT, begins_as_raw

MAX_PIXELS = 256_000_000  # above the largest phone photos, of 200 megapixels

# Pillow's other readers start Ghostscript (EPS) or take any bytes for a picture (no signature to know it by). AVIF is
# asked before HEIF, which would take an AVIF that calls itself by the name they have in common (mif1).
_PLAIN = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "BMP", "JPEG2000", "PPM")
_FORMATS = (*_PLAIN, "TIFF")
# Most raw files are TIFF files, too, of which a reader of these would take a tiny preview for the photo.
_FORMATS_OF_RAW = (*_PLAIN, RAW_FORMAT)
_ORIENTATION = ExifTags.Base.Orientation
_ORIENTATIONS = range(1, 9)

# What people have among their photos and no reader here knows, by the beginning of the file, "?" standing for any byte.
_UNREAD_KINDS = (
    (b"\xff\x0a", "JPEG XL photo"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL photo"),
    (b"8BPS", "Photoshop picture"),
    (b"%PDF-", "PDF document"),
)


class Truncated(BadPhoto):
    """The end of the file is missing, and with it a part of the picture."""


@contextmanager
def open_picture(
    file: PhotoFile, max_pixels: int = MAX_PIXELS, instead: bytes | None = None
) -> Iterator[ImageFile.ImageFile]:
    """Give the picture in a file, or in the bytes to be read instead of it, with its header read and its pixels not.

    Any error inside the `with` becomes a BadPhoto.
    """
    try:
        with _pillow.in_force(max_pixels):
            _register_heif()
            stream: BinaryIO = file.stream() if instead is None else io.BytesIO(instead)
            register_raw()
            formats = _FORMATS_OF_RAW if _is_raw(file) else _FORMATS
            with Image.open(stream, formats=formats) as image:
                _check_pixels(image.width * image.height, max_pixels)
                _show_hidden_orientation(file, image)
                yield image
    except KithError:
        raise
    except Exception as error:  # Pillow and its plugins raise every kind of exception for a damaged file
        raise _bad_photo(file, error, max_pixels) from error


def _is_raw(file: PhotoFile) -> bool:
    """Say whether a file is called a raw one, or begins as no other does."""
    return file.path.suffix.lower() in RAW or begins_as_raw(file.read(0, 16))


def exif_orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 where there is none, or none that makes sense."""
    with suppress(Exception):  # broken EXIF raises every kind of exception, and the pixels are still good
        # Not PNG's own getexif, which decodes the pixels to look behind them.
        exif = Image.Image.getexif(image)
        value = int(exif[_ORIENTATION])
        return value if value in _ORIENTATIONS else 1
    return 1


def _show_hidden_orientation(file: PhotoFile, image: Image.Image) -> None:
    """Give back the EXIF orientation that the readers of HEIC and AVIF hide, where the file itself turns nothing.

    By the standard such a tag has no meaning, but there are programs that turn photos by it alone.
    """
    with suppress(Exception):  # broken boxes or EXIF
        if image.format in HEIF_FORMATS and not is_turned_by_file(file):
            hidden = Image.Exif()
            hidden.load(exif_of(file))
            shown = Image.Image.getexif(image)
            shown[_ORIENTATION] = hidden.get(_ORIENTATION, 1)


class _PillowSettings:
    """Kith's settings of Pillow, in force while any thread has a photo open; the last one puts the former back.

    Pillow knows them as module globals only, and another library may have switched on the loading of truncated files.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open_photos = 0
        self._former = ExitStack()

    @contextmanager
    def in_force(self, max_pixels: int) -> Iterator[None]:
        """Admit pictures of so many pixels; Pillow warns above its limit and refuses above twice as many."""
        with self._lock:
            self._open_photos += 1
            if self._open_photos == 1:
                self._set()
            Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS or 0, max_pixels // 2)
        try:
            yield
        finally:
            with self._lock:
                self._open_photos -= 1
                if not self._open_photos:
                    self._former.close()

    def _set(self) -> None:
        self._former.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif)\.")
        for module, name, value in (
            (Image, "MAX_IMAGE_PIXELS", 0),
            (ImageFile, "LOAD_TRUNCATED_IMAGES", False),
        ):
            self._former.callback(setattr, module, name, getattr(module, name))
            setattr(module, name, value)


_pillow = _PillowSettings()


@cache
def _register_heif() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()


def _check_pixels(pixels: int, most: int) -> None:
    if pixels > most:
        raise Image.DecompressionBombError(pixels)


def _bad_photo(file: PhotoFile, error: Exception, max_pixels: int) -> BadPhoto:
    match error:
        case UnidentifiedImageError():
            return BadPhoto(file.path, _why_unknown(file))
        case Image.DecompressionBombError():
            told = f"the picture has more than {max_pixels // 1_000_000} megapixels: "
            advice = Message(Setting("max_megapixels"), " admits larger ones, where there is memory for them")
            return BadPhoto(file.path, Message(told, advice))
        case MemoryError():
            return BadPhoto(file.path, "there is not enough memory to open the image")
        case OSError(errno=int()):
            return Unreadable(file.path, why_unreadable(file.path, error), error.errno)
    told = " ".join(str(error).split())
    if any(sign in told.lower() for sign in ("truncated", "unexpected end", "outside of file")):
        return Truncated(file.path, "the file is truncated: a part of the image is missing")
    return BadPhoto(file.path, f"the image is damaged: {told or type(error).__name__}")


def _why_unknown(file: PhotoFile) -> str:
    head = file.read(0, 16)
    for start, kind in _UNREAD_KINDS:
        if re.match(re.escape(start).replace(rb"\?", b"."), head, re.DOTALL):
            return f"this is a {kind}, which Kith cannot read yet: convert it to JPEG"
    if _is_raw(file):
        return "the raw file is damaged, or of a camera that is not known yet: convert it to JPEG or DNG"
    return "the file is not an image of a known kind, or its beginning is damaged"
