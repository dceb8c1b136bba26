"""Raw files as cameras write them: DNGs with a sensor's picture, a preview, and what is told of the photo."""

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

_TAKEN = "2024:05:06 07:08:09"
# From XYZ to linear sRGB, whose primaries the sensor has (IEC 61966-2-1).
_MATRIX = (3.2406, -1.5372, -0.4986, -0.9689, 1.8758, 0.0415, 0.0557, -0.2040, 1.0570)
_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _SIGNED_RATIONAL = 1, 2, 3, 4, 5, 10
_FORMATS = {_BYTE: "B", _SHORT: "H", _LONG: "I"}

Entry = tuple[int, int, Any]


def _content(kind: int, value: Any) -> tuple[int, bytes]:
    if kind == _ASCII:
        text = value.encode() + b"\0"
        return len(text), text
    values = value if isinstance(value, tuple) else (value,)
    if kind in (_RATIONAL, _SIGNED_RATIONAL):
        return len(values), b"".join(struct.pack("<iI", round(number * 10_000), 10_000) for number in values)
    return len(values), struct.pack(f"<{len(values)}{_FORMATS[kind]}", *values)


def _directory(entries: list[Entry], start: int) -> bytes:
    """Return a directory that is to lie at `start`, with what its entries hold behind it."""
    head, behind = struct.pack("<H", len(entries)), b""
    end = start + 2 + 12 * len(entries) + 4
    for tag, kind, value in sorted(entries, key=lambda entry: entry[0]):
        count, content = _content(kind, value)
        place = content.ljust(4, b"\0")
        if len(content) > 4:
            place = struct.pack("<I", end + len(behind))
            behind += content + b"\0" * (len(content) % 2)
        head += struct.pack("<HHI", tag, kind, count) + place
    return head + b"\0" * 4 + behind


def _mosaic(image: Image.Image) -> bytes:
    """Return what a sensor with red, green, green and blue pixels sees, 16 bits each."""
    light = (np.asarray(image.convert("RGB"), np.float64) / 255) ** 2.2
    seen = np.empty(light.shape[:2])
    for row, column, colour in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        seen[row::2, column::2] = light[row::2, column::2, colour]
    return (seen * 60_000).astype("<u2").tobytes()


def save_raw(
    image: Image.Image,
    path: Path,
    preview: Image.Image | None = None,
    orientation: int = 1,
    taken: str = _TAKEN,
    model: str = "Test Camera",
) -> Path:
    """Write what a sensor saw, which lies as `orientation` says, and perhaps a preview beside it, as a DNG."""
    pixels = _mosaic(image)
    shown = io.BytesIO()
    if preview:
        preview.save(shown, "JPEG", quality=92)
    small = shown.getvalue()
    at_pixels, at_small = 8, 8 + len(pixels)
    at_exif = at_small + len(small) + len(small) % 2
    exif = _directory([(36867, _ASCII, taken)], at_exif)
    about: list[Entry] = [
        *((271, _ASCII, "Kith"), (272, _ASCII, model), (274, _SHORT, orientation), (34665, _LONG, at_exif)),
        *((50706, _BYTE, (1, 4, 0, 0)), (50708, _ASCII, model), (50721, _SIGNED_RATIONAL, _MATRIX)),
        *((50728, _RATIONAL, (1.0, 1.0, 1.0)), (50778, _SHORT, 21)),
    ]
    sensor: list[Entry] = [
        *((254, _LONG, 0), (256, _LONG, image.width), (257, _LONG, image.height), (258, _SHORT, 16)),
        *((259, _SHORT, 1), (262, _SHORT, 32803), (273, _LONG, at_pixels), (277, _SHORT, 1)),
        *((278, _LONG, image.height), (279, _LONG, len(pixels)), (33421, _SHORT, (2, 2))),
        *((33422, _BYTE, (0, 1, 1, 2)), (50714, _SHORT, 0), (50717, _LONG, 60_000)),
    ]
    at_sensor = at_exif + len(exif)
    inner = b""
    if preview:
        inner = _directory(sensor, at_sensor)
        sensor = [
            *((254, _LONG, 1), (256, _LONG, preview.width), (257, _LONG, preview.height)),
            *((258, _SHORT, (8, 8, 8)), (259, _SHORT, 7), (262, _SHORT, 6), (273, _LONG, at_small)),
            *((277, _SHORT, 3), (278, _LONG, preview.height), (279, _LONG, len(small)), (330, _LONG, at_sensor)),
        ]
    at_first = at_sensor + len(inner)
    first = _directory([*sensor, *about], at_first)
    head = b"II*\0" + struct.pack("<I", at_first)
    path.write_bytes(head + pixels + small.ljust(at_exif - at_small, b"\0") + exif + inner + first)
    return path
