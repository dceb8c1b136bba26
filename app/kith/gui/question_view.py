"""Who is this? A face, its photo, the people it might be, and a field for any other name."""

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

    def __init__(self, face_tol: float) -> None:
        super().__init__()
        self.setAccessibleName("Who is this?")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self._face_tol = face_tol
        self.face = PictureLabel(_FACE)
        self.face.setAccessibleName("The face in question")
        self.photo = PictureLabel(_PHOTO, whole=True)
        self.photo.setAccessibleName("The whole photo, the face marked")
        self.file = Label()
        self.file.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.heading = wrapped()
        self.cards = [CandidateCard(number) for number in range(1, CANDIDATES + 1)]
        self.name = NameField()
        self._lay_out()
        for card in self.cards:
            card.accepted.connect(self.accepted)
            card.refused.connect(self.refused)
        self.name.named.connect(self.named)
        self.name.left.connect(self.rest)

    def show_question(self, question: Question, known: list[str], loader: Background) -> None:
        """Show a question; `known` are the names of all people."""
        path = question.spot.path
        name = self.fontMetrics().elidedText(question.photo, Qt.TextElideMode.ElideMiddle, _FACE.width())
        self.file.setText(name)
        set_tip(self.file, str(path or ""))
        self.heading.setText(self._heading(question))
        self.face.show_place(loader, path, question.spot.box)
        self.photo.show_place(loader, path, question.spot.box)
        for index, card in enumerate(self.cards):
            card.setVisible(index < len(question.suggestions))
            if index < len(question.suggestions):
                card.show_suggestion(loader, question.suggestions[index], question.by_face)
        self.name.start(known)
        self.rest()

    def rest(self) -> None:
        """Have the keyboard where digits and letters are keys of the dialog, and Space and Enter choose nobody."""
        self.setFocus()

    def _heading(self, question: Question) -> str:
        if question.said:
            return f"You said: {question.said}."
        if question.likely:
            return f"Perhaps {question.likely}" + ("; the face is blurred." if question.blurred else ".")
        if question.by_face:
            return f"Nobody known is near enough: a distance below {self._face_tol:g} counts."
        return "No face shows, and nobody known is alike enough."

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.addWidget(self.face)
        left.addWidget(self.file)
        left.addWidget(self.photo)
        left.addStretch(1)
        right = QVBoxLayout()
        right.addWidget(wrapped("Who is this?", bold=True))
        right.addWidget(self.heading)
        for card in self.cards:
            right.addWidget(card)
        right.addSpacing(6)
        right.addWidget(wrapped("Somebody else (N)", bold=True))
        right.addWidget(self.name)
        right.addStretch(1)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(20)
        left.setSpacing(8)
        right.setSpacing(8)
        row.addLayout(left)
        row.addLayout(right, 1)
        self.setWidget(body)
