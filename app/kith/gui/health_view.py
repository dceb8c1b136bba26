"""How sound the knowledge base is: photos that teach nobody, what may be wrong, and how well people are known."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QT_TRANSLATE_NOOP, Qt, pyqtSignal
from PyQt6.QtGui import QPixmap, QResizeEvent
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from kith.errors import BadInput
from kith.gui.choice_button import ChoiceButton
from kith.gui.findings_view import FindingsView
from kith.gui.phrases import translate
from kith.gui.picture_grid import PictureGrid, Tile
from kith.gui.place import FaceInPhoto, House
from kith.gui.places import CHECKS, PEOPLE, PHOTOS
from kith.gui.plain_text import Label, narrow, wrapped
from kith.gui.style import Tone, let_shine_through
from kith.gui.thumbnails import Picture
from kith.messages import joined
from kith.settings import update

if TYPE_CHECKING:
    from kith.jobs.evaluate import DoubtfulFace, EvaluationFinished
    from kith.jobs.left_out import LeftOutPhoto
    from kith.jobs.open_library import OpenLibrary
    from kith.jobs.outcome import Outcome

    Measured = tuple[EvaluationFinished, bytes]

_SIDE, _SMALL = 130, 90
_BESIDE = 60  # pixels beside the curve: margins, and the scroll bar
_LEFT_OUT = QT_TRANSLATE_NOOP(
    "Kith",
    "Photos in your people folder that teach nobody. Where several faces show, choose the one that is the person and "
    "press Enter.",
)


class HealthView(QWidget):
    """Three pages: what was left out, what may be wrong, how well it works."""

    left = pyqtSignal()

    def __init__(self, house: House) -> None:
        super().__init__()
        self.house = house
        self.back = ChoiceButton(self.tr("‹ People (Esc)"))
        self.back.setShortcut("Esc")
        self.back.clicked.connect(self.left)
        self.pages = QTabWidget()
        self.left_out, self.findings, self.measure = _LeftOut(house), FindingsView(house), _Measure(house)
        self.pages.addTab(self.left_out, self.tr("Photos &left out"))
        self.pages.addTab(self.findings, self.tr("What may be &wrong"))
        self.pages.addTab(self.measure, self.tr("How well it work&s"))
        self.pages.currentChanged.connect(self.look_again)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.pages, 1)

    def look_again(self, _page: int = 0) -> None:
        """Look at the library as it is now, for the page in sight: a check of many people takes its time."""
        shown = self.pages.currentWidget()
        if isinstance(shown, _LeftOut | FindingsView):
            shown.read()


class _LeftOut(QWidget):
    """Faces of photos that teach nobody, each to be said to be the person."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self._house = house
        self._shown: list[tuple[LeftOutPhoto, int | None]] = []  # a tile each: a photo, and which face of it
        self.words = wrapped()
        self.grid = PictureGrid(house.thumbnails, _SIDE)
        self.grid.setSelectionMode(PictureGrid.SelectionMode.SingleSelection)
        self.grid.setAccessibleName(self.tr("Photos left out"))
        self.reason = narrow()
        self.say = ChoiceButton(self.tr("&This face is the person (Enter)"))
        self.say.clicked.connect(self._say)
        self.grid.opened.connect(self._say)
        self.grid.selected.connect(self._tell_reason)
        column = QVBoxLayout(self)
        column.addWidget(self.words)
        column.addWidget(self.grid, 1)
        column.addWidget(self.reason)
        column.addWidget(self.say, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch()

    def read(self) -> None:
        """Look which photos are left out."""
        self._house.desk.read(_left_out, self._show, self._fail, is_long=True)

    def _fail(self, reason: str) -> None:
        self._show([])
        self.words.setText(reason)

    def _show(self, photos: "list[LeftOutPhoto]") -> None:
        self._shown = []
        for photo in photos:
            self._shown += [(photo, face) for face, _ in photo.faces] or [(photo, None)]
        self.grid.tiles.show_tiles(tile for number, photo in enumerate(photos) for tile in _tiles(number, photo))
        self.words.setText(
            translate("Kith", _LEFT_OUT) if photos else self.tr("Every photo in the people folder teaches somebody.")
        )
        self.grid.setVisible(bool(photos))
        self.say.setVisible(bool(photos))
        self._tell_reason()

    def _chosen(self) -> "tuple[LeftOutPhoto, int | None] | None":
        """Return what is chosen, by its row: one face shows twice where a photo lies in two people's folders."""
        rows = [index.row() for index in self.grid.selectedIndexes()]
        return self._shown[rows[0]] if rows and rows[0] < len(self._shown) else None

    def _tell_reason(self) -> None:
        chosen = self._chosen()
        photo, face = chosen or (None, None)
        self.reason.setText(f"{photo.person}, {photo.path.name}: {photo.reason}." if photo else "")
        self.say.setEnabled(face is not None)

    def _say(self) -> None:
        """Say that the chosen face is the person in whose folder its photo lies."""
        photo, face = self._chosen() or (None, None)
        if photo is None or face is None:
            self._house.tell(self.tr("No face shows there that could be the person."))
            return
        person_id = photo.person_id

        def say(library: "OpenLibrary") -> "Outcome":
            from kith.jobs.user_words import Is

            return library.say(Is([face], library.people.by_number(person_id)))

        self._house.desk.act(say)


class _Measure(QWidget):
    """The curve of an evaluation, and its recommendation to be taken."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self._house = house
        self._recommended: float | None = None
        self.run = ChoiceButton(self.tr("&Measure on my own photos"))
        self.use = ChoiceButton()
        self._offer(None)
        self.words = wrapped()
        self._doubtful: dict[int, DoubtfulFace] = {}
        self.faces = PictureGrid(house.thumbnails, _SMALL)
        self.faces.setAccessibleName(self.tr("Faces that are not found, or named as somebody else"))
        self.faces.setFixedHeight(2 * _SMALL)
        self.faces.setToolTip(self.tr("Enter opens the photo"))
        self.faces.opened.connect(self._open)
        self.found = Label(bold=True)
        for widget in (self.faces, self.found):
            widget.hide()
        self._curve = QPixmap()
        self.picture = Label()
        self.picture.setAccessibleName(self.tr("How many are found, and how many strangers are let in, by certainty"))
        self.run.clicked.connect(self._measure)
        self.use.clicked.connect(self._use)
        buttons = QHBoxLayout()
        buttons.addWidget(self.run)
        buttons.addWidget(self.use)
        buttons.addStretch()
        inside = QWidget()
        content = QVBoxLayout(inside)
        for widget in (self.words, self.found, self.faces, self.picture):
            content.addWidget(widget)
        content.addStretch()
        scrolled = QScrollArea()
        scrolled.setWidget(inside)
        let_shine_through(scrolled)
        scrolled.setWidgetResizable(True)
        scrolled.setFrameShape(QScrollArea.Shape.NoFrame)
        for ground in (inside, scrolled.viewport()):
            if ground:
                ground.setAutoFillBackground(False)  # it lies on a page of its own colour
        column = QVBoxLayout(self)
        column.addLayout(buttons)
        column.addWidget(scrolled, 1)

    def _measure(self) -> None:
        self.run.setEnabled(False)
        self.words.setText(self.tr("Asking each photo that teaches who it is, as if it did not …"))
        self._house.desk.read(_measured, self._show, self._fail, is_long=True)

    def _fail(self, text: str) -> None:
        self.run.setEnabled(True)
        self.words.setText(text)

    def _show(self, measured: "Measured") -> None:
        from kith.jobs.evaluate import evaluation_summary

        finished, picture = measured
        self.run.setEnabled(True)
        told = replace(finished, picture=None, doubtful=(), unwritten=())  # the faces and the curve are shown
        self.words.setText(joined(evaluation_summary(told), "\n"))
        self._doubtful = {face.appearance_id: face for face in finished.doubtful}
        self.faces.tiles.show_tiles(map(_doubtful_tile, finished.doubtful))
        self.found.setText(self.tr("Not found by that, or named as somebody else: {0}").format(len(self._doubtful)))
        for widget in (self.faces, self.found):
            widget.setVisible(bool(self._doubtful))
        self._curve.loadFromData(picture)
        self._draw_curve()
        self._offer(finished.advised.sure_at if finished.advised else None)

    def _offer(self, certainty: float | None) -> None:
        """Offer a certainty by a button; where none is better than that of the settings there is no button."""
        self._recommended = certainty
        self.use.setText(self.tr("&Use the recommended certainty, {0:g}").format(certainty or 0))
        self.use.setEnabled(certainty is not None)
        self.use.setVisible(certainty is not None)

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Show the curve as wide as there is room."""
        super().resizeEvent(event)
        self._draw_curve()

    def _draw_curve(self) -> None:
        if not self._curve.isNull():
            width = min(self._curve.width(), max(self.width() - _BESIDE, _SIDE))
            self.picture.setPixmap(self._curve.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation))

    def _open(self, key: int) -> None:
        face = self._doubtful[key]
        self._house.go(PHOTOS, FaceInPhoto(face.photo_id, key, (PEOPLE, CHECKS)))

    def _use(self) -> None:
        if self._recommended is None:
            return
        before = self._house.settings
        try:
            update(self._house.settings_file, {"sure_at": self._recommended})
        except BadInput as error:
            self.words.setText(error.message)
        else:
            self._offer(None)
            self._house.apply_settings(before, self._house.settings)


