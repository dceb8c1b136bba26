"""A photo file becomes the facts that later decisions need, without its pixels being decoded."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.ExifTags import IFD, Base

from kith.errors import BadPhoto
from kith.photos.box import FLIPPED, MIRRORED, SWAPPED
from kith.photos.image_hash import PNG_START, image_hash, png_chunks
from kith.photos.photo_file import PhotoFile, opened
from kith.photos.picture import exif_orientation, open_picture

# The chunks of a PNG that may hold EXIF, or an orientation by XMP, and those without which it is none.
_PNG_KEPT = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"IHDR", b"IEND"})
_PNG_MOST_METADATA_BYTES = 16 * 2**20

_GREY = frozenset({"1", "L", "LA", "La", "I", "F"})

_DATE_TAGS = (
    (Base.DateTimeOriginal, Base.SubsecTimeOriginal, Base.OffsetTimeOriginal),
    (Base.DateTimeDigitized, Base.SubsecTimeDigitized, Base.OffsetTimeDigitized),
    (Base.DateTime, Base.SubsecTime, Base.OffsetTime),
)
_DATE = re.compile(r"(\d{4})\D(\d\d)\D(\d\d)\D(\d\d)\D(\d\d)\D(\d\d)", re.ASCII)
_YEAR_OF_THE_FIRST_PHOTOGRAPH = 1826


class Colours(IntEnum):
    """What colours a file can hold, the fewest first: shades of grey, those of a palette, or all."""

    GREY = 0
    PALETTE = 1
    ALL = 2


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What a photo's file tells: its image data's SHA-256, width and height in pixels as stored, and EXIF.

    `taken_at` is ISO 8601 text, in the camera's local time when it told no offset. A HEIC counts as stored upright,
    as its decoder turns it, unless EXIF alone tells how to. `former_hash` is what earlier versions of Kith took for
    the image hash, None where that is the same.
    """

    image_hash: str
    width: int
    height: int
    orientation: int
    taken_at: str | None
    camera: str | None
    former_hash: str | None = None
    colours: Colours = Colours.ALL


def read_facts(path: Path) -> PhotoFacts:
    """Return what the photo's or video's file tells; what broken EXIF does not tell is left out. Raises BadPhoto."""
    from kith.photos.video import is_video, video_facts  # which gives facts, too

    with opened(path) as file:
        if is_video(path):
            return video_facts(file)
        with open_picture(file) as image:
            return facts_of(file, image)


def facts_of(file: PhotoFile, image: ImageFile.ImageFile) -> PhotoFacts:
    """Return what an open file and the picture in it tell, as `read_facts` does."""
    metadata = _metadata_of_png(file) if image.format == "PNG" else None
    if metadata is None:
        return _facts(file, image, image)
    with suppress(BadPhoto), open_picture(file, instead=metadata) as told:
        return _facts(file, image, told)
    return _facts(file, image, image)  # what stands before the pixels must do


def _facts(file: PhotoFile, image: ImageFile.ImageFile, told: ImageFile.ImageFile) -> PhotoFacts:
    """Return the facts of a picture, with what is `told` of it, perhaps elsewhere."""
    orientation = exif_orientation(told)
    # Pillow gives a TIFF's size as it will be once upright.
    sideways = image.format == "TIFF" and orientation >= 5
    width, height = reversed(image.size) if sideways else image.size
    taken_at = _taken_at(told)
    camera = _camera(told)
    known_by, former = image_hash(file, image)
    return PhotoFacts(known_by, width, height, orientation, taken_at, camera, former, _colours(image.mode))


def _colours(mode: str) -> Colours:
    """Return what Pillow's mode of a picture tells of its colours."""
    if mode.startswith("P"):
        return Colours.PALETTE
    return Colours.GREY if mode in _GREY or mode.startswith("I;16") else Colours.ALL


