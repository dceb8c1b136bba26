"""A place in a photo, free of the photo's size and able to follow its EXIF orientation."""

from typing import NamedTuple

# What each EXIF orientation does to the stored pixels to show them upright (Exif 2.32, tag 0x0112):
# first swap rows with columns, then mirror left-right, then mirror top-bottom.
SWAPPED = frozenset({5, 6, 7, 8})
MIRRORED = frozenset({2, 3, 6, 7})
FLIPPED = frozenset({3, 4, 7, 8})


class Box(NamedTuple):
    """A rectangle by its top left corner and its size, each a share (0 to 1) of the photo's width or height."""

    x: float
    y: float
    w: float
    h: float

    def iou(self, other: "Box") -> float:
        """Return the intersection of the two areas over their union, 0 to 1."""
        width = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        height = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.w * self.h + other.w * other.h - shared)

    def to_upright(self, orientation: int) -> "Box":
        """Return where a box of the stored pixels lies in the upright photo, for an EXIF orientation 1 to 8."""
        return self._swapped(orientation)._mirrored(orientation)

    def to_stored(self, orientation: int) -> "Box":
        """Return where a box of the upright photo lies in the pixels as stored, for an EXIF orientation 1 to 8."""
        return self._mirrored(orientation)._swapped(orientation)

    def _swapped(self, orientation: int) -> "Box":
        return Box(self.y, self.x, self.h, self.w) if orientation in SWAPPED else self

    def _mirrored(self, orientation: int) -> "Box":
        x = 1 - self.x - self.w if orientation in MIRRORED else self.x
        y = 1 - self.y - self.h if orientation in FLIPPED else self.y
        return Box(x, y, self.w, self.h)
