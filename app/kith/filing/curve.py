"""The curve of an evaluation over tolerances, as a picture and as a table."""

import csv
import io
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from kith.errors import BadInput, FilingFailed
from kith.filing.own_copies import is_file
from kith.identity.evaluation import MOST_FALSE, Point, Share
from kith.whole_files import replacing

WIDTH, HEIGHT = 960, 860
_FINE = 2  # drawn so many times larger, then shrunk: smooth lines
_LEFT, _RIGHT = 80, 930
_INK, _GRID, _MARK = (40, 40, 40), (225, 225, 225), (200, 60, 30)
_FOUND, _FALSE = (30, 100, 180), (150, 95, 0)
INKS = _FOUND, _FALSE, _MARK  # of curves, and of the texts on them
_HEADS = [f"{name}{part}" for name in ("found", "wrong", "false") for part in ("", "_of", "_share", "_low", "_high")]
COLUMNS = ("sure_at", *_HEADS)
_SOFTWARE = "Software", "Kith"  # said in a picture: www.w3.org/TR/png, 11.3.3
_OWN = (b"tEXt" + "\0".join(_SOFTWARE).encode(), ",".join(COLUMNS).encode())


@dataclass(frozen=True, slots=True)
class _Panel:
    """One curve with its interval: `low` to `high` percent over a strip of the picture."""

    title: str
    share: Callable[[Point], Share]
    colour: tuple[int, int, int]
    top: int
    bottom: int
    low: float
    high: float

    def y(self, value: float) -> float:
        """Return where a share lies, inside the strip."""
        percent = min(max(100 * value, self.low), self.high)
        height = (percent - self.low) / (self.high - self.low)
        return self.bottom - height * (self.bottom - self.top)


