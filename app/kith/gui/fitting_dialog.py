"""A dialog that shows all its texts, and fits on a small screen all the same."""

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QDialog, QFrame, QLayout, QScrollArea, QWidget

from kith.gui.plain_text import without_icons
from kith.gui.style import let_shine_through

HIGHEST = 580  # pixels: with its frame on a screen of 1024 × 640
_LEAST = 60  # of a page that scrolls
_FRAME = 8, 40  # pixels around a window, with its title
_CHANGES = (QEvent.Type.LayoutRequest, QEvent.Type.Resize)


class FittingDialog(QDialog):
    """As high as its wrapped texts need at its width, which Qt's layouts do not see to by themselves.

    It is never forced to be higher than a small screen: a `ScrolledPage` in it scrolls before that.
    """

    def event(self, event: QEvent | None) -> bool:
        """Fit the height when the contents or the width have changed."""
        if event and event.type() == QEvent.Type.Show:
            without_icons(self)
            self.resize(self.size().boundedTo(room_on(self)))
        handled = super().event(event)
        if event and event.type() in _CHANGES:
            self._fit()
        return handled

    def _fit(self) -> None:
        layout = self.layout()
        if not layout:
            return
        if layout.hasHeightForWidth():
            needed = layout.totalHeightForWidth(self.width())
        else:
            needed = layout.totalSizeHint().height()
        self.setMinimumHeight(min(needed, HIGHEST, room_on(self).height()))


def room_on(dialog: QWidget) -> QSize:
    """Return how large a dialog can be on its screen, with a frame around it."""
    screen = dialog.screen()
    return screen.availableSize() - QSize(*_FRAME) if screen else dialog.maximumSize()


class ScrolledPage(QScrollArea):
    """Contents that are shown whole where there is room, and scroll up and down where there is not."""

    def __init__(self, contents: QLayout) -> None:
        super().__init__()
        page = QWidget()
        page.setLayout(contents)
        contents.setContentsMargins(0, 0, 0, 0)
        self._page = page
        self.setWidget(page)
        let_shine_through(self)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keyboard goes to what is in it
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for everything at the present width."""
        least = self.minimumSizeHint().width()
        width = max(self.width(), least)
        height = self._page.heightForWidth(width)
        return QSize(least, height)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for every line, and for a few of them at a time."""
        width = self._page.minimumSizeHint().width()
        bar = self.verticalScrollBar()
        if bar:
            width += bar.sizeHint().width()
        return QSize(width, _LEAST)

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Tell the dialog that lines break elsewhere now."""
        super().resizeEvent(event)
        self.updateGeometry()
