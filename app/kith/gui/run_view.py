"""A job while one watches it: counts, its newest photos with who is in them, the console's last lines."""

import time
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QListView, QSplitter, QVBoxLayout, QWidget

from kith.gui.count_row import CountRow
from kith.gui.frames import Frame
from kith.gui.phrases import translate
from kith.gui.picture_grid import PictureGrid, Tile
from kith.gui.place import House
from kith.gui.plain_text import Label, in_order
from kith.gui.read_pane import ReadPane
from kith.gui.run_model import NEWEST, RunModel
from kith.gui.style import SPACE, Tone
from kith.gui.thumbnails import Picture

if TYPE_CHECKING:
    from kith.jobs.events import Event, PhotoDone
    from kith.jobs.open_library import OpenLibrary
    from kith.jobs.run_pictures import Mark

TICK_MS = 200
_SIDE = 152  # pixels of a picture
_LINES = 40


class RunView(QWidget):
    """Shows the job at work five times a second, however fast it tells."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self._house = house
        self.model = RunModel()
        self._tiles: list[Tile] = []
        self._is_reading = False
        self._lines: list[str] = []
        self.heading = Label(bold=True, size=1.3)
        self.counts = CountRow()
        self.grid = PictureGrid(house.thumbnails, _SIDE)
        self.grid.setAccessibleName(self.tr("Newest photos"))
        self.grid.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.lines = ReadPane(self.tr("Last lines of the console"))
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._lay_out()

    def begin(self, job: str) -> None:
        """Show another job from its start."""
        self.model = RunModel(job)
        self._tiles = []
        self.grid.tiles.show_tiles([])
        self._timer.start()
        self._tick()

    def take(self, event: "Event") -> None:
        """Take what the job tells; it is shown with the next tick."""
        self.model.take(event)

    def stopping(self) -> None:
        """Show at once that the wish to stop was heard."""
        self.model.stopping = True
        self._tell()

    def end(self) -> None:
        """Show no more."""
        self._timer.stop()
        self._tick()

    def _lay_out(self) -> None:
        beside = QSplitter(Qt.Orientation.Horizontal)
        beside.setChildrenCollapsible(False)
        beside.addWidget(self.grid)
        beside.addWidget(self.lines)
        beside.setStretchFactor(0, 3)
        beside.setStretchFactor(1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        for widget in (self.heading, self.counts):
            column.addWidget(widget)
        column.addWidget(beside, 1)

    def _tell(self) -> None:
        model = self.model
        state = self.tr("stopping …") if model.stopping else self.tr("at work")
        self.heading.setText(f"{model.job}: {state}")
        self.counts.show_counts(model.counts)

    def _tick(self) -> None:
        if not self.isVisible():
            return
        self._tell()
        lines = self._house.console.newest(_LINES)
        if lines != self._lines:
            self._lines = lines
            self.lines.setPlainText(in_order("\n".join(lines)))
            if bar := self.lines.verticalScrollBar():
                bar.setValue(bar.maximum())
        if not self._is_reading:
            self._show_newest()

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802 - Qt's name
        """Show what came while something else was looked at."""
        super().showEvent(event)
        self._tick()

    def _show_newest(self) -> None:
        photos = self.model.newest(time.monotonic())
        if photos:
            self._is_reading = True
            model = self.model

            def marks(library: "OpenLibrary") -> "list[tuple[Mark, ...]]":
                from kith.jobs.run_pictures import marks_of

                return marks_of(library, [photo.decision for photo in photos])

            def show(found: "list[tuple[Mark, ...]]") -> None:
                self._is_reading = False
                if model is self.model:
                    self._add(photos, found)

            self._house.desk.read(marks, show, lambda _: show([()] * len(photos)))

    def _add(self, photos: "list[PhotoDone]", marks: "list[tuple[Mark, ...]]") -> None:
        new = [_tile(photo, found) for photo, found in zip(photos, marks, strict=True)]
        self._tiles = [*new, *self._tiles][:NEWEST]
        self.grid.tiles.show_tiles(self._tiles)
        self.grid.scrollToTop()


def _tile(photo: "PhotoDone", marks: "tuple[Mark, ...]") -> Tile:
    known, unsure = photo.row.people, photo.unsure
    tone = Tone.SURE if known else Tone.UNSURE if unsure else Tone.UNKNOWN
    note = (
        ", ".join(known)
        or "; ".join(f"{name}?" for name in unsure)
        or (translate("Kith", "unknown") if marks else translate("Kith", "nobody"))
    )
    moment = marks[0].box.moment if marks else None
    frames = tuple(_frame(mark) for mark in marks if mark.box.moment == moment)
    return Tile(photo.done, Picture(photo.path, moment=moment), photo.path.name, note, tone, frames)


def _frame(mark: "Mark") -> Frame:
    box = mark.box.in_frame
    if not mark.name:
        return Frame(box, "", Tone.UNKNOWN)
    return Frame(box, mark.name if mark.sure else f"{mark.name}?", Tone.SURE if mark.sure else Tone.UNSURE)
