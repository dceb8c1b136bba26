"""Who is one with somebody, and the two shown side by side before they become one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from kith.gui.fitting_dialog import FittingDialog, ScrolledPage
from kith.gui.phrases import translate
from kith.gui.picture_label import PictureLabel
from kith.gui.place import House
from kith.gui.plain_text import Label, wrapped
from kith.gui.thumbnails import Picture
from kith.text import counted, printable

if TYPE_CHECKING:
    from kith.jobs.open_library import OpenLibrary
    from kith.jobs.outcome import Outcome
    from kith.jobs.people_wall import WallPerson

_SIDE, _PAIR, _WHOM = QSize(180, 180), QSize(520, 440), QSize(400, 440)


class MergeDialog(FittingDialog):
    """Asks whether two people are one, and which name stays."""

    def __init__(self, house: House, kept: "WallPerson", gone: "WallPerson", parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("One Person?"))
        self._house = house
        self._kept, self._gone = kept, gone
        self._pair = QHBoxLayout()
        self._pair.setSpacing(24)
        self.words = wrapped()
        self.swap = QPushButton(self.tr("&Keep the Other Name"))
        self.swap.setAutoDefault(False)
        self.swap.clicked.connect(self._swap)
        self.merge = QPushButton(self.tr("They &Are One"))
        self.merge.setAutoDefault(False)
        self.merge.clicked.connect(self._merge)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.addButton(self.merge, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self.swap, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        for person in (kept, gone):
            self._pair.addLayout(self._portrait(person), 1)
        page = QVBoxLayout()
        page.addLayout(self._pair)
        page.addWidget(self.words)
        column = QVBoxLayout(self)
        column.addWidget(ScrolledPage(page))
        column.addWidget(buttons)
        self.resize(_PAIR)
        self._tell()

    def _portrait(self, person: "WallPerson") -> QVBoxLayout:
        picture = PictureLabel(self._house.thumbnails, _SIDE)
        picture.setAccessibleName(person.name)
        if person.spot:
            picture.show_picture(Picture(person.spot.path, person.spot.box))
        name = Label(person.name, bold=True, wraps=True)
        name.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        count = Label(counted(person.photos, "photo"))
        count.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout()
        column.addWidget(picture, 0, Qt.AlignmentFlag.AlignHCenter)
        for label in (name, count):
            column.addWidget(label)
        column.addStretch(1)
        return column

    def _tell(self) -> None:
        kept, gone = self._kept.name, self._gone.name
        self.words.setText(
            self.tr(
                "{0} becomes {1}: their photos, folders, details and what you said of them. {0} stays as another name "
                "of {1}. Ctrl+Z takes it back."
            ).format(gone, kept)
        )

    def _swap(self) -> None:
        self._kept, self._gone = self._gone, self._kept
        self._tell()

    def _merge(self) -> None:
        kept, gone = self._kept.id, self._gone.id

        def merge(library: "OpenLibrary") -> "Outcome":
            from kith.jobs.person_changes import PersonChanges

            people = library.people
            return PersonChanges(library).merge(people.by_number(kept), people.by_number(gone))

        self._house.desk.act(merge)
        self.accept()


class WhomDialog(FittingDialog):
    """Asks for one of several people by name; `chosen` carries who it is."""

    chosen = pyqtSignal(object)

    def __init__(self, question: str, people: "Sequence[WallPerson]", parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("One Person?"))
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Type a part of the name"))
        self.field.setAccessibleName(self.tr("Name"))
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("People"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.resize(_WHOM)
        for person in people:
            item = QListWidgetItem(printable(person.name))
            item.setData(Qt.ItemDataRole.UserRole, person)
            self.list.addItem(item)
        standard = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(standard.Ok | standard.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for widget in (wrapped(question), self.field, self.list, buttons):
            column.addWidget(widget)
        self.field.textChanged.connect(self._narrow)
        self.list.itemActivated.connect(self.accept)
        self._narrow("")

    def accept(self) -> None:
        """Take the person that is chosen in the list."""
        item = self.list.currentItem()
        if item and not item.isHidden():
            super().accept()
            self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))

    def _narrow(self, text: str) -> None:
        """Show those whose names hold the text; the first of them is chosen once something is typed."""
        from kith.jobs.people_wall import searched

        items = [item for row in range(self.list.count()) if (item := self.list.item(row))]
        found = {person.id for person in searched((item.data(Qt.ItemDataRole.UserRole) for item in items), text, True)}
        shown = None
        for item in items:
            is_found = item.data(Qt.ItemDataRole.UserRole).id in found
            item.setHidden(not is_found)
            shown = shown or (item if is_found else None)
        self.list.setCurrentItem(shown if text else None)


def choose_whom(house: House, person_id: int, parent: QWidget) -> None:
    """Ask with whom a person is one, and then whether they are."""

    def ask(people: "list[WallPerson]") -> None:
        kept = next((person for person in people if person.id == person_id), None)
        others = [person for person in people if person.id != person_id]
        if kept is None or not others:
            house.tell(translate("Kith", "There is nobody else."))
            return
        dialog = WhomDialog(translate("Kith", "{0} is the same as").format(kept.name), others, parent)
        dialog.chosen.connect(lambda gone: _open(MergeDialog(house, kept, gone, parent)))
        _open(dialog)

    house.desk.read(_wall, ask, house.tell)


def _open(dialog: QDialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


def ask_to_merge(house: House, kept: int, gone: int, parent: QWidget) -> None:
    """Show two people by number, and ask whether they are one."""

    def ask(people: "list[WallPerson]") -> None:
        by_number = {person.id: person for person in people}
        if kept in by_number and gone in by_number:
            _open(MergeDialog(house, by_number[kept], by_number[gone], parent))

    house.desk.read(_wall, ask, house.tell)


def _wall(library: "OpenLibrary") -> "list[WallPerson]":
    from kith.jobs.people_wall import wall

    return wall(library)
