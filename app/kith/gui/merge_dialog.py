"""Two people shown side by side, before they become one."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import QDialogButtonBox, QHBoxLayout, QInputDialog, QPushButton, QVBoxLayout, QWidget

from kith.gui.fitting_dialog import FittingDialog
from kith.gui.picture_label import PictureLabel
from kith.gui.place import House
from kith.gui.plain_text import Label, wrapped
from kith.gui.thumbnails import Picture
from kith.text import counted

if TYPE_CHECKING:
    from kith.jobs.open_library import OpenLibrary
    from kith.jobs.outcome import Outcome
    from kith.jobs.people_wall import WallPerson

_SIDE = QSize(180, 180)


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
        column = QVBoxLayout(self)
        for person in (kept, gone):
            self._pair.addLayout(self._portrait(person), 1)
        column.addLayout(self._pair)
        column.addWidget(self.words)
        column.addWidget(buttons)
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
        column.addStretch()
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


def choose_whom(house: House, person_id: int, parent: QWidget) -> None:
    """Ask with whom a person is one, and then whether they are."""

    def ask(people: "list[WallPerson]") -> None:
        by_name = {person.name: person for person in people}
        kept = next((person for person in people if person.id == person_id), None)
        others = [name for name, person in by_name.items() if person.id != person_id]
        if kept is None or not others:
            house.tell("There is nobody else.")
            return
        name, is_chosen = QInputDialog.getItem(parent, "One Person?", f"{kept.name} is the same as", others, 0, False)
        if is_chosen:
            dialog = MergeDialog(house, kept, by_name[name], parent)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

    house.desk.read(_wall, ask, house.tell)


def ask_to_merge(house: House, kept: int, gone: int, parent: QWidget) -> None:
    """Show two people by number, and ask whether they are one."""

    def ask(people: "list[WallPerson]") -> None:
        by_number = {person.id: person for person in people}
        if kept in by_number and gone in by_number:
            dialog = MergeDialog(house, by_number[kept], by_number[gone], parent)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

    house.desk.read(_wall, ask, house.tell)


def _wall(library: "OpenLibrary") -> "list[WallPerson]":
    from kith.jobs.people_wall import wall

    return wall(library)
