"""How much memory it takes to read a picture, known from its header, and whether that is free."""

from pathlib import Path

import psutil
from PIL import Image

from kith.errors import BadPhoto
from kith.photos.raw import RawImageFile

# Bytes a pixel at the most while a picture becomes RGB, measured on pictures of 48 megapixels in all their kinds
# (docs/decisions/021-bounds-of-a-photo.md): the decoders' own, Pillow's four and those of two copies.
_BYTES_A_PIXEL = {"WEBP": 20, "JPEG2000": 20, "TIFF": 18, "PNG": 18, "GIF": 18, "AVIF": 16}
_BYTES_OF_OTHERS = 14
_BYTES_OF_PROGRESSIVE = 6  # of each pixel in the file, however small the picture is made: no colour is halved
_GIGABYTE = 1e9


def memory_for(image: Image.Image, side: int | None) -> int:
    """Return the bytes for reading a picture, of which only the header is read yet, at `side` pixels or all it has.

    A JPEG is read at a reduced size, which may be up to twice as wide and high as asked for.
    """
    if isinstance(image, RawImageFile):
        return image.memory(side)
    pixels = image.width * image.height
    form = image.format or ""
    if form not in {"JPEG", "MPO"}:
        return pixels * _BYTES_A_PIXEL.get(form, _BYTES_OF_OTHERS)
    longer = max(image.size)
    scale = min(1.0, 2 * (side or longer) / longer)
    needed = round(pixels * scale**2 * _BYTES_OF_OTHERS)
    if image.info.get("progressive"):
        needed += pixels * _BYTES_OF_PROGRESSIVE
    return needed


def check_memory(path: Path, image: Image.Image, side: int | None) -> None:
    """Raise BadPhoto where reading a picture takes more memory than is free."""
    needed = memory_for(image, side)
    free = int(psutil.virtual_memory().available)
    if needed > free:
        megapixels = image.width * image.height / 1e6
        raise BadPhoto(
            path,
            f"reading its {megapixels:.0f} megapixels takes {needed / _GIGABYTE:.1f} GB of memory, and "
            f"{free / _GIGABYTE:.1f} GB are free: close other programs, or save it smaller",
        )
