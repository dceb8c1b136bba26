"""A photo file becomes the facts that later decisions need, without its pixels being decoded."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.ExifTags import IFD, Base

from app.photos.decode import exif_orientation, open_photo

_JPEG_START = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"
_JPEG_SIZE_BYTES = 2
# Inside a scan 0xFF00 is a data byte, 0xFFD0 to 0xFFD7 are restarts, and 0xFF may fill up (ITU T.81, B.1.1).
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_JPEG_METADATA = re.compile(rb"\xff[\xe0-\xef\xfe]")
# The one APPn that says how to read the colours; ExifTool, too, keeps it when it deletes all metadata.
_JPEG_ADOBE = re.compile(rb"\xff\xee..Adobe", re.DOTALL)

_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_IMAGE_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"acTL", b"fcTL", b"fdAT"})
# Pillow's name of a fact that holds an orientation, and the bytes it begins with, perhaps behind the pixels.
_PNG_METADATA = {
    "exif": b"eXIf",
    "Raw profile type exif": b"Raw profile type exif\0",
    "XML:com.adobe.xmp": b"XML:com.adobe.xmp\0",
}

_DATE_TAGS = (
    (Base.DateTimeOriginal, Base.SubsecTimeOriginal, Base.OffsetTimeOriginal),
    (Base.DateTimeDigitized, Base.SubsecTimeDigitized, Base.OffsetTimeDigitized),
    (Base.DateTime, Base.SubsecTime, Base.OffsetTime),
)
_DATE = re.compile(r"(\d{4})\D(\d\d)\D(\d\d)\D(\d\d)\D(\d\d)\D(\d\d)", re.ASCII)
_YEAR_OF_THE_FIRST_PHOTOGRAPH = 1826


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What a photo's file tells: its image data's SHA-256, width and height in pixels as stored, and EXIF.

    `taken_at` is ISO 8601 text, in the camera's local time when it told no offset. A HEIC counts as stored upright,
    as its decoder turns it.
    """

    image_hash: str
    width: int
    height: int
    orientation: int
    taken_at: str | None
    camera: str | None
    former_hash: str | None = None


def read_facts(path: Path) -> PhotoFacts:
    """Return what the photo's file tells; what broken EXIF does not tell is left out. Raises BadPhoto."""
    with open_photo(path) as image:
        data = path.read_bytes()
        if image.format == "PNG" and any(key not in image.info and mark in data for key, mark in _PNG_METADATA.items()):
            image.load()  # reads on to the metadata behind the pixels
        orientation = exif_orientation(image)
        # Pillow gives a TIFF's size as it will be once upright.
        sideways = image.format == "TIFF" and orientation >= 5
        width, height = reversed(image.size) if sideways else image.size
        return PhotoFacts(_image_hash(data), width, height, orientation, _taken_at(image), _camera(image))


def perceptual_hash(rgb: NDArray[np.uint8]) -> int:
    """Return the 64-bit pHash of an upright photo as a signed integer; like photos differ in few bits.

    The DCT hash of C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010), 3.2.1:
    the lowest 8x8 frequencies but the constant ones of the photo in 32x32 grey pixels, each against their median.
    """
    from scipy.fft import dctn  # a third of a second, which only those pay who analyse photos

    grey = Image.fromarray(rgb).convert("L").resize((32, 32), Image.Resampling.LANCZOS, reducing_gap=3.0)
    frequencies = dctn(np.asarray(grey, np.float64), norm="ortho")[1:9, 1:9]
    return int.from_bytes(np.packbits(frequencies > np.median(frequencies)).tobytes(), signed=True)


def _image_hash(data: bytes) -> str:
    """Return the SHA-256 of the image data without its metadata: of the whole file where the two cannot be told."""
    parts: list[memoryview | bytes] = [data]
    with suppress(ValueError):
        if data.startswith(_JPEG_START):
            parts = list(_jpeg_image_data(data))
        elif data.startswith(_PNG_START):
            parts = list(_png_image_data(data))
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _jpeg_image_data(data: bytes) -> Iterator[memoryview]:
    """Yield the segments with their scans, without APPn, comments and what follows the end (videos, further images)."""
    marker = _JPEG_MARKER.search(data, len(_JPEG_START) - 1)
    while marker and marker[0] != _JPEG_END:
        size = int.from_bytes(data[marker.end() : marker.end() + _JPEG_SIZE_BYTES])
        following = _JPEG_MARKER.search(data, marker.end() + size)
        if not following:
            break
        if not _JPEG_METADATA.match(marker[0]) or _JPEG_ADOBE.match(data, marker.start()):
            yield memoryview(data)[marker.start() : following.start()]
        marker = following
    if not marker or marker[0] != _JPEG_END:
        raise ValueError("the JPEG has no end")


def _png_image_data(data: bytes) -> Iterator[memoryview]:
    """Yield the name and content of each chunk that makes pixels."""
    start, name = len(_PNG_START), b""
    while name != b"IEND":
        name = data[start + 4 : start + 8]
        end = start + 8 + int.from_bytes(data[start : start + 4])
        if end > len(data):
            raise ValueError("the PNG has no end")
        if name in _PNG_IMAGE_CHUNKS:
            yield memoryview(data)[start + 4 : end]
        start = end + 4  # the checksum lies between


def _taken_at(image: ImageFile.ImageFile) -> str | None:
    moments = (_moment(*(_exif_text(image, tag) for tag in tags)) for tags in _DATE_TAGS)
    return next(filter(None, moments), None)


def _moment(date: str, fraction: str, offset: str) -> str | None:
    parts = _DATE.match(date)
    if not parts or int(parts[1]) < _YEAR_OF_THE_FIRST_PHOTOGRAPH:
        return None
    with suppress(ValueError):
        moment = datetime.fromisoformat("{}-{}-{}T{}:{}:{}".format(*parts.groups()))
        if fraction.isdecimal():
            moment = moment.replace(microsecond=int(fraction[:6].ljust(6, "0")))
        with suppress(ValueError):
            moment = moment.replace(tzinfo=datetime.strptime(offset, "%z").tzinfo)
        return moment.isoformat()
    return None


def _camera(image: ImageFile.ImageFile) -> str | None:
    make, model = _exif_text(image, Base.Make), _exif_text(image, Base.Model)
    if any(model.casefold().startswith(word) for word in make.casefold().split()):
        return model
    return f"{make} {model}".strip() or None


def _exif_text(image: ImageFile.ImageFile, tag: Base) -> str:
    with suppress(Exception):  # broken EXIF raises every kind of exception
        exif = Image.Image.getexif(image)
        value = exif[tag] if tag in exif else exif.get_ifd(IFD.Exif)[tag]
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        return "".join(filter(str.isprintable, " ".join(text.partition("\0")[0].split())))
    return ""
