"""A place in a photo, free of the photo's size and able to follow its EXIF orientation."""

import math
from typing import NamedTuple

# What each EXIF orientation does to the stored pixels to show them upright (Exif 2.32, tag 0x0112):
# first swap rows with columns, then mirror left-right, then mirror top-bottom.
SWAPPED = frozenset({5, 6, 7, 8})
MIRRORED = frozenset({2, 3, 6, 7})
FLIPPED = frozenset({3, 4, 7, 8})


# In a video `y` counts so many heights of a frame for each millisecond since its first frame, and once more: so boxes
# of two moments never overlap, and are kept, compared and handed on as those of photos. None reaches out of a frame
# by a whole height.
_HEIGHTS = 4


class Box(NamedTuple):
    """A rectangle by its top left corner and its size, each a share (0 to 1) of the photo's width or height.

    One in a video is at a moment, and its share of the frame that is shown then is its box `in_frame`.
    """

    x: float
    y: float
    w: float
    h: float

    @property
    def moment(self) -> int | None:
        """When a video shows it, in milliseconds; None in a photo."""
        passed = math.floor((self.y + 1) / _HEIGHTS)
        return passed - 1 if passed > 0 else None

    @property
    def in_frame(self) -> "Box":
        """The box in the frame that is shown at its moment; in a photo the box itself."""
        moment = self.moment
        return self if moment is None else self._replace(y=self.y - _HEIGHTS * (moment + 1))

    def at(self, moment: int | None) -> "Box":
        """Return this box of a frame at the moment that a video shows it; None: of a photo."""
        return self if moment is None else self._replace(y=self.y + _HEIGHTS * (moment + 1))

    def iou(self, other: "Box") -> float:
        """Return the intersection of the two areas over their union, 0 to 1."""
        x, y, w, h = self
        other_x, other_y, other_w, other_h = other
        width = min(x + w, other_x + other_w) - max(x, other_x)
        height = min(y + h, other_y + other_h) - max(y, other_y)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (w * h + other_w * other_h - shared)

    def to_upright(self, orientation: int) -> "Box":
        """Return where a box of the stored pixels lies in the upright photo, for an EXIF orientation 1 to 8."""
        return self._swapped(orientation)._mirrored(orientation)

    def to_stored(self, orientation: int) -> "Box":
        """Return where a box of the upright photo lies in the pixels as stored, for an EXIF orientation 1 to 8."""
        return self._mirrored(orientation)._swapped(orientation)

    def _swapped(self, orientation: int) -> "Box":
        if orientation not in SWAPPED:
            return self
        x, y, w, h = self
        return Box(y, x, h, w)

    def _mirrored(self, orientation: int) -> "Box":
        x, y, w, h = self
        if orientation in MIRRORED:
            x = 1 - x - w
        if orientation in FLIPPED:
            y = 1 - y - h
        return Box(x, y, w, h)
