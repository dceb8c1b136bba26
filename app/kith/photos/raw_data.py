"""What of a camera's raw file is the picture: what its sensor saw, and neither previews nor metadata.

Programs write captions, ratings, corrected times and new previews into raw files, and leave that part as it is.
"""

import io
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

from PIL import TiffImagePlugin

from kith.photos.photo_file import PhotoFile
from kith.photos.tiff_data import tiff_places, tiff_tags

RAW_FORMAT = "RAW"  # as Pillow is told to name it

Span = tuple[int, int]

_Directory = TiffImagePlugin.ImageFileDirectory_v2

# The beginnings of TIFF files, and of raw files that are the same but for it: Olympus' and Panasonic's.
_TIFF_ENDIAN = {b"II": "<", b"MM": ">"}
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"IIRO", b"IIRS", b"MMOR", b"IIU\0")
_PANASONIC_START = b"IIU\0"
_PANASONIC_PLACE = 0x118  # the tag that says where the picture begins, which ends with the file
_FUJI_START = b"FUJIFILMCCD-RAW"
_RAW_STARTS = (*_TIFF_STARTS[2:], _FUJI_START, b"FOVb", b"\0MRM", b"II\x1a\0\0\0HEAPCCDR")
_FUJI_PLACE = 100  # where the file says where the picture lies, and its size (ExifTool, FujiFilm.pm)
CANON_BRAND = b"ftypcrx "  # of a CR3, behind the size of its first box
_SUB_DIRECTORIES = 330
_MOST_DIRECTORIES = 64
_LEAST_SHARE = 0.25  # of the file: a picture that is less of it is a preview, the raw one lies where no tag tells


def begins_as_raw(head: bytes) -> bool:
    """Say whether the first bytes are those of a raw file, and of nothing else."""
    return head.startswith(_RAW_STARTS) or head[4:12] == CANON_BRAND


def raw_image_data(file: PhotoFile) -> Iterator[bytes]:
    """Yield what makes the raw picture; raises ValueError where the structure is damaged or not known here."""
    tags, spans = _raw_picture(file.stream(), file.size)
    if sum(end - start for start, end in spans) < _LEAST_SHARE * file.size:
        raise ValueError("the raw picture is not where it should be")
    yield tags
    for start, end in spans:
        yield from file.parts(start, end)


def is_cut(stream: BinaryIO) -> bool:
    """Say whether a raw file ends before its picture does, as far as its structure is known here."""
    size = stream.seek(0, io.SEEK_END)
    with suppress(ValueError):
        _, spans = _raw_picture(stream, size)
        return any(end > size for _, end in spans)
    return False


def _raw_picture(stream: BinaryIO, size: int) -> tuple[bytes, list[Span]]:
    """Return what is told of the raw picture that matters for its pixels, and where its data lie."""
    stream.seek(0)
    head = stream.read(_FUJI_PLACE + 8)
    try:
        if head.startswith(_FUJI_START):
            start, count = struct.unpack(">II", head[_FUJI_PLACE:])
            return b"", [(start, start + count)]
        if head[4:12] == CANON_BRAND:
            return b"", [*media_boxes(stream, size)]
        pictures = [(b"".join(tiff_tags(tags)), _places(head, tags, size)) for tags in _directories(stream, size)]
    except Exception as error:  # Pillow raises every kind of exception for a damaged file
        raise ValueError("the raw file is damaged") from error
    return max(pictures, key=lambda picture: sum(end - start for start, end in picture[1]), default=(b"", []))


def tiff_head(stream: BinaryIO) -> tuple[str, int] | None:
    """Return the byte order of a raw file that is built like a TIFF, and where its first directory is."""
    stream.seek(0)
    head = stream.read(8)
    if not head.startswith(_TIFF_STARTS) or len(head) < 8:
        return None
    endian = _TIFF_ENDIAN[head[:2]]
    return endian, struct.unpack(f"{endian}I", head[4:])[0]


def _places(head: bytes, directory: _Directory, size: int) -> list[Span]:
    if head.startswith(_PANASONIC_START) and _PANASONIC_PLACE in directory:
        return [(int(directory[_PANASONIC_PLACE]), size)]
    return [(start, start + count) for start, count in tiff_places(directory)]


def _directories(stream: BinaryIO, size: int) -> Iterator[_Directory]:
    """Yield the directories of a file that is built like a TIFF, those within others too."""
    head = tiff_head(stream)
    if head is None:
        return
    endian, first = head
    prefix = b"II" if endian == "<" else b"MM"
    waiting, done = [first], set[int]()
    while waiting and len(done) < _MOST_DIRECTORIES:
        start = waiting.pop()
        if start in done or not 0 < start < size:
            continue
        done.add(start)
        directory = _Directory(prefix=prefix)
        stream.seek(start)
        directory.load(stream)
        inner = directory.get(_SUB_DIRECTORIES, ())
        waiting += [directory.next, *(inner if isinstance(inner, tuple) else (inner,))]
        yield directory


def media_boxes(stream: BinaryIO, size: int) -> Iterator[Span]:
    """Yield where the content of the boxes of media data lies (ISO/IEC 14496-12, 8.1.1)."""
    start = 0
    while start < size:
        stream.seek(start)
        head = stream.read(16)
        count, name = struct.unpack(">I4s", head[:8])
        skipped = 8
        if count == 1:
            count, skipped = int.from_bytes(head[8:]), 16
        end = start + count if count else size
        if end < start + skipped:
            raise ValueError("a box has no sensible size")
        if name == b"mdat":
            yield start + skipped, end
        start = end
