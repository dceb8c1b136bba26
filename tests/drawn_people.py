"""Photos of drawn people, whose faces dlib's HOG finds: for what must run without real photos and model files."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

SIDE, FINER = 400, 4
BACKGROUND, HAIR, IRIS, WHITE, LIPS, MOUTH = "#5a7896", "#32231a", "#281e14", "#f0f0f0", "#963c3c", "#461919"
ANN, BOB, EVE = ((224, 172, 140), 1.0), ((236, 188, 150), 0.9), ((240, 200, 180), 1.1)


class _Pencil:
    """Draws in pixels of the photo, finer than these."""

    def __init__(self, picture: Image.Image) -> None:
        self._draw = ImageDraw.Draw(picture)

    def oval(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        corners = (x - width, y - height, x + width, y + height)
        self._draw.ellipse([FINER * value for value in corners], fill=colour)

    def line(self, start: tuple[float, float], end: tuple[float, float], colour: str, width: int) -> None:
        self._draw.line([FINER * value for value in (*start, *end)], fill=colour, width=FINER * width)

    def triangle(self, *corners: tuple[float, float], colour: str) -> None:
        self._draw.polygon([FINER * value for corner in corners for value in corner], fill=colour)


def draw_photo(path: Path, *people: tuple[tuple[int, int, int], float], aside: int = 0) -> Path:
    """Write a photo of people (skin and breadth of the face) beside each other, moved `aside` by some pixels."""
    picture = Image.new("RGB", (len(people) * SIDE * FINER, SIDE * FINER), BACKGROUND)
    for place, (skin, breadth) in enumerate(people):
        _draw_face(_Pencil(picture), place * SIDE + SIDE / 2 + aside, skin, breadth)
    path.parent.mkdir(parents=True, exist_ok=True)
    small = picture.resize((len(people) * SIDE, SIDE), Image.Resampling.LANCZOS)
    small.filter(ImageFilter.GaussianBlur(1.5)).save(path)
    return path


def _draw_face(pencil: _Pencil, x: float, skin: tuple[int, int, int], breadth: float) -> None:
    face, shade, dark = (f"rgb{tuple(round(part * value) for value in skin)}" for part in (1, 0.75, 0.45))
    pencil.oval(x, 185, 95 * breadth, 125, HAIR)
    pencil.oval(x, 205, 78 * breadth, 105, face)
    for eye in (x - 33 * breadth, x + 33 * breadth):
        pencil.oval(eye, 190, 20, 12, shade)
        pencil.oval(eye, 190, 14, 7, WHITE)
        pencil.oval(eye, 190, 6, 6, IRIS)
        pencil.line((eye - 18, 172), (eye + 18, 170), IRIS, 6)
    pencil.triangle((x, 185), (x - 14, 235), (x + 14, 235), colour=shade)
    for nostril in (x - 7, x + 7):
        pencil.oval(nostril, 235, 4, 3, dark)
    pencil.oval(x, 268, 26 * breadth, 8, LIPS)
    pencil.line((x - 26 * breadth, 268), (x + 26 * breadth, 268), MOUTH, 3)