def _metadata_of_png(file: PhotoFile) -> bytes | None:
    """Return a PNG of the metadata alone, wherever they stand; None where the chunks make no sense.

    Pillow itself finds what stands behind the pixels only by decoding them.
    """
    parts = [PNG_START]
    room = _PNG_MOST_METADATA_BYTES
    with suppress(ValueError):
        for chunk in png_chunks(file):
            size = chunk.end - chunk.start
            if chunk.name in _PNG_KEPT and size <= room:
                room -= size
                part = file.read(chunk.start - 4, size + 8)  # with its size and checksum
                parts.append(part)
        return b"".join(parts)
    return None


def perceptual_hash(pixels: NDArray[np.uint8]) -> int:
    """Return the 64-bit pHash of an upright photo, RGB or grey, as a signed integer; like photos differ in few bits.

    The DCT hash of C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010), 3.2.1:
    the lowest 8x8 frequencies but the constant ones of the photo in 32x32 grey pixels, each against their median.
    """
    from scipy.fft import dctn  # a third of a second, which only those pay who analyse photos

    grey = Image.fromarray(pixels).convert("L")
    small = grey.resize((32, 32), Image.Resampling.LANCZOS, reducing_gap=3.0)
    shades = np.asarray(small, np.float64)
    frequencies = dctn(shades, norm="ortho")[1:9, 1:9]
    return _hash_of(frequencies > np.median(frequencies))


def _hash_of(bits: NDArray[np.bool_]) -> int:
    content = np.packbits(bits).tobytes()
    return int.from_bytes(content, signed=True)


def turned_hash(phash: int, orientation: int) -> int:
    """Return the pHash of a photo turned as an EXIF orientation (1 to 8) turns stored pixels, nearly.

    Turning swaps rows and columns of the frequencies or changes the sign of every other one, which so is above the
    median where it was below. The median is near 0, but not 0: on real photos up to 10 bits of 64 differ from what the
    turned pixels give, and 18 at the least for another photo, whichever way it is turned.
    """
    content = np.frombuffer(phash.to_bytes(8, signed=True), np.uint8)
    bits = np.unpackbits(content).reshape(8, 8).astype(np.bool_)
    is_odd = np.arange(1, 9) % 2 == 1
    if orientation in SWAPPED:
        bits = bits.T
    if orientation in MIRRORED:
        bits = bits ^ is_odd
    if orientation in FLIPPED:
        bits = bits ^ is_odd[:, np.newaxis]
    return _hash_of(bits)


def _taken_at(image: ImageFile.ImageFile) -> str | None:
    for tags in _DATE_TAGS:
        date, fraction, offset = (_exif_text(image, tag) for tag in tags)
        moment = _moment(date, fraction, offset)
        if moment:
            return moment
    return None


def _moment(date: str, fraction: str, offset: str) -> str | None:
    parts = _DATE.match(date)
    if not parts or int(parts[1]) < _YEAR_OF_THE_FIRST_PHOTOGRAPH:
        return None
    with suppress(ValueError):
        text = "{}-{}-{}T{}:{}:{}".format(*parts.groups())
        moment = datetime.fromisoformat(text)
        if fraction.isdecimal():
            microseconds = fraction[:6].ljust(6, "0")
            moment = moment.replace(microsecond=int(microseconds))
        with suppress(ValueError):
            zone = datetime.strptime(offset, "%z").tzinfo
            moment = moment.replace(tzinfo=zone)
        return moment.isoformat()
    return None


def _camera(image: ImageFile.ImageFile) -> str | None:
    make = _exif_text(image, Base.Make)
    model = _exif_text(image, Base.Model)
    words_of_make = make.casefold().split()
    if any(model.casefold().startswith(word) for word in words_of_make):
        return model
    return f"{make} {model}".strip() or None


def _exif_text(image: ImageFile.ImageFile, tag: Base) -> str:
    with suppress(Exception):  # broken EXIF raises every kind of exception
        exif = Image.Image.getexif(image)
        value = exif[tag] if tag in exif else exif.get_ifd(IFD.Exif)[tag]
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        told, _, _ = text.partition("\0")
        in_a_line = " ".join(told.split())
        return "".join(filter(str.isprintable, in_a_line))
    return ""
