"""Long pictures, looked at tile by tile: reduced to the size of a photo, nobody in a panorama could be told."""

import math
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from kith.photos.box import Box
from kith.vision.detect import Detection
from kith.vision.observations import Rgb
from kith.vision.persons import PersonBox
from kith.vision.resize import working_copy

LONG = 2.2  # times as long as broad: more than any camera takes at once, film of 6 x 13 included
SHORTER_SIDE = 0.75  # of the working size: a tile is as large as a photo of 4 to 3
STEP = 0.5  # of a tile: who is broader than the other half, and so in no tile as a whole, shows in the reduced picture
MOST_TILES = 32  # as much work as 32 photos; longer pictures are reduced until they need no more

Found = TypeVar("Found", Detection, PersonBox)


def working_side(width: int, height: int, resize_max: int) -> int:
    """Return the longer side, in pixels, at which a picture is looked at: `resize_max`, but for long pictures."""
    longer, shorter = max(width, height), min(width, height)
    if longer <= LONG * shorter:
        return resize_max
    side = round(longer * min(1.0, SHORTER_SIDE * resize_max / shorter))
    return max(resize_max, min(side, round(resize_max * (1 + STEP * (MOST_TILES - 1)))))


def tiled(detect: Callable[[Rgb], list[Found]], side: int, overlap: float) -> Callable[[Rgb], list[Found]]:
    """Return the detector for pictures of any length: those longer than `side` it sees whole and reduced, and by tiles.

    Of two boxes whose intersection is more than `overlap` of their union the one from a tile counts, or the surer one.
    """

    def detect_all(rgb: Rgb) -> list[Found]:
        if max(rgb.shape) <= side:
            return detect(rgb)
        found: list[Found] = []
        for top, left in _places(rgb, side):
            tile = np.ascontiguousarray(rgb[top : top + side, left : left + side])
            found += [_moved(one, left, top) for one in detect(tile) if _is_whole(one, tile, top, left, rgb)]
        found.sort(key=lambda one: -one.score)
        whole = working_copy(rgb, side)
        found += [_enlarged(one, max(rgb.shape) / max(whole.shape)) for one in detect(whole)]
        return _apart(found, overlap)

    return detect_all


def _places(rgb: Rgb, side: int) -> Iterator[tuple[int, int]]:
    """Yield top and left of each tile; both ends of the picture are full ones."""
    height, width = rgb.shape[:2]
    room = max(height, width) - side
    steps = math.ceil(room / (STEP * side))
    for start in np.linspace(0, room, steps + 1).round().astype(int).tolist():
        yield (start, 0) if height > width else (0, start)


def _is_whole(one: Found, tile: Rgb, top: int, left: int, rgb: Rgb) -> bool:
    """Tell whether nobody is cut off where the tile ends and the picture goes on: the next tile shows them whole."""
    height, width = tile.shape[:2]
    return not (
        (one.left <= 0 < left)
        or (one.top <= 0 < top)
        or (one.right >= width and left + width < rgb.shape[1])
        or (one.bottom >= height and top + height < rgb.shape[0])
    )


def _moved(one: Found, right: int, down: int) -> Found:
    return one._replace(left=one.left + right, top=one.top + down, right=one.right + right, bottom=one.bottom + down)


def _enlarged(one: Found, times: float) -> Found:
    left, top, right, bottom = (round(side * times) for side in one[:4])
    return one._replace(left=left, top=top, right=right, bottom=bottom)


def _apart(found: list[Found], overlap: float) -> list[Found]:
    kept: list[Found] = []
    for one in found:
        if all(_box(one).iou(_box(other)) <= overlap for other in kept):
            kept.append(one)
    return kept


def _box(one: Detection | PersonBox) -> Box:
    return Box(one.left, one.top, one.right - one.left, one.bottom - one.top)
