"""The raw files of cameras as pictures of Pillow's, read by LibRaw.

A file is shown by the preview that the camera put into it where that is large enough, else by what its sensor saw, at
half of its width and height: four pixels of three colours make one. Both are taken as they are stored, unturned.
"""

import io
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from PIL import Image, ImageFile
from PIL.ExifTags import IFD, Base

from kith.photos.raw_data import CANON_BRAND, RAW_FORMAT, is_cut, tiff_head

if TYPE_CHECKING:
    from rawpy import RawPy

Size = tuple[int, int]

# EXIF's orientation for each of LibRaw's `flip`, whose bits swap rows and columns, turn upside down, and mirror.
_ORIENTATIONS = {0: 1, 1: 2, 2: 4, 3: 3, 4: 5, 5: 8, 6: 6, 7: 7}
# What makes a preview that the camera turned upright lie as the sensor saw it.
_AS_STORED = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
_MOST_DIFFERENCE = 0.01  # of the shapes of preview and sensor: else the camera shows a part only
_BYTES_A_PIXEL = 6  # of the sensor's: measured (4.9) while LibRaw makes RGB of half its width and height
_BYTES_OF_PREVIEW = 14  # of each of its pixels, as of other JPEGs
_CANON_BOXES = (b"CMT1", b"CMT2")  # of a CR3: what is told of the photo, each as a TIFF
_CANON_BOXES_WITHIN = 2**18  # bytes
_TIMES = (Base.DateTimeOriginal, Base.DateTimeDigitized, Base.DateTime)


class RawImageFile(ImageFile.ImageFile):
    """A raw picture, before it is turned upright; its size is the largest that can be read.

    `has_more` says whether the preview that is read by now can be read larger.
    """

    format = RAW_FORMAT
    format_description = "Raw photo of a camera"
    has_more = False

    def _open(self) -> None:
        import rawpy

        try:
            with rawpy.imread(self._stream()) as raw:
                sizes, moment = raw.sizes, raw.other.timestamp
                preview = _preview_of(raw)
        except rawpy.LibRawError as error:
            raise SyntaxError(_told(error)) from error
        orientation = _ORIENTATIONS.get(sizes.flip, 1)
        self._sensor = sizes.width, sizes.height
        self._half = (sizes.width + 1) // 2, (sizes.height + 1) // 2
        self._turn = _turn_of(preview, self._sensor, orientation) if preview else None
        self._preview = preview if preview and _is_alike(self._preview_size(preview), self._sensor) else None
        sized = [self._preview_size(self._preview)] if self._preview else []
        self._size = max([*sized, self._half], key=max)
        self._mode = "RGB"
        self.tile = []
        self._exif = _exif_of(self._stream(), preview)
        self._exif._loaded = True
        self._exif[Base.Orientation] = orientation
        if moment and not _tells_time(self._exif):
            self._exif[Base.DateTime] = f"{moment:%Y:%m:%d %H:%M:%S}"

    def draft(self, _mode: str | None, size: Size | None) -> tuple[str, tuple[int, int, float, float]]:
        """Choose what is read so that it has `size` pixels, if anything has: the preview first, made smaller if it can.

        Returns the mode, and where the whole picture lies in the pixels. To be asked before the picture is loaded.
        """
        wanted, preview = max(size or self.size), self._preview
        if preview and max(preview.size) >= min(wanted, max(self._half)):
            full = preview.size
            scale = wanted / max(full)
            preview.draft(None, (int(preview.width * scale), int(preview.height * scale)))
            self.has_more = preview.size != full
            self._size = self._preview_size(preview)
        else:
            self._preview, self._size = None, self._half
        return "RGB", (0, 0, *self.size)

    def load(self) -> Any:
        """Read the pixels that were chosen. Raises ValueError for what LibRaw cannot make sense of."""
        if self._im is None:
            self.draft(None, self.size)
            shown = self._shown() if self._preview else self._developed()
            self._size = shown.size
            self.im = shown.im
        return super().load()

    def memory(self, side: int | None) -> int:
        """Return the bytes that it takes to read `side` pixels, or all there are."""
        wanted, preview = side or max(self.size), self._preview
        width, height = self._sensor
        held = 2 * self._stream().seek(0, io.SEEK_END)
        if not preview or max(preview.size) < min(wanted, max(self._half)):
            return held + _BYTES_A_PIXEL * width * height
        scale = min(1.0, 2 * wanted / max(preview.size))
        return held + round(_BYTES_OF_PREVIEW * preview.width * preview.height * scale**2)

    def _stream(self) -> BinaryIO:
        stream = cast("BinaryIO", self.fp)
        stream.seek(0)
        return stream

    def _preview_size(self, preview: Image.Image) -> Size:
        width, height = preview.size
        return (height, width) if self._turn is not None else (width, height)

    def _shown(self) -> Image.Image:
        assert self._preview
        shown = self._preview.convert("RGB")
        return shown if self._turn is None else shown.transpose(self._turn)

    def _developed(self) -> Image.Image:
        import rawpy

        if is_cut(self._stream()):
            raise ValueError("the end of the raw file is missing, and no preview in it is large enough")
        try:
            with rawpy.imread(self._stream()) as raw:
                rgb = raw.postprocess(half_size=True, user_flip=0, use_camera_wb=True)
        except rawpy.LibRawError as error:
            raise ValueError(f"what the sensor saw cannot be read ({_told(error)})") from error
        return Image.fromarray(rgb)


