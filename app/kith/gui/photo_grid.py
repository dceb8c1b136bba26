"""The grid of the photos that were found: what is in sight is asked for, and nothing else."""

from collections.abc import Callable, Sequence

from PyQt6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QPaintEvent
from PyQt6.QtWidgets import QApplication, QWidget

from kith.gui.grid_view import GridView
from kith.gui.photos_model import FoundTiles
from kith.gui.picture_grid import Tile, TilePainter, told
from kith.gui.plain_text import tip
from kith.gui.thumbnails import Picture, Thumbnails
from kith.jobs.photo_search import Found, PhotoCard
from kith.text import printable

SIDE = 150  # pixels of a picture
Ask = Callable[[Sequence[int]], None]


class _Photos(QAbstractListModel):
    """What was found, row by row."""

    def __init__(self, thumbnails: Thumbnails, parent: QObject) -> None:
        super().__init__(parent)
        self.thumbnails = thumbnails
        self.side = SIDE
        self.found = FoundTiles()
        self._rows: dict[Picture, int] = {}
        thumbnails.ready.connect(self._draw_again)

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's own
        """Return how many there are."""
        return 0 if parent.isValid() else len(self.found.keys)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what is said of a photo."""
        roles = Qt.ItemDataRole
        tile = self.found.tile(index.row()) if index.isValid() else None
        if index.isValid() and role in (roles.DisplayRole, roles.AccessibleTextRole):
            return printable(tile.said) if tile else "photo"
        return tip(told(tile, self.thumbnails)) if tile and role == roles.ToolTipRole else None

    def tile(self, row: int) -> Tile | None:
        """Return the tile in a row."""
        tile = self.found.tile(row)
        if tile:
            self._rows[tile.picture] = row
        return tile

    def show_found(self, found: Found) -> None:
        """Show what was found; where that is the same as before nothing moves."""
        if found.photos == self.found.keys:
            self.found.show(found)
            return
        self.beginResetModel()
        self.found.show(found)
        self._rows.clear()
        self.endResetModel()

    def learn(self, cards: Sequence[PhotoCard]) -> None:
        """Know these photos from now on."""
        self.found.learn(cards)

    def _draw_again(self, picture: Picture) -> None:
        row = self._rows.get(picture)
        if row is not None and row < self.rowCount():
            index = self.index(row)
            self.dataChanged.emit(index, index)


class PhotoGrid(GridView):
    """The photos found; `opened` carries the key of what is to be opened, `ask` is told whose cards are wanted."""

    opened = pyqtSignal(int)

    def __init__(self, thumbnails: Thumbnails, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.photos = _Photos(thumbnails, self)
        self._ask = ask
        self._is_asked = False
        painter = TilePainter(self, self.photos)
        self.setItemDelegate(painter)
        self.setModel(self.photos)
        self.setAccessibleName(self.tr("Photos found"))
        self.activated.connect(self._open)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._ask_for_those_in_sight)

    def show_found(self, found: Found) -> None:
        """Show what was found, the same photo chosen as before if it is among that."""
        chosen = self.current_key()
        self.photos.show_found(found)
        self._is_asked = False
        if chosen is not None and self.current_key() is None:
            self.choose(chosen)
        if viewport := self.viewport():
            viewport.update()

    def current_key(self) -> int | None:
        """Return which photo is chosen."""
        index = self.currentIndex()
        return self.photos.found.keys[index.row()] if index.isValid() else None

    def choose(self, key: int) -> None:
        """Choose a photo and bring it into sight."""
        row = self.photos.found.row_of(key)
        if row is not None:
            index = self.photos.index(row)
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def learn(self, cards: Sequence[PhotoCard]) -> None:
        """Show the cards that were asked for, and ask for those that came into sight meanwhile."""
        self._is_asked = False
        self.photos.learn(cards)
        if viewport := self.viewport():
            viewport.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the photos in sight, and ask for those that are not known yet."""
        super().paintEvent(event)
        self._soon.start()

    def _ask_for_those_in_sight(self) -> None:
        missing = self.photos.found.missing(self.rows_in_sight())
        if missing and not self._is_asked:
            self._is_asked = True
            self._ask(missing)

    def keyboardSearch(self, search: str | None) -> None:  # noqa: N802 - Qt's name
        """Search for nothing: letters are keys of the page."""

    def _open(self, index: QModelIndex) -> None:
        key = self.photos.found.keys[index.row()]
        if QApplication.keyboardModifiers() == Qt.KeyboardModifier.NoModifier:
            self.opened.emit(key)
