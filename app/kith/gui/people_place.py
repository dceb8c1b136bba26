"""People: a wall of everybody one knows, the unknown below, and a page for each person."""

from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QT_TRANSLATE_NOOP, Qt
from PyQt6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from kith.gui.background import Newest
from kith.gui.choice_button import ChoiceButton
from kith.gui.folders import is_missed
from kith.gui.merge_dialog import MergeDialog, choose_whom
from kith.gui.phrases import translate
from kith.gui.picture_grid import PictureGrid, Tile
from kith.gui.place import House, Place
from kith.gui.places import CHECKS, REVIEW
from kith.gui.plain_text import Label, set_tip, wrapped
from kith.gui.style import SPACE, Tone
from kith.gui.thumbnails import Picture
from kith.gui.wall_menu import WallMenu, turn_hidden
from kith.text import counted

if TYPE_CHECKING:
    from kith.gui.health_view import HealthView
    from kith.gui.person_view import PersonView
    from kith.jobs.open_library import OpenLibrary
    from kith.jobs.people_wall import WallPerson
    from kith.jobs.review_queues import Queue

SIDE = 120  # pixels of a face on the wall
_MOST_GROUPS = 100  # of unknown people below the wall; Review has them all
NOBODY = QT_TRANSLATE_NOOP(
    "Kith",
    "Nobody is known yet.\n\nPut a folder of photos for each person into your people folder and press Build KB, "
    "or name faces in Review.",
)