def write_table(path: Path, points: Sequence[Point]) -> None:
    """Write every certainty as a row of a CSV file; raises BadInput as `check_curve_file`, FilingFailed."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for point in points:
        shares = [*_cells(point.found), *_cells(point.wrong), *_cells(point.false)]
        table.writerow([point.sure_at, *shares])
    _write(path, text.getvalue().encode())


def _cells(share: Share) -> list[str]:
    return [str(share.count), str(share.of), *(f"{value:.5f}" for value in (share.value, *share.interval))]


def draw_curve(path: Path, points: Sequence[Point], marked: Sequence[tuple[str, Point]]) -> None:
    """Draw found and falsely accepted over the certainty (`points` ascending) as a PNG file.

    `marked` points get a line with their name. Raises BadInput as `check_curve_file`, FilingFailed.
    """
    image = Image.new("RGB", (WIDTH * _FINE, HEIGHT * _FINE), "white")
    chart = _Chart(ImageDraw.Draw(image), points)
    panels = _panels(points[0])
    chart.text((_LEFT, 20), "How well this knowledge base knows its people", 22)
    for panel in panels:
        chart.panel(panel)
    chart.axis(panels[-1])
    for row, (name, point) in enumerate(marked):
        chart.mark(name, point, panels, row)
    _write(path, _png(image))


def _panels(point: Point) -> list[_Panel]:
    """Return the curves, of as many faces as were asked at any point."""
    found = f"Known found, % of {point.found.of}"
    false = f"Held-out people accepted, % of {point.false.of} (drawn up to 10 %)"
    return [
        _Panel(found, attrgetter("found"), _FOUND, top=90, bottom=400, low=0, high=100),
        _Panel(false, attrgetter("false"), _FALSE, top=460, bottom=700, low=0, high=10),
    ]


def _png(image: Image.Image) -> bytes:
    """Return a picture at its size, smooth, as a file that says who made it."""
    own, content = PngInfo(), io.BytesIO()
    own.add_text(*_SOFTWARE)
    image.reduce(_FINE).save(content, "PNG", pnginfo=own)
    return content.getvalue()


class _Chart:
    """A drawing over certainties at equal steps; all places are in pixels of the picture as it will be."""

    def __init__(self, draw: ImageDraw.ImageDraw, points: Sequence[Point]) -> None:
        self._draw, self._points = draw, points
        self._places = {point.sure_at: place for place, point in enumerate(points)}

    def x(self, point: Point) -> float:
        share = self._places[point.sure_at] / (len(self._points) - 1)
        return _LEFT + share * (_RIGHT - _LEFT)

    def text(
        self,
        place: tuple[float, float],
        text: str,
        size: int = 15,
        anchor: str = "la",
        colour: tuple[int, int, int] = _INK,
    ) -> None:
        font = ImageFont.load_default(size * _FINE)
        self._draw.text(_drawn(place)[0], text, fill=colour, font=font, anchor=anchor)

    def line(self, places: Sequence[tuple[float, float]], colour: tuple[int, int, int], width: int) -> None:
        self._draw.line(_drawn(*places), fill=colour, width=width * _FINE, joint="curve")

    def panel(self, panel: _Panel) -> None:
        """Draw a curve with its 95 % interval, grid and labels."""
        upper, curve, lower = [], [], []
        for point in self._points:
            share, left = panel.share(point), self.x(point)
            low, high = share.interval
            upper.append((left, panel.y(high)))
            curve.append((left, panel.y(share.value)))
            lower.append((left, panel.y(low)))
        pale = tuple(255 - (255 - part) // 5 for part in panel.colour)
        self._draw.polygon(_drawn(*upper, *reversed(lower)), fill=pale)
        step = (panel.high - panel.low) / 5
        for number in range(6):
            percent = panel.low + number * step
            y = panel.y(percent / 100)
            self.line([(_LEFT, y), (_RIGHT, y)], _GRID, 1)
            self.text((_LEFT - 8, y), f"{percent:.3g}", anchor="rm")
        self.line(curve, panel.colour, 3)
        self.text((_LEFT, panel.top - 24), panel.title, 16, colour=panel.colour)

    def axis(self, panel: _Panel) -> None:
        """Draw the certainties below the last curve, and the share of strangers that is aimed at."""
        for point in self._points:
            x = self.x(point)
            self.line([(x, panel.bottom), (x, panel.bottom + 6)], _INK, 1)
            self.text((x, panel.bottom + 10), f"{point.sure_at:g}", anchor="ma")
        self.text(((_LEFT + _RIGHT) / 2, panel.bottom + 34), "sure_at (shaded: 95 % intervals)", anchor="ma")
        y = panel.y(MOST_FALSE)
        self.line([(_LEFT, y), (_RIGHT, y)], _INK, 1)
        self.text((_LEFT + 6, y - 4), f"aim: {100 * MOST_FALSE:g} % at most", 13, "ls")

    def mark(self, name: str, point: Point, panels: Sequence[_Panel], row: int) -> None:
        """Draw a line at a point, and its figures at the foot of the picture."""
        x, colour = self.x(point), _MARK if row == 0 else _INK
        for panel in panels:
            self.line([(x, panel.top), (x, panel.bottom)], colour, 2 if row == 0 else 1)
        head = f"{name}: sure_at {point.sure_at:g}"
        top = 770 + 42 * row
        self.text((_LEFT, top), head, 14, colour=colour)
        self.text((_LEFT + 20, top + 18), described(point), 14, colour=colour)


def _drawn(*places: tuple[float, float]) -> list[tuple[float, float]]:
    """Return places of the picture as they are in the drawing."""
    return [(left * _FINE, top * _FINE) for left, top in places]


def described(point: Point) -> str:
    """Return a point's three shares in words."""
    return (
        f"known found {_percent(point.found)}, wrong names {_percent(point.wrong)}, "
        f"strangers accepted {_percent(point.false)}"
    )


def _percent(share: Share) -> str:
    low, high = share.interval
    return f"{100 * share.value:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def check_curve_file(path: Path) -> None:
    """Raise BadInput where a file is no earlier curve or table, which alone gives way to another."""
    if os.path.lexists(path) and not any(mark in _head(path) for mark in _OWN):
        raise BadInput(f"{path} is there already, is no curve that Kith wrote and is not overwritten: name a new file.")


def _head(path: Path) -> bytes:
    with suppress(OSError):
        if is_file(path):
            with path.open("rb") as file:
                return file.read(1_000)
    return b""


def _write(path: Path, content: bytes) -> None:
    check_curve_file(path)
    try:
        with replacing(path) as file:
            file.write(content)
    except OSError as error:
        raise FilingFailed(f"{path} could not be written: {error.strerror or error}") from error