def _tiles(number: int, photo: "LeftOutPhoto") -> list[Tile]:
    """Return the faces of a photo left out, or the photo itself where none shows, by a key that is no face's."""
    if not photo.faces:
        return [Tile(-1 - number, Picture(photo.path), photo.person, photo.reason, Tone.PROBLEM)]
    return [Tile(face, Picture(photo.path, box), photo.person, photo.reason, Tone.UNSURE) for face, box in photo.faces]


def _doubtful_tile(face: "DoubtfulFace") -> Tile:
    tone = Tone.PROBLEM if face.is_wrong else Tone.UNSURE
    return Tile(face.appearance_id, Picture(face.spot.path, face.spot.box), face.name, face.told, tone)


def _left_out(library: "OpenLibrary") -> "list[LeftOutPhoto]":
    from kith.jobs.left_out import left_out_photos

    return left_out_photos(library)


def _measured(library: "OpenLibrary") -> "Measured":
    """Evaluate, and return the curve as a PNG file's bytes; empty where there is too little to measure."""
    from kith.jobs.evaluate import evaluate

    with tempfile.TemporaryDirectory(prefix="kith-") as folder:
        file = Path(folder) / "curve.png"
        finished = evaluate(library.settings, file)
        return finished, file.read_bytes() if file.is_file() else b""
