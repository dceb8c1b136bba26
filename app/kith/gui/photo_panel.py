"""Beside a photo: who shows in it, why, and what one may say of whom one chose."""

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import (
    QGridLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from kith.gui.choice_button import ChoiceButton
from kith.gui.name_field import NameField
from kith.gui.photos_model import TONES, line_of
from kith.gui.phrases import translate
from kith.gui.plain_text import Label, in_order, narrow
from kith.gui.style import SPACE, colour
from kith.jobs.photo_view import PhotoView, ShownPerson, Standing
from kith.text import printable
from kith.values.links import Source

_WIDTH = 290
_LINES_WIDE = 16  # in large letters


class PhotoPanel(QWidget):
    """`chosen` carries whom one chose in the list, `named` the name that is typed for them."""

    chosen = pyqtSignal(int)
    named = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(max(_WIDTH, _LINES_WIDE * self.fontMetrics().height()))
        self.title = narrow()
        self.people = QListWidget()
        self.people.setAccessibleName(self.tr("Who shows"))
        self.people.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.people.currentRowChanged.connect(self._choose)
        self.question = narrow()
        self.name = NameField()
        self.name.named.connect(self.named)
        self.confirm = self._button(self.tr("Yes (Y)"))
        self.deny = self._button(self.tr("Not them (N)"))
        self.ignore = self._button(self.tr("Ignore (I)"))
        self.ignore_others = self._button(self.tr("Ignore others (O)"))
        self.ignore_others.setAccessibleName(self.tr("Ignore all others"))
        self.take_back = self._button(self.tr("Take back my word (T)"))
        self.draw = self._button(self.tr("Draw a face (D)"))
        self.add = self._button(self.tr("Somebody without a box (B)"))
        self.why = narrow()
        self._shown: Sequence[ShownPerson] = ()
        self._lay_out()

    def show_photo(self, view: PhotoView, names: Sequence[str], title: str) -> None:
        """Show who is in a photo; whoever was chosen stays so."""
        self.title.setText(title)
        self._shown = view.people
        self.people.blockSignals(True)
        self.people.clear()
        for person in view.people:
            item = QListWidgetItem(in_order(printable(line_of(person))))
            item.setForeground(QColor(colour(TONES[person.standing], self.palette())))
            self.people.addItem(item)
        self.people.blockSignals(False)
        self.name.know(names)

    def choose(self, person: ShownPerson | None) -> None:
        """Show what may be said of somebody, or that one is to be chosen."""
        row = self._shown.index(person) if person in self._shown else -1
        self.people.blockSignals(True)
        self.people.setCurrentRow(row)
        self.people.blockSignals(False)
        self._offer(person)

    def ask_for_name(self, question: str) -> None:
        """Ask who somebody is that the user adds."""
        self.choose(None)
        self.question.setText(question)
        self.name.setEnabled(True)
        self.name.setFocus()

    def show_why(self, grounds: str) -> None:
        """Show the grounds of a decision."""
        self.why.setText(grounds)

    def _offer(self, person: ShownPerson | None) -> None:
        self.why.setText("")
        self.name.setEnabled(person is not None)
        is_ignored = person is not None and person.standing is Standing.IGNORED
        is_somebody = person is not None and person.standing in (Standing.SURE, Standing.UNSURE)
        self.question.setText(_question(person))
        self.deny.setEnabled(is_somebody)
        self.confirm.setEnabled(is_somebody and person is not None and person.source is Source.MACHINE)
        self.ignore.setText(self.tr("Heed again (I)") if is_ignored else self.tr("Ignore (I)"))
        self.ignore.setEnabled(person is not None and person.standing is not Standing.SURE)
        self.ignore_others.setEnabled(bool(self._shown))
        self.take_back.setEnabled(person is not None and person.said_of is not None)

    def _choose(self, row: int) -> None:
        if row >= 0:
            self.chosen.emit(self._shown[row].appearance_id)

    def _button(self, text: str) -> QPushButton:
        button = ChoiceButton(text)
        policies = QSizePolicy.Policy
        button.setSizePolicy(policies.Ignored, policies.Fixed)
        return button

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addWidget(self.title)
        column.addWidget(self.people, 2)
        column.addWidget(self.question)
        column.addWidget(self.name)
        pairs = QGridLayout()
        pairs.setSpacing(SPACE // 2)
        for row, beside in enumerate(((self.confirm, self.deny), (self.ignore, self.ignore_others))):
            for place, button in enumerate(beside):
                pairs.addWidget(button, row, place)
        column.addLayout(pairs)
        for button in (self.take_back, self.draw, self.add):
            column.addWidget(button)
        heading = Label(self.tr("Why"), bold=True)
        column.addWidget(heading)
        around = QScrollArea()
        around.setWidgetResizable(True)
        around.setFrameShape(QScrollArea.Shape.NoFrame)
        around.setWidget(self.why)
        around.setAccessibleName(self.tr("Why"))
        self.why.setAlignment(Qt.AlignmentFlag.AlignTop)
        around.setMinimumHeight(40)
        self.people.setMinimumHeight(40)
        column.addWidget(around, 3)


def _question(person: ShownPerson | None) -> str:
    if person is None:
        return translate("Kith", "Click a face to see why, and to correct it.")
    if person.standing is Standing.SURE:
        return translate("Kith", "This is {0}. Or somebody else?").format(_short(person.name))
    if person.standing is Standing.UNSURE:
        return translate("Kith", "Is this {0}, or who?").format(_short(person.name))
    return translate("Kith", "Who is this?")


def _short(name: str) -> str:
    name = printable(name)
    return name if len(name) <= 18 else f"{name[:17]}…"
