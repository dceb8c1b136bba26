"""Long pictures, looked at tile by tile: reduced to the size of a photo, nobody in a panorama could be told."""

import math
from collections.abc import Iterator

import numpy as np

from kith.vision.detection import Detect, Detection, apart
from kith.vision.observations import Rgb
from kith.vision.working_copy import working_copy

LONG = 2.2  # times as long as broad: more than any camera takes at once, film of 6 x 13 included
SHORTER_SIDE = 0.75  # of the working size: a tile is as large as a photo of 4 to 3
STEP = 0.5  # of a tile: who is broader than the other half, and so in no tile as a whole, shows in the reduced picture
MOST_TILES = 32  # as much work as 32 photos; longer pictures are reduced until they need no more


def working_side(width: int, height: int, resize_max: int) -> int:
    """Return the longer side, in pixels, at which a picture is looked at: `resize_max`, but for long pictures."""
    longer = max(width, height)
    shorter = min(width, height)
    if longer <= LONG * shorter:
        return resize_max
    scale = min(1.0, SHORTER_SIDE * resize_max / shorter)
    side = round(longer * scale)
    longest = round(resize_max * (1 + STEP * (MOST_TILES - 1)))
    return max(resize_max, min(side, longest))


def tiled(detect: Detect, side: int, overlap: float) -> Detect:
    """Return the detector for pictures of any length: those longer than `side` it sees whole and reduced, and by tiles.

    Of two boxes whose intersection is more than `overlap` of their union the one from a tile counts, or the surer one.
    """

    def detect_all(rgb: Rgb) -> list[Detection]:
        if max(rgb.shape) <= side:
            return detect(rgb)
        found: list[Detection] = []
        for top, left in _places(rgb, side):
            tile = np.ascontiguousarray(rgb[top : top + side, left : left + side])
            inside = [seen for seen in detect(tile) if _is_whole(seen, tile, top, left, rgb)]
            found += [seen.moved(left, top) for seen in inside]
        found.sort(key=lambda seen: -seen.score)
        whole = working_copy(rgb, side)
        scale = max(rgb.shape) / max(whole.shape)
        found += [seen.scaled(scale) for seen in detect(whole)]
        return apart(found, overlap)

    return detect_all


def _places(rgb: Rgb, side: int) -> Iterator[tuple[int, int]]:
    """Yield top and left of each tile; both ends of the picture are full ones."""
    height, width = rgb.shape[:2]
    room = max(height, width) - side
    steps = math.ceil(room / (STEP * side))
    starts = np.linspace(0, room, steps + 1).round().astype(int)
    for start in starts.tolist():
        yield (start, 0) if height > width else (0, start)


def _is_whole(seen: Detection, tile: Rgb, top: int, left: int, rgb: Rgb) -> bool:
    """Tell whether nobody is cut off where the tile ends and the picture goes on: the next tile shows them whole."""
    height, width = tile.shape[:2]
    whole_height, whole_width = rgb.shape[:2]
    if seen.left <= 0 < left or seen.top <= 0 < top:
        return False
    if seen.right >= width and left + width < whole_width:
        return False
    return not (seen.bottom >= height and top + height < whole_height)
