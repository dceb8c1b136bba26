"""What can be done with a person of the wall, as a menu at their picture."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMenu

from kith.gui.picture_grid import PictureGrid

if TYPE_CHECKING:
    from kith.jobs.open_library import OpenLibrary
    from kith.jobs.outcome import Outcome

Act = tuple[str, str, Callable[[int], object]]  # words, key, what it does with a person's number


class WallMenu:
    """Acts on the person with the keyboard or under the pointer; those with a key can be done without the menu."""

    def __init__(self, wall: PictureGrid, acts: "list[Act]") -> None:
        self._wall = wall
        self.actions: list[QAction] = []
        for words, key, does in acts:
            action = QAction(words, wall)
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            action.triggered.connect(lambda _checked, does=does: self._do(does))
            self.actions.append(action)
        wall.addActions([action for action in self.actions if not action.shortcut().isEmpty()])
        wall.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        wall.customContextMenuRequested.connect(self._show)

    def _do(self, does: Callable[[int], object]) -> None:
        key = self._wall.current_key()
        if key is not None:
            does(key)

    def _show(self, point: QPoint) -> None:
        wall, viewport = self._wall, self._wall.viewport()
        index = wall.indexAt(point)
        if index.isValid():
            wall.select_key(wall.tiles.tile(index.row()).key)
        if viewport:
            self.pop_up(viewport.mapToGlobal(point))

    def pop_up(self, point: QPoint) -> None:
        """Show what can be done, at a point of the screen, if there is a person to do it with."""
        if self._wall.current_key() is None:
            return
        menu = QMenu(self._wall)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(self.actions)
        menu.popup(point)


def turn_hidden(library: "OpenLibrary", person_id: int) -> "Outcome":
    """Hide a person from lists, or show them again."""
    from kith.jobs.person_changes import PersonChanges

    person = library.people.by_number(person_id)
    return PersonChanges(library).set(person, {"hidden": not person.hidden}, {}, {})
