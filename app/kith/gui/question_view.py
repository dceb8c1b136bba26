"""Who is this? A face, its photo, the people it might be, and a field for any other name."""

from itertools import zip_longest

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from kith.gui.background import Background
from kith.gui.candidate_card import CandidateCard
from kith.gui.name_field import NameField
from kith.gui.pictures import PictureLabel
from kith.gui.plain_text import Label, set_tip, wrapped
from kith.identity.comparison import CANDIDATES
from kith.jobs.review import Question

_FACE, _PHOTO = QSize(300, 300), QSize(300, 168)  # with the rest they fit into a window of 1024 × 640


class QuestionView(QScrollArea):
    """Shows one question and tells what the user answers; scrolls where the window is too small for it."""

    accepted = pyqtSignal(int)
    refused = pyqtSignal(int)
    named = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Who is this?")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.face = PictureLabel(_FACE)
        self.face.setAccessibleName("The face in question")
        self.photo = PictureLabel(_PHOTO, whole=True)
        self.photo.setAccessibleName("The whole photo, the face marked")
        self.file = Label()
        self.file.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.heading = wrapped()
        self.cards = [self._card(index + 1) for index in range(CANDIDATES)]
        self.name = NameField()
        self.name.named.connect(self.named)
        self.name.left.connect(self.rest)
        self._lay_out()

    def _card(self, number: int) -> CandidateCard:
        card = CandidateCard(number)
        card.accepted.connect(self.accepted)
        card.refused.connect(self.refused)
        return card

    def show_question(self, question: Question, known: list[str], loader: Background) -> None:
        """Show a question; `known` are the names of all people."""
        spot = question.spot
        path, box = spot.path, spot.box
        metrics, width = self.fontMetrics(), _FACE.width()
        name = metrics.elidedText(question.photo, Qt.TextElideMode.ElideMiddle, width)
        self.file.setText(name)
        set_tip(self.file, str(path or ""))
        heading = self._heading(question)
        self.heading.setText(heading)
        self.face.show_place(loader, path, box)
        self.photo.show_place(loader, path, box)
        for card, suggestion in zip_longest(self.cards, question.suggestions[:CANDIDATES]):
            card.setVisible(suggestion is not None)
            if suggestion:
                card.show_suggestion(loader, suggestion, question.by_face)
        self.name.start(known)
        self.rest()

    def rest(self) -> None:
        """Have the keyboard where digits and letters are keys of the dialog, and Space and Enter choose nobody."""
        self.setFocus()

    def _heading(self, question: Question) -> str:
        if question.said:
            return f"You said: {question.said}."
        if question.likely:
            end = "; the face is blurred." if question.blurred else "."
            return f"Perhaps {question.likely}{end}"
        if question.by_face:
            return "Nobody known is likely enough."
        return "No face shows, and nobody known is alike enough."

    def _lay_out(self) -> None:
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(20)
        row.addLayout(self._pictures())
        row.addLayout(self._answers(), 1)
        self.setWidget(body)

    def _pictures(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(8)
        for label in (self.face, self.file, self.photo):
            column.addWidget(label)
        column.addStretch(1)
        return column

    def _answers(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(8)
        question = wrapped("Who is this?", bold=True)
        for widget in (question, self.heading, *self.cards):
            column.addWidget(widget)
        column.addSpacing(6)
        somebody_else = wrapped("Somebody else (N)", bold=True)
        column.addWidget(somebody_else)
        column.addWidget(self.name)
        column.addStretch(1)
        return column
