"""How a photo lies in the room that shows it: fitted in, enlarged, moved about. Numbers only."""

from dataclasses import dataclass

from kith.photos.box import Box

_STEP = 1.25  # of a key's or a wheel's notch
_MOST = 8.0  # pixels of the screen for one of the photo
Point = tuple[float, float]


@dataclass
class PhotoFrame:
    """A photo of `width` x `height` pixels at `x`, `y` in a room, `scale` pixels of the screen for one of its own."""

    width: float = 1.0
    height: float = 1.0
    room: Point = (1.0, 1.0)
    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0
    is_fitted: bool = True

    def show(self, width: float, height: float) -> None:
        """Take another photo, fitted in."""
        self.width, self.height = max(width, 1.0), max(height, 1.0)
        self.fit()

    def be_in(self, room: Point) -> None:
        """Be in another room: what is fitted in stays so, else the middle stays the middle."""
        across, down = room[0] - self.room[0], room[1] - self.room[1]
        self.room = room
        if self.is_fitted:
            self.fit()
        else:
            self.move(across / 2, down / 2)

    @property
    def fitting(self) -> float:
        """The scale at which the whole photo just shows; none is enlarged for it."""
        return min(self.room[0] / self.width, self.room[1] / self.height, 1.0)

    def fit(self) -> None:
        """Show the whole photo."""
        self.scale, self.is_fitted = self.fitting, True
        self._settle()

    def zoom(self, steps: float, at: Point | None = None) -> None:
        """Enlarge, or shrink, by steps around a point of the room, its middle where none is given."""
        self.zoom_to(self.scale * _STEP**steps, at)

    def zoom_to(self, scale: float, at: Point | None = None) -> None:
        """Show at a scale; the point of the photo that lies `at` a point of the room stays there."""
        across, down = at or (self.room[0] / 2, self.room[1] / 2)
        least = self.fitting
        new = min(max(scale, least), max(_MOST, least))
        self.x = across - (across - self.x) * new / self.scale
        self.y = down - (down - self.y) * new / self.scale
        self.scale, self.is_fitted = new, new == least
        self._settle()

    def move(self, across: float, down: float) -> None:
        """Move the photo about, never out of sight."""
        self.x += across
        self.y += down
        self._settle()

    def placed(self, box: Box) -> tuple[float, float, float, float]:
        """Return where a box is in the room: left, top, width, height."""
        width, height = self.width * self.scale, self.height * self.scale
        return self.x + box.x * width, self.y + box.y * height, box.w * width, box.h * height

    def box_between(self, corner: Point, other: Point) -> Box:
        """Return the box of the photo between two points of the room, cut off at the photo's edges."""
        left, right = sorted(self._share(point, 0) for point in (corner, other))
        top, bottom = sorted(self._share(point, 1) for point in (corner, other))
        return Box(left, top, right - left, bottom - top)

    def _share(self, point: Point, axis: int) -> float:
        start, length = ((self.x, self.width), (self.y, self.height))[axis]
        return min(max((point[axis] - start) / (length * self.scale), 0.0), 1.0)

    def _settle(self) -> None:
        self.x = _settled(self.x, self.width * self.scale, self.room[0])
        self.y = _settled(self.y, self.height * self.scale, self.room[1])


def _settled(start: float, length: float, room: float) -> float:
    """Return where a photo begins: in the middle where it is smaller than the room, else so that it fills that."""
    return (room - length) / 2 if length <= room else min(0.0, max(start, room - length))
