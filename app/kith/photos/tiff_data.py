"""What a directory of a TIFF says of a picture: where its data lie, and how they become pixels."""

from collections.abc import Iterator
from typing import Any

from PIL import TiffImagePlugin

# Where a TIFF holds pixels: the tags of the places and of the sizes of strips, tiles, and a JPEG of the old kind.
_TIFF_PLACES = ((273, 279), (324, 325), (513, 514))
# What makes pixels of them (TIFF 6.0, TIFF Technical Notes 1 and 2): size, bits, compression, colours, arrangement.
# Not how many rows there are in a strip, which libtiff changes as it likes when it writes a tag.
_TIFF_IMAGE_TAGS = (
    *(256, 257, 258, 259, 262, 266, 277, 284, 290, 291, 292, 293, 301, 317, 318, 319, 320, 322, 323),
    *(332, 338, 339, 340, 341, 347, 512, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532),
)
_TIFF_TAGS_OF_1 = frozenset({258, 259, 266, 277, 284, 317, 339})  # what they are, too, where they are not written


def tiff_tags(tags: TiffImagePlugin.ImageFileDirectory_v2) -> Iterator[bytes]:
    """Yield the tags that make pixels of a picture's data, written one way whatever their types are."""
    for tag in _TIFF_IMAGE_TAGS:
        values = _values(tags.get(tag, ()))
        if any(value != 1 for value in values) or (values and tag not in _TIFF_TAGS_OF_1):
            told = (value if isinstance(value, bytes) else b"%r" % float(value) for value in values)
            yield b"%d:%s;" % (tag, b",".join(told))


def tiff_places(tags: TiffImagePlugin.ImageFileDirectory_v2) -> Iterator[tuple[int, int]]:
    """Yield where a picture's data lie, and how many bytes; raises ValueError where that is not told in pairs."""
    for offsets, counts in _TIFF_PLACES:
        if offsets in tags:
            yield from zip(_values(tags[offsets]), _values(tags[counts]), strict=True)


def _values(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)
