"""A grid of pictures, of as many faces or photos as there are: only what is in sight is drawn."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Protocol

from PyQt6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QMimeData,
    QModelIndex,
    QObject,
    QRect,
    QSize,
    Qt,
    pyqtSignal,
)
from PyQt6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPalette,
    QPen,
)
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from kith.gui.frames import Frame, paint_frame
from kith.gui.plain_text import in_order, tip
from kith.gui.style import ROUND, Tone, colour
from kith.gui.thumbnails import Picture, Thumbnails
from kith.text import printable

_LINES = 2  # below a picture: who or what it is, and a note
_MARGIN = 4
_DRAGGED = "application/x-kith-tile"
_FADED = 0.35


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture in the grid: `key` says what it stands for, `name` and `note` stand below it, `tone` colours the note.

    `frames` are drawn into the picture; `said` is what a screen reader says of it. A `faded` one is shown, but counts
    for nothing now.
    """

    key: int
    picture: Picture
    name: str = ""
    note: str = ""
    tone: Tone | None = None
    frames: tuple[Frame, ...] = ()
    faded: bool = False

    @property
    def said(self) -> str:
        """What a screen reader says."""
        return ", ".join(filter(None, (self.name, self.note))) or "face"


class Tiles(QAbstractListModel):
    """The tiles of a grid; those that stay are not moved about when others go.

    With `joins` one can be dragged.
    """

    joins = False

    def __init__(self, thumbnails: Thumbnails, side: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.thumbnails = thumbnails
        self.side = side
        self._tiles: list[Tile] = []
        self._rows: dict[Picture, list[int]] = {}
        thumbnails.ready.connect(self._draw_again)

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's own
        """Return how many there are."""
        return 0 if parent.isValid() else len(self._tiles)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what is shown and said of a tile."""
        if not index.isValid():
            return None
        tile = self._tiles[index.row()]
        roles = Qt.ItemDataRole
        if role == roles.UserRole:
            return tile
        if role in (roles.DisplayRole, roles.AccessibleTextRole):
            return printable(tile.said)
        return tip(told(tile, self.thumbnails)) if role == roles.ToolTipRole else None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Return what can be done with a tile: with `joins` it can be dragged onto another."""
        flags = super().flags(index)
        if self.joins and index.isValid():
            flags |= Qt.ItemFlag.ItemIsDragEnabled
        return flags

    def mimeTypes(self) -> list[str]:  # noqa: N802 - Qt's name
        """Return what a dragged tile is, within this program."""
        return [_DRAGGED]

    def mimeData(self, indexes: Iterable[QModelIndex]) -> QMimeData:  # noqa: N802 - Qt's name
        """Return the dragged tile."""
        data = QMimeData()
        keys = [str(self.tile(index.row()).key) for index in indexes]
        data.setData(_DRAGGED, keys[0].encode())
        return data

    def tile(self, row: int) -> Tile:
        """Return the tile in a row."""
        return self._tiles[row]

    def keys(self) -> list[int]:
        """Return what the tiles stand for, in their order."""
        return [tile.key for tile in self._tiles]

    def show_tiles(self, tiles: Iterable[Tile]) -> None:
        """Show these: where the same ones stand in the same order rows are taken out, put in and drawn again only."""
        wanted = list(tiles)
        stay = {tile.key for tile in wanted}
        self._take_out(stay)
        if self.keys() == [tile.key for tile in wanted[: len(self._tiles)]]:
            self._draw_new(wanted)
        else:
            self.beginResetModel()
            self._tiles = wanted
            self.endResetModel()
        self._rows = {}
        for row, tile in enumerate(self._tiles):
            self._rows.setdefault(tile.picture, []).append(row)

    def _take_out(self, stay: Collection[int]) -> None:
        gone = [row for row, tile in enumerate(self._tiles) if tile.key not in stay]
        if len(gone) > len(self._tiles) // 2:  # as many signals would take longer than to begin anew
            return
        for row in reversed(gone):
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._tiles[row]
            self.endRemoveRows()

    def _draw_new(self, wanted: Sequence[Tile]) -> None:
        before = len(self._tiles)
        changed = [row for row in range(before) if self._tiles[row] != wanted[row]]
        self._tiles[:] = wanted[:before]
        for row in changed:
            index = self.index(row)
            self.dataChanged.emit(index, index)
        if len(wanted) > before:
            self.beginInsertRows(QModelIndex(), before, len(wanted) - 1)
            self._tiles += wanted[before:]
            self.endInsertRows()

    def _draw_again(self, picture: Picture) -> None:
        for row in self._rows.get(picture, ()):
            index = self.index(row)
            self.dataChanged.emit(index, index)


def told(tile: Tile, thumbnails: Thumbnails) -> str:
    """Return what there is no room for at a tile: all of its words, why there is no picture, and the file."""
    path = str(tile.picture.path or "")
    return "\n".join(filter(None, (tile.name, tile.note, thumbnails.problem(tile.picture), path)))


class TileSource(Protocol):
    """What a grid draws its tiles from; one that is not known yet is None."""

    thumbnails: Thumbnails
    side: int

    def tile(self, row: int) -> Tile | None:
        """Return the tile in a row."""


class TilePainter(QStyledItemDelegate):
    """Draws a tile: the picture with round corners, a frame where it is selected or has the keyboard, and its words."""

    def __init__(self, view: QAbstractItemView, tiles: TileSource) -> None:
        super().__init__(view)
        self._tiles = tiles

    def sizeHint(self, option: QStyleOptionViewItem, _index: QModelIndex) -> QSize:  # noqa: N802 - Qt's name
        """Return room for picture and words."""
        words = _LINES * option.fontMetrics.lineSpacing()
        return QSize(self._tiles.side + 2 * _MARGIN, self._tiles.side + words + 3 * _MARGIN)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw the tile of an index."""
        if painter is None:
            return
        tile, palette = self._tiles.tile(index.row()), option.palette
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        side = self._tiles.side
        place = QRect(option.rect.center().x() - side // 2, option.rect.y() + _MARGIN, side, side)
        if tile is None:
            painter.fillRect(place, palette.color(QPalette.ColorRole.AlternateBase))
        else:
            self._paint_picture(painter, place, tile, palette)
            self._paint_words(painter, place, tile, option)
        self._paint_state(painter, place, option)
        painter.restore()

    def _paint_picture(self, painter: QPainter, place: QRect, tile: Tile, palette: QPalette) -> None:
        ratio = painter.device().devicePixelRatioF() if painter.device() else 1.0  # type: ignore[union-attr]
        thumbnails = self._tiles.thumbnails
        image = thumbnails.image(tile.picture, round(place.width() * ratio))
        if image is None:
            painter.fillRect(place, palette.color(QPalette.ColorRole.AlternateBase))
            if problem := thumbnails.problem(tile.picture):
                painter.setPen(palette.color(QPalette.ColorRole.Text))
                _paint_problem(painter, place.adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN), problem)
            return
        shown = _middle(image, ratio, place)
        round_corners = QPainterPath()
        round_corners.addRoundedRect(shown.toRectF(), ROUND, ROUND)
        painter.setClipPath(round_corners)
        painter.setOpacity(_FADED if tile.faded else 1.0)
        painter.drawImage(shown, image)
        for frame in tile.frames:
            paint_frame(painter, shown, frame)
        painter.setOpacity(1.0)
        painter.setClipping(False)

    def _paint_state(self, painter: QPainter, place: QRect, option: QStyleOptionViewItem) -> None:
        states, palette = QStyle.StateFlag, option.palette
        frame = place.adjusted(-2, -2, 2, 2)
        if option.state & states.State_Selected:
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 4))
            painter.drawRoundedRect(frame, ROUND, ROUND)
        if option.state & states.State_HasFocus:
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Text), 2, Qt.PenStyle.DotLine))
            painter.drawRoundedRect(frame, ROUND, ROUND)

    def _paint_words(self, painter: QPainter, place: QRect, tile: Tile, option: QStyleOptionViewItem) -> None:
        metrics, palette = option.fontMetrics, option.palette
        line = QRect(place.x(), place.bottom() + _MARGIN, place.width(), metrics.lineSpacing())
        usual = palette.color(QPalette.ColorRole.Text)
        words = ((tile.name, usual), (tile.note, colour(tile.tone, palette) if tile.tone else usual))
        for text, ink in filter(itemgetter(0), words):
            shown = metrics.elidedText(in_order(printable(text)), Qt.TextElideMode.ElideRight, line.width())
            painter.setPen(ink)
            painter.drawText(line, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, shown)
            line.translate(0, metrics.lineSpacing())


def _paint_problem(painter: QPainter, room: QRect, problem: str) -> None:
    """Say why there is no picture: in a small tile, whose tip has the rest, only that there is none."""
    words = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    if painter.boundingRect(room, words, problem).height() > room.height():
        problem = f"{problem.partition(':')[0]}."
    painter.drawText(room, words, problem)


def _middle(image: QImage, ratio: float, place: QRect) -> QRect:
    shown = QRect(0, 0, round(image.width() / ratio), round(image.height() / ratio))
    shown.moveCenter(place.center())
    return shown


class PictureGrid(QListView):
    """A grid of tiles to be looked through, selected (Shift and Ctrl, or Ctrl+A) and opened (Enter, double click).

    `opened` carries the key of a tile; `selected` tells that others are selected, `joined` that one was dragged onto
    another, where that may be done.
    """

    opened = pyqtSignal(int)
    selected = pyqtSignal()
    joined = pyqtSignal(int, int)

    def __init__(self, thumbnails: Thumbnails, side: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tiles = Tiles(thumbnails, side, self)
        painter = TilePainter(self, self.tiles)
        self.setItemDelegate(painter)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setModel(self.tiles)
        self.setAccessibleName(self.tr("Pictures"))
        self.activated.connect(self._open)
        if selection := self.selectionModel():
            selection.selectionChanged.connect(self._tell_selected)

    def show_a_row(self) -> None:
        """Be never lower than a row of tiles."""
        tile = self.tiles.side + _LINES * self.fontMetrics().lineSpacing() + 3 * _MARGIN
        self.setMinimumHeight(tile + 2 * _MARGIN)

    def let_be_joined(self) -> None:
        """Let tiles be dragged onto each other."""
        self.tiles.joins = True
        self.setSelectionMode(QListView.SelectionMode.SingleSelection)
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        if viewport := self.viewport():
            viewport.setAcceptDrops(True)  # which a view whose items do not move about has turned off

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:  # noqa: N802 - Qt's name
        """Welcome a tile of this program."""
        self._welcome(event)

    def dragMoveEvent(self, event: QDragMoveEvent | None) -> None:  # noqa: N802 - Qt's name
        """Welcome a tile of this program."""
        self._welcome(event)

    def dropEvent(self, event: QDropEvent | None) -> None:  # noqa: N802 - Qt's name
        """Tell which tile was dropped onto which; all stay where they are."""
        data = event.mimeData() if event else None
        if event is None or data is None or not data.hasFormat(_DRAGGED):
            return
        dragged, index = int(data.data(_DRAGGED).data()), self.indexAt(event.position().toPoint())
        event.acceptProposedAction()
        if index.isValid() and self.tiles.tile(index.row()).key != dragged:
            self.joined.emit(dragged, self.tiles.tile(index.row()).key)

    def _welcome(self, event: QDragMoveEvent | None) -> None:
        data = event.mimeData() if event else None
        if event and data and data.hasFormat(_DRAGGED):
            event.acceptProposedAction()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Select the first or last tile by Home or End also where it has the keyboard already, unlike Qt."""
        super().keyPressEvent(event)
        selection = self.selectionModel()
        if event is None or selection is None or self.selectionMode() is QListView.SelectionMode.MultiSelection:
            return
        if event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and not selection.hasSelection():
            selection.select(self.currentIndex(), QItemSelectionModel.SelectionFlag.Select)

    def selected_keys(self) -> list[int]:
        """Return what the selected tiles stand for, in their order."""
        rows = sorted(index.row() for index in self.selectedIndexes())
        return [self.tiles.tile(row).key for row in rows]

    def current_key(self) -> int | None:
        """Return what the tile with the keyboard stands for."""
        index = self.currentIndex()
        return self.tiles.tile(index.row()).key if index.isValid() else None

    def keyboardSearch(self, search: str | None) -> None:  # noqa: N802 - Qt's name
        """Search for nothing: letters are keys of the page, and Space selects."""

    def select_key(self, key: int) -> None:
        """Select one tile and bring it into sight."""
        keys = self.tiles.keys()
        if key in keys:
            index = self.tiles.index(keys.index(key))
            if selection := self.selectionModel():  # whatever key is held: the view's own way would toggle by Ctrl
                selection.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self.scrollTo(index)

    def _open(self, index: QModelIndex) -> None:
        if QApplication.keyboardModifiers() == Qt.KeyboardModifier.NoModifier:
            self.opened.emit(self.tiles.tile(index.row()).key)

    def _tell_selected(self) -> None:
        self.selected.emit()
