"""A photo file becomes upright RGB pixels, and whatever is wrong with it a BadPhoto."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from kith.errors import BadPhoto
from kith.photos.memory import check_memory
from kith.photos.photo_file import PhotoFile, opened
from kith.photos.picture import MAX_PIXELS, Truncated, exif_orientation, open_picture
from kith.photos.raw import RawImageFile
from kith.photos.raw_data import RAW_FORMAT
from kith.photos.salvage import MOST_MISSING, Load, load_all, remedy_for
from kith.photos.video import frames_at, is_video

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
_JPEG = frozenset({"JPEG", "MPO"})
_REDUCED = _JPEG | {RAW_FORMAT}

Result = TypeVar("Result")

DecodeJpeg = Callable[[bytes, int], NDArray[np.uint8] | None]
"""Gives the RGB of a whole JPEG at 1/1, 1/2, 1/4 or 1/8 of its size, as Pillow would; None leaves it to Pillow."""


class Decoded(NamedTuple):
    """A photo upright as height x width x 3 RGB; whether its file has more pixels, and a note on what is missing."""

    rgb: NDArray[np.uint8]
    has_more: bool
    note: str = ""


def load_rgb(
    path: Path, max_side: int | None = None, max_pixels: int = MAX_PIXELS, moment: int | None = None
) -> NDArray[np.uint8]:
    """Return the photo upright as height x width x 3 RGB, read-only; a larger one shrunk to `max_side` pixels.

    Transparent parts become white, of an animation the first picture is taken, of a video the frame that it shows at a
    moment (in milliseconds), or the first one. Raises BadPhoto.
    """

    def shrunk(image: ImageFile.ImageFile, load: Load) -> NDArray[np.uint8]:
        check_memory(path, image, max_side)
        target = _target(image, max_side)
        box = _draft(image, target)
        load(image)
        rgb = _to_rgb(image)
        if rgb.size != target:
            rgb = rgb.resize(target, Image.Resampling.LANCZOS, box=box, reducing_gap=2.0)
        return _upright(image, rgb)

    with opened(path) as file:
        if is_video(path):
            return next(frames_at(file, [moment or 0], max_side)).rgb
        return _read(file, shrunk, max_pixels)[0]


def at_least(
    file: PhotoFile, side: int, max_pixels: int = MAX_PIXELS, decode_jpeg: DecodeJpeg | None = None
) -> Decoded:
    """Return the photo as `load_rgb` does, at the size that is read soonest and has `side` pixels, or all there are.

    A JPEG is read at a half, a quarter or an eighth of its size, a raw file as `RawImageFile` says, any other photo at
    its own. Raises BadPhoto.
    """

    def whole(image: ImageFile.ImageFile, load: Load) -> tuple[NDArray[np.uint8], bool]:
        check_memory(file.path, image, side)
        size = image.size
        target = _target(image, side)
        _draft(image, target)
        has_more = image.has_more if isinstance(image, RawImageFile) else image.size != size
        if decode_jpeg and (rgb := _decoded(file, image, decode_jpeg)) is not None:
            return rgb, has_more
        load(image)
        return _upright(image, _to_rgb(image)), has_more

    (rgb, has_more), note = _read(file, whole, max_pixels)
    return Decoded(rgb, has_more, note)


def _decoded(file: PhotoFile, image: ImageFile.ImageFile, decode_jpeg: DecodeJpeg) -> NDArray[np.uint8] | None:
    """Return the upright RGB of a drafted picture by another decoder, if it is a JPEG that this one can read whole."""
    if image.format not in _JPEG or image.mode not in {"RGB", "L"} or not file.is_held:
        return None
    reduced, _ = image.decoderconfig
    rgb = decode_jpeg(file.read(0, file.size), reduced)
    if rgb is None or rgb.shape[1::-1] != image.size:
        return None
    return rgb if exif_orientation(image) == 1 else _upright(image, Image.fromarray(rgb))


def _read(file: PhotoFile, make: Callable[[ImageFile.ImageFile, Load], Result], max_pixels: int) -> tuple[Result, str]:
    """Return what `make` makes of the picture and its load, and what is missing of the picture, if any."""

    def pixels(instead: bytes | None, load: Load) -> NDArray[Any]:
        with open_picture(file, max_pixels, instead) as image:
            load(image)
            return np.asarray(image)

    try:
        with open_picture(file, max_pixels) as image:
            return make(image, load_all), ""
    except Truncated:
        remedy = remedy_for(file, pixels)
    if remedy.missing > MOST_MISSING:
        raise BadPhoto(file.path, f"the file is truncated: {remedy.percent} % of the picture is missing")
    with open_picture(file, max_pixels, remedy.instead) as image:
        return make(image, remedy.load), remedy.note


def _upright(image: ImageFile.ImageFile, rgb: Image.Image) -> NDArray[np.uint8]:
    transpose = _TRANSPOSE.get(exif_orientation(image))
    upright = rgb if transpose is None else rgb.transpose(transpose)
    return np.asarray(upright)


def _target(image: ImageFile.ImageFile, max_side: int | None) -> tuple[int, int]:
    width, height = image.size
    longer = max(width, height)
    scale = min(1.0, (max_side or longer) / longer)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _draft(image: ImageFile.ImageFile, target: tuple[int, int]) -> tuple[float, float, float, float] | None:
    """Have a JPEG or raw file read at a reduced size; returns where, in these pixels, the whole picture lies."""
    # No HEIC: the small version inside it need not show the picture as it was edited since.
    if image.format not in _REDUCED:
        return None
    draft = image.draft(None, target)
    return draft[1] if draft else None


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        upper_bytes = (np.asarray(image) >> 8).astype(np.uint8)
        return Image.fromarray(upper_bytes).convert("RGB")
    if image.mode in {"I", "F"}:
        grey = _to_8_bit(np.asarray(image, np.float32))
        return Image.fromarray(grey).convert("RGB")
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
