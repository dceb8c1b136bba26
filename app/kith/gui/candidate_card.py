"""One person whom an unknown face might be: their nearest known face, and the user's yes or no."""

from PyQt6.QtCore import QSize, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from kith.gui.choice_button import ChoiceButton
from kith.gui.picture_label import PictureLabel
from kith.gui.plain_text import Label
from kith.gui.style import SPACE
from kith.gui.thumbnails import Picture, Thumbnails
from kith.jobs.review import Suggestion
from kith.text import counted, percent

_FACE = QSize(72, 72)


class CandidateCard(QFrame):
    """Tells of a click on Accept or Not this person; the number of the card is the key that accepts."""

    accepted = pyqtSignal(int)
    refused = pyqtSignal(int)

    def __init__(self, thumbnails: Thumbnails, number: int, refuse_key: str) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._person_id = 0
        self.picture = PictureLabel(thumbnails, _FACE)
        self.name = Label(bold=True, size=1.15, wraps=True)
        self.value = Label()
        self.accept_button = ChoiceButton(self.tr("Accept ({0})").format(number))
        self.refuse_button = ChoiceButton(self.tr("Not this person ({0})").format(refuse_key))
        self.accept_button.clicked.connect(self._accept)
        self.refuse_button.clicked.connect(self._refuse)
        self._lay_out()

    def show_suggestion(self, suggestion: Suggestion, by_face: bool) -> None:
        """Show a person with their distance by face, or similarity by body."""
        name, nearest = suggestion.name, suggestion.nearest
        measure = "distance" if by_face else self.tr("body similarity")
        certain = "" if suggestion.certainty is None else self.tr("{0} likely, ").format(percent(suggestion.certainty))
        self._person_id = suggestion.person_id
        self.name.setText(name)
        samples = counted(suggestion.samples, "sample")
        self.value.setText(f"{certain}{measure} {suggestion.value:.2f}, {samples}")
        self.accept_button.setAccessibleName(self.tr("Accept {0}").format(name))
        self.refuse_button.setAccessibleName(self.tr("Not {0}").format(name))
        self.picture.setAccessibleName(self.tr("{0}, the most alike known picture").format(name))
        self.picture.show_picture(Picture(nearest.path, nearest.box))

    def enlarge(self, factor: int) -> None:
        """Show the picture so many times as large."""
        self.picture.set_side(factor * _FACE)

    def _accept(self) -> None:
        self.accepted.emit(self._person_id)

    def _refuse(self) -> None:
        self.refused.emit(self._person_id)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.accept_button)
        buttons.addWidget(self.refuse_button)
        buttons.addStretch()
        words = QVBoxLayout()
        words.addStretch()
        words.addWidget(self.name)
        words.addWidget(self.value)
        words.addLayout(buttons)
        words.addStretch()
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, SPACE // 2, SPACE, SPACE // 2)
        row.setSpacing(12)
        row.addWidget(self.picture)
        row.addLayout(words, 1)