class PeoplePlace(Place):
    """Shows the wall, or the page of one person."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self._people: list[WallPerson] = []
        self._reason = ""  # why nobody is known
        self.page: PersonView | None = None
        self._look = Newest(self, pause_ms=0)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find somebody"))
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(self.tr("Find somebody"))
        self.health = ChoiceButton(self.tr("&Check…"))
        set_tip(self.health, self.tr("Photos left out, what may be wrong, and how well people are known"))
        self.person = ChoiceButton(self.tr("&Person…"))
        set_tip(self.person, self.tr("Open, rename (F2), merge (M) or hide (H) whom you chose"))
        self.checks: HealthView | None = None
        self.hidden = QCheckBox(self.tr("Show the hi&dden"))
        self.wall = PictureGrid(house.thumbnails, SIDE)
        self.wall.setAccessibleName(self.tr("People"))
        self.wall.let_be_joined()
        self.menu = WallMenu(
            self.wall,
            [
                (self.tr("&Open"), "", self.show_person),
                (self.tr("&Rename…"), "F2", self._rename),
                (self.tr("&Merge With…"), "M", lambda person: choose_whom(house, person, self)),
                (self.tr("&Hide, or Show Again"), "H", self._turn_hidden),
            ],
        )
        self.words = wrapped()
        self.unknown_words = Label(bold=True)
        self.unknown = PictureGrid(house.thumbnails, SIDE * 2 // 3)
        self.unknown.setAccessibleName(self.tr("Unknown people"))
        self._lay_out()
        self.search.textChanged.connect(self._show_wall)
        self.hidden.toggled.connect(self._show_wall)
        self.wall.opened.connect(self.show_person)
        self.wall.joined.connect(self._ask_to_merge)
        self.unknown.opened.connect(self._review)
        self.health.clicked.connect(self.show_checks)
        self.person.clicked.connect(self._offer)
        self.wall.selected.connect(self._tell_chosen)
        self._tell_chosen()
        for told in (house.waiting.found, house.waiting.failed):
            told.connect(self._show_unknown)

    def enter(self, what: object = None) -> None:
        """Show the wall, the checks, or the person of the number given."""
        self.house.thumbnails.try_again()
        if isinstance(what, int):
            self.show_person(what)
        elif what == CHECKS:
            self.show_checks()
        else:
            self.show_wall()

    def look_again(self) -> None:
        """Show what is shown as it is now."""
        shown = self._stack.currentWidget()
        if self.page and shown is self.page:
            self.page.look_again()
        elif self.checks and shown is self.checks:
            self.checks.look_again()
        else:
            self._read()

    def show_checks(self) -> None:
        """Show what was left out, what may be wrong, and how well it works."""
        from kith.gui.health_view import HealthView

        if self.checks is None:
            self.checks = HealthView(self.house)
            self.checks.left.connect(self.show_wall)
            self._stack.addWidget(self.checks)
        self._stack.setCurrentWidget(self.checks)
        self.checks.look_again()

    def show_wall(self) -> None:
        """Show everybody."""
        self._stack.setCurrentIndex(0)
        self._read()
        self.wall.setFocus()

    def show_person(self, person_id: int) -> None:
        """Show somebody's page."""
        from kith.gui.person_view import PersonView

        if self.page is None:
            self.page = PersonView(self.house)
            self.page.left.connect(self.show_wall)
            self._stack.addWidget(self.page)
        self._stack.setCurrentWidget(self.page)
        self.page.show_person(person_id)

    def _lay_out(self) -> None:
        tools = QHBoxLayout()
        tools.addWidget(self.search, 1)
        tools.addWidget(self.hidden)
        tools.addWidget(self.person)
        tools.addWidget(self.health)
        everybody = QWidget()
        column = QVBoxLayout(everybody)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addLayout(tools)
        column.addWidget(self.words)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(self.wall, 3)
        column.addWidget(self.unknown_words)
        column.addWidget(self.unknown, 1)
        self.unknown.show_a_row()
        self._stack = QStackedWidget()
        self._stack.addWidget(everybody)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def _read(self) -> None:
        """Look who there is, known and unknown."""
        self.house.desk.read(_everybody, self._show, self._fail)
        self._show_unknown()

    def _show(self, people: "list[WallPerson]") -> None:
        self._look.drop()
        self._people, self._reason = people, ""
        self._show_wall()

    def _show_unknown(self, _told: object = None) -> None:
        """Show the groups of the unknown that Review asks about."""
        waiting = self.house.waiting.now
        groups = waiting.queues.groups if waiting and waiting.queues else ()
        tiles = [_unknown_tile(group) for group in groups[:_MOST_GROUPS]]
        self.unknown.tiles.show_tiles(tiles)
        self.unknown_words.setText(self.tr("Unknown people: open one to say who it is"))
        self.unknown_words.setVisible(bool(tiles))
        self.unknown.setVisible(bool(tiles))

    def _show_wall(self) -> None:
        if not self._people:
            self.wall.hide()
            self.words.setText(self._reason or translate("Kith", NOBODY))
            self.words.show()
            return
        from kith.jobs.people_wall import searched

        found = searched(self._people, self.search.text(), self.hidden.isChecked())
        self.wall.tiles.show_tiles(map(_tile, found))
        self.wall.setVisible(bool(found))
        self.words.setText("" if found else self.tr("Nobody is called so."))
        self.words.setVisible(not found)
        self._tell_chosen()

    def _fail(self, text: str) -> None:
        self._people, self._reason = [], text
        self.wall.hide()
        self.unknown.hide()
        self.unknown_words.hide()
        self.words.setText(text)
        self.words.show()
        settings = self.house.settings

        def explain(is_away: bool) -> None:
            """Tell how to begin, unless people are known and only their drive is not plugged in."""
            if not is_away:
                self._reason = f"{translate('Kith', NOBODY)}\n\n{text}"
                self.words.setText(self._reason)

        if self.house.settings_fault:
            return
        self._look.ask(lambda _stop: is_missed(settings.dataset_folder, settings), explain)

    def _ask_to_merge(self, gone: int, kept: int) -> None:
        people = {person.id: person for person in self._people}
        dialog = MergeDialog(self.house, people[kept], people[gone], self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _offer(self) -> None:
        self.menu.pop_up(self.person.mapToGlobal(self.person.rect().bottomLeft()))

    def _tell_chosen(self) -> None:
        self.person.setEnabled(bool(self.wall.selected_keys()))

    def _rename(self, person_id: int) -> None:
        self.show_person(person_id)
        if self.page:
            self.page.change_name()

    def _turn_hidden(self, person_id: int) -> None:
        self.house.desk.act(partial(turn_hidden, person_id=person_id))

    def _review(self, group: int) -> None:
        self.house.go(REVIEW, group)


def _tile(person: "WallPerson") -> Tile:
    picture = Picture(person.spot.path, person.spot.box) if person.spot else Picture(None)
    note = counted(person.photos, "photo") if person.photos else translate("Kith", "no photo")
    return Tile(
        person.id,
        picture,
        person.name,
        translate("Kith", "{0}, hidden").format(note) if person.hidden else note,
        Tone.UNKNOWN,
    )


def _unknown_tile(group: "Queue") -> Tile:
    face = max(group.faces, key=lambda face: face.box.w)
    return Tile(group.id, Picture(face.path, face.box), note=counted(len(group.faces), "face"))


def _everybody(library: "OpenLibrary") -> "list[WallPerson]":
    from kith.jobs.people_wall import wall

    return wall(library)
