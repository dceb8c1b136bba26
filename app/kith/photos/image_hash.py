"""What of a photo's file is the picture: the SHA-256 of its image data, which no metadata changes."""

import hashlib
import re
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from PIL import Image, TiffImagePlugin

from kith.photos.heif import HEIF_FORMATS, heif_image_data
from kith.photos.photo_file import PhotoFile
from kith.photos.raw_data import RAW_FORMAT, raw_image_data
from kith.photos.tiff_data import tiff_places, tiff_tags

JPEG_START = b"\xff\xd8\xff"
JPEG_END = b"\xff\xd9"
_JPEG_SIZE_BYTES = 2
# Inside a scan 0xFF00 is a data byte, 0xFFD0 to 0xFFD7 are restarts, and 0xFF may fill up (ITU T.81, B.1.1).
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_JPEG_METADATA = re.compile(rb"\xff[\xe0-\xef\xfe]")
# The one APPn that says how to read the colours; ExifTool, too, keeps it when it deletes all metadata.
_JPEG_ADOBE = re.compile(rb"\xff\xee..Adobe", re.DOTALL)
_JPEG_ADOBE_BYTES = 9

PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_IMAGE_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"acTL", b"fcTL", b"fdAT"})

_WEBP_CHUNKS = 12  # bytes before the first: RIFF, the size, WEBP
_WEBP_IMAGE_CHUNKS = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"})


def image_hash(file: PhotoFile, image: Image.Image) -> tuple[str, str | None]:
    """Return the SHA-256 of the image data: of the whole file where the two cannot be told apart.

    The second value is that of the whole file for the formats whose photos earlier versions of Kith knew by it.
    """
    head = file.read(0, len(PNG_START))
    if head.startswith(JPEG_START):
        return _hash(file, _jpeg_image_data(file)), None
    if head == PNG_START:
        return _hash(file, _png_image_data(file)), None
    if image.format == RAW_FORMAT:
        return _hash(file, raw_image_data(file)), None
    whole = _hash(file, file.parts(0, file.size))
    if image.format == "WEBP":
        return _hash(file, _webp_image_data(file)), whole
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return _hash(file, _tiff_image_data(file, image)), whole
    if image.format in HEIF_FORMATS:
        return _hash(file, heif_image_data(file, image.format)), whole
    return whole, None


def _hash(file: PhotoFile, image_data: Iterable[bytes]) -> str:
    """Return the SHA-256 of the image data, of the whole file where its structure is damaged."""
    with suppress(ValueError):
        return _sha256(image_data)
    return _sha256(file.parts(0, file.size))


def _sha256(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _jpeg_image_data(file: PhotoFile) -> Iterator[bytes]:
    """Yield the segments with their scans, without APPn, comments and what follows the end (videos, further images)."""
    for segment in jpeg_segments(file):
        start = file.read(segment.start, _JPEG_ADOBE_BYTES)
        if _JPEG_ADOBE.match(start) or not _JPEG_METADATA.match(start):
            yield from file.parts(segment.start, segment.end)


def _png_image_data(file: PhotoFile) -> Iterator[bytes]:
    """Yield the name and content of each chunk that makes pixels."""
    for chunk in png_chunks(file):
        if chunk.name in _PNG_IMAGE_CHUNKS:
            yield from file.parts(chunk.start, chunk.end)


class Part(NamedTuple):
    """A part of a file with its name."""

    name: bytes
    start: int
    end: int


def jpeg_segments(file: PhotoFile) -> Iterator[Part]:
    """Yield the segments of a JPEG from their markers on, each with the scan behind it; raises ValueError at no end."""
    start = file.find(_JPEG_MARKER, len(JPEG_START) - 1)
    while start is not None:
        name = file.read(start, len(JPEG_END))
        if name == JPEG_END:
            return
        behind = start + len(name)
        size = int.from_bytes(file.read(behind, _JPEG_SIZE_BYTES))
        following = file.find(_JPEG_MARKER, behind + size)
        yield Part(name, start, file.size if following is None else following)
        start = following
    raise ValueError("the JPEG has no end")


def png_chunks(file: PhotoFile) -> Iterator[Part]:
    """Yield name and content of the chunks of a PNG up to its end; raises ValueError where it has none."""
    start, name = len(PNG_START), b""
    while name != b"IEND":
        head = file.read(start, 8)
        name = head[4:]
        end = start + 8 + int.from_bytes(head[:4])
        if end > file.size:
            raise ValueError("the PNG has no end")
        yield Part(name, start + 4, end)
        start = end + 4


def _webp_image_data(file: PhotoFile) -> Iterator[bytes]:
    """Yield the name and content of each chunk that makes pixels, and the size of the canvas that frames lie on.

    Without frames the canvas is that of the picture, and its chunk comes and goes with metadata.
    """
    end = 8 + int.from_bytes(file.read(4, 4), "little")
    if end > file.size:
        raise ValueError("the WebP has no end")
    start = _WEBP_CHUNKS
    canvas = b""
    is_empty = True
    while start < end:
        head = file.read(start, 8).ljust(8, b"\0")
        name, size = struct.unpack("<4sI", head)
        begin = start + 8
        end_of_chunk = begin + size
        if name == b"VP8X":
            canvas = file.read(begin + 4, 6)
        elif name in _WEBP_IMAGE_CHUNKS:
            if end_of_chunk > end:
                raise ValueError("the WebP ends too early")
            is_empty = False
            yield name + canvas if name == b"ANIM" else name
            yield from file.parts(begin, end_of_chunk)
        start = end_of_chunk + size % 2
    if is_empty:
        raise ValueError("the WebP holds no picture")


def _tiff_image_data(file: PhotoFile, image: TiffImagePlugin.TiffImageFile) -> Iterator[bytes]:
    """Yield, of each picture, the tags that make pixels of its data, and the data wherever they lie."""
    size = 0
    try:
        for number in range(image.n_frames):
            image.seek(number)
            tags = image.tag_v2
            yield from tiff_tags(tags)
            for offset, count in tiff_places(tags):
                size += count
                if size > file.size:
                    raise ValueError("the TIFF holds a part many times")
                yield from file.parts(offset, offset + count)
        image.seek(0)
    except Exception as error:  # Pillow raises every kind of exception for a damaged file
        raise ValueError("the TIFF is damaged") from error
    if not size:
        raise ValueError("the TIFF holds no picture")
