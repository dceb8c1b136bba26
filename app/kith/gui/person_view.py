"""A person's page: all their faces, the one that fits worst first, and what is known of them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QT_TRANSLATE_NOOP, Qt, pyqtSignal
from PyQt6.QtGui import QKeySequence, QShortcut
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from kith.gui.choice_button import ChoiceButton
from kith.gui.name_field import NameField, ask_whom
from kith.gui.name_in_place import NameInPlace
from kith.gui.phrases import translate
from kith.gui.picture_grid import PictureGrid, Tile
from kith.gui.place import FaceInPhoto, House
from kith.gui.places import PEOPLE, PHOTOS
from kith.gui.plain_text import Label, in_order, narrow, set_tip
from kith.gui.style import SPACE, Tone
from kith.gui.thumbnails import Picture
from kith.gui.years import Years
from kith.text import counted, printable

if TYPE_CHECKING:
    from kith.jobs.open_library import OpenLibrary
    from kith.jobs.outcome import Outcome
    from kith.jobs.person_page import PageFace, PersonPage

    Told = tuple[PersonPage, dict[int, str]]

_SIDE = 110
_ASIDE = 250  # pixels of the column beside the faces
_SAID_BY = {
    "dataset": QT_TRANSLATE_NOOP("Kith", "folder"),
    "user": QT_TRANSLATE_NOOP("Kith", "you"),
    "machine": QT_TRANSLATE_NOOP("Kith", "Kith"),
}
_TONES = {"dataset": Tone.SURE, "user": Tone.SURE, "machine": Tone.UNSURE}
_MOST_TOGETHER = 8
_LONGEST = 80  # letters of a name above their faces
_PIECE = 8  # letters of a word of it that stay together
_AS_LINE = """
QPushButton { text-align: left; border: 2px solid transparent; border-radius: 4px; padding: 2px; }
QPushButton:hover, QPushButton:focus { border-color: palette(highlight); }
"""


class PersonView(QWidget):
    """Shows one person; what is said of the selected faces is a word as everywhere, and can be taken back."""

    left = pyqtSignal()

    def __init__(self, house: House) -> None:
        super().__init__()
        self._house = house
        self._id = 0
        self._page: PersonPage | None = None
        self._renames = False  # as soon as the page is there
        self._names: dict[int, str] = {}
        self.back = ChoiceButton(self.tr("‹ People (Esc)"))
        self.name = NameInPlace()
        self.words = narrow()
        self.grid = PictureGrid(house.thumbnails, _SIDE)
        self.grid.setAccessibleName(self.tr("Faces, the one that fits worst first"))
        self.chosen = narrow()
        self.deny = ChoiceButton(self.tr("&Not this person (N)"))
        self.key = ChoiceButton(self.tr("Ke&y face (K)"))
        self.look = ChoiceButton(self.tr("&Open photo (Enter)"))
        self.other = NameField()
        self.rename = ChoiceButton(self.tr("Rename (F2)"))
        self.details = ChoiceButton(self.tr("Ed&it…"))
        self.merge = ChoiceButton(self.tr("&Merge…"))
        self.years = Years()
        self.facts = narrow()
        self.together = QVBoxLayout()
        self._lay_out()
        self._connect()

    def show_person(self, person_id: int) -> None:
        """Show the page of a person; one comes back to the same one as one left it."""
        if person_id != self._id:
            self._id, self._page, self._renames = person_id, None, False
            self.grid.tiles.show_tiles([])
            self.other.empty()
            self.name.stop()
        self.look_again()
        self.grid.setFocus()

    def change_name(self) -> None:
        """Let the name be changed where it stands, once it is known."""
        self._renames = self._page is None
        if self._page:
            self.name.begin()

    def look_again(self) -> None:
        """Show the person as they are now; where they are no more the wall is shown again."""
        person_id = self._id

        def show(told: "Told") -> None:
            if person_id == self._id:  # else somebody else is to be shown by now
                self._show(told)

        def leave(_reason: str) -> None:
            if person_id == self._id:
                self.left.emit()

        self._house.desk.read(partial(_told, person_id=person_id), show, leave)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.back)
        head.addWidget(self.name, 1)
        for button in (self.rename, self.details, self.merge):
            head.addWidget(button)
        acts = QHBoxLayout()
        acts.addWidget(self.chosen, 1)
        for button in (self.deny, self.key, self.look):
            acts.addWidget(button)
        somebody = QHBoxLayout()
        they_are = Label(self.tr("They are somebody else:"))
        they_are.setFixedHeight(self.other.edit.sizeHint().height())
        somebody.addWidget(they_are, 0, Qt.AlignmentFlag.AlignTop)
        somebody.addWidget(self.other, 1)
        faces = QVBoxLayout()
        faces.addWidget(self.words)
        faces.addWidget(self.grid, 1)
        faces.addLayout(acts)
        faces.addLayout(somebody)
        row = QHBoxLayout()
        row.setSpacing(2 * SPACE)
        row.addLayout(faces, 1)
        row.addWidget(self._aside())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        column.addLayout(row, 1)

    def _aside(self) -> QScrollArea:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.years)
        column.addWidget(self.facts)
        column.addLayout(self.together)
        column.addStretch()
        scrolled = QScrollArea()
        scrolled.setWidget(inside)
        scrolled.setWidgetResizable(True)
        scrolled.setFrameShape(QScrollArea.Shape.NoFrame)
        scrolled.setFixedWidth(_ASIDE)
        return scrolled

    def _connect(self) -> None:
        self.back.clicked.connect(self.left)
        self.deny.clicked.connect(self._deny)
        self.key.clicked.connect(self._choose_key)
        self.look.clicked.connect(self._open_current)
        self.grid.opened.connect(self._open)
        self.grid.selected.connect(self._tell_chosen)
        self.other.named.connect(self._name)
        self.other.left.connect(self.grid.setFocus)
        self.name.renamed.connect(self._rename)
        self.name.ended.connect(self.grid.setFocus)
        self.rename.clicked.connect(self.change_name)
        self.details.clicked.connect(self._edit)
        self.merge.clicked.connect(self._ask_to_merge)
        keys: dict[str, Callable[[], object]] = {"Esc": self.left.emit, "N": self.deny.click, "K": self.key.click}
        keys["F2"] = self.change_name
        for key, slot in keys.items():
            shortcut = QShortcut(QKeySequence(key), self.grid)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.setAutoRepeat(False)
            shortcut.activated.connect(slot)

    def _show(self, told: "Told") -> None:
        page, names = told
        self._page, self._names = page, names
        self.name.show_name(page.person.name, page.name)
        if self._renames:
            self.change_name()
        faces = counted(len(page.faces), "face")
        self.words.setText(
            self.tr("{0} in {1}. Those that fit worst come first: a wrong one is found here.").format(
                faces, counted(page.photos, "photo")
            )
        )
        set_tip(self.deny, self.tr("The chosen faces are not {0}").format(page.person.name))
        self.grid.tiles.show_tiles(_tile(face, page.key_face) for face in page.faces)
        self.other.know(names.values())
        self.years.show_years(page.years)
        self.facts.setText(_facts(page))
        self._show_together(page)
        self._tell_chosen()

    def _show_together(self, page: "PersonPage") -> None:
        while item := self.together.takeAt(0):
            if widget := item.widget():
                widget.deleteLater()
        if page.together:
            self.together.addWidget(Label(self.tr("Often with"), bold=True))
        for person_id, name, photos in page.together[:_MOST_TOGETHER]:
            words = in_order(printable(f"{name}, {counted(photos, 'photo')}"))
            shown = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, _ASIDE - 4 * SPACE)
            button = QPushButton(shown.replace("&", "&&"))
            button.setAccessibleName(words)
            set_tip(button, words)
            button.setStyleSheet(_AS_LINE)
            button.setAutoDefault(False)
            button.clicked.connect(partial(self._go_to, person_id))
            self.together.addWidget(button)

    def _go_to(self, person_id: int) -> None:
        self._house.go(PEOPLE, person_id)

    def _tell_chosen(self) -> None:
        chosen = self.grid.selected_keys()
        for button in (self.deny, self.other):
            button.setEnabled(bool(chosen))
        for button in (self.key, self.look):
            button.setEnabled(len(chosen) == 1)
        is_key = len(chosen) == 1 and self._is_key(chosen[0])
        self.key.setText(self.tr("&Key face: the best (K)") if is_key else self.tr("&Key face (K)"))
        self.chosen.setText(
            self.tr("{0} chosen").format(counted(len(chosen), "face"))
            if chosen
            else self.tr("Choose faces to correct.")
        )

    # What the user says

    def _deny(self) -> None:
        chosen, person_id = self.grid.selected_keys(), self._id

        def deny(library: "OpenLibrary") -> "Outcome":
            from kith.jobs.user_words import AreNot

            return library.say(AreNot(chosen, library.people.by_number(person_id)))

        if chosen:
            self._house.desk.act(deny)

    def _choose_key(self) -> None:
        chosen, person_id = self.grid.selected_keys(), self._id

        def choose(library: "OpenLibrary") -> "Outcome":
            from kith.jobs.person_changes import PersonChanges

            face = None if is_back else chosen[0]
            return PersonChanges(library).set_key_face(library.people.by_number(person_id), face)

        if len(chosen) == 1:
            is_back = self._is_key(chosen[0])
            self._house.desk.act(choose)

    def _is_key(self, face: int) -> bool:
        """Whether a face is the one that the user chose to stand for the person."""
        return self._page is not None and self._page.key_chosen and self._page.key_face == face

    def _rename(self, name: str) -> None:
        person_id = self._id

        def rename(library: "OpenLibrary") -> "Outcome":
            from kith.jobs.person_changes import PersonChanges

            return PersonChanges(library).rename(library.people.by_number(person_id), name)

        self._house.desk.act(rename)

    def _name(self, text: str) -> None:
        """Say who the chosen faces are instead, but ask first about a new name that is much like a known one."""
        chosen = self.grid.selected_keys()
        if not chosen:
            return
        split = partial(self._split, self._id, chosen)

        def heard(alike: tuple[int, str] | None) -> None:
            if alike:
                ask_whom(self, text, alike[1], partial(split, f"#{alike[0]}"), partial(split, text))
            else:
                split(text)

        self._house.desk.read(lambda library: library.people.alike(text), heard, self._house.tell)

    def _split(self, person_id: int, chosen: Sequence[int], text: str) -> None:
        def split(library: "OpenLibrary") -> "Outcome":
            from kith.jobs.person_changes import PersonChanges

            return PersonChanges(library).split(library.people.by_number(person_id), chosen, text)

        self._house.desk.act(split)
        if person_id == self._id:
            self.other.empty()
            self.grid.setFocus()

    def _edit(self) -> None:
        from kith.gui.person_dialog import PersonDialog

        if self._page:
            dialog = PersonDialog(self._house, self._page.person, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

    def _ask_to_merge(self) -> None:
        from kith.gui.merge_dialog import choose_whom

        choose_whom(self._house, self._id, self)

    def _open_current(self) -> None:
        chosen = self.grid.selected_keys()
        if chosen:
            self._open(chosen[0])

    def _open(self, appearance_id: int) -> None:
        faces = self._page.faces if self._page else ()
        face = next((face for face in faces if face.appearance_id == appearance_id), None)
        if face:
            self._house.go(PHOTOS, FaceInPhoto(face.photo_id, appearance_id, (PEOPLE, self._id)))


def _told(library: "OpenLibrary", person_id: int) -> "Told":
    from kith.jobs.person_page import person_page

    return person_page(library, person_id), library.people.names()


def _tile(face: "PageFace", key_face: int | None) -> Tile:
    fit = (
        translate("Kith", "not compared")
        if face.distance is None
        else translate("Kith", "distance {0:.2f}").format(face.distance)
    )
    star = "★ " if face.appearance_id == key_face else ""
    picture = Picture(face.spot.path, face.spot.box)
    return Tile(
        face.appearance_id,
        picture,
        f"{star}{fit}",
        translate("Kith", "by {0}").format(translate("Kith", _SAID_BY[face.source])),
        _TONES[face.source],
    )


def _facts(page: "PersonPage") -> str:
    person = page.person
    known = [
        (translate("Kith", "Also called"), ", ".join(person.aliases)),
        (translate("Kith", "Born"), person.birth),
        (translate("Kith", "Died"), person.death),
        *person.fields,
        (translate("Kith", "Folder"), ", ".join(person.folders)),
        (translate("Kith", "Notes"), person.notes),
    ]
    lines = [f"{key}: {value}" for key, value in known if value]
    return "\n".join([*lines, translate("Kith", "Hidden from lists")] if person.hidden else lines)
