"""Who is this? A face, its photo, the people it might be, and a field for any other name."""

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from kith.gui.candidate_card import CandidateCard
from kith.gui.name_field import NameField
from kith.gui.picture_label import PictureLabel
from kith.gui.plain_text import Label, set_tip, wrapped
from kith.gui.style import SPACE
from kith.gui.thumbnails import Picture, Thumbnails
from kith.jobs.explanation_lines import RULES
from kith.jobs.review import Question
from kith.photos.box import Box

REFUSE_KEYS = "XCV"  # beside each other on the lowest row of most keyboards, as 1, 2 and 3 on the highest
_FACE, _PHOTO = QSize(232, 232), QSize(232, 130)  # with the rest they fit into a window of 1024 × 640
_LARGE = 2 * _FACE.height() + _PHOTO.height()  # pixels of height from which all is shown larger


class QuestionView(QScrollArea):
    """Shows one question and tells what the user answers; scrolls where the window is too small for it."""

    accepted = pyqtSignal(int)
    refused = pyqtSignal(int)

    def __init__(self, thumbnails: Thumbnails) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Who is this?"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self._thumbnails = thumbnails
        self.face = PictureLabel(thumbnails, _FACE)
        self.face.setAccessibleName(self.tr("The face in question"))
        self.photo = PictureLabel(thumbnails, _PHOTO, whole=True)
        self.photo.setAccessibleName(self.tr("The whole photo, the face marked"))
        self.file = Label()
        self.file.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.heading = wrapped()
        self.cards = [self._card(number, key) for number, key in enumerate(REFUSE_KEYS, 1)]
        self.name = NameField()
        self.name.left.connect(self.rest)
        self._lay_out()

    def _card(self, number: int, refuse_key: str) -> CandidateCard:
        card = CandidateCard(self._thumbnails, number, refuse_key)
        card.accepted.connect(self.accepted)
        card.refused.connect(self.refused)
        return card

    def show_face(self, path: Path, box: Box) -> None:
        """Show whom the next question is about, and nobody yet whom it might be."""
        metrics, width = self.fontMetrics(), self.face.width()
        name = metrics.elidedText(path.name, Qt.TextElideMode.ElideMiddle, width)
        self.file.setText(name)
        set_tip(self.file, str(path))
        self.heading.setText("")
        picture = Picture(path, box)
        for label in (self.face, self.photo):
            label.show_picture(picture)
        for card in self.cards:
            card.hide()

    def show_question(self, question: Question, known: Sequence[str], is_over: bool = False) -> None:
        """Show a question about the face; `known` are the names of all people, `is_over` says that it waits no more."""
        spot = question.spot
        if spot.path is None:
            for label in (self.face, self.photo):
                label.show_picture(Picture(None, spot.box))
        self.heading.setText(self._heading(question, is_over))
        for card, suggestion in zip_longest(self.cards, question.suggestions[: len(self.cards)]):
            if suggestion:
                card.show_suggestion(suggestion, question.by_face)
            card.setVisible(suggestion is not None)
        self.name.know(known)

    def prefetch(self, path: Path, box: Box) -> None:
        """Have the pictures of the next face at hand."""
        for label in (self.photo, self.face):
            label.prefetch(Picture(path, box))

    def rest(self) -> None:
        """Have the keyboard where digits and letters are keys of the page, and Space and Enter choose nobody."""
        self.setFocus()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Show larger pictures where there is room for them."""
        super().resizeEvent(event)
        factor = 2 if self.height() >= _LARGE else 1
        self.face.set_side(factor * _FACE)
        self.photo.set_side(factor * _PHOTO)
        for card in self.cards:
            card.enlarge(factor)

    def _heading(self, question: Question, is_over: bool) -> str:
        if question.said:
            return self.tr("You said: {}.").format(question.said)
        if question.likely and is_over:
            return self.tr("Found while you worked: {}").format(question.likely)
        who = self.tr("Perhaps {}").format(question.likely) if question.likely else self.tr("Nobody known")
        return f"{who}: {RULES[question.reason]}." if question.reason else f"{who}."

    def _lay_out(self) -> None:
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * SPACE)
        row.addLayout(self._pictures())
        row.addLayout(self._answers(), 1)
        self.setWidget(body)

    def _pictures(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(SPACE)
        for label in (self.face, self.file, self.photo):
            column.addWidget(label)
        column.addStretch(1)
        return column

    def _answers(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(SPACE)
        question = wrapped(self.tr("Who is this?"), bold=True)
        for widget in (question, self.heading, *self.cards):
            column.addWidget(widget)
        somebody_else = wrapped(self.tr("Somebody else (N)"), bold=True)
        column.addWidget(somebody_else)
        column.addWidget(self.name)
        column.addStretch(1)
        return column
