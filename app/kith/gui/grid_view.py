"""A view of equal cells, as many beside each other as fit: where each lies is reckoned, however many there are."""

from PyQt6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QModelIndex, QPoint, QRect, QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent, QRegion, QResizeEvent
from PyQt6.QtWidgets import QAbstractItemDelegate, QAbstractItemView, QStyle, QStyleOptionViewItem, QWidget


class GridView(QAbstractItemView):
    """Shows the rows of a list model as a grid, of which one cell is chosen; its delegate says how large they are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._least: QSize | None = None  # asked of the delegate once for each font and style
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # none that comes and goes with the rows
        self.setFrameShape(QAbstractItemView.Shape.NoFrame)

    # Where things lie

    def cell(self) -> QSize:
        """Return the size of a cell, as wide as the columns share the room."""
        least = self._least_cell()
        return QSize(self._room().width() // self.columns(), least.height())

    def columns(self) -> int:
        """Return how many cells are beside each other."""
        return max(1, self._room().width() // self._least_cell().width())

    def rows_in_sight(self) -> range:
        """Return the rows of the model whose cells are in sight, if only in part."""
        height, columns = self.cell().height(), self.columns()
        first = self.verticalOffset() // height
        last = (self.verticalOffset() + self._room().height()) // height
        return range(min(first * columns, self._count()), min((last + 1) * columns, self._count()))

    def _least_cell(self) -> QSize:
        if self._least is None:
            option = QStyleOptionViewItem()
            self.initViewItemOption(option)
            delegate = self.itemDelegate()
            hint = delegate.sizeHint(option, QModelIndex()) if delegate else QSize()
            self._least = hint.expandedTo(QSize(1, 1))
        return self._least

    def setItemDelegate(self, delegate: QAbstractItemDelegate | None) -> None:  # noqa: N802 - Qt's name
        """Take what draws the cells, and says how large they are."""
        self._least = None
        super().setItemDelegate(delegate)

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802 - Qt's name
        """Ask anew how large a cell is where font or style are others."""
        super().changeEvent(event)
        self._least = None

    def _room(self) -> QRect:
        viewport = self.viewport()
        return viewport.rect() if viewport else QRect()

    def _count(self) -> int:
        model = self.model()
        return model.rowCount() if model else 0

    def visualRect(self, index: QModelIndex) -> QRect:  # noqa: N802 - Qt's name
        """Return where a cell is in the viewport."""
        if not index.isValid():
            return QRect()
        row, column = divmod(index.row(), self.columns())
        cell = self.cell()
        return QRect(QPoint(column * cell.width(), row * cell.height() - self.verticalOffset()), cell)

    def indexAt(self, point: QPoint) -> QModelIndex:  # noqa: N802 - Qt's name
        """Return the cell at a point of the viewport."""
        cell, columns = self.cell(), self.columns()
        column = point.x() // max(1, cell.width())
        number = (point.y() + self.verticalOffset()) // cell.height() * columns + column
        model = self.model()
        is_there = model is not None and 0 <= column < columns and 0 <= number < model.rowCount()
        return model.index(number, 0) if model and is_there else QModelIndex()

    def horizontalOffset(self) -> int:  # noqa: N802 - Qt's name
        """Return how far the view is scrolled to the right: never."""
        return 0

    def verticalOffset(self) -> int:  # noqa: N802 - Qt's name
        """Return how far the view is scrolled down."""
        bar = self.verticalScrollBar()
        return bar.value() if bar else 0

    def isIndexHidden(self, _index: QModelIndex) -> bool:  # noqa: N802 - Qt's name
        """Say that no cell is hidden."""
        return False

    # Scrolling

    def scrollTo(  # noqa: N802 - Qt's name
        self, index: QModelIndex, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        """Bring a cell into sight."""
        place, room, bar = self.visualRect(index), self._room(), self.verticalScrollBar()
        if bar is None or not index.isValid():
            return
        if hint is QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue(bar.value() + place.center().y() - room.center().y())
        elif place.top() < room.top() or place.height() > room.height():
            bar.setValue(bar.value() + place.top())
        elif place.bottom() > room.bottom():
            bar.setValue(bar.value() + place.bottom() - room.bottom())

    def updateGeometries(self) -> None:  # noqa: N802 - Qt's name
        """Let the scroll bar reach over all rows."""
        super().updateGeometries()
        bar = self.verticalScrollBar()
        if bar:
            height = self.cell().height()
            rows = -(-self._count() // self.columns())
            bar.setSingleStep(height // 3)
            bar.setPageStep(self._room().height())
            bar.setRange(0, max(0, rows * height - self._room().height()))

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Keep in sight what is at the top, however many cells are beside each other now."""
        old = event.oldSize().width() if event else 0
        columns = max(1, old // self._least_cell().width())
        first = self.verticalOffset() // self.cell().height() * columns
        super().resizeEvent(event)
        self.updateGeometries()
        bar = self.verticalScrollBar()
        if bar and columns != self.columns():
            bar.setValue(first // self.columns() * self.cell().height())

    # The keyboard and choosing

    def moveCursor(  # noqa: N802 - Qt's name
        self, action: QAbstractItemView.CursorAction, _modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Return the cell that a key leads to."""
        model, actions = self.model(), QAbstractItemView.CursorAction
        if model is None or not model.rowCount():
            return QModelIndex()
        now, columns, last = max(0, self.currentIndex().row()), self.columns(), model.rowCount() - 1
        page = max(1, self._room().height() // self.cell().height()) * columns
        steps = {
            actions.MoveLeft: -1,
            actions.MovePrevious: -1,
            actions.MoveRight: 1,
            actions.MoveNext: 1,
            actions.MoveUp: -columns,
            actions.MoveDown: columns,
            actions.MovePageUp: -page,
            actions.MovePageDown: page,
            actions.MoveHome: -now,
            actions.MoveEnd: last - now,
        }
        wanted = now + steps.get(action, 0)
        if action in (actions.MoveUp, actions.MoveDown) and not 0 <= wanted <= last:
            wanted = now
        return model.index(min(max(wanted, 0), last), 0)

    def setSelection(self, rect: QRect, flags: QItemSelectionModel.SelectionFlag) -> None:  # noqa: N802 - Qt's name
        """Choose the cell at a place."""
        index, selection = self.indexAt(rect.topLeft()), self.selectionModel()
        if selection:
            selection.select(QItemSelection(index, index), flags)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:  # noqa: N802 - Qt's name
        """Return where what is chosen is in the viewport."""
        region = QRegion()
        for index in selection.indexes():
            region += QRegion(self.visualRect(index))
        return region

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the cells in sight."""
        model, delegate, selection = self.model(), self.itemDelegate(), self.selectionModel()
        if model is None or delegate is None:
            return
        painter, states = QPainter(self.viewport()), QStyle.StateFlag
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        plain = option.state & ~(states.State_Selected | states.State_HasFocus)
        for row in self.rows_in_sight():
            index = model.index(row, 0)
            option.rect = self.visualRect(index)
            option.state = plain
            if selection and selection.isSelected(index):
                option.state |= states.State_Selected
            if self.hasFocus() and index == self.currentIndex():
                option.state |= states.State_HasFocus
            delegate.paint(painter, option, index)
        painter.end()
