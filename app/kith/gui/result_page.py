"""What a run came to: counts, the people found with their faces, what is to be reviewed, and what failed and why."""

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QListView, QListWidget, QPushButton, QVBoxLayout, QWidget

from kith.gui.count_row import CountRow
from kith.gui.picture_grid import PictureGrid, Tile
from kith.gui.place import House
from kith.gui.plain_text import Label, in_order, wrapped
from kith.gui.run_model import RunModel
from kith.gui.style import SPACE
from kith.gui.thumbnails import Picture
from kith.text import counted, printable

if TYPE_CHECKING:
    from kith.jobs.open_library import OpenLibrary
    from kith.jobs.run_pictures import PersonFound

_SIDE = 112  # pixels of a face


class ResultPage(QWidget):
    """Shows the last run of this session; `review` and `closed` tell what the user wants next."""

    review = pyqtSignal()
    closed = pyqtSignal()

    def __init__(self, house: House) -> None:
        super().__init__()
        self._house = house
        self._found: dict[int, PersonFound] = {}
        self._output = Path()
        self.heading = Label(bold=True, size=1.3)
        self.nobody = wrapped(self.tr("Nobody you know was found in these photos."))
        self.nobody.hide()
        self.counts = CountRow()
        self.people = PictureGrid(house.thumbnails, _SIDE)
        self.people.setAccessibleName(self.tr("People found"))
        self.people.setSelectionMode(QListView.SelectionMode.SingleSelection)
        self.people.opened.connect(self._open_folder)
        self.people.selected.connect(self._tell_selected)
        self.folder = _button(self.tr("Open the &Person's Folder"), self._open_selected)
        self.reviews = _button(self.tr("Re&view Them"), self.review.emit)
        self.failed = _button("", self._toggle_failures)
        self.failed.setCheckable(True)
        self.close_button = _button(self.tr("&Done"), self.closed.emit)
        self.failures = QListWidget()
        self.failures.setAccessibleName(self.tr("Photos that failed, and why"))
        self.failures.setWordWrap(True)
        self.failures.hide()
        self._lay_out()

    def show_run(self, model: RunModel) -> None:
        """Show what a run of recognition came to."""
        self.heading.setText(self.tr("Last run: {}").format(counted(model.done, "photo")))
        self.counts.show_counts(model.counts)
        counts = {name: count for name, count, _ in model.counts}
        self.reviews.setVisible(counts.get("unsure", 0) + counts.get("unknown", 0) > 0)
        self._show_failures(model)
        self._output = self._house.settings.output_folder
        self._read_people(model)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        for button in (self.reviews, self.folder, self.failed):
            buttons.addWidget(button)
        buttons.addStretch()
        buttons.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        for widget in (self.heading, self.counts, self.nobody):
            column.addWidget(widget)
        column.addWidget(self.people, 1)
        column.addWidget(self.failures, 1)
        column.addLayout(buttons)

    def _read_people(self, model: RunModel) -> None:
        self.people.tiles.show_tiles([])
        self.folder.setEnabled(False)
        photos, best = dict(model.people), dict(model.best)

        def read(library: "OpenLibrary") -> "list[PersonFound]":
            from kith.jobs.run_pictures import people_found

            return people_found(library, photos, best)

        self._house.desk.read(read, self._show_people)

    def _show_people(self, found: "list[PersonFound]") -> None:
        self._found = {person.person_id: person for person in found}
        self.nobody.setVisible(not found)
        self.people.tiles.show_tiles(
            Tile(person.person_id, Picture(person.path, person.box), person.name, counted(person.photos, "photo"))
            for person in found
        )

    def _show_failures(self, model: RunModel) -> None:
        count = len(model.failures)
        self.failed.setText(self.tr("&Why {} Failed").format(f"{count:,}"))
        self.failed.setVisible(count > 0)
        self.failed.setChecked(False)
        self._toggle_failures()
        self.failures.clear()
        self.failures.addItems(
            [
                in_order(f"{printable(path.name)}: {printable(reason)}\n{printable(str(path.parent))}")
                for path, reason in model.failures
            ]
        )

    def _toggle_failures(self) -> None:
        is_open = self.failed.isChecked()
        self.failures.setVisible(is_open)
        self.people.setVisible(not is_open)

    def _tell_selected(self) -> None:
        self.folder.setEnabled(bool(self.people.selected_keys()))

    def _open_selected(self) -> None:
        for key in self.people.selected_keys():
            self._open_folder(key)

    def _open_folder(self, person_id: int) -> None:
        from kith.gui.help import open_outside

        folder = self._output / self._found[person_id].folder
        if not open_outside(folder):
            self._house.tell(self.tr("The folder could not be shown: it is {}.").format(printable(str(folder))))


def _button(text: str, press: object) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.clicked.connect(lambda: press())  # type: ignore[operator]
    return button