@cache
def register_raw() -> None:
    """Let Pillow open raw files, where it is asked for their format: nothing in their beginning tells them all."""
    Image.register_open(RAW_FORMAT, RawImageFile)


def _told(error: Exception) -> str:
    told = error.args[0] if error.args else ""
    return told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)


def _preview_of(raw: "RawPy") -> Image.Image | None:
    """Return the largest preview in a file, its pixels not read yet; None where there is none that makes sense."""
    import rawpy

    with suppress(rawpy.LibRawError, rawpy.NotSupportedError, OSError, TypeError, ValueError):
        found = raw.extract_thumb()
        if isinstance(found.data, bytes):
            return Image.open(io.BytesIO(found.data), formats=["JPEG"])
        return Image.fromarray(found.data)
    return None


def _is_alike(size: Size, other: Size) -> bool:
    """Say whether two pictures have the same shape."""
    return abs(size[0] * other[1] / (size[1] * other[0]) - 1) <= _MOST_DIFFERENCE


def _turn_of(preview: Image.Image, sensor: Size, orientation: int) -> Image.Transpose | None:
    """Return how to turn a preview that lies upright already, None where it lies as what the sensor saw."""
    is_upright = (preview.width > preview.height) != (sensor[0] > sensor[1])
    return _AS_STORED.get(orientation) if is_upright else None


def _exif_of(stream: BinaryIO, preview: Image.Image | None) -> Image.Exif:
    """Return what is told of a photo: by the file's own directories, Canon's boxes or the preview."""
    with suppress(Exception):  # broken EXIF raises every kind of exception
        if head := tiff_head(stream):
            exif = Image.Exif()
            exif.endian, first = head
            exif.load_from_fp(stream, first)
            return exif
        if told := _canon_boxes(stream):
            return told
    return Image.Image.getexif(preview) if preview else Image.Exif()


def _canon_boxes(stream: BinaryIO) -> Image.Exif | None:
    """Return what the boxes of a CR3 tell, together; None where there is none."""
    stream.seek(0)
    head = stream.read(_CANON_BOXES_WITHIN)
    if head[4:12] != CANON_BRAND:
        return None
    together = Image.Exif()
    for name in _CANON_BOXES:
        if (start := head.find(name)) >= 4:
            box = Image.Exif()
            box.load(head[start + len(name) : start - 4 + int.from_bytes(head[start - 4 : start])])
            together.update(box)
    return together


def _tells_time(exif: Image.Exif) -> bool:
    with suppress(Exception):
        return any(tag in exif or tag in exif.get_ifd(IFD.Exif) for tag in _TIMES)
    return False
