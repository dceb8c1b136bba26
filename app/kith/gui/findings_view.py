"""What a check found, with the faces concerned, each to be denied, moved to the other person, or two people merged."""

from collections.abc import Callable, Iterable
from textwrap import shorten
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence, QShortcut
from PyQt6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from kith.gui.choice_button import ChoiceButton
from kith.gui.phrases import translate
from kith.gui.picture_grid import PictureGrid, Tile
from kith.gui.place import FaceInPhoto, House
from kith.gui.places import CHECKS, PEOPLE, PHOTOS
from kith.gui.plain_text import Label, in_order, line, narrow
from kith.gui.style import Tone
from kith.gui.thumbnails import Picture
from kith.text import counted, printable

if TYPE_CHECKING:
    from pathlib import Path

    from kith.jobs.check import CheckFinished
    from kith.jobs.findings import Card
    from kith.jobs.open_library import OpenLibrary
    from kith.jobs.outcome import Outcome

_SIDE = 130
_MOST_PEOPLE = 3  # with a button each
_LONGEST = 400  # characters of a finding: it may be about everybody


class FindingsView(QWidget):
    """The findings in words, and beside them the faces of one, or its photos where no face teaches."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self._house = house
        self._cards: list[Card] = []
        self.words = narrow()
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setSpacing(2)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(self.tr("What may be wrong"))
        self.grid = PictureGrid(house.thumbnails, _SIDE)
        self.grid.setAccessibleName(self.tr("The faces concerned"))
        self.deny = ChoiceButton(self.tr("&Not them (N)"))
        self.move_over = ChoiceButton(self.tr("The &other (O)"))
        self.merge = ChoiceButton(self.tr("One &person…"))
        self.people = QHBoxLayout()
        self._lay_out()
        self._connect()

    @property
    def card(self) -> "Card | None":
        """The finding that is shown."""
        row = self.list.currentRow()
        return self._cards[row] if 0 <= row < len(self._cards) else None

    def read(self) -> None:
        """Look what may be wrong."""
        if not self._cards:
            self.words.setText(self.tr("Looking what may be wrong …"))
        self._house.desk.read(_checked, self._show, self._fail, is_long=True)

    def _fail(self, reason: str) -> None:
        self._cards = []
        self.list.clear()
        self._show_card()
        self.words.setText(reason)

    def _lay_out(self) -> None:
        acts = QHBoxLayout()
        for button in (self.deny, self.move_over, self.merge):
            acts.addWidget(button)
        acts.addStretch()
        beside = QVBoxLayout()
        beside.addWidget(self.grid, 1)
        beside.addLayout(acts)
        beside.addLayout(self.people)
        row = QHBoxLayout()
        row.addWidget(self.list, 1)
        row.addLayout(beside, 2)
        column = QVBoxLayout(self)
        column.addWidget(self.words)
        column.addLayout(row, 1)

    def _connect(self) -> None:
        self.list.currentRowChanged.connect(self._show_card)
        self.grid.selected.connect(self._tell_chosen)
        self.grid.opened.connect(self._open)
        self.deny.clicked.connect(self._deny)
        self.move_over.clicked.connect(self._move)
        self.merge.clicked.connect(self._ask_to_merge)
        for key, button in (("N", self.deny), ("O", self.move_over)):
            shortcut = QShortcut(QKeySequence(key), self.grid)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.setAutoRepeat(False)
            shortcut.activated.connect(button.click)

    def _show(self, told: "tuple[CheckFinished, list[Card]]") -> None:
        row = max(self.list.currentRow(), 0)
        finished, self._cards = told
        self.list.clear()
        for card in self._cards:
            told_of = f"{card.finding.trouble}: {card.finding.text}"
            self.list.addItem(QListWidgetItem(line(shorten(told_of, _LONGEST, placeholder=" …"))))
        people = counted(finished.people, "person", "people")
        found = counted(len(self._cards), "thing") if self._cards else "nothing"
        self.words.setText(
            self.tr("{0}, {1} that teach: {2} to look at.").format(people, counted(finished.samples, "photo"), found)
        )
        self.list.setCurrentRow(min(row, len(self._cards) - 1))
        self._show_card()

    def _show_card(self) -> None:
        card = self.card
        self.grid.tiles.show_tiles(_tiles(card) if card else ())
        if card and len(card.faces) == 1:
            self.grid.select_key(card.faces[0].appearance_id)
        while item := self.people.takeAt(0):
            if widget := item.widget():
                widget.deleteLater()
        if card:
            shown = [*dict(zip(card.people, card.finding.people, strict=False)).items()]
            for person_id, name in shown[:_MOST_PEOPLE]:
                self.people.addWidget(self._button(name, person_id))
            if len(shown) > _MOST_PEOPLE:
                self.people.addWidget(Label(self.tr("and {0} more").format(len(shown) - _MOST_PEOPLE)))
        self.people.addStretch()
        self.merge.setEnabled(bool(card and card.pair))
        self._tell_chosen()

    def _button(self, name: str, person_id: int) -> QPushButton:
        button = QPushButton(self._named("{}", name))
        button.setAutoDefault(False)
        button.setAccessibleName(name)
        button.clicked.connect(lambda: self._house.go(PEOPLE, person_id))
        return button

    def _chosen(self) -> list[int]:
        """Return the chosen faces of the finding."""
        faces = {face.appearance_id for face in self.card.faces} if self.card else set()
        return [key for key in self.grid.selected_keys() if key in faces]

    def _tell_chosen(self) -> None:
        card, chosen = self.card, set(self._chosen())
        whose = {face.person_id: face.name for face in card.faces if face.appearance_id in chosen} if card else {}
        names = dict(zip(card.people, card.finding.people, strict=False)) if card else {}
        others = [name for person_id, name in names.items() if person_id not in whose]
        is_one = len(whose) == 1
        can_move = is_one and len(names) == 2 and len(others) == 1
        denied, moved = self.tr("&Not them (N)"), self.tr("The &other (O)")
        if is_one:
            denied = self._named(self.tr("&Not {} (N)"), *whose.values())
        if can_move:
            moved = self._named(self.tr("&It is {} (O)"), *others)
        for button, words, can_be in ((self.deny, denied, is_one), (self.move_over, moved, can_move)):
            button.setText(words)
            button.setEnabled(can_be)

    def _named(self, words: str, name: str) -> str:
        """Return a button's words about somebody, however long their name."""
        shown = self.fontMetrics().elidedText(in_order(printable(name)), Qt.TextElideMode.ElideRight, _SIDE)
        return words.format(shown.replace("&", "&&"))

    # What the user says

    def _deny(self) -> None:
        from kith.jobs.findings import deny

        self._say(deny)

    def _move(self) -> None:
        from kith.jobs.findings import move

        self._say(move)

    def _say(self, word: "Callable[[OpenLibrary, Card, list[int]], Outcome]") -> None:
        card, chosen = self.card, self._chosen()
        if card and chosen:
            self._house.desk.act(lambda library: word(library, card, chosen), fail=self._house.tell)

    def _ask_to_merge(self) -> None:
        from kith.gui.merge_dialog import ask_to_merge

        if self.card and self.card.pair:
            ask_to_merge(self._house, *self.card.pair, self)

    def _open(self, key: int) -> None:
        from kith.gui.help import open_outside

        card = self.card
        if card is None:
            return
        face = next((face for face in card.faces if face.appearance_id == key), None)
        if face:
            self._house.go(PHOTOS, FaceInPhoto(face.photo_id, key, (PEOPLE, CHECKS)))
        elif key < 0:
            open_outside(card.finding.files[-1 - key])


def _tiles(card: "Card") -> Iterable[Tile]:
    """Return the finding's faces, or its photos, by keys that are no faces', where it is about none that teaches."""
    if not card.faces:
        files = enumerate(card.finding.files)
        return [Tile(-1 - number, Picture(file), file.name, file.parent.name) for number, file in files]
    return [
        Tile(
            face.appearance_id,
            Picture(face.spot.path, face.spot.box),
            face.name,
            _file_name(face.spot.path),
            Tone.UNSURE,
        )
        for face in card.faces
    ]


def _file_name(path: "Path | None") -> str:
    return path.name if path else translate("Kith", "no photo")


def _checked(library: "OpenLibrary") -> "tuple[CheckFinished, list[Card]]":
    from kith.jobs.findings import cards

    return cards(library)
